/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A tc chain: the BPF programs of one hook, in running order.
 *
 * A chain knows no device and no system call, and takes no lock. Packets read
 * it under RCU. Whoever changes it keeps other changes out with a lock of his
 * own and publishes the result: programs are added and removed by making a new
 * chain, so that a packet sees all of the old order or all of the new one, and
 * only a replacement, which moves nothing, happens in place.
 */
#ifndef __NET_SCHED_TC_CHAIN_H
#define __NET_SCHED_TC_CHAIN_H

#include <linux/bpf.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/types.h>

struct sk_buff;

/* Mainline's limit, which user space sizes its buffers by. */
#define TC_CHAIN_MAX	63

/* What a new chain starts with, and what an empty hook answers. */
#define TC_CHAIN_FIRST_REVISION	1

/**
 * struct tc_chain_entry - a program in its place
 * @prog: the program; NULL where one was removed for want of memory for a
 *	  shorter chain. The chain has a reference if @link is NULL, else @link
 *	  has it. Packets read this under RCU.
 * @link: the link that owns the program, or NULL. Packets never look at it.
 */
struct tc_chain_entry {
	struct bpf_prog __rcu *prog;
	struct bpf_link *link;
};

/**
 * struct tc_chain - programs in running order
 * @rcu: to free the chain behind the last packet that reads it
 * @revision: grows by one with each change
 * @count: programs; their positions are 0 to @count - 1
 * @slots: entries, those without a program included
 * @entry: the programs, all different
 *
 * Only @slots and the programs of @entry are for packets.
 */
struct tc_chain {
	struct rcu_head rcu;
	u64 revision;
	u32 count;
	u32 slots;
	struct tc_chain_entry entry[];
};

/* The first program at or behind a slot, or NULL. */
static inline struct tc_chain_entry *
tc_chain_from_slot(const struct tc_chain *chain, const struct tc_chain_entry *e)
{
	for (; e < chain->entry + chain->slots; e++) {
		if (rcu_access_pointer(e->prog))
			return (struct tc_chain_entry *)e;
	}
	return NULL;
}

/* First and next program, for whoever may change the chain: the pointers are
 * stable, as changes are kept out by a lock that a chain does not know.
 */
static inline struct tc_chain_entry *
tc_chain_first(const struct tc_chain *chain)
{
	return tc_chain_from_slot(chain, chain->entry);
}

static inline struct tc_chain_entry *
tc_chain_next(const struct tc_chain *chain, const struct tc_chain_entry *e)
{
	return tc_chain_from_slot(chain, e + 1);
}

static inline struct tc_chain *tc_chain_alloc(unsigned int count, gfp_t gfp)
{
	struct tc_chain *chain;

	return kmalloc(struct_size(chain, entry, count), gfp);
}

int tc_chain_run(const struct tc_chain *chain, struct sk_buff *skb);

int tc_chain_find_prog(const struct tc_chain *chain,
		       const struct bpf_prog *prog);
int tc_chain_find_link(const struct tc_chain *chain,
		       const struct bpf_link *link);
struct tc_chain_entry *tc_chain_at(struct tc_chain *chain, int pos);

int tc_chain_place(const struct tc_chain *chain, u32 flags, int relative);
int tc_chain_neighbour(const struct tc_chain *chain, u32 flags, int relative);

void tc_chain_insert(struct tc_chain *new, const struct tc_chain *old, int pos,
		     struct bpf_prog *prog, struct bpf_link *link);
struct tc_chain *tc_chain_remove(struct tc_chain *new, struct tc_chain *old,
				 int pos);
void tc_chain_replace(struct tc_chain *chain, int pos, struct bpf_prog *prog);

#endif /* __NET_SCHED_TC_CHAIN_H */
