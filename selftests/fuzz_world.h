/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects that the fuzzer works on: processes with their own fd tables and network
 * namespaces, which make one call at a time when they are told to; and veth pairs,
 * whose other ends are in the namespace of the fuzzer itself, the lab. And what is
 * checked on them. The tests that the fuzzer prints use it as well, so that they notice
 * what the fuzzer has noticed.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "tc_link_test.h"
#include "fuzz_model.h"
#include "rtnl.h"
#include "static_key.h"

#include <linux/if_packet.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* An object has the same fd in every process. CALL_CLOSE_ALL closes all from FDS on. */
#define OTHER_FD_NR	180
#define XDP_PROG_FD	181
#define FILTER_PROG_FD	182
#define XDP_LINK_FD	183
#define TRACE_FD	184
#define FDS		200
#define PROG_FD(p)	(FDS + (p))
#define LINK_FD(l)	(300 + (l))
#define FDS_END		400

#define ETHERTYPE	0x88b5	/* for local experiments */
#define PIN_DIR		"/sys/fs/bpf/"

/* ---- random numbers: a seed always gives the same ones ---- */

static uint64_t rng_state;

static inline uint32_t rnd(uint32_t below)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % below;
}

/* Once in @n times */
static inline bool once_in(uint32_t n)
{
	return !rnd(n);
}

/* Is argv[*i] this option, with a number behind it? If so, goes on to the number. */
static inline bool option_is(const char *name, char **argv, int *i, uint64_t *n)
{
	const char *text = argv[*i + 1];
	char *end;

	if (strcmp(argv[*i], name) || !text || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*n = strtoull(text, &end, 0);
	++*i;
	return !*end && !errno;
}

/* ---- a process ---- */

enum call_what { CALL_BPF, CALL_CLOSE, CALL_CLOSE_ALL, CALL_SETNS, CALL_READ, CALL_POLL };

struct call {
	enum call_what what;
	int cmd;
	union bpf_attr attr;
	unsigned int size;
	int fd;			/* to close or to poll; the number that a new fd gets */
	char path[64];		/* to pin, to get or to read; of a namespace */
	struct bpf_insn insns[24];
	struct hook hook;
	struct bpf_link_info link_info;
	struct bpf_prog_info prog_info;
	char text[1024];	/* the text that was read */
	int ret;
};

struct proc {
	pid_t pid;
	int go, done;		/* pipes */
	struct call *call;	/* shared with the process */
};

/* What poll() says about the fd now, or -errno */
static inline int poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static inline int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	memset(text, 0, size);
	ret = fd < 0 || read(fd, text, size - 1) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static inline int call_do(struct call *c)
{
	int fd, ret;

	switch (c->what) {
	case CALL_BPF:
		ret = sys_bpf(c->cmd, &c->attr, c->size);
		if (ret < 0 || c->fd < 0)
			return ret;
		if (dup2(ret, c->fd) < 0)
			return -errno;
		close(ret);
		return 0;
	case CALL_CLOSE:
		return close(c->fd) ? -errno : 0;
	case CALL_CLOSE_ALL:
		for (fd = FDS; fd < FDS_END; fd++)
			close(fd);
		return 0;
	case CALL_SETNS:
		fd = open(c->path, O_RDONLY | O_CLOEXEC);
		ret = fd < 0 || setns(fd, CLONE_NEWNET) ? -errno : 0;
		close(fd);
		return ret;
	case CALL_READ:
		return read_text(c->path, c->text, sizeof(c->text));
	case CALL_POLL:
		return poll_now(c->fd);
	}
	return -ENOSYS;
}

static inline int proc_call(struct proc *p)
{
	char c = 0;

	if (write(p->go, &c, 1) != 1 || read(p->done, &c, 1) != 1) {
		fprintf(stderr, "a process of the fuzzer has died\n");
		_exit(2);
	}
	return p->call->ret;
}

static inline int proc_start(struct proc *p)
{
	int go[2], done[2], fd;
	pid_t pid;
	char c;

	if (pipe(go) || pipe(done))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* those of the world, which would keep namespaces and pipes alive */
		for (fd = 3; fd < OTHER_FD_NR; fd++)
			if (fd != go[0] && fd != done[1])
				close(fd);
		while (read(go[0], &c, 1) == 1) {
			p->call->ret = call_do(p->call);
			if (write(done[1], &c, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(go[0]);
	close(done[1]);
	p->pid = pid;
	p->go = go[1];
	p->done = done[0];
	return 0;
}

/* ---- devices, in the current namespace of the fuzzer ---- */

/* One socket per call: an open one would keep its namespace alive */
#define WITH_RTNL(call) ({			\
	int rtnl = rtnl_open();			\
	int ret_ = rtnl < 0 ? -errno : (call);	\
						\
	close(rtnl);				\
	ret_;					\
})

/* Returns when the current holder of RTNL has released it */
static inline void wait_for_rtnl(void)
{
	WITH_RTNL(link_up(rtnl, 1));
}

/* ---- the world ---- */

struct world {
	struct proc proc[PROCS];
	int lab;			/* fd of its namespace */
	int ns[NSES];			/* fds, -1 if there is none */
	/* XDP links on lo, detached with the namespace: a tc link would keep a static key on */
	int marker[NSES];
	int in;				/* the current namespace of the fuzzer; -1: the lab */
	uint32_t xdp_prog_id, filter_prog_id, xdp_link_id;
	struct {
		bool exists;
		int ns;
		uint32_t ifindex;
	} dev[DEVS];
	uint32_t p_id[PROGS], l_id[LINKS];	/* the last in each slot, 0 if none */
	int keys[2];			/* the static keys, if no step uses a hook */
	struct hook asked;		/* what hook_ask() got */
	struct {
		uint32_t ran;
		uint8_t prog[252];
	} volatile *trace;
	int here[DEVS], there[DEVS];	/* packet sockets, 0 if not open */
	uint32_t packets;		/* sent */
	int patience;			/* seconds to wait for deferred work of the kernel */
	char why[2048];			/* what went wrong */
	char met[512];			/* the programs that ran on the last packet */
};

static inline bool fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	return false;
}

/* Waits for @condition; false if it does not become true in time */
#define IN_TIME(w, condition) ({				\
	double end_ = now() + (w)->patience;			\
	int spins_ = 0;						\
	bool true_;						\
								\
	for (;;) {						\
		true_ = (condition);				\
		if (true_ || now() > end_)			\
			break;					\
		if (++spins_ > 20)				\
			usleep(1000);				\
	}							\
	true_;							\
})

