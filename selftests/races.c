// SPDX-License-Identifier: GPL-2.0
/*
 * The operations that change, end or look up an attachment or its device, in pairs, and
 * against packets, on two CPUs. The kernel's own checks find the real bugs. Here the
 * checks are that each call returns one of the permitted results, and that no program
 * and no link is left. Further tests change one hook from several threads, and switch
 * the static keys while CPUs come and go.
 *
 * TC_LINK_RACE_SECONDS in the environment is the time for each pair, 1 if not set.
 */
#include "../kselftest_harness.h"
#include "rtnl.h"
#include "tc_link_test.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <sys/ioctl.h>

#define DEV	"race0"		/* has the link; in a namespace of its own */
#define PEER	"race1"		/* in the namespace of the test */
#define PIN	"/sys/fs/bpf/race"
#define BURST	64		/* packets per round */
#define ENOUGH	300		/* rounds, for chance to bring both orders */
#define PATIENCE	200	/* seconds, for the same */

/* ---- what races ---- */

enum op {
	ATTACH, ATTACH_BESIDE, REPLACE, PROG_DETACH, DETACH, UPDATE, CLOSE, UNPIN, GET,
	GET_PROG, QUERY, POLL, MOVE, RENAME, UNREGISTER, NETNS_EXIT, TRAFFIC,
};

static const char *const op_names[] = {
	"attach", "attach beside", "replace", "prog detach", "detach", "update", "close",
	"unpin", "get", "get program",
	"query", "poll", "move", "rename", "unregister", "netns exit", "traffic",
};

