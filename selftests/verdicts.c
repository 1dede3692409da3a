// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a packet: every verdict must have the same effect, in both
 * directions, as when the same program is a cls_bpf filter in direct-action mode.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "letters.skel.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

FIXTURE(verdict) {
	struct net net;
	struct letters_bpf *skel;
	int type;
	int prog_a, prog_b, prog_c;
	int tap;
};

FIXTURE_VARIANT(verdict) {
	int type;
	int code;
	/* mainline's tcx differs by design */
	bool not_mainline;
};

#define VERDICT(name, code_, ...)			\
FIXTURE_VARIANT_ADD(verdict, ingress_##name) {		\
	.type = INGRESS,				\
	.code = code_,					\
	.not_mainline = __VA_ARGS__ + 0,		\
};							\
FIXTURE_VARIANT_ADD(verdict, egress_##name) {		\
	.type = EGRESS,					\
	.code = code_,					\
	.not_mainline = __VA_ARGS__ + 0,		\
}

VERDICT(unspec, TC_ACT_UNSPEC);
VERDICT(ok, TC_ACT_OK);
VERDICT(shot, TC_ACT_SHOT);
VERDICT(redirect, TC_ACT_REDIRECT);
/* stricter: every direct-action verdict counts: STOLEN and TRAP consume the packet */
VERDICT(stolen, TC_ACT_STOLEN, true);
VERDICT(trap, TC_ACT_TRAP, true);
/* stricter: an unknown code is UNSPEC and the next program runs */
VERDICT(reclassify, TC_ACT_RECLASSIFY, true);
VERDICT(pipe, TC_ACT_PIPE, true);
VERDICT(queued, TC_ACT_QUEUED, true);
VERDICT(repeat, TC_ACT_REPEAT, true);
VERDICT(nine, 9, true);
VERDICT(two_hundred, 200, true);
VERDICT(minus_two, -2, true);
VERDICT(minus_128, -128, true);
VERDICT(jump, TC_ACT_JUMP | 1, true);
VERDICT(goto_chain, TC_ACT_GOTO_CHAIN | 1, true);
VERDICT(largest, 0x7fffffff, true);

/* Sees what tcpdump sees on the device */
static int open_tap(int ifindex)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int fd;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (void *)&ll, sizeof(ll))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* How many probes the tap has seen since the last call */
static int tap_probes(int tap)
{
	unsigned char frame[256];
	int seen = 0;
	ssize_t len;

	while ((len = recv(tap, frame, sizeof(frame), 0)) > 0)
		if (len >= 42 && frame[12] == 8 && frame[23] == IPPROTO_UDP &&
		    (frame[36] << 8 | frame[37]) == PROBE_PORT)
			seen++;
	return seen;
}

FIXTURE_SETUP(verdict)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = letters_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->type = variant->type;
	self->prog_a = bpf_program__fd(self->skel->progs.prog_a);
	self->prog_b = bpf_program__fd(self->skel->progs.prog_b);
	self->prog_c = bpf_program__fd(self->skel->progs.prog_c);
	self->tap = open_tap(self->net.ifindex);
	ASSERT_LE(0, self->tap);
}

FIXTURE_TEARDOWN(verdict)
{
	letters_bpf__destroy(self->skel);
}

struct outcome {
	char text[64];
};

/* Everything that can be observed of a packet's fate */
static struct outcome fate(FIXTURE_DATA(verdict) *self, int code)
{
	struct letters_bpf__bss *bss = self->skel->bss;
	int arrived, said, tapped;
	struct outcome out;

	self->skel->data->verdict[0] = code;
	memset(bss->trace, 0, sizeof(bss->trace));
	bss->traced = 0;
	tap_probes(self->tap);
	arrived = send_probe_saying(&self->net, self->type, &said);
	tapped = tap_probes(self->tap);
	snprintf(out.text, sizeof(out.text), "ran:%s arrived:%d send:%d tap:%d",
		 bss->trace, arrived, said, tapped);
	return out;
}

