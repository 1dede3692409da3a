/* SPDX-License-Identifier: GPL-2.0 */
/* Counts, finds and removes the filters of a hook with libbpf's netlink API. */
#ifndef TC_FILTERS_H
#define TC_FILTERS_H

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <bpf/libbpf.h>

/* the size up to the last field: the padding after it, which must be 0, is not copied */
#define OPTS(...) (struct bpf_tc_opts){						\
	.sz = offsetof(struct bpf_tc_opts, priority) + sizeof(__u32), ##__VA_ARGS__ }

/* the errors that mean that a filter is not there */
#define GONE(err) ({ int err_ = (err); err_ == -ENOENT || err_ == -EINVAL; })

static inline struct bpf_tc_hook tc_hook(int ifindex, enum bpf_tc_attach_point attach_point)
{
	return (struct bpf_tc_hook) {
		.sz = offsetof(struct bpf_tc_hook, parent) + sizeof(__u32),
		.ifindex = ifindex,
		.attach_point = attach_point,
	};
}

static int count_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	(*(int *)ctx)++;
	return 0;
}

/* the number of filters, or -errno */
static inline int filters(const struct bpf_tc_hook *hook)
{
	int n = 0, err;

	err = bpf_tc_for_each(hook, count_fn, &n);
	return err ?: n;
}

struct find {
	__u32 prog_id;
	const __u8 *tag;	/* if set, this is compared instead */
	struct bpf_tc_filter *found;
	int removed;		/* counts removed filters if found is NULL */
};

static int find_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	struct find *find = ctx;
	int err;

	if (find->tag ? memcmp(filter->tag, find->tag, sizeof(filter->tag)) :
			filter->prog_id != find->prog_id)
		return 0;
	if (find->found) {
		*find->found = *filter;
		return 1;
	}
	err = bpf_tc_remove(filter);
	find->removed += !err;
	return err == -ENOENT || err == -EEXIST ? 0 : err;
}

/* finds the first filter with that program; 0 or -ENOENT */
static inline int find_filter(const struct bpf_tc_hook *hook, __u32 prog_id,
			      struct bpf_tc_filter *found)
{
	struct find find = { .prog_id = prog_id, .found = found };
	int ret = bpf_tc_for_each(hook, find_fn, &find);

	return ret == 1 ? 0 : ret ?: -ENOENT;
}

/* removes all filters with that program; their number or -errno */
static inline int remove_filters(const struct bpf_tc_hook *hook, __u32 prog_id)
{
	struct find find = { .prog_id = prog_id };

	return bpf_tc_for_each(hook, find_fn, &find) ?: find.removed;
}

#endif
