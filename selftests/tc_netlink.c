// SPDX-License-Identifier: GPL-2.0
/* libbpf's netlink tc API: the clsact qdisc and its filters. */
#include "../kselftest_harness.h"
#include <stddef.h>
#include <sys/resource.h>
#include <linux/if_ether.h>
#include "libbpf_log.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

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
	self->in = (struct bpf_tc_hook) {
		.sz = offsetof(struct bpf_tc_hook, parent) + sizeof(__u32),
		.ifindex = self->net.ifindex,
		.attach_point = BPF_TC_INGRESS,
	};
	self->out = self->in;
	self->out.attach_point = BPF_TC_EGRESS;
	self->both = self->in;
	self->both.attach_point = BOTH;
	libbpf_set_print(keep_log);
	logged[0] = 0;
}

FIXTURE_TEARDOWN(tc_netlink)
{
	tc_netlink_bpf__destroy(self->skel);
}

/* up to its last field: the padding behind it, which must be 0, is not copied */
#define OPTS(...) (struct bpf_tc_opts){						\
	.sz = offsetof(struct bpf_tc_opts, priority) + sizeof(__u32), ##__VA_ARGS__ }

/* The call fails with this error, errno says so too, and a line says this */
#define EXPECT_FAILS(error, words, call) do {				\
	logged[0] = 0;							\
	errno = 0;							\
	EXPECT_EQ(-(error), call);					\
	EXPECT_EQ(error, errno);					\
	EXPECT_NE(NULL, strstr(logged, words)) {			\
		TH_LOG("logged: %s", logged);				\
	}								\
} while (0)

static int count_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	(*(int *)ctx)++;
	return 0;
}

static int filters(const struct bpf_tc_hook *hook)
{
	int n = 0, err;

	err = bpf_tc_nl__for_each_filter(NULL, hook, count_fn, &n);
	return err ?: n;
}

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

	/* as libbpf's own callers had to: only handle and priority */
	query.prog_id = 0;
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &query));
	EXPECT_EQ(1, send_probe(&self->net, INGRESS));
	EXPECT_EQ(1, self->skel->bss->packets);
	EXPECT_EQ(-ENOENT, bpf_tc_query(&self->in, &query));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &query));
	EXPECT_STREQ("", logged);
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

TEST_F(tc_netlink, an_existing_clsact_is_no_reason_to_log)
{
	ASSERT_EQ(0, bpf_tc_hook_create(&self->in));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->in));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->out));
	EXPECT_EQ(-EEXIST, bpf_tc_hook_create(&self->both));
	EXPECT_STREQ("", logged);
}

TEST_F(tc_netlink, an_ingress_qdisc_is_no_clsact)
{
	ASSERT_EQ(0, run("tc qdisc add dev " HERE_DEV " ingress"));
	/* it has an egress in name only: what is attached there runs on ingress */
	EXPECT_FAILS(EBUSY, "qdisc of kind ingress", bpf_tc_hook_create(&self->both));
	EXPECT_FAILS(EBUSY, "qdisc of kind ingress", bpf_tc_hook_create(&self->out));
	EXPECT_FAILS(EEXIST, "qdisc of kind ingress", bpf_tc_hook_create(&self->in));
	EXPECT_FAILS(EBUSY, "qdisc of kind ingress",
		     bpf_tc_nl__hook_destroy_unused(NULL, &self->both));
	EXPECT_GT(0, bpf_tc_hook_destroy(&self->both));
	EXPECT_EQ(0, run("tc qdisc show dev " HERE_DEV " | grep -q 'qdisc ingress'"));
}

