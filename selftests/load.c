// SPDX-License-Identifier: GPL-2.0
/*
 * Many devices, full hooks, many processes, many packets: everything works as with few,
 * and the memory is freed.
 *
 * If TC_LINK_LOAD is set in the environment, the numbers of FULL are used instead of
 * those of BRIEF.
 */
#include "../kselftest_harness.h"
#include "rtnl.h"
#include "static_key.h"
#include "tc_link_test.h"
#include "load.skel.h"
#include "progs/load.h"

#include <linux/if_packet.h>
#include <sys/mman.h>

#define HOOK_ROOM	63	/* the programs that a hook has room for */
#define SENDERS		2	/* one for each CPU */

static const struct size {
	int devices, rounds;
	int processes, changes;		/* changes by each process */
	double seconds, alone;		/* how long packets are sent; past one program only */
} BRIEF = { 100, 1, 20, 50, 3, 3 }, FULL = { 10000, 4, 100, 500, 600, 60 };

static const int types[] = { INGRESS, EGRESS };

struct shared {
	volatile bool start, stop;
	volatile unsigned long made;		/* changes */
	volatile unsigned long sent[2][2];	/* packets in and out, even and odd ones */
};

FIXTURE(load) {
	struct net net;
	const struct size *size;
	struct shared *shared;
	struct load_bpf *skel[2];	/* one for each direction */
};

typedef FIXTURE_DATA(load) test;

FIXTURE_SETUP(load)
{
	struct rlimit files;

	ASSERT_EQ(0, net_setup(&self->net));
	self->size = getenv("TC_LINK_LOAD") ? &FULL : &BRIEF;
	/* one link for each side of each device, and room for other files */
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	if (files.rlim_cur < 2 * self->size->devices + 100) {
		files.rlim_cur = 2 * self->size->devices + 100;
		files.rlim_max = files.rlim_cur;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	}
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
}

FIXTURE_TEARDOWN(load)
{
	load_bpf__destroy(self->skel[0]);
	load_bpf__destroy(self->skel[1]);
}

/* ---- memory ---- */

/* The unreclaimable slab memory in KiB, 0 if it cannot be read */
static long slab(void)
{
	char *text = output_of("sed -n 's/SUnreclaim: *\\([0-9]*\\).*/\\1/p' /proc/meminfo");
	long kib = text ? atol(text) : 0;

	free(text);
	return kib;
}

/* It falls by less than this while nothing is freed that a test has used */
#define SETTLED	16

/*
 * The same, once nothing more is freed. Whatever a removed device leaves takes a while, but
 * other processes could go on for ever. With the small numbers, it need not be exact.
 */
static long settled_slab(const test *t)
{
	long last = slab(), least = last, kib;
	double until = now() + (t->size == &BRIEF ? 5 : 300);
	int same = 0;

	while (same < 3 && now() < until) {
		sleep(1);
		kib = slab();
		same = last - kib < SETTLED ? same + 1 : 0;
		last = kib;
		if (kib < least)
			least = kib;
	}
	return least;
}

/* With the small numbers, a leak could often not be told from the noise, which is about this */
#define NOISE	1024

/* The least that a change of a hook with two programs or more could leak, in bytes */
#define LEAST	96

/* ---- devices ---- */

/* Adds pairs of veth devices to a new namespace. Returns 0, or what failed. */
static int devices_add(int ns, int *ifindex, int n)
{
	int rtnl = rtnl_open(), i, err = 0;
	char name[2][16];

	for (i = 0; i < n && !err; i += 2) {
		snprintf(name[0], sizeof(name[0]), "load%d", i);
		snprintf(name[1], sizeof(name[1]), "load%d", i + 1);
		err = veth_add(rtnl, name[0], 0, name[1], ns);
		ifindex[i] = if_nametoindex(name[0]);
		ifindex[i + 1] = if_nametoindex(name[1]);
	}
	close(rtnl);
	return err;
}

