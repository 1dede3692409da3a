/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */
/*
 * BPF programs on tc: by links, and by netlink filters. Included by libbpf.h.
 *
 * On failure all functions set errno. Those that return int return a negative
 * error code. Those that return a pointer return what this release's other
 * bpf_program__attach_*() functions return: NULL, or before libbpf 1.0 an error in
 * the pointer. This release's libbpf_get_error() understands it. The cause is logged
 * in one line, with the kernel's reason if it gives one.
 */
#ifndef __LIBBPF_LIBBPF_TC_H
#define __LIBBPF_LIBBPF_TC_H

#ifndef BPF_TC_PARENT /* libbpf before 0.4, as in Linux 5.10 */

enum bpf_tc_attach_point {
	BPF_TC_INGRESS = 1 << 0,
	BPF_TC_EGRESS  = 1 << 1,
	BPF_TC_CUSTOM  = 1 << 2,
};

#define BPF_TC_PARENT(a, b) \
	((((__u32)(a) << 16) & 0xFFFF0000U) | ((__u32)(b) & 0x0000FFFFU))

enum bpf_tc_flags {
	BPF_TC_F_REPLACE = 1 << 0,
};

struct bpf_tc_hook {
	size_t sz; /* size of this struct for forward/backward compatibility */
	int ifindex;
	enum bpf_tc_attach_point attach_point;
	__u32 parent;
	size_t :0;
};
#define bpf_tc_hook__last_field parent

struct bpf_tc_opts {
	size_t sz; /* size of this struct for forward/backward compatibility */
	int prog_fd;
	__u32 flags;
	__u32 prog_id;
	__u32 handle;
	__u32 priority;
	size_t :0;
};
#define bpf_tc_opts__last_field priority

LIBBPF_API int bpf_tc_hook_create(struct bpf_tc_hook *hook);
LIBBPF_API int bpf_tc_hook_destroy(struct bpf_tc_hook *hook);
LIBBPF_API int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);
LIBBPF_API int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts);
LIBBPF_API int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts);

#endif /* BPF_TC_PARENT */

/* Links */

#if !defined(LIBBPF_MAJOR_VERSION) || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION < 3)

struct bpf_tcx_opts {
	size_t sz; /* size of this struct for forward/backward compatibility */
	__u32 flags;
	__u32 relative_fd;
	__u32 relative_id;
	__u64 expected_revision;
	size_t :0;
};
#define bpf_tcx_opts__last_field expected_revision

/**
 * @brief **bpf_program__attach_tcx()** attaches a loaded tc program by a link, to
 * the side of a network device that its section names.
 *
 * @param prog program of SEC("tc/ingress"), SEC("tc/egress"), SEC("tcx/ingress")
 * or SEC("tcx/egress"), or one whose expected attach type was set to
 * BPF_TCX_INGRESS or BPF_TCX_EGRESS before it was loaded
 * @param ifindex device, as for **bpf_program__attach_tc()**
 * @param opts place, as for **bpf_program__attach_tc()**; may be NULL
 * @return the link, as for **bpf_program__attach_tc()**, with the same errors,
 * except that -EINVAL is also the error on a kernel without tc links, for ifindex 0,
 * and for a program whose section names no side, such as SEC("tc")
 *
 * This is the function that libbpf has had since 1.3.
 */
LIBBPF_API struct bpf_link *
bpf_program__attach_tcx(const struct bpf_program *prog, int ifindex,
			const struct bpf_tcx_opts *opts);

#endif

