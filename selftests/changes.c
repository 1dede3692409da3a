// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that change a packet or send it elsewhere. What becomes of the packet, and
 * what the next program finds, is the same for filters in direct-action mode and for
 * links.
 *
 * The next program reads the packet by direct access. Its pointers must be valid after
 * every helper that can move the packet's data. All of those are tested here: the ones
 * in bpf_helper_changes_pkt_data() that tc_cls_act_func_proto() offers, and the direct
 * write for which the verifier puts such a helper into the prologue.
 */
#include "../kselftest_harness.h"
#include "observation.h"
#include "changes.skel.h"
#include "replace.skel.h"

#define NEAR_DEV	"near0"	/* here */
#define FAR_DEV		"near1"	/* its peer there */
#define GATEWAY		"10.1.3.2"

/* How the two programs are attached */
enum mode { FILTERS, LINKS, LINK_THEN_FILTER, MODES };

static const char *const mode_names[] = { "filters", "links", "a link, then a filter" };

FIXTURE(changes) {
	struct net net;
	struct observer taps;
	struct changes_bpf *skel;
	int type;
	int from;
	__u32 wire_len[FRAME_KINDS];	/* as the second of two filters sees it */
};

FIXTURE_ON_BOTH_SIDES(changes);

typedef FIXTURE_DATA(changes) test;

static void changes_make(struct __test_metadata *_metadata, test *self, int type)
{
	ASSERT_EQ(0, net_setup(&self->net));
	ASSERT_EQ(0, stay_on_this_cpu());
	self->type = type;
	self->taps.skel = observe_bpf__open_and_load();
	ASSERT_NE(NULL, self->taps.skel);
	self->skel = changes_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);

	/*
	 * The frames are sent to the far end's address. This end has the frames' source
	 * address, so that what bpf_redirect_neigh() sends from it counts as a frame of
	 * ours.
	 */
	ASSERT_EQ(0, run("ip link add " NEAR_DEV " address 02:5e:ed:00:00:00 type veth"
			 " peer name " FAR_DEV " address " HERE_MAC " netns /proc/self/fd/%d",
			 self->net.there_ns));
	ASSERT_EQ(0, run("ip -batch - <<EOF\n"
			 "link set " NEAR_DEV " up\n"
			 "addr add 10.1.3.1/24 dev " NEAR_DEV "\n"
			 "neigh add " GATEWAY " lladdr " HERE_MAC " dev " NEAR_DEV "\n"
			 "EOF"));
	ASSERT_EQ(0, taps_add(&self->taps, NEAR_DEV));
	if (type == EGRESS)
		self->from = frame_socket(HERE_DEV);
	ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	ASSERT_EQ(0, run("ip link set " FAR_DEV " up"));
	ASSERT_EQ(0, tap_add(&self->taps, THERE_DEV, ETH_P_ALL));
	ASSERT_EQ(0, taps_add(&self->taps, FAR_DEV));
	if (type == INGRESS)
		self->from = frame_socket(THERE_DEV);
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
	ASSERT_LE(0, self->from);

	self->skel->bss->to = if_nametoindex(NEAR_DEV);
	self->skel->bss->gateway = inet_addr(GATEWAY);
	self->skel->bss->wanted.ipv4.daddr = inet_addr(HERE_ADDR);
	self->skel->bss->wanted.ipv4.dport = htons(FENCE_PORT);
}

FIXTURE_SETUP(changes)
{
	changes_make(_metadata, self, variant->type);
	ASSERT_EQ(0, taps_add(&self->taps, HERE_DEV));
}

FIXTURE_TEARDOWN(changes)
{
	changes_bpf__destroy(self->skel);
	observe_bpf__destroy(self->taps.skel);
}

static int fd_of(test *t, const char *prog)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->skel->obj, prog);

	return p ? bpf_program__fd(p) : -1;
}

/*
 * Adds a filter to clsact, after those that are there. libbpf does it faster than
 * tc(8).
 */
static int filter_put(test *t, int prog, int prio)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = t->net.ifindex,
		    .attach_point = t->type == INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog, .handle = 1, .priority = prio);
	int err = bpf_tc_hook_create(&hook);

	return err && err != -EEXIST ? err : bpf_tc_attach(&hook, &opts);
}

