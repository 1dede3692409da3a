// SPDX-License-Identifier: GPL-2.0
/*
 * The order in which the programs of a hook run: where each way to attach puts a
 * program, as reported by PROG_QUERY and as seen by a packet.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "letters.skel.h"

#define LIMIT 63

enum kind { LINK, PLAIN, MIXED };

FIXTURE(order) {
	struct net net;
	struct letters_bpf *skel;
	int type;
	int prog[6];	/* A to F */
	int link[6];	/* the link of each program, 0 if it has none */
	enum kind kind;
};

FIXTURE_VARIANT(order) {
	int type;
	enum kind kind;
};

#define ORDER_OF(name, kind_)				\
FIXTURE_VARIANT_ADD(order, name##_ingress) {		\
	.type = INGRESS,				\
	.kind = kind_,					\
};							\
FIXTURE_VARIANT_ADD(order, name##_egress) {		\
	.type = EGRESS,					\
	.kind = kind_,					\
}

ORDER_OF(links, LINK);
ORDER_OF(programs, PLAIN);
ORDER_OF(both, MIXED);

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = letters_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->type = variant->type;
	self->kind = variant->kind;
	self->prog[0] = bpf_program__fd(self->skel->progs.prog_a);
	self->prog[1] = bpf_program__fd(self->skel->progs.prog_b);
	self->prog[2] = bpf_program__fd(self->skel->progs.prog_c);
	self->prog[3] = bpf_program__fd(self->skel->progs.prog_d);
	self->prog[4] = bpf_program__fd(self->skel->progs.prog_e);
	self->prog[5] = bpf_program__fd(self->skel->progs.prog_f);
}

FIXTURE_TEARDOWN(order)
{
	letters_bpf__destroy(self->skel);
}

typedef FIXTURE_DATA(order) test;

/* MIXED: A, C and E have links; B, D and F do not */
static bool by_link(test *t, int n)
{
	return t->kind == LINK || (t->kind == MIXED && n % 2 == 0);
}

/* Attaches the program called @name. Returns 0 or -errno. */
static int attach(test *t, char name, struct place at)
{
	int n = name - 'A', ret;

	if (!by_link(t, n))
		return prog_attach(t->prog[n], t->net.ifindex, t->type, at);
	ret = link_create(t->prog[n], t->net.ifindex, t->type, at);
	if (ret < 0)
		return ret;
	t->link[n] = ret;
	return 0;
}

static int detach(test *t, char name)
{
	int n = name - 'A';

	if (!by_link(t, n))
		return prog_detach(t->prog[n], t->net.ifindex, t->type, LAST);
	close(t->link[n]);
	t->link[n] = 0;
	return 0;
}

/* A place next to the program called @name, which is given by fd or by id */
static struct place at_fd(test *t, __u32 flags, char name)
{
	int n = name - 'A';

	if (by_link(t, n))
		return AT(.flags = flags | BPF_F_LINK, .relative = t->link[n]);
	return AT(.flags = flags, .relative = t->prog[n]);
}

static struct place at_id(test *t, __u32 flags, char name)
{
	int n = name - 'A';

	flags |= BPF_F_ID;
	if (by_link(t, n))
		return AT(.flags = flags | BPF_F_LINK, .relative = link_id(t->link[n]));
	return AT(.flags = flags, .relative = prog_id(t->prog[n]));
}

/*
 * The names of the programs in the order in which PROG_QUERY lists them, or what is
 * wrong: a packet must meet them in the same order, and those with a link, and only
 * those, must be listed with one.
 */
