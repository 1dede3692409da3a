// SPDX-License-Identifier: GPL-2.0
/* How long a program stays attached: as long as its link lives. */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "letters.skel.h"

#define PIN "/sys/fs/bpf/link"

FIXTURE(lifetime) {
	struct net net;
	struct letters_bpf *skel;
	int type;
	int prog_a, prog_b, prog_c;
};

FIXTURE_ON_BOTH_SIDES(lifetime);

FIXTURE_SETUP(lifetime)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = letters_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->type = variant->type;
	self->prog_a = bpf_program__fd(self->skel->progs.prog_a);
	self->prog_b = bpf_program__fd(self->skel->progs.prog_b);
	self->prog_c = bpf_program__fd(self->skel->progs.prog_c);
}

FIXTURE_TEARDOWN(lifetime)
{
	letters_bpf__destroy(self->skel);
}

/* Sends a packet and returns the letters of the programs that ran on it */
static const char *ran(struct net *net, struct letters_bpf *skel, int type)
{
	memset(skel->bss->trace, 0, sizeof(skel->bss->trace));
	skel->bss->traced = 0;
	if (send_probe(net, type) != 1)
		return "(packet lost)";
	return skel->bss->trace;
}

#define RAN() ran(&self->net, self->skel, self->type)
#define COUNT() hook_count(self->net.ifindex, self->type)
#define CREATE(prog) link_create(prog, self->net.ifindex, self->type, LAST)

static __u32 info_ifindex(int link)
{
	struct bpf_link_info info;

	return obj_info(link, &info, sizeof(info)) ? ~0U : info.tcx.ifindex;
}

TEST_F(lifetime, close_of_the_last_fd_detaches)
{
	int link, dup_fd;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_STREQ("A", RAN());
	dup_fd = dup(link);
	close(link);
	EXPECT_STREQ("A", RAN());
	EXPECT_EQ(1, COUNT());
	close(dup_fd);
	EXPECT_STREQ("", RAN());
	EXPECT_EQ(0, COUNT());
}

TEST_F(lifetime, kill_of_the_loader_detaches)
{
	int ready[2], status;
	pid_t loader;
	char c;

	ASSERT_EQ(0, pipe(ready));
	loader = fork();
	ASSERT_LE(0, loader);
	if (!loader) {
		c = CREATE(self->prog_a) < 0 ? 'n' : 'y';
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ('y', c);
	EXPECT_STREQ("A", RAN());
	kill(loader, SIGKILL);
	ASSERT_EQ(loader, waitpid(loader, &status, 0));
	/* the fds of a killed task are closed before waitpid() returns */
	EXPECT_STREQ("", RAN());
	EXPECT_EQ(0, COUNT());
}

TEST_F(lifetime, pin_outlives_the_loader_and_unpin_detaches)
{
	int link, status;
	pid_t loader;

	loader = fork();
	ASSERT_LE(0, loader);
	if (!loader) {
		link = CREATE(self->prog_a);
		_exit(link < 0 || bpf_obj_pin(link, PIN));
	}
	ASSERT_EQ(loader, waitpid(loader, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_STREQ("A", RAN());

	link = bpf_obj_get(PIN);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_update(link, self->prog_b, 0, 0));
	close(link);
	EXPECT_STREQ("B", RAN());

	ASSERT_EQ(0, unlink(PIN));
	EXPECT_TRUE(EVENTUALLY(COUNT() == 0));
	EXPECT_STREQ("", RAN());
}

TEST_F(lifetime, detach_leaves_the_link_without_its_device)
{
	struct bpf_link_info info;
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ((__u32)self->net.ifindex, info_ifindex(link));
	EXPECT_EQ(0, link_detach(link));
	EXPECT_STREQ("", RAN());
	EXPECT_EQ(0, COUNT());

	ASSERT_EQ(0, obj_info(link, &info, sizeof(info)));
	EXPECT_EQ(0, info.tcx.ifindex);
	EXPECT_EQ((__u32)self->type, info.tcx.attach_type);
	EXPECT_EQ(prog_id(self->prog_a), info.prog_id);
}

TEST_F(lifetime, detach_again_succeeds)
{
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_detach(link));
	EXPECT_EQ(0, link_detach(link));
	EXPECT_EQ(0, COUNT());
}

TEST_F(lifetime, detached_program_can_be_attached_again)
{
	int link, again;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, link_detach(link));
	again = CREATE(self->prog_a);
	ASSERT_LE(0, again);
	EXPECT_STREQ("A", RAN());
	/* the first link no longer has any power over it */
	EXPECT_EQ(0, link_detach(link));
	close(link);
	EXPECT_STREQ("A", RAN());
}