FIXTURE(races) {
	int home_ns, home_rtnl, packet;
	/*
	 * The program of the link, another one, and one beside the link. Those that no
	 * operation needs are held by the link or the hook alone, so they are freed as
	 * soon as these let go of them.
	 */
	int progs[3];
	/* of this round */
	int ns, ifindex, peer_ifindex, link, type;
	__u32 link_id;
	__u32 prog_id;			/* of a program that the other operation may free */
	bool by_prog;			/* ATTACH_BESIDE names the link's program */
	pthread_barrier_t start, done;
	enum op ops[2];
	int answers[2];
	unsigned int took[2];		/* microseconds, in the round before */
	unsigned long good[2];		/* rounds in which it succeeded */
	unsigned long replies;		/* to the packets of TRAFFIC */
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

RACE(attach_attach, ATTACH, ATTACH);
RACE(attach_replace, ATTACH, REPLACE);
RACE(attach_detach, ATTACH, DETACH);
RACE(attach_update, ATTACH, UPDATE);
RACE(attach_close, ATTACH, CLOSE);
RACE(attach_move, ATTACH, MOVE);
RACE(attach_rename, ATTACH, RENAME);
RACE(attach_unregister, ATTACH, UNREGISTER);
RACE(attach_netns_exit, ATTACH, NETNS_EXIT);
RACE(attach_traffic, ATTACH, TRAFFIC);
RACE(attach_beside_update, ATTACH_BESIDE, UPDATE);
RACE(attach_beside_detach, ATTACH_BESIDE, DETACH);
RACE(attach_beside_close, ATTACH_BESIDE, CLOSE);
RACE(attach_beside_unpin, ATTACH_BESIDE, UNPIN);
RACE(attach_beside_move, ATTACH_BESIDE, MOVE);
RACE(attach_beside_unregister, ATTACH_BESIDE, UNREGISTER);
RACE(replace_replace, REPLACE, REPLACE);
RACE(replace_detach, REPLACE, DETACH);
RACE(replace_update, REPLACE, UPDATE);
RACE(replace_close, REPLACE, CLOSE);
RACE(replace_move, REPLACE, MOVE);
RACE(replace_rename, REPLACE, RENAME);
RACE(replace_unregister, REPLACE, UNREGISTER);
RACE(replace_netns_exit, REPLACE, NETNS_EXIT);
RACE(replace_traffic, REPLACE, TRAFFIC);
RACE(prog_detach_prog_detach, PROG_DETACH, PROG_DETACH);
RACE(prog_detach_attach, PROG_DETACH, ATTACH);
RACE(prog_detach_replace, PROG_DETACH, REPLACE);
RACE(prog_detach_detach, PROG_DETACH, DETACH);
RACE(prog_detach_update, PROG_DETACH, UPDATE);
RACE(prog_detach_close, PROG_DETACH, CLOSE);
RACE(prog_detach_move, PROG_DETACH, MOVE);
RACE(prog_detach_unregister, PROG_DETACH, UNREGISTER);
RACE(prog_detach_netns_exit, PROG_DETACH, NETNS_EXIT);
RACE(prog_detach_rename, PROG_DETACH, RENAME);
RACE(prog_detach_traffic, PROG_DETACH, TRAFFIC);
RACE(detach_detach, DETACH, DETACH);
RACE(detach_update, DETACH, UPDATE);
RACE(detach_close, DETACH, CLOSE);
RACE(detach_move, DETACH, MOVE);
RACE(detach_rename, DETACH, RENAME);
RACE(detach_unregister, DETACH, UNREGISTER);
RACE(detach_netns_exit, DETACH, NETNS_EXIT);
RACE(detach_traffic, DETACH, TRAFFIC);
RACE(update_update, UPDATE, UPDATE);
RACE(update_close, UPDATE, CLOSE);
RACE(update_move, UPDATE, MOVE);
RACE(update_rename, UPDATE, RENAME);
RACE(update_unregister, UPDATE, UNREGISTER);
RACE(update_netns_exit, UPDATE, NETNS_EXIT);
RACE(update_traffic, UPDATE, TRAFFIC);
RACE(close_move, CLOSE, MOVE);
RACE(close_rename, CLOSE, RENAME);
RACE(close_unregister, CLOSE, UNREGISTER);
RACE(close_netns_exit, CLOSE, NETNS_EXIT);
RACE(close_traffic, CLOSE, TRAFFIC);
RACE(unpin_attach, UNPIN, ATTACH);
RACE(unpin_replace, UNPIN, REPLACE);
RACE(unpin_prog_detach, UNPIN, PROG_DETACH);
RACE(unpin_detach, UNPIN, DETACH);
RACE(unpin_update, UNPIN, UPDATE);
RACE(unpin_close, UNPIN, CLOSE);
RACE(unpin_move, UNPIN, MOVE);
RACE(unpin_rename, UNPIN, RENAME);
RACE(unpin_unregister, UNPIN, UNREGISTER);
RACE(unpin_netns_exit, UNPIN, NETNS_EXIT);
RACE(unpin_traffic, UNPIN, TRAFFIC);
RACE(get_attach, GET, ATTACH);
RACE(get_replace, GET, REPLACE);
RACE(get_prog_detach, GET, PROG_DETACH);
RACE(get_detach, GET, DETACH);
RACE(get_update, GET, UPDATE);
RACE(get_close, GET, CLOSE);
RACE(get_unpin, GET, UNPIN);
RACE(get_get, GET, GET);
RACE(get_move, GET, MOVE);
RACE(get_rename, GET, RENAME);
RACE(get_unregister, GET, UNREGISTER);
RACE(get_netns_exit, GET, NETNS_EXIT);
RACE(get_traffic, GET, TRAFFIC);
RACE(get_prog_update, GET_PROG, UPDATE);
RACE(get_prog_close, GET_PROG, CLOSE);
RACE(get_prog_unpin, GET_PROG, UNPIN);
RACE(get_prog_get_prog, GET_PROG, GET_PROG);
RACE(get_prog_unregister, GET_PROG, UNREGISTER);
RACE(get_prog_netns_exit, GET_PROG, NETNS_EXIT);
RACE(query_attach, QUERY, ATTACH);
RACE(query_replace, QUERY, REPLACE);
RACE(query_prog_detach, QUERY, PROG_DETACH);
RACE(query_detach, QUERY, DETACH);
RACE(query_update, QUERY, UPDATE);
RACE(query_close, QUERY, CLOSE);
RACE(query_unpin, QUERY, UNPIN);
RACE(query_get, QUERY, GET);
RACE(query_query, QUERY, QUERY);
RACE(query_move, QUERY, MOVE);
RACE(query_rename, QUERY, RENAME);
RACE(query_unregister, QUERY, UNREGISTER);
RACE(query_netns_exit, QUERY, NETNS_EXIT);
RACE(query_traffic, QUERY, TRAFFIC);
RACE(poll_detach, POLL, DETACH);
RACE(poll_unregister, POLL, UNREGISTER);
RACE(poll_netns_exit, POLL, NETNS_EXIT);
RACE(move_move, MOVE, MOVE);
RACE(move_rename, MOVE, RENAME);
RACE(move_unregister, MOVE, UNREGISTER);
RACE(move_netns_exit, MOVE, NETNS_EXIT);
RACE(move_traffic, MOVE, TRAFFIC);
RACE(rename_rename, RENAME, RENAME);
RACE(rename_unregister, RENAME, UNREGISTER);
RACE(rename_netns_exit, RENAME, NETNS_EXIT);
RACE(rename_traffic, RENAME, TRAFFIC);
RACE(unregister_unregister, UNREGISTER, UNREGISTER);
RACE(unregister_netns_exit, UNREGISTER, NETNS_EXIT);
RACE(unregister_traffic, UNREGISTER, TRAFFIC);
RACE(netns_exit_traffic, NETNS_EXIT, TRAFFIC);

typedef FIXTURE_DATA(races) test;

/*
 * Sends ARP requests for DEV's address, and counts the replies: the requests pass its
 * ingress, the replies its egress. No program judges them here; upgrade and load check
 * that each packet is seen.
 */
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
	char reply[sizeof(frame)];
	int i;

	/* the device may go away at any moment: errors are expected */
	for (i = 0; i < BURST; i++)
		if (sendto(t->packet, frame, sizeof(frame), 0, (void *)&to, sizeof(to)) < 0)
			break;
	while (recv(t->packet, reply, sizeof(reply), MSG_DONTWAIT) >= 0)
		t->replies++;
}