static const char *order(test *t)
{
	struct letters_bpf__bss *bss = t->skel->bss;
	static char names[LIMIT + 1];
	struct hook hook;
	__u32 i;
	int n;

	memset(names, 0, sizeof(names));
	if (hook_query(t->net.ifindex, t->type, &hook))
		return "(query failed)";
	for (i = 0; i < hook.count; i++) {
		for (n = 0; n < 6; n++)
			if (hook.prog_ids[i] == prog_id(t->prog[n]))
				names[i] = 'A' + n;
		if (!names[i])
			return "(unknown program)";
		n = names[i] - 'A';
		if (hook.link_ids[i] != (t->link[n] ? link_id(t->link[n]) : 0))
			return "(wrong link id)";
		if (hook.prog_attach_flags[i] || hook.link_attach_flags[i])
			return "(attach flags)";
	}
	memset(bss->trace, 0, sizeof(bss->trace));
	bss->traced = 0;
	if (send_probe(&t->net, t->type) != 1)
		return "(packet lost)";
	if (strcmp(names, bss->trace))
		return bss->trace;
	return names;
}

#define REVISION() hook_revision(self->net.ifindex, self->type)

TEST_F(order, without_a_flag_is_last)
{
	ASSERT_EQ(0, attach(self, 'A', LAST));
	EXPECT_STREQ("A", order(self));
	ASSERT_EQ(0, attach(self, 'B', LAST));
	ASSERT_EQ(0, attach(self, 'C', LAST));
	EXPECT_STREQ("ABC", order(self));
}

TEST_F(order, before_nothing_is_first)
{
	ASSERT_EQ(0, attach(self, 'A', AT(BPF_F_BEFORE)));
	ASSERT_EQ(0, attach(self, 'B', AT(BPF_F_BEFORE)));
	ASSERT_EQ(0, attach(self, 'C', AT(BPF_F_BEFORE)));
	EXPECT_STREQ("CBA", order(self));
}

TEST_F(order, after_nothing_is_last)
{
	ASSERT_EQ(0, attach(self, 'A', AT(BPF_F_AFTER)));
	ASSERT_EQ(0, attach(self, 'B', AT(BPF_F_AFTER)));
	ASSERT_EQ(0, attach(self, 'C', AT(BPF_F_AFTER)));
	EXPECT_STREQ("ABC", order(self));
}

TEST_F(order, before_and_after_another_by_fd)
{
	ASSERT_EQ(0, attach(self, 'A', LAST));
	ASSERT_EQ(0, attach(self, 'B', LAST));
	ASSERT_EQ(0, attach(self, 'C', at_fd(self, BPF_F_BEFORE, 'B')));
	EXPECT_STREQ("ACB", order(self));
	ASSERT_EQ(0, attach(self, 'D', at_fd(self, BPF_F_AFTER, 'A')));
	EXPECT_STREQ("ADCB", order(self));
	ASSERT_EQ(0, attach(self, 'E', at_fd(self, BPF_F_BEFORE, 'A')));
	EXPECT_STREQ("EADCB", order(self));
	ASSERT_EQ(0, attach(self, 'F', at_fd(self, BPF_F_AFTER, 'B')));
	EXPECT_STREQ("EADCBF", order(self));
}

TEST_F(order, before_and_after_another_by_id)
{
	ASSERT_EQ(0, attach(self, 'A', LAST));
	ASSERT_EQ(0, attach(self, 'B', LAST));
	ASSERT_EQ(0, attach(self, 'C', at_id(self, BPF_F_BEFORE, 'B')));
	EXPECT_STREQ("ACB", order(self));
	ASSERT_EQ(0, attach(self, 'D', at_id(self, BPF_F_AFTER, 'A')));
	EXPECT_STREQ("ADCB", order(self));
	ASSERT_EQ(0, attach(self, 'E', at_id(self, BPF_F_BEFORE, 'A')));
	EXPECT_STREQ("EADCB", order(self));
	ASSERT_EQ(0, attach(self, 'F', at_id(self, BPF_F_AFTER, 'B')));
	EXPECT_STREQ("EADCBF", order(self));
}

/* If a link owns the program, it can be named all the same */
TEST_F(order, a_program_can_be_named_whether_a_link_owns_it_or_not)
{
	ASSERT_EQ(0, attach(self, 'A', LAST));
	ASSERT_EQ(0, attach(self, 'B', LAST));
	ASSERT_EQ(0, attach(self, 'C', AT(BPF_F_BEFORE, self->prog[1])));
	EXPECT_STREQ("ACB", order(self));
	ASSERT_EQ(0, attach(self, 'D', AT(BPF_F_AFTER | BPF_F_ID,
					  prog_id(self->prog[0]))));
	EXPECT_STREQ("ADCB", order(self));
}

