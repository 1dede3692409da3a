// SPDX-License-Identifier: GPL-2.0
/*
 * libbpf's netlink tc API beside another user of the same hook, iproute2's tc,
 * which replaces and deletes between our calls: what is not ours stays.
 */
#include "../kselftest_harness.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include "tc_filters.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

#define THEIRS "/sys/fs/bpf/theirs"
#define ROUNDS 300

FIXTURE(others) {
	struct net net;
	struct tc_netlink_bpf *skel;
	struct bpf_tc_hook in, both;
	int mine, theirs;		/* fds of programs */
	__u32 mine_id, theirs_id;
};

FIXTURE_SETUP(others)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->mine = bpf_program__fd(self->skel->progs.count_once);
	self->theirs = bpf_program__fd(self->skel->progs.tc_ingress);
	self->mine_id = prog_id(self->mine);
	self->theirs_id = prog_id(self->theirs);
	ASSERT_EQ(0, bpf_obj_pin(self->theirs, THEIRS));
	self->in = tc_hook(self->net.ifindex, BPF_TC_INGRESS);
	self->both = tc_hook(self->net.ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	libbpf_set_print(NULL);
	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
}

FIXTURE_TEARDOWN(others)
{
	tc_netlink_bpf__destroy(self->skel);
}

/* what the other user does, on ingress */
#define TC(what, ...) run("tc filter " what, ##__VA_ARGS__)
#define TC_REPLACE(opts) TC("replace dev " HERE_DEV " ingress prio %u handle %u "	\
			    "protocol all bpf da object-pinned " THEIRS,		\
			    (opts).priority, (opts).handle)
#define TC_DELETE(opts) TC("del dev " HERE_DEV " ingress prio %u handle %u "		\
			   "protocol all bpf", (opts).priority, (opts).handle)
#define TC_SHOWS(what) (!TC("show dev " HERE_DEV " ingress | grep -q '" what "'"))

TEST_F(others, a_filter_they_replaced_is_not_ours_to_remove)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->mine);
	struct bpf_tc_filter found;

	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, find_filter(&self->in, self->mine_id, &found));
	ASSERT_EQ(0, TC_REPLACE(opts));
	EXPECT_EQ(-EEXIST, bpf_tc_detach(&self->in, &opts));
	EXPECT_EQ(-EEXIST, bpf_tc_remove(&found));
	EXPECT_EQ(0, remove_filters(&self->both, self->mine_id));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_hook_destroy_unused(&self->both));
	EXPECT_TRUE(TC_SHOWS("tc_ingress"));
	EXPECT_EQ(0, bpf_tc_query(&self->in, &opts));
	EXPECT_EQ(self->theirs_id, opts.prog_id);
}

TEST_F(others, a_filter_they_replaced_is_not_ours_to_replace)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->mine);

	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, TC_REPLACE(opts));
	opts.flags = BPF_TC_F_REPLACE;
	EXPECT_EQ(-EEXIST, bpf_tc_attach(&self->in, &opts));
	EXPECT_TRUE(TC_SHOWS("tc_ingress"));
}

TEST_F(others, a_filter_they_deleted_is_not_put_back)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->mine);

	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, TC_DELETE(opts));
	opts.flags = BPF_TC_F_REPLACE;
	EXPECT_EQ(-ENOENT, bpf_tc_attach(&self->in, &opts));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &opts));
	EXPECT_FALSE(TC_SHOWS("bpf"));
}

TEST_F(others, a_qdisc_they_deleted_and_made_anew_holds_nothing_of_ours)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->mine);

	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, run("tc qdisc del dev " HERE_DEV " clsact"));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &opts));
	EXPECT_EQ(-ENOENT, bpf_tc_hook_destroy_unused(&self->both));
	ASSERT_EQ(0, run("tc qdisc add dev " HERE_DEV " clsact"));
	ASSERT_EQ(0, TC_REPLACE(opts));
	EXPECT_EQ(-EEXIST, bpf_tc_detach(&self->in, &opts));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_hook_destroy_unused(&self->both));
	EXPECT_TRUE(TC_SHOWS("tc_ingress"));
}

TEST_F(others, our_filters_go_and_theirs_stay)
{
	struct bpf_tc_opts opts;

	for (int i = 0; i < 3; i++) {
		opts = OPTS(.prog_fd = self->mine);
		ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
		opts.priority = 100 + i;
		opts.handle = 1;
		ASSERT_EQ(0, TC_REPLACE(opts));
	}
	ASSERT_EQ(0, TC("add dev " HERE_DEV " ingress prio 200 protocol ip matchall classid 1:1"));
	EXPECT_EQ(3, remove_filters(&self->both, self->mine_id));
	EXPECT_EQ(0, run("test $(tc filter show dev " HERE_DEV
			 " ingress | grep -c 'tc_ingress') = 3"));
	EXPECT_TRUE(TC_SHOWS("matchall"));
	EXPECT_FALSE(TC_SHOWS("count_once"));
}

/* They put their filter there and delete it, again and again; we attach and
 * detach ours. Netlink cannot close the gap between our look and our removal, so
 * this only tests that each call succeeds or fails as it should.
 */
TEST_F(others, at_the_same_time)
{
	struct bpf_tc_opts place = OPTS(.handle = 1, .priority = 50), opts;
	int kept = 0, removed = 0, refused = 0, err, status;
	volatile bool *stop;
	pid_t pid;

	stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, stop);
	pid = child();
	ASSERT_LE(0, pid);
	if (!pid) {
		while (!*stop) {
			TC("replace dev " HERE_DEV " ingress prio 50 handle 1"
			   " protocol all bpf da object-pinned " THEIRS " 2>/dev/null");
			TC("del dev " HERE_DEV " ingress prio 50 handle 1"
			   " protocol all bpf 2>/dev/null");
		}
		_exit(0);
	}

	/* until their filter has been in our way, and also not: tc may start late */
	for (int i = 0; i < ROUNDS || !(refused + kept) || !removed; i++) {
		opts = place;
		opts.prog_fd = self->mine;
		err = bpf_tc_attach(&self->in, &opts);
		if (err == -EEXIST) {
			refused++;	/* theirs is there */
			continue;
		}
		ASSERT_EQ(0, err);
		ASSERT_EQ(self->mine_id, opts.prog_id);
		switch (bpf_tc_detach(&self->in, &opts)) {
		case 0:
			removed++;
			break;
		case -ENOENT:
		case -EEXIST:
			kept++;
			break;
		default:
			ASSERT_EQ(0, errno);
		}
	}
	*stop = true;
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	TH_LOG("%d refused, %d attached, removed %d, found %d no longer ours", refused,
	       removed + kept, removed, kept);

	/* when they have stopped, their filter is safe */
	opts = place;
	ASSERT_EQ(0, TC_REPLACE(place));
	opts.prog_id = self->mine_id;
	EXPECT_EQ(-EEXIST, bpf_tc_detach(&self->in, &opts));
	EXPECT_TRUE(TC_SHOWS("tc_ingress"));
}

TEST_HARNESS_MAIN
