// SPDX-License-Identifier: GPL-2.0
/*
 * A program may read through a pointer of the kernel that is bad. The kernel catches the
 * fault, with a table that belongs to the program. It must do so for as long as a packet
 * runs the program: also after the program has left its hook, and nobody holds it. A kernel
 * that forgets the table too early crashes.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "progs/faults.h"
#include "faults.skel.h"

#include <sys/mman.h>

#define ROUNDS	5

FIXTURE(faults) {
	struct net net;
	int client;
	struct bpf_sock_tuple connection;
	pid_t traffic;
	int other;			/* program to put in the place */
};

FIXTURE_VARIANT(faults) {
	int type;
};

FIXTURE_VARIANT_ADD(faults, ingress) {
	.type = INGRESS,
};

FIXTURE_VARIANT_ADD(faults, egress) {
	.type = EGRESS,
};

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
	cpu_set_t one;

	ASSERT_EQ(0, net_setup(&self->net));
	self->client = stopped_timer(&self->connection);
	ASSERT_LE(0, self->client);
	self->other = load_verdict(TC_ACT_UNSPEC);
	ASSERT_LE(0, self->other);
	self->traffic = child();
	ASSERT_LE(0, self->traffic);
	CPU_ZERO(&one);
	CPU_SET(!self->traffic, &one);
	/* with one CPU, the program is over before this process runs again */
	sched_setaffinity(0, sizeof(one), &one);
	while (!self->traffic)
		send_udp(variant->type == INGRESS ? self->net.there : self->net.here,
			 variant->type == INGRESS ? HERE_ADDR : THERE_ADDR, PROBE_PORT, "", 1);
}

FIXTURE_TEARDOWN(faults)
{
}

/* What a program has seen, once nobody but its hook holds it */
static volatile struct faults_seen *reader(FIXTURE_DATA(faults) *self, int type, int *link)
{
	struct faults_bpf *skel = faults_bpf__open_and_load();
	volatile struct faults_bpf__bss *bss;
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
	return bss ? &bss->seen : NULL;
}

/*
 * Ends the program while a packet runs it, by END, and waits until it has returned. @END may
 * use "link".
 */
#define END_WHILE_IT_RUNS(link, END) do {						\
	volatile struct faults_seen *seen_;						\
	int round_;									\
											\
	for (round_ = 0; round_ < ROUNDS; round_++) {					\
		seen_ = reader(self, variant->type, link);				\
		ASSERT_NE(NULL, (void *)seen_);						\
		ASSERT_TRUE(EVENTUALLY(seen_->begun));					\
		while (seen_->begun == seen_->ended)					\
			;								\
		EXPECT_EQ(0, END);							\
		EXPECT_TRUE(EVENTUALLY(seen_->begun == seen_->ended));			\
		EXPECT_NE(0, seen_->poison);						\
		EXPECT_EQ(0, seen_->not_0);						\
		munmap((void *)seen_, sizeof(*seen_));					\
	}										\
} while (0)

TEST_F(faults, close)
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

/* The old program is put at once, also by mainline, which crashes */
TEST_F(faults, replace)
{
	SKIP_ON_MAINLINE("it forgets the exception table of a program that is replaced");
	END_WHILE_IT_RUNS(NULL, replace(self, variant->type));
}

TEST_F(faults, update)
{
	int link = -1;

	SKIP_ON_MAINLINE("it forgets the exception table of a program that is replaced");
	END_WHILE_IT_RUNS(&link, link_update(link, self->other, 0, 0) ?: close(link));
}

TEST_F(faults, detach)
{
	END_WHILE_IT_RUNS(NULL, prog_detach(0, self->net.ifindex, variant->type, LAST));
}

TEST_HARNESS_MAIN
