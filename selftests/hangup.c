// SPDX-License-Identifier: GPL-2.0
/*
 * The holders of a link are told when it is detached: poll(2) and epoll(7) on its fd
 * report it, to those that are already waiting and to those that ask later.
 */
#include "../kselftest_harness.h"
#include "rtnl.h"
#include "tc_link_test.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#define WAITERS	6	/* on each link */
#define LINKS	3	/* on one device */

struct waiter {
	int link, epoll;	/* epoll is 0 if it uses poll() */
	pid_t tid;
	int said;
};

FIXTURE(hangup) {
	struct net net;
	int type, rtnl;
	int ifindex;		/* a device that tests may delete or move */
	int prog, other_prog, link;
	int epoll;
	struct waiter *waiters;	/* shared with a child process */
	int waiting;		/* how many there are */
};

typedef FIXTURE_DATA(hangup) test;

FIXTURE_ON_BOTH_SIDES(hangup);

FIXTURE_SETUP(hangup)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->rtnl = rtnl_open();
	ASSERT_EQ(0, veth_add(self->rtnl, "hup0", 0, "hup1", self->net.here_ns));
	self->ifindex = if_nametoindex("hup0");
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->other_prog = load_verdict(TC_ACT_UNSPEC);
	self->link = link_create(self->prog, self->ifindex, self->type, LAST);
	ASSERT_LE(0, self->link);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->epoll);
	self->waiters = mmap(NULL, (LINKS * WAITERS + 1) * sizeof(*self->waiters),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->waiters);
}

FIXTURE_TEARDOWN(hangup)
{
}

#define SKIP_WITHOUT_POLL \
	SKIP_ON_MAINLINE("the fd of its tc links cannot be polled")

/* The events that poll() reports for a link within @ms milliseconds, or 0 */
static int poll_for(int link, int ms)
{
	struct pollfd fd = { .fd = link };

	return poll(&fd, 1, ms) < 0 ? -errno : fd.revents;
}

static int epoll_add(int epoll, int fd, __u32 events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* The fd for which epoll_wait() reports EPOLLHUP in time, 0 if none, or -errno */
static int epoll_for(int epoll, int ms)
{
	struct epoll_event event = {};
	int n = epoll_wait(epoll, &event, 1, ms);

	if (n <= 0)
		return n ? -errno : 0;
	return event.events == EPOLLHUP ? event.data.fd : -EPROTO;
}

/* ---- those that wait while the link is detached ---- */

static void *waiter(void *arg)
{
	struct waiter *w = arg;

	/* nothing may come between this and the call: see asleep() */
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	/* without a timeout, after which poll() would look at the link again */
	__atomic_store_n(&w->said, w->epoll ? epoll_for(w->epoll, -1) : poll_for(w->link, -1),
			 __ATOMIC_RELEASE);
	return NULL;
}

/*
 * Is it asleep in its call, so that only a wake-up can end that? Whoever begins later is
 * told because the link is over already. A task that waits for memory is not "S" but "D".
 */
static bool asleep(struct waiter *w)
{
	pid_t tid = __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = tid ? fopen(path, "re") : NULL;
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

/*
 * On each of the links, a third of the waiters use poll(), the others epoll_wait() on an
 * epoll fd of their own, half of these exclusively: each must be told nevertheless, since
 * the link stays detached. Returns when all of @t's waiters are asleep.
 */
static int start_waiters(test *t, const int *links, int n)
{
	pthread_t thread;
	struct waiter *w;
	int i;

	for (i = 0; i < n * WAITERS; i++) {
		w = &t->waiters[t->waiting++];
		w->link = links[i / WAITERS];
		if (i % 3) {
			w->epoll = epoll_create1(EPOLL_CLOEXEC);
			if (epoll_add(w->epoll, w->link, i % 3 == 1 ? 0 : EPOLLIN | EPOLLEXCLUSIVE))
				return -1;
		}
		if (pthread_create(&thread, NULL, waiter, w))
			return -1;
	}
	for (i = 0; i < t->waiting; i++)
		if (!WITHIN(30, asleep(&t->waiters[i])))
			return -1;
	return 0;
}

/* How many have been told the right thing by now */
static int told(test *t)
{
	struct waiter *w;
	int n = 0;

	for (w = t->waiters; w < t->waiters + t->waiting; w++)
		n += __atomic_load_n(&w->said, __ATOMIC_ACQUIRE) == (w->epoll ? w->link : POLLHUP);
	return n;
}

static bool all_told(test *t)
{
	bool all = WITHIN(30, told(t) == t->waiting);

	if (!all)
		fprintf(stderr, "# %d of %d waiters were told\n", told(t), t->waiting);
	return all;
}

/* How many of the links say that they are over */
static int over(const int *links, int n)
{
	int i, count = 0;

	for (i = 0; i < n; i++)
		count += poll_for(links[i], 0) == POLLHUP;
	return count;
}

/* ---- when a link hangs up ---- */

TEST_F(hangup, not_while_it_is_attached)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, EPOLLIN | EPOLLOUT | EPOLLPRI));
	EXPECT_EQ(0, poll_for(self->link, 0));
	EXPECT_EQ(0, epoll_for(self->epoll, 0));
	/* no other event either */
	EXPECT_EQ(0, poll(&(struct pollfd){ .fd = self->link, .events = -1 }, 1, 0));
}

