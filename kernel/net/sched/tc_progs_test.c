// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of tc_progs: order, revision, replacement, limits, and removal
 * without memory. The links are never looked into: only their addresses are
 * compared.
 */

#include <kunit/test.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>

#include "tc_progs.h"

/* One more than fits, so that there is one to replace with. */
#define NPROGS	(TC_PROGS_MAX + 1)

struct tc_progs_test {
	struct bpf_prog *prog[NPROGS];
	struct bpf_link link[NPROGS];
};

static int tc_progs_test_init(struct kunit *test)
{
	struct tc_progs_test *t;
	int i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	for (i = 0; i < NPROGS; i++) {
		t->prog[i] = kunit_kzalloc(test, sizeof(*t->prog[i]),
					   GFP_KERNEL);
		if (!t->prog[i])
			return -ENOMEM;
	}
	test->priv = t;
	return 0;
}

static struct bpf_prog *prog(struct kunit *test, int i)
{
	return ((struct tc_progs_test *)test->priv)->prog[i];
}

static struct bpf_link *link(struct kunit *test, int i)
{
	return &((struct tc_progs_test *)test->priv)->link[i];
}

static struct tc_progs *room(struct kunit *test, unsigned int count)
{
	struct tc_progs *progs;

	progs = kunit_kzalloc(test, struct_size(progs, entry, count + 1),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, progs);
	/* What is not written must not matter. */
	memset(progs, 0x5a, struct_size(progs, entry, count + 1));
	return progs;
}

/* The entry of program @i, or NULL for -1. */
static struct tc_progs_entry *at(struct kunit *test, struct tc_progs *progs,
				 int i)
{
	struct tc_progs_entry *e;

	if (i < 0)
		return NULL;
	e = tc_progs_find_prog(progs, prog(test, i));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, e);
	return e;
}

/* A copy of @old with program @i right before program @next, or at the end. */
static struct tc_progs *insert(struct kunit *test, struct tc_progs *old,
			       int next, int i, bool linked)
{
	struct tc_progs *new = room(test, tc_progs_count(old) + 1);

	tc_progs_insert(new, old, at(test, old, next), prog(test, i),
			linked ? link(test, i) : NULL);
	return new;
}

/* Programs 0 to @count - 1; those with odd numbers linked. */
static struct tc_progs *progs_of(struct kunit *test, int count)
{
	struct tc_progs *progs = NULL;
	int i;

	for (i = 0; i < count; i++)
		progs = insert(test, progs, -1, i, i & 1);
	return progs;
}

static struct tc_progs *remove(struct kunit *test, struct tc_progs *old, int i,
			       bool memory)
{
	struct tc_progs *new = memory ? room(test, old->count - 1) : NULL;

	return tc_progs_remove(new, old, at(test, old, i));
}

static void expect_order(struct kunit *test, struct tc_progs *progs,
			 const char *order)
{
	struct tc_progs_entry *e = tc_progs_first(progs), *prev = NULL;
	int i, count = strlen(order);

	KUNIT_ASSERT_EQ(test, (int)tc_progs_count(progs), count);
	for (i = 0; i < count; i++) {
		int want = order[i] - '0';

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, e);
		KUNIT_EXPECT_TRUE(test, rcu_access_pointer(e->prog) ==
					prog(test, want));
		KUNIT_EXPECT_TRUE(test, e->link == (want & 1 ?
						    link(test, want) : NULL));
		KUNIT_EXPECT_TRUE(test, e == at(test, progs, want));
		if (want & 1)
			KUNIT_EXPECT_TRUE(test, e ==
					  tc_progs_find_link(progs,
							     link(test, want)));
		KUNIT_EXPECT_TRUE(test, tc_progs_prev(progs, e) == prev);
		prev = e;
		e = tc_progs_next(e);
	}
	KUNIT_EXPECT_TRUE(test, !e);
	KUNIT_EXPECT_TRUE(test, tc_progs_last(progs) == prev);
}

/* How long a packet's way is, removed programs included. */
static int slots(const struct tc_progs *progs)
{
	int n = 0;

	while (rcu_access_pointer(progs->entry[n].prog))
		n++;
	return n;
}