TEST_F(lifetime, detach_leaves_the_others_in_place)
{
	int a, b, c;

	a = CREATE(self->prog_a);
	b = CREATE(self->prog_b);
	c = CREATE(self->prog_c);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_LE(0, c);
	EXPECT_STREQ("ABC", RAN());
	EXPECT_EQ(0, link_detach(b));
	EXPECT_STREQ("AC", RAN());
	close(a);
	EXPECT_STREQ("C", RAN());
}

TEST_F(lifetime, update_replaces_the_program_in_its_place)
{
	__u32 old_id;
	int a, b;

	a = CREATE(self->prog_a);
	b = CREATE(self->prog_b);
	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	old_id = prog_id(self->prog_a);
	EXPECT_EQ(0, link_update(a, self->prog_c, 0, 0));
	EXPECT_STREQ("CB", RAN());

	/* only the skeleton holds the old program */
	letters_bpf__destroy(self->skel);
	self->skel = NULL;
	EXPECT_TRUE(EVENTUALLY(!prog_exists(old_id)));
	EXPECT_EQ(2, COUNT());
}

TEST_F(lifetime, update_to_the_same_program_succeeds)
{
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_update(link, self->prog_a, 0, 0));
	EXPECT_EQ(0, link_update(link, self->prog_a, BPF_F_REPLACE, self->prog_a));
	EXPECT_STREQ("A", RAN());
}

TEST_F(lifetime, update_with_the_right_old_program_replaces)
{
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_update(link, self->prog_b, BPF_F_REPLACE, self->prog_a));
	EXPECT_STREQ("B", RAN());
}

TEST_F(lifetime, update_with_the_wrong_old_program_changes_nothing)
{
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EPERM, link_update(link, self->prog_b, BPF_F_REPLACE,
				      self->prog_c));
	EXPECT_STREQ("A", RAN());
	EXPECT_EQ(2, hook_revision(self->net.ifindex, self->type));
}

TEST_F(lifetime, link_survives_its_device)
{
	__u32 id;
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	id = link_id(link);
	ASSERT_EQ(0, run("ip link del " HERE_DEV));
	EXPECT_EQ(0, info_ifindex(link));
	EXPECT_TRUE(link_exists(id));
	EXPECT_EQ(-ENOLINK, link_update(link, self->prog_b, 0, 0));
	EXPECT_EQ(-ENOLINK, link_update(link, self->prog_b, BPF_F_REPLACE,
					self->prog_a));
	EXPECT_EQ(0, link_detach(link));
	close(link);
	EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
}

TEST_F(lifetime, plain_program_goes_with_its_device)
{
	int prog = load_verdict(TC_ACT_UNSPEC);
	__u32 id = prog_id(prog);

	ASSERT_EQ(0, prog_attach(prog, self->net.ifindex, self->type, LAST));
	close(prog);
	EXPECT_TRUE(prog_exists(id));
	ASSERT_EQ(0, run("ip link del " HERE_DEV));
	EXPECT_TRUE(EVENTUALLY(!prog_exists(id)));
}

TEST_F(lifetime, device_can_go_and_come_again_under_the_same_name)
{
	int old, link;

	old = CREATE(self->prog_a);
	ASSERT_LE(0, old);
	ASSERT_EQ(0, run("ip link del " HERE_DEV));
	ASSERT_EQ(0, run("ip link add " HERE_DEV " type veth peer name tc9"));
	self->net.ifindex = if_nametoindex(HERE_DEV);
	EXPECT_EQ(0, COUNT());
	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(-ENOLINK, link_update(old, self->prog_b, 0, 0));
	close(old);
	EXPECT_EQ(1, COUNT());
}