TEST_F(order, detach_keeps_the_order_of_the_rest)
{
	ASSERT_EQ(0, attach(self, 'A', LAST));
	ASSERT_EQ(0, attach(self, 'B', LAST));
	ASSERT_EQ(0, attach(self, 'C', LAST));
	ASSERT_EQ(0, attach(self, 'D', LAST));
	ASSERT_EQ(0, detach(self, 'B'));
	EXPECT_STREQ("ACD", order(self));
	ASSERT_EQ(0, detach(self, 'D'));
	EXPECT_STREQ("AC", order(self));
	ASSERT_EQ(0, detach(self, 'A'));
	EXPECT_STREQ("C", order(self));
	ASSERT_EQ(0, attach(self, 'A', LAST));
	EXPECT_STREQ("CA", order(self));
	ASSERT_EQ(0, detach(self, 'C'));
	ASSERT_EQ(0, detach(self, 'A'));
	EXPECT_STREQ("", order(self));
}

TEST_F(order, revision_grows_with_each_change)
{
	EXPECT_EQ(1, REVISION());
	ASSERT_EQ(0, attach(self, 'A', LAST));
	EXPECT_EQ(2, REVISION());
	ASSERT_EQ(0, attach(self, 'B', LAST));
	EXPECT_EQ(3, REVISION());
	ASSERT_EQ(0, detach(self, 'A'));
	EXPECT_EQ(4, REVISION());
	/* a refused call is not a change */
	EXPECT_EQ(-EEXIST, attach(self, 'B', LAST));
	EXPECT_EQ(4, REVISION());
	/* an empty hook starts again */
	ASSERT_EQ(0, detach(self, 'B'));
	EXPECT_EQ(1, REVISION());
}

TEST_F(order, expected_revision_must_be_the_current_one)
{
	ASSERT_EQ(0, attach(self, 'A', AT(.revision = 1)));
	EXPECT_EQ(-ESTALE, attach(self, 'B', AT(.revision = 1)));
	EXPECT_EQ(-ESTALE, attach(self, 'B', AT(.revision = 3)));
	EXPECT_EQ(-ESTALE, attach(self, 'B', AT(.revision = 2 + (1ULL << 32))));
	EXPECT_STREQ("A", order(self));
	ASSERT_EQ(0, attach(self, 'B', AT(BPF_F_BEFORE, .revision = 2)));
	EXPECT_STREQ("BA", order(self));
	EXPECT_EQ(3, REVISION());
}

TEST_F(order, the_limit_is_63_programs)
{
	int progs[LIMIT], links[LIMIT], extra, i;
	struct hook hook;

	for (i = 0; i < LIMIT; i++) {
		progs[i] = load_verdict(TC_ACT_UNSPEC);
		ASSERT_LE(0, progs[i]);
		links[i] = 0;
		if (by_link(self, i)) {
			links[i] = link_create(progs[i], self->net.ifindex,
					       self->type, LAST);
			ASSERT_LE(0, links[i]);
		} else {
			ASSERT_EQ(0, prog_attach(progs[i], self->net.ifindex,
						 self->type, LAST));
		}
	}
	extra = load_verdict(TC_ACT_UNSPEC);
	EXPECT_EQ(-ERANGE, prog_attach(extra, self->net.ifindex, self->type, LAST));
	EXPECT_EQ(-ERANGE, prog_attach(extra, self->net.ifindex, self->type,
				       AT(BPF_F_BEFORE)));
	EXPECT_EQ(-ERANGE, link_create(extra, self->net.ifindex, self->type, LAST));

	ASSERT_EQ(0, hook_query(self->net.ifindex, self->type, &hook));
	EXPECT_EQ(LIMIT, hook.count);
	EXPECT_EQ(LIMIT + 1, hook.revision);
	for (i = 0; i < LIMIT; i++) {
		EXPECT_EQ(prog_id(progs[i]), hook.prog_ids[i]);
		EXPECT_EQ(links[i] ? link_id(links[i]) : 0, hook.link_ids[i]);
	}
	EXPECT_EQ(1, send_probe(&self->net, self->type));

	/* replacing needs no room, and room that was freed can be used again */
	if (links[0]) {
		EXPECT_EQ(0, link_update(links[0], extra, 0, 0));
	} else {
		EXPECT_EQ(0, prog_attach(extra, self->net.ifindex, self->type,
					 AT(BPF_F_REPLACE, .replace_fd = progs[0])));
	}
	EXPECT_EQ(-ERANGE, prog_attach(progs[0], self->net.ifindex, self->type, LAST));
	EXPECT_EQ(0, links[0] ? link_detach(links[0]) :
		     prog_detach(extra, self->net.ifindex, self->type, LAST));
	EXPECT_EQ(0, prog_attach(progs[0], self->net.ifindex, self->type, LAST));
	EXPECT_EQ(LIMIT, hook_count(self->net.ifindex, self->type));
}