static void new_programs_go_where_they_are_put(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 3);

	expect_order(test, progs, "012");
	expect_order(test, insert(test, progs, 0, 4, false), "4012");
	expect_order(test, insert(test, progs, 1, 5, true), "0512");
	expect_order(test, insert(test, progs, 2, 4, false), "0142");
	expect_order(test, insert(test, progs, -1, 5, true), "0125");
	/* The old array is as it was: packets may still be in it. */
	expect_order(test, progs, "012");
}

static void the_first_program_is_first_and_last(struct kunit *test)
{
	expect_order(test, insert(test, NULL, -1, 0, false), "0");
	expect_order(test, insert(test, NULL, -1, 1, true), "1");
}

static void a_hook_without_programs_has_no_entries(struct kunit *test)
{
	expect_order(test, NULL, "");
	KUNIT_EXPECT_TRUE(test, !tc_progs_find_prog(NULL, prog(test, 0)));
	KUNIT_EXPECT_TRUE(test, !tc_progs_find_link(NULL, link(test, 0)));
	KUNIT_EXPECT_EQ(test, tc_progs_revision(NULL),
			(u64)TC_PROGS_FIRST_REVISION);
}

static void what_is_not_there_is_not_found(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 3);

	KUNIT_EXPECT_TRUE(test, !tc_progs_find_prog(progs, prog(test, 4)));
	KUNIT_EXPECT_TRUE(test, !tc_progs_find_link(progs, link(test, 5)));
	/* Program 2 is there, but no link owns it. */
	KUNIT_EXPECT_TRUE(test, !tc_progs_find_link(progs, link(test, 2)));
}

static void removed_programs_are_gone(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 4);

	expect_order(test, remove(test, progs, 0, true), "123");
	expect_order(test, remove(test, progs, 2, true), "013");
	expect_order(test, remove(test, progs, 3, true), "012");
	expect_order(test, progs, "0123");
}

static void removal_needs_no_memory(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 4);

	KUNIT_EXPECT_TRUE(test, remove(test, progs, 0, false) == progs);
	expect_order(test, progs, "123");
	remove(test, progs, 2, false);
	expect_order(test, progs, "13");
	remove(test, progs, 3, false);
	expect_order(test, progs, "1");
	/* Packets in it walk on to the end that they knew. */
	KUNIT_EXPECT_EQ(test, slots(progs), 4);
}

static void removed_programs_do_not_count(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 4);

	remove(test, progs, 0, false);
	remove(test, progs, 2, false);
	expect_order(test, progs, "13");

	expect_order(test, insert(test, progs, 3, 4, false), "143");
	expect_order(test, insert(test, progs, 1, 4, false), "413");
	expect_order(test, insert(test, progs, -1, 4, false), "134");
	expect_order(test, remove(test, progs, 1, true), "3");
	tc_progs_replace(progs, at(test, progs, 3), prog(test, 5));
	KUNIT_EXPECT_TRUE(test, at(test, progs, 5) == tc_progs_last(progs));
}

static void the_next_copy_is_without_removed_programs(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 4);

	remove(test, progs, 1, false);
	KUNIT_EXPECT_EQ(test, slots(progs), 4);
	progs = insert(test, progs, 0, 4, false);
	KUNIT_EXPECT_EQ(test, slots(progs), 4);
	progs = remove(test, progs, 4, true);
	KUNIT_EXPECT_EQ(test, slots(progs), 3);
	expect_order(test, progs, "023");
}

static void a_replacement_moves_nothing(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 3);
	struct tc_progs_entry *e = at(test, progs, 1);

	tc_progs_replace(progs, e, prog(test, 5));
	KUNIT_EXPECT_TRUE(test, at(test, progs, 5) == e);
	KUNIT_EXPECT_TRUE(test, !tc_progs_find_prog(progs, prog(test, 1)));
	/* The entry is the link's, whatever program is in it. */
	KUNIT_EXPECT_TRUE(test, tc_progs_find_link(progs, link(test, 1)) == e);
	KUNIT_EXPECT_EQ(test, (int)progs->count, 3);
}

