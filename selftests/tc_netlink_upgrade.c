// SPDX-License-Identifier: GPL-2.0
/*
 * Upgrade of a netlink attachment: an agent attaches and ends; the next version finds
 * the filter by the tag of its program and replaces just that program. This happens
 * 1,000 times under traffic, and each packet is seen by exactly one version.
 */
#include "../kselftest_harness.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "tc_filters.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

#define UPGRADES 1000
#define MAX_PACKETS (1 << 20)	/* as in the BPF program */
#define BURST 64		/* a device's backlog holds more */
#define PER_UPGRADE 1000	/* packets, at most, so that there are numbers for all */

struct traffic {
	__u32 sent;
	__u32 upgrades;
	bool stop;
	bool failed;
};

FIXTURE(upgrade) {
	struct net net;
	struct tc_netlink_bpf *version[2];
	__u64 *seen;
	struct traffic *traffic;
	pid_t sender;
};

FIXTURE_ON_BOTH_SIDES(upgrade);

FIXTURE_SETUP(upgrade)
{
	int map;

	ASSERT_EQ(0, net_setup(&self->net));
	self->version[0] = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->version[0]);
	map = bpf_map__fd(self->version[0]->maps.seen);
	self->version[1] = tc_netlink_bpf__open();
	ASSERT_NE(NULL, self->version[1]);
	ASSERT_EQ(0, bpf_map__reuse_fd(self->version[1]->maps.seen, map));
	ASSERT_EQ(0, tc_netlink_bpf__load(self->version[1]));
	self->seen = mmap(NULL, MAX_PACKETS * sizeof(__u64), PROT_READ, MAP_SHARED, map, 0);
	ASSERT_NE(MAP_FAILED, self->seen);
	self->traffic = mmap(NULL, sizeof(*self->traffic), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->traffic);
}

FIXTURE_TEARDOWN(upgrade)
{
	if (self->sender > 0)
		kill(self->sender, SIGKILL);
	tc_netlink_bpf__destroy(self->version[0]);
	tc_netlink_bpf__destroy(self->version[1]);
}

/* Numbered packets, until told to stop; all of them have arrived at the end */
static void send_packets(struct net *net, int type, struct traffic *traffic)
{
	int from = type == INGRESS ? net->there : net->here;
	const char *to = type == INGRESS ? HERE_ADDR : THERE_ADDR;
	volatile struct traffic *t = traffic;

	while (!t->stop) {
		__u32 number = t->sent;

		if (number >= PER_UPGRADE * (t->upgrades + 1)) {
			usleep(10);
			continue;
		}
		if (send_udp(from, to, PROBE_PORT, &number, sizeof(number))) {
			t->failed = true;
			return;
		}
		t->sent++;
		if (t->sent % BURST == 0 && fence(net, type))
			t->failed = true;
	}
	if (fence(net, type))
		t->failed = true;
}

TEST_F_TIMEOUT(upgrade, each_packet_is_seen_by_exactly_one_version, 1800)
{
	struct bpf_tc_hook hook = tc_hook(self->net.ifindex, variant->type == INGRESS ?
					  BPF_TC_INGRESS : BPF_TC_EGRESS);
	struct bpf_tc_opts opts = OPTS();
	struct bpf_prog_info info;
	volatile struct traffic *traffic = self->traffic;
	__u32 missed = 0, twice = 0, flowed = 0;
	int status, tries;

	ASSERT_EQ(0, bpf_tc_hook_create(&hook));
	opts.prog_fd = bpf_program__fd(self->version[0]->progs.count_once);
	ASSERT_EQ(0, bpf_tc_attach(&hook, &opts));
	ASSERT_EQ(0, obj_info(opts.prog_fd, &info, sizeof(info)));

	self->sender = child();
	ASSERT_LE(0, self->sender);
	if (!self->sender) {
		/* the fence must not overtake them */
		if (stay_on_this_cpu())
			_exit(1);
		send_packets(&self->net, variant->type, self->traffic);
		_exit(0);
	}

	for (int i = 1; i <= UPGRADES; i++) {
		struct bpf_tc_opts upgrade = OPTS(.flags = BPF_TC_F_REPLACE);
		struct bpf_tc_filter old;
		struct find by_tag = { .tag = info.tag, .found = &old };
		__u32 before;

		/* nothing is known but the tag */
		ASSERT_EQ(1, bpf_tc_for_each(&hook, find_fn, &by_tag));
		upgrade.prog_fd = bpf_program__fd(self->version[i % 2]->progs.count_once);
		upgrade.handle = old.handle;
		upgrade.priority = old.priority;
		upgrade.prog_id = old.prog_id;
		before = traffic->sent;
		ASSERT_EQ(0, bpf_tc_attach(&hook, &upgrade));
		flowed += traffic->sent != before;
		ASSERT_NE(old.prog_id, upgrade.prog_id);
		traffic->upgrades = i;

		/* traffic for each version */
		before = traffic->sent;
		for (tries = 0; traffic->sent == before && tries < 200000; tries++)
			usleep(50);
		ASSERT_NE(before, traffic->sent);
	}
	traffic->stop = true;
	ASSERT_EQ(self->sender, waitpid(self->sender, &status, 0));
	self->sender = 0;
	ASSERT_FALSE(traffic->failed);

	for (__u32 i = 0; i < traffic->sent; i++) {
		missed += !self->seen[i];
		twice += self->seen[i] > 1;
	}
	TH_LOG("%u packets, some during %u of the upgrades", traffic->sent, flowed);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		EXPECT_LT(0, flowed);
	EXPECT_LE(UPGRADES, traffic->sent);
	EXPECT_EQ(0, missed);
	EXPECT_EQ(0, twice);
	EXPECT_LT(0, self->version[0]->bss->packets);
	EXPECT_LT(0, self->version[1]->bss->packets);
	EXPECT_EQ(traffic->sent,
		  self->version[0]->bss->packets + self->version[1]->bss->packets);
}

TEST_HARNESS_MAIN