static inline bool go_to(struct world *w, int ns)
{
	if (w->in == ns)
		return true;
	if (setns(ns < 0 ? w->lab : w->ns[ns], CLONE_NEWNET))
		return fail(w, "setns: %s", strerror(errno));
	w->in = ns;
	return true;
}

static inline void move_fd(int from, int to)
{
	if (from < 0 || dup2(from, to) < 0) {
		perror("fuzz: cannot set up");
		exit(1);
	}
	close(from);
}

static inline int xdp_link_create(int prog)
{
	return link_create(prog, if_nametoindex("lo"), BPF_XDP, LAST);
}

static inline int trace_map(void)
{
	union bpf_attr attr = {};

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 256;
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	return sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* A program that appends its slot to the trace and returns its verdict */
static inline void prog_load_call(struct call *c, int slot, int verdict)
{
	const struct bpf_insn insns[] = {
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_1,
		  offsetof(struct __sk_buff, protocol), 0 },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, 11, htons(ETHERTYPE) },
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_6, BPF_PSEUDO_MAP_VALUE, 0, TRACE_FD },
		{ 0, 0, 0, 0, 0 },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_6, 0, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_1, 0, 0 },
		{ BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 127 },
		{ BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_2, BPF_REG_6, 0, 0 },
		{ BPF_ST | BPF_MEM | BPF_B, BPF_REG_2, 0, 4, slot },
		{ BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, 1 },
		{ BPF_STX | BPF_MEM | BPF_W, BPF_REG_6, BPF_REG_1, 0, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, verdict },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
		/* not one of the fuzzer's packets */
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	memcpy(c->insns, insns, sizeof(insns));
	c->cmd = BPF_PROG_LOAD;
	c->attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	c->attr.insns = (unsigned long)c->insns;
	c->attr.insn_cnt = sizeof(insns) / sizeof(*insns);
	c->attr.license = (unsigned long)"GPL";
	c->fd = PROG_FD(slot);
}

