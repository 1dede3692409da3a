// SPDX-License-Identifier: GPL-2.0
/*
 * A program may read through a pointer of the kernel that is bad. The kernel catches the
 * fault, with a table that belongs to the program. It must do so for as long as a packet
 * runs the program: also after the program has left its hook, and nobody holds it. A kernel
 * that forgets the table too early crashes.
 */
#include "../kselftest_harness.h"
#include "static_key.h"
#include "tc_link_test.h"
#include "progs/faults.h"
#include "faults.skel.h"

#include <sys/mman.h>

#define ROUNDS	5
#define ENOUGH	50	/* rounds, until one has ended a program early enough */

FIXTURE(faults) {
	struct net net;
	int client;
	struct bpf_sock_tuple connection;
	pid_t traffic;
	int other;			/* program to put in the place */
};

FIXTURE_ON_BOTH_SIDES(faults);

/* Makes a TCP connection whose client has stopped its timer. Returns its fd, or -1. */
static int stopped_timer(struct bpf_sock_tuple *connection)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	}, from;
	socklen_t len = sizeof(to);
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1, off = 0;

	if (run("ip link set lo up") || bind(server, (void *)&to, len) || listen(server, 1) ||
	    getsockname(server, (void *)&to, &len) || connect(client, (void *)&to, len) ||
	    getsockname(client, (void *)&from, &len) ||
	    setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) ||
	    setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof(off)))
		return -1;
	connection->ipv4.saddr = to.sin_addr.s_addr;
	connection->ipv4.sport = to.sin_port;
	connection->ipv4.daddr = from.sin_addr.s_addr;
	connection->ipv4.dport = from.sin_port;
	return client;
}

FIXTURE_SETUP(faults)
{
	int keys[2];
	bool pinned;

	ASSERT_EQ(0, net_setup(&self->net));
	self->client = stopped_timer(&self->connection);
	ASSERT_LE(0, self->client);
	self->other = load_verdict(TC_ACT_UNSPEC);
	ASSERT_LE(0, self->other);
	ASSERT_EQ(0, static_keys_hold(self->other, keys));
	self->traffic = child();
	ASSERT_LE(0, self->traffic);
	pinned = !run_on(!self->traffic);
	while (!self->traffic) {
		if (!pinned)
			_exit(1);
		send_udp(variant->type == INGRESS ? self->net.there : self->net.here,
			 variant->type == INGRESS ? HERE_ADDR : THERE_ADDR, PROBE_PORT, "", 1);
	}
}

FIXTURE_TEARDOWN(faults)
{
}

/* The memory of a program that nobody but its hook, or @link, holds */
static const volatile struct faults_bpf__bss *reader(FIXTURE_DATA(faults) *self, int type,
						     int *link)
{
	struct faults_bpf *skel = faults_bpf__open_and_load();
	const volatile struct faults_bpf__bss *bss;
	int prog;

	if (!skel)
		return NULL;
	prog = bpf_program__fd(skel->progs.reads);
	skel->bss->connection = self->connection;
	bss = mmap(NULL, sizeof(*bss), PROT_READ, MAP_SHARED, bpf_map__fd(skel->maps.bss), 0);
	if (link)
		*link = link_create(prog, self->net.ifindex, type, LAST);
	if (bss == MAP_FAILED ||
	    (link ? *link : prog_attach(prog, self->net.ifindex, type, LAST)) < 0)
		bss = NULL;
	faults_bpf__destroy(skel);
	return bss;
}

/* Why the test would show nothing, or NULL */
static const char *no_proof(int prog)
{
	struct bpf_prog_info info;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return "with one CPU, nothing happens while a packet runs the program";
	if (obj_info(prog, &info, sizeof(info)) || !info.jited_prog_len)
		return "only a program that is compiled needs the table";
	return NULL;
}

/* Does a packet run the program? */
static bool runs(const volatile struct faults_bpf__bss *bss)
{
	__u64 begun = bss->seen.begun;

	return bss->seen.ended < begun;
}

/*
 * Ends the program by END while a packet runs it, and waits until it has returned. END may
 * use "link".
 */
#define END_WHILE_IT_RUNS(link, END) do {						\
	const char *no_proof_ = no_proof(self->other);					\
	const volatile struct faults_bpf__bss *bss_;					\
	int round_, outlasted_ = 0;							\
	double until_;									\
											\
	if (no_proof_)									\
		SKIP(return, "%s", no_proof_);						\
	for (round_ = 0; round_ < ROUNDS || (!outlasted_ && round_ < ENOUGH); round_++) {\
		bss_ = reader(self, variant->type, link);				\
		ASSERT_NE(NULL, (void *)bss_);						\
		ASSERT_TRUE(EVENTUALLY(bss_->seen.begun));				\
		for (until_ = now() + 10; !runs(bss_) && now() < until_;)		\
			;								\
		EXPECT_EQ(0, END);							\
		outlasted_ += runs(bss_);						\
		EXPECT_TRUE(WITHIN(60, !runs(bss_)));						\
		EXPECT_NE(0, bss_->seen.poison);					\
		EXPECT_EQ(0, bss_->seen.not_0);						\
		munmap((void *)bss_, sizeof(*bss_));					\
	}										\
	/* mainline waits for it */							\
	EXPECT_LT(0, outlasted_ + mainline_tcx());					\
} while (0)

TEST_F_TIMEOUT(faults, close, 1200)
{
	int link;

	END_WHILE_IT_RUNS(&link, close(link));
}

/* Puts the other program in its place. Returns 0 or -errno. */
static int replace(FIXTURE_DATA(faults) *self, int type)
{
	struct hook hook;
	int old, ret;

	ret = hook_query(self->net.ifindex, type, &hook);
	if (ret)
		return ret;
	old = prog_open(hook.prog_ids[0]);
	ret = prog_attach(self->other, self->net.ifindex, type,
			  AT(BPF_F_REPLACE, .replace_fd = old));
	close(old);
	return ret ?: prog_detach(self->other, self->net.ifindex, type, LAST);
}

/* Mainline puts the old program at once, and would crash (read in its source, not tried) */
TEST_F_TIMEOUT(faults, replace, 1200)
{
	SKIP_ON_MAINLINE("it forgets the exception table of a program that is replaced");
	END_WHILE_IT_RUNS(NULL, replace(self, variant->type));
}

TEST_F_TIMEOUT(faults, update, 1200)
{
	int link = -1;

	SKIP_ON_MAINLINE("it forgets the exception table of a program that is replaced");
	END_WHILE_IT_RUNS(&link, link_update(link, self->other, 0, 0) ?: close(link));
}

TEST_F_TIMEOUT(faults, detach, 1200)
{
	END_WHILE_IT_RUNS(NULL, prog_detach(0, self->net.ifindex, variant->type, LAST));
}

TEST_HARNESS_MAIN
