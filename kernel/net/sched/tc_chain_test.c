// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of tc chains: positions, revision, replacement, limits, and
 * removal without memory. The programs are never run here, and the links never
 * looked into: a chain only compares their addresses.
 */

#include <kunit/test.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/skbuff.h>
#include <net/sch_generic.h>

#include "tc_chain.h"

/* One more than fits, so that there is one to be refused or exchanged. */
#define NPROGS	(TC_CHAIN_MAX + 1)

struct tc_chain_test {
	struct bpf_prog *prog[NPROGS];
	struct bpf_link link[NPROGS];
};

static int tc_chain_test_init(struct kunit *test)
{
	struct tc_chain_test *t;
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
	return ((struct tc_chain_test *)test->priv)->prog[i];
}

static struct bpf_link *link(struct kunit *test, int i)
{
	return &((struct tc_chain_test *)test->priv)->link[i];
}

static struct tc_chain *room(struct kunit *test, unsigned int count)
{
	struct tc_chain *chain;

	chain = kunit_kzalloc(test, struct_size(chain, entry, count),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	/* What is not written must not matter. */
	memset(chain, 0x5a, struct_size(chain, entry, count));
	return chain;
}

static struct tc_chain *insert(struct kunit *test, struct tc_chain *old,
			       int pos, int i, bool linked)
{
	struct tc_chain *new = room(test, (old ? old->count : 0) + 1);

	tc_chain_insert(new, old, pos, prog(test, i),
			linked ? link(test, i) : NULL);
	return new;
}

/* A chain of @count programs, 0 to @count - 1; those with odd numbers linked. */
static struct tc_chain *chain_of(struct kunit *test, int count)
{
	struct tc_chain *chain = NULL;
	int i;

	for (i = 0; i < count; i++)
		chain = insert(test, chain, i, i, i & 1);
	return chain;
}

static struct tc_chain *remove(struct kunit *test, struct tc_chain *old,
			       int pos, bool memory)
{
	struct tc_chain *new = memory ? room(test, old->count - 1) : NULL;

	return tc_chain_remove(new, old, pos);
}

static void expect_order(struct kunit *test, struct tc_chain *chain,
			 const char *order)
{
	int i, count = strlen(order);

	KUNIT_ASSERT_EQ(test, (int)chain->count, count);
	for (i = 0; i < count; i++) {
		int want = order[i] - '0';
		struct tc_chain_entry *e = tc_chain_at(chain, i);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, e);
		KUNIT_EXPECT_TRUE(test, rcu_access_pointer(e->prog) ==
					prog(test, want));
		KUNIT_EXPECT_TRUE(test, e->link == (want & 1 ?
						    link(test, want) : NULL));
		KUNIT_EXPECT_EQ(test, i,
				tc_chain_find_prog(chain, prog(test, want)));
		if (want & 1)
			KUNIT_EXPECT_EQ(test, i,
					tc_chain_find_link(chain,
							   link(test, want)));
	}
	KUNIT_EXPECT_TRUE(test, !tc_chain_at(chain, count));
}

static void new_programs_go_where_they_are_put(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);

	expect_order(test, chain, "012");
	expect_order(test, insert(test, chain, 0, 4, false), "4012");
	expect_order(test, insert(test, chain, 1, 5, true), "0512");
	expect_order(test, insert(test, chain, 2, 4, false), "0142");
	expect_order(test, insert(test, chain, 3, 5, true), "0125");
	/* The old chain is as it was: packets may still be in it. */
	expect_order(test, chain, "012");
}

static void what_is_not_there_is_not_found(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);

	KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain, prog(test, 4)),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, tc_chain_find_link(chain, link(test, 5)),
			-ENOENT);
	/* Program 2 is there, but no link owns it. */
	KUNIT_EXPECT_EQ(test, tc_chain_find_link(chain, link(test, 2)),
			-ENOENT);
}

