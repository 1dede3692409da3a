/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */
/*
 * What this release's bpf.h lacks for programs on tc, with the names and layouts
 * of libbpf 1.3. Included by bpf.h.
 */
#ifndef __LIBBPF_BPF_TC_H
#define __LIBBPF_BPF_TC_H

struct bpf_prog_detach_opts {
	size_t sz; /* size of this struct for forward/backward compatibility */
	__u32 flags;
	int relative_fd;
	__u32 relative_id;
	__u64 expected_revision;
	size_t :0;
};
#define bpf_prog_detach_opts__last_field expected_revision

/**
 * @brief **bpf_prog_detach_opts()** detaches a program that was attached without a
 * link.
 *
 * @param prog_fd fd of the program, or 0 for the program at the place that *opts*
 * names (the last place if *opts* names none)
 * @param target fd of the cgroup, map or other object; for BPF_TCX_INGRESS and
 * BPF_TCX_EGRESS the ifindex of the device
 * @param type attach type
 * @param opts NULL or, for tc: *flags* with BPF_F_BEFORE or BPF_F_AFTER and
 * *relative_fd* or *relative_id* name the place as for **bpf_prog_attach_opts()**;
 * if *expected_revision* is not 0, the side of the device must have that revision
 * @return 0, or a negative error code, with errno set: -ENOENT if the program is
 * not attached there; -EBUSY if a link holds it; -ESTALE if the side has another
 * revision; -EINVAL if both relative_fd and relative_id are set
 */
LIBBPF_API int bpf_prog_detach_opts(int prog_fd, int target, enum bpf_attach_type type,
				    const struct bpf_prog_detach_opts *opts);

#ifndef bpf_prog_query_opts__last_field /* libbpf of Linux 5.10 */

struct bpf_prog_query_opts {
	size_t sz; /* size of this struct for forward/backward compatibility */
	__u32 query_flags;
	__u32 attach_flags; /* output argument */
	__u32 *prog_ids;
	union {
		/* input+output argument */
		__u32 prog_cnt;
		__u32 count;
	};
	__u32 *prog_attach_flags;
	__u32 *link_ids;
	__u32 *link_attach_flags;
	__u64 revision;
	size_t :0;
};
#define bpf_prog_query_opts__last_field revision

/**
 * @brief **bpf_prog_attach_opts()** attaches a program to a cgroup, map or other
 * object, or to one side of a network device, without a link.
 *
 * @param prog_fd fd of the program
 * @param target fd of the object; for BPF_TCX_INGRESS and BPF_TCX_EGRESS the
 * ifindex of the device
 * @param type attach type
 * @param opts NULL, or *flags*; *replace_fd*, the program that BPF_F_REPLACE
 * replaces; for tc the place: BPF_F_BEFORE or BPF_F_AFTER, and *relative_fd* or
 * *relative_id* (which implies BPF_F_ID) of a program or, with BPF_F_LINK, a
 * link; if *expected_revision* is not 0, the side of the device must have that
 * revision
 * @return 0, or a negative error code, with errno set
 *
 * The program stays attached until it is detached or the target is removed; closing
 * prog_fd or the end of the process does not detach it.
 */
LIBBPF_API int bpf_prog_attach_opts(int prog_fd, int target, enum bpf_attach_type type,
				    const struct bpf_prog_attach_opts *opts);

/**
 * @brief **bpf_prog_query_opts()** tells what is attached to an object or to one
 * side of a network device.
 *
 * @param target as for **bpf_prog_attach_opts()**
 * @param type attach type
 * @param opts in: *count*, the number of elements of each of the caller's arrays
 * *prog_ids*, *prog_attach_flags*, *link_ids* and *link_attach_flags*. Each of them
 * may be NULL; without *prog_ids*, the others are not written. Out: the arrays, in the
 * order in which the programs run; *count*, the number of programs; *attach_flags*;
 * for tc, *revision*. A program without a link has link id 0
 * @return 0, or a negative error code, with errno set. After -ENOSPC *count* is the
 * number of programs, and the arrays hold those that fit
 */
LIBBPF_API int bpf_prog_query_opts(int target, enum bpf_attach_type type,
				   struct bpf_prog_query_opts *opts);

#endif

#endif /* __LIBBPF_BPF_TC_H */