TEST_F(hangup, when_it_is_detached)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, start_waiters(self, &self->link, 1));
	ASSERT_EQ(0, link_detach(self->link));
	EXPECT_TRUE(all_told(self));
	EXPECT_EQ(POLLHUP, poll_for(self->link, 0));
}

/* Two links on the hook and one on the other side: the device's end is that of all */
static int all_links(test *t, int ifindex, int *links)
{
	int i, types[LINKS] = { t->type, t->type, t->type == INGRESS ? EGRESS : INGRESS };

	for (i = 0; i < LINKS; i++) {
		links[i] = link_create(load_verdict(TC_ACT_UNSPEC), ifindex, types[i], LAST);
		if (links[i] < 0)
			return links[i];
	}
	return 0;
}

TEST_F(hangup, when_its_device_is_unregistered)
{
	int links[LINKS];

	SKIP_WITHOUT_POLL;
	close(self->link);
	ASSERT_EQ(0, all_links(self, self->ifindex, links));
	ASSERT_EQ(0, start_waiters(self, links, LINKS));
	ASSERT_EQ(0, link_del(self->rtnl, self->ifindex));
	/* at once, not some time later */
	EXPECT_EQ(LINKS, over(links, LINKS));
	EXPECT_TRUE(all_told(self));
}

TEST_F(hangup, when_its_devices_netns_ends)
{
	int ns, links[LINKS];

	SKIP_WITHOUT_POLL;
	ns = new_netns();
	ASSERT_LE(0, ns);
	ASSERT_EQ(0, run("ip link add hup2 type veth peer name hup3"));
	ASSERT_EQ(0, all_links(self, if_nametoindex("hup2"), links));
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
	ASSERT_EQ(0, start_waiters(self, links, LINKS));
	close(ns);
	EXPECT_TRUE(all_told(self));
	EXPECT_EQ(LINKS, over(links, LINKS));
	/* the device of the other link is still there */
	EXPECT_EQ(0, poll_for(self->link, 0));
}

TEST_F(hangup, of_a_link_that_was_over_before)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, link_detach(self->link));
	EXPECT_EQ(POLLHUP, poll_for(self->link, 10000));
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, 0));
	EXPECT_EQ(self->link, epoll_for(self->epoll, 10000));
	/* it stays that way */
	EXPECT_EQ(self->link, epoll_for(self->epoll, 0));
	EXPECT_EQ(POLLHUP, poll_for(self->link, 0));
}

TEST_F(hangup, once_where_edges_are_asked_for)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, EPOLLET));
	EXPECT_EQ(0, epoll_for(self->epoll, 0));
	ASSERT_EQ(0, link_detach(self->link));
	EXPECT_EQ(self->link, epoll_for(self->epoll, 10000));
	EXPECT_EQ(0, epoll_for(self->epoll, 0));
	/* detaching it again is no new event */
	ASSERT_EQ(0, link_detach(self->link));
	EXPECT_EQ(0, epoll_for(self->epoll, 0));
}

TEST_F(hangup, of_one_link_and_not_of_others)
{
	int other;

	SKIP_WITHOUT_POLL;
	other = link_create(self->other_prog, self->ifindex, self->type, LAST);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, 0));
	ASSERT_EQ(0, epoll_add(self->epoll, other, 0));
	ASSERT_EQ(0, link_detach(other));
	EXPECT_EQ(other, epoll_for(self->epoll, 10000));
	EXPECT_EQ(0, poll_for(self->link, 0));
	ASSERT_EQ(0, link_detach(self->link));
	close(other);
	EXPECT_EQ(self->link, epoll_for(self->epoll, 10000));
}

