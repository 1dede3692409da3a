// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * The places of tc programs in bpf(2). Included by bpf.c, whose sys_bpf() is
 * private to it, where the tree does not have this from upstream.
 */
#include "tc_compat.h"

/* Fd and id of the relative program or link share a field of bpf_attr. BPF_F_ID,
 * which the caller need not set, tells an id from an fd.
 */
static int tc_set_relative(__u32 *relative, __u32 *flags, __u32 fd, __u32 id)
{
	if (fd && id)
		return -EINVAL;

	*relative = id ?: fd;
	if (id)
		*flags |= BPF_F_ID;
	return 0;
}

int bpf_prog_detach_opts(int prog_fd, int target, enum bpf_attach_type type,
			 const struct bpf_prog_detach_opts *opts)
{
	const size_t attr_sz = offsetofend(union bpf_attr, expected_revision);
	union bpf_attr attr;
	int err;

	if (!OPTS_VALID(opts, bpf_prog_detach_opts))
		return libbpf_err(-EINVAL);

	memset(&attr, 0, attr_sz);
	attr.target_fd = target;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = OPTS_GET(opts, flags, 0);
	attr.expected_revision = OPTS_GET(opts, expected_revision, 0);
	err = tc_set_relative(&attr.relative_fd, &attr.attach_flags,
			      OPTS_GET(opts, relative_fd, 0), OPTS_GET(opts, relative_id, 0));
	if (err)
		return libbpf_err(err);

	return libbpf_err_errno(sys_bpf(BPF_PROG_DETACH, &attr, attr_sz));
}

#ifndef LIBBPF_MAJOR_VERSION /* 5.10 has only bpf_prog_attach_xattr() and bpf_prog_query() */

int bpf_prog_attach_opts(int prog_fd, int target, enum bpf_attach_type type,
			 const struct bpf_prog_attach_opts *opts)
{
	/* bpf_prog_attach_xattr() refuses wrong opts without setting errno */
	if (!OPTS_VALID(opts, bpf_prog_attach_opts))
		return libbpf_err(-EINVAL);

	return libbpf_err_errno(bpf_prog_attach_xattr(prog_fd, target, type, opts));
}

int bpf_prog_query_opts(int target, enum bpf_attach_type type, struct bpf_prog_query_opts *opts)
{
	const size_t attr_sz = offsetofend(union bpf_attr, query);
	union bpf_attr attr;
	int ret;

	if (!OPTS_VALID(opts, bpf_prog_query_opts))
		return libbpf_err(-EINVAL);

	memset(&attr, 0, attr_sz);
	attr.query.target_fd = target;
	attr.query.attach_type = type;
	attr.query.query_flags = OPTS_GET(opts, query_flags, 0);
	attr.query.count = OPTS_GET(opts, count, 0);
	attr.query.prog_ids = ptr_to_u64(OPTS_GET(opts, prog_ids, NULL));
	attr.query.prog_attach_flags = ptr_to_u64(OPTS_GET(opts, prog_attach_flags, NULL));
	attr.query.link_ids = ptr_to_u64(OPTS_GET(opts, link_ids, NULL));
	attr.query.link_attach_flags = ptr_to_u64(OPTS_GET(opts, link_attach_flags, NULL));

	ret = sys_bpf(BPF_PROG_QUERY, &attr, attr_sz);

	/* with -ENOSPC, too, the kernel says how many there are */
	OPTS_SET(opts, attach_flags, attr.query.attach_flags);
	OPTS_SET(opts, count, attr.query.count);
	OPTS_SET(opts, revision, attr.query.revision);

	return libbpf_err_errno(ret);
}

#endif
