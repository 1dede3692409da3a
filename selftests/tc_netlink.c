// SPDX-License-Identifier: GPL-2.0
/* libbpf's netlink tc API: the clsact qdisc and its filters. */
#include "../kselftest_harness.h"
#include <linux/if_ether.h>
#include "libbpf_log.h"
#include "tc_filters.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

/* from linux/rtnetlink.h, which includes headers that a tree's tools/ do not install */
#define NETLINK_ROUTE 0
#define RTMGRP_TC 8

struct sockaddr_nl {
	unsigned short nl_family, nl_pad;
	__u32 nl_pid, nl_groups;
};

#define BOTH (BPF_TC_INGRESS | BPF_TC_EGRESS)
#define PARENT_INGRESS 0xfffffff2U
#define PARENT_EGRESS 0xfffffff3U

FIXTURE(tc_netlink) {
	struct net net;
	struct tc_netlink_bpf *skel;
	struct bpf_tc_hook in, out, both;
	int prog, other;		/* fds of two programs */
	__u32 prog_id, other_id;
};

FIXTURE_SETUP(tc_netlink)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->prog = bpf_program__fd(self->skel->progs.count_once);
	self->other = bpf_program__fd(self->skel->progs.tc_ingress);
	self->prog_id = prog_id(self->prog);
	self->other_id = prog_id(self->other);
	self->in = tc_hook(self->net.ifindex, BPF_TC_INGRESS);
	self->out = tc_hook(self->net.ifindex, BPF_TC_EGRESS);
	self->both = tc_hook(self->net.ifindex, BOTH);
	libbpf_set_print(keep_log);
	logged[0] = 0;
}

FIXTURE_TEARDOWN(tc_netlink)
{
	tc_netlink_bpf__destroy(self->skel);
}

/* The call fails with this error, also in errno, and the log has these words */
#define EXPECT_FAILS(error, words, call) do {				\
	logged[0] = 0;							\
	errno = 0;							\
	EXPECT_EQ(-(error), call);					\
	EXPECT_EQ(error, errno);					\
	EXPECT_NE(NULL, strstr(logged, words)) {			\
		TH_LOG("logged: %s", logged);				\
	}								\
} while (0)

/* ---- what upstream's five functions have always done ---- */

TEST_F(tc_netlink, structs_have_upstream_s_layout)
{
	EXPECT_EQ(24, sizeof(struct bpf_tc_hook));
	EXPECT_EQ(8, offsetof(struct bpf_tc_hook, ifindex));
	EXPECT_EQ(12, offsetof(struct bpf_tc_hook, attach_point));
	EXPECT_EQ(16, offsetof(struct bpf_tc_hook, parent));
	EXPECT_EQ(32, sizeof(struct bpf_tc_opts));
	EXPECT_EQ(8, offsetof(struct bpf_tc_opts, prog_fd));
	EXPECT_EQ(12, offsetof(struct bpf_tc_opts, flags));
	EXPECT_EQ(16, offsetof(struct bpf_tc_opts, prog_id));
	EXPECT_EQ(20, offsetof(struct bpf_tc_opts, handle));
	EXPECT_EQ(24, offsetof(struct bpf_tc_opts, priority));
}

TEST_F(tc_netlink, a_program_attaches_runs_and_is_detached)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog), query;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	EXPECT_EQ(1, opts.handle);
	EXPECT_EQ(49152, opts.priority);
	EXPECT_EQ(self->prog_id, opts.prog_id);
	EXPECT_EQ(1, send_probe(&self->net, INGRESS));
	EXPECT_EQ(1, self->skel->bss->packets);

	query = OPTS(.handle = opts.handle, .priority = opts.priority);
	ASSERT_EQ(0, bpf_tc_query(&self->in, &query));
	EXPECT_EQ(self->prog_id, query.prog_id);

	/* only handle and priority: upstream's function takes no more */
	query.prog_id = 0;
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &query));
	EXPECT_EQ(1, send_probe(&self->net, INGRESS));
	EXPECT_EQ(1, self->skel->bss->packets);
	EXPECT_STREQ("", logged);
	EXPECT_TRUE(GONE(bpf_tc_query(&self->in, &query)));
	EXPECT_TRUE(GONE(bpf_tc_detach(&self->in, &query)));
}

