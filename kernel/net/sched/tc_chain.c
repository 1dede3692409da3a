// SPDX-License-Identifier: GPL-2.0
/*
 * A tc chain: positions, changes, and a packet's way through it. See
 * tc_chain.h for what a chain is and whose lock keeps it.
 */

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/skbuff.h>
#include <net/pkt_sched.h>

#include "tc_chain.h"
#include "tc_link_compat.h"

/* The codes that cls_bpf honours in direct-action mode; others mean "next". */
static bool tc_chain_is_verdict(int code)
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

/**
 * tc_chain_run - let the programs of a chain decide about a packet
 * @chain: chain
 * @skb: packet, its data at the MAC header
 *
 * The caller is in an RCU read-side section and cannot migrate.
 *
 * Return: the verdict of the first program that gives one, out of TC_ACT_OK,
 * _SHOT, _STOLEN, _TRAP and _REDIRECT; TC_ACT_UNSPEC if none does.
 */
int tc_chain_run(const struct tc_chain *chain, struct sk_buff *skb)
{
	const struct tc_chain_entry *e = chain->entry;
	const struct tc_chain_entry *end = e + chain->slots;
	int verdict = TC_ACT_UNSPEC;

	for (; e < end; e++) {
		/* A replacement may change the pointer while we walk; what it
		 * pointed to is there until the packet is through.
		 */
		const struct bpf_prog *prog = rcu_dereference(e->prog);

		if (unlikely(!prog))
			continue;

		/* What the one before, or another hook, left there is not
		 * this program's.
		 */
		qdisc_skb_cb(skb)->tc_classid = 0;
		verdict = tc_link_compat_run(prog, skb);
		if (tc_chain_is_verdict(verdict))
			goto out;
	}
	verdict = TC_ACT_UNSPEC;
out:
	tc_link_compat_reset_cb(skb);
	return verdict;
}

/**
 * tc_chain_find_prog - position of a program
 * @chain: chain
 * @prog: program, owned by a link or not
 *
 * Return: its position, or -ENOENT.
 */
int tc_chain_find_prog(const struct tc_chain *chain,
		       const struct bpf_prog *prog)
{
	const struct tc_chain_entry *e;
	int pos = 0;

	for (e = tc_chain_first(chain); e; e = tc_chain_next(chain, e)) {
		if (rcu_access_pointer(e->prog) == prog)
			return pos;
		pos++;
	}
	return -ENOENT;
}

/**
 * tc_chain_find_link - position of the program that a link owns
 * @chain: chain
 * @link: link
 *
 * Return: its position, or -ENOENT.
 */
int tc_chain_find_link(const struct tc_chain *chain,
		       const struct bpf_link *link)
{
	const struct tc_chain_entry *e;
	int pos = 0;

	for (e = tc_chain_first(chain); e; e = tc_chain_next(chain, e)) {
		if (e->link == link)
			return pos;
		pos++;
	}
	return -ENOENT;
}

/**
 * tc_chain_at - entry at a position
 * @chain: chain
 * @pos: position, 0 to count - 1
 *
 * Return: the entry, or NULL if there is no such position.
 */
struct tc_chain_entry *tc_chain_at(struct tc_chain *chain, int pos)
{
	struct tc_chain_entry *e;

	for (e = tc_chain_first(chain); e; e = tc_chain_next(chain, e)) {
		if (!pos--)
			return e;
	}
	return NULL;
}

/**
 * tc_chain_place - where a new program goes
 * @chain: chain, or NULL for an empty hook
 * @flags: BPF_F_BEFORE, BPF_F_AFTER, both or none
 * @relative: position that the flags refer to, or negative for none
 *
 * Return: the position that the program will have, or -ERANGE for both flags,
 * as nothing is on both sides of something.
 */