/* A returns the verdict, B follows it, and C is always a filter */
TEST_F(verdict, does_what_it_does_in_a_filter)
{
	struct outcome filters, links, plain;
	int a, b;

	if (variant->not_mainline)
		SKIP_ON_MAINLINE("only UNSPEC, OK, SHOT and REDIRECT count");

	ASSERT_EQ(0, filter_add(HERE_DEV, self->prog_a, self->type, 1));
	ASSERT_EQ(0, filter_add(HERE_DEV, self->prog_b, self->type, 2));
	ASSERT_EQ(0, filter_add(HERE_DEV, self->prog_c, self->type, 3));
	filters = fate(self, variant->code);
	ASSERT_EQ(0, filters_del(HERE_DEV));

	ASSERT_EQ(0, filter_add(HERE_DEV, self->prog_c, self->type, 1));
	a = link_create(self->prog_a, self->net.ifindex, self->type, LAST);
	b = link_create(self->prog_b, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	links = fate(self, variant->code);
	ASSERT_EQ(0, link_detach(a));
	ASSERT_EQ(0, link_detach(b));

	ASSERT_EQ(0, prog_attach(self->prog_a, self->net.ifindex, self->type, LAST));
	ASSERT_EQ(0, prog_attach(self->prog_b, self->net.ifindex, self->type, LAST));
	plain = fate(self, variant->code);

	EXPECT_STREQ(filters.text, links.text);
	EXPECT_STREQ(filters.text, plain.text);
}

/* The same if there is no other program and no clsact */
TEST_F(verdict, does_what_it_does_in_a_filter_with_nothing_behind)
{
	struct outcome filter, link;
	int a;

	if (variant->code == TC_ACT_STOLEN || variant->code == TC_ACT_TRAP)
		SKIP_ON_MAINLINE("STOLEN and TRAP mean next");

	ASSERT_EQ(0, filter_add(HERE_DEV, self->prog_a, self->type, 1));
	filter = fate(self, variant->code);
	ASSERT_EQ(0, filters_del(HERE_DEV));

	a = link_create(self->prog_a, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, a);
	link = fate(self, variant->code);
	EXPECT_STREQ(filter.text, link.text);
}

/*
 * These tests spell out what a filter does, so that filter and link cannot be wrong
 * together
 */
FIXTURE(beside_clsact) {
	FIXTURE_DATA(verdict) v;
};

FIXTURE_ON_BOTH_SIDES(beside_clsact);

FIXTURE_SETUP(beside_clsact)
{
	FIXTURE_VARIANT(verdict) v = { .type = variant->type };

	verdict_setup(_metadata, &self->v, &v);
}

FIXTURE_TEARDOWN(beside_clsact)
{
	letters_bpf__destroy(self->v.skel);
}

#define LINK_AND_FILTER() do {						\
	ASSERT_EQ(0, filter_add(HERE_DEV, v->prog_c, v->type, 1));	\
	ASSERT_LE(0, link_create(v->prog_a, v->net.ifindex, v->type, LAST)); \
	ASSERT_LE(0, link_create(v->prog_b, v->net.ifindex, v->type, LAST)); \
} while (0)

TEST_F(beside_clsact, unspec_goes_on_to_the_next_program_and_then_to_clsact)
{
	FIXTURE_DATA(verdict) *v = &self->v;

	LINK_AND_FILTER();
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("ABC", v->skel->bss->trace);
	EXPECT_EQ(1, send_probe(&v->net, v->type));
}

TEST_F(beside_clsact, ok_is_final)
{
	FIXTURE_DATA(verdict) *v = &self->v;

	LINK_AND_FILTER();
	/* the filter of clsact would drop it */
	v->skel->data->verdict[2] = TC_ACT_SHOT;
	fate(v, TC_ACT_OK);
	EXPECT_STREQ("A", v->skel->bss->trace);
	EXPECT_EQ(1, send_probe(&v->net, v->type));
	v->skel->data->verdict[0] = TC_ACT_UNSPEC;
	EXPECT_EQ(0, send_probe(&v->net, v->type));
}