TEST_F(tc_netlink, handle_and_priority_are_chosen_or_given)
{
	struct bpf_tc_opts a = OPTS(.prog_fd = self->prog), b = a, c = a, d = a;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->out));
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &a));
	EXPECT_EQ(1, a.handle);
	EXPECT_EQ(49152, a.priority);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &b));
	EXPECT_EQ(1, b.handle);
	EXPECT_EQ(49151, b.priority);
	c.handle = 7;
	c.priority = 65535;
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &c));
	EXPECT_EQ(7, c.handle);
	EXPECT_EQ(65535, c.priority);
	d.handle = 7;
	d.priority = 65535;
	EXPECT_EQ(-EEXIST, bpf_tc_attach(&self->out, &d));
	d.flags = BPF_TC_F_REPLACE;
	d.prog_fd = self->other;
	EXPECT_EQ(0, bpf_tc_attach(&self->out, &d));
	EXPECT_EQ(self->other_id, d.prog_id);
	EXPECT_EQ(3, filters(&self->out));
	EXPECT_EQ(0, filters(&self->in));
}

TEST_F(tc_netlink, an_existing_clsact_is_no_reason_to_log_or_to_tell_listeners)
{
	struct sockaddr_nl tc = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_TC };
	int listener;
	char buf[8192];

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	listener = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, bind(listener, (void *)&tc, sizeof(tc)));

	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->in));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->out));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->both));
	EXPECT_EQ(0, filters(&self->both));
	EXPECT_STREQ("", logged);
	EXPECT_GT(0, recv(listener, buf, sizeof(buf), MSG_DONTWAIT));

	/* the listener does hear of a change */
	EXPECT_EQ(0, bpf_tc_hook_destroy_unused(&self->both));
	EXPECT_LT(0, recv(listener, buf, sizeof(buf), MSG_DONTWAIT));
	close(listener);
}

/* Everything that is attached to it, to whatever class, runs on ingress. */
TEST_F(tc_netlink, an_ingress_qdisc_has_no_egress_side)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog), wrong = opts;

	ASSERT_EQ(0, run("tc qdisc add dev " HERE_DEV " ingress"));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->both));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->in));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->out));
	EXPECT_STREQ("", logged);

	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	EXPECT_FAILS(EINVAL, "no egress side", bpf_tc_attach(&self->out, &wrong));
	wrong = opts;
	EXPECT_FAILS(EINVAL, "no egress side", bpf_tc_query(&self->out, &wrong));
	EXPECT_FAILS(EINVAL, "no egress side", bpf_tc_detach(&self->out, &wrong));
	EXPECT_FAILS(EINVAL, "no egress side", bpf_tc_hook_destroy(&self->out));
	EXPECT_EQ(0, filters(&self->out));
	EXPECT_EQ(1, filters(&self->both));
	EXPECT_EQ(1, filters(&self->in));
	EXPECT_FAILS(EBUSY, "ingress qdisc", bpf_tc_hook_destroy_unused(&self->both));
	EXPECT_GT(0, bpf_tc_hook_destroy(&self->both));
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &opts));
	EXPECT_FAILS(EBUSY, "ingress qdisc", bpf_tc_hook_destroy_unused(&self->both));
	EXPECT_EQ(0, run("tc qdisc show dev " HERE_DEV " | grep -q 'qdisc ingress'"));
}

TEST_F(tc_netlink, a_device_that_is_not_there_is_an_error)
{
	struct bpf_tc_hook nowhere = tc_hook(NO_IFINDEX, BOTH);
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog, .handle = 1, .priority = 1);

	EXPECT_FAILS(ENODEV, "No such device", filters(&nowhere));
	EXPECT_FAILS(ENODEV, "No such device", bpf_tc_hook_destroy_unused(&nowhere));
	EXPECT_FAILS(ENODEV, "", bpf_tc_hook_create(&nowhere));
	nowhere.attach_point = BPF_TC_EGRESS;
	EXPECT_FAILS(ENODEV, "No such device", filters(&nowhere));
	EXPECT_FAILS(ENODEV, "", bpf_tc_attach(&nowhere, &opts));
}