TEST_F(tc_netlink, destroying_a_side_removes_all_its_filters)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	ASSERT_EQ(0, bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog);
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	EXPECT_EQ(0, bpf_tc_hook_destroy(&self->in));
	EXPECT_EQ(0, filters(&self->in));
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
	custom.parent = BPF_TC_PARENT(0xffff, 0xfff3);
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
	struct bpf_tc_opts opts = OPTS();
	struct {
		struct bpf_tc_opts opts;
		__u64 later;
	} larger;

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	EXPECT_FAILS(EINVAL, "prog_fd is 0", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .prog_id = self->prog_id);
	EXPECT_FAILS(EINVAL, "BPF_TC_F_REPLACE", bpf_tc_attach(&self->in, &opts));
	opts.flags = BPF_TC_F_REPLACE;
	EXPECT_FAILS(EINVAL, "handle and priority", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .priority = 65536);
	EXPECT_FAILS(EINVAL, "priority", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = self->prog, .flags = 2);
	EXPECT_FAILS(EINVAL, "flags", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = bpf_program__fd(self->skel->progs.no_tc_program));
	EXPECT_FAILS(EINVAL, "no tc program", bpf_tc_attach(&self->in, &opts));
	opts = OPTS(.prog_fd = bpf_map__fd(self->skel->maps.seen));
	EXPECT_FAILS(EINVAL, "tc program", bpf_tc_attach(&self->in, &opts));
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
	EXPECT_FAILS(EINVAL, "neither", bpf_tc_nl__remove_filters(NULL, &self->in, 0, NULL));
	EXPECT_FAILS(EINVAL, "neither", bpf_tc_nl__remove_filters(NULL, &self->in, 0, ""));
	EXPECT_EQ(1, filters(&self->both));
}

/* ---- what is put right ---- */

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

	/* and goes; then the filter is gone, and with it the chain, and then the qdisc */
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &theirs));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &mine));
	EXPECT_EQ(-ENOENT, bpf_tc_query(&self->in, &mine));
	ASSERT_EQ(0, bpf_tc_hook_destroy(&self->both));
	EXPECT_EQ(-ENOENT, bpf_tc_detach(&self->in, &mine));
	EXPECT_EQ(-ENOENT, bpf_tc_query(&self->in, &mine));
	EXPECT_STREQ("", logged);

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

	/* nothing is there: nothing is to be replaced, so nothing attached */
	EXPECT_EQ(0, bpf_tc_detach(&self->in, &now));
	EXPECT_EQ(-ENOENT, bpf_tc_attach(&self->in, &mine));
	EXPECT_EQ(0, filters(&self->in));
	EXPECT_STREQ("", logged);
}

TEST_F(tc_netlink, clsact_is_removed_only_when_unused)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);

	EXPECT_EQ(-ENOENT, bpf_tc_nl__hook_destroy_unused(NULL, &self->both));
	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	ASSERT_EQ(0, bpf_tc_attach(&self->out, &opts));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_nl__hook_destroy_unused(NULL, &self->in));
	EXPECT_EQ(ENOTEMPTY, errno);
	EXPECT_EQ(0, bpf_tc_detach(&self->out, &opts));

	/* another's, of another kind, in another chain */
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress chain 5 protocol all matchall classid 1:1"));
	EXPECT_EQ(-ENOTEMPTY, bpf_tc_nl__hook_destroy_unused(NULL, &self->out));
	ASSERT_EQ(0, run("tc filter del dev " HERE_DEV " ingress chain 5"));
	EXPECT_EQ(0, bpf_tc_nl__hook_destroy_unused(NULL, &self->in));
	EXPECT_EQ(-ENOENT, bpf_tc_nl__hook_destroy_unused(NULL, &self->in));
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
	/* others': of another kind, and by tc without direct action */
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio 6 protocol all matchall classid 1:1"));
	ASSERT_EQ(0, bpf_obj_pin(self->prog, "/sys/fs/bpf/listed"));
	ASSERT_EQ(0, run("tc filter add dev " HERE_DEV
			 " ingress prio 20 chain 4 protocol ip"
			 " bpf object-pinned /sys/fs/bpf/listed"));

	ASSERT_EQ(0, bpf_tc_nl__for_each_filter(NULL, &self->both, seen_fn, &seen));
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
	EXPECT_EQ(77, bpf_tc_nl__for_each_filter(NULL, &self->both, seen_fn, &seen));
	EXPECT_EQ(2, seen.cnt);
}

