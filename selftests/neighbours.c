// SPDX-License-Identifier: GPL-2.0
/*
 * The same program, once as a filter in direct-action mode and once by a link, next to
 * everything else that a packet meets at a device. All that can be observed of the
 * packets is the same. Where it differs by design, a test says so.
 */
#include "../kselftest_harness.h"
#include "observation.h"
#include "neighbours.skel.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

struct scenario {
	/* commands that set it up; "here" gets the fd of the other namespace */
	const char *here, *there;
	/* the device that the program is attached to */
	const char *dev;
	int type;
	/* where it goes as a filter; if not set, to a clsact of its own */
	const char *filter_at;
	/* the device that sends the frames; for ingress, in the other namespace */
	const char *send_dev;
	int frames;
	const char *to_mac;
	/* more devices with taps */
	const char *tap_here[3], *tap_there[2];
	bool no_taps;
	/* a command whose output is part of the observation */
	const char *show;
	/* how many kinds of frames the program must see; 0: all */
	int sees;
	/* the frames bypass the program */
	bool bypass;
	/* generic receive offload is on, and merges the segments again */
	bool gro;
	/* the checksum of received packets covers all of them (CHECKSUM_COMPLETE) */
	bool complete;
	/* a type or an enumerator that shows that the kernel has this neighbour */
	const char *needs;
};

FIXTURE(neighbours) {
	struct net net;
	struct observer taps;
	struct neighbours_bpf *skel;
	int judge;
	int from;		/* the socket that sends the frames */
};

FIXTURE_VARIANT(neighbours) {
	struct scenario s;
};

#define FOLLOW	"bpf da object-pinned /sys/fs/bpf/follow"

#define NEIGHBOURS(name, ...)				\
FIXTURE_VARIANT_ADD(neighbours, name) {			\
	.s = { __VA_ARGS__ },				\
}

#define ON(dev_, type_) .dev = dev_, .type = type_
#define COME_IN .frames = INGRESS, .send_dev = THERE_DEV
#define GO_OUT(dev) .frames = EGRESS, .send_dev = dev

NEIGHBOURS(nothing_ingress, ON(HERE_DEV, INGRESS), COME_IN);
NEIGHBOURS(nothing_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV));
NEIGHBOURS(no_tap_ingress, ON(HERE_DEV, INGRESS), COME_IN, .no_taps = true);
NEIGHBOURS(no_tap_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV), .no_taps = true);

NEIGHBOURS(clsact_ingress, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = "tc qdisc add dev tc0 clsact &&"
		   "tc filter add dev tc0 ingress prio 2 " FOLLOW,
	   .filter_at = "dev tc0 ingress");
NEIGHBOURS(clsact_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV),
	   .here = "tc qdisc add dev tc0 clsact &&"
		   "tc filter add dev tc0 egress prio 2 " FOLLOW,
	   .filter_at = "dev tc0 egress");
NEIGHBOURS(ingress_qdisc, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = "tc qdisc add dev tc0 ingress &&"
		   "tc filter add dev tc0 parent ffff: prio 2 " FOLLOW,
	   .filter_at = "dev tc0 parent ffff:");
NEIGHBOURS(shared_block_ingress, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = "tc qdisc add dev tc0 ingress_block 21 egress_block 22 clsact &&"
		   "tc filter add block 21 prio 2 " FOLLOW,
	   .filter_at = "block 21");
NEIGHBOURS(shared_block_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV),
	   .here = "tc qdisc add dev tc0 ingress_block 21 egress_block 22 clsact &&"
		   "tc filter add block 22 prio 2 " FOLLOW,
	   .filter_at = "block 22");
NEIGHBOURS(classful_qdisc, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV),
	   .here = "tc qdisc add dev tc0 root handle 1: prio");

/* mirred redirects everything to an ifb, which gives it back */
#define IFB "ip link add ifb7 type ifb && ip link set ifb7 up && tc qdisc add dev tc0 clsact &&"
#define TO_IFB "matchall action mirred egress redirect dev ifb7"
NEIGHBOURS(ifb_from_ingress, ON("ifb7", EGRESS), COME_IN,
	   .here = IFB "tc filter add dev tc0 ingress prio 9 " TO_IFB,
	   .tap_here = { HERE_DEV });
