// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that changes or ends an attachment, each against each other and
 * against packets, on two CPUs. What is looked for is what the kernel's own
 * checks report; here it is only checked that each call answers what it may, and
 * that no program and no link is left.
 *
 * TC_LINK_RACE_SECONDS in the environment: time for each pair, 1 if not set.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if_arp.h>
#include <pthread.h>

#define DEV	"race0"		/* with the link; in a namespace of its own */
#define PEER	"race1"		/* at home */
#define BURST	64		/* packets a round */

/* ---- rtnetlink: ip(8) would take longer than all the rest ---- */

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
	};
	char attrs[256];
};

static struct rtattr *put(struct request *r, int type, const void *data, int len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (char *)r + r->h.nlmsg_len - (char *)nest;
}

static struct request request(int type, int flags, size_t len)
{
	return (struct request){
		.h.nlmsg_type = type,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		.h.nlmsg_len = NLMSG_LENGTH(len),
	};
}

/* 0 or -errno */
static int talk(int sock, struct request *r)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr err;
		char rest[4096];
	} answer;

	if (send(sock, r, r->h.nlmsg_len, 0) < 0 ||
	    recv(sock, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.h.nlmsg_type == NLMSG_ERROR ? answer.err.error : -EPROTO;
}

static int rtnl_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* DEV in the namespace of @sock, PEER in @peer_ns */
static int veth_add(int sock, int peer_ns)
{
	struct request r = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(r.link));
	static const struct ifinfomsg peer_link;
	struct rtattr *info, *data, *peer;

	put(&r, IFLA_IFNAME, DEV, sizeof(DEV));
	info = put(&r, IFLA_LINKINFO, NULL, 0);
	put(&r, IFLA_INFO_KIND, "veth", 4);
	data = put(&r, IFLA_INFO_DATA, NULL, 0);
	peer = put(&r, VETH_INFO_PEER, &peer_link, sizeof(peer_link));
	put(&r, IFLA_IFNAME, PEER, sizeof(PEER));
	put(&r, IFLA_NET_NS_FD, &peer_ns, sizeof(peer_ns));
	end(&r, peer);
	end(&r, data);
	end(&r, info);
	return talk(sock, &r);
}

static int link_up(int sock, int ifindex)
{
	struct request r = request(RTM_NEWLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	r.link.ifi_flags = IFF_UP;
	r.link.ifi_change = IFF_UP;
	return talk(sock, &r);
}

static int link_del(int sock, int ifindex)
{
	struct request r = request(RTM_DELLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	return talk(sock, &r);
}

static int addr_add(int sock, int ifindex, const char *addr)
{
	struct request r = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(r.addr));
	struct in_addr in = { .s_addr = inet_addr(addr) };

	r.addr.ifa_family = AF_INET;
	r.addr.ifa_prefixlen = 24;
	r.addr.ifa_index = ifindex;
	put(&r, IFA_LOCAL, &in, sizeof(in));
	return talk(sock, &r);
}

/* ---- what races ---- */

enum op { ATTACH, DETACH, UPDATE, CLOSE, UNREGISTER, NETNS_EXIT, TRAFFIC };

static const char *const op_names[] = {
	"attach", "detach", "update", "close", "unregister", "netns exit", "traffic",
};

FIXTURE(races) {
	int home_ns, home_rtnl, packet;
	int progs[3];			/* two to exchange, one beside them */
	/* of this round */
	int ns, ifindex, peer_ifindex, link;
	bool closed;			/* the link's fd */
	pthread_barrier_t start, done;
	enum op ops[2];
	int answers[2];
	bool stop;
	__u32 last_prog_id, last_link_id;
};

FIXTURE_VARIANT(races) {
	enum op ops[2];
};

#define RACE(name, a, b)			\
FIXTURE_VARIANT_ADD(races, name) {		\
	.ops = { a, b },			\
}

RACE(attach_detach, ATTACH, DETACH);
RACE(attach_unregister, ATTACH, UNREGISTER);
RACE(attach_netns_exit, ATTACH, NETNS_EXIT);
RACE(detach_detach, DETACH, DETACH);
RACE(detach_update, DETACH, UPDATE);
RACE(detach_close, DETACH, CLOSE);
RACE(detach_unregister, DETACH, UNREGISTER);
RACE(detach_netns_exit, DETACH, NETNS_EXIT);
RACE(detach_traffic, DETACH, TRAFFIC);
RACE(update_update, UPDATE, UPDATE);
RACE(update_close, UPDATE, CLOSE);
RACE(update_unregister, UPDATE, UNREGISTER);
RACE(update_netns_exit, UPDATE, NETNS_EXIT);
RACE(update_traffic, UPDATE, TRAFFIC);
RACE(close_unregister, CLOSE, UNREGISTER);
RACE(close_netns_exit, CLOSE, NETNS_EXIT);
RACE(close_traffic, CLOSE, TRAFFIC);
RACE(unregister_netns_exit, UNREGISTER, NETNS_EXIT);
RACE(unregister_traffic, UNREGISTER, TRAFFIC);
RACE(netns_exit_traffic, NETNS_EXIT, TRAFFIC);

typedef FIXTURE_DATA(races) test;

/* ARP requests for DEV's address: in by its ingress, the answer out by its egress */
static void burst(test *t)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = t->peer_ifindex,
		.sll_halen = 6,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	static const unsigned char frame[60] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 1, 10, 2, 2, 2,
		0, 0, 0, 0, 0, 0, 10, 2, 2, 1,
	};
	int i;

	/* the device may go away any moment: nothing to check */
	for (i = 0; i < BURST; i++)
		if (sendto(t->packet, frame, sizeof(frame), 0, (void *)&to, sizeof(to)) < 0)
			break;
}

