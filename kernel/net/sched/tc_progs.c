// SPDX-License-Identifier: GPL-2.0
/*
 * Looking up and changing the programs of a hook. See tc_progs.h for what they
 * are and who may do it.
 */

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/pkt_cls.h>

#include "tc_progs.h"

/* Takes the place of a program that was removed without memory for a copy. */
struct bpf_prog *tc_progs_skip __ro_after_init;

static unsigned int tc_progs_skip_func(const void *ctx,
				       const struct bpf_insn *insn)
{
	return TC_ACT_UNSPEC;
}

static int __init tc_progs_init(void)
{
	/* A real program, since BPF run statistics count it like any other. */
	tc_progs_skip = bpf_prog_alloc(bpf_prog_size(1), 0);
	if (!tc_progs_skip)
		panic("cannot allocate tc_progs_skip");
	tc_progs_skip->bpf_func = tc_progs_skip_func;
	return 0;
}
core_initcall(tc_progs_init);

/**
 * tc_progs_find_prog - find the entry of a program
 * @progs: programs, or NULL
 * @prog: program, owned by a link or not
 *
 * Return: its entry, or NULL.
 */
struct tc_progs_entry *tc_progs_find_prog(const struct tc_progs *progs,
					  const struct bpf_prog *prog)
{
	struct tc_progs_entry *e;

	tc_progs_for_each(e, progs) {
		if (tc_progs_prog(e) == prog)
			return e;
	}
	return NULL;
}

/**
 * tc_progs_find_link - find the entry that a link owns
 * @progs: programs, or NULL
 * @link: link
 *
 * Return: its entry, or NULL.
 */
struct tc_progs_entry *tc_progs_find_link(const struct tc_progs *progs,
					  const struct bpf_link *link)
{
	struct tc_progs_entry *e;

	tc_progs_for_each(e, progs) {
		if (e->link == link)
			return e;
	}
	return NULL;
}

/**
 * tc_progs_prev - the entry that runs before another one
 * @progs: programs
 * @e: one of their entries, or NULL for their end
 *
 * Return: the entry right before @e, or NULL if @e is the first.
 */
struct tc_progs_entry *tc_progs_prev(const struct tc_progs *progs,
				     const struct tc_progs_entry *e)
{
	struct tc_progs_entry *prev = NULL, *i;

	tc_progs_for_each(i, progs) {
		if (i == e)
			break;
		prev = i;
	}
	return prev;
}

/**
 * tc_progs_last - the entry that runs last
 * @progs: programs, or NULL
 *
 * Return: the last entry, or NULL if there are no programs.
 */
struct tc_progs_entry *tc_progs_last(const struct tc_progs *progs)
{
	return tc_progs_prev(progs, NULL);
}

/* Append to an array that is not published yet. */
static void tc_progs_append(struct tc_progs *progs, struct bpf_prog *prog,
			    struct bpf_link *link)
{
	struct tc_progs_entry *e = &progs->entry[progs->count++];

	RCU_INIT_POINTER(e->prog, prog);
	e->link = link;
}

static void tc_progs_append_entry(struct tc_progs *progs,
				  const struct tc_progs_entry *e)
{
	tc_progs_append(progs, tc_progs_prog(e), e->link);
}

static void tc_progs_start(struct tc_progs *new, const struct tc_progs *old)
{
	new->revision = tc_progs_revision(old) + 1;
	new->count = 0;
}

static void tc_progs_end(struct tc_progs *new)
{
	RCU_INIT_POINTER(new->entry[new->count].prog, NULL);
}

/**
 * tc_progs_insert - copy the programs of a hook and add one
 * @new: array with room for one program more than @old has; the caller
 *	 publishes it
 * @old: programs to copy, or NULL; the caller frees it after a grace period
 * @next: entry of @old that will run right after the new program, or NULL to
 *	  add the program at the end
 * @prog: the new program; if @link is NULL, its reference moves into @new
 * @link: link that owns the program, or NULL
 *
 * Where a program X goes, as seen from bpf(2), and what @next is then::
 *
 *   old array          +---+---+---+-----+
 *                      | A | B | C | end |
 *                      +---+---+---+-----+
 *
 *   BEFORE             +---+---+---+---+-----+
 *   (first)            | X | A | B | C | end |    next: A
 *                      +---+---+---+---+-----+
 *
 *   BEFORE B           +---+---+---+---+-----+
 *   or AFTER A         | A | X | B | C | end |    next: B
 *                      +---+---+---+---+-----+
 *
 *   AFTER C, AFTER     +---+---+---+---+-----+
 *   (last), no flag    | A | B | C | X | end |    next: NULL
 *                      +---+---+---+---+-----+
 *
 * An entry of @old that was removed in place is not copied.
 */
void tc_progs_insert(struct tc_progs *new, const struct tc_progs *old,
		     const struct tc_progs_entry *next, struct bpf_prog *prog,
		     struct bpf_link *link)
{
	const struct tc_progs_entry *e;

	tc_progs_start(new, old);
	tc_progs_for_each(e, old) {
		if (e == next)
			tc_progs_append(new, prog, link);
		tc_progs_append_entry(new, e);
	}
	if (!next)
		tc_progs_append(new, prog, link);
	tc_progs_end(new);
}

/**
 * tc_progs_remove - remove a program
 * @new: array with room for one program less than @old has, or NULL if there
 *	 was no memory for it
 * @old: programs
 * @gone: the entry of @old to remove
 *
 * With @new, @old is copied but for @gone; without, @old is changed in place.
 * If no link owned the program, its reference is now the caller's.
 *
 * Return: the array to publish, @new or @old. If it is @new, the caller frees
 * @old after a grace period.
 */
struct tc_progs *tc_progs_remove(struct tc_progs *new, struct tc_progs *old,
				 struct tc_progs_entry *gone)
{
	const struct tc_progs_entry *e;

	if (!new) {
		rcu_assign_pointer(gone->prog, tc_progs_skip);
		gone->link = NULL;
		/* tc_hook_count() reads it without the lock. */
		WRITE_ONCE(old->count, old->count - 1);
		old->revision++;
		return old;
	}

	tc_progs_start(new, old);
	tc_progs_for_each(e, old) {
		if (e != gone)
			tc_progs_append_entry(new, e);
	}
	tc_progs_end(new);
	return new;
}

/**
 * tc_progs_replace - replace a program in place
 * @progs: programs
 * @e: entry whose program is replaced
 * @prog: program that packets run from now on
 *
 * References are not touched: the new program's belongs to whoever owned the
 * old one's, and the old one's is the caller's.
 */
void tc_progs_replace(struct tc_progs *progs, struct tc_progs_entry *e,
		      struct bpf_prog *prog)
{
	rcu_assign_pointer(e->prog, prog);
	progs->revision++;
}

/* What tc_progs_run() does for each program, with kernel.bpf_stats_enabled. */
int tc_progs_run_counted(const struct bpf_prog *prog, struct sk_buff *skb)
{
	return tc_compat_run(prog, skb);
}