NEIGHBOURS(ifb_from_egress, ON("ifb7", EGRESS), GO_OUT(HERE_DEV),
	   .here = IFB "tc filter add dev tc0 egress prio 9 " TO_IFB,
	   .tap_here = { HERE_DEV });
NEIGHBOURS(before_ifb_ingress, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = IFB "tc filter add dev tc0 ingress prio 9 " TO_IFB,
	   .filter_at = "dev tc0 ingress", .tap_here = { "ifb7" });
NEIGHBOURS(before_ifb_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV),
	   .here = IFB "tc filter add dev tc0 egress prio 9 " TO_IFB,
	   .filter_at = "dev tc0 egress", .tap_here = { "ifb7" });

/* mirred mirrors the packet to another device, or redirects it there */
#define DUMMY "ip link add d7 type dummy && ip link set d7 up && tc qdisc add dev tc0 clsact &&"
NEIGHBOURS(mirror_ingress, ON("d7", EGRESS), COME_IN,
	   .here = DUMMY "tc filter add dev tc0 ingress prio 9 matchall"
		   " action mirred egress mirror dev d7",
	   .tap_here = { HERE_DEV });
NEIGHBOURS(mirror_egress, ON("d7", EGRESS), GO_OUT(HERE_DEV),
	   .here = DUMMY "tc filter add dev tc0 egress prio 9 matchall"
		   " action mirred egress mirror dev d7",
	   .tap_here = { HERE_DEV });
NEIGHBOURS(redirect_to_ingress, ON("d7", INGRESS), COME_IN,
	   .here = DUMMY "tc filter add dev tc0 ingress prio 9 matchall"
		   " action mirred ingress redirect dev d7",
	   .tap_here = { HERE_DEV });
NEIGHBOURS(before_mirror_ingress, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = DUMMY "tc filter add dev tc0 ingress prio 9 matchall"
		   " action mirred egress mirror dev d7",
	   .filter_at = "dev tc0 ingress", .tap_here = { "d7" });

#define NFT(hook)							\
	"nft -f - <<EOF\n"						\
	"table netdev t {\n"						\
	" chain c {\n"							\
	"  type filter hook " hook " device tc0 priority 0;\n"		\
	"  ether saddr 02:5e:ed:00:00:00-02:5e:ed:00:00:05 counter\n"	\
	"  meta mark 0x1000-0x100f counter\n"				\
	"  meta priority 3 counter\n"					\
	"  meta mark 0x1004 drop\n"					\
	" }\n"								\
	"}\nEOF"
/* print the counters and reset them */
#define NETFILTER(hook)							\
	.here = NFT(hook),						\
	.show = "nft list table netdev t && nft delete table netdev t && " NFT(hook)
NEIGHBOURS(netfilter_ingress, ON(HERE_DEV, INGRESS), COME_IN, NETFILTER("ingress"));
NEIGHBOURS(netfilter_egress, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV), NETFILTER("egress"),
	   .needs = "NF_NETDEV_EGRESS");

NEIGHBOURS(generic_xdp, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = "ip link set dev tc0 xdpgeneric pinned /sys/fs/bpf/put_meta");
NEIGHBOURS(native_xdp, ON(HERE_DEV, INGRESS), COME_IN,
	   .here = "ip link set dev tc0 xdpdrv pinned /sys/fs/bpf/put_meta");

/* the XDP program has a frame segmented; GRO merges the segments */
NEIGHBOURS(gro, ON(HERE_DEV, INGRESS), COME_IN, .gro = true,
	   .here = "ip link set dev tc0 xdpdrv pinned /sys/fs/bpf/put_meta");
/* PACKET_QDISC_BYPASS skips the programs as it skips the filters */
NEIGHBOURS(qdisc_bypass, ON(HERE_DEV, EGRESS), GO_OUT(HERE_DEV), .bypass = true);