/*
 * Attaches a program and a link to both hooks of each device. On one hook the link is
 * closed, on the other it stays until the device is gone. Returns NULL, or what is
 * wrong.
 */
static const char *on_devices(test *t, int *ifindex, int *links, const int *progs,
			      const __u32 *ids)
{
	int ns = new_netns(), n = t->size->devices, i, side;
	struct hook hook;

	if (ns < 0 || devices_add(ns, ifindex, n))
		return "cannot make the devices";
	for (i = 0; i < 2 * n; i++) {
		links[i] = link_create(progs[0], ifindex[i / 2], types[i % 2], LAST);
		if (links[i] < 0 ||
		    prog_attach(progs[1], ifindex[i / 2], types[i % 2], AT(BPF_F_BEFORE)))
			return "cannot attach";
	}
	for (i = 0; i < 2 * n; i++)
		if (hook_query(ifindex[i / 2], types[i % 2], &hook) || hook.count != 2 ||
		    hook.revision != 3 || hook.prog_ids[0] != ids[1] || hook.prog_ids[1] != ids[0])
			return "a hook does not have what was attached";
	for (i = 0; i < n; i++)
		for (side = 0; side < 2; side++) {
			if (side == 0 && close(links[2 * i]))
				return "cannot close a link";
			if (hook_count(ifindex[i], types[side]) != 1 + side)
				return "a link was closed and is still attached";
		}
	if (setns(t->net.here_ns, CLONE_NEWNET))
		return "cannot leave the namespace";
	close(ns);
	for (i = 0; i < n; i++) {
		/* the last device is the first to go */
		if (!WITHIN(1800, link_update(links[2 * i + 1], progs[1], 0, 0) == -ENOLINK))
			return "a device is gone and its link still attached";
		close(links[2 * i + 1]);
	}
	return NULL;
}

static const char *on_many_devices(test *t)
{
	int progs[] = { load_verdict(TC_ACT_UNSPEC), load_verdict(TC_ACT_UNSPEC) };
	__u32 ids[] = { prog_id(progs[0]), prog_id(progs[1]) };
	int *ifindex = calloc(t->size->devices, sizeof(*ifindex));
	int *links = calloc(2 * t->size->devices, sizeof(*links)), i;
	const char *wrong = on_devices(t, ifindex, links, progs, ids);

	for (i = 0; i < 2; i++) {
		close(progs[i]);
		if (!wrong && !EVENTUALLY(!prog_exists(ids[i])))
			wrong = "a program is held by something";
	}
	free(ifindex);
	free(links);
	return wrong;
}

TEST_F_TIMEOUT(load, of_many_devices, 7200)
{
	/* a tenth of what the devices take */
	long before = 0, after, limit = self->size->devices / 2;
	int round;

	/*
	 * The first two rounds leave what the kernel keeps for the next time. What one later round
	 * leaves could be less than the limit, even if each hook leaves an array.
	 */
	for (round = -2; round < self->size->rounds; round++) {
		const char *wrong;

		if (!round) {
			before = settled_slab(self);
			ASSERT_LT(0, before);
		}
		wrong = on_many_devices(self);
		ASSERT_EQ(NULL, wrong) {
			TH_LOG("%s", wrong);
		}
	}
	after = settled_slab(self);
	ASSERT_LT(0, after);
	EXPECT_TRUE(after - before < limit || self->size == &BRIEF);
	TH_LOG("%d devices: %ld KiB of slab before, %ld more after", self->size->devices, before,
	       after - before);
}

/* ---- processes ---- */

