// SPDX-License-Identifier: GPL-2.0
/*
 * What a program can read and change: the packet, its metadata, its class. All of it is
 * as in a cls_bpf filter.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "progs/context.h"
#include "context.skel.h"
#include "tstamp.skel.h"

FIXTURE(context) {
	struct net net;
	struct context_bpf *skel;
	int type;
	int to;		/* the socket at which the packets arrive */
};

FIXTURE_ON_BOTH_SIDES(context);

FIXTURE_SETUP(context)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = context_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->type = variant->type;
	self->to = self->type == INGRESS ? self->net.here : self->net.there;
}

FIXTURE_TEARDOWN(context)
{
	context_bpf__destroy(self->skel);
}

typedef FIXTURE_DATA(context) test;

static int fd_of(struct bpf_program *prog)
{
	return bpf_program__fd(prog);
}

/* Attaches programs in this order, as filters of clsact or by links */
static int attach(test *t, bool filters, const int *progs, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (filters) {
			if (filter_add(HERE_DEV, progs[i], t->type, i + 1))
				return -1;
		} else if (link_create(progs[i], t->net.ifindex, t->type, LAST) < 0) {
			return -1;
		}
	}
	return 0;
}

#define ATTACH(filters, ...) \
	attach(self, filters, (const int[]){ __VA_ARGS__ }, \
	       sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

TEST_F(context, is_what_a_filter_is_given)
{
	struct context filter, link;

	ASSERT_EQ(0, ATTACH(true, fd_of(self->skel->progs.record)));
	ASSERT_EQ(1, send_probe(&self->net, self->type));
	filter = self->skel->bss->seen;
	ASSERT_EQ(1, filter.times);
	ASSERT_EQ(0, filters_del(HERE_DEV));

	memset(&self->skel->bss->seen, 0, sizeof(self->skel->bss->seen));
	ASSERT_EQ(0, ATTACH(false, fd_of(self->skel->progs.record)));
	ASSERT_EQ(1, send_probe(&self->net, self->type));
	link = self->skel->bss->seen;
	ASSERT_EQ(1, link.times);

	EXPECT_EQ(filter.len, link.len);
	EXPECT_EQ(14 + 20 + 8 + 5, link.len);
	EXPECT_EQ(filter.pkt_type, link.pkt_type);
	EXPECT_EQ(filter.mark, link.mark);
	EXPECT_EQ(filter.queue_mapping, link.queue_mapping);
	EXPECT_EQ(filter.protocol, link.protocol);
	EXPECT_EQ(filter.vlan_present, link.vlan_present);
	EXPECT_EQ(filter.priority, link.priority);
	EXPECT_EQ(filter.ingress_ifindex, link.ingress_ifindex);
	EXPECT_EQ(filter.ifindex, link.ifindex);
	EXPECT_EQ((__u32)self->net.ifindex, link.ifindex);
	EXPECT_EQ(filter.tc_index, link.tc_index);
	EXPECT_EQ(filter.tc_classid, link.tc_classid);
	EXPECT_EQ(filter.wire_len, link.wire_len);
	EXPECT_EQ(filter.gso_segs, link.gso_segs);
	EXPECT_EQ(filter.gso_size, link.gso_size);
	EXPECT_EQ(filter.direct, link.direct);
	EXPECT_EQ(filter.vlan_proto, link.vlan_proto);
	EXPECT_EQ(filter.napi_id, link.napi_id);
	EXPECT_EQ(filter.has_sk, link.has_sk);
	if (self->type == EGRESS)
		EXPECT_EQ(1, link.has_sk);
	EXPECT_EQ(filter.has_tstamp, link.has_tstamp);
	/* the data starts at the Ethernet header in both directions */
	EXPECT_EQ(0, memcmp(filter.header, link.header, sizeof(link.header)));
	EXPECT_EQ(8, link.header[12]);
}

TEST_F(context, changes_reach_the_next_program_and_the_packet)
{
	struct context next;
	char payload[8];
	int filters;

	/* the fence must not overtake the packet */
	ASSERT_EQ(0, stay_on_this_cpu());
	for (filters = 1; filters >= 0; filters--) {
		memset(&self->skel->bss->seen, 0, sizeof(self->skel->bss->seen));
		memset(payload, 0, sizeof(payload));
		ASSERT_EQ(0, ATTACH(filters, fd_of(self->skel->progs.change),
				    fd_of(self->skel->progs.record)));
		ASSERT_EQ(0, send_udp(self->type == INGRESS ? self->net.there : self->net.here,
				      self->type == INGRESS ? HERE_ADDR : THERE_ADDR,
				      PROBE_PORT, "probe", 5));
		ASSERT_EQ(0, fence(&self->net, self->type));
		ASSERT_EQ(5, recv(self->to, payload, sizeof(payload), MSG_DONTWAIT));
		EXPECT_STREQ("Xrobe", payload);
		next = self->skel->bss->seen;
		EXPECT_EQ(0x1234, next.mark);
		EXPECT_EQ(5, next.priority);
		EXPECT_EQ(77, next.tc_index);
		EXPECT_EQ(0, memcmp(((__u32[]){ 0xcafe, 1, 2, 3, 0xbeef }), next.cb,
				    sizeof(next.cb)));
		if (filters)
			ASSERT_EQ(0, filters_del(HERE_DEV));
	}
}

/* tc_index of the packet that arrives after these programs have run */
static int tc_index_behind(test *t, bool filters, const int *progs, int n)
{
	t->skel->bss->seen_tc_index = ~0U;
	if (attach(t, filters, progs, n) || send_probe(&t->net, t->type) != 1)
		return -1;
	if (filters && filters_del(HERE_DEV))
		return -1;
	return t->skel->bss->seen_tc_index;
}

#define TC_INDEX_BEHIND(filters, ...)						\
	tc_index_behind(self, filters, (const int[]){ __VA_ARGS__ },		\
			sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

#define READ_TC_INDEX() do {							\
	int prog_ = fd_of(self->skel->progs.read_tc_index);			\
										\
	ASSERT_EQ(0, setsockopt(self->to, SOL_SOCKET, SO_ATTACH_BPF, &prog_,	\
				sizeof(prog_)));				\
} while (0)

TEST_F(context, tc_classid_becomes_tc_index)
{
	int filter, link;

	READ_TC_INDEX();
	self->skel->bss->classid = 0x10007;
	self->skel->data->classid_verdict = TC_ACT_OK;
	filter = TC_INDEX_BEHIND(true, fd_of(self->skel->progs.set_classid));
	link = TC_INDEX_BEHIND(false, fd_of(self->skel->progs.set_classid));
	EXPECT_EQ(7, filter);
	EXPECT_EQ(filter, link);
}

TEST_F(context, tc_classid_without_a_verdict_is_ignored)
{
	int filter, link;

	READ_TC_INDEX();
	self->skel->bss->classid = 7;
	self->skel->data->classid_verdict = TC_ACT_UNSPEC;
	filter = TC_INDEX_BEHIND(true, fd_of(self->skel->progs.set_classid));
	link = TC_INDEX_BEHIND(false, fd_of(self->skel->progs.set_classid));
	EXPECT_EQ(0, filter);
	EXPECT_EQ(filter, link);
}

/* stricter: tc_classid is cleared before each program */
TEST_F(context, stale_tc_classid_is_cleared_before_the_next_program)
{
	int filter, link;

	SKIP_ON_MAINLINE("tc_classid keeps what the previous program left");
	READ_TC_INDEX();
	self->skel->bss->classid = 7;
	self->skel->data->classid_verdict = TC_ACT_UNSPEC;
	filter = TC_INDEX_BEHIND(true, fd_of(self->skel->progs.set_classid),
				 fd_of(self->skel->progs.no_classid));
	EXPECT_EQ(0, self->skel->bss->seen_classid);
	self->skel->bss->seen_classid = ~0U;
	link = TC_INDEX_BEHIND(false, fd_of(self->skel->progs.set_classid),
			       fd_of(self->skel->progs.no_classid));
	EXPECT_EQ(0, self->skel->bss->seen_classid);
	EXPECT_EQ(0, filter);
	EXPECT_EQ(filter, link);
}

/* stricter: ... and before clsact's filters, which run after the hook */
TEST_F(context, stale_tc_classid_does_not_reach_clsact)
{
	READ_TC_INDEX();
	self->skel->bss->classid = 7;
	self->skel->data->classid_verdict = TC_ACT_UNSPEC;
	self->skel->bss->seen_classid = ~0U;
	ASSERT_EQ(0, ATTACH(true, fd_of(self->skel->progs.no_classid)));
	ASSERT_EQ(0, ATTACH(false, fd_of(self->skel->progs.set_classid)));
	ASSERT_EQ(1, send_probe(&self->net, self->type));
	EXPECT_EQ(0, self->skel->bss->seen_classid);
	EXPECT_EQ(0, self->skel->bss->seen_tc_index);
}

/*
 * stricter: when a program zeroes skb->tstamp, the timestamp type is cleared after it,
 * on trees that have one
 */
TEST_F(context, zeroed_tstamp_has_no_clock)
{
	struct tstamp_bpf *skel;
	int filters, reads, i;

	if (!btf_has_name("mono_delivery_time") && !btf_has_name("tstamp_type"))
		SKIP(return, "zeroed tstamp: the packets of this kernel have no timestamp type");
	if (self->type == EGRESS)
		SKIP_ON_MAINLINE("the type of a zeroed timestamp is kept");

	for (i = 0; i < 4; i++) {
		filters = i < 2;
		reads = i % 2;
		/* mainline's tcx keeps the type if the program has read it */
		if (reads && !filters && mainline_tcx())
			continue;
		/* the last links come behind the others, and set_mono undoes what those did */
		skel = tstamp_bpf__open_and_load();
		ASSERT_NE(NULL, skel);
		ASSERT_EQ(0, ATTACH(filters, fd_of(skel->progs.set_mono),
				    reads ? fd_of(skel->progs.read_and_zero_tstamp) :
					    fd_of(skel->progs.zero_tstamp),
				    fd_of(skel->progs.read_type)));
		/* first without zeroing, to see that the type was set */
		skel->data->zero = 0;
		ASSERT_EQ(1, send_probe(&self->net, self->type));
		EXPECT_EQ(1, skel->data->seen_type);
		EXPECT_NE(0, skel->bss->seen_tstamp);

		skel->data->zero = 1;
		ASSERT_EQ(1, send_probe(&self->net, self->type));
		EXPECT_EQ(0, skel->data->seen_type);
		EXPECT_EQ(0, skel->bss->seen_tstamp);
		if (filters)
			ASSERT_EQ(0, filters_del(HERE_DEV));
		tstamp_bpf__destroy(skel);
	}
}

TEST_HARNESS_MAIN