/* tc0 and one end of another pair are the ports of a bridge */
#define BRIDGE								\
	.here = "ip -batch - <<EOF\n"					\
		"link add br0 address " HERE_MAC " type bridge"	\
		" forward_delay 0 mcast_snooping 0\n"			\
		"link add out0 type veth peer name out1 netns /proc/self/fd/%d\n" \
		"link set tc0 master br0\nlink set out0 master br0\n"	\
		"link set tc0 type bridge_slave learning off\n"	\
		"link set out0 type bridge_slave learning off\n"	\
		"link set out0 up\nlink set br0 up\nEOF",		\
	.there = "ip link set out1 up",					\
	.tap_there = { "out1", THERE_DEV }
#define BEYOND_MAC "02:00:00:00:09:09"
NEIGHBOURS(bridge_port_ingress, ON(HERE_DEV, INGRESS), COME_IN, BRIDGE,
	   .tap_here = { "br0", "out0" });
NEIGHBOURS(bridge_port_ingress_forwards, ON(HERE_DEV, INGRESS), COME_IN, BRIDGE,
	   .to_mac = BEYOND_MAC, .tap_here = { "br0", "out0" });
NEIGHBOURS(bridge_port_egress, ON("out0", EGRESS), COME_IN, BRIDGE,
	   .to_mac = BEYOND_MAC, .tap_here = { "br0", HERE_DEV });
NEIGHBOURS(bridge_ingress, ON("br0", INGRESS), COME_IN, BRIDGE,
	   .tap_here = { HERE_DEV });
NEIGHBOURS(bridge_egress, ON("br0", EGRESS), GO_OUT("br0"), BRIDGE,
	   .tap_here = { HERE_DEV, "out0" });

#define VLAN .here = "ip link add link tc0 name tc0.5 type vlan id 5 && ip link set tc0.5 up"
NEIGHBOURS(vlan_lower_ingress, ON(HERE_DEV, INGRESS), COME_IN, VLAN,
	   .tap_here = { "tc0.5" });
NEIGHBOURS(vlan_lower_egress, ON(HERE_DEV, EGRESS), GO_OUT("tc0.5"), VLAN,
	   .tap_here = { "tc0.5" });
NEIGHBOURS(vlan_ingress, ON("tc0.5", INGRESS), COME_IN, VLAN,
	   .sees = 1, .tap_here = { HERE_DEV });
NEIGHBOURS(vlan_egress, ON("tc0.5", EGRESS), GO_OUT("tc0.5"), VLAN,
	   .tap_here = { HERE_DEV });

#define BOND								\
	.here = "ip -batch - <<EOF\n"					\
		"link add bond7 address " HERE_MAC " type bond mode active-backup miimon 10\n" \
		"link set tc0 down\nlink set tc0 master bond7\n"	\
		"link set bond7 up\n"					\
		/* the entry was lost with the carrier */			\
		"neigh add " THERE_ADDR " lladdr " THERE_MAC " dev tc0\nEOF\n" \
		"for try in 1 2 3 4 5 6 7 8 9; do\n"			\
		" ip link show bond7 | grep -q LOWER_UP && exit; sleep 0.1\n" \
		"done; exit 1"
NEIGHBOURS(bond_member_egress, ON(HERE_DEV, EGRESS), GO_OUT("bond7"), BOND,
	   .tap_here = { "bond7" });
NEIGHBOURS(bond_ingress, ON("bond7", INGRESS), COME_IN, BOND,
	   .tap_here = { HERE_DEV });
NEIGHBOURS(bond_member_ingress, ON(HERE_DEV, INGRESS), COME_IN, BOND,
	   .tap_here = { "bond7" });
NEIGHBOURS(bond_egress, ON("bond7", EGRESS), GO_OUT("bond7"), BOND,
	   .tap_here = { HERE_DEV });

#define MACVLAN_MAC "02:00:00:00:07:07"
#define MACVLAN								\
	.here = "ip link add link tc0 name mv7 address " MACVLAN_MAC	\
		" type macvlan mode bridge && ip link set mv7 up"