/* Attaches and detaches one program. A full hook returns ERANGE, which is no failure. */
static void change(test *t, int n)
{
	int prog = load_verdict(TC_ACT_UNSPEC), done = 0, ret;

	while (!t->shared->start)
		usleep(1000);
	while (done < t->size->changes) {
		if ((n + done) & 1) {
			ret = link_create(prog, t->net.ifindex, types[n & 1],
					  AT(done & 2 ? BPF_F_BEFORE : BPF_F_AFTER));
			if (ret >= 0 && close(ret))
				_exit(1);
		} else {
			ret = prog_attach(prog, t->net.ifindex, types[n & 1], LAST);
			if (!ret && prog_detach(prog, t->net.ifindex, types[n & 1], LAST))
				_exit(2);
		}
		if (ret < 0 && ret != -ERANGE)
			_exit(3);
		done += ret >= 0;
	}
	_exit(0);
}

TEST_F_TIMEOUT(load, of_many_processes, 3600)
{
	int stays = load_verdict(TC_ACT_UNSPEC), i, n = self->size->processes, status;
	pid_t *pids = calloc(n, sizeof(*pids));
	__u32 last_prog, last_link;
	struct hook hook;
	long before, after;

	for (i = 0; i < 2; i++)
		ASSERT_LE(0, link_create(stays, self->net.ifindex, types[i], LAST));
	last_prog = last_id(BPF_PROG_GET_NEXT_ID);
	last_link = last_id(BPF_LINK_GET_NEXT_ID);
	ASSERT_LT(0, last_prog);
	ASSERT_LT(0, last_link);
	before = settled_slab(self);
	ASSERT_LT(0, before);
	for (i = 0; i < n; i++) {
		pids[i] = child();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			change(self, i);
	}
	self->shared->start = true;
	for (i = 0; i < n; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	/* each program was attached and detached, and the revision counts all of it */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, hook_query(self->net.ifindex, types[i], &hook));
		EXPECT_EQ(1, hook.count);
		EXPECT_EQ(prog_id(stays), hook.prog_ids[0]);
		EXPECT_EQ(2 + 2ULL * self->size->changes * (n / 2), hook.revision);
	}
	/* the processes are gone, and with them all that they have loaded and made */
	EXPECT_TRUE(EVENTUALLY(!newer_links(last_link)));
	EXPECT_TRUE(EVENTUALLY(!newer_progs(last_prog)));
	after = settled_slab(self);
	ASSERT_LT(0, after);
	EXPECT_TRUE(after - before < NOISE || self->size == &BRIEF);
	TH_LOG("%d processes: %ld KiB of slab before, %ld more after", n, before, after - before);
	free(pids);
}

/* ---- packets ---- */

#define LAST_CPU	((int)sysconf(_SC_NPROCESSORS_ONLN) - 1)

static int frame_socket(const char *dev, struct sockaddr_ll *to)
{
	*to = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(dev),
	};
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

/*
 * A socket that counts what has passed the hook: on ingress, what the stack is given; on
 * egress, what arrives at the peer. Returns it, or -1.
 */
