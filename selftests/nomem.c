// SPDX-License-Identifier: GPL-2.0
/*
 * When memory is short, a detach still succeeds, and whatever else fails has changed
 * nothing. /proc/thread-self/fail-nth makes each allocation of a system call fail in
 * turn. What the kernel does later in its workers fails there. In the end, no program
 * and no link is left that nothing holds.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "rtnl.h"

#include <dirent.h>
#include <sys/epoll.h>

#define DEBUGFS "/sys/kernel/debug/"

FIXTURE(nomem) {
	struct net net;
	int type;
	int fail_nth;		/* fd of fail-nth */
	int injected;		/* injected failures in total */
	int neighbour[2];	/* programs without a link, first and last on the hook */
	int prog, other;
	int rtnl;
};

FIXTURE_VARIANT(nomem) {
	int type;
	bool alone;
};

FIXTURE_VARIANT_ADD(nomem, ingress_with_neighbours) {
	.type = INGRESS,
};

FIXTURE_VARIANT_ADD(nomem, egress_with_neighbours) {
	.type = EGRESS,
};

/* the program is the only one on the hook */
FIXTURE_VARIANT_ADD(nomem, ingress_alone) {
	.type = INGRESS,
	.alone = true,
};

FIXTURE_VARIANT_ADD(nomem, egress_alone) {
	.type = EGRESS,
	.alone = true,
};

/* By default only atomic allocations fail, and each failure is logged */
static void inject(bool on)
{
	write_file(DEBUGFS "failslab/ignore-gfp-wait", on ? "N" : "Y");
	write_file(DEBUGFS "failslab/verbose", on ? "0" : "2");
	if (access(DEBUGFS "fail_page_alloc", F_OK))
		return;
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", on ? "N" : "Y");
	write_file(DEBUGFS "fail_page_alloc/verbose", on ? "0" : "2");
	write_file(DEBUGFS "fail_page_alloc/min-order", on ? "0" : "1");
	/* memory for each CPU is allocated with this flag */
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", on ? "N" : "Y");
}

FIXTURE_SETUP(nomem)
{
	int i;

	ASSERT_EQ(0, net_setup(&self->net));
	/* in the mount namespace of this test */
	if (access(DEBUGFS "failslab", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	self->type = variant->type;
	self->fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	self->rtnl = rtnl_open();
	self->prog = load_verdict(TC_ACT_SHOT);
	self->other = load_verdict(TC_ACT_UNSPEC);
	for (i = 0; i < 2 && !variant->alone; i++) {
		self->neighbour[i] = load_verdict(TC_ACT_UNSPEC);
		ASSERT_EQ(0, prog_attach(self->neighbour[i], self->net.ifindex,
					 self->type, LAST));
	}
}

/* A leaked reference would keep a program */
FIXTURE_TEARDOWN(nomem)
{
	int progs[] = { self->prog, self->other, self->neighbour[0], self->neighbour[1] };
	__u32 id;
	int i;

	while (!prog_detach(0, self->net.ifindex, self->type, LAST))
		;
	for (i = 0; i < 4 && self->fail_nth >= 0; i++) {
		if (!progs[i])
			continue;
		id = prog_id(progs[i]);
		close(progs[i]);
		EXPECT_TRUE(EVENTUALLY(!prog_exists(id)));
	}
}

#define NEEDS_FAULT_INJECTION() do {						\
	if (self->fail_nth < 0 || access(DEBUGFS "failslab", F_OK))		\
		SKIP(return, "allocation failure: needs CONFIG_FAILSLAB and its debugfs"); \
} while (0)

/*
 * Runs @call with allocation number @nth failing. False once it makes fewer allocations
 * than that.
 */
#define WITH_FAILURE(nth, call) ({						\
	char text_[16];								\
	int len_ = snprintf(text_, sizeof(text_), "%d", nth);			\
										\
	if (pwrite(self->fail_nth, text_, len_, 0) != len_)			\
		abort();							\
	call;									\
	memset(text_, 0, sizeof(text_));					\
	/* what remains of the count; 0 if the failure was injected */		\
	if (pread(self->fail_nth, text_, sizeof(text_) - 1, 0) <= 0 ||		\
	    pwrite(self->fail_nth, "0", 1, 0) != 1)				\
		abort();							\
	self->injected += !atoi(text_);						\
	!atoi(text_);								\
})

typedef FIXTURE_DATA(nomem) test;

static int neighbours(test *t)
{
	return t->neighbour[0] ? 2 : 0;
}

/*
 * Detaching allocates a shorter array if programs remain, and only then. Mainline has
 * room for 63 programs on every hook and allocates nothing.
 */