TEST_F(beside_clsact, shot_drops)
{
	FIXTURE_DATA(verdict) *v = &self->v;
	int said;

	LINK_AND_FILTER();
	v->skel->data->verdict[1] = TC_ACT_SHOT;
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("AB", v->skel->bss->trace);
	EXPECT_EQ(0, send_probe_saying(&v->net, v->type, &said));
	/* on the way out the sender gets an error */
	EXPECT_EQ(v->type == EGRESS ? -ENOBUFS : 0, said);
}

/* stricter: STOLEN and TRAP consume the packet */
TEST_F(beside_clsact, stolen_and_trap_consume)
{
	FIXTURE_DATA(verdict) *v = &self->v;
	static const int codes[] = { TC_ACT_STOLEN, TC_ACT_TRAP };
	size_t i;
	int said;

	SKIP_ON_MAINLINE("STOLEN and TRAP mean next");
	LINK_AND_FILTER();
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		fate(v, codes[i]);
		EXPECT_STREQ("A", v->skel->bss->trace);
		EXPECT_EQ(0, send_probe_saying(&v->net, v->type, &said));
		/* a consumed packet is not a dropped one */
		EXPECT_EQ(0, said);
	}
}

/* stricter: an unknown code is UNSPEC and the next program runs */
TEST_F(beside_clsact, unknown_code_is_unspec)
{
	FIXTURE_DATA(verdict) *v = &self->v;

	SKIP_ON_MAINLINE("an unknown code is final");
	LINK_AND_FILTER();
	fate(v, 200);
	EXPECT_STREQ("ABC", v->skel->bss->trace);
	EXPECT_EQ(1, send_probe(&v->net, v->type));
}

/* dev->miniq_ingress and dev->miniq_egress stay clsact's own */
TEST_F(beside_clsact, clsact_comes_and_goes)
{
	FIXTURE_DATA(verdict) *v = &self->v;

	ASSERT_LE(0, link_create(v->prog_a, v->net.ifindex, v->type, LAST));
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("A", v->skel->bss->trace);
	ASSERT_EQ(0, filter_add(HERE_DEV, v->prog_c, v->type, 1));
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("AC", v->skel->bss->trace);
	ASSERT_EQ(0, filters_del(HERE_DEV));
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("A", v->skel->bss->trace);
	ASSERT_EQ(0, filter_add(HERE_DEV, v->prog_c, v->type, 1));
	ASSERT_EQ(0, link_update(link_create(v->prog_b, v->net.ifindex, v->type,
					     AT(BPF_F_BEFORE)),
				 v->prog_b, 0, 0));
	fate(v, TC_ACT_UNSPEC);
	EXPECT_STREQ("BAC", v->skel->bss->trace);
}

/* tc(8) shows the filter, and only that */
TEST_F(beside_clsact, tc_shows_clsact_as_without_links)
{
	FIXTURE_DATA(verdict) *v = &self->v;
	const char *dir = v->type == INGRESS ? "ingress" : "egress";
	char *before, *after;

	ASSERT_EQ(0, filter_add(HERE_DEV, v->prog_c, v->type, 1));
	before = output_of("tc qdisc show dev " HERE_DEV "; tc filter show dev "
			   HERE_DEV " %s", dir);
	ASSERT_LE(0, link_create(v->prog_a, v->net.ifindex, v->type, LAST));
	after = output_of("tc qdisc show dev " HERE_DEV "; tc filter show dev "
			  HERE_DEV " %s", dir);
	ASSERT_NE(NULL, before);
	ASSERT_NE(NULL, after);
	EXPECT_NE(NULL, strstr(before, "direct-action"));
	EXPECT_STREQ(before, after);
}

TEST_HARNESS_MAIN