static int count_arrivals(test *t, int dir)
{
	int prog = bpf_program__fd(t->skel[dir]->progs.arrive), sock;
	struct sockaddr_ll from;

	if (setns(dir ? t->net.there_ns : t->net.here_ns, CLONE_NEWNET))
		return -1;
	sock = frame_socket(dir ? THERE_DEV : HERE_DEV, &from);
	from.sll_protocol = htons(LOAD_PROTOCOL);
	if (setns(t->net.here_ns, CLONE_NEWNET) ||
	    setsockopt(sock, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	    bind(sock, (void *)&from, sizeof(from)))
		return -1;
	return sock;
}

/* If a queue before or behind the hook overflowed, the programs would be blamed for the loss */
static bool queue_is_long(test *t, int dir)
{
	const volatile struct load_bpf__bss *bss = t->skel[dir]->bss;
	const volatile unsigned long *sent = t->shared->sent[dir];

	return (long)(sent[0] + sent[1] - bss->arrived[0] - bss->at_gate[1]) > 200;
}

/* Sends even and odd packets both ways, as fast as they are received */
static void send_all(test *t, int cpu)
{
	/* an address that nobody has */
	unsigned char frame[60] = { 2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 8, 8,
				    LOAD_PROTOCOL >> 8, LOAD_PROTOCOL & 255 };
	struct sockaddr_ll to[2];
	int socks[2], dir, ret;
	bool dropped;

	if (setns(t->net.there_ns, CLONE_NEWNET))
		_exit(1);
	socks[0] = frame_socket(THERE_DEV, &to[0]);
	if (setns(t->net.here_ns, CLONE_NEWNET))
		_exit(1);
	socks[1] = frame_socket(HERE_DEV, &to[1]);
	if (socks[0] < 0 || socks[1] < 0 || run_on(cpu))
		_exit(2);
	/* the last one is even: once it has arrived, nothing that was sent before is on its way */
	while (!t->shared->stop || frame[14] & 1) {
		frame[14]++;
		for (dir = 0; dir < 2; dir++) {
			while (queue_is_long(t, dir) && !t->shared->stop)
				sched_yield();
			dropped = dir && frame[14] & 1;
			ret = sendto(socks[dir], frame, sizeof(frame), 0, (void *)&to[dir],
				     sizeof(to[dir]));
			/* only what is dropped on its way out is known to the sender */
			if (dropped ? ret >= 0 || errno != ENOBUFS : ret != sizeof(frame)) {
				t->shared->stop = true;
				_exit(dropped ? 3 : 4);
			}
			__sync_fetch_and_add(&t->shared->sent[dir][frame[14] & 1], 1);
		}
	}
	_exit(0);
}

/*
 * Fills the hook around the gate and the counter, and empties it again. Returns 0 or
 * -1.
 */
static int come_and_go(test *t, int dir, int gate, const int *others, int n)
{
	struct load_bpf *skel = t->skel[dir];
	int type = types[dir], ifindex = t->net.ifindex, links[HOOK_ROOM], i, err = 0;

	for (i = 0; i < n; i++) {
		links[i] = -1;
		if (i & 1) {
			links[i] = link_create(others[i], ifindex, type,
					       AT(i & 2 ? BPF_F_BEFORE : BPF_F_AFTER));
			err |= links[i] < 0;
		} else {
			err |= prog_attach(others[i], ifindex, type,
					   AT(BPF_F_BEFORE | BPF_F_LINK, .relative = gate));
		}
	}
	err |= link_update(gate, bpf_program__fd(skel->progs.gate_b), 0, 0);
	for (i = 0; i < n; i++) {
		if (links[i] < 0)
			err |= prog_detach(others[i], ifindex, type, LAST);
		else if (i & 2)
			err |= link_detach(links[i]);
		close(links[i]);
	}
	err |= link_update(gate, bpf_program__fd(skel->progs.gate_a), 0, 0);
	t->shared->made += 2 * n + 2;
	return err ? -1 : 0;
}

/* A debug kernel needs longer to send them */
static bool sent_enough(const struct shared *shared)
{
	int i;

	for (i = 0; i < 4 && shared->sent[i / 2][i % 2] > 1000; i++)
		;
	return i == 4;
}

TEST_F_TIMEOUT(load, of_packets_while_programs_come_and_go, 3600)
{
	int gates[2], others[HOOK_ROOM], room = HOOK_ROOM - 2, dir, odd, i, status;
	pid_t pids[SENDERS];
	long before, after, limit;
	double until;

	for (i = 0; i < room; i++)
		others[i] = load_verdict(TC_ACT_UNSPEC);
	for (dir = 0; dir < 2; dir++) {
		self->skel[dir] = load_bpf__open_and_load();
		ASSERT_NE(NULL, self->skel[dir]);
		gates[dir] = link_create(bpf_program__fd(self->skel[dir]->progs.gate_a),
					 self->net.ifindex, types[dir], LAST);
		ASSERT_LE(0, gates[dir]);
		ASSERT_LE(0, link_create(bpf_program__fd(self->skel[dir]->progs.count_behind),
					 self->net.ifindex, types[dir], LAST));
		ASSERT_LE(0, count_arrivals(self, dir));
		/* what the kernel keeps for the next time is not a leak */
		ASSERT_EQ(0, come_and_go(self, dir, gates[dir], others, room));
	}
	self->shared->made = 0;
	before = settled_slab(self);
	ASSERT_LT(0, before);
	for (i = 0; i < SENDERS; i++) {
		pids[i] = child();
		ASSERT_LE(0, pids[i]);
		if (!pids[i])
			send_all(self, i % (LAST_CPU + 1));
	}
	until = now() + self->size->seconds;
	while (!self->shared->stop &&
	       (now() < until || (!sent_enough(self->shared) && now() < until + 300))) {
		ASSERT_EQ(0, come_and_go(self, 0, gates[0], others, room));
		ASSERT_EQ(0, come_and_go(self, 1, gates[1], others, room));
	}
	self->shared->stop = true;
	for (i = 0; i < SENDERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	for (dir = 0; dir < 2; dir++) {
		struct load_bpf__bss *bss = self->skel[dir]->bss;

		/* the last packets may still wait in the backlog of a CPU */
		EXPECT_TRUE(EVENTUALLY(bss->at_gate[1] == self->shared->sent[dir][1] &&
				       bss->arrived[0] == self->shared->sent[dir][0]));
		for (odd = 0; odd < 2; odd++) {
			unsigned long sent = self->shared->sent[dir][odd];

			EXPECT_LT(1000, sent);
			EXPECT_EQ(sent, bss->at_gate[odd]);
			EXPECT_EQ(odd ? 0 : sent, bss->behind[odd]);
			EXPECT_EQ(odd ? 0 : sent, bss->arrived[odd]);
		}
	}
	after = settled_slab(self);
	ASSERT_LT(0, after);
	/*
	 * After so many changes, a leak shows, unless KASAN keeps freed memory (struct
	 * qlist_head). Some memory may be freed late.
	 */
	limit = self->size == &FULL ? NOISE : 2 * NOISE;
	if (self->size == &FULL || (self->shared->made * LEAST > 3 * NOISE * 1024 &&
				    !btf_has_name("qlist_head")))
		EXPECT_TRUE(after - before < limit || EVENTUALLY(slab() - before < limit));
	TH_LOG("%lu changes; %lu packets in, %lu out; %ld KiB of slab before, %ld more after",
	       self->shared->made, self->shared->sent[0][0] + self->shared->sent[0][1],
	       self->shared->sent[1][0] + self->shared->sent[1][1], before, after - before);
}

/* ---- packets, and one program that comes and goes ---- */

#define NUMBERED_PORT	7779	/* UDP; no program drops these packets */
#define BATCH		32	/* so few that no queue overflows */

/* Does exactly the batch that starts with @first arrive at @sock? */
static bool batch_arrives(int sock, __u32 first)
{
	__u32 i, n;

	for (i = 0; i < BATCH; i++)
		if (recv(sock, &n, sizeof(n), 0) != sizeof(n) || n != first + i)
			return false;
	return recv(sock, &n, sizeof(n), MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Sends numbered packets both ways. Each has to arrive at the other end, once. */
static void send_numbered(test *t)
{
	struct timeval patience = { .tv_sec = 10 };
	int here = udp_socket(HERE_ADDR, NUMBERED_PORT), there, i;
	__u32 n = 0;

	if (setns(t->net.there_ns, CLONE_NEWNET))
		_exit(1);
	there = udp_socket(THERE_ADDR, NUMBERED_PORT);
	/* each CPU has its own backlog, so packets sent by another would overtake */
	if (here < 0 || there < 0 || run_on(LAST_CPU) ||
	    setsockopt(here, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(there, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		_exit(2);
	while (!t->shared->stop) {
		for (i = 0; i < BATCH; i++, n++)
			if (send_udp(there, HERE_ADDR, NUMBERED_PORT, &n, sizeof(n)) ||
			    send_udp(here, THERE_ADDR, NUMBERED_PORT, &n, sizeof(n)))
				_exit(3);
		if (!batch_arrives(here, n - BATCH))
			_exit(4);
		if (!batch_arrives(there, n - BATCH))
			_exit(5);
		t->shared->sent[0][0] = n;
	}
	_exit(0);
}

/*
 * On hooks that have no other program, a link with @prog comes and goes. Meanwhile, another
 * process sends packets that @prog lets through. If it drops probes, it does so exactly
 * while it is there.
 */
static void alone(struct __test_metadata *_metadata, test *self, int prog, bool drops)
{
	/* mainline waits for several grace periods each time */
	unsigned long enough = mainline_tcx() ? 30 : 1000;
	struct shared *shared = self->shared;
	int i, link, status = 0, keys[2];
	bool switches;
	double until;
	pid_t sender;

	ASSERT_EQ(0, static_keys_hold(prog, keys));
	ASSERT_EQ(0, run_on(0));
	sender = child();
	ASSERT_LE(0, sender);
	if (!sender)
		send_numbered(self);
	ASSERT_TRUE(EVENTUALLY(shared->sent[0][0]));
	until = now() + self->size->alone;
	while (now() < until || ((shared->made < enough || shared->sent[0][0] < 1000) &&
				 now() < until + 300)) {
		/*
		 * After a second without programs, the packet path no longer looks for them. What
		 * switches the keys runs on the sender's CPU, see static_keys_hold().
		 */
		switches = shared->made++ % 10000 == 100;
		if (switches) {
			ASSERT_EQ(0, run_on(LAST_CPU));
			for (i = 0; i < 2; i++) {
				/* the sender has the link, too */
				ASSERT_EQ(0, link_detach(keys[i]));
				ASSERT_EQ(0, close(keys[i]));
			}
			usleep(1500000);
		}
		for (i = 0; i < 2; i++) {
			link = link_create(prog, self->net.ifindex, types[i], LAST);
			ASSERT_LE(0, link);
			if (drops)
				ASSERT_EQ(0, send_probe(&self->net, types[i]));
			ASSERT_EQ(0, close(link));
			if (drops)
				ASSERT_EQ(1, send_probe(&self->net, types[i]));
		}
		if (switches) {
			ASSERT_EQ(0, static_keys_hold(prog, keys));
			ASSERT_EQ(0, run_on(0));
		}
		ASSERT_EQ(0, waitpid(sender, &status, WNOHANG))
			TH_LOG("the sender ended with %d after %lu packets", WEXITSTATUS(status),
			       shared->sent[0][0]);
	}
	shared->stop = true;
	ASSERT_EQ(sender, waitpid(sender, &status, 0));
	EXPECT_EQ(0, status)
		TH_LOG("the sender ended with %d after %lu packets", WEXITSTATUS(status),
		       shared->sent[0][0]);
	EXPECT_LE(enough, shared->made);
	EXPECT_LE(1000, shared->sent[0][0]);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, hook_count(self->net.ifindex, types[i]));
		close(keys[i]);
	}
	TH_LOG("%lu times; %lu packets each way", shared->made, shared->sent[0][0]);
}

TEST_F_TIMEOUT(load, of_packets_past_one_program_that_comes_and_goes, 3600)
{
	alone(_metadata, self, load_verdict(TC_ACT_UNSPEC), false);
}

TEST_F_TIMEOUT(load, of_packets_that_one_program_drops_while_it_is_there, 3600)
{
	self->skel[0] = load_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel[0]);
	alone(_metadata, self, bpf_program__fd(self->skel[0]->progs.drop_probes), true);
}

TEST_HARNESS_MAIN