TEST_F(tc_netlink, destroying_a_side_removes_all_filters_of_its_chain_0)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	ASSERT_EQ(0, bpf_obj_pin(self->prog, "/sys/fs/bpf/chain_4"));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV " ingress chain 4 protocol all"
			 " bpf da object-pinned /sys/fs/bpf/chain_4"));
	EXPECT_EQ(2, filters(&self->in));
	EXPECT_EQ(0, bpf_tc_hook_destroy(&self->in));
	EXPECT_EQ(1, filters(&self->in));
	EXPECT_EQ(0, run("tc filter show dev " HERE_DEV " ingress | grep -q 'chain 4'"));
	EXPECT_EQ(1, filters(&self->out));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->both));

	EXPECT_EQ(0, bpf_tc_hook_destroy(&self->both));
	EXPECT_EQ(0, filters(&self->both));
	EXPECT_EQ(0, bpf_tc_hook_create(&self->both));
}

TEST_F(tc_netlink, a_custom_parent_is_where_it_says)
{
	struct bpf_tc_hook custom = self->in;
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	custom.attach_point = BPF_TC_CUSTOM;
	custom.parent = BPF_TC_PARENT(0xffffU, 0xfff3);
	ASSERT_EQ(0, bpf_tc_attach(&custom, &opts));
	EXPECT_EQ(1, filters(&self->out));
	EXPECT_EQ(1, filters(&custom));
	EXPECT_EQ(0, bpf_tc_detach(&custom, &opts));
	EXPECT_EQ(0, filters(&self->out));
	EXPECT_EQ(-EOPNOTSUPP, bpf_tc_hook_create(&custom));
	EXPECT_EQ(-EOPNOTSUPP, bpf_tc_hook_destroy(&custom));
}

TEST_F(tc_netlink, bad_arguments_are_refused_in_words)
{
	struct bpf_tc_hook hook = self->in;
	struct bpf_tc_filter nothing = { .sz = sizeof(nothing) };
	struct bpf_tc_opts opts = OPTS();
	struct {
		struct bpf_tc_opts opts;
		__u64 later;
	} larger;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	EXPECT_FAILS(EINVAL, "prog_fd", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .prog_id = self->prog_id,
		    .handle = 1, .priority = 1);
	EXPECT_FAILS(EINVAL, "BPF_TC_F_REPLACE", bpf_tc_attach(&self->in, &opts));
	opts.flags = BPF_TC_F_REPLACE;
	opts.handle = 0;
	EXPECT_FAILS(EINVAL, "handle and priority", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .priority = 65536);
	EXPECT_FAILS(EINVAL, "priority", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .flags = 2);
	EXPECT_FAILS(EINVAL, "flags", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = bpf_program__fd(self->skel->progs.no_tc_program));
	EXPECT_FAILS(EINVAL, "", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = BAD_FD);
	EXPECT_FAILS(EBADFD, "prog_fd is not the fd of a program", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = bpf_map__fd(self->skel->maps.seen));
	EXPECT_FAILS(EINVAL, "", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog);
	EXPECT_FAILS(EINVAL, "one side", bpf_tc_attach(&self->both, &opts));
	memset(&larger, 0, sizeof(larger));
	larger.opts.sz = sizeof(larger);
	larger.opts.prog_fd = self->prog;
	larger.later = 1;
	EXPECT_FAILS(EINVAL, "non-zero extra bytes", bpf_tc_attach(&self->in, &larger.opts));
	larger.later = 0;
	EXPECT_EQ(0, bpf_tc_attach(&self->in, &larger.opts));

	hook.parent = 1;
	EXPECT_FAILS(EINVAL, "parent", bpf_tc_attach(&hook, &opts));
	hook.attach_point = BPF_TC_CUSTOM;
	hook.parent = 0;
	EXPECT_FAILS(EINVAL, "parent", bpf_tc_attach(&hook, &opts));
	hook.attach_point = 8;
	EXPECT_FAILS(EINVAL, "attach_point", bpf_tc_attach(&hook, &opts));
	EXPECT_FAILS(EINVAL, "attach_point", bpf_tc_hook_create(&hook));
	hook = self->in;
	hook.ifindex = 0;
	EXPECT_FAILS(EINVAL, "ifindex", bpf_tc_hook_create(&hook));
	EXPECT_FAILS(EINVAL, "hook", bpf_tc_hook_create(NULL));
	EXPECT_FAILS(EINVAL, "opts", bpf_tc_attach(&self->in, NULL));
	opts = OPTS(.handle = 1);
	EXPECT_FAILS(EINVAL, "handle and priority", bpf_tc_detach(&self->in, &opts));
	EXPECT_FAILS(EINVAL, "handle and priority", bpf_tc_query(&self->in, &opts));
	EXPECT_FAILS(EINVAL, "bpf_tc_for_each", bpf_tc_remove(NULL));
	EXPECT_FAILS(EINVAL, "bpf_tc_for_each", bpf_tc_remove(&nothing));
	EXPECT_EQ(1, filters(&self->both));
}

