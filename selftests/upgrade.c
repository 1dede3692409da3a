// SPDX-License-Identifier: GPL-2.0
/*
 * A new version replaces a program while packets flow. Every packet is seen by exactly
 * one version, and never by an old version after a newer one has run.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "progs/upgrade.h"
#include "upgrade.skel.h"

#define REPLACEMENTS	1000
#define PIN(name)	"/sys/fs/bpf/" name

struct shared {
	volatile bool stop;
	volatile bool failed;
	volatile __u32 sent;	/* packets in each direction */
};

FIXTURE(upgrade) {
	struct net net;
	struct shared *shared;
	pid_t traffic;
	int sightings;
};

FIXTURE_SETUP(upgrade)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
}

FIXTURE_TEARDOWN(upgrade)
{
}

/* Sends numbered packets both ways, until it is told to stop or runs out of numbers */
static void send_packets(struct net *net, struct shared *shared)
{
	__u32 n;

	for (n = 0; n < MAX_PACKETS && !shared->stop; n++) {
		if (send_udp(net->here, THERE_ADDR, PROBE_PORT, &n, sizeof(n)) ||
		    send_udp(net->there, HERE_ADDR, PROBE_PORT, &n, sizeof(n)))
			goto failed;
		shared->sent = n + 1;
		/* the numbers must last, however slow the agents are */
		if (n > MAX_PACKETS / 4)
			usleep(1000);
		/* no queue may overflow: the program would be blamed for the loss */
		if (n % 32 == 0 && (fence(net, INGRESS) || fence(net, EGRESS)))
			goto failed;
	}
	if (!fence(net, INGRESS) && !fence(net, EGRESS) && shared->stop)
		_exit(0);
failed:
	shared->failed = true;
	_exit(1);
}

static void traffic_start(struct __test_metadata *_metadata,
			  FIXTURE_DATA(upgrade) *self)
{
	self->traffic = child();
	ASSERT_LE(0, self->traffic);
	if (!self->traffic) {
		/* versions are compared from packet to packet */
		if (stay_on_this_cpu())
			_exit(1);
		send_packets(&self->net, self->shared);
	}
	/* wait until packets flow */
	EXPECT_TRUE(EVENTUALLY(self->shared->sent > 100));
}

/* Loads version @version of the agent's program, which shares the map of the first one */
static struct upgrade_bpf *load(int version)
{
	struct upgrade_bpf *skel = upgrade_bpf__open();
	int map;

	if (!skel)
		return NULL;
	skel->rodata->version = version;
	map = bpf_obj_get(PIN("sightings"));
	if (map >= 0 && bpf_map__reuse_fd(skel->maps.sightings, map))
		return NULL;
	if (upgrade_bpf__load(skel))
		return NULL;
	if (map < 0 && bpf_obj_pin(bpf_map__fd(skel->maps.sightings), PIN("sightings")))
		return NULL;
	if (map >= 0)
		close(map);
	return skel;
}

/*
 * What the process of an agent does at its start. It ends with 0, or with the number of
 * the step that failed.
 */
static void agent(int version, int ifindex)
{
	struct upgrade_bpf *skel = load(version);
	const char *const pins[] = { PIN("ingress"), PIN("egress") };
	const int types[] = { INGRESS, EGRESS };
	int i, link, prog;

	if (!skel)
		_exit(1);
	prog = bpf_program__fd(skel->progs.see);
	for (i = 0; i < 2; i++) {
		link = bpf_obj_get(pins[i]);
		if (link >= 0) {
			if (link_update(link, prog, 0, 0))
				_exit(2);
			continue;
		}
		link = link_create(prog, ifindex, types[i], LAST);
		if (link < 0 || bpf_obj_pin(link, pins[i]))
			_exit(3);
	}
	_exit(0);
}

static int run_agent(int version, int ifindex)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		agent(version, ifindex);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Each packet was seen once, versions ran in their order, and the last one ran at the
 * end
 */