/* Attaches another program, with and without a link, beside the link that is there */
static int attach_another(test *t)
{
	int ret, link;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	ret = prog_attach(t->progs[1], t->ifindex, INGRESS, AT(BPF_F_BEFORE));
	link = link_create(t->progs[1], t->ifindex, EGRESS, LAST);
	/* fails if it is no longer there. If it was there before, another thread needs it. */
	if (!ret)
		prog_detach(t->progs[1], t->ifindex, INGRESS, LAST);
	if (!ret && link < 0)
		ret = link;
	if (link >= 0)
		close(link);
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/*
 * Attaches another program before the link, of which it gives the id, or that of its program.
 * The kernel's reference to either may be the last one.
 */
static int attach_beside(test *t)
{
	struct place at = AT(BPF_F_BEFORE | BPF_F_LINK | BPF_F_ID, .relative = t->link_id);
	int ret;

	if (t->by_prog)
		at = AT(BPF_F_BEFORE | BPF_F_ID, .relative = t->prog_id);
	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	ret = prog_attach(t->progs[1], t->ifindex, t->type, at);
	if (!ret)
		prog_detach(t->progs[1], t->ifindex, t->type, LAST);
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/* Replaces the program beside the link, and puts it back */
static int replace_another(test *t)
{
	int ret;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	ret = prog_attach(t->progs[1], t->ifindex, INGRESS,
			  AT(BPF_F_REPLACE, .replace_fd = t->progs[2]));
	prog_attach(t->progs[2], t->ifindex, INGRESS,
		    AT(BPF_F_REPLACE, .replace_fd = t->progs[1]));
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/* Detaches the program beside the link, and attaches it again */
static int detach_another(test *t)
{
	int ret;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	ret = prog_detach(t->progs[2], t->ifindex, INGRESS, LAST) ?:
	      prog_attach(t->progs[2], t->ifindex, INGRESS, LAST);
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/* Does the hook list each of its programs once, and nothing behind them? */
static bool lists_each_once(const struct hook *hook)
{
	__u32 i, j;

	for (i = 0; i < hook->count; i++) {
		if (!hook->prog_ids[i])
			return false;
		for (j = 0; j < i; j++)
			if (hook->prog_ids[i] == hook->prog_ids[j])
				return false;
	}
	return !hook->prog_ids[hook->count];
}

/* Is what a query tells about the link's device true while @other happens? */
static bool names_its_device(test *t, enum op other, __u32 ifindex)
{
	switch (other) {
	case RENAME:
		return ifindex == (__u32)t->ifindex;
	case MOVE:
		/* it may have another number there, but it has one */
		return ifindex;
	case DETACH: case UNREGISTER: case NETNS_EXIT:
		return !ifindex || ifindex == (__u32)t->ifindex;
	default:
		return true;
	}
}

/* Does it drop the last reference to the link? */
static bool drops_link(enum op op)
{
	return op == CLOSE || op == UNPIN;
}

/* Opens the link by its id, and asks what it is. The fd may be the last one. */
static int get(test *t, enum op other)
{
	int link = link_open(t->link_id), ret;
	struct bpf_link_info info;

	if (link < 0)
		return link;
	ret = obj_info(link, &info, sizeof(info));
	if (!ret && (info.id != t->link_id || !names_its_device(t, other, info.tcx.ifindex)))
		ret = -EPROTO;
	return close(link) ? -errno : ret;
}

/* The same with a program */
static int get_prog(test *t)
{
	int prog = prog_open(t->prog_id), ret;
	struct bpf_prog_info info;

	if (prog < 0)
		return prog;
	ret = obj_info(prog, &info, sizeof(info));
	if (!ret && info.id != t->prog_id)
		ret = -EPROTO;
	return close(prog) ? -errno : ret;
}

/* Asks without a reference, which could become the last one */
static bool has_id(__u32 link_id)
{
	union bpf_attr attr = { .start_id = link_id - 1 };

	return !sys_bpf(BPF_LINK_GET_NEXT_ID, &attr, sizeof(attr)) &&
	       attr.next_id == link_id;
}

/*
 * Removes the pin. A worker releases the link later, if that was the last reference. Looks
 * often, so that the time this took tells the other one how long it may wait.
 */
static int unpin(test *t)
{
	double end = now() + 20;

	if (unlink(PIN))
		return -errno;
	while (t->link < 0 && has_id(t->link_id)) {
		if (now() > end)
			return -ETIMEDOUT;
		usleep(100);
	}
	return 0;
}

/* Queries both hooks and the link. The results must be consistent. */
static int query(test *t)
{
	static const int types[] = { INGRESS, EGRESS };
	struct bpf_link_info info;
	struct hook hook;
	int ret = 0, i;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	for (i = 0; !ret && i < 2; i++) {
		ret = hook_query(t->ifindex, types[i], &hook);
		if (!ret && !lists_each_once(&hook))
			ret = -EPROTO;
	}
	if (!ret && !drops_link(t->ops[1])) {
		ret = obj_info(t->link, &info, sizeof(info));
		if (!ret && !names_its_device(t, t->ops[1], info.tcx.ifindex))
			ret = -EPROTO;
	}
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/* A waiter must not miss the end of the link */
static int poll_hangup(int link)
{
	struct pollfd fd = { .fd = link };

	if (poll(&fd, 1, 20000) != 1)
		return -ETIMEDOUT;
	return fd.revents == POLLHUP ? 0 : -EPROTO;
}

/*
 * By rtnetlink in the namespace of the device. An open socket would keep the namespace
 * alive.
 */
static int change_device(test *t, enum op op)
{
	int ret = 0, rtnl;

	if (setns(t->ns, CLONE_NEWNET))
		return -errno;
	rtnl = rtnl_open();
	if (op == MOVE) {
		ret = link_move(rtnl, t->ifindex, t->home_ns);
	} else {
		/* some trees do not rename a device that is up */
		ret = link_down(rtnl, t->ifindex) ?:
		      link_rename(rtnl, t->ifindex, "race2") ?:
		      link_rename(rtnl, t->ifindex, DEV) ?:
		      link_up(rtnl, t->ifindex);
	}
	close(rtnl);
	return setns(t->home_ns, CLONE_NEWNET) ? -errno : ret;
}

/* Opens no socket, which could get the number of an fd that the other thread uses */
static bool peer_exists(test *t)
{
	struct ifreq ifr = { .ifr_name = PEER };

	return !ioctl(t->packet, SIOCGIFINDEX, &ifr);
}

static int perform(test *t, enum op op, int which)
{
	switch (op) {
	case ATTACH:
		return attach_another(t);
	case ATTACH_BESIDE:
		return attach_beside(t);
	case REPLACE:
		return replace_another(t);
	case PROG_DETACH:
		return detach_another(t);
	case DETACH:
		return link_detach(t->link);
	case UPDATE:
		/* to another program, but for one of two updates */
		return link_update(t->link, t->progs[t->ops[0] == t->ops[1] ? which : 1], 0, 0);
	case CLOSE:
		return close(t->link) ? -errno : 0;
	case UNPIN:
		return unpin(t);
	case GET:
		return get(t, t->ops[!which]);
	case GET_PROG:
		return get_prog(t);
	case QUERY:
		return query(t);
	case POLL:
		return poll_hangup(t->link);
	case MOVE:
	case RENAME:
		return change_device(t, op);
	case UNREGISTER:
		return link_del(t->home_rtnl, t->peer_ifindex);
	case NETNS_EXIT:
		if (close(t->ns))
			return -errno;
		/* a worker removes the device, unless the other thread has moved it out */
		if (t->ops[!which] != MOVE && !WITHIN(60, !peer_exists(t)))
			return -ETIMEDOUT;
		return 0;
	case TRAFFIC:
		burst(t);
		return 0;
	}
	return -EINVAL;
}

/* Does the device leave its namespace? */
static bool ends_device(enum op op)
{
	return op == UNREGISTER || op == NETNS_EXIT || op == MOVE;
}

/* Is the link over after it, though its fd may still be open? */
static bool ends_link(enum op op)
{
	return op == DETACH || op == UNREGISTER || op == NETNS_EXIT;
}

/* Does it drop the last reference to the program that GET_PROG looks up? */
static bool frees_prog(enum op op)
{
	return drops_link(op) || op == UPDATE || op == UNREGISTER || op == NETNS_EXIT;
}

/* The results that are permitted, whatever the other operation does meanwhile */
static bool may_answer(test *t, int which)
{
	enum op other = t->ops[!which];
	bool close = other == CLOSE, gone = other == NETNS_EXIT;
	/* may have put the same program on the hook, or removed the one to replace */
	bool meddles = other == ATTACH || other == ATTACH_BESIDE || other == REPLACE ||
		       other == UPDATE;
	int ret = t->answers[which];

	switch (t->ops[which]) {
	case ATTACH:
		if (ret == -EEXIST)
			return meddles;
		break;
	case ATTACH_BESIDE:
		if (ret == -EEXIST)
			return meddles;
		if (ret == -ENOENT)
			return drops_link(other) || ends_link(other) ||
			       (t->by_prog && other == UPDATE);
		break;
	case REPLACE:
		if (ret == -ENOENT && other == PROG_DETACH)
			return true;
		if (ret == -EEXIST || ret == -ENOENT)
			return meddles;
		break;
	case PROG_DETACH:
		if (ret == -ENOENT)
			return other == REPLACE || other == PROG_DETACH;
		break;
	case GET:
		return ret == 0 || (drops_link(other) && ret == -ENOENT);
	case GET_PROG:
		return ret == 0 || (frees_prog(other) && ret == -ENOENT);
	case RENAME:
		/* the other one has set it up */
		if (ret == -EBUSY)
			return other == RENAME;
		break;
	case QUERY:
	case MOVE:
		break;
	case DETACH:
		return ret == 0 || (close && ret == -EBADF);
	case UPDATE:
		if (ret == -ENOLINK)
			return ends_link(other);
		/* both may happen to set the same program */
		return ret == 0 || (close && ret == -EBADF) || (meddles && ret == -EEXIST);
	case UNREGISTER:
		return ret == 0 || ((gone || other == UNREGISTER) && ret == -ENODEV);
	default:
		return ret == 0;
	}
	return ret == 0 || (ends_device(other) && ret == -ENODEV) || (gone && ret == -EBADF);
}

/* Does it need an fd of the program beside the link? */
static bool names_another(enum op op)
{
	return op == REPLACE || op == PROG_DETACH;
}

/* Does it need an fd of the link, even if that is pinned? */
static bool needs_fd(enum op op)
{
	return op == UPDATE || op == DETACH || op == CLOSE;
}

/* Is a process in the namespace meanwhile? It ends only after that. */
static bool enters_netns(enum op op)
{
	return op == ATTACH || op == ATTACH_BESIDE || op == REPLACE || op == PROG_DETACH ||
	       op == QUERY || op == MOVE || op == RENAME;
}

/*
 * Lets the other one be first, at times, at any moment of what it does. Whoever enters a
 * namespace that ends has to be early: later there is none to enter.
 */
static void wait_a_little(test *t, int which)
{
	enum op op = t->ops[which], other = t->ops[!which];
	unsigned int wait;

	if (!(other == NETNS_EXIT && enters_netns(op)) && rand() % 2)
		usleep(rand() % (t->took[!which] * 5 / 4 + 1));
	for (wait = rand() % 4000; wait; wait--)
		__asm__ volatile("" ::: "memory");
}

/* Does it succeed before the other one and fail after it? */
static bool tells_order(enum op op, enum op other)
{
	switch (op) {
	case ATTACH: case REPLACE: case PROG_DETACH: case QUERY:
		/* while its process is inside, the namespace and its device stay */
		return other == UNREGISTER || other == MOVE;
	case ATTACH_BESIDE:
		return other == MOVE || other == DETACH || other == UNREGISTER ||
		       other == UPDATE || drops_link(other);
	case DETACH:
		return other == CLOSE;
	case UPDATE:
		return other == CLOSE || ends_link(other);
	case GET:
		return drops_link(other);
	case GET_PROG:
		return frees_prog(other);
	default:
		return false;
	}
}

/*
 * Has it succeeded and, if it can tell the order, also failed? Renaming takes RTNL four times,
 * and the device is gone by the last one. On mainline all of them take RTNL, and are seldom early.
 */
static bool met(test *t, int which, unsigned long rounds)
{
	enum op op = t->ops[which], other = t->ops[!which];

	if (mainline_tcx() || (op == RENAME && (other == MOVE || other == UNREGISTER)))
		return true;
	return t->good[which] && (!tells_order(op, other) || t->good[which] < rounds);
}

static void *racer(void *arg)
{
	test *t = *(test **)arg;
	int which = ((void **)arg)[1] != NULL;
	double begin;

	/* with one CPU they still race, but less */
	run_on(which);
	for (;;) {
		pthread_barrier_wait(&t->start);
		if (t->stop)
			return NULL;
		wait_a_little(t, which);
		begin = now();
		t->answers[which] = perform(t, t->ops[which], which);
		t->took[which] = (now() - begin) * 1e6;
		t->good[which] += !t->answers[which];
		pthread_barrier_wait(&t->done);
	}
}

/*
 * Makes a namespace with DEV, whose peer is in that of the test. Returns 0, or the step
 * that failed.
 */
static int device_make(test *t)
{
	int rtnl, err = 0;

	t->ns = new_netns();
	rtnl = rtnl_open();
	if (t->ns < 0 || rtnl < 0)
		return 1;
	if (veth_add(rtnl, DEV, 0, PEER, t->home_ns))
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

FIXTURE_SETUP(races)
{
	ASSERT_EQ(0, private_bpffs());
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
	self->progs[1] = load_verdict(TC_ACT_UNSPEC);
	ASSERT_LE(0, self->progs[1]);
	pthread_barrier_init(&self->start, NULL, 3);
	pthread_barrier_init(&self->done, NULL, 3);
}

FIXTURE_TEARDOWN(races)
{
}

TEST_F_TIMEOUT(races, leave_nothing_behind, 300)
{
	bool ends = ends_device(self->ops[0]) || ends_device(self->ops[1]);
	bool unpins = self->ops[0] == UNPIN || self->ops[1] == UNPIN;
	bool pin_alone = unpins && !needs_fd(self->ops[0]) && !needs_fd(self->ops[1]);
	bool closes = pin_alone || self->ops[0] == CLOSE || self->ops[1] == CLOSE;
	bool needs_prog = names_another(self->ops[0]) || names_another(self->ops[1]);
	bool updates = self->ops[0] == UPDATE && self->ops[1] == UPDATE;
	bool exits = self->ops[0] == NETNS_EXIT || self->ops[1] == NETNS_EXIT;
	bool traffic = self->ops[0] == TRAFFIC || self->ops[1] == TRAFFIC;
	bool stays = !closes && !ends_link(self->ops[0]) && !ends_link(self->ops[1]);
	struct bpf_link_info info;
	double until = now() + race_seconds();
	void *args[2][2] = { { self, NULL }, { self, self } };
	unsigned long rounds = 0;
	__u32 beside_id = 0;
	pthread_t threads[2];
	int i, wrong;

	if (self->ops[0] == POLL)
		SKIP_ON_MAINLINE("the fd of its tc links cannot be polled");
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, racer, args[i]));

	while (now() < until || !rounds ||
	       (rounds < ENOUGH && now() < until + PATIENCE &&
		!(met(self, 0, rounds) && met(self, 1, rounds)))) {
		if (!rounds || ends) {
			ASSERT_EQ(0, device_make(self));
			/* goes with its device, or stays on the hook all the time */
			ASSERT_EQ(0, setns(self->ns, CLONE_NEWNET));
			self->progs[2] = load_verdict(TC_ACT_UNSPEC);
			ASSERT_EQ(0, prog_attach(self->progs[2], self->ifindex, INGRESS,
						 LAST));
			ASSERT_EQ(0, prog_attach(self->progs[2], self->ifindex, EGRESS,
						 LAST));
			beside_id = prog_id(self->progs[2]);
			if (!needs_prog)
				close(self->progs[2]);
		} else {
			ASSERT_EQ(0, setns(self->ns, CLONE_NEWNET));
		}
		self->type = rounds % 2 ? INGRESS : EGRESS;
		self->progs[0] = load_verdict(TC_ACT_UNSPEC);
		self->link = link_create(self->progs[0], self->ifindex, self->type,
					 AT(rounds % 4 / 2 ? BPF_F_BEFORE : 0));
		ASSERT_LE(0, self->link);
		self->link_id = link_id(self->link);
		ASSERT_NE(0, self->link_id);
		/* the program beside the link goes with the device, the link's with the link */
		self->prog_id = prog_id(self->progs[0]);
		if (ends && self->ops[0] == GET_PROG)
			self->prog_id = beside_id;
		ASSERT_NE(0, self->prog_id);
		self->by_prog = rounds % 8 / 4;
		if (unpins)
			ASSERT_EQ(0, bpf_obj_pin(self->link, PIN));
		if (pin_alone) {
			close(self->link);
			self->link = -1;
		}
		if (!updates)
			close(self->progs[0]);
		ASSERT_EQ(0, setns(self->home_ns, CLONE_NEWNET));

		pthread_barrier_wait(&self->start);
		pthread_barrier_wait(&self->done);
		wrong = !may_answer(self, 0) ? 0 : !may_answer(self, 1) ? 1 : -1;
		ASSERT_EQ(-1, wrong)
			TH_LOG("%s returns %d against %s, round %lu",
			       op_names[self->ops[wrong & 1]],
			       self->answers[wrong & 1],
			       op_names[self->ops[!wrong]], rounds);

		if (stays) {
			ASSERT_EQ(0, obj_info(self->link, &info, sizeof(info)));
			ASSERT_NE(0, info.tcx.ifindex);
		}
		/* this must be possible whatever happened */
		if (!closes) {
			ASSERT_EQ(0, link_detach(self->link));
			close(self->link);
		}
		/* or the links that wait for their release would fill the hook */
		if (unpins && closes)
			ASSERT_TRUE(EVENTUALLY(!has_id(self->link_id)));
		if (updates)
			close(self->progs[0]);
		if (ends) {
			if (needs_prog)
				close(self->progs[2]);
			/* remove the namespace or the device if it is still there */
			if (!exits)
				close(self->ns);
			link_del(self->home_rtnl, self->peer_ifindex);
			ASSERT_TRUE(WITHIN(60, !peer_exists(self)));
		}
		rounds++;
	}
	self->stop = true;
	pthread_barrier_wait(&self->start);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%s against %s: %lu rounds; %lu and %lu succeeded", op_names[self->ops[0]],
	       op_names[self->ops[1]], rounds, self->good[0], self->good[1]);
	for (i = 0; i < 2; i++)
		EXPECT_TRUE(met(self, i, rounds));
	/* a device that goes away at once may have answered none */
	if (traffic && !ends)
		EXPECT_LT(0, self->replies);

	/* only a leak could still hold anything */
	if (!ends) {
		if (needs_prog)
			close(self->progs[2]);
		close(self->ns);
		link_del(self->home_rtnl, self->peer_ifindex);
	}
	close(self->progs[1]);
	EXPECT_TRUE(EVENTUALLY(!newer_links(self->last_link_id)));
	EXPECT_TRUE(EVENTUALLY(!newer_progs(self->last_prog_id)));
}

/* ---- several threads change one hook ---- */

#define CHANGERS 4

FIXTURE(one_hook) {
	struct net net;
	int progs[CHANGERS];
	__u32 ids[CHANGERS];
	bool stop;
	pthread_t plugger;
	bool plugging;
	/* one for each thread */
	unsigned long done[CHANGERS], wrong[CHANGERS];
	unsigned long seen[3];		/* queries of each state, by all threads */
	__u64 revisions[CHANGERS];	/* the sum of those that it has changed */
};

typedef FIXTURE_DATA(one_hook) one_hook;

struct changer {
	one_hook *c;
	int nr;
	pthread_t thread;
};

static bool stopped(one_hook *c)
{
	return __atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

/*
 * Runs the threads for the time of a race, and then for a minute at most until there is @enough,
 * if that is given. False if one cannot be started.
 */
static bool run_changers(one_hook *c, void *(*first)(void *), void *(*others)(void *),
			 bool (*enough)(one_hook *c))
{
	struct changer all[CHANGERS];
	int i;

	for (i = 0; i < CHANGERS; i++) {
		all[i] = (struct changer){ .c = c, .nr = i };
		if (pthread_create(&all[i].thread, NULL, i ? others : first, &all[i]))
			return false;
	}
	usleep(race_seconds() * 1e6);
	if (enough)
		WITHIN(60, enough(c));
	__atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < CHANGERS; i++)
		pthread_join(all[i].thread, NULL);
	return true;
}

FIXTURE_SETUP(one_hook)
{
	int i;

	ASSERT_EQ(0, net_setup(&self->net));
	for (i = 0; i < CHANGERS; i++) {
		self->progs[i] = load_verdict(TC_ACT_UNSPEC);
		self->ids[i] = prog_id(self->progs[i]);
		ASSERT_NE(0, self->ids[i]);
	}
}

FIXTURE_TEARDOWN(one_hook)
{
	/* if the test has failed; it leaves CPU 1 online */
	__atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
	if (self->plugging)
		pthread_join(self->plugger, NULL);
}

/* From program 0 alone to 0 and 1, to 0 and 2, and back: three changes */
static void *change_in_threes(void *arg)
{
	struct changer *me = arg;
	one_hook *c = me->c;
	int link;

	while (!stopped(c)) {
		link = link_create(c->progs[1], c->net.ifindex, INGRESS, LAST);
		if (link < 0 || link_update(link, c->progs[2], 0, 0) || close(link))
			c->wrong[me->nr]++;
		c->done[me->nr]++;
	}
	return NULL;
}

/* The revision tells which of the three states it is, and everything else must match it */
static void *query_threes(void *arg)
{
	struct changer *me = arg;
	one_hook *c = me->c;
	struct hook hook;
	bool right;
	int step;

	while (!stopped(c)) {
		right = !hook_query(c->net.ifindex, INGRESS, &hook);
		step = (hook.revision - 2) % 3;
		right = right && hook.count == (step ? 2 : 1) &&
			hook.prog_ids[0] == c->ids[0] && !hook.link_ids[0] &&
			hook.prog_ids[1] == (step ? c->ids[step] : 0) &&
			!hook.link_ids[1] == !step;
		c->wrong[me->nr] += !right;
		c->done[me->nr]++;
		__atomic_add_fetch(&c->seen[step], 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool saw_each_state(one_hook *c)
{
	int i;

	for (i = 0; i < 3 && __atomic_load_n(&c->seen[i], __ATOMIC_RELAXED); i++)
		;
	return i == 3;
}

TEST_F_TIMEOUT(one_hook, is_whole_to_a_query, 300)
{
	int i;

	ASSERT_EQ(0, prog_attach(self->progs[0], self->net.ifindex, INGRESS, LAST));
	ASSERT_EQ(2, hook_revision(self->net.ifindex, INGRESS));
	ASSERT_TRUE(run_changers(self, change_in_threes, query_threes, saw_each_state));
	for (i = 0; i < CHANGERS; i++) {
		EXPECT_EQ(0, self->wrong[i]);
		EXPECT_LT(0, self->done[i]);
	}
	EXPECT_TRUE(saw_each_state(self));
	TH_LOG("%lu times three changes; %lu, %lu and %lu queries of the three states",
	       self->done[0], self->seen[0], self->seen[1], self->seen[2]);
}

/* Attaches and detaches, each time only if nothing has changed since the query */
static void *change_if_unchanged(void *arg)
{
	struct changer *me = arg;
	one_hook *c = me->c;
	struct hook hook;
	bool on = false;
	int ret;

	while (!stopped(c) || on) {
		if (hook_query(c->net.ifindex, INGRESS, &hook)) {
			c->wrong[me->nr]++;
			break;
		}
		if (on)
			ret = prog_detach(c->progs[me->nr], c->net.ifindex, INGRESS,
					  AT(.revision = hook.revision));
		else
			ret = prog_attach(c->progs[me->nr], c->net.ifindex, INGRESS,
					  AT(BPF_F_BEFORE, .revision = hook.revision));
		if (!ret) {
			on = !on;
			c->done[me->nr]++;
			c->revisions[me->nr] += hook.revision;
		} else if (ret != -ESTALE) {
			c->wrong[me->nr]++;
			break;
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(one_hook, takes_one_change_at_a_time, 300)
{
	unsigned long done = 0;
	__u64 revisions = 0;
	int last, i;

	/* keeps the hook from becoming empty, which would reset the revision */
	last = load_verdict(TC_ACT_UNSPEC);
	ASSERT_EQ(0, prog_attach(last, self->net.ifindex, INGRESS, LAST));
	ASSERT_TRUE(run_changers(self, change_if_unchanged, change_if_unchanged, NULL));
	for (i = 0; i < CHANGERS; i++) {
		EXPECT_EQ(0, self->wrong[i]);
		done += self->done[i];
		revisions += self->revisions[i];
	}
	EXPECT_LT(0, done);
	/* each of the revisions from 2 to the last but one was changed once */
	EXPECT_EQ(done * (done + 3) / 2, revisions);
	EXPECT_EQ(2 + done, hook_revision(self->net.ifindex, INGRESS));
	EXPECT_EQ(1, hook_count(self->net.ifindex, INGRESS));
	TH_LOG("%lu changes", done);
}

/* ---- static keys are switched while CPUs come and go ---- */

#define CPU1_ONLINE "/sys/devices/system/cpu/cpu1/online"

static void *plug(void *arg)
{
	struct changer *me = arg;
	int fd = open(CPU1_ONLINE, O_WRONLY | O_CLOEXEC);

	while (!stopped(me->c)) {
		if (write(fd, "0", 1) != 1 || write(fd, "1", 1) != 1)
			me->c->wrong[me->nr]++;
		me->c->done[me->nr]++;
	}
	close(fd);
	return NULL;
}

static void sleep_until(double when)
{
	double left = when - now();

	if (left > 0)
		usleep(left * 1e6);
}

/* Does a packet arrive within @ms milliseconds, and none before that was to be dropped? */
static bool arrives(struct net *net, int type, int ms)
{
	bool in = type == INGRESS;
	struct pollfd to = { .fd = in ? net->here : net->there, .events = POLLIN };
	static unsigned char last;
	unsigned char sent = ++last, got;

	/* it may be dropped on its way out */
	send_udp(in ? net->there : net->here, in ? HERE_ADDR : THERE_ADDR, PROBE_PORT,
		 &sent, 1);
	return poll(&to, 1, ms) == 1 && to.revents == POLLIN &&
	       recv(to.fd, &got, 1, 0) == 1 && got == sent;
}

/*
 * Each direction has a key, which is released a second after its last hook was used.
 * Every other round attaches again slightly earlier or later than that. Each time the
 * program must drop packets, and they must arrive again after it was detached.
 */
TEST_F_TIMEOUT(one_hook, switches_its_key_while_cpus_come_and_go, 300)
{
	static struct changer plugger;
	double until = now() + race_seconds(), detached;
	int drop, link, type, rounds = 0;

	if (access(CPU1_ONLINE, W_OK))
		SKIP(return, "no second CPU can be taken offline (CONFIG_HOTPLUG_CPU)");
	drop = load_verdict(TC_ACT_SHOT);
	ASSERT_LE(0, drop);
	plugger.c = self;
	ASSERT_EQ(0, pthread_create(&self->plugger, NULL, plug, &plugger));
	self->plugging = true;
	/* a packet in CPU 1's backlog may have to wait until CPU 1 is offline */
	ASSERT_EQ(0, run_on(0));
	while (now() < until || rounds < 4) {
		type = rounds / 2 % 2 ? INGRESS : EGRESS;
		link = link_create(drop, self->net.ifindex, type, LAST);
		ASSERT_LE(0, link);
		EXPECT_FALSE(arrives(&self->net, type, 100));
		ASSERT_EQ(0, link_detach(link));
		detached = now();
		close(link);
		EXPECT_TRUE(arrives(&self->net, type, 10000));
		sleep_until(detached + 0.98 + rand() % 40 / 1e3);
		rounds++;
	}
	__atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
	pthread_join(self->plugger, NULL);
	self->plugging = false;
	EXPECT_EQ(0, self->wrong[0]);
	EXPECT_LT(0, self->done[0]);
	TH_LOG("%d times on and off; CPU 1: %lu times", rounds, self->done[0]);
}

TEST_HARNESS_MAIN
