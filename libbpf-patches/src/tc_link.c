// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * Links to the tc chains of network devices. Included by libbpf.c, to which
 * struct bpf_link is private.
 */
#include "tc_compat.h"

/* Asking for a device that cannot exist makes no link anywhere: a kernel that
 * knows the attach type misses the device, any other misses the attach type.
 */
#define TC_LINK_NO_IFINDEX	(~0U)

static int tc_link_known(int probe_err)
{
	switch (probe_err) {
	case -ENODEV:
		return 1;
	case -EINVAL:
		return 0;
	default:
		return probe_err < 0 ? probe_err : -EPROTO;
	}
}

int libbpf_probe_tc_link(void)
{
	DECLARE_LIBBPF_OPTS(bpf_prog_query_opts, opts);
	int err;

	err = bpf_prog_query_opts(TC_LINK_NO_IFINDEX, BPF_TCX_INGRESS, &opts);
	return libbpf_err(tc_link_known(err));
}

/* As libbpf_probe_tc_link(), but needs no capability, given a tc program. */
static bool tc_link_refused(int prog_fd)
{
	int fd;

	fd = bpf_link_create(prog_fd, TC_LINK_NO_IFINDEX, BPF_TCX_INGRESS, NULL);
	return tc_link_known(fd < 0 ? -errno : fd) == 0;
}

static void tc_link_warn_unsupported(const struct bpf_program *prog)
{
	static bool warned;

	/* once: a loader that walks all devices gets one line, not hundreds */
	__pr(warned ? LIBBPF_DEBUG : LIBBPF_WARN,
	     "prog '%s': this kernel has no tc links; bpf_tc_hook_create() and bpf_tc_attach() attach by netlink on every kernel\n",
	     prog->name);
	warned = true;
}

static void tc_link_warn(const struct bpf_program *prog, const char *side, int ifindex,
			 const struct bpf_link_create_opts *opts, int err)
{
	char errmsg[STRERR_BUFSIZE];
	const char *cause;

	switch (err) {
	case -EINVAL:
		cause = "the kernel refuses these flags together, or knows them not";
		break;
	case -ENODEV:
		cause = "no such device in this network namespace";
		break;
	case -EPERM:
		cause = "CAP_NET_ADMIN is needed over the device's network namespace";
		break;
	case -EEXIST:
		cause = "the program is already attached there";
		break;
	case -ESTALE:
		cause = "the chain was changed, its revision is not the expected one";
		break;
	case -ENOENT:
		cause = "the relative program or link does not exist, or is not attached there";
		break;
	case -EBADF:
		cause = "relative_fd is not the fd of a program, or of a link with BPF_F_LINK";
		break;
	case -ERANGE:
		cause = "BPF_F_BEFORE and BPF_F_AFTER name different places, or the chain is full";
		break;
	default:
		cause = libbpf_strerror_r(err, errmsg, sizeof(errmsg));
		break;
	}
	pr_warn("prog '%s': can't attach to tc %s of ifindex %d (flags 0x%x, relative_fd %u, relative_id %u, expected_revision %llu): %s\n",
		prog->name, side, ifindex, opts->flags, opts->tcx.relative_fd,
		opts->tcx.relative_id,
		(unsigned long long)opts->tcx.expected_revision, cause);
}

struct bpf_link *bpf_program__attach_tc(const struct bpf_program *prog, int ifindex,
					enum bpf_tc_attach_point attach_point,
					const struct bpf_tc_link_opts *opts)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, create_opts);
	enum bpf_attach_type attach_type;
	struct bpf_link *link;
	int prog_fd, link_fd;
	const char *side;

	if (!OPTS_VALID(opts, bpf_tc_link_opts))
		return libbpf_err_ptr(-EINVAL);

	prog_fd = bpf_program__fd(prog);
	if (prog_fd < 0) {
		pr_warn("prog '%s': can't attach before loaded\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}
	if (prog->type != BPF_PROG_TYPE_SCHED_CLS) {
		pr_warn("prog '%s': can't attach to tc, is no tc program\n", prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	switch (attach_point) {
	case BPF_TC_INGRESS:
		attach_type = BPF_TCX_INGRESS;
		side = "ingress";
		break;
	case BPF_TC_EGRESS:
		attach_type = BPF_TCX_EGRESS;
		side = "egress";
		break;
	default:
		pr_warn("prog '%s': can't attach to tc at attach point %d, BPF_TC_INGRESS or BPF_TC_EGRESS is needed\n",
			prog->name, attach_point);
		return libbpf_err_ptr(-EINVAL);
	}

	create_opts.flags = OPTS_GET(opts, flags, 0);
	create_opts.tcx.relative_fd = OPTS_GET(opts, relative_fd, 0);
	create_opts.tcx.relative_id = OPTS_GET(opts, relative_id, 0);
	create_opts.tcx.expected_revision = OPTS_GET(opts, expected_revision, 0);
	if (create_opts.tcx.relative_fd && create_opts.tcx.relative_id) {
		pr_warn("prog '%s': can't attach to tc relative to both an fd and an id\n",
			prog->name);
		return libbpf_err_ptr(-EINVAL);
	}

	link = calloc(1, sizeof(*link));
	if (!link)
		return libbpf_err_ptr(-ENOMEM);
	link->detach = &bpf_link__detach_fd;

	link_fd = bpf_link_create(prog_fd, ifindex, attach_type, &create_opts);
	if (link_fd < 0) {
		int err = -errno;

		free(link);
		if (err == -EINVAL && tc_link_refused(prog_fd)) {
			tc_link_warn_unsupported(prog);
			return libbpf_err_ptr(-EOPNOTSUPP);
		}
		tc_link_warn(prog, side, ifindex, &create_opts, err);
		return libbpf_err_ptr(err);
	}
	link->fd = link_fd;
	return link;
}