int tc_chain_place(const struct tc_chain *chain, u32 flags, int relative)
{
	bool before = flags & BPF_F_BEFORE;
	bool after = flags & BPF_F_AFTER;

	if (before && after)
		return -ERANGE;
	if (relative < 0)
		return before || !chain ? 0 : chain->count;
	return before ? relative : relative + 1;
}

/**
 * tc_chain_neighbour - which program stands where the flags point to
 * @chain: chain
 * @flags: BPF_F_BEFORE, BPF_F_AFTER or both
 * @relative: position that the flags refer to
 *
 * Return: its position; -ENOENT if @relative is the first or last; or -ERANGE
 * for both flags.
 */
int tc_chain_neighbour(const struct tc_chain *chain, u32 flags, int relative)
{
	bool before = flags & BPF_F_BEFORE;
	bool after = flags & BPF_F_AFTER;
	int pos = before ? relative - 1 : relative + 1;

	if (before && after)
		return -ERANGE;
	return pos >= 0 && pos < chain->count ? pos : -ENOENT;
}

static void tc_chain_append(struct tc_chain *chain, struct bpf_prog *prog,
			    struct bpf_link *link)
{
	struct tc_chain_entry *e = &chain->entry[chain->count++];

	RCU_INIT_POINTER(e->prog, prog);	/* not published yet */
	e->link = link;
}

/**
 * tc_chain_insert - fill a new chain with an old one and a program more
 * @new: chain with room for all of them, to be published by the caller
 * @old: chain to copy, which the caller frees behind its readers; or NULL
 * @pos: position of the program in @new, 0 to the count of @old
 * @prog: program, whose reference moves into the chain if @link is NULL
 * @link: link that owns the program, or NULL
 */
void tc_chain_insert(struct tc_chain *new, const struct tc_chain *old, int pos,
		     struct bpf_prog *prog, struct bpf_link *link)
{
	const struct tc_chain_entry *e;

	new->revision = (old ? old->revision : TC_CHAIN_FIRST_REVISION) + 1;
	new->count = 0;
	if (old) {
		for (e = tc_chain_first(old); e; e = tc_chain_next(old, e)) {
			if (new->count == pos)
				tc_chain_append(new, prog, link);
			tc_chain_append(new, rcu_access_pointer(e->prog),
					e->link);
		}
	}
	if (new->count == pos)
		tc_chain_append(new, prog, link);
	new->slots = new->count;
}

/**
 * tc_chain_remove - take a program out of a chain
 * @new: chain with room for one program less than @old has, or NULL where no
 *	 memory could be had: @old then keeps an empty slot that packets skip
 * @old: chain
 * @pos: position of the program
 *
 * A removal must not fail, and so never needs memory. The program's reference
 * becomes the caller's if no link has it.
 *
 * Return: the chain to publish, @new or @old; in the first case the caller
 * frees @old behind its readers.
 */
struct tc_chain *tc_chain_remove(struct tc_chain *new, struct tc_chain *old,
				 int pos)
{
	struct tc_chain_entry *gone = tc_chain_at(old, pos);
	const struct tc_chain_entry *e;

	if (!new) {
		RCU_INIT_POINTER(gone->prog, NULL);
		gone->link = NULL;
		old->count--;
		old->revision++;
		return old;
	}

	new->revision = old->revision + 1;
	new->count = 0;
	for (e = tc_chain_first(old); e; e = tc_chain_next(old, e)) {
		if (e != gone)
			tc_chain_append(new, rcu_access_pointer(e->prog),
					e->link);
	}
	new->slots = new->count;
	return new;
}

/**
 * tc_chain_replace - put another program in the place of one
 * @chain: chain
 * @pos: position
 * @prog: program that packets see from now on
 *
 * References are not touched: the new program's belongs to whom the old one's
 * belonged to.
 */
void tc_chain_replace(struct tc_chain *chain, int pos, struct bpf_prog *prog)
{
	rcu_assign_pointer(tc_chain_at(chain, pos)->prog, prog);
	chain->revision++;
}