TEST_F(tc_netlink, a_long_list_is_whole)
{
	struct bpf_tc_opts opts;
	struct bpf_tc_nl *nl;

	nl = bpf_tc_nl__open(-1, NULL);
	ASSERT_EQ(0, libbpf_get_error(nl));
	ASSERT_EQ(0, bpf_tc_nl__hook_create(nl, &self->in));
	for (int i = 0; i < 2000; i++) {
		opts = OPTS(.prog_fd = self->prog, .priority = 1 + i / 100, .handle = 1 + i % 100);
		ASSERT_EQ(0, bpf_tc_nl__attach(nl, &self->in, &opts));
	}
	EXPECT_EQ(2000, filters(&self->in));
	EXPECT_EQ(2000, bpf_tc_nl__remove_filters(nl, &self->in, self->prog_id, NULL));
	EXPECT_EQ(0, filters(&self->in));
	bpf_tc_nl__close(nl);
}

TEST_F(tc_netlink, filters_are_found_and_removed_by_program_or_name)
{
	struct bpf_tc_filter found = { .sz = sizeof(found) };
	struct bpf_tc_opts opts;
	char name[64];

	ASSERT_EQ(0, bpf_tc_hook_create(&self->both));
	for (int prio = 1; prio <= 4; prio++) {
		opts = OPTS(.prog_fd = prio % 2 ? self->prog : self->other, .priority = prio);
		ASSERT_EQ(0, bpf_tc_attach(prio < 4 ? &self->in : &self->out, &opts));
	}

	ASSERT_EQ(0, bpf_tc_nl__find_filter(NULL, &self->both, self->prog_id, NULL, &found));
	EXPECT_EQ(1, found.priority);
	ASSERT_EQ(0, bpf_tc_nl__find_filter(NULL, &self->both, 0, "tc_ingress", &found));
	EXPECT_EQ(2, found.priority);
	EXPECT_EQ(self->other_id, found.prog_id);
	snprintf(name, sizeof(name), "count_once:[%u]", self->prog_id);
	ASSERT_EQ(0, bpf_tc_nl__find_filter(NULL, &self->both, 0, name, &found));
	EXPECT_EQ(1, found.priority);
	EXPECT_EQ(-ENOENT, bpf_tc_nl__find_filter(NULL, &self->both, 0, "count", &found));
	EXPECT_EQ(-ENOENT, bpf_tc_nl__find_filter(NULL, &self->both, 0, "count_once:", &found));
	EXPECT_EQ(-ENOENT, bpf_tc_nl__find_filter(NULL, &self->both, self->other_id, "count_once",
						  &found));
	EXPECT_EQ(-ENOENT, bpf_tc_nl__find_filter(NULL, &self->out, self->prog_id, NULL, &found));
	EXPECT_EQ(1, found.priority);

	/* one of two with that name */
	EXPECT_EQ(0, bpf_tc_nl__remove_filter(NULL, &found));
	EXPECT_EQ(-ENOENT, bpf_tc_nl__remove_filter(NULL, &found));
	ASSERT_EQ(0, bpf_tc_nl__find_filter(NULL, &self->both, 0, "count_once", &found));
	EXPECT_EQ(3, found.priority);

	/* all of that name, on both sides, and no others */
	EXPECT_EQ(2, bpf_tc_nl__remove_filters(NULL, &self->both, 0, "tc_ingress"));
	EXPECT_EQ(0, bpf_tc_nl__remove_filters(NULL, &self->both, 0, "tc_ingress"));
	EXPECT_EQ(1, filters(&self->both));
	EXPECT_EQ(1, bpf_tc_nl__remove_filters(NULL, &self->both, self->prog_id, "count_once"));
	EXPECT_EQ(0, filters(&self->both));
	EXPECT_STREQ("", logged);
}