/* Another program, both ways, once more beside the link that is there */
static int attach_another(test *t)
{
	int ret, link;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	ret = prog_attach(t->progs[1], t->ifindex, INGRESS, AT(BPF_F_BEFORE));
	link = link_create(t->progs[1], t->ifindex, EGRESS, LAST);
	if (!ret && link < 0)
		ret = link;
	/* of a program that is not there any more nothing is left to detach */
	prog_detach(t->progs[1], t->ifindex, INGRESS, LAST);
	if (link >= 0)
		close(link);
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

static int perform(test *t, enum op op, int which)
{
	switch (op) {
	case ATTACH:
		return attach_another(t);
	case DETACH:
		return link_detach(t->link);
	case UPDATE:
		return link_update(t->link, t->progs[which], 0, 0);
	case CLOSE:
		return close(t->link) ? -errno : 0;
	case UNREGISTER:
		return link_del(t->home_rtnl, t->peer_ifindex);
	case NETNS_EXIT:
		return close(t->ns) ? -errno : 0;
	case TRAFFIC:
		burst(t);
		return 0;
	}
	return -EINVAL;
}

static bool ends_device(enum op op)
{
	return op == UNREGISTER || op == NETNS_EXIT;
}

/* What each may answer, whatever the other does at the time */
static bool may_answer(test *t, int which)
{
	bool close = t->ops[!which] == CLOSE;
	bool gone = t->ops[!which] == NETNS_EXIT;
	int ret = t->answers[which];

	switch (t->ops[which]) {
	case ATTACH:
		return ret == 0 || (ends_device(t->ops[!which]) && ret == -ENODEV) ||
		       (gone && ret == -EBADF);
	case DETACH:
		return ret == 0 || (close && ret == -EBADF);
	case UPDATE:
		/* the two of them may come to exchange the same program twice */
		return ret == 0 || ret == -ENOLINK || (close && ret == -EBADF);
	case UNREGISTER:
		return ret == 0 || (gone && ret == -ENODEV);
	default:
		return ret == 0;
	}
}

static void *racer(void *arg)
{
	test *t = *(test **)arg;
	int which = ((void **)arg)[1] != NULL;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(which, &cpu);
	/* with one CPU they race all the same, only less */
	sched_setaffinity(0, sizeof(cpu), &cpu);
	for (;;) {
		unsigned int wait;

		pthread_barrier_wait(&t->start);
		if (t->stop)
			return NULL;
		/* not always the same one first */
		for (wait = rand() % 4000; wait; wait--)
			__asm__ volatile("" ::: "memory");
		t->answers[which] = perform(t, t->ops[which], which);
		pthread_barrier_wait(&t->done);
	}
}

/* A namespace with DEV, its peer at home; 0 or the step that failed */
static int device_make(test *t)
{
	int rtnl, err = 0;

	t->ns = new_netns();
	rtnl = rtnl_open();
	if (t->ns < 0 || rtnl < 0)
		return 1;
	if (veth_add(rtnl, t->home_ns))
		err = 2;
	t->ifindex = if_nametoindex(DEV);
	if (!err && (addr_add(rtnl, t->ifindex, "10.2.2.1") || link_up(rtnl, t->ifindex)))
		err = 3;
	close(rtnl);
	if (setns(t->home_ns, CLONE_NEWNET))
		return 4;
	t->peer_ifindex = if_nametoindex(PEER);
	if (!err && link_up(t->home_rtnl, t->peer_ifindex))
		err = 5;
	return err;
}

/* tc programs that are newer than the last one before the race */
static int newer_progs(__u32 last)
{
	struct bpf_prog_info info;
	union bpf_attr attr = {};
	int n = 0, fd;

	attr.start_id = last;
	while (!sys_bpf(BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr))) {
		attr.start_id = attr.next_id;
		fd = bpf_prog_get_fd_by_id(attr.next_id);
		if (fd < 0)
			continue;
		n += !obj_info(fd, &info, sizeof(info)) &&
		     info.type == BPF_PROG_TYPE_SCHED_CLS;
		close(fd);
	}
	return n;
}