TEST_F(order, the_other_direction_and_device_are_others)
{
	int other = self->type == INGRESS ? EGRESS : INGRESS, lo;

	ASSERT_EQ(0, attach(self, 'A', LAST));
	EXPECT_EQ(0, hook_count(self->net.ifindex, other));
	EXPECT_EQ(1, hook_revision(self->net.ifindex, other));
	lo = if_nametoindex("lo");
	EXPECT_EQ(0, hook_count(lo, self->type));
	/* the same program may be on each of them */
	EXPECT_EQ(0, prog_attach(self->prog[0], self->net.ifindex, other, LAST));
	EXPECT_EQ(0, prog_attach(self->prog[0], lo, self->type, LAST));
	EXPECT_EQ(0, prog_detach(self->prog[0], self->net.ifindex, other, LAST));
	EXPECT_STREQ("A", order(self));
}

/* Operations that need a link, or a program without one */
FIXTURE(order_of) {
	test t;
};

FIXTURE_ON_BOTH_SIDES(order_of);

FIXTURE_SETUP(order_of)
{
	FIXTURE_VARIANT(order) mixed = { .type = variant->type, .kind = MIXED };

	order_setup(_metadata, &self->t, &mixed);
}

FIXTURE_TEARDOWN(order_of)
{
	letters_bpf__destroy(self->t.skel);
}

#define REPLACE(name, with, more, ...)					\
	prog_attach(t->prog[(with) - 'A'], t->net.ifindex, t->type,	\
		    AT(BPF_F_REPLACE | (more), ##__VA_ARGS__,		\
		       .replace_fd = t->prog[(name) - 'A']))
#define DETACH(prog_fd, ...)						\
	prog_detach(prog_fd, t->net.ifindex, t->type, AT(__VA_ARGS__))

TEST_F(order_of, update_keeps_the_place_and_counts_as_a_change)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'A', LAST));
	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, link_update(t->link[0], t->prog[2], 0, 0));
	t->link[2] = t->link[0];
	t->link[0] = 0;
	EXPECT_STREQ("CB", order(t));
	EXPECT_EQ(4, hook_revision(t->net.ifindex, t->type));
	/* updating to the same program is not a change */
	ASSERT_EQ(0, link_update(t->link[2], t->prog[2], 0, 0));
	EXPECT_EQ(4, hook_revision(t->net.ifindex, t->type));
}

TEST_F(order_of, replace_keeps_the_place_and_counts_as_a_change)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	ASSERT_EQ(0, attach(t, 'A', LAST));
	EXPECT_EQ(0, REPLACE('B', 'F', 0));
	EXPECT_STREQ("FDA", order(t));
	EXPECT_EQ(5, hook_revision(t->net.ifindex, t->type));
	EXPECT_EQ(0, REPLACE('D', 'B', 0, .revision = 5));
	EXPECT_STREQ("FBA", order(t));
	EXPECT_EQ(-ESTALE, REPLACE('F', 'D', 0, .revision = 5));
	EXPECT_STREQ("FBA", order(t));
}