static bool detach_allocates(test *t)
{
	return neighbours(t) && !mainline_tcx();
}

/* Are the neighbours there in their order, with @between or nothing between them? */
static bool hook_is(test *t, int between)
{
	__u32 expected[3], n = 0;
	struct hook hook;

	if (neighbours(t))
		expected[n++] = prog_id(t->neighbour[0]);
	if (between)
		expected[n++] = prog_id(between);
	if (neighbours(t))
		expected[n++] = prog_id(t->neighbour[1]);
	return !hook_query(t->net.ifindex, t->type, &hook) && hook.count == n &&
	       !memcmp(hook.prog_ids, expected, n * sizeof(*expected));
}

/*
 * Without memory, a program may leave a hole where it was. Packets and what is attached
 * next must not notice.
 */
static bool is_detached(test *t, __u64 revision)
{
	if (!hook_is(t, 0) || send_probe(&t->net, t->type) != 1)
		return false;
	if (!neighbours(t))
		return true;
	return hook_revision(t->net.ifindex, t->type) == revision + 1 &&
	       !prog_attach(t->other, t->net.ifindex, t->type,
			    AT(BPF_F_BEFORE, t->neighbour[1])) &&
	       hook_is(t, t->other) &&
	       !prog_detach(t->other, t->net.ifindex, t->type, LAST) && hook_is(t, 0);
}

static struct place between(test *t)
{
	if (!neighbours(t))
		return LAST;
	return AT(BPF_F_AFTER, t->neighbour[0]);
}

