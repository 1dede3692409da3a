// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * bpf_prog_attach_opts(), bpf_prog_detach_opts() and bpf_prog_query_opts() with
 * the fields of tc chains. Included by bpf.c, whose sys_bpf() it uses, where
 * the tree has not got them from upstream.
 */
#include "tc_compat.h"

/* The fd and the id of the relative object share a place in bpf_attr; an id is
 * told from an fd by BPF_F_ID, which the caller need not set.
 */
static int set_relative(union bpf_attr *attr, int relative_fd, __u32 relative_id)
{
	if (relative_fd && relative_id)
		return -EINVAL;

	if (relative_id) {
		attr->relative_id = relative_id;
		attr->attach_flags |= BPF_F_ID;
	} else {
		attr->relative_fd = relative_fd;
	}
	return 0;
}

int bpf_prog_attach_opts(int prog_fd, int target, enum bpf_attach_type type,
			 const struct bpf_prog_attach_opts *opts)
{
	const size_t attr_sz = offsetofend(union bpf_attr, expected_revision);
	union bpf_attr attr;
	int err;

	if (!OPTS_VALID(opts, bpf_prog_attach_opts))
		return libbpf_err(-EINVAL);

	memset(&attr, 0, attr_sz);
	attr.target_fd = target;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = OPTS_GET(opts, flags, 0);
	attr.replace_bpf_fd = OPTS_GET(opts, replace_fd, 0);
	attr.expected_revision = OPTS_GET(opts, expected_revision, 0);
	err = set_relative(&attr, OPTS_GET(opts, relative_fd, 0),
			   OPTS_GET(opts, relative_id, 0));
	if (err)
		return libbpf_err(err);

	return libbpf_err_errno(sys_bpf(BPF_PROG_ATTACH, &attr, attr_sz));
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
	err = set_relative(&attr, OPTS_GET(opts, relative_fd, 0),
			   OPTS_GET(opts, relative_id, 0));
	if (err)
		return libbpf_err(err);

	return libbpf_err_errno(sys_bpf(BPF_PROG_DETACH, &attr, attr_sz));
}

int bpf_prog_query_opts(int target, enum bpf_attach_type type,
			struct bpf_prog_query_opts *opts)
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
