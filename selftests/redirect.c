// SPDX-License-Identifier: GPL-2.0
/*
 * Redirected packets. A third namespace, "beyond", is behind a second veth pair. What a
 * program does to send a packet there must have the same effect from a cls_bpf filter
 * and from a link.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "redirect.skel.h"

#define NEAR_DEV	"bd0"	/* here */
#define FAR_DEV		"bd1"	/* beyond */
#define FAR_ADDR	"10.1.3.2"

FIXTURE(redirect) {
	struct net net;
	struct redirect_bpf *skel;
	int type;
	int beyond_ns;
	int beyond;	/* the socket on the probe port there */
	int near_ifindex;
};

FIXTURE_ON_BOTH_SIDES(redirect);

FIXTURE_SETUP(redirect)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->beyond_ns = new_netns();
	ASSERT_LE(0, self->beyond_ns);
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
	/*
	 * The far end has the MAC address that packets from "there" carry, so it
	 * accepts them whichever way they come. The route from "here" leads over the
	 * device with the program; redirect_neigh uses the other one.
	 */
	ASSERT_EQ(0, run("ip link add " NEAR_DEV " type veth peer name " FAR_DEV
			 " address " HERE_MAC " netns /proc/self/fd/%d", self->beyond_ns));
	ASSERT_EQ(0, run("ip -batch - <<EOF\n"
			 "link set " NEAR_DEV " up\n"
			 "addr add 10.1.3.1/24 dev " NEAR_DEV "\n"
			 "neigh add " FAR_ADDR " lladdr " HERE_MAC " dev " NEAR_DEV "\n"
			 "route add " FAR_ADDR " dev " HERE_DEV "\n"
			 "neigh add " FAR_ADDR " lladdr " HERE_MAC " dev " HERE_DEV "\n"
			 "EOF"));
	self->near_ifindex = if_nametoindex(NEAR_DEV);
	ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	ASSERT_EQ(0, run("ip -batch - <<EOF\n"
			 "route add " FAR_ADDR " dev " THERE_DEV "\n"
			 "neigh add " FAR_ADDR " lladdr " HERE_MAC " dev " THERE_DEV "\n"
			 "EOF"));
	ASSERT_EQ(0, setns(self->beyond_ns, CLONE_NEWNET));
	ASSERT_EQ(0, run("ip -batch - <<EOF\n"
			 "link set " FAR_DEV " up\n"
			 "addr add " FAR_ADDR "/24 dev " FAR_DEV "\n"
			 "route add default dev " FAR_DEV "\n"
			 "EOF"));
	self->beyond = udp_socket(FAR_ADDR, PROBE_PORT);
	ASSERT_LE(0, self->beyond);
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));

	self->skel = redirect_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->skel->bss->to = self->near_ifindex;
}

FIXTURE_TEARDOWN(redirect)
{
	redirect_bpf__destroy(self->skel);
}

typedef FIXTURE_DATA(redirect) test;

/* Sends a packet for beyond through the program. Returns 1 if it arrived. */
static int gets_beyond(test *t)
{
	int from = t->type == INGRESS ? t->net.there : t->net.here;
	struct pollfd arrived = { .fd = t->beyond, .events = POLLIN };
	char buf[64];

	if (send_udp(from, FAR_ADDR, PROBE_PORT, "probe", 5) ||
	    fence(&t->net, t->type))
		return -1;
	return poll(&arrived, 1, 500) == 1 && recv(t->beyond, buf, sizeof(buf), 0) == 5;
}

/* The same with a program attached: first as a filter, then by a link */
static int as_filter(test *t, struct bpf_program *prog)
{
	int got;

	if (filter_add(HERE_DEV, bpf_program__fd(prog), t->type, 1))
		return -1;
	got = gets_beyond(t);
	return filters_del(HERE_DEV) ? -1 : got;
}

static int as_link(test *t, struct bpf_program *prog)
{
	int link, got;

	link = link_create(bpf_program__fd(prog), t->net.ifindex, t->type, LAST);
	if (link < 0)
		return link;
	got = gets_beyond(t);
	close(link);
	return got;
}

TEST_F(redirect, without_a_program_nothing_gets_beyond)
{
	EXPECT_EQ(0, gets_beyond(self));
}

TEST_F(redirect, to_egress_of_another_device)
{
	EXPECT_EQ(1, as_filter(self, self->skel->progs.redirect));
	EXPECT_EQ(1, as_link(self, self->skel->progs.redirect));
}

TEST_F(redirect, neigh_fills_in_the_addresses)
{
	EXPECT_EQ(1, as_filter(self, self->skel->progs.redirect_neigh));
	EXPECT_EQ(1, as_link(self, self->skel->progs.redirect_neigh));
}

TEST_F(redirect, clone_goes_there)
{
	EXPECT_EQ(1, as_filter(self, self->skel->progs.clone_redirect));
	EXPECT_EQ(1, as_link(self, self->skel->progs.clone_redirect));
}

/* The redirected packet passes the link of the other device */
TEST_F(redirect, to_ingress_meets_the_link_there)
{
	int count = bpf_program__fd(self->skel->progs.count);

	ASSERT_LE(0, link_create(count, self->near_ifindex, INGRESS, LAST));
	EXPECT_EQ(0, as_filter(self, self->skel->progs.redirect_ingress));
	EXPECT_EQ(1, self->skel->bss->counted);
	EXPECT_EQ(0, as_link(self, self->skel->progs.redirect_ingress));
	EXPECT_EQ(2, self->skel->bss->counted);
}

TEST_F(redirect, to_a_device_that_is_gone_drops)
{
	self->skel->bss->to = NO_IFINDEX;
	EXPECT_EQ(0, as_filter(self, self->skel->progs.redirect));
	EXPECT_EQ(0, as_link(self, self->skel->progs.redirect));
}

/* bpf_redirect_peer() is for ingress only */
FIXTURE(redirect_peer) {
	test r;
};

FIXTURE_SETUP(redirect_peer)
{
	FIXTURE_VARIANT(redirect) ingress = { .type = INGRESS };

	redirect_setup(_metadata, &self->r, &ingress);
}

FIXTURE_TEARDOWN(redirect_peer)
{
	redirect_bpf__destroy(self->r.skel);
}

TEST_F(redirect_peer, skips_to_the_other_namespace)
{
	test *t = &self->r;

	EXPECT_EQ(1, as_filter(t, t->skel->progs.redirect_peer));
	EXPECT_EQ(1, as_link(t, t->skel->progs.redirect_peer));
}

/* The link on the far side sees the packet come in */
TEST_F(redirect_peer, meets_the_link_there)
{
	test *t = &self->r;
	int count = bpf_program__fd(t->skel->progs.count);

	ASSERT_EQ(0, setns(t->beyond_ns, CLONE_NEWNET));
	ASSERT_LE(0, link_create(count, if_nametoindex(FAR_DEV), INGRESS, LAST));
	ASSERT_EQ(0, setns(t->net.here_ns, CLONE_NEWNET));
	EXPECT_EQ(1, as_link(t, t->skel->progs.redirect_peer));
	EXPECT_EQ(1, t->skel->bss->counted);
}

TEST_HARNESS_MAIN