NEIGHBOURS(macvlan_lower_ingress, ON(HERE_DEV, INGRESS), COME_IN, MACVLAN,
	   .to_mac = MACVLAN_MAC, .tap_here = { "mv7" });
NEIGHBOURS(macvlan_lower_egress, ON(HERE_DEV, EGRESS), GO_OUT("mv7"), MACVLAN,
	   .tap_here = { "mv7" });
NEIGHBOURS(macvlan_ingress, ON("mv7", INGRESS), COME_IN, MACVLAN,
	   .to_mac = MACVLAN_MAC, .tap_here = { HERE_DEV });
NEIGHBOURS(macvlan_egress, ON("mv7", EGRESS), GO_OUT("mv7"), MACVLAN,
	   .tap_here = { HERE_DEV });

/*
 * A UDP tunnel turns a valid outer checksum into CHECKSUM_COMPLETE, unless a device has
 * verified it before.
 */
#define VXLAN(dev, address, local, remote)				\
	"ip link add " dev " address " address " type vxlan id 7 local " local \
	" remote " remote " dstport 4789 udpcsum && ip link set " dev " up"
NEIGHBOURS(vxlan_ingress, ON("vx0", INGRESS), .frames = INGRESS, .send_dev = "vx1",
	   .here = VXLAN("vx0", HERE_MAC, HERE_ADDR, THERE_ADDR),
	   .there = VXLAN("vx1", THERE_MAC, THERE_ADDR, HERE_ADDR),
	   .complete = true, .needs = "vxlan_dev", .tap_there = { "vx1" });

FIXTURE_SETUP(neighbours)
{
	ASSERT_EQ(0, net_setup(&self->net));
	ASSERT_EQ(0, stay_on_this_cpu());
	self->taps.skel = observe_bpf__open_and_load();
	ASSERT_NE(NULL, self->taps.skel);
	self->skel = neighbours_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->judge = bpf_program__fd(self->skel->progs.judge);
	ASSERT_EQ(0, bpf_obj_pin(self->judge, "/sys/fs/bpf/judge"));
	ASSERT_EQ(0, bpf_obj_pin(bpf_program__fd(self->skel->progs.follow),
				 "/sys/fs/bpf/follow"));
	ASSERT_EQ(0, bpf_obj_pin(bpf_program__fd(self->skel->progs.put_meta),
				 "/sys/fs/bpf/put_meta"));
}

FIXTURE_TEARDOWN(neighbours)
{
	neighbours_bpf__destroy(self->skel);
	observe_bpf__destroy(self->taps.skel);
}

typedef FIXTURE_DATA(neighbours) test;

/* from linux/ethtool.h: tools/include/uapi/ has only a part of it */
#define ETHTOOL_SRXCSUM	0x15
#define ETHTOOL_STXCSUM	0x17
#define ETHTOOL_SGRO	0x2c

static int ethtool(const char *dev, __u32 command, __u32 value)
{
	__u32 request[] = { command, value };
	struct ifreq ifr = { .ifr_data = (void *)request };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return err;
}