TEST_F(tc_netlink, a_filter_of_another_chain_and_protocol_is_removed)
{
	struct bpf_tc_filter found = { .sz = sizeof(found) };
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
	ASSERT_EQ(0, bpf_tc_nl__find_filter(NULL, &self->out, self->prog_id, NULL, &found));
	EXPECT_EQ(4, found.chain);
	EXPECT_EQ(0, bpf_tc_nl__remove_filter(NULL, &found));
	EXPECT_EQ(1, filters(&self->out));
	EXPECT_EQ(0, bpf_tc_detach(&self->out, &opts));
}

struct remove_ctx {
	struct bpf_tc_nl *nl;
	int removed;
};

static int remove_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	struct remove_ctx *remove = ctx;
	int err;

	err = bpf_tc_nl__remove_filter(remove->nl, filter);
	remove->removed += !err;
	return err;
}

TEST_F(tc_netlink, a_listed_filter_is_removed_during_the_listing)
{
	struct remove_ctx ctx = {};
	struct bpf_tc_opts opts;

	ctx.nl = bpf_tc_nl__open(-1, NULL);
	ASSERT_EQ(0, libbpf_get_error(ctx.nl));
	ASSERT_EQ(0, bpf_tc_nl__hook_create(ctx.nl, &self->both));
	for (int i = 0; i < 5; i++) {
		opts = OPTS(.prog_fd = self->prog);
		ASSERT_EQ(0, bpf_tc_nl__attach(ctx.nl, &self->in, &opts));
	}
	EXPECT_EQ(0, bpf_tc_nl__for_each_filter(ctx.nl, &self->both, remove_fn, &ctx));
	EXPECT_EQ(5, ctx.removed);
	EXPECT_EQ(0, filters(&self->both));
	bpf_tc_nl__close(ctx.nl);
}

/* ---- the socket ---- */

TEST_F(tc_netlink, the_kernel_s_words_reach_the_caller)
{
	char words[256] = "not touched yet", few[8];
	LIBBPF_OPTS(bpf_tc_nl_opts, nl_opts, .err_buf = words, .err_buf_sz = sizeof(words));
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);
	struct bpf_tc_nl *nl;

	nl = bpf_tc_nl__open(-1, &nl_opts);
	ASSERT_EQ(0, libbpf_get_error(nl));
	/* there is no qdisc: the kernel's sentence, in the buffer and in the log */
	EXPECT_EQ(-EINVAL, bpf_tc_nl__attach(nl, &self->in, &opts));
	EXPECT_NE(NULL, strstr(words, "Qdisc"));
	EXPECT_NE(NULL, strstr(logged, words));
	EXPECT_EQ(0, bpf_tc_nl__hook_create(nl, &self->in));
	EXPECT_STREQ("", words);
	/* what is not logged is there, too */
	logged[0] = 0;
	EXPECT_EQ(-EEXIST, bpf_tc_nl__hook_create(nl, &self->in));
	EXPECT_STREQ("there is one already", words);
	EXPECT_STREQ("", logged);
	/* so are libbpf's own words */
	opts.prog_fd = 0;
	EXPECT_EQ(-EINVAL, bpf_tc_nl__attach(nl, &self->in, &opts));
	EXPECT_NE(NULL, strstr(words, "prog_fd is 0"));
	bpf_tc_nl__close(nl);

	nl_opts.err_buf = few;
	nl_opts.err_buf_sz = sizeof(few);
	nl = bpf_tc_nl__open(-1, &nl_opts);
	ASSERT_EQ(0, libbpf_get_error(nl));
	EXPECT_EQ(-EINVAL, bpf_tc_nl__attach(nl, &self->in, &opts));
	EXPECT_STREQ("prog_fd", few);
	bpf_tc_nl__close(nl);

	nl_opts.err_buf = NULL;
	EXPECT_EQ(-EINVAL, libbpf_get_error(bpf_tc_nl__open(-1, &nl_opts)));
}