static int newer_links(__u32 last)
{
	struct bpf_link_info info;
	union bpf_attr attr = {};
	int n = 0, fd;

	attr.start_id = last;
	while (!sys_bpf(BPF_LINK_GET_NEXT_ID, &attr, sizeof(attr))) {
		attr.start_id = attr.next_id;
		fd = bpf_link_get_fd_by_id(attr.next_id);
		if (fd < 0)
			continue;
		n += !obj_info(fd, &info, sizeof(info)) && info.type == BPF_LINK_TYPE_TCX;
		close(fd);
	}
	return n;
}

static __u32 last_id(int next_cmd)
{
	union bpf_attr attr = {};
	__u32 last = 0;

	while (!sys_bpf(next_cmd, &attr, sizeof(attr))) {
		last = attr.next_id;
		attr.start_id = last;
	}
	return last;
}

FIXTURE_SETUP(races)
{
	int i;

	self->home_ns = new_netns();
	ASSERT_LE(0, self->home_ns);
	self->home_rtnl = rtnl_open();
	ASSERT_LE(0, self->home_rtnl);
	self->packet = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP));
	ASSERT_LE(0, self->packet);
	self->ops[0] = variant->ops[0];
	self->ops[1] = variant->ops[1];
	self->last_prog_id = last_id(BPF_PROG_GET_NEXT_ID);
	self->last_link_id = last_id(BPF_LINK_GET_NEXT_ID);
	for (i = 0; i < 3; i++) {
		self->progs[i] = load_verdict(TC_ACT_UNSPEC);
		ASSERT_LE(0, self->progs[i]);
	}
	pthread_barrier_init(&self->start, NULL, 3);
	pthread_barrier_init(&self->done, NULL, 3);
}

FIXTURE_TEARDOWN(races)
{
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

TEST_F_TIMEOUT(races, leave_nothing_behind, 300)
{
	bool ends = ends_device(self->ops[0]) || ends_device(self->ops[1]);
	bool closes = self->ops[0] == CLOSE || self->ops[1] == CLOSE;
	bool exits = self->ops[0] == NETNS_EXIT || self->ops[1] == NETNS_EXIT;
	const char *seconds = getenv("TC_LINK_RACE_SECONDS");
	double until = now() + (seconds ? atof(seconds) : 1);
	void *args[2][2] = { { self, NULL }, { self, self } };
	unsigned long rounds = 0;
	pthread_t threads[2];
	int i, type, wrong;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, racer, args[i]));

	while (now() < until) {
		if (!rounds || ends) {
			ASSERT_EQ(0, device_make(self));
			/* goes with its device, or stays on the hook all the time */
			ASSERT_EQ(0, setns(self->ns, CLONE_NEWNET));
			ASSERT_EQ(0, prog_attach(self->progs[2], self->ifindex, INGRESS,
						 LAST));
			ASSERT_EQ(0, prog_attach(self->progs[2], self->ifindex, EGRESS,
						 LAST));
		} else {
			ASSERT_EQ(0, setns(self->ns, CLONE_NEWNET));
		}
		type = rounds % 2 ? INGRESS : EGRESS;
		self->link = link_create(self->progs[0], self->ifindex, type,
					 AT(rounds % 4 / 2 ? BPF_F_BEFORE : 0));
		ASSERT_LE(0, self->link);
		ASSERT_EQ(0, setns(self->home_ns, CLONE_NEWNET));

		pthread_barrier_wait(&self->start);
		pthread_barrier_wait(&self->done);
		wrong = !may_answer(self, 0) ? 0 : !may_answer(self, 1) ? 1 : -1;
		ASSERT_EQ(-1, wrong)
			TH_LOG("%s answers %d against %s, round %lu",
			       op_names[self->ops[wrong & 1]],
			       self->answers[wrong & 1],
			       op_names[self->ops[!wrong]], rounds);

		/* whatever happened, this is always possible */
		if (!closes) {
			ASSERT_EQ(0, link_detach(self->link));
			close(self->link);
		}
		if (ends) {
			/* the namespace or the device that is still there */
			if (!exits)
				close(self->ns);
			link_del(self->home_rtnl, self->peer_ifindex);
			ASSERT_TRUE(EVENTUALLY(!if_nametoindex(PEER)));
		}
		rounds++;
	}
	self->stop = true;
	pthread_barrier_wait(&self->start);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%s against %s: %lu rounds", op_names[self->ops[0]],
	       op_names[self->ops[1]], rounds);

	/* nothing is held any more but by what would be a leak */
	if (!ends) {
		close(self->ns);
		link_del(self->home_rtnl, self->peer_ifindex);
	}
	for (i = 0; i < 3; i++)
		close(self->progs[i]);
	EXPECT_TRUE(EVENTUALLY(!newer_links(self->last_link_id)));
	EXPECT_TRUE(EVENTUALLY(!newer_progs(self->last_prog_id)));
}

TEST_HARNESS_MAIN