/**
 * @brief **bpf_program__attach_tc()** attaches a loaded tc program by a link, to
 * either side of a network device.
 *
 * @param prog program of type BPF_PROG_TYPE_SCHED_CLS. SEC("tc") attaches to
 * either side. A program whose section names a side, such as SEC("tcx/ingress"),
 * attaches to that side only
 * @param ifindex index of the device in the calling thread's network namespace
 * @param attach_point BPF_TC_INGRESS or BPF_TC_EGRESS
 * @param opts place among the programs of that side; NULL means last.
 * *flags*: BPF_F_BEFORE alone means first, BPF_F_AFTER alone last. With
 * *relative_fd* or *relative_id* they mean the place right before or after that
 * program or, with BPF_F_LINK, that link. If *expected_revision* is not 0, the side
 * must have that revision, see **bpf_prog_query_opts()**
 * @return the link. The caller owns it and releases it with
 * **bpf_link__destroy()**. Errors:
 *
 *   - -EOPNOTSUPP: the running kernel has no tc links. Logged at debug level
 *     only, so that a loader can try. No filter is attached instead; if you want
 *     one, call **bpf_tc_attach()**
 *   - -EINVAL: the program is not loaded, is not a tc program, or its section names
 *     the other side; attach_point is not one of the two; the flags are unknown or
 *     contradict each other; relative_fd is not the fd of a program or, with
 *     BPF_F_LINK, of a tc link
 *   - -ENODEV: no such device
 *   - -EPERM: needs CAP_NET_ADMIN over the network namespace of the device
 *   - -EEXIST: the program is attached to that side already
 *   - -ESTALE: the side has another revision. Logged at debug level only, so that
 *     a loader can query and try again
 *   - -ENOENT: the relative program or link does not exist, or is not on that side;
 *     or the flags have BPF_F_REPLACE: it makes no link. To replace the program of a
 *     link, use **bpf_link__update_program()**
 *   - -EAGAIN: the relative link is just being created
 *   - -EBADF: relative_fd is not open
 *   - -ERANGE: BPF_F_BEFORE and BPF_F_AFTER are both set, or 63 programs
 *     are there already
 *
 * The program runs in direct-action mode, before the filters of a clsact qdisc. It
 * stays attached until the last reference to the link is gone: if the link is not
 * pinned, until **bpf_link__destroy()** or the end of the process, unless a child
 * that was forked, or whoever was sent the fd, has it open. Only holders of the
 * link can detach or replace the program. If the device is removed first, the link
 * remains but attaches nothing any more. **bpf_link__update_program()** replaces
 * the program; each packet is seen either by the old or by the new one.
 */
LIBBPF_API struct bpf_link *
bpf_program__attach_tc(const struct bpf_program *prog, int ifindex,
		       enum bpf_tc_attach_point attach_point,
		       const struct bpf_tcx_opts *opts);

/**
 * @brief **libbpf_probe_tc_link()** tells whether the running kernel has tc links.
 * It asks the kernel, does not look at the version, and attaches nothing.
 *
 * @param prog_fd fd of a loaded tc program: CAP_NET_ADMIN over the calling thread's
 * network namespace is needed, as for attaching. Or -1, before anything is loaded:
 * CAP_NET_ADMIN in the initial user namespace is needed. With either, Linux before
 * 5.19 needs CAP_BPF as well if kernel.unprivileged_bpf_disabled is not 0
 * @return 1 if it has, 0 if it does not, or a negative error code if the probe
 * failed: -EPERM without a capability; -EINVAL if prog_fd is not the fd of a tc
 * program
 */
LIBBPF_API int libbpf_probe_tc_link(int prog_fd);

/* Filters: cls_bpf filters on a clsact qdisc, by netlink
 *
 * Filters work on every kernel. But nobody owns them: a filter outlives the process
 * that attached it, and every process with CAP_NET_ADMIN can replace or remove it.
 *
 * All functions work in the calling thread's network namespace and need
 * CAP_NET_ADMIN over it, except bpf_tc_query() and bpf_tc_for_each(), which need
 * none. If the kernel's answer got lost, they return -ENOBUFS or, after five
 * seconds without an answer or a signal, -ETIMEDOUT: list the filters to see whether
 * the request succeeded.
 *
 * **bpf_tc_hook_create()** puts a clsact qdisc on a device.
 *	hook: *ifindex*; *attach_point* BPF_TC_INGRESS, BPF_TC_EGRESS or both (a
 *	clsact always has both sides); *parent* 0.
 *	-EEXIST: the device has one already, or an `ingress` qdisc, which has no
 *	egress side. Logged at debug level only. -EOPNOTSUPP: BPF_TC_CUSTOM.
 *	The qdisc stays until it or its device is removed.
 *
 * **bpf_tc_hook_destroy()** removes **everybody's filters**: those of chain 0 of one
 *	side, or with BPF_TC_INGRESS | BPF_TC_EGRESS the clsact qdisc and so those of
 *	all chains of both sides. **bpf_tc_remove()** and
 *	**bpf_tc_hook_destroy_unused()** remove only your own.
 *
 * **bpf_tc_attach()** attaches a program by a filter for all protocols, in
 *	direct-action mode.
 *	hook: *ifindex* and BPF_TC_INGRESS or BPF_TC_EGRESS; or BPF_TC_CUSTOM and in
 *	*parent* the qdisc or class, see BPF_TC_PARENT().
 *	opts: *prog_fd* (0 counts as unset); *handle* and *priority* (1 to 65535,
 *	low ones run first) name the filter; the kernel chooses those that are 0.
 *	With *flags* 0 the filter must not exist yet. With BPF_TC_F_REPLACE an
 *	existing filter gets the program; each packet is seen either by the old or
 *	by the new one. With BPF_TC_F_REPLACE and *prog_id* the filter must hold the
 *	program with that id. *handle*, *priority* and *prog_id* are filled in.
 *	-EEXIST: the filter exists, or holds another program than *prog_id*.
 *	-ENOENT: *prog_id* is set, and the filter is gone. -EINVAL: the device has no
 *	clsact qdisc; BPF_TC_EGRESS on an `ingress` qdisc; bad arguments.
 *
 * **bpf_tc_detach()** removes one filter.
 *	opts: *handle* and *priority*. With *prog_id* the filter must hold that
 *	program: -EEXIST if it holds another, -ENOENT if the filter is gone.
 *	*prog_fd* and BPF_TC_F_REPLACE are ignored, so opts can be what
 *	**bpf_tc_attach()** filled in.
 *	-ENOENT or -EINVAL (the kernel says either): there is no such filter.
 *
 * **bpf_tc_query()** tells which program a filter holds.
 *	opts: *handle* and *priority*. *prog_id* is filled in. *prog_fd* and
 *	BPF_TC_F_REPLACE are ignored.
 *	Errors as for **bpf_tc_detach()**.
 *
 * Netlink has no request that compares and changes at once. So with *prog_id*, and
 * in **bpf_tc_remove()**, somebody can replace the filter after its program was
 * compared and before the filter is changed. Links do not have this problem.
 */