static inline bool ns_add(struct world *w, int ns)
{
	int fd;

	if (!go_to(w, -1))
		return false;
	fd = new_netns();
	if (fd < 0)
		return fail(w, "new namespace: %s", strerror(-fd));
	w->ns[ns] = fd;
	w->in = ns;
	WITH_RTNL(link_up(rtnl, 1));
	w->marker[ns] = link_create(XDP_PROG_FD, 1, BPF_XDP, LAST);
	if (w->marker[ns] < 0)
		return fail(w, "link on lo: %s", strerror(-w->marker[ns]));
	return true;
}

static inline void traffic_close(struct world *w, int dev)
{
	if (w->here[dev])
		close(w->here[dev]);
	if (w->there[dev])
		close(w->there[dev]);
	w->here[dev] = 0;
	w->there[dev] = 0;
}

static inline bool link_is_detached(int fd)
{
	struct bpf_link_info info;

	return obj_info(fd, &info, sizeof(info)) || !info.xdp.ifindex;
}

/* Returns when its devices are gone */
static inline bool ns_del(struct world *w, int ns)
{
	int patience = w->patience, d;
	bool gone;

	for (d = 0; d < DEVS; d++) {
		if (!w->dev[d].exists || w->dev[d].ns != ns)
			continue;
		traffic_close(w, d);
		w->dev[d].exists = false;
	}
	if (!go_to(w, -1))
		return false;
	close(w->ns[ns]);
	w->ns[ns] = -1;
	w->patience = 60;
	gone = IN_TIME(w, link_is_detached(w->marker[ns]));
	w->patience = patience;
	close(w->marker[ns]);
	if (!gone)
		return fail(w, "the namespace does not end");
	/* its devices are unregistered together, under RTNL */
	wait_for_rtnl();
	return true;
}

static inline bool dev_del(struct world *w, int dev)
{
	int ret;

	traffic_close(w, dev);
	w->dev[dev].exists = false;
	if (!go_to(w, w->dev[dev].ns))
		return false;
	ret = WITH_RTNL(link_del(rtnl, w->dev[dev].ifindex));
	return !ret || fail(w, "cannot delete fz%d: %s", dev, strerror(-ret));
}

/* Sets it up first: it may be down already. traffic_open() sets it up again. */
static inline bool dev_down(struct world *w, int dev)
{
	uint32_t ifindex = w->dev[dev].ifindex;
	int ret;

	traffic_close(w, dev);
	if (!go_to(w, w->dev[dev].ns))
		return false;
	ret = WITH_RTNL(link_up(rtnl, ifindex) ?: link_down(rtnl, ifindex));
	return !ret || fail(w, "cannot set fz%d down: %s", dev, strerror(-ret));
}

static inline bool dev_add(struct world *w, int dev, int ns, uint32_t ifindex)
{
	char here[16], there[16];
	int ret;

	if (!go_to(w, ns))
		return false;
	snprintf(here, sizeof(here), "fz%d", dev);
	snprintf(there, sizeof(there), "fp%d", dev);
	ret = WITH_RTNL(veth_add(rtnl, here, ifindex, there, w->lab));
	if (ret)
		return fail(w, "cannot add %s: %s", here, strerror(-ret));
	w->dev[dev].exists = true;
	w->dev[dev].ns = ns;
	w->dev[dev].ifindex = ifindex;
	return true;
}

