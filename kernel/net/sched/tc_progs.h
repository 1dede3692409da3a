/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF programs of one hook, in running order.
 *
 * This is a data structure only: it knows no device and no system call, and
 * takes no lock. Whoever changes it holds a lock that keeps other changes out
 * (tc_hook.h); packets read it under RCU.
 *
 * An array of entries ends with one whose program is NULL. In a published
 * array, packets see only single stores to the program pointers:
 *
 *   - Adding or removing a program copies the array, so that a packet runs all
 *     of the old order or all of the new one.
 *   - Replacing a program stores its pointer in place. Nothing moves. A packet
 *     that is on its way during two replacements may see the second and not
 *     the first.
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
#include <linux/jump_label.h>
#include <linux/kernel.h>
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
 * @prog: the program. Packets read this under RCU. Its reference is held by
 *	  @link or, if that is NULL, by the hook. tc_progs_skip needs none.
 * @link: the link that owns the entry, or NULL. Packets never look at it.
 */
struct tc_progs_entry {
	struct bpf_prog __rcu *prog;
	struct bpf_link *link;
};

/**
 * struct tc_progs - the programs of a hook in running order
 * @rcu: frees the array after the last packet that reads it
 * @revision: grows by one with each change, as long as there are programs
 * @count: number of programs, without those that were removed in place
 * @entry: the programs, all different, and a last entry without one
 *
 * Packets read @entry[].prog and nothing else. tc_hook_count() reads @count
 * under RCU, without the lock.
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

/* The program of an entry. For changers only: their lock, which is not known
 * here, keeps the pointer stable.
 */
static inline struct bpf_prog *tc_progs_prog(const struct tc_progs_entry *e)
{
	return rcu_dereference_protected(e->prog, true);
}

/* The first entry at or after @e that holds a program, or NULL. For changers. */
static inline struct tc_progs_entry *tc_progs_from(const struct tc_progs_entry *e)
{
	while (tc_progs_prog(e) == tc_progs_skip)
		e++;
	return tc_progs_prog(e) ? (struct tc_progs_entry *)e : NULL;
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

/**
 * tc_progs_is_verdict - is a return code a verdict?
 * @code: what a program returned
 *
 * Return: true if cls_bpf honours @code in direct-action mode and it is not
 * TC_ACT_UNSPEC. With any other code the next program runs.
 */
static inline bool tc_progs_is_verdict(int code)
{
	switch (code) {
	case TC_ACT_OK:
	case TC_ACT_SHOT:
	case TC_ACT_STOLEN:
	case TC_ACT_TRAP:
	case TC_ACT_REDIRECT:
		return true;
	default:
		return false;
	}
}

int tc_progs_run_counted(const struct bpf_prog *prog, struct sk_buff *skb);

/* As bpf_prog_run(), but its statistics are out of line: they need more
 * registers than all else here, and each is saved for every packet.
 */
static __always_inline int tc_progs_run_one(const struct bpf_prog *prog,
					    struct sk_buff *skb)
{
	if (static_branch_unlikely(&bpf_stats_enabled_key))
		return tc_progs_run_counted(prog, skb);
	cant_migrate();
	return bpf_dispatcher_nop_func(skb, prog->insnsi, prog->bpf_func);
}

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
 * Context: RCU or RCU-bh read-side section, migration disabled. Either keeps a
 * grace period from ending.
 * Return: the first verdict out of TC_ACT_OK, _SHOT, _STOLEN, _TRAP and
 * _REDIRECT, or TC_ACT_UNSPEC if no program returns one.
 */
static __always_inline int tc_progs_run(const struct tc_progs *progs,
					struct sk_buff *skb)
{
	const struct tc_progs_entry *e = progs->entry;
	const struct bpf_prog *prog;
	int verdict;

	prog = rcu_dereference_check(e->prog, rcu_read_lock_bh_held());
	bpf_compute_data_pointers(skb);
	/* A replacement may store another program while we walk; the one that
	 * we read stays until our RCU section ends. There is at least one.
	 */
	do {
		/* Clear a stale tc_classid. */
		qdisc_skb_cb(skb)->tc_classid = 0;
		verdict = tc_progs_run_one(prog, skb);
		tc_compat_reset_tstamp_type(skb);
		if (likely(verdict == TC_ACT_OK)) {
			tc_compat_reset_cb(skb);
			return TC_ACT_OK;
		}
		if (verdict != TC_ACT_UNSPEC && tc_progs_is_verdict(verdict)) {
			tc_compat_reset_cb(skb);
			return verdict;
		}
		e++;
		prog = rcu_dereference_check(e->prog, rcu_read_lock_bh_held());
	} while (prog);
	tc_compat_reset_cb(skb);
	return TC_ACT_UNSPEC;
}

#endif /* __NET_SCHED_TC_PROGS_H */
