// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * Links of tc programs to network devices. Included by libbpf.c, to which
 * struct bpf_link is private.
 */
#include "tc_compat.h"

/* No device has this ifindex. Asked for a link to it, a kernel with tc links says
 * ENODEV. Any other kernel does not know the attach type and says EINVAL.
 */
#define TC_NO_IFINDEX	(~0U)

/* prog_fd: of a tc program, or -1 */
static int tc_link_probe(int prog_fd)
{
	int err;

	if (prog_fd < 0) {
		DECLARE_LIBBPF_OPTS(bpf_prog_query_opts, opts);

		err = bpf_prog_query_opts(TC_NO_IFINDEX, BPF_TCX_INGRESS, &opts);
	} else {
		err = bpf_link_create(prog_fd, TC_NO_IFINDEX, BPF_TCX_INGRESS, NULL);
		if (err < 0)
			err = -errno;
	}
	switch (err) {
	case -ENODEV:
		return 1;
	case -EINVAL:
		return 0;
	default:
		return libbpf_err(err < 0 ? err : -EPROTO);
	}
}

int libbpf_probe_tc_link(int prog_fd)
{
	struct bpf_prog_info info = {};
	__u32 info_len = sizeof(info);

	/* Every kernel refuses any other fd with EINVAL, which would look like an answer.
	 * Maps and links may have a type of the same number, but their info is shorter
	 * than that of programs, which has had this field since Linux 4.18.
	 */
	if (prog_fd >= 0) {
		if (bpf_obj_get_info_by_fd(prog_fd, &info, &info_len))
			return libbpf_err(errno == EPERM ? -EPERM : -EINVAL);
		if (info.type != BPF_PROG_TYPE_SCHED_CLS ||
		    info_len < offsetofend(struct bpf_prog_info, jited_func_lens))
			return libbpf_err(-EINVAL);
	}

	return tc_link_probe(prog_fd);
}

static const char *tc_link_cause(int err, __u32 flags, char *buf, size_t buf_sz)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "this kernel has no tc links";
	case -EINVAL:
		return "invalid flags, or the relative fd is not of a program or link";
	case -ENODEV:
		return "no such device in this network namespace";
	case -EPERM:
		return "needs CAP_NET_ADMIN over the device's network namespace";
	case -EEXIST:
		return "the program is attached there already";
	case -ESTALE:
		return "the hook's programs have changed, the revision is not the expected one";
	case -ENOENT:
		if (flags & BPF_F_REPLACE)
			return "BPF_F_REPLACE makes no link; use bpf_link__update_program()";
		return "the relative program or link does not exist, or is not attached there";
	case -EAGAIN:
		return "the relative link is just being created";
	case -EBADF:
		return "the relative fd is not open";
	case -ERANGE:
		return "BPF_F_BEFORE and BPF_F_AFTER are both set, or the hook is full";
	default:
		return libbpf_strerror_r(err, buf, buf_sz);
	}
}

/* no_links: the error on a kernel without tc links */
static struct bpf_link *tc_link_attach(const struct bpf_program *prog, int ifindex,
				       enum bpf_attach_type type,
				       const struct bpf_tcx_opts *opts, int no_links)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, create_opts);
	char buf[STRERR_BUFSIZE];
	struct bpf_link *link;
	int prog_fd, err, cause;

	prog_fd = bpf_program__fd(prog);
	if (prog_fd < 0) {
		pr_warn("prog '%s': can't attach before loaded\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	create_opts.flags = OPTS_GET(opts, flags, 0);
	create_opts.tcx.relative_fd = OPTS_GET(opts, relative_fd, 0);
	create_opts.tcx.relative_id = OPTS_GET(opts, relative_id, 0);
	create_opts.tcx.expected_revision = OPTS_GET(opts, expected_revision, 0);
	if (create_opts.tcx.relative_fd && create_opts.tcx.relative_id) {
		pr_warn("prog '%s': relative_fd and relative_id are both set, can't attach\n",
			prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	link = calloc(1, sizeof(*link));
	if (!link)
		return libbpf_err_ptr(-ENOMEM);
	link->detach = &bpf_link__detach_fd;
	link->fd = bpf_link_create(prog_fd, ifindex, type, &create_opts);
	if (link->fd < 0) {
		err = -errno;
		cause = err;
		free(link);
		if (err == -EINVAL && !tc_link_probe(prog_fd)) {
			cause = -EOPNOTSUPP;
			err = no_links;
		}
		/* a loader may try, and try again, without a warning */
		__pr(err == -EOPNOTSUPP || err == -ESTALE ? LIBBPF_DEBUG : LIBBPF_WARN,
		     "prog '%s': can't attach to tc %s of ifindex %d: %s\n", prog->name,
		     type == BPF_TCX_INGRESS ? "ingress" : "egress", ifindex,
		     tc_link_cause(cause, create_opts.flags, buf, sizeof(buf)));
		return libbpf_err_ptr(err);
	}
	return link;
}

/* later releases have it */
#if !defined(LIBBPF_MAJOR_VERSION) || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION < 3)
struct bpf_link *bpf_program__attach_tcx(const struct bpf_program *prog, int ifindex,
					 const struct bpf_tcx_opts *opts)
{
	if (!OPTS_VALID(opts, bpf_tcx_opts))
		return libbpf_err_ptr(-EINVAL);
	if (!ifindex) {
		pr_warn("prog '%s': ifindex is 0, can't attach\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}
	if (prog->type != BPF_PROG_TYPE_SCHED_CLS ||
	    (prog->expected_attach_type != BPF_TCX_INGRESS &&
	     prog->expected_attach_type != BPF_TCX_EGRESS)) {
		pr_warn("prog '%s': its section does not name a side of tc, can't attach; use SEC(\"tcx/ingress\"), SEC(\"tcx/egress\") or bpf_program__attach_tc()\n",
			prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	return tc_link_attach(prog, ifindex, prog->expected_attach_type, opts, -EINVAL);
}
#endif

struct bpf_link *bpf_program__attach_tc(const struct bpf_program *prog, int ifindex,
					enum bpf_tc_attach_point attach_point,
					const struct bpf_tcx_opts *opts)
{
	enum bpf_attach_type type, other;

	if (!OPTS_VALID(opts, bpf_tcx_opts))
		return libbpf_err_ptr(-EINVAL);
	if (prog->type != BPF_PROG_TYPE_SCHED_CLS) {
		pr_warn("prog '%s': not a tc program, can't attach to tc\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	switch (attach_point) {
	case BPF_TC_INGRESS:
		type = BPF_TCX_INGRESS;
		other = BPF_TCX_EGRESS;
		break;
	case BPF_TC_EGRESS:
		type = BPF_TCX_EGRESS;
		other = BPF_TCX_INGRESS;
		break;
	default:
		pr_warn("prog '%s': can't attach to tc at attach point %d: use BPF_TC_INGRESS or BPF_TC_EGRESS\n",
			prog->name, attach_point);
		return libbpf_err_ptr(-EINVAL);
	}
	if (prog->expected_attach_type == other) {
		pr_warn("prog '%s': its section is for tc %s, can't attach it to the other side; a program of SEC(\"tc\") attaches to either\n",
			prog->name, other == BPF_TCX_INGRESS ? "ingress" : "egress");
		return libbpf_err_ptr(-EINVAL);
	}

	return tc_link_attach(prog, ifindex, type, opts, -EOPNOTSUPP);
}