/* @renumbered: its ifindex is in use there, so the kernel chooses another one */
static inline bool dev_move(struct world *w, int dev, int to, bool renumbered)
{
	char name[16];
	int ret;

	traffic_close(w, dev);
	if (!go_to(w, w->dev[dev].ns))
		return false;
	ret = WITH_RTNL(link_move(rtnl, w->dev[dev].ifindex, w->ns[to]));
	if (ret)
		return fail(w, "cannot move fz%d: %s", dev, strerror(-ret));
	w->dev[dev].ns = to;
	if (!go_to(w, to))
		return false;
	snprintf(name, sizeof(name), "fz%d", dev);
	ret = if_nametoindex(name);
	if (!renumbered && ret != w->dev[dev].ifindex)
		return fail(w, "fz%d got a new ifindex although its own was free", dev);
	w->dev[dev].ifindex = ret;
	return true;
}

/* ---- packets ---- */

static inline int packet_socket(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = if_nametoindex(name),
	};
	int sock;

	if (!at.sll_ifindex || WITH_RTNL(link_up(rtnl, at.sll_ifindex)))
		return -1;
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock >= 0 && bind(sock, (void *)&at, sizeof(at))) {
		close(sock);
		return -1;
	}
	return sock;
}

/* A device carries packets some time after it was set up: see IFLA_OPERSTATE */
static inline bool running(struct world *w, int ns, const char *name)
{
	struct request r = request(RTM_GETLINK, 0, sizeof(r.link));
	int len, up = -1, sock;
	struct rtattr *a;
	struct {
		struct nlmsghdr h;
		struct ifinfomsg link;
		char attrs[8192];
	} answer;

	if (!go_to(w, ns))
		return false;
	r.h.nlmsg_flags = NLM_F_REQUEST;
	r.link.ifi_index = if_nametoindex(name);
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (sock >= 0 && send(sock, &r, r.h.nlmsg_len, 0) > 0 &&
	    recv(sock, &answer, sizeof(answer), 0) > 0 &&
	    answer.h.nlmsg_type == RTM_NEWLINK) {
		len = IFLA_PAYLOAD(&answer.h);
		for (a = IFLA_RTA(&answer.link); RTA_OK(a, len); a = RTA_NEXT(a, len))
			if (a->rta_type == IFLA_OPERSTATE)
				up = *(uint8_t *)RTA_DATA(a);
	}
	close(sock);
	return up == 6;		/* IF_OPER_UP; <linux/if.h> and <net/if.h> clash */
}

static inline bool traffic_open(struct world *w, int dev)
{
	char here[16], there[16];

	snprintf(here, sizeof(here), "fz%d", dev);
	snprintf(there, sizeof(there), "fp%d", dev);
	if (w->here[dev])
		return true;
	if (!go_to(w, w->dev[dev].ns))
		return false;
	w->here[dev] = packet_socket(here);
	if (!go_to(w, -1))
		return false;
	w->there[dev] = packet_socket(there);
	if (w->here[dev] < 0 || w->there[dev] < 0)
		return fail(w, "packet socket on fz%d: %s", dev, strerror(errno));
	if (!IN_TIME(w, running(w, w->dev[dev].ns, here) && running(w, -1, there)))
		return fail(w, "fz%d does not come up", dev);
	/* the work is done when RTNL is free again */
	wait_for_rtnl();
	return true;
}

struct frame {
	uint8_t to[6], from[6];
	uint16_t type;
	uint32_t number;
	char rest[46];
} __attribute__((packed));