TEST_F(order_of, replace_may_name_the_place_it_has)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'A', LAST));
	EXPECT_EQ(0, REPLACE('B', 'D', BPF_F_BEFORE | BPF_F_LINK, t->link[0]));
	EXPECT_STREQ("DA", order(t));
	ASSERT_EQ(0, attach(t, 'B', LAST));
	EXPECT_EQ(0, REPLACE('B', 'F', BPF_F_AFTER, t->prog[0]));
	EXPECT_STREQ("DAF", order(t));
}

TEST_F(order_of, detach_by_place)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	ASSERT_EQ(0, attach(t, 'A', LAST));
	ASSERT_EQ(0, attach(t, 'F', LAST));
	EXPECT_EQ(0, DETACH(0, BPF_F_BEFORE | BPF_F_LINK, t->link[0]));
	EXPECT_STREQ("BAF", order(t));
	EXPECT_EQ(0, DETACH(0, BPF_F_AFTER | BPF_F_ID, prog_id(t->prog[0])));
	EXPECT_STREQ("BA", order(t));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	/* no program and no flag: the last; BEFORE: the first */
	EXPECT_EQ(0, DETACH(0, 0));
	EXPECT_STREQ("BA", order(t));
	EXPECT_EQ(0, DETACH(0, BPF_F_BEFORE));
	EXPECT_STREQ("A", order(t));
	ASSERT_EQ(0, attach(t, 'B', LAST));
	EXPECT_EQ(0, DETACH(0, BPF_F_AFTER));
	EXPECT_STREQ("A", order(t));
}

/*
 * Nothing is before the first program: BEFORE the first means the first. AFTER the last
 * is the same at the other end.
 */
TEST_F(order_of, detach_before_the_first_and_after_the_last)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	ASSERT_EQ(0, attach(t, 'F', LAST));
	EXPECT_EQ(0, DETACH(0, BPF_F_BEFORE, t->prog['B' - 'A']));
	EXPECT_STREQ("DF", order(t));
	EXPECT_EQ(0, DETACH(0, BPF_F_AFTER | BPF_F_ID, prog_id(t->prog['F' - 'A'])));
	EXPECT_STREQ("D", order(t));
	ASSERT_EQ(0, attach(t, 'A', LAST));
	EXPECT_EQ(-EBUSY, DETACH(0, BPF_F_AFTER | BPF_F_LINK, t->link[0]));
	EXPECT_EQ(0, DETACH(0, BPF_F_BEFORE, t->prog['D' - 'A']));
	EXPECT_STREQ("A", order(t));
}

TEST_F(order_of, detach_may_name_the_place_it_has)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'A', LAST));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	EXPECT_EQ(-ERANGE, DETACH(t->prog[3], BPF_F_BEFORE, t->prog[0]));
	EXPECT_STREQ("BAD", order(t));
	EXPECT_EQ(0, DETACH(t->prog[3], BPF_F_AFTER, t->prog[0]));
	EXPECT_STREQ("BA", order(t));
	EXPECT_EQ(0, DETACH(t->prog[1], BPF_F_BEFORE | BPF_F_LINK, t->link[0]));
	EXPECT_STREQ("A", order(t));
}

TEST_F(order_of, detach_needs_the_revision_it_expects)
{
	test *t = &self->t;

	ASSERT_EQ(0, attach(t, 'B', LAST));
	ASSERT_EQ(0, attach(t, 'D', LAST));
	EXPECT_EQ(-ESTALE, DETACH(t->prog[1], .revision = 2));
	EXPECT_EQ(-ESTALE, DETACH(0, .revision = 4));
	EXPECT_STREQ("BD", order(t));
	EXPECT_EQ(0, DETACH(t->prog[1], .revision = 3));
	EXPECT_STREQ("D", order(t));
}

TEST_HARNESS_MAIN