static int clsact_gone(test *t)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = t->net.ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	return bpf_tc_hook_destroy(&hook);
}

/* Sends one burst of frames through one or two programs */
static int look(test *t, enum mode mode, const char *first, const char *second,
		struct observation *o)
{
	int progs[2] = { fd_of(t, first), second ? fd_of(t, second) : -1 };
	struct changes_bpf__bss *bss = t->skel->bss;
	int links[2] = { -1, -1 }, i, kind;
	struct counters before, after;

	for (i = 0; i < (second ? 2 : 1); i++) {
		if (mode == FILTERS || (mode == LINK_THEN_FILTER && i)) {
			if (filter_put(t, progs[i], i + 1))
				return -1;
		} else {
			links[i] = link_create(progs[i], t->net.ifindex, t->type, LAST);
			if (links[i] < 0)
				return -1;
		}
	}

	memset(bss->changed, 0, sizeof(bss->changed));
	memset(bss->next, 0, sizeof(bss->next));
	if (counters_of(&t->net, &before))
		return -1;
	send_frames(o, t->from, t->type, NULL, ALL_FRAMES);
	observe_taps(&t->taps, o);
	observe_socket(o, "here", t->net.here);
	observe_socket(o, "there", t->net.there);
	observe_socket(o, "here, the other port", t->net.here_fence);
	if (counters_of(&t->net, &after))
		return -1;
	observe_counters(o, &before, &after);
	for (kind = 0; kind < FRAME_KINDS; kind++) {
		observe_seen(o, "changes", bss->changed, kind);
		/* the control block is whatever was left in it */
		bss->next[kind].cb = 0;
		/* by design, so is the class with mainline's tcx */
		if (mainline_tcx())
			bss->next[kind].tc_classid = 0;
		/*
		 * On ingress clsact measures the packet again, so a filter after a link
		 * finds in wire_len the length that the link left. With mainline's tcx
		 * it finds the length before the link.
		 */
		if (mode == FILTERS)
			t->wire_len[kind] = bss->next[kind].wire_len;
		else if (mode == LINK_THEN_FILTER && t->type == INGRESS && !mainline_tcx())
			bss->next[kind].wire_len = t->wire_len[kind];
		observe_seen(o, "next", bss->next, kind);
	}
	observation_sort(o);
	counters_free(&before);
	counters_free(&after);

	for (i = 0; i < 2; i++)
		close(links[i]);
	return mode == LINKS ? 0 : clsact_gone(t);
}

static void next_program_finds(struct __test_metadata *_metadata, test *self, const char *prog)
{
	struct changes_bpf__bss *bss = self->skel->bss;
	struct observation seen[MODES] = {};
	int kind, changed, failed = 0;
	enum mode mode;

	for (mode = FILTERS; mode < MODES; mode++) {
		ASSERT_EQ(0, look(self, mode, prog, "read_next", &seen[mode]));
		changed = 0;
		for (kind = 0; kind < FRAME_KINDS; kind++) {
			changed += bss->changed[kind].times && !bss->changed[kind].rc;
			EXPECT_LE(1, bss->changed[kind].times);
			EXPECT_EQ(bss->changed[kind].times, bss->next[kind].times);
			EXPECT_EQ(1, bss->next[kind].direct_is_packet) {
				TH_LOG("kind %d: direct access to %u of %u bytes", kind,
				       bss->next[kind].direct, bss->next[kind].len);
				failed++;
			}
		}
		EXPECT_LT(0, changed);
		EXPECT_EQ(0, observation_differences(&seen[FILTERS], &seen[mode])) {
			failed++;
		}
		if (failed)
			TH_LOG("%s as %s", prog, mode_names[mode]);
		failed = 0;
	}
	for (mode = FILTERS; mode < MODES; mode++)
		observation_free(&seen[mode]);
}