/* Sends a packet through the hook. Is its fate as expected? */
static inline bool traffic(struct world *w, int dev, int type, const struct fate *fate)
{
	struct frame frame = { .to = { 255, 255, 255, 255, 255, 255 },
			       .from = { 2, 0, 0, 0, 9, 9 },
			       .type = htons(ETHERTYPE) }, got;
	struct pollfd arrived = { .events = POLLIN };
	int i, from, to, said, len;

	if (!traffic_open(w, dev))
		return false;
	from = type == EGRESS ? w->here[dev] : w->there[dev];
	to = type == EGRESS ? w->there[dev] : w->here[dev];
	frame.number = ++w->packets;
	w->trace->ran = 0;
	memset((void *)w->trace->prog, 0xff, sizeof(w->trace->prog));

	said = send(from, &frame, sizeof(frame), 0) < 0 ? -errno : 0;
	if (said != fate->said)
		return fail(w, "send returned %d, expected %d", said, fate->said);
	if (fate->passes) {
		arrived.fd = to;
		if (poll(&arrived, 1, w->patience * 1000) != 1)
			return fail(w, "the packet did not pass");
		if (recv(to, &got, sizeof(got), 0) != sizeof(got) ||
		    got.number != frame.number)
			return fail(w, "packet %u passed, but should not have", got.number);
	} else if (!IN_TIME(w, w->trace->ran >= fate->n)) {
		return fail(w, "%u programs ran on the packet, expected %d", w->trace->ran,
			    fate->n);
	} else if (recv(to, &got, sizeof(got), MSG_DONTWAIT) > 0) {
		return fail(w, "packet %u passed, but should not have", got.number);
	}
	if (w->trace->ran != fate->n)
		return fail(w, "%u programs ran on the packet, expected %d", w->trace->ran,
			    fate->n);
	len = snprintf(w->met, sizeof(w->met), fate->passes ? "passes" : "is gone");
	for (i = 0; i < fate->n; i++) {
		if (w->trace->prog[i] != fate->met[i])
			return fail(w, "program %d that ran on the packet was p%d, expected p%d",
				    i, w->trace->prog[i], fate->met[i]);
		len += snprintf(w->met + len, sizeof(w->met) - len, " p%d", fate->met[i]);
	}
	return true;
}

/* ---- the static keys that let packets find the hooks ---- */

/*
 * Waits until what an earlier test has used is given back. A hook holds one at most. If an
 * earlier test has left one on for good, leftovers fails.
 */
static inline void keys_settle(void)
{
	int i;

	for (i = 0; i < 2; i++)
		(void)WITHIN(3, static_key(i) <= 0);
}

static inline void keys_read(struct world *w)
{
	w->keys[0] = static_key(0);
	w->keys[1] = static_key(1);
}

static inline bool key_released(struct world *w, int key)
{
	int now = static_key(key);

	return now >= 0 && now <= w->keys[key];
}

/* They are given back some time after the last hook has become empty */
static inline bool keys_released(struct world *w)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (w->keys[i] < 0 || IN_TIME(w, key_released(w, i)))
			continue;
		return fail(w, "%s is %d, was %d at the start, and no hook is in use",
			    key_names[i], static_key(i), w->keys[i]);
	}
	return true;
}

/* ---- is the kernel as expected? ---- */

static inline const char *type_text(int type)
{
	return type == EGRESS ? "egress" : "ingress";
}

static inline bool prog_gone(struct world *w, int p)
{
	return IN_TIME(w, !prog_exists(w->p_id[p])) ||
	       fail(w, "p%d still exists, but nothing holds it", p);
}

static inline bool link_gone(struct world *w, int l)
{
	return IN_TIME(w, !link_exists(w->l_id[l])) ||
	       fail(w, "l%d still exists, but nothing holds it", l);
}

static inline bool prog_lives(struct world *w, int p)
{
	return prog_exists(w->p_id[p]) || fail(w, "p%d is gone", p);
}

static inline bool link_lives(struct world *w, int l)
{
	return link_exists(w->l_id[l]) || fail(w, "l%d is gone", l);
}

/* The @n programs and links @at, of which @room were asked for, @without some buffers */
static inline bool answer_is(struct world *w, const char *what, const struct hook *hook,
			     int room, int without, uint64_t revision, int n,
			     const struct entry *at)
{
	uint32_t prog, link, prog_flags, link_flags;
	bool written;
	int i;

	if (hook->count != n || hook->revision != revision || hook->attach_flags)
		return fail(w, "%s has %u programs, revision %llu; expected %d, %llu", what,
			    hook->count, (unsigned long long)hook->revision, n,
			    (unsigned long long)revision);
	for (i = 0; i < HOOK_MAX; i++) {
		/* without the ids of programs, the other buffers are not written either */
		written = i < n && i < room && !(without & NO_PROG_IDS);
		prog = written ? w->p_id[at[i].prog] : 0;
		link = written && !(without & NO_LINK_IDS) && at[i].link >= 0 ?
		       w->l_id[at[i].link] : 0;
		prog_flags = written && !(without & NO_PROG_FLAGS) ? 0 : ~0;
		link_flags = written && !(without & NO_LINK_FLAGS) ? 0 : ~0;
		if (hook->prog_ids[i] != prog || hook->link_ids[i] != link)
			return fail(w, "%s has program %u, link %u at position %d; expected %u, %u",
				    what, hook->prog_ids[i], hook->link_ids[i], i, prog, link);
		if (hook->prog_attach_flags[i] != prog_flags ||
		    hook->link_attach_flags[i] != link_flags)
			return fail(w, "%s has flags %#x, %#x at position %d; expected %#x, %#x",
				    what, hook->prog_attach_flags[i], hook->link_attach_flags[i], i,
				    prog_flags, link_flags);
	}
	return true;
}