/* ---- what upstream's functions do wrong ---- */

TEST_F(tc_netlink, detach_and_query_take_what_attach_filled_in)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog, .flags = BPF_TC_F_REPLACE);

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	EXPECT_EQ(0, bpf_tc_query(&self->in, &opts));
	EXPECT_EQ(self->prog_id, opts.prog_id);
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &opts));
	EXPECT_EQ(0, filters(&self->in));
}

TEST_F(tc_netlink, detach_with_prog_id_removes_only_that_program)
{
	struct bpf_tc_opts mine = OPTS(.prog_fd = self->prog), theirs;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &mine));

	/* somebody replaces it */
	theirs = OPTS(.prog_fd = self->other, .flags = BPF_TC_F_REPLACE, .handle = mine.handle,
		      .priority = mine.priority);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &theirs));
	EXPECT_EQ(-EEXIST, bpf_tc_detach(&self->in, &mine));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(1, filters(&self->in));

	/* and removes it: the filter is gone and with it its chain, then the qdisc, too */
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &theirs));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &mine));
	ASSERT_EQ(0, bpf_tc_hook_destroy(&self->both));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &mine));
	EXPECT_STREQ("", logged);
	EXPECT_TRUE(GONE(bpf_tc_query(&self->in, &mine)));

	/* a filter of another kind in its place */
	ASSERT_EQ(0, run("tc qdisc add dev " HERE_DEV " clsact"));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio %u protocol all handle %u matchall classid 1:1",
			 mine.priority, mine.handle));
	EXPECT_EQ(-EEXIST, bpf_tc_detach(&self->in, &mine));
	EXPECT_EQ(0, run("tc filter show dev " HERE_DEV " ingress | grep -q matchall"));
}

TEST_F(tc_netlink, replace_with_prog_id_replaces_only_that_program)
{
	struct bpf_tc_opts mine = OPTS(.prog_fd = self->prog), now;
	int third = load_verdict(TC_ACT_UNSPEC);

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &mine));

	/* what attach filled in names the expected program */
	mine.flags = BPF_TC_F_REPLACE;
	mine.prog_fd = self->other;
	EXPECT_EQ(0, bpf_tc_attach(&self->in, &mine));
	EXPECT_EQ(self->other_id, mine.prog_id);
	EXPECT_EQ(1, filters(&self->in));

	/* somebody else's program is there */
	now = OPTS(.prog_fd = third, .flags = BPF_TC_F_REPLACE, .handle = mine.handle,
		   .priority = mine.priority);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &now));
	mine.prog_fd = self->prog;
	EXPECT_EQ(-EEXIST, bpf_tc_attach(&self->in, &mine));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(self->other_id, mine.prog_id);
	EXPECT_EQ(0, bpf_tc_query(&self->in, &now));
	EXPECT_EQ(prog_id(third), now.prog_id);

	/* the filter is gone: there is nothing to replace, so nothing is attached */
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &now));
	EXPECT_EQ(-ENOENT, bpf_tc_attach(&self->in, &mine));
	EXPECT_EQ(0, filters(&self->in));
	EXPECT_STREQ("", logged);
}

TEST_F(tc_netlink, clsact_is_removed_only_when_unused)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	EXPECT_EQ(-ENOENT, bpf_tc_hook_destroy_unused(&self->both));
	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_hook_destroy_unused(&self->in));
	EXPECT_EQ(ENOTEMPTY, errno);
	EXPECT_EQ(0, bpf_tc_detach(&self->out, &opts));

	/* a filter of somebody else, of another kind, in another chain */
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress chain 5 protocol all matchall classid 1:1"));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_hook_destroy_unused(&self->out));
	ASSERT_EQ(0, run("tc filter del dev " HERE_DEV " ingress chain 5"));
	EXPECT_EQ(0, bpf_tc_hook_destroy_unused(&self->in));
	EXPECT_EQ(-ENOENT, bpf_tc_hook_destroy_unused(&self->in));
	EXPECT_EQ(0, run("! tc qdisc show dev " HERE_DEV " | grep -q clsact"));
	EXPECT_STREQ("", logged);
}