/* room for the longest name, 256 characters and a 0; ends the struct without padding */
#define BPF_TC_FILTER_NAME_SZ 263

struct bpf_tc_filter {
	size_t sz; /* size of this struct for forward/backward compatibility */
	int ifindex;
	enum bpf_tc_attach_point attach_point;
	__u32 parent; /* of the side, or as the BPF_TC_CUSTOM hook has it */
	__u32 chain;
	__u32 priority;
	__u32 handle;
	__u32 protocol; /* ETH_P_*, in host byte order */
	__u32 prog_id; /* 0: a classic BPF filter */
	__u8 tag[8]; /* of the program: a hash of its instructions */
	bool direct_action;
	char name[BPF_TC_FILTER_NAME_SZ]; /* as tc shows it; do not compare it */
};
#define bpf_tc_filter__last_field name

typedef int (*bpf_tc_filter_fn)(const struct bpf_tc_filter *filter, void *ctx);

/**
 * @brief **bpf_tc_for_each()** calls a function for each BPF filter of a hook, in
 * the order in which the kernel runs them.
 *
 * @param hook *ifindex*, and a side, both sides, or BPF_TC_CUSTOM and *parent*
 * @param fn called after all filters were read, so it may change filters, for
 * example with **bpf_tc_remove()**. *filter* belongs to libbpf and is valid only
 * during the call; if you copy it, set the copy's *sz* to the size of your struct.
 * A result other than 0 ends the iteration
 * @param ctx passed to fn
 * @return 0 after the last filter, and also if the device has no qdisc; the result
 * of fn that ended the iteration; or a negative error code: -ENODEV if there is no
 * such device; -EINVAL for a bad hook; -EAGAIN if other processes changed the
 * filters each of the 64 times they were read
 *
 * Each filter that nobody changes meanwhile is listed exactly once, unless flower
 * filters come and go on the same hook: the kernel adds and removes them without
 * RTNL, and a filter of a long list may then be listed twice or not at all.
 */
LIBBPF_API int bpf_tc_for_each(const struct bpf_tc_hook *hook, bpf_tc_filter_fn fn, void *ctx);

/**
 * @brief **bpf_tc_remove()** removes a filter that **bpf_tc_for_each()** listed, if
 * it still holds the same program. It cannot tell classic BPF filters apart: their
 * *prog_id* is always 0.
 *
 * @param filter the filter, as it was listed
 * @return 0 or a negative error code: -ENOENT if the filter is gone; -EEXIST if it
 * holds another program; -EINVAL if filter was not listed; -EPERM without
 * CAP_NET_ADMIN
 */
LIBBPF_API int bpf_tc_remove(const struct bpf_tc_filter *filter);

/**
 * @brief **bpf_tc_hook_destroy_unused()** removes the clsact qdisc of a device if
 * there are no filters of any kind on either side.
 *
 * @param hook *ifindex*; *attach_point* either side or both: it makes no difference
 * @return 0 or a negative error code: -ENOTEMPTY if there are filters; -ENOENT if
 * there is no qdisc; -EBUSY if it is an `ingress` qdisc; -ENODEV if there is no such
 * device; -EOPNOTSUPP for BPF_TC_CUSTOM; -EINVAL for a bad hook; -EAGAIN as for
 * **bpf_tc_for_each()**
 *
 * A filter that another process adds after the check is removed with the qdisc.
 */
LIBBPF_API int bpf_tc_hook_destroy_unused(const struct bpf_tc_hook *hook);

#endif /* __LIBBPF_LIBBPF_TC_H */