static inline bool hook_is(struct world *w, int dev, int type, uint64_t revision, int n,
			   const struct entry *at)
{
	struct hook hook;
	char what[32];
	int ret;

	if (!go_to(w, w->dev[dev].ns))
		return false;
	snprintf(what, sizeof(what), "d%d %s", dev, type_text(type));
	ret = hook_query(w->dev[dev].ifindex, type, &hook);
	if (ret)
		return fail(w, "%s: query returns %d", what, ret);
	return answer_is(w, what, &hook, HOOK_MAX, 0, revision, n, at);
}

static inline void query_prepare(union bpf_attr *attr, struct hook *hook, int ifindex, int type,
				 int room, int without, uint32_t query_flags,
				 uint32_t attach_flags)
{
	memset(attr, 0, sizeof(*attr));
	hook_clear(hook);
	attr->query.target_ifindex = ifindex;
	attr->query.attach_type = type;
	attr->query.query_flags = query_flags;
	attr->query.attach_flags = attach_flags;
	attr->query.count = room;
	if (!(without & NO_PROG_IDS))
		attr->query.prog_ids = (unsigned long)hook->prog_ids;
	if (!(without & NO_LINK_IDS))
		attr->query.link_ids = (unsigned long)hook->link_ids;
	if (!(without & NO_PROG_FLAGS))
		attr->query.prog_attach_flags = (unsigned long)hook->prog_attach_flags;
	if (!(without & NO_LINK_FLAGS))
		attr->query.link_attach_flags = (unsigned long)hook->link_attach_flags;
}

static inline void query_done(const union bpf_attr *attr, struct hook *hook)
{
	hook->count = attr->query.count;
	hook->revision = attr->query.revision;
	hook->attach_flags = attr->query.attach_flags;
}

/* @dev: -1 if the link is detached */
static inline bool info_is(struct world *w, int l, const struct bpf_link_info *info, int prog,
			   int dev, int type)
{
	uint32_t ifindex = dev < 0 ? 0 : w->dev[dev].ifindex;

	if (info->type == BPF_LINK_TYPE_TCX && info->id == w->l_id[l] &&
	    info->prog_id == w->p_id[prog] && info->tcx.ifindex == ifindex &&
	    info->tcx.attach_type == type)
		return true;
	return fail(w,
		    "l%d: type %u id %u program %u ifindex %u attach type %u, expected %u %u %u %u %u",
		    l, info->type, info->id, info->prog_id, info->tcx.ifindex,
		    info->tcx.attach_type, BPF_LINK_TYPE_TCX, w->l_id[l], w->p_id[prog], ifindex,
		    type);
}

/* A link of mainline cannot be polled */
static inline bool poll_is(struct world *w, int l, int got, bool over)
{
	return mainline_tcx() || got == (over ? POLLHUP : 0) ||
	       fail(w, "l%d: poll() returns %#x, but the link is %s", l, got,
		    over ? "detached" : "attached");
}

static inline bool fdinfo_is(struct world *w, int l, const char *text, int prog, int dev, int type)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "prog_id:\t%u\nifindex:\t%u\nattach_type:\t%s\n",
		 w->p_id[prog], dev < 0 ? 0 : w->dev[dev].ifindex,
		 type == EGRESS ? "47 (egress)" : "46 (ingress)");
	return (strstr(text, expected) && strstr(text, "link_type:\ttcx\n")) ||
	       fail(w, "l%d: fdinfo is\n%s\nexpected\n%s", l, text, expected);
}