static void flags_name_a_place(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);

	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, 0, -1), 3);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_BEFORE, -1), 0);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_AFTER, -1), 3);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_BEFORE, 0), 0);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_BEFORE, 2), 2);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_AFTER, 0), 1);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, BPF_F_AFTER, 2), 3);
}

static void an_empty_hook_has_one_place(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tc_chain_place(NULL, 0, -1), 0);
	KUNIT_EXPECT_EQ(test, tc_chain_place(NULL, BPF_F_BEFORE, -1), 0);
	KUNIT_EXPECT_EQ(test, tc_chain_place(NULL, BPF_F_AFTER, -1), 0);
}

static void nothing_is_before_and_after(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);
	u32 both = BPF_F_BEFORE | BPF_F_AFTER;

	KUNIT_EXPECT_EQ(test, tc_chain_place(NULL, both, -1), -ERANGE);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, both, -1), -ERANGE);
	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, both, 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, both, 1), -ERANGE);
}

static void neighbours_are_found(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);

	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_BEFORE, 2), 1);
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_AFTER, 1), 2);
	/* Before the first and after the last is where nothing stands. */
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_BEFORE, 0),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_AFTER, 2),
			-ENOENT);
}

static void removed_programs_are_gone(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 4);

	expect_order(test, remove(test, chain, 0, true), "123");
	expect_order(test, remove(test, chain, 2, true), "013");
	expect_order(test, remove(test, chain, 3, true), "012");
	expect_order(test, chain, "0123");
}

static void removal_needs_no_memory(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 4);

	KUNIT_EXPECT_TRUE(test, remove(test, chain, 0, false) == chain);
	expect_order(test, chain, "123");
	remove(test, chain, 1, false);
	expect_order(test, chain, "13");
	remove(test, chain, 1, false);
	expect_order(test, chain, "1");
	KUNIT_EXPECT_EQ(test, (int)chain->slots, 4);
}

static void positions_do_not_count_empty_slots(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 4);

	remove(test, chain, 0, false);
	remove(test, chain, 1, false);
	expect_order(test, chain, "13");

	KUNIT_EXPECT_EQ(test, tc_chain_place(chain, 0, -1), 2);
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_AFTER, 0), 1);
	KUNIT_EXPECT_EQ(test, tc_chain_neighbour(chain, BPF_F_AFTER, 1),
			-ENOENT);
	expect_order(test, insert(test, chain, 1, 4, false), "143");
	expect_order(test, remove(test, chain, 0, true), "3");
	tc_chain_replace(chain, 1, prog(test, 5));
	KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain, prog(test, 5)), 1);
}

static void empty_slots_are_gone_with_the_next_chain(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 4);

	remove(test, chain, 1, false);
	KUNIT_EXPECT_EQ(test, (int)chain->slots, 4);
	chain = insert(test, chain, 0, 4, false);
	KUNIT_EXPECT_EQ(test, (int)chain->slots, 4);
	chain = remove(test, chain, 0, true);
	KUNIT_EXPECT_EQ(test, (int)chain->slots, 3);
	expect_order(test, chain, "023");
}

static void a_replacement_moves_nothing(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 3);

	tc_chain_replace(chain, 1, prog(test, 5));
	KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain, prog(test, 5)), 1);
	KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain, prog(test, 1)),
			-ENOENT);
	/* The place is the link's, whatever program is in it. */
	KUNIT_EXPECT_EQ(test, tc_chain_find_link(chain, link(test, 1)), 1);
	KUNIT_EXPECT_EQ(test, (int)chain->count, 3);
}