/* Every fd counts: inherited, got by id, opened from a pin */
TEST_F(hangup, by_every_fd)
{
	struct waiter *heir;
	int fds[LINKS];
	pid_t pid;

	SKIP_WITHOUT_POLL;
	fds[0] = self->link;
	fds[1] = bpf_link_get_fd_by_id(link_id(self->link));
	ASSERT_LE(0, fds[1]);
	ASSERT_EQ(0, bpf_obj_pin(self->link, "/sys/fs/bpf/link"));
	fds[2] = bpf_obj_get("/sys/fs/bpf/link");
	ASSERT_LE(0, fds[2]);
	heir = &self->waiters[self->waiting++];
	heir->link = self->link;
	pid = child();
	ASSERT_LE(0, pid);
	if (!pid) {
		waiter(heir);
		_exit(0);
	}
	ASSERT_EQ(0, start_waiters(self, fds, LINKS));
	ASSERT_EQ(0, link_detach(fds[1]));
	EXPECT_TRUE(all_told(self));
	EXPECT_EQ(LINKS, over(fds, LINKS));
}

/* ---- when it does not ---- */

TEST_F(hangup, not_when_it_is_updated)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, EPOLLET));
	ASSERT_EQ(0, link_update(self->link, self->other_prog, 0, 0));
	EXPECT_EQ(0, epoll_for(self->epoll, 200));
}

TEST_F(hangup, not_when_its_device_moves)
{
	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, EPOLLET));
	ASSERT_EQ(0, link_move(self->rtnl, self->ifindex, self->net.there_ns));
	EXPECT_EQ(0, epoll_for(self->epoll, 200));
	EXPECT_EQ(0, poll_for(self->link, 0));
	/* it can still be detached where it is now */
	ASSERT_EQ(0, run("ip link del hup1"));
	EXPECT_EQ(self->link, epoll_for(self->epoll, 10000));
}

/* ---- the last close of a link that somebody waits for ---- */

/*
 * A sleeping poll() holds what it polls, as of any file with a poll operation. Mainline's
 * links have none.
 */
TEST_F(hangup, poll_keeps_a_link_that_is_closed)
{
	struct waiter *w = self->waiters;
	__u32 id = link_id(self->link);
	pthread_t thread;
	int by_id;

	w->link = self->link;
	ASSERT_EQ(0, pthread_create(&thread, NULL, waiter, w));
	ASSERT_TRUE(WITHIN(30, asleep(w)));
	close(self->link);
	if (mainline_tcx()) {
		EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
		EXPECT_EQ(0, hook_count(self->ifindex, self->type));
		return;
	}
	EXPECT_EQ(1, hook_count(self->ifindex, self->type));
	by_id = bpf_link_get_fd_by_id(id);
	ASSERT_LE(0, by_id);
	EXPECT_FALSE(WITHIN(1, __atomic_load_n(&w->said, __ATOMIC_ACQUIRE)));
	ASSERT_EQ(0, link_detach(by_id));
	EXPECT_EQ(0, hook_count(self->ifindex, self->type));
	/* it is woken, and looks at what the number of the fd means by now */
	EXPECT_TRUE(WITHIN(30, __atomic_load_n(&w->said, __ATOMIC_ACQUIRE)));
	close(by_id);
	EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
}

TEST_F(hangup, epoll_does_not_keep_a_link)
{
	__u32 id = link_id(self->link);

	SKIP_WITHOUT_POLL;
	ASSERT_EQ(0, epoll_add(self->epoll, self->link, 0));
	close(self->link);
	EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
	EXPECT_EQ(0, hook_count(self->ifindex, self->type));
}

/* ---- other links ---- */

/* epoll(7) refuses an fd that does not support it, and that must not change */
TEST_F(hangup, is_not_reported_by_other_links)
{
	int prog, link;

	prog = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
	link = link_create(prog, if_nametoindex("lo"), BPF_XDP, LAST);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EPERM, epoll_add(self->epoll, link, 0));
	EXPECT_EQ(-EPERM, epoll_add(self->epoll, prog, 0));
	/* poll() accepts any fd, and reports at once what it does for a regular file */
	EXPECT_EQ(1, poll(&(struct pollfd){ .fd = link, .events = POLLIN }, 1, 0));
	ASSERT_EQ(0, link_detach(link));
	EXPECT_EQ(-EPERM, epoll_add(self->epoll, link, 0));
	EXPECT_EQ(0, poll_for(link, 0));
	/* this is how to find out whether tc links report it */
	EXPECT_EQ(mainline_tcx() ? -EPERM : 0, epoll_add(self->epoll, self->link, 0));
}

TEST_HARNESS_MAIN