/* ---- references, set-up, reset ---- */

static inline uint32_t ref_id(const struct world *w, struct ref r, bool link)
{
	uint32_t id = BAD_ID;

	switch (r.kind) {
	case NOTHING:
		return 0;
	case A_PROG:
		/* as the id of a link it could be in use */
		id = link ? BAD_ID : w->p_id[r.slot];
		break;
	case A_LINK:
		id = link ? w->l_id[r.slot] : BAD_ID;
		break;
	case AN_XDP_PROG:
		return link ? BAD_ID : w->xdp_prog_id;
	case A_FILTER_PROG:
		return link ? BAD_ID : w->filter_prog_id;
	case AN_XDP_LINK:
		return link ? w->xdp_link_id : BAD_ID;
	}
	return id ?: BAD_ID;
}

static inline int ref_fd(struct ref r)
{
	switch (r.kind) {
	case NOTHING:
		return 0;
	case A_PROG:
		return PROG_FD(r.slot);
	case A_LINK:
		return LINK_FD(r.slot);
	case AN_XDP_PROG:
		return XDP_PROG_FD;
	case A_FILTER_PROG:
		return FILTER_PROG_FD;
	case AN_XDP_LINK:
		return XDP_LINK_FD;
	case OTHER_FD:
		return OTHER_FD_NR;
	}
	return BAD_FD;
}

static inline void pin_path(char *path, size_t size, char kind, int slot)
{
	snprintf(path, size, PIN_DIR "%c%d", kind, slot);
}

static inline bool proc_enter(struct world *w, int proc, int ns)
{
	struct call *c = w->proc[proc].call;
	int ret;

	c->what = CALL_SETNS;
	snprintf(c->path, sizeof(c->path), "/proc/%d/fd/%d", getpid(), w->ns[ns]);
	ret = proc_call(&w->proc[proc]);
	return !ret || fail(w, "a process cannot enter a namespace: %s", strerror(-ret));
}

/* Kills the process, and starts another one in its place */
static inline bool proc_die(struct world *w, int proc)
{
	struct proc *p = &w->proc[proc];
	int ret;

	if (kill(p->pid, SIGKILL) || waitpid(p->pid, NULL, 0) != p->pid)
		return fail(w, "cannot kill a process: %s", strerror(errno));
	close(p->go);
	close(p->done);
	ret = proc_start(p);
	if (ret)
		return fail(w, "fork: %s", strerror(-ret));
	return proc_enter(w, proc, 0);
}

static inline bool all_gone(struct world *w)
{
	int i;

	for (i = 0; i < PROGS; i++)
		if (w->p_id[i] && !prog_gone(w, i))
			return false;
	for (i = 0; i < LINKS; i++)
		if (w->l_id[i] && !link_gone(w, i))
			return false;
	return true;
}

static inline void forget(struct world *w)
{
	memset(w->p_id, 0, sizeof(w->p_id));
	memset(w->l_id, 0, sizeof(w->l_id));
}

/* Removes all that the steps have created, and checks that it is gone */
static inline bool world_reset(struct world *w)
{
	bool ok = true;
	char path[64];
	int i;

	for (i = 0; i < PROCS; i++) {
		w->proc[i].call->what = CALL_CLOSE_ALL;
		proc_call(&w->proc[i]);
		ok &= proc_enter(w, i, 0);
	}
	for (i = 0; i < PROGS; i++) {
		pin_path(path, sizeof(path), 'p', i);
		unlink(path);
	}
	for (i = 0; i < LINKS; i++) {
		pin_path(path, sizeof(path), 'l', i);
		unlink(path);
	}
	for (i = 0; i < DEVS; i++)
		if (w->dev[i].exists)
			ok &= dev_del(w, i);
	if (w->ns[2] >= 0)
		ok &= ns_del(w, 2);
	if (w->ns[1] < 0)
		ok &= ns_add(w, 1);
	ok = ok && all_gone(w);
	forget(w);
	return ok;
}

