// SPDX-License-Identifier: GPL-2.0
/*
 * What observers of the kernel see: the tracepoints of dropped and consumed packets,
 * with the reason, the statistics of a program, and the iterator of links.
 */
#include "../kselftest_harness.h"
#include "observation.h"
#include "progs/traces.h"
#include "traces.skel.h"

FIXTURE(traces) {
	struct net net;
	struct traces_bpf *skel;
	struct bpf_link *tracepoint[2];
	bool reasons;
	int type;
	int mark;
	int from;
};

FIXTURE_ON_BOTH_SIDES(traces);

FIXTURE_SETUP(traces)
{
	struct bpf_program *dropped, *other;

	ASSERT_EQ(0, net_setup(&self->net));
	ASSERT_EQ(0, stay_on_this_cpu());
	self->type = variant->type;
	self->reasons = btf_has_name("SKB_DROP_REASON_TC_INGRESS");
	self->skel = traces_bpf__open();
	ASSERT_NE(NULL, self->skel);
	dropped = self->skel->progs.dropped;
	other = self->skel->progs.dropped_for_reason;
	if (self->reasons) {
		dropped = self->skel->progs.dropped_for_reason;
		other = self->skel->progs.dropped;
	}
	ASSERT_EQ(0, bpf_program__set_autoload(other, false));
	ASSERT_EQ(0, bpf_program__set_autoload(self->skel->progs.list_links,
					       btf_has_name("bpf_iter__bpf_link")));
	ASSERT_EQ(0, traces_bpf__load(self->skel));
	self->mark = bpf_program__fd(self->skel->progs.mark);
	self->tracepoint[0] = bpf_program__attach_raw_tracepoint(dropped, "kfree_skb");
	self->tracepoint[1] = bpf_program__attach_raw_tracepoint(self->skel->progs.consumed,
								 "consume_skb");
	ASSERT_EQ(0, libbpf_get_error(self->tracepoint[0]));
	ASSERT_EQ(0, libbpf_get_error(self->tracepoint[1]));

	if (self->type == INGRESS) {
		ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	}
	self->from = frame_socket(self->type == INGRESS ? THERE_DEV : HERE_DEV);
	ASSERT_LE(0, self->from);
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
}

FIXTURE_TEARDOWN(traces)
{
	bpf_link__destroy(self->tracepoint[0]);
	bpf_link__destroy(self->tracepoint[1]);
	traces_bpf__destroy(self->skel);
}

typedef FIXTURE_DATA(traces) test;

/* Sends a burst of frames that all get @verdict, and returns how they ended */
static int burst(test *t, bool filter, int verdict, struct ends *ends)
{
	struct observation ignored = {};
	int link = -1;

	if (filter) {
		if (filter_add(HERE_DEV, t->mark, t->type, 1))
			return -1;
	} else {
		link = link_create(t->mark, t->net.ifindex, t->type, LAST);
		if (link < 0)
			return link;
	}
	t->skel->data->verdict = verdict;
	memset(&t->skel->bss->ends, 0, sizeof(t->skel->bss->ends));
	send_frames(&ignored, t->from, t->type, NULL, ALL_FRAMES);
	/* frames end when they are read, unless the program ended them */
	observe_socket(&ignored, "here", t->net.here);
	observe_socket(&ignored, "there", t->net.there);
	*ends = t->skel->bss->ends;
	observation_free(&ignored);
	if (filter)
		return filters_del(HERE_DEV);
	close(link);
	return 0;
}

#define BOTH(verdict, filter, link) do {			\
	ASSERT_EQ(0, burst(self, true, verdict, filter));	\
	ASSERT_EQ(0, burst(self, false, verdict, link));	\
	EXPECT_EQ((filter)->dropped, (link)->dropped);		\
	EXPECT_EQ((filter)->consumed, (link)->consumed);	\
	EXPECT_EQ((filter)->reason, (link)->reason);		\
} while (0)

TEST_F(traces, of_what_passes_are_the_same)
{
	struct ends filter, link;

	/* on the way out they end in the other namespace, which clears their mark */
	BOTH(TC_ACT_UNSPEC, &filter, &link);
	EXPECT_EQ(self->type == INGRESS, link.dropped + link.consumed > 0);
	BOTH(TC_ACT_OK, &filter, &link);
	EXPECT_EQ(self->type == INGRESS, link.dropped + link.consumed > 0);
}