/* ---- listing and finding ---- */

struct seen {
	struct bpf_tc_filter list[8];
	int cnt;
	int stop_at;
};

static int seen_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	struct seen *seen = ctx;

	if (seen->cnt < 8)
		seen->list[seen->cnt] = *filter;
	return ++seen->cnt == seen->stop_at ? 77 : 0;
}

TEST_F(tc_netlink, filters_are_listed_as_they_are)
{
	struct bpf_prog_info info;
	struct seen seen = {};
	struct bpf_tc_opts opts;
	char name[64];

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	opts = OPTS(.prog_fd = self->prog, .priority = 10, .handle = 3);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->other, .priority = 5);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->other, .priority = 7);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	/* filters of others: of another kind, and by tc without direct action */
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio 6 protocol all matchall classid 1:1"));
	ASSERT_EQ(0, bpf_obj_pin(self->prog, "/sys/fs/bpf/listed"));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio 20 chain 4 protocol ip"
			 " bpf object-pinned /sys/fs/bpf/listed"));

	ASSERT_EQ(0, bpf_tc_for_each(&self->both, seen_fn, &seen));
	ASSERT_EQ(4, seen.cnt);

	EXPECT_EQ(sizeof(seen.list[0]), seen.list[0].sz);
	EXPECT_EQ(self->net.ifindex, seen.list[0].ifindex);
	EXPECT_EQ(BPF_TC_INGRESS, seen.list[0].attach_point);
	EXPECT_EQ(PARENT_INGRESS, seen.list[0].parent);
	EXPECT_EQ(5, seen.list[0].priority);
	EXPECT_EQ(1, seen.list[0].handle);
	EXPECT_EQ(0, seen.list[0].chain);
	EXPECT_EQ(ETH_P_ALL, seen.list[0].protocol);
	EXPECT_EQ(self->other_id, seen.list[0].prog_id);
	EXPECT_TRUE(seen.list[0].direct_action);
	snprintf(name, sizeof(name), "tc_ingress:[%u]", self->other_id);
	EXPECT_STREQ(name, seen.list[0].name);
	ASSERT_EQ(0, obj_info(self->other, &info, sizeof(info)));
	EXPECT_EQ(0, memcmp(info.tag, seen.list[0].tag, sizeof(info.tag)));

	EXPECT_EQ(10, seen.list[1].priority);
	EXPECT_EQ(3, seen.list[1].handle);
	EXPECT_EQ(self->prog_id, seen.list[1].prog_id);

	EXPECT_EQ(20, seen.list[2].priority);
	EXPECT_EQ(4, seen.list[2].chain);
	EXPECT_EQ(ETH_P_IP, seen.list[2].protocol);
	EXPECT_EQ(self->prog_id, seen.list[2].prog_id);
	EXPECT_FALSE(seen.list[2].direct_action);

	EXPECT_EQ(BPF_TC_EGRESS, seen.list[3].attach_point);
	EXPECT_EQ(PARENT_EGRESS, seen.list[3].parent);
	EXPECT_EQ(7, seen.list[3].priority);

	/* until the function says stop */
	seen.cnt = 0;
	seen.stop_at = 2;
	EXPECT_EQ(77, bpf_tc_for_each(&self->both, seen_fn, &seen));
	EXPECT_EQ(2, seen.cnt);
}