static inline bool world_setup(struct world *w)
{
	int i, fd;

	/* the parent may have left some fds open */
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	/*
	 * the calls are made one at a time, and a second CPU would have to be woken for
	 * each
	 */
	stay_on_this_cpu();
	w->patience = 10;
	w->lab = new_netns();
	w->in = -1;
	if (w->lab < 0)
		return fail(w, "needs root and CONFIG_NET_NS: %s", strerror(-w->lab));
	if (private_bpffs())
		return fail(w, "cannot mount a bpffs: %s", strerror(errno));
	WITH_RTNL(link_up(rtnl, 1));
	/* fd 0 is open, but not a BPF object */
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	move_fd(fd, OTHER_FD_NR);
	move_fd(load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0), XDP_PROG_FD);
	move_fd(load_verdict_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, 0), FILTER_PROG_FD);
	move_fd(xdp_link_create(XDP_PROG_FD), XDP_LINK_FD);
	move_fd(trace_map(), TRACE_FD);
	w->xdp_prog_id = prog_id(XDP_PROG_FD);
	w->filter_prog_id = prog_id(FILTER_PROG_FD);
	w->xdp_link_id = link_id(XDP_LINK_FD);
	w->trace = mmap(NULL, 256, PROT_READ | PROT_WRITE, MAP_SHARED, TRACE_FD, 0);
	if (w->trace == MAP_FAILED)
		return fail(w, "mmap: %s", strerror(errno));
	for (i = 0; i < PROCS; i++) {
		w->proc[i].call = mmap(NULL, sizeof(struct call), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (w->proc[i].call == MAP_FAILED || proc_start(&w->proc[i]))
			return fail(w, "fork: %s", strerror(errno));
	}
	for (i = 0; i < NSES; i++)
		w->ns[i] = -1;
	for (i = 0; i < 2; i++)
		if (!ns_add(w, i))
			return false;
	for (i = 0; i < PROCS; i++)
		if (!proc_enter(w, i, 0))
			return false;
	keys_settle();
	keys_read(w);
	return true;
}

/* ---- for the tests that are printed: the same in one process ---- */

/* The programs tell which of them a packet has met, as those of the fuzzer do */
static inline int slot_load(struct world *w, int p, int verdict)
{
	struct call c = { .what = CALL_BPF, .size = sizeof(c.attr) };
	int fd;

	prog_load_call(&c, p, verdict);
	c.fd = -1;
	fd = call_do(&c);
	w->p_id[p] = prog_id(fd);
	return fd;
}

static inline int obj_pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (unsigned long)path, .bpf_fd = fd };

	return sys_bpf(BPF_OBJ_PIN, &attr, sizeof(attr));
}

static inline int hook_ask(struct world *w, int ifindex, int type, int room, int without,
			   uint32_t query_flags, uint32_t attach_flags)
{
	union bpf_attr attr;
	int ret;

	query_prepare(&attr, &w->asked, ifindex, type, room, without, query_flags,
		      attach_flags);
	ret = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	query_done(&attr, &w->asked);
	return ret;
}

static inline bool link_is(struct world *w, int l, int fd, int prog, int dev, int type)
{
	struct bpf_link_info info;
	int ret = obj_info(fd, &info, sizeof(info));

	return ret ? fail(w, "l%d: info returns %d", l, ret) :
		     info_is(w, l, &info, prog, dev, type);
}

static inline bool link_fdinfo_is(struct world *w, int l, int fd, int prog, int dev, int type)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return read_text(path, text, sizeof(text)) ? fail(w, "l%d: no fdinfo", l) :
						     fdinfo_is(w, l, text, prog, dev, type);
}

static inline void close_fds(int *fds, int n)
{
	while (n--) {
		if (fds[n] != BAD_FD)
			close(fds[n]);
		fds[n] = BAD_FD;
	}
}

/* The last to have these fds open is a process that is killed */
static inline bool die_with(struct world *w, int *progs, int *links)
{
	pid_t pid = child();

	if (pid < 0)
		return fail(w, "fork: %s", strerror(errno));
	while (!pid)
		pause();
	close_fds(progs, PROGS);
	close_fds(links, LINKS);
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid || fail(w, "waitpid: %s", strerror(errno));
}

#endif
