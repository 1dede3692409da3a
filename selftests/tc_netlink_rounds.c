// SPDX-License-Identifier: GPL-2.0
/* What is left over after attaching and detaching 10,000 times: nothing. */
#include "../kselftest_harness.h"
#include <dirent.h>
#include <malloc.h>
#include "tc_filters.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

#define ROUNDS 10000

FIXTURE(rounds) {
	struct net net;
	struct tc_netlink_bpf *skel;
	struct bpf_tc_hook hook;
	struct bpf_tc_opts first;
	int prog;
};

FIXTURE_SETUP(rounds)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->prog = bpf_program__fd(self->skel->progs.count_once);
	self->hook = tc_hook(self->net.ifindex, BPF_TC_INGRESS);
	ASSERT_EQ(0, bpf_tc_hook_create(&self->hook));
	/* Stays the first, for older kernels wait for RCU callbacks
	 * whenever another filter becomes the first or none is left.
	 */
	self->first = OPTS(.prog_fd = bpf_program__fd(self->skel->progs.tc_ingress),
			   .priority = 1);
	ASSERT_EQ(0, bpf_tc_attach(&self->hook, &self->first));
}

FIXTURE_TEARDOWN(rounds)
{
	tc_netlink_bpf__destroy(self->skel);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static size_t allocated(void)
{
	return mallinfo2().uordblks;
}

static int one_round(const struct bpf_tc_hook *hook, int prog)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = prog, .priority = 10);
	struct bpf_tc_filter found;

	return bpf_tc_attach(hook, &opts) ?: find_filter(hook, opts.prog_id, &found) ?:
	       bpf_tc_detach(hook, &opts);
}

TEST_F_TIMEOUT(rounds, leave_no_filter_no_fd_no_memory, 1800)
{
	size_t memory;
	int files;

	/* what the first round allocates for good is not a leak */
	ASSERT_EQ(0, one_round(&self->hook, self->prog));
	files = open_files();
	memory = allocated();
	for (int i = 0; i < ROUNDS; i++)
		ASSERT_EQ(0, one_round(&self->hook, self->prog));
	EXPECT_EQ(files, open_files());
	EXPECT_EQ(memory, allocated());
	EXPECT_EQ(0, bpf_tc_detach(&self->hook, &self->first));
	EXPECT_EQ(0, bpf_tc_hook_destroy_unused(&self->hook));
}

TEST_HARNESS_MAIN