static __u64 netns_inode(void)
{
	struct stat st = {};

	stat("/proc/thread-self/ns/net", &st);
	return st.st_ino;
}

TEST_F(tc_netlink, a_socket_works_in_another_netns)
{
	struct bpf_tc_hook there = self->in;
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);
	__u64 home = netns_inode();
	struct bpf_tc_nl *nl;

	nl = bpf_tc_nl__open(self->net.there_ns, NULL);
	ASSERT_EQ(0, libbpf_get_error(nl));
	EXPECT_EQ(home, netns_inode());
	there.ifindex = self->net.peer_ifindex;
	ASSERT_EQ(0, bpf_tc_nl__hook_create(nl, &there));
	ASSERT_EQ(0, bpf_tc_nl__attach(nl, &there, &opts));
	EXPECT_EQ(0, filters(&self->both));
	EXPECT_EQ(0, run("! tc qdisc show dev " HERE_DEV " | grep -q clsact"));
	/* what comes in there went out here */
	EXPECT_EQ(1, send_probe(&self->net, EGRESS));
	EXPECT_EQ(1, self->skel->bss->packets);
	EXPECT_EQ(0, bpf_tc_nl__detach(nl, &there, &opts));
	EXPECT_EQ(0, bpf_tc_nl__hook_destroy_unused(nl, &there));
	bpf_tc_nl__close(nl);

	EXPECT_EQ(-EINVAL, libbpf_get_error(bpf_tc_nl__open(self->prog, NULL)));
	EXPECT_NE(NULL, strstr(logged, "other network namespace"));
	EXPECT_EQ(-EBADF, libbpf_get_error(bpf_tc_nl__open(1000, NULL)));
	EXPECT_EQ(home, netns_inode());
}

TEST_F(tc_netlink, one_socket_does_for_all_calls)
{
	struct bpf_tc_filter found = { .sz = sizeof(found) };
	struct bpf_tc_opts opts = OPTS(.prog_fd = self->prog);
	struct rlimit limit;
	struct bpf_tc_nl *nl;
	int n = 0;

	nl = bpf_tc_nl__open(-1, NULL);
	ASSERT_EQ(0, libbpf_get_error(nl));
	/* from here on no file can be opened */
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, bpf_tc_hook_create(&self->both));

	EXPECT_EQ(0, bpf_tc_nl__hook_create(nl, &self->both));
	EXPECT_EQ(0, bpf_tc_nl__attach(nl, &self->in, &opts));
	EXPECT_EQ(0, bpf_tc_nl__query(nl, &self->in, &opts));
	EXPECT_EQ(0, bpf_tc_nl__for_each_filter(nl, &self->both, count_fn, &n));
	EXPECT_EQ(1, n);
	EXPECT_EQ(0, bpf_tc_nl__detach(nl, &self->in, &opts));
	opts = OPTS(.prog_fd = self->prog);
	EXPECT_EQ(0, bpf_tc_nl__attach(nl, &self->in, &opts));
	EXPECT_EQ(0, bpf_tc_nl__find_filter(nl, &self->both, opts.prog_id, NULL, &found));
	EXPECT_EQ(0, bpf_tc_nl__remove_filter(nl, &found));
	EXPECT_EQ(0, bpf_tc_nl__remove_filters(nl, &self->both, opts.prog_id, NULL));
	EXPECT_EQ(0, bpf_tc_nl__hook_destroy_unused(nl, &self->both));
	EXPECT_EQ(0, bpf_tc_nl__hook_create(nl, &self->both));
	EXPECT_EQ(0, bpf_tc_nl__hook_destroy(nl, &self->both));
	bpf_tc_nl__close(nl);
}

TEST_HARNESS_MAIN