TEST_F(lifetime, link_survives_its_netns)
{
	int before, link;
	__u32 id;

	before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	close(new_netns());
	ASSERT_EQ(0, run("ip link add " HERE_DEV " type veth peer name tc9"));
	link = link_create(self->prog_a, if_nametoindex(HERE_DEV), self->type, LAST);
	ASSERT_LE(0, link);
	id = link_id(link);
	EXPECT_NE(0, info_ifindex(link));
	ASSERT_EQ(0, setns(before, CLONE_NEWNET));

	/* the namespace is unused: the kernel removes it a little later */
	EXPECT_TRUE(WITHIN(60, info_ifindex(link) == 0));
	EXPECT_TRUE(link_exists(id));
	EXPECT_EQ(-ENOLINK, link_update(link, self->prog_b, 0, 0));
	EXPECT_EQ(0, link_detach(link));
}

/* the link's info has the new ifindex when read in the new namespace */
TEST_F(lifetime, link_moves_with_its_device_to_another_netns)
{
	char name[IF_NAMESIZE];
	struct hook hook;
	int link, ns;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	ns = new_netns();
	ASSERT_LE(0, ns);
	/* this one takes the ifindex that the device has here, so that it must change */
	if (!if_indextoname(self->net.ifindex, name))
		ASSERT_EQ(0, run("ip link add tc8 type veth peer name tc9 index %d",
				 self->net.ifindex));
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));

	ASSERT_EQ(0, run("ip link set " HERE_DEV " netns /proc/self/fd/%d", ns));
	EXPECT_EQ(-ENODEV, COUNT());
	ASSERT_EQ(0, setns(ns, CLONE_NEWNET));
	EXPECT_NE(self->net.ifindex, (int)if_nametoindex(HERE_DEV));
	EXPECT_EQ(if_nametoindex(HERE_DEV), info_ifindex(link));
	ASSERT_EQ(0, hook_query(if_nametoindex(HERE_DEV), self->type, &hook));
	EXPECT_EQ(1, hook.count);
	EXPECT_EQ(link_id(link), hook.link_ids[0]);

	/* the move has set it down and taken its addresses */
	ASSERT_EQ(0, run("ip link set " HERE_DEV " up"));
	ASSERT_EQ(0, run("ip addr add " HERE_ADDR "/24 dev " HERE_DEV));
	ASSERT_EQ(0, run("ip neigh add " THERE_ADDR " lladdr " THERE_MAC " dev " HERE_DEV));
	self->net.here = udp_socket(HERE_ADDR, PROBE_PORT);
	self->net.here_fence = udp_socket(HERE_ADDR, FENCE_PORT);
	ASSERT_EQ(0, wait_for_carrier(&self->net, self->type));
	EXPECT_STREQ("A", RAN());
	EXPECT_EQ(0, link_update(link, self->prog_b, 0, 0));
	EXPECT_STREQ("B", RAN());
	EXPECT_EQ(0, link_detach(link));
	EXPECT_STREQ("", RAN());
	EXPECT_EQ(0, hook_count(if_nametoindex(HERE_DEV), self->type));
}

TEST_F(lifetime, link_holds_its_program)
{
	int prog = load_verdict(TC_ACT_UNSPEC), link;
	__u32 id = prog_id(prog);

	link = CREATE(prog);
	ASSERT_LE(0, link);
	close(prog);
	EXPECT_TRUE(prog_exists(id));
	close(link);
	EXPECT_TRUE(EVENTUALLY(!prog_exists(id)));
}

TEST_F(lifetime, failed_create_leaves_nothing)
{
	int prog = load_verdict(TC_ACT_UNSPEC), link;
	__u32 id = prog_id(prog);

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EEXIST, CREATE(self->prog_a));
	EXPECT_EQ(-ESTALE, link_create(prog, self->net.ifindex, self->type,
				       AT(.revision = 99)));
	close(prog);
	EXPECT_TRUE(EVENTUALLY(!prog_exists(id)));
	EXPECT_EQ(1, COUNT());
	EXPECT_EQ(2, hook_revision(self->net.ifindex, self->type));
}

TEST_F(lifetime, link_of_a_dead_device_is_no_obstacle_when_pinned)
{
	int link;

	link = CREATE(self->prog_a);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, PIN));
	close(link);
	ASSERT_EQ(0, run("ip link del " HERE_DEV));
	link = bpf_obj_get(PIN);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, info_ifindex(link));
	EXPECT_EQ(-ENOLINK, link_update(link, self->prog_b, 0, 0));
	EXPECT_EQ(0, unlink(PIN));
}

TEST_HARNESS_MAIN