TEST_F(traces, shot_is_a_drop)
{
	struct ends filter, link;

	BOTH(TC_ACT_SHOT, &filter, &link);
	EXPECT_EQ(FRAME_KINDS, link.dropped);
	EXPECT_EQ(0, link.consumed);
}

TEST_F(traces, shot_has_its_reason)
{
	struct ends filter, link;

	if (!self->reasons)
		SKIP(return, "this kernel has no reasons for drops");
	BOTH(TC_ACT_SHOT, &filter, &link);
	EXPECT_NE(0, self->skel->bss->ingress_reason);
	EXPECT_EQ(self->type == INGRESS ? self->skel->bss->ingress_reason :
					  self->skel->bss->egress_reason, link.reason);
}

TEST_F(traces, stolen_and_trapped_are_consumed)
{
	struct ends filter, link;

	SKIP_ON_MAINLINE("STOLEN and TRAP mean next");
	BOTH(TC_ACT_STOLEN, &filter, &link);
	EXPECT_EQ(0, link.dropped);
	EXPECT_EQ(FRAME_KINDS, link.consumed);
	BOTH(TC_ACT_TRAP, &filter, &link);
	EXPECT_EQ(0, link.dropped);
	EXPECT_EQ(FRAME_KINDS, link.consumed);
}

/* The program redirects without naming a device */
TEST_F(traces, a_redirect_that_fails_is_a_drop)
{
	struct ends filter, link;

	BOTH(TC_ACT_REDIRECT, &filter, &link);
	EXPECT_EQ(FRAME_KINDS, link.dropped);
	EXPECT_EQ(0, link.consumed);
}

/* How often the program runs in one burst; ~0 if that cannot be told */
static __u64 runs(test *t, bool filter, __u64 *ns)
{
	struct bpf_prog_info before, after;
	struct ends ends;

	if (obj_info(t->mark, &before, sizeof(before)) ||
	    burst(t, filter, TC_ACT_OK, &ends) ||
	    obj_info(t->mark, &after, sizeof(after)))
		return ~0ULL;
	*ns = after.run_time_ns - before.run_time_ns;
	return after.run_cnt - before.run_cnt;
}

TEST_F(traces, statistics_count_every_run)
{
	__u64 ns = 0;
	int stats;

	/* with statistics off nothing is counted */
	EXPECT_EQ(0, runs(self, false, &ns));
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	ASSERT_LE(0, stats);
	EXPECT_EQ(FRAME_KINDS, runs(self, true, &ns));
	EXPECT_LT(0, ns);
	EXPECT_EQ(FRAME_KINDS, runs(self, false, &ns));
	EXPECT_LT(0, ns);
	close(stats);
}

/* The entry of a link; its type is 0 if there is none */
static struct listed_link listed(test *t, __u32 id)
{
	struct bpf_link *link = bpf_program__attach_iter(t->skel->progs.list_links, NULL);
	struct listed_link entry = {}, found = {};
	int fd = libbpf_get_error(link) ? -1 : bpf_iter_create(bpf_link__fd(link));

	while (fd >= 0 && read(fd, &entry, sizeof(entry)) == sizeof(entry))
		if (entry.id == id)
			found = entry;
	close(fd);
	bpf_link__destroy(link);
	return found;
}

TEST_F(traces, links_are_iterated)
{
	struct listed_link found;
	int fd, other;
	__u32 id;

	if (!btf_has_name("bpf_iter__bpf_link"))
		SKIP(return, "this kernel does not iterate links");
	fd = link_create(self->mark, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, fd);
	id = link_id(fd);
	found = listed(self, id);
	EXPECT_EQ(BPF_LINK_TYPE_TCX, found.type);
	EXPECT_EQ(prog_id(self->mark), found.prog_id);

	other = load_verdict(TC_ACT_UNSPEC);
	ASSERT_EQ(0, link_update(fd, other, 0, 0));
	EXPECT_EQ(prog_id(other), listed(self, id).prog_id);
	close(fd);
	EXPECT_EQ(true, EVENTUALLY(!listed(self, id).type));
}

TEST_HARNESS_MAIN