/* A new epoll fd that is told once when the link ends, or -1. Mainline's links cannot be polled. */
static int epoll_of(int link)
{
	struct epoll_event edge = { .events = EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(epoll, EPOLL_CTL_ADD, link, &edge) && !mainline_tcx() ? -1 : epoll;
}

/* Does the link itself know? Was its @epoll told? */
static bool is_over(test *t, int link, int epoll)
{
	struct pollfd p = { .fd = link };
	struct bpf_link_info info;
	struct epoll_event event;

	if (obj_info(link, &info, sizeof(info)) || info.tcx.ifindex ||
	    link_update(link, t->other, 0, 0) != -ENOLINK)
		return false;
	return mainline_tcx() ||
	       (poll(&p, 1, 0) == 1 && p.revents == POLLHUP &&
		epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLHUP &&
		!epoll_wait(epoll, &event, 1, 0));
}

TEST_F(nomem, link_detach_never_fails)
{
	int nth, link, epoll, ret;
	bool more = true;
	__u64 revision;

	NEEDS_FAULT_INJECTION();
	inject(true);
	for (nth = 1; more; nth++) {
		link = link_create(self->prog, self->net.ifindex, self->type,
				   between(self));
		ASSERT_LE(0, link);
		epoll = epoll_of(link);
		ASSERT_LE(0, epoll);
		ASSERT_TRUE(hook_is(self, self->prog));
		revision = hook_revision(self->net.ifindex, self->type);
		more = WITH_FAILURE(nth, ret = link_detach(link));
		EXPECT_EQ(0, ret);
		EXPECT_TRUE(is_over(self, link, epoll));
		EXPECT_TRUE(is_detached(self, revision));
		close(epoll);
		close(link);
	}
	inject(false);
	/* otherwise this has tested nothing */
	EXPECT_TRUE(self->injected || !detach_allocates(self));
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F(nomem, close_never_fails)
{
	bool more = true;
	__u64 revision;
	int nth, link;
	__u32 id;

	NEEDS_FAULT_INJECTION();
	inject(true);
	for (nth = 1; more; nth++) {
		link = link_create(self->prog, self->net.ifindex, self->type,
				   between(self));
		ASSERT_LE(0, link);
		id = link_id(link);
		revision = hook_revision(self->net.ifindex, self->type);
		more = WITH_FAILURE(nth, close(link));
		EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
		EXPECT_TRUE(EVENTUALLY(hook_is(self, 0)));
		EXPECT_TRUE(is_detached(self, revision));
	}
	inject(false);
	/* otherwise this has tested nothing */
	EXPECT_TRUE(self->injected || !detach_allocates(self));
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F(nomem, plain_detach_never_fails)
{
	bool more = true;
	__u64 revision;
	int nth, ret;

	NEEDS_FAULT_INJECTION();
	inject(true);
	for (nth = 1; more; nth++) {
		ASSERT_EQ(0, prog_attach(self->prog, self->net.ifindex, self->type,
					 between(self)));
		ASSERT_TRUE(hook_is(self, self->prog));
		revision = hook_revision(self->net.ifindex, self->type);
		more = WITH_FAILURE(nth, ret = prog_detach(self->prog, self->net.ifindex,
							   self->type, LAST));
		EXPECT_EQ(0, ret);
		EXPECT_TRUE(is_detached(self, revision));
	}
	inject(false);
	/* otherwise this has tested nothing */
	EXPECT_TRUE(self->injected || !detach_allocates(self));
	TH_LOG("%d allocations failed", self->injected);
}

/* Attaching either succeeds or changes nothing */
TEST_F(nomem, attach_and_link_create_do_all_or_nothing)
{
	bool more = true;
	__u64 revision;
	int nth, ret;

	NEEDS_FAULT_INJECTION();
	inject(true);
	revision = hook_revision(self->net.ifindex, self->type);
	for (nth = 1; more; nth++) {
		more = WITH_FAILURE(nth, ret = prog_attach(self->prog, self->net.ifindex,
							   self->type, between(self)));
		if (!ret) {
			EXPECT_TRUE(hook_is(self, self->prog));
			ASSERT_EQ(0, prog_detach(self->prog, self->net.ifindex,
						 self->type, LAST));
			revision = hook_revision(self->net.ifindex, self->type);
			continue;
		}
		EXPECT_EQ(-ENOMEM, ret);
		EXPECT_TRUE(hook_is(self, 0));
		EXPECT_EQ(revision, hook_revision(self->net.ifindex, self->type));
	}
	/* otherwise this has tested nothing */
	EXPECT_LT(0, self->injected);

	self->injected = 0;
	more = true;
	for (nth = 1; more; nth++) {
		more = WITH_FAILURE(nth, ret = link_create(self->prog, self->net.ifindex,
							   self->type, between(self)));
		if (ret >= 0) {
			EXPECT_TRUE(hook_is(self, self->prog));
			ASSERT_EQ(0, link_detach(ret));
			close(ret);
			revision = hook_revision(self->net.ifindex, self->type);
			continue;
		}
		EXPECT_EQ(-ENOMEM, ret);
		EXPECT_TRUE(hook_is(self, 0));
		EXPECT_EQ(revision, hook_revision(self->net.ifindex, self->type));
	}
	inject(false);
	EXPECT_LT(0, self->injected);
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F(nomem, update_does_all_or_nothing)
{
	int nth, link, ret, now = self->prog, next;
	bool more = true;

	NEEDS_FAULT_INJECTION();
	link = link_create(self->prog, self->net.ifindex, self->type, between(self));
	ASSERT_LE(0, link);
	inject(true);
	for (nth = 1; more; nth++) {
		next = now == self->prog ? self->other : self->prog;
		more = WITH_FAILURE(nth, ret = link_update(link, next, 0, 0));
		if (ret)
			EXPECT_EQ(-ENOMEM, ret);
		now = ret ? now : next;
		EXPECT_TRUE(hook_is(self, now));
	}
	inject(false);
	close(link);
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F(nomem, replace_does_all_or_nothing)
{
	int nth, ret, now = self->prog, next;
	bool more = true;

	NEEDS_FAULT_INJECTION();
	ASSERT_EQ(0, prog_attach(self->prog, self->net.ifindex, self->type, between(self)));
	inject(true);
	for (nth = 1; more; nth++) {
		next = now == self->prog ? self->other : self->prog;
		more = WITH_FAILURE(nth, ret = prog_attach(next, self->net.ifindex, self->type,
							   AT(BPF_F_REPLACE,
							      .replace_fd = now)));
		if (ret)
			EXPECT_EQ(-ENOMEM, ret);
		now = ret ? now : next;
		EXPECT_TRUE(hook_is(self, now));
	}
	inject(false);
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F(nomem, query_tells_all_or_fails)
{
	struct hook all, hook;
	bool more = true;
	int nth, ret;

	NEEDS_FAULT_INJECTION();
	ASSERT_EQ(0, prog_attach(self->prog, self->net.ifindex, self->type, between(self)));
	ASSERT_EQ(0, hook_query(self->net.ifindex, self->type, &all));
	inject(true);
	for (nth = 1; more; nth++) {
		more = WITH_FAILURE(nth, ret = hook_query(self->net.ifindex, self->type, &hook));
		if (ret) {
			EXPECT_EQ(-ENOMEM, ret);
		} else {
			EXPECT_EQ(0, memcmp(&all, &hook, sizeof(all)));
		}
	}
	inject(false);
	TH_LOG("%d allocations failed", self->injected);
}

#define OTHER_DEV	"nomem0"
#define OTHER_PEER	"nomem1"

/* A device for one round, with a link and a program without one */
struct round {
	int ifindex, link, linked, plain;
	__u32 linked_id, plain_id, link_id;
};

/* Returns 0 or the step that failed */
static int round_begin(test *t, struct round *r)
{
	if (veth_add(t->rtnl, OTHER_DEV, 0, OTHER_PEER, t->net.here_ns))
		return 1;
	r->ifindex = if_nametoindex(OTHER_DEV);
	r->linked = load_verdict(TC_ACT_UNSPEC);
	r->plain = load_verdict(TC_ACT_UNSPEC);
	r->linked_id = prog_id(r->linked);
	r->plain_id = prog_id(r->plain);
	r->link = link_create(r->linked, r->ifindex, t->type, LAST);
	if (r->link < 0)
		return 2;
	r->link_id = link_id(r->link);
	return prog_attach(r->plain, r->ifindex, t->type, LAST) ? 3 : 0;
}

/* Are both still there? Called in the namespace of the device. */
static bool round_is_whole(test *t, struct round *r)
{
	int ifindex = if_nametoindex(OTHER_DEV);
	struct bpf_link_info info;
	struct hook hook;

	return !hook_query(ifindex, t->type, &hook) && hook.count == 2 &&
	       hook.prog_ids[0] == r->linked_id && hook.prog_ids[1] == r->plain_id &&
	       hook.link_ids[0] == r->link_id && !hook.link_ids[1] &&
	       !obj_info(r->link, &info, sizeof(info)) && info.tcx.ifindex == ifindex;
}

/* The device is gone, and only our fds hold anything */
static bool round_end(struct round *r)
{
	struct bpf_link_info info;
	bool over = !obj_info(r->link, &info, sizeof(info)) && !info.tcx.ifindex;

	close(r->plain);
	close(r->linked);
	over = over && EVENTUALLY(!prog_exists(r->plain_id)) && prog_exists(r->linked_id);
	close(r->link);
	return over && EVENTUALLY(!link_exists(r->link_id)) &&
	       EVENTUALLY(!prog_exists(r->linked_id));
}

/* one round per allocation takes long on an emulated debug kernel */
TEST_F_TIMEOUT(nomem, device_removal_takes_all_or_nothing, 1200)
{
	bool more = true;
	struct round r;
	int nth;

	NEEDS_FAULT_INJECTION();
	if (variant->alone)
		SKIP(return, "the device is a new one: once per direction is enough");
	for (nth = 1; more; nth++) {
		ASSERT_EQ(0, round_begin(self, &r));
		inject(true);
		more = WITH_FAILURE(nth, link_del(self->rtnl, r.ifindex));
		inject(false);
		/* an answer that was lost because memory was short proves neither */
		if (if_nametoindex(OTHER_DEV)) {
			EXPECT_TRUE(round_is_whole(self, &r));
			ASSERT_EQ(0, link_del(self->rtnl, r.ifindex));
		}
		EXPECT_TRUE(round_end(&r));
		close(self->rtnl);
		self->rtnl = rtnl_open();
	}
	EXPECT_LT(0, self->injected);
	TH_LOG("%d allocations failed", self->injected);
}

TEST_F_TIMEOUT(nomem, device_move_keeps_all, 1200)
{
	int nth, moved = 0;
	bool more = true;
	struct round r;

	NEEDS_FAULT_INJECTION();
	if (variant->alone)
		SKIP(return, "the device is a new one: once per direction is enough");
	for (nth = 1; more; nth++) {
		ASSERT_EQ(0, round_begin(self, &r));
		inject(true);
		more = WITH_FAILURE(nth, link_move(self->rtnl, r.ifindex, self->net.there_ns));
		inject(false);
		close(self->rtnl);
		if (!if_nametoindex(OTHER_DEV)) {
			ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
			moved++;
		}
		self->rtnl = rtnl_open();
		EXPECT_TRUE(round_is_whole(self, &r));
		EXPECT_EQ(0, link_detach(r.link));
		EXPECT_EQ(1, hook_count(if_nametoindex(OTHER_DEV), self->type));
		ASSERT_EQ(0, link_del(self->rtnl, if_nametoindex(OTHER_DEV)));
		EXPECT_TRUE(round_end(&r));
		close(self->rtnl);
		ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
		self->rtnl = rtnl_open();
	}
	EXPECT_LT(0, self->injected);
	EXPECT_LT(0, moved);
	TH_LOG("%d allocations failed", self->injected);
}

/* ---- in the kernel's workers ---- */

#define MANY	1000000

static bool is_worker(const char *pid)
{
	char path[300], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = 0;
	fclose(f);
	/* "netns" takes over when no worker can be had for the end of a namespace */
	return !strncmp(comm, "kworker/", 8) || !strcmp(comm, "netns\n");
}

/* Chooses the tasks whose allocations fail, so that all others are spared */
static bool mark_workers(bool on)
{
	struct dirent *entry;
	bool any = false;
	char path[300];
	DIR *proc;

	proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		if (!is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/make-it-fail", entry->d_name);
		if (!write_file(path, on ? "1" : "0"))
			any = true;
	}
	if (proc)
		closedir(proc);
	return any;
}

static void set_failslab(const char *option, int value)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), DEBUGFS "failslab/%s", option);
	snprintf(text, sizeof(text), "%d", value);
	/* it is global: do not go on with half of it */
	if (write_file(path, text))
		abort();
}

/* From now on, in workers, one in @interval allocations fails */
static void fail_workers(int interval)
{
	if (!mark_workers(true))
		abort();
	inject(true);
	set_failslab("task-filter", 1);
	set_failslab("interval", interval);
	set_failslab("times", MANY);
	set_failslab("probability", 100);
}

/* Returns how many failures there were since, those of WITH_FAILURE() included */
static int spare_workers(void)
{
	char text[16] = "";
	int fd;

	set_failslab("probability", 0);
	fd = open(DEBUGFS "failslab/times", O_RDONLY | O_CLOEXEC);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		abort();
	close(fd);
	/* the values at boot */
	set_failslab("times", 1);
	set_failslab("interval", 1);
	set_failslab("task-filter", 0);
	inject(false);
	mark_workers(false);
	return MANY - atoi(text);
}

#define PIN	"/sys/fs/bpf/link"

/* The last pin ends the link in a worker on some trees, in unlink() itself on others */
TEST_F_TIMEOUT(nomem, unpin_never_fails, 600)
{
	int nth, link, ret, failed, harmless = 0;
	bool more = true;
	__u64 revision;
	__u32 id;

	NEEDS_FAULT_INJECTION();
	for (nth = 1; more; nth++) {
		link = link_create(self->prog, self->net.ifindex, self->type,
				   between(self));
		ASSERT_LE(0, link);
		id = link_id(link);
		ASSERT_EQ(0, bpf_obj_pin(link, PIN));
		close(link);
		revision = hook_revision(self->net.ifindex, self->type);
		fail_workers(1);
		more = WITH_FAILURE(nth, ret = unlink(PIN));
		if (ret) {
			/* no memory for the name: it has not begun */
			spare_workers();
			EXPECT_TRUE(hook_is(self, self->prog));
			ASSERT_EQ(0, unlink(PIN));
			fail_workers(1);
		}
		EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
		EXPECT_TRUE(EVENTUALLY(hook_is(self, 0)));
		failed = spare_workers();
		EXPECT_TRUE(is_detached(self, revision));
		if (!ret)
			harmless += failed;
	}
	/* otherwise this has tested nothing */
	EXPECT_TRUE(harmless || !detach_allocates(self));
	TH_LOG("%d allocations failed, and the pin was removed", harmless);
}

static bool link_has_device(struct round *r)
{
	struct bpf_link_info info;

	return obj_info(r->link, &info, sizeof(info)) || info.tcx.ifindex;
}

/* A worker removes the devices of a namespace that nobody uses any more */
TEST_F_TIMEOUT(nomem, namespace_end_leaves_nothing, 1200)
{
	int interval, ns, failed = 0;
	struct round r;

	NEEDS_FAULT_INJECTION();
	if (variant->alone)
		SKIP(return, "the device is a new one: once per direction is enough");
	for (interval = 1; interval <= 4; interval++) {
		ns = new_netns();
		ASSERT_LE(0, ns);
		close(self->rtnl);
		self->rtnl = rtnl_open();
		ASSERT_EQ(0, round_begin(self, &r));
		EXPECT_TRUE(round_is_whole(self, &r));
		/* sockets keep their namespace */
		close(self->rtnl);
		ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
		self->rtnl = rtnl_open();

		fail_workers(interval);
		close(ns);
		EXPECT_TRUE(WITHIN(60, !link_has_device(&r)));
		EXPECT_TRUE(WITHIN(60, !if_nametoindex(OTHER_PEER)));
		failed += spare_workers();
		EXPECT_TRUE(round_end(&r));
	}
	/* otherwise this has tested nothing */
	EXPECT_LT(0, failed);
	TH_LOG("%d allocations failed", failed);
}

TEST_HARNESS_MAIN