static void each_change_is_a_revision(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, 1);
	const u64 first = TC_PROGS_FIRST_REVISION;

	KUNIT_EXPECT_EQ(test, progs->revision, first + 1);
	progs = insert(test, progs, 0, 4, false);
	KUNIT_EXPECT_EQ(test, progs->revision, first + 2);
	tc_progs_replace(progs, at(test, progs, 4), prog(test, 6));
	KUNIT_EXPECT_EQ(test, progs->revision, first + 3);
	progs = insert(test, progs, 0, 8, false);
	progs = remove(test, progs, 8, true);
	KUNIT_EXPECT_EQ(test, progs->revision, first + 5);
	remove(test, progs, 6, false);
	KUNIT_EXPECT_EQ(test, progs->revision, first + 6);
}

static void a_full_hook_keeps_its_order(struct kunit *test)
{
	struct tc_progs *progs = progs_of(test, TC_PROGS_MAX);
	struct tc_progs_entry *e;
	int i = 0;

	KUNIT_EXPECT_EQ(test, (int)progs->count, TC_PROGS_MAX);
	tc_progs_for_each(e, progs)
		KUNIT_EXPECT_TRUE(test, at(test, progs, i++) == e);
	KUNIT_EXPECT_EQ(test, i, TC_PROGS_MAX);
	progs = remove(test, progs, 0, true);
	progs = insert(test, progs, -1, TC_PROGS_MAX, true);
	i = 1;
	tc_progs_for_each(e, progs)
		KUNIT_EXPECT_TRUE(test, at(test, progs, i++) == e);
}

static void memory_is_as_large_as_the_programs_are_many(struct kunit *test)
{
	struct tc_progs *progs = tc_progs_alloc(1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, progs);
	KUNIT_EXPECT_LE(test, ksize(progs), (size_t)64);
	kfree(progs);
}

/* Programs that only return a code, and count how often they were asked. */
static unsigned int asked;

static unsigned int say_unspec(const void *ctx, const struct bpf_insn *insn)
{
	asked++;
	return TC_ACT_UNSPEC;
}

static unsigned int say_unknown(const void *ctx, const struct bpf_insn *insn)
{
	asked++;
	return TC_ACT_PIPE;
}

static unsigned int say_shot(const void *ctx, const struct bpf_insn *insn)
{
	asked++;
	return TC_ACT_SHOT;
}

static void the_first_verdict_counts(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct tc_progs *progs = progs_of(test, 5);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, skb);
	prog(test, 0)->bpf_func = say_unspec;
	prog(test, 1)->bpf_func = say_unknown;
	prog(test, 2)->bpf_func = say_unspec;
	prog(test, 3)->bpf_func = say_shot;
	prog(test, 4)->bpf_func = say_shot;

	asked = 0;
	preempt_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, tc_progs_run(progs, skb), TC_ACT_SHOT);
	KUNIT_EXPECT_EQ(test, (int)asked, 4);

	/* A program that was removed in place decides nothing. */
	remove(test, progs, 3, false);
	remove(test, progs, 4, false);
	asked = 0;
	KUNIT_EXPECT_EQ(test, tc_progs_run(progs, skb), TC_ACT_UNSPEC);
	KUNIT_EXPECT_EQ(test, (int)asked, 3);
	rcu_read_unlock();
	preempt_enable();
	kfree_skb(skb);
}

static struct kunit_case tc_progs_test_cases[] = {
	KUNIT_CASE(new_programs_go_where_they_are_put),
	KUNIT_CASE(the_first_program_is_first_and_last),
	KUNIT_CASE(a_hook_without_programs_has_no_entries),
	KUNIT_CASE(what_is_not_there_is_not_found),
	KUNIT_CASE(removed_programs_are_gone),
	KUNIT_CASE(removal_needs_no_memory),
	KUNIT_CASE(removed_programs_do_not_count),
	KUNIT_CASE(the_next_copy_is_without_removed_programs),
	KUNIT_CASE(a_replacement_moves_nothing),
	KUNIT_CASE(each_change_is_a_revision),
	KUNIT_CASE(a_full_hook_keeps_its_order),
	KUNIT_CASE(memory_is_as_large_as_the_programs_are_many),
	KUNIT_CASE(the_first_verdict_counts),
	{}
};

static struct kunit_suite tc_progs_test_suite = {
	.name = "tc_progs",
	.init = tc_progs_test_init,
	.test_cases = tc_progs_test_cases,
};

kunit_test_suite(tc_progs_test_suite);
