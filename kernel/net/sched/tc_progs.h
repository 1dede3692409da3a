/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF programs of one hook, in running order.
 *
 * This is a data structure only: it knows no device and no system call, and
 * takes no lock. Whoever changes it holds a lock that keeps other changes out
 * (tc_hook.h); packets read it under RCU.
 *
 * An array of entries ends with one whose program is NULL. Once published it
 * is immutable but for single stores to the program pointers:
 *
 *   - Adding or removing a program copies the array, so that a packet runs all
 *     of the old order or all of the new one.
 *   - Replacing a program stores its pointer in place. Nothing moves.
 *   - Removing a program when there is no memory for a copy stores a pointer to
 *     tc_progs_skip, a program that says TC_ACT_UNSPEC. A removal therefore
 *     never fails. The next copy leaves such entries out.
 *
 * No hook without programs has an array; its pointer is NULL. Functions that
 * look something up accept that.
 */
#ifndef __NET_SCHED_TC_PROGS_H
#define __NET_SCHED_TC_PROGS_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <net/sch_generic.h>

#include "tc_compat.h"

/* Mainline's limit, which user space sizes its buffers by. */
#define TC_PROGS_MAX	63

/* The revision of a hook without programs. */
#define TC_PROGS_FIRST_REVISION	1

/**
 * struct tc_progs_entry - one program of a hook
 * @prog: the program. Packets read this under RCU. The array holds a reference
 *	  if @link is NULL; otherwise @link holds it.
 * @link: the link that owns the entry, or NULL. Packets never look at it.
 */
struct tc_progs_entry {
	struct bpf_prog __rcu *prog;
	struct bpf_link *link;
};

/**
 * struct tc_progs - the programs of a hook in running order
 * @rcu: frees the array after the last packet that reads it
 * @revision: grows by one with each change
 * @count: number of programs, without those that were removed in place
 * @entry: the programs, all different, and a last entry without one
 *
 * Packets read @entry[].prog and nothing else.
 */
struct tc_progs {
	struct rcu_head rcu;
	u64 revision;
	u32 count;
	struct tc_progs_entry entry[];
};

extern struct bpf_prog *tc_progs_skip;

static inline struct tc_progs *tc_progs_alloc(unsigned int count, gfp_t gfp)
{
	struct tc_progs *progs;

	/* One entry more for the end. */
	return kmalloc(struct_size(progs, entry, count + 1), gfp);
}

static inline u64 tc_progs_revision(const struct tc_progs *progs)
{
	return progs ? progs->revision : TC_PROGS_FIRST_REVISION;
}

static inline unsigned int tc_progs_count(const struct tc_progs *progs)
{
	return progs ? progs->count : 0;
}

/* The first entry at or after @e that holds a program, or NULL. For changers
 * only: their lock, which is not known here, keeps the pointers stable.
 */
static inline struct tc_progs_entry *tc_progs_from(const struct tc_progs_entry *e)
{
	while (rcu_access_pointer(e->prog) == tc_progs_skip)
		e++;
	return rcu_access_pointer(e->prog) ? (struct tc_progs_entry *)e : NULL;
}

static inline struct tc_progs_entry *tc_progs_first(const struct tc_progs *progs)
{
	return progs ? tc_progs_from(progs->entry) : NULL;
}

static inline struct tc_progs_entry *
tc_progs_next(const struct tc_progs_entry *e)
{
	return tc_progs_from(e + 1);
}

#define tc_progs_for_each(e, progs) \
	for ((e) = tc_progs_first(progs); (e); (e) = tc_progs_next(e))

struct tc_progs_entry *tc_progs_prev(const struct tc_progs *progs,
				     const struct tc_progs_entry *e);
struct tc_progs_entry *tc_progs_last(const struct tc_progs *progs);
struct tc_progs_entry *tc_progs_find_prog(const struct tc_progs *progs,
					  const struct bpf_prog *prog);
struct tc_progs_entry *tc_progs_find_link(const struct tc_progs *progs,
					  const struct bpf_link *link);

void tc_progs_insert(struct tc_progs *new, const struct tc_progs *old,
		     const struct tc_progs_entry *next, struct bpf_prog *prog,
		     struct bpf_link *link);
struct tc_progs *tc_progs_remove(struct tc_progs *new, struct tc_progs *old,
				 struct tc_progs_entry *gone);
void tc_progs_replace(struct tc_progs *progs, struct tc_progs_entry *e,
		      struct bpf_prog *prog);

bool tc_progs_is_verdict(int code);

/**
 * tc_progs_run - run the programs of a hook on a packet
 * @progs: programs
 * @skb: packet, its data at the MAC header
 *
 * Inline, as a call would save more registers than the loop needs.
 *
 * The data pointers are computed once: between two programs nothing but the
 * first one's helpers can have moved the packet's data, and each helper that
 * does computes them anew for its own program.
 *
 * Context: RCU read-side section, migration disabled.
 * Return: the first verdict out of TC_ACT_OK, _SHOT, _STOLEN, _TRAP and
 * _REDIRECT, or TC_ACT_UNSPEC if no program returns one.
 */
static __always_inline int tc_progs_run(const struct tc_progs *progs,
					struct sk_buff *skb)
{
	const struct tc_progs_entry *e = progs->entry;
	int verdict = TC_ACT_UNSPEC;
	const struct bpf_prog *prog;

	bpf_compute_data_pointers(skb);
	/* A replacement may store another program while we walk; the one that
	 * we read stays until our RCU section ends.
	 */
	while ((prog = rcu_dereference(e->prog))) {
		/* Clear a stale tc_classid. */
		qdisc_skb_cb(skb)->tc_classid = 0;
		verdict = tc_compat_run(prog, skb);
		if (likely(verdict == TC_ACT_OK))
			goto out;
		if (verdict != TC_ACT_UNSPEC && tc_progs_is_verdict(verdict))
			goto out;
		e++;
	}
	verdict = TC_ACT_UNSPEC;
out:
	tc_compat_reset_cb(skb);
	return verdict;
}

#endif /* __NET_SCHED_TC_PROGS_H */