TEST_F(tc_netlink, names_of_which_the_kernel_keeps_15_characters_are_told_apart)
{
	int mine = bpf_program__fd(self->skel->progs.my_agent_ingress_v1);
	int theirs = bpf_program__fd(self->skel->progs.my_agent_ingress_of_somebody_else);
	struct bpf_tc_opts opts = OPTS(.prog_fd = theirs);
	struct bpf_prog_info info;
	struct bpf_tc_filter found;
	struct find by_tag = { .tag = info.tag };

	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = mine);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, find_filter(&self->in, prog_id(mine), &found));
	EXPECT_EQ(0, strncmp(found.name, "my_agent_ingres:", 16));

	EXPECT_EQ(1, remove_filters(&self->in, prog_id(mine)));
	EXPECT_EQ(0, find_filter(&self->in, prog_id(theirs), &found));
	EXPECT_EQ(1, filters(&self->in));

	/* by tag, as the next version of an agent does, which does not know the id */
	opts = OPTS(.prog_fd = mine);
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	ASSERT_EQ(0, obj_info(mine, &info, sizeof(info)));
	EXPECT_EQ(0, bpf_tc_for_each(&self->in, find_fn, &by_tag));
	EXPECT_EQ(1, by_tag.removed);
	EXPECT_EQ(0, find_filter(&self->in, prog_id(theirs), &found));
	EXPECT_EQ(1, filters(&self->in));
}

TEST_F(tc_netlink, filters_are_found_and_removed_by_program)
{
	struct bpf_tc_filter found;
	struct bpf_tc_opts opts;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	for (int prio = 1; prio <= 4; prio++) {
		opts = OPTS(.prog_fd = prio % 2 ? self->prog : self->other, .priority = prio);
		ASSERT_EQ(0, bpf_tc_attach(prio < 4 ? &self->in : &self->out, &opts));
	}

	ASSERT_EQ(0, find_filter(&self->both, self->prog_id, &found));
	EXPECT_EQ(1, found.priority);
	EXPECT_EQ(-ENOENT, find_filter(&self->out, self->prog_id, &found));
	EXPECT_EQ(0, bpf_tc_remove(&found));
	EXPECT_EQ(-ENOENT, bpf_tc_remove(&found));
	ASSERT_EQ(0, find_filter(&self->both, self->prog_id, &found));
	EXPECT_EQ(3, found.priority);

	/* on both sides, while they are listed, and no others */
	EXPECT_EQ(2, remove_filters(&self->both, self->other_id));
	EXPECT_EQ(0, remove_filters(&self->both, self->other_id));
	EXPECT_EQ(1, filters(&self->both));
	EXPECT_EQ(1, remove_filters(&self->both, self->prog_id));
	EXPECT_EQ(0, filters(&self->both));
	EXPECT_STREQ("", logged);
}

TEST_F(tc_netlink, a_filter_of_another_chain_and_protocol_is_removed)
{
	struct bpf_tc_filter found;
	struct bpf_tc_opts opts;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	ASSERT_EQ(0, bpf_obj_pin(self->prog, "/sys/fs/bpf/chain"));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " egress prio 9 chain 4 protocol ip"
			 " bpf da object-pinned /sys/fs/bpf/chain"));
	/* the same priority and handle in chain 0 is another filter */
	opts = OPTS(.prog_fd = self->prog, .priority = 9, .handle = 1);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	opts = OPTS(.prog_fd = self->other, .priority = 9, .handle = 1, .flags = BPF_TC_F_REPLACE);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	ASSERT_EQ(0, find_filter(&self->out, self->prog_id, &found));
	EXPECT_EQ(4, found.chain);
	EXPECT_EQ(0, bpf_tc_remove(&found));
	EXPECT_EQ(1, filters(&self->out));
	EXPECT_EQ(0, bpf_tc_detach(&self->out, &opts));
}

TEST_F(tc_netlink, the_kernel_s_words_are_in_the_line_of_the_call)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	/* no qdisc */
	EXPECT_FAILS(EINVAL, "can't attach the program, ingress of ifindex",
		     bpf_tc_attach(&self->in, &opts));
	EXPECT_NE(NULL, strstr(logged, "Qdisc"));

	/* another kind of filter at that place */
	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio 3 protocol all handle 1 matchall classid 1:1"));
	opts = OPTS(.prog_fd = self->prog, .priority = 3, .handle = 1);
	EXPECT_FAILS(EINVAL, "Specified filter kind does not match existing one",
		     bpf_tc_attach(&self->in, &opts));
	EXPECT_FAILS(EINVAL, "Specified filter kind does not match existing one",
		     bpf_tc_detach(&self->in, &opts));
	EXPECT_FAILS(EINVAL, "Specified filter kind does not match existing one",
		     bpf_tc_query(&self->in, &opts));
}

TEST_HARNESS_MAIN