TEST_F_TIMEOUT(changes, are_what_the_next_program_finds, 600)
{
	static const char *const progs[] = {
		"nothing", "write_direct", "store_bytes", "store_bytes_and_hash",
		"l3_csum_replace", "l4_csum_replace", "pull_all", "pull_head", "pull_some",
		"vlan_push", "vlan_push_ad", "vlan_push_twice", "vlan_pop", "vlan_push_and_pop",
		"change_proto", "change_type", "grow_tail", "grow_tail_much", "shrink_tail",
		"grow_head", "grow_head_much", "grow_net", "grow_net_much", "shrink_net",
		"grow_mac", "shrink_mac", "encap_ip", "encap_udp", "encap_ethernet",
		"clone_to_egress", "clone_to_ingress",
	};
	size_t i;

	for (i = 0; i < sizeof(progs) / sizeof(*progs); i++)
		next_program_finds(_metadata, self, progs[i]);
}

TEST_F(changes, of_a_tail_call_are_what_the_next_program_finds)
{
	int fd = bpf_program__fd(self->skel->progs.grow_head), zero = 0;

	ASSERT_EQ(0, bpf_map_update_elem(bpf_map__fd(self->skel->maps.calls), &zero, &fd, 0));
	next_program_finds(_metadata, self, "tail_call");
}

/* The replaced function changes nothing. Its replacement grows the head. */
TEST_F(changes, of_freplace_are_what_the_next_program_finds)
{
	int replaced = bpf_program__fd(self->skel->progs.replaced), kind;
	struct replace_bpf *replace = replace_bpf__open();
	struct bpf_link *link;

	ASSERT_NE(NULL, replace);
	next_program_finds(_metadata, self, "replaced");
	ASSERT_EQ(0, bpf_program__set_attach_target(replace->progs.grow, replaced, "policy"));
	ASSERT_EQ(0, replace_bpf__load(replace));
	link = bpf_program__attach(replace->progs.grow);
	ASSERT_EQ(0, libbpf_get_error(link));
	next_program_finds(_metadata, self, "replaced");
	for (kind = 0; kind < FRAME_KINDS; kind++) {
		EXPECT_EQ(0, self->skel->bss->next[kind].start[12]);
	}
	bpf_link__destroy(link);
	replace_bpf__destroy(replace);
}

static void goes(struct __test_metadata *_metadata, test *self, const char *prog,
		 const char *to)
{
	struct observation filter = {}, link = {};
	int kind;

	ASSERT_EQ(0, look(self, FILTERS, prog, NULL, &filter));
	for (kind = 0; kind < FRAME_KINDS; kind++)
		EXPECT_EQ(1, self->skel->bss->changed[kind].times);
	ASSERT_EQ(0, look(self, LINKS, prog, NULL, &link));
	EXPECT_EQ(0, observation_differences(&filter, &link)) {
		TH_LOG("%s", prog);
	}
	/* the packet arrives there */
	if (to) {
		EXPECT_LT(0, observation_count(&link, to, "")) {
			TH_LOG("%s", prog);
		}
	}
	observation_free(&filter);
	observation_free(&link);
}

#define NEAR_TAP	"tap " NEAR_DEV
#define FAR_TAP		"tap " FAR_DEV

TEST_F(changes, of_destination_are_the_same)
{
	goes(_metadata, self, "to_egress", FAR_TAP);
	goes(_metadata, self, "to_ingress", NEAR_TAP);
	goes(_metadata, self, "to_neighbour", FAR_TAP);
	goes(_metadata, self, "to_nowhere", NULL);
	goes(_metadata, self, "to_unsaid", NULL);
	goes(_metadata, self, "tagged_to_egress", FAR_TAP);
	if (self->type == EGRESS)
		return;	/* the other helpers are for ingress only */
	goes(_metadata, self, "to_peer", FAR_TAP);
	goes(_metadata, self, "grown_to_peer", FAR_TAP);
}

/* bpf_sk_assign() is for ingress only */
FIXTURE(socket) {
	test c;
};

FIXTURE_SETUP(socket)
{
	changes_make(_metadata, &self->c, INGRESS);
	/* no tap here: the packet would be cloned for it, and a clone has no socket */
}

FIXTURE_TEARDOWN(socket)
{
	changes_bpf__destroy(self->c.skel);
	observe_bpf__destroy(self->c.taps.skel);
}

TEST_F(socket, that_is_assigned_gets_it)
{
	goes(_metadata, &self->c, "to_socket", "socket here, the other port");
}

TEST_HARNESS_MAIN