static void check_sightings(struct __test_metadata *_metadata,
			    FIXTURE_DATA(upgrade) *self, int map, __u32 min_versions)
{
	__u32 n, dir, versions[2] = { 1, 1 };
	struct sighting *all, *s, *before;
	size_t size = 2 * MAX_PACKETS * sizeof(*all);
	int status;

	self->shared->stop = true;
	ASSERT_EQ(self->traffic, waitpid(self->traffic, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_FALSE(self->shared->failed);

	all = mmap(NULL, size, PROT_READ, MAP_SHARED, map, 0);
	ASSERT_NE(MAP_FAILED, (void *)all);
	for (n = 0; n < self->shared->sent; n++) {
		for (dir = 0; dir < 2; dir++) {
			s = &all[2 * n + dir];
			before = n ? s - 2 : s;
			ASSERT_EQ(1, s->times)
				TH_LOG("packet %u of %u, %s", n, self->shared->sent,
				       dir ? "egress" : "ingress");
			ASSERT_LE(before->version, s->version);
			versions[dir] += before->version != s->version;
		}
	}
	EXPECT_EQ(0, all[2 * n].times);
	TH_LOG("%u packets each way; %u versions saw some on ingress, %u on egress",
	       n, versions[0], versions[1]);
	/* packets did flow during the replacements */
	EXPECT_LT(min_versions, versions[0]);
	EXPECT_LT(min_versions, versions[1]);
}

TEST_F_TIMEOUT(upgrade, of_an_agent_that_left_only_pins_behind, 1800)
{
	__u32 links[2];
	int version;

	ASSERT_EQ(0, run_agent(0, self->net.ifindex));
	links[0] = link_id(bpf_obj_get(PIN("ingress")));
	links[1] = link_id(bpf_obj_get(PIN("egress")));
	traffic_start(_metadata, self);
	for (version = 1; version <= REPLACEMENTS; version++)
		ASSERT_EQ(0, run_agent(version, self->net.ifindex));
	check_sightings(_metadata, self, bpf_obj_get(PIN("sightings")), REPLACEMENTS / 10);
	/* the links are still those of the first agent */
	EXPECT_EQ(links[0], link_id(bpf_obj_get(PIN("ingress"))));
	EXPECT_EQ(links[1], link_id(bpf_obj_get(PIN("egress"))));
	EXPECT_EQ(1, hook_count(self->net.ifindex, INGRESS));
	EXPECT_EQ(1, hook_count(self->net.ifindex, EGRESS));
	EXPECT_EQ(REPLACEMENTS + 2, hook_revision(self->net.ifindex, INGRESS));
}

/* As fast as possible: 32 versions one after the other, all loaded before */
#define VERSIONS 32

static void load_versions(struct __test_metadata *_metadata, int *progs)
{
	struct upgrade_bpf *skel;
	int i;

	for (i = 0; i < VERSIONS; i++) {
		skel = load(i);
		ASSERT_NE(NULL, skel);
		progs[i] = bpf_program__fd(skel->progs.see);
	}
}

TEST_F_TIMEOUT(upgrade, by_link_update, 600)
{
	int progs[VERSIONS], in, out, i;

	load_versions(_metadata, progs);
	in = link_create(progs[0], self->net.ifindex, INGRESS, LAST);
	out = link_create(progs[0], self->net.ifindex, EGRESS, LAST);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	traffic_start(_metadata, self);
	for (i = 1; i < VERSIONS; i++) {
		ASSERT_EQ(0, link_update(in, progs[i], 0, 0));
		ASSERT_EQ(0, link_update(out, progs[i], 0, 0));
		usleep(20000);
	}
	check_sightings(_metadata, self, bpf_obj_get(PIN("sightings")), VERSIONS / 4);
}

TEST_F_TIMEOUT(upgrade, of_a_plain_program_by_replace, 600)
{
	const int types[] = { INGRESS, EGRESS };
	int progs[VERSIONS], i, t;

	load_versions(_metadata, progs);
	for (t = 0; t < 2; t++)
		ASSERT_EQ(0, prog_attach(progs[0], self->net.ifindex, types[t], LAST));
	traffic_start(_metadata, self);
	for (i = 1; i < VERSIONS; i++) {
		for (t = 0; t < 2; t++)
			ASSERT_EQ(0, prog_attach(progs[i], self->net.ifindex, types[t],
						 AT(BPF_F_REPLACE,
						    .replace_fd = progs[i - 1])));
		usleep(20000);
	}
	check_sightings(_metadata, self, bpf_obj_get(PIN("sightings")), VERSIONS / 4);
}

/* Programs that come and go beside it do not make the program miss a packet */
TEST_F_TIMEOUT(upgrade, of_the_neighbours_only, 600)
{
	int prog, others[4], link, i, round;
	struct upgrade_bpf *skel = load(0);

	ASSERT_NE(NULL, skel);
	prog = bpf_program__fd(skel->progs.see);
	ASSERT_LE(0, link_create(prog, self->net.ifindex, INGRESS, LAST));
	ASSERT_EQ(0, prog_attach(prog, self->net.ifindex, EGRESS, LAST));
	for (i = 0; i < 4; i++)
		others[i] = load_verdict(TC_ACT_UNSPEC);
	traffic_start(_metadata, self);
	for (round = 0; round < REPLACEMENTS / 10 || self->shared->sent < 10000; round++) {
		ASSERT_FALSE(self->shared->failed);
		link = link_create(others[0], self->net.ifindex, INGRESS, AT(BPF_F_BEFORE));
		ASSERT_LE(0, link);
		ASSERT_EQ(0, prog_attach(others[1], self->net.ifindex, INGRESS, LAST));
		ASSERT_EQ(0, prog_attach(others[2], self->net.ifindex, EGRESS,
					 AT(BPF_F_BEFORE)));
		ASSERT_EQ(0, prog_attach(others[3], self->net.ifindex, EGRESS, LAST));
		ASSERT_EQ(0, link_update(link, others[2], 0, 0));
		ASSERT_EQ(0, link_detach(link));
		close(link);
		ASSERT_EQ(0, prog_detach(others[1], self->net.ifindex, INGRESS, LAST));
		ASSERT_EQ(0, prog_detach(others[2], self->net.ifindex, EGRESS, LAST));
		ASSERT_EQ(0, prog_detach(others[3], self->net.ifindex, EGRESS, LAST));
	}
	check_sightings(_metadata, self, bpf_map__fd(skel->maps.sightings), 0);
}

TEST_HARNESS_MAIN
