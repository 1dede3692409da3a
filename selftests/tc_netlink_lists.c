// SPDX-License-Identifier: GPL-2.0
/*
 * Filters are listed while another process attaches and detaches one, as fast as it
 * can or now and then. Those that nobody touches are listed once each, or listing
 * fails with -EAGAIN. The kernel does not mark a dump that a change has shifted.
 */
#include "../kselftest_harness.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "tc_filters.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

#define MAX_FILTERS 2000
#define FIRST_PRIORITY 10	/* of those that nobody touches */
#define MIN_TOGGLES 10

FIXTURE(lists) {
	struct net net;
	struct tc_netlink_bpf *skel;
	struct bpf_tc_hook hook;
	pid_t toggling;
	volatile struct toggler {
		unsigned long toggles;
		unsigned int pause_us;
	} *toggler;
};

FIXTURE_VARIANT(lists) {
	int filters, rounds, pause_us;
};

FIXTURE_VARIANT_ADD(lists, of_10) {
	.filters = 10, .rounds = 300, .pause_us = 0,
};

FIXTURE_VARIANT_ADD(lists, of_200) {
	.filters = 200, .rounds = 100, .pause_us = 0,
};

FIXTURE_VARIANT_ADD(lists, of_2000) {
	.filters = 2000, .rounds = 5, .pause_us = 0,
};

FIXTURE_VARIANT_ADD(lists, of_10_with_pauses) {
	.filters = 10, .rounds = 300, .pause_us = 5000,
};

FIXTURE_VARIANT_ADD(lists, of_200_with_pauses) {
	.filters = 200, .rounds = 100, .pause_us = 50000,
};

FIXTURE_VARIANT_ADD(lists, of_2000_with_pauses) {
	.filters = 2000, .rounds = 20, .pause_us = 300000,
};

FIXTURE_SETUP(lists)
{
	struct bpf_tc_opts opts;

	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->hook = tc_hook(self->net.ifindex, BPF_TC_INGRESS);
	libbpf_set_print(NULL);
	ASSERT_EQ(0, bpf_tc_hook_create(&self->hook));
	for (int i = 0; i < variant->filters; i++) {
		opts = OPTS(.prog_fd = bpf_program__fd(self->skel->progs.count_once),
			    .priority = FIRST_PRIORITY + i / 50, .handle = 1 + i % 50);
		ASSERT_EQ(0, bpf_tc_attach(&self->hook, &opts));
	}

	self->toggler = mmap(NULL, sizeof(*self->toggler), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->toggler);
	self->toggler->pause_us = variant->pause_us;
	self->toggling = child();
	ASSERT_LE(0, self->toggling);
	if (!self->toggling) {
		for (;;) {
			/* before all others, so that it shifts them */
			opts = OPTS(.prog_fd = bpf_program__fd(self->skel->progs.tc_ingress),
				    .priority = FIRST_PRIORITY - 1, .handle = 1);
			if (bpf_tc_attach(&self->hook, &opts) || bpf_tc_detach(&self->hook, &opts))
				_exit(1);
			self->toggler->toggles++;
			if (self->toggler->pause_us)
				usleep(self->toggler->pause_us);
		}
	}
}

FIXTURE_TEARDOWN(lists)
{
	if (self->toggling > 0)
		kill(self->toggling, SIGKILL);
	tc_netlink_bpf__destroy(self->skel);
}

static int mark_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	int i = (filter->priority - FIRST_PRIORITY) * 50 + filter->handle - 1;

	if (filter->priority >= FIRST_PRIORITY && i < MAX_FILTERS)
		((char *)ctx)[i]++;
	return 0;
}

TEST_F_TIMEOUT(lists, name_each_filter_once_or_none, 1800)
{
	int right = 0, again = 0, wrong = 0, rounds, status;
	static char seen[MAX_FILTERS];

	/* on a fast machine, all rounds would fit into one pause */
	for (rounds = 0; rounds < variant->rounds || self->toggler->toggles < MIN_TOGGLES;
	     rounds++) {
		int err, missed = 0;

		/* the other process runs all the time */
		ASSERT_EQ(0, waitpid(self->toggling, &status, WNOHANG));

		memset(seen, 0, sizeof(seen));
		err = bpf_tc_for_each(&self->hook, mark_fn, seen);
		for (int i = 0; i < variant->filters; i++)
			missed += seen[i] != 1;
		if (err == -EAGAIN) {
			again++;
			/* on a slow machine, a list takes longer than the pause */
			self->toggler->pause_us *= 2;
		} else if (err || missed) {
			wrong++;
		} else {
			right++;
		}
	}
	TH_LOG("%d filters: %d lists right, %d times EAGAIN, %d wrong, %lu toggles",
	       variant->filters, right, again, wrong, self->toggler->toggles);
	EXPECT_EQ(0, wrong);
	/* without pauses, a long list may be interrupted each time */
	if (variant->pause_us || variant->filters < 1000)
		EXPECT_LT(rounds / 2, right);
}

TEST_HARNESS_MAIN