static int scenario_make(test *t, const struct scenario *s)
{
	int on = 1;
	size_t i;

	if (s->here && run(s->here, t->net.there_ns))
		return 1;
	if (!s->no_taps && taps_add(&t->taps, s->dev))
		return 2;
	for (i = 0; i < sizeof(s->tap_here) / sizeof(*s->tap_here); i++)
		if (s->tap_here[i] && taps_add(&t->taps, s->tap_here[i]))
			return 3;
	if (s->frames == EGRESS)
		t->from = frame_socket(s->send_dev);

	if (setns(t->net.there_ns, CLONE_NEWNET))
		return 4;
	if (s->there && run("%s", s->there))
		return 5;
	if (s->complete && ethtool(THERE_DEV, ETHTOOL_STXCSUM, 0))
		return 12;
	if (!s->tap_there[0] && !s->no_taps && tap_add(&t->taps, THERE_DEV, ETH_P_ALL))
		return 6;
	for (i = 0; i < sizeof(s->tap_there) / sizeof(*s->tap_there); i++)
		if (s->tap_there[i] && tap_add(&t->taps, s->tap_there[i], ETH_P_ALL))
			return 7;
	if (s->frames == INGRESS)
		t->from = frame_socket(s->send_dev);
	if (setns(t->net.here_ns, CLONE_NEWNET))
		return 8;
	if (s->complete && ethtool(HERE_DEV, ETHTOOL_SRXCSUM, 0))
		return 13;
	if (s->gro && ethtool(s->dev, ETHTOOL_SGRO, 1))
		return 9;
	if (s->bypass && setsockopt(t->from, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		return 10;
	return t->from < 0 ? 11 : 0;
}

static const char *direction(const struct scenario *s)
{
	return s->type == INGRESS ? "ingress" : "egress";
}

static int judge_as_filter(const struct scenario *s)
{
	if (s->filter_at)
		return run("tc filter add %s prio 1 bpf da object-pinned /sys/fs/bpf/judge",
			   s->filter_at);
	return run("tc qdisc add dev %s clsact &&"
		   "tc filter add dev %s %s prio 1 bpf da object-pinned /sys/fs/bpf/judge",
		   s->dev, s->dev, direction(s));
}

static int judge_is_no_filter(const struct scenario *s)
{
	if (s->filter_at)
		return run("tc filter del %s prio 1", s->filter_at);
	return filters_del(s->dev);
}

static void observe_output(struct observation *o, const char *command)
{
	char *out = output_of("%s", command), *line, *save;

	if (!out)
		observe(o, "output: none, it failed");
	for (line = strtok_r(out, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		observe(o, "output: %s", line);
	free(out);
}

/* Sends one burst; the program returns @verdict for each frame */
static int look(test *t, const struct scenario *s, int verdict, struct observation *o)
{
	struct neighbours_bpf__bss *bss = t->skel->bss;
	struct counters before, after;
	int kind;

	t->skel->data->verdict = verdict;
	memset(bss->judged, 0, sizeof(bss->judged));
	memset(bss->followed, 0, sizeof(bss->followed));
	if (counters_of(&t->net, &before))
		return -1;
	send_frames(o, t->from, s->frames, s->to_mac, ALL_FRAMES);
	observe_taps(&t->taps, o);
	observe_socket(o, "here", t->net.here);
	observe_socket(o, "there", t->net.there);
	if (counters_of(&t->net, &after))
		return -1;
	observe_counters(o, &before, &after);
	for (kind = 0; kind < FRAME_KINDS; kind++) {
		/* the control block has whatever was left in it, such as a time */
		bss->judged[kind].cb = 0;
		/* by design, so has the class with mainline's tcx */
		if (mainline_tcx())
			bss->judged[kind].tc_classid = 0;
		observe_seen(o, "judge", bss->judged, kind);
		observe_seen(o, "follow", bss->followed, kind);
	}
	if (s->show)
		observe_output(o, s->show);
	observation_sort(o);
	counters_free(&before);
	counters_free(&after);
	return 0;
}

static const int verdicts[] = { TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_SHOT, TC_ACT_STOLEN };

#define VERDICTS (sizeof(verdicts) / sizeof(*verdicts))

TEST_F(neighbours, notice_no_difference)
{
	struct observation filter[VERDICTS] = {}, link[VERDICTS] = {};
	const struct scenario *s = &variant->s;
	int seen, fd;
	size_t i;

	if (s->needs && !btf_has_name(s->needs))
		SKIP(return, "this kernel has no %s", s->needs);
	ASSERT_EQ(0, scenario_make(self, s));

	ASSERT_EQ(0, judge_as_filter(s));
	for (i = 0; i < VERDICTS; i++)
		ASSERT_EQ(0, look(self, s, verdicts[i], &filter[i]));
	ASSERT_EQ(0, judge_is_no_filter(s));

	fd = link_create(self->judge, if_nametoindex(s->dev), s->type, LAST);
	ASSERT_LE(0, fd);
	for (i = 0; i < VERDICTS; i++)
		ASSERT_EQ(0, look(self, s, verdicts[i], &link[i]));

	for (i = 0; i < VERDICTS; i++) {
		/* by design, mainline runs the next program after STOLEN */
		if (verdicts[i] == TC_ACT_STOLEN && mainline_tcx())
			continue;
		seen = observation_count(&filter[i], "program judge", "");
		EXPECT_EQ(s->bypass ? 0 : s->sees ?: FRAME_KINDS, seen);
		/*
		 * bpf_csum_update() fails for any other checksum; the GSO packet has
		 * none
		 */
		if (s->complete) {
			EXPECT_EQ(1, observation_count(&link[i], "program judge", " rc -524 "));
		}
		if (s->gro) {
			EXPECT_EQ(1, observation_count(&link[i],
						       "program judge kind 5 times 1 ", ""));
		}
		EXPECT_EQ(0, observation_differences(&filter[i], &link[i])) {
			TH_LOG("verdict %d", verdicts[i]);
		}
	}
	if (getenv("TC_LINK_SHOW"))
		for (i = 0; i < VERDICTS; i++)
			for (int n = 0; n < link[i].n; n++)
				printf("# verdict %d: %s\n", verdicts[i], link[i].line[n]);
	fflush(stdout);
}

/* ---- what differs by design ---- */

/* "Sent ... pkt" and "dropped" of the device's clsact */
static void clsact_counts(int *packets, int *dropped)
{
	char *out = output_of("tc -s qdisc show dev " HERE_DEV), *at;

	*packets = *dropped = -1;
	at = out ? strstr(out, "clsact") : NULL;
	at = at ? strstr(at, "Sent") : NULL;
	if (at)
		sscanf(at, "Sent %*d bytes %d pkt (dropped %d", packets, dropped);
	free(out);
}

FIXTURE(by_design) {
	test n;
};

FIXTURE_SETUP(by_design)
{
	neighbours_setup(_metadata, &self->n, NULL);
}

FIXTURE_TEARDOWN(by_design)
{
	neighbours_bpf__destroy(self->n.skel);
	observe_bpf__destroy(self->n.taps.skel);
}

/* A link is not part of the qdisc, so clsact does not count what a link has dropped */
TEST_F(by_design, clsact_counts_only_what_reaches_it)
{
	const struct scenario s = {
		ON(HERE_DEV, INGRESS), COME_IN,
		.here = "tc qdisc add dev tc0 clsact &&"
			"tc filter add dev tc0 ingress prio 2 " FOLLOW,
		.filter_at = "dev tc0 ingress",
	};
	/* clsact counts the segments of a GSO packet */
	const int burst = FRAME_KINDS - 1 + GSO_SEGS;
	struct observation o = {};
	int packets, dropped, fd;
	test *t = &self->n;

	ASSERT_EQ(0, scenario_make(t, &s));
	fd = link_create(t->judge, t->net.ifindex, INGRESS, LAST);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, look(t, &s, TC_ACT_SHOT, &o));
	clsact_counts(&packets, &dropped);
	EXPECT_EQ(0, packets);
	EXPECT_EQ(0, dropped);
	ASSERT_EQ(0, look(t, &s, TC_ACT_OK, &o));
	clsact_counts(&packets, &dropped);
	EXPECT_EQ(0, packets);
	ASSERT_EQ(0, look(t, &s, TC_ACT_UNSPEC, &o));
	clsact_counts(&packets, &dropped);
	EXPECT_EQ(burst, packets);
	close(fd);

	ASSERT_EQ(0, judge_as_filter(&s));
	ASSERT_EQ(0, look(t, &s, TC_ACT_SHOT, &o));
	clsact_counts(&packets, &dropped);
	EXPECT_EQ(2 * burst, packets);
	EXPECT_EQ(FRAME_KINDS, dropped);
	observation_free(&o);
}

TEST_HARNESS_MAIN