static void each_change_is_a_revision(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, 1);

	/* An empty hook has the first. */
	KUNIT_EXPECT_EQ(test, chain->revision, TC_CHAIN_FIRST_REVISION + 1ULL);
	chain = insert(test, chain, 0, 4, false);
	KUNIT_EXPECT_EQ(test, chain->revision, TC_CHAIN_FIRST_REVISION + 2ULL);
	tc_chain_replace(chain, 0, prog(test, 6));
	KUNIT_EXPECT_EQ(test, chain->revision, TC_CHAIN_FIRST_REVISION + 3ULL);
	chain = insert(test, chain, 0, 8, false);
	chain = remove(test, chain, 0, true);
	KUNIT_EXPECT_EQ(test, chain->revision, TC_CHAIN_FIRST_REVISION + 5ULL);
	remove(test, chain, 0, false);
	KUNIT_EXPECT_EQ(test, chain->revision, TC_CHAIN_FIRST_REVISION + 6ULL);
}

static void a_full_chain_keeps_its_order(struct kunit *test)
{
	struct tc_chain *chain = chain_of(test, TC_CHAIN_MAX);
	int i;

	KUNIT_EXPECT_EQ(test, (int)chain->count, TC_CHAIN_MAX);
	for (i = 0; i < TC_CHAIN_MAX; i++)
		KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain, prog(test, i)),
				i);
	chain = remove(test, chain, 0, true);
	chain = insert(test, chain, TC_CHAIN_MAX - 1, TC_CHAIN_MAX, true);
	for (i = 0; i < TC_CHAIN_MAX; i++)
		KUNIT_EXPECT_EQ(test, tc_chain_find_prog(chain,
							 prog(test, i + 1)),
				i);
}

static void memory_is_as_large_as_the_programs_are_many(struct kunit *test)
{
	struct tc_chain *chain = tc_chain_alloc(1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chain);
	KUNIT_EXPECT_LE(test, ksize(chain), (size_t)64);
	kfree(chain);
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
	struct tc_chain *chain = chain_of(test, 5);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, skb);
	prog(test, 0)->bpf_func = say_unspec;
	prog(test, 1)->bpf_func = say_unknown;
	prog(test, 2)->bpf_func = say_unspec;
	prog(test, 3)->bpf_func = say_shot;
	prog(test, 4)->bpf_func = say_shot;

	asked = 0;
	preempt_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, tc_chain_run(chain, skb), TC_ACT_SHOT);
	KUNIT_EXPECT_EQ(test, (int)asked, 4);

	/* An empty slot is nobody's verdict. */
	remove(test, chain, 3, false);
	remove(test, chain, 3, false);
	asked = 0;
	KUNIT_EXPECT_EQ(test, tc_chain_run(chain, skb), TC_ACT_UNSPEC);
	KUNIT_EXPECT_EQ(test, (int)asked, 3);
	rcu_read_unlock();
	preempt_enable();
	kfree_skb(skb);
}

static struct kunit_case tc_chain_test_cases[] = {
	KUNIT_CASE(new_programs_go_where_they_are_put),
	KUNIT_CASE(what_is_not_there_is_not_found),
	KUNIT_CASE(flags_name_a_place),
	KUNIT_CASE(an_empty_hook_has_one_place),
	KUNIT_CASE(nothing_is_before_and_after),
	KUNIT_CASE(neighbours_are_found),
	KUNIT_CASE(removed_programs_are_gone),
	KUNIT_CASE(removal_needs_no_memory),
	KUNIT_CASE(positions_do_not_count_empty_slots),
	KUNIT_CASE(empty_slots_are_gone_with_the_next_chain),
	KUNIT_CASE(a_replacement_moves_nothing),
	KUNIT_CASE(each_change_is_a_revision),
	KUNIT_CASE(a_full_chain_keeps_its_order),
	KUNIT_CASE(memory_is_as_large_as_the_programs_are_many),
	KUNIT_CASE(the_first_verdict_counts),
	{}
};

static struct kunit_suite tc_chain_test_suite = {
	.name = "tc_chain",
	.init = tc_chain_test_init,
	.test_cases = tc_chain_test_cases,
};

kunit_test_suite(tc_chain_test_suite);
