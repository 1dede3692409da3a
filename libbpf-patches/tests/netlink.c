// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel hardly ever says, and how libbpf's netlink tc API takes it:
 * interrupted dumps, lost, foreign, truncated and malformed answers. And what an old
 * kernel says to the probe for tc links.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "peer.h"

#define SIDE TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)

/* ---- messages ---- */

static char out[65536];
static size_t out_len;

static struct nlmsghdr *put_msg(const struct nlmsghdr *req, int type, int flags)
{
	struct nlmsghdr *nh = (void *)(out + out_len);

	memset(nh, 0, sizeof(*nh));
	nh->nlmsg_len = sizeof(*nh);
	nh->nlmsg_type = type;
	nh->nlmsg_flags = flags;
	nh->nlmsg_seq = req->nlmsg_seq;
	nh->nlmsg_pid = PEER_PORTID;
	out_len += sizeof(*nh);
	return nh;
}

static void *put(struct nlmsghdr *nh, const void *data, size_t len)
{
	void *at = (char *)nh + NLMSG_ALIGN(nh->nlmsg_len);

	if (data)
		memcpy(at, data, len);
	nh->nlmsg_len = NLMSG_ALIGN(nh->nlmsg_len) + len;
	out_len = (char *)nh - out + NLMSG_ALIGN(nh->nlmsg_len);
	return at;
}

static struct nlattr *put_attr(struct nlmsghdr *nh, int type, const void *data, size_t len)
{
	struct nlattr attr = { .nla_type = type, .nla_len = NLA_HDRLEN + len };
	struct nlattr *at = put(nh, &attr, sizeof(attr));

	if (len)
		put(nh, data, len);
	return at;
}

static void put_ack(const struct nlmsghdr *req, int err, const char *extack)
{
	struct nlmsgerr body = { .error = err, .msg = *req };
	struct nlmsghdr *nh;

	nh = put_msg(req, NLMSG_ERROR, NLM_F_CAPPED | (extack ? NLM_F_ACK_TLVS : 0));
	put(nh, &body, sizeof(body));
	if (extack)
		put_attr(nh, NLMSGERR_ATTR_MSG, extack, strlen(extack) + 1);
}

static void put_done(const struct nlmsghdr *req, int flags, int err)
{
	put(put_msg(req, NLMSG_DONE, NLM_F_MULTI | flags), &err, sizeof(err));
}

static struct nlmsghdr *put_filter(const struct nlmsghdr *req, int flags, __u32 handle,
				   __u32 prio, __u32 prog_id)
{
	struct tcmsg tc = {
		.tcm_handle = handle,
		.tcm_parent = SIDE,
		.tcm_info = TC_H_MAKE(prio << 16, htons(ETH_P_ALL)),
	};
	__u32 da = TCA_BPF_FLAG_ACT_DIRECT;
	struct nlmsghdr *nh;
	struct nlattr *nest;

	nh = put_msg(req, RTM_NEWTFILTER, flags);
	put(nh, &tc, sizeof(tc));
	put_attr(nh, TCA_KIND, "bpf", 4);
	nest = put_attr(nh, TCA_OPTIONS, NULL, 0);
	put_attr(nh, TCA_BPF_NAME, "prog:[42]", 10);
	put_attr(nh, TCA_BPF_FLAGS, &da, sizeof(da));
	put_attr(nh, TCA_BPF_ID, &prog_id, sizeof(prog_id));
	nest->nla_len = (char *)nh + nh->nlmsg_len - (char *)nest;
	return nh;
}

/* what was put so far becomes a datagram */
static void flush_as(struct peer_datagram datagram)
{
	datagram.data = out;
	datagram.len = out_len;
	peer_send(&datagram);
	out_len = 0;
}

static void flush(void)
{
	flush_as((struct peer_datagram){});
}

static void lose(int err)
{
	out_len = 0;
	flush_as((struct peer_datagram){ .err = err });
}

/* ---- the tests ---- */

static int tests, failures;
static bool failed;
static char logged[8192];

static int keep_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t have = strlen(logged);

	vsnprintf(logged + have, sizeof(logged) - have, fmt, ap);
	return 0;
}

static void expect(bool ok, const char *what, int line)
{
	if (ok)
		return;
	printf("# line %d: expected %s\n", line, what);
	if (logged[0])
		printf("# logged: %s", logged);
	failed = true;
}

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static struct bpf_tc_hook hook = {
	.sz = offsetof(struct bpf_tc_hook, parent) + sizeof(__u32),
	.ifindex = 1,
	.attach_point = BPF_TC_INGRESS,
};

/* up to its last field: the padding behind it, which must be 0, is not copied */
#define OPTS(...) (struct bpf_tc_opts){						\
	.sz = offsetof(struct bpf_tc_opts, priority) + sizeof(__u32), ##__VA_ARGS__ }
#define REQUESTS(type) (peer_requests[type])

struct list {
	int cnt;
	__u32 handle[64];
	char name[BPF_TC_FILTER_NAME_SZ];
	__u32 prog_id;
	__u8 tag[8];
};

static int list_fn(const struct bpf_tc_filter *filter, void *ctx)
{
	struct list *list = ctx;

	if (list->cnt < 64)
		list->handle[list->cnt] = filter->handle;
	list->cnt++;
	strcpy(list->name, filter->name);
	list->prog_id = filter->prog_id;
	memcpy(list->tag, filter->tag, sizeof(list->tag));
	return 0;
}

static struct list list;

static int get_list(void)
{
	memset(&list, 0, sizeof(list));
	return bpf_tc_for_each(&hook, list_fn, &list);
}

/* -- dumps: the n-th, counted from 1 -- */

static void (*dump)(const struct nlmsghdr *req, int n);

static void on_dump(const struct nlmsghdr *req)
{
	if (req->nlmsg_type == RTM_GETTFILTER)
		dump(req, REQUESTS(RTM_GETTFILTER));
}

static void good_dump(const struct nlmsghdr *req)
{
	put_filter(req, NLM_F_MULTI, 0, 9, 0);	/* the head of a priority */
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	flush();
	put_filter(req, NLM_F_MULTI, 2, 9, 42);
	flush();
	put_done(req, 0, 0);
	flush();
}

static void interrupted_dump(const struct nlmsghdr *req, int n)
{
	if (n > 1) {
		good_dump(req);
		return;
	}
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	put_filter(req, NLM_F_MULTI | NLM_F_DUMP_INTR, 3, 9, 42);
	flush();
	put_done(req, 0, 0);
	flush();
}

static void dump_interrupted_at_its_end(const struct nlmsghdr *req, int n)
{
	if (n > 3) {
		good_dump(req);
		return;
	}
	put_filter(req, NLM_F_MULTI, 7, 9, 42);
	put_done(req, NLM_F_DUMP_INTR, 0);
	flush();
}

static void dump_with_a_lost_part(const struct nlmsghdr *req, int n)
{
	if (n > 1) {
		good_dump(req);
		return;
	}
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	flush();
	lose(ENOBUFS);
	put_done(req, 0, 0);
	flush();
}

static void dump_with_a_truncated_datagram(const struct nlmsghdr *req, int n)
{
	if (n > 1) {
		good_dump(req);
		return;
	}
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	flush_as((struct peer_datagram){ .truncated = true });
	put_done(req, 0, 0);
	flush();
}

static void dump_with_an_overrun(const struct nlmsghdr *req, int n)
{
	if (n > 1) {
		good_dump(req);
		return;
	}
	put_msg(req, NLMSG_NOOP, 0);
	put_msg(req, NLMSG_OVERRUN, 0);
	put_done(req, 0, 0);
	flush();
}

/* a notification to all listeners, as of a change that somebody else makes */
static void put_change(const struct nlmsghdr *req, int type, int ifindex)
{
	struct tcmsg tc = { .tcm_ifindex = ifindex, .tcm_handle = 1 };
	struct nlmsghdr *nh = put_msg(req, type, 0);

	put(nh, &tc, sizeof(tc));
	nh->nlmsg_seq += 5;
	nh->nlmsg_pid = 1234;
}

static const struct { int type, ifindex; } changes[] = {
	{ RTM_NEWTFILTER, 1 }, { RTM_DELTFILTER, 1 }, { RTM_NEWQDISC, 1 }, { RTM_DELQDISC, 1 },
	{ RTM_NEWCHAIN, 1 }, { RTM_DELCHAIN, 1 },
	{ RTM_DELTFILTER, (int)0xffffffff },	/* of a block */
};
static size_t change;

static void dump_during_a_change(const struct nlmsghdr *req, int n)
{
	if (n > 1) {
		/* on another device, which does not matter */
		put_change(req, RTM_DELTFILTER, 2);
		flush();
		good_dump(req);
		return;
	}
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	flush();
	put_change(req, changes[change].type, changes[change].ifindex);
	flush();
	put_filter(req, NLM_F_MULTI, 3, 9, 42);
	flush();
	put_done(req, 0, 0);
	flush();
}

static void test_changes(void)
{
	peer_request = on_dump;
	dump = dump_during_a_change;
	for (change = 0; change < sizeof(changes) / sizeof(changes[0]); change++) {
		peer_reset();
		EXPECT(get_list() == 0);
		EXPECT(REQUESTS(RTM_GETTFILTER) == 2);
		EXPECT(list.cnt == 2);
		EXPECT(list.handle[0] == 1 && list.handle[1] == 2);
	}
}

static void test_repeated_dumps(void)
{
	static void (*const dumps[])(const struct nlmsghdr *req, int n) = {
		interrupted_dump, dump_with_a_lost_part,
		dump_with_a_truncated_datagram, dump_with_an_overrun,
		dump_interrupted_at_its_end,
	};
	size_t i;

	peer_request = on_dump;
	for (i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		peer_reset();
		dump = dumps[i];
		EXPECT(get_list() == 0);
		EXPECT(REQUESTS(RTM_GETTFILTER) == (dump == dump_interrupted_at_its_end ? 4 : 2));
		EXPECT(list.cnt == 2);
		EXPECT(list.handle[0] == 1 && list.handle[1] == 2);
	}
}

static void always_interrupted(const struct nlmsghdr *req, int n)
{
	put_filter(req, NLM_F_MULTI | NLM_F_DUMP_INTR, 1, 9, 42);
	put_done(req, 0, 0);
	flush();
}

static void test_endless_interruption(void)
{
	peer_request = on_dump;
	dump = always_interrupted;
	EXPECT(get_list() == -EAGAIN);
	EXPECT(list.cnt == 0);
	EXPECT(REQUESTS(RTM_GETTFILTER) > 1);
}

static void refused_dump(const struct nlmsghdr *req, int n)
{
	put_ack(req, -EPERM, "not for you");
	flush();
}

static void dump_that_failed(const struct nlmsghdr *req, int n)
{
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	put_done(req, 0, -EMSGSIZE);
	flush();
}

static void dump_without_end(const struct nlmsghdr *req, int n)
{
	put_filter(req, NLM_F_MULTI, 1, 9, 42);
	flush();
}

static void test_failed_dumps(void)
{
	peer_request = on_dump;
	dump = refused_dump;
	EXPECT(get_list() == -EPERM);
	EXPECT(strstr(logged, "not for you"));
	EXPECT(list.cnt == 0);
	dump = dump_that_failed;
	EXPECT(get_list() == -EMSGSIZE);
	EXPECT(list.cnt == 0);
	dump = dump_without_end;
	EXPECT(get_list() == -ETIMEDOUT);
	EXPECT(list.cnt == 0);
}

/* On a socket whose dump has not ended, the kernel says EBUSY to the next one. */
static void dump_without_end_at_first(const struct nlmsghdr *req, int n)
{
	if (n == 1) {
		dump_without_end(req, n);
	} else if (peer_sockets < n) {
		put_ack(req, -EBUSY, NULL);
		flush();
	} else {
		good_dump(req);
	}
}

static void test_dump_after_a_lost_end(void)
{
	peer_request = on_dump;
	dump = dump_without_end_at_first;
	EXPECT(get_list() == -ETIMEDOUT);
	EXPECT(get_list() == 0);
	EXPECT(list.cnt == 2);
}

/* -- strangers -- */

static void strangers(const struct nlmsghdr *req, int n)
{
	put_filter(req, NLM_F_MULTI, 11, 9, 42);
	put_done(req, 0, 0);
	flush_as((struct peer_datagram){ .from = 1234 });
	put_filter(req, NLM_F_MULTI, 12, 9, 42)->nlmsg_seq--;
	put_ack(req, -EPERM, NULL);
	((struct nlmsghdr *)out)->nlmsg_seq--;
	((struct nlmsghdr *)(out + NLMSG_ALIGN(((struct nlmsghdr *)out)->nlmsg_len)))->nlmsg_seq--;
	flush();
	put_filter(req, NLM_F_MULTI, 13, 9, 42)->nlmsg_pid++;
	flush();
	good_dump(req);
}

static void test_strangers(void)
{
	peer_request = on_dump;
	dump = strangers;
	EXPECT(get_list() == 0);
	EXPECT(list.cnt == 2);
	EXPECT(list.handle[0] == 1 && list.handle[1] == 2);
}

/* -- malformed -- */

static int malformation;

static void malformed(const struct nlmsghdr *req, int n)
{
	struct nlmsghdr *nh = put_filter(req, NLM_F_MULTI, 1, 9, 42);

	switch (malformation) {
	case 0:		/* longer than the datagram */
		nh->nlmsg_len += 4;
		break;
	case 1:		/* shorter than its header */
		nh->nlmsg_len = 15;
		break;
	case 2:
		nh->nlmsg_len = 0;
		break;
	case 3:		/* a part of a header */
		out_len = 7;
		break;
	case 4:		/* something behind the last message */
		memset(out + out_len, 0, 8);
		out_len += 8;
		break;
	case 5:
		nh->nlmsg_len = 0xffffffff;
		break;
	case 6:		/* nothing at all */
		out_len = 0;
		break;
	}
	flush();
	put_done(req, 0, 0);
	flush();
}

static void test_malformed_messages(void)
{
	peer_request = on_dump;
	dump = malformed;
	for (malformation = 0; malformation < 7; malformation++) {
		peer_reset();
		EXPECT(get_list() == -EBADMSG);
		EXPECT(list.cnt == 0);
	}
}

static void malformed_attrs(const struct nlmsghdr *req, int n)
{
	struct tcmsg tc = { .tcm_handle = 5 };
	char name[400];
	struct nlmsghdr *nh;
	struct nlattr *at;

	memset(name, 'x', sizeof(name));
	nh = put_msg(req, RTM_NEWTFILTER, NLM_F_MULTI);
	if (malformation == 0) {	/* no room for a tcmsg */
		put(nh, &tc, 8);
		goto done;
	}
	put(nh, &tc, sizeof(tc));
	at = put_attr(nh, TCA_KIND, "bpf", 4);
	switch (malformation) {
	case 1:		/* a kind longer than the message */
		at->nla_len = 100;
		break;
	case 2:		/* shorter than its header */
		at->nla_len = 3;
		break;
	case 3:		/* no options */
		break;
	case 4:		/* options shorter than they are */
		at = put_attr(nh, TCA_OPTIONS, NULL, 0);
		put_attr(nh, TCA_BPF_ID, "\1\2", 2);
		put_attr(nh, TCA_BPF_TAG, "abc", 3);
		at->nla_len = (char *)nh + nh->nlmsg_len - (char *)at;
		break;
	case 5:		/* a name without end, and too long */
		at = put_attr(nh, TCA_OPTIONS, NULL, 0);
		put_attr(nh, TCA_BPF_NAME, name, sizeof(name));
		at->nla_len = (char *)nh + nh->nlmsg_len - (char *)at;
		break;
	case 6:		/* an attribute in the options reaches out of them */
		at = put_attr(nh, TCA_OPTIONS, NULL, 0);
		put_attr(nh, TCA_BPF_ID, "\1\0\0\0", 4);
		at->nla_len = NLA_HDRLEN + 6;
		break;
	}
done:
	flush();
	put_done(req, 0, 0);
	flush();
}

static void test_malformed_attributes(void)
{
	peer_request = on_dump;
	dump = malformed_attrs;
	for (malformation = 0; malformation < 7; malformation++) {
		static const int expected[] = { -EBADMSG, 0, 0, 0, -EBADMSG, -EBADMSG, 0 };

		peer_reset();
		EXPECT(get_list() == expected[malformation]);
		EXPECT(list.cnt == (malformation == 6));
		EXPECT(list.prog_id == 0);
	}
}

/* -- attaching -- */

static struct {
	bool echo;
	int lost;		/* errno of recvfrom() instead of the ack */
} attach;

static void on_attach(const struct nlmsghdr *req)
{
	if (attach.echo) {
		put_filter(req, 0, 6, 77, PEER_PROG_ID);
		flush();
	}
	if (attach.lost) {
		lose(attach.lost);
	} else {
		put_ack(req, 0, NULL);
		flush();
	}
}

static int try_attach(bool echo, int lost, struct bpf_tc_opts *opts)
{
	peer_reset();
	peer_request = on_attach;
	attach.echo = echo;
	attach.lost = lost;
	logged[0] = 0;
	*opts = OPTS(.prog_fd = 3);
	return bpf_tc_attach(&hook, opts);
}

/* Another filter may have the same program: what is not known is not guessed. */
static void test_attach_answers(void)
{
	struct bpf_tc_opts opts;

	EXPECT(try_attach(true, 0, &opts) == 0);
	EXPECT(opts.handle == 6 && opts.priority == 77 && opts.prog_id == PEER_PROG_ID);
	EXPECT(try_attach(false, 0, &opts) == -ENOBUFS);
	EXPECT(opts.handle == 0 && opts.prog_id == 0);
	EXPECT(strstr(logged, "list the filters"));
	EXPECT(try_attach(true, ENOBUFS, &opts) == -ENOBUFS);
	EXPECT(opts.handle == 0 && opts.prog_id == 0);
	EXPECT(strstr(logged, "list the filters"));
	EXPECT(try_attach(false, EAGAIN, &opts) == -ETIMEDOUT);
	EXPECT(strstr(logged, "list the filters"));
	EXPECT(REQUESTS(RTM_NEWTFILTER) == 1 && REQUESTS(RTM_GETTFILTER) == 0);
}

/* -- detaching -- */

static struct {
	__u32 prog_id;		/* 0: the filter is not there */
	__u32 then;		/* the same, when it is looked at again */
	int lost;
	int err;
} detach;

static void put_filter_or_none(const struct nlmsghdr *req, __u32 prog_id)
{
	if (prog_id)
		put_filter(req, 0, 1, 9, prog_id);
	/* as if the qdisc were gone */
	put_ack(req, prog_id ? 0 : -EINVAL, NULL);
}

static void on_detach(const struct nlmsghdr *req)
{
	switch (req->nlmsg_type) {
	case RTM_GETTFILTER:
		put_filter_or_none(req, REQUESTS(RTM_GETTFILTER) > 1 ? detach.then :
									detach.prog_id);
		flush();
		break;
	case RTM_DELTFILTER:
		if (detach.lost) {
			lose(detach.lost);
		} else {
			put_ack(req, detach.err, NULL);
			flush();
		}
		break;
	}
}

static int try_detach(__u32 there, __u32 expected, int lost, int err)
{
	struct bpf_tc_opts opts = OPTS(.handle = 1, .priority = 9, .prog_id = expected);

	peer_reset();
	peer_request = on_detach;
	detach.prog_id = there;
	detach.lost = lost;
	detach.err = err;
	return bpf_tc_detach(&hook, &opts);
}

static void test_detach_answers(void)
{
	EXPECT(try_detach(42, 42, 0, 0) == 0);
	EXPECT(REQUESTS(RTM_DELTFILTER) == 1);

	/* what is not ours is not even asked to be removed */
	EXPECT(try_detach(41, 42, 0, 0) == -EEXIST);
	EXPECT(REQUESTS(RTM_DELTFILTER) == 0);
	EXPECT(try_detach(0, 42, 0, 0) == -ENOENT);
	EXPECT(REQUESTS(RTM_DELTFILTER) == 0);

	EXPECT(try_detach(42, 42, 0, -ENOENT) == -ENOENT);
	EXPECT(try_detach(42, 42, 0, -EPERM) == -EPERM);
	EXPECT(try_detach(42, 42, ENOBUFS, 0) == -ENOBUFS);
	EXPECT(try_detach(42, 0, EAGAIN, 0) == -ETIMEDOUT);
}

/* EINVAL does not tell whether the filter that was compared is still there. */
static void test_gone_after_the_comparison(void)
{
	logged[0] = 0;
	detach.then = 0;
	EXPECT(try_detach(42, 42, 0, -EINVAL) == -ENOENT);
	EXPECT(errno == ENOENT);
	EXPECT(strstr(logged, "the filter is gone"));
	EXPECT(REQUESTS(RTM_GETTFILTER) == 2 && REQUESTS(RTM_DELTFILTER) == 1);
	detach.then = 41;
	EXPECT(try_detach(42, 42, 0, -EINVAL) == -EEXIST);
	detach.then = 42;
	EXPECT(try_detach(42, 42, 0, -EINVAL) == -EINVAL);
	EXPECT(errno == EINVAL);

	/* nothing was compared */
	EXPECT(try_detach(42, 0, 0, -EINVAL) == -EINVAL);
	EXPECT(REQUESTS(RTM_GETTFILTER) == 0);
}

/* -- replacing -- */

static __u16 replace_flags;

static void on_refused_replace(const struct nlmsghdr *req)
{
	if (req->nlmsg_type == RTM_GETTFILTER)
		put_filter_or_none(req, REQUESTS(RTM_GETTFILTER) > 1 ? detach.then : 41);
	else
		put_ack(req, -EINVAL, "no such qdisc");
	flush();
}

static void on_replace(const struct nlmsghdr *req)
{
	if (req->nlmsg_type == RTM_GETTFILTER) {
		put_filter(req, 0, 1, 9, 41);
	} else {
		replace_flags = req->nlmsg_flags;
		put_filter(req, 0, 1, 9, PEER_PROG_ID);
	}
	put_ack(req, 0, NULL);
	flush();
}

static void test_replace(void)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = 3, .handle = 1, .priority = 9, .prog_id = 40,
				       .flags = BPF_TC_F_REPLACE);

	peer_request = on_replace;
	EXPECT(bpf_tc_attach(&hook, &opts) == -EEXIST);
	EXPECT(REQUESTS(RTM_NEWTFILTER) == 0);
	EXPECT(opts.prog_id == 40);

	/* must not make a filter where the expected one is gone meanwhile */
	opts.prog_id = 41;
	EXPECT(bpf_tc_attach(&hook, &opts) == 0);
	EXPECT(replace_flags & NLM_F_REPLACE);
	EXPECT(!(replace_flags & NLM_F_CREATE));
	EXPECT(opts.prog_id == PEER_PROG_ID);

	/* after the comparison the qdisc goes, or the kernel does not like the program */
	peer_request = on_refused_replace;
	opts.prog_id = 41;
	peer_reset();
	detach.then = 0;
	EXPECT(bpf_tc_attach(&hook, &opts) == -ENOENT);
	EXPECT(REQUESTS(RTM_NEWTFILTER) == 1);
	peer_reset();
	detach.then = 41;
	logged[0] = 0;
	EXPECT(bpf_tc_attach(&hook, &opts) == -EINVAL);
	EXPECT(strstr(logged, "no such qdisc"));
	EXPECT(opts.prog_id == 41);
}

/* -- the qdisc -- */

static int qdisc_err, qdisc_lost;
static int class_err = -ENOENT;		/* 0: it is an ingress qdisc */

static void on_qdisc(const struct nlmsghdr *req)
{
	switch (req->nlmsg_type) {
	case RTM_GETTCLASS:
		put_ack(req, class_err, NULL);
		flush();
		break;
	case RTM_GETTFILTER:
		good_dump(req);
		break;
	default:
		if (qdisc_lost) {
			lose(qdisc_lost);
		} else {
			put_ack(req, qdisc_err, NULL);
			flush();
		}
	}
}

static int try_qdisc(int (*call)(struct bpf_tc_hook *hook), int err, int lost)
{
	struct bpf_tc_hook both = hook;

	both.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	peer_reset();
	peer_request = on_qdisc;
	qdisc_err = err;
	qdisc_lost = lost;
	return call(&both);
}

static void test_qdisc_answers(void)
{
	EXPECT(try_qdisc(bpf_tc_hook_create, -EEXIST, 0) == -EEXIST);
	EXPECT(try_qdisc(bpf_tc_hook_create, 0, ENOBUFS) == -ENOBUFS);
	EXPECT(try_qdisc(bpf_tc_hook_destroy, 0, 0) == 0);
	EXPECT(try_qdisc(bpf_tc_hook_destroy, 0, ENOBUFS) == -ENOBUFS);
}

static void test_ingress_qdisc(void)
{
	struct bpf_tc_opts opts = OPTS(.prog_fd = 3);
	struct bpf_tc_hook egress = hook;

	class_err = 0;
	peer_request = on_qdisc;
	egress.attach_point = BPF_TC_EGRESS;
	EXPECT(bpf_tc_attach(&egress, &opts) == -EINVAL);
	EXPECT(REQUESTS(RTM_NEWTFILTER) == 0);
	memset(&list, 0, sizeof(list));
	egress.attach_point |= BPF_TC_INGRESS;
	EXPECT(bpf_tc_for_each(&egress, list_fn, &list) == 0);
	EXPECT(list.cnt == 2);
	EXPECT(bpf_tc_hook_destroy_unused(&egress) == -EBUSY);
	EXPECT(REQUESTS(RTM_DELQDISC) == 0);
	/* nobody hears of the question */
	EXPECT(REQUESTS(RTM_GETQDISC) == 0);
	class_err = -ENOENT;
}

/* Filters of ingress must not be taken for those of egress. */
static void test_unknown_qdisc(void)
{
	static const int none[] = { ENOENT, EINVAL, ENODEV, EOPNOTSUPP };
	struct bpf_tc_opts opts = OPTS(.prog_fd = 3);
	struct bpf_tc_hook egress = hook;
	size_t i;

	peer_request = on_qdisc;
	egress.attach_point = BPF_TC_EGRESS;
	class_err = -ENOMEM;
	EXPECT(bpf_tc_hook_destroy(&egress) == -ENOMEM);
	EXPECT(errno == ENOMEM);
	EXPECT(REQUESTS(RTM_DELTFILTER) == 0);
	EXPECT(bpf_tc_attach(&egress, &opts) == -ENOMEM);
	EXPECT(REQUESTS(RTM_NEWTFILTER) == 0);
	EXPECT(bpf_tc_hook_destroy_unused(&egress) == -ENOMEM);
	EXPECT(REQUESTS(RTM_DELQDISC) == 0);
	memset(&list, 0, sizeof(list));
	EXPECT(bpf_tc_for_each(&egress, list_fn, &list) == -ENOMEM);
	EXPECT(list.cnt == 0);

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		class_err = -none[i];
		memset(&list, 0, sizeof(list));
		EXPECT(bpf_tc_for_each(&egress, list_fn, &list) == 0);
		EXPECT(list.cnt == 2);
	}
	class_err = -ENOENT;
}

/* which of the dumps has a filter, and which is interrupted */
static int dump_with_filter, dump_interrupted;

static void on_unused(const struct nlmsghdr *req)
{
	int n = REQUESTS(RTM_GETTFILTER);

	switch (req->nlmsg_type) {
	case RTM_GETTFILTER:
		if (n == dump_with_filter)
			put_filter(req, NLM_F_MULTI, 1, 9, 41);
		put_done(req, n == dump_interrupted ? NLM_F_DUMP_INTR : 0, 0);
		break;
	case RTM_GETTCLASS:
		put_ack(req, -ENOENT, NULL);
		break;
	default:
		put_ack(req, 0, NULL);
		break;
	}
	flush();
}

static void test_unused_is_looked_at_again(void)
{
	peer_request = on_unused;
	/* the second has nothing, but was interrupted: not to be believed */
	dump_interrupted = 2;
	dump_with_filter = 3;
	EXPECT(bpf_tc_hook_destroy_unused(&hook) == -ENOTEMPTY);
	EXPECT(REQUESTS(RTM_GETTFILTER) == 3);
	EXPECT(REQUESTS(RTM_DELQDISC) == 0);
}

static void test_what_was_removed_meanwhile_is_unused(void)
{
	peer_request = on_unused;
	/* what interrupted the first was the removal of its filter */
	dump_interrupted = 1;
	dump_with_filter = 1;
	EXPECT(bpf_tc_hook_destroy_unused(&hook) == 0);
	EXPECT(REQUESTS(RTM_GETTFILTER) == 3);
	EXPECT(REQUESTS(RTM_DELQDISC) == 1);
}

/* -- words -- */

static const char *extack;
static int extack_err, extack_form;

static void on_extack(const struct nlmsghdr *req)
{
	struct nlmsgerr body = { .error = extack_err, .msg = *req };
	char payload[8] = {};
	struct nlmsghdr *nh;

	if (extack_form == 0) {
		put_ack(req, extack_err, extack);
	} else {
		/* the request's payload stands between */
		body.msg.nlmsg_len = sizeof(body.msg) + sizeof(payload);
		if (extack_form == 2)	/* and is said to be longer than it is */
			body.msg.nlmsg_len = 0x7fffffff;
		nh = put_msg(req, NLMSG_ERROR, NLM_F_ACK_TLVS);
		put(nh, &body, sizeof(body));
		put(nh, payload, sizeof(payload));
		put_attr(nh, NLMSGERR_ATTR_MSG, extack, strlen(extack) + (extack_form != 3));
	}
	if (extack_form == 4) {		/* no room for the error */
		((struct nlmsghdr *)out)->nlmsg_len = sizeof(*nh) + 4;
		out_len = sizeof(*nh) + 4;
	}
	flush();
}

/* What a later libbpf has there for another type of link is not dropped. */
static void test_fields_of_other_links(void)
{
	struct bpf_link_create_opts opts = { .sz = sizeof(opts) };

	opts.tcx.relative_fd = 1;
	EXPECT(bpf_link_create(3, 3, BPF_XDP, &opts) == -EINVAL);
	EXPECT(errno == EINVAL);
	opts.tcx.relative_fd = 0;
	opts.tcx.expected_revision = 1;
	EXPECT(bpf_link_create(3, 3, BPF_XDP, &opts) == -EINVAL);
	opts.target_btf_id = 1;
	EXPECT(bpf_link_create(3, 3, BPF_TCX_INGRESS, &opts) == -EINVAL);
	opts.target_btf_id = 0;
	EXPECT(bpf_link_create(3, 3, BPF_TCX_INGRESS, &opts) < 0 && errno == ENOSYS);
}

static void test_words(void)
{
	char longer[600];

	peer_request = on_extack;
	extack = "a reason";
	extack_err = -EBUSY;
	for (extack_form = 0; extack_form < 4; extack_form++) {
		peer_reset();
		logged[0] = 0;
		EXPECT(bpf_tc_hook_create(&hook) == -EBUSY);
		/* of what is not well-formed, not a word */
		EXPECT(strstr(logged, extack_form < 2 ? "a reason" : "Device or resource busy"));
	}
	EXPECT(bpf_tc_hook_create(&hook) == -EBADMSG);

	memset(longer, 'y', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	extack = longer;
	extack_form = 0;
	peer_reset();
	EXPECT(bpf_tc_hook_create(&hook) == -EBUSY);
	EXPECT(strstr(logged, "yyyy"));

	/* a warning beside success */
	extack = "mind this";
	extack_err = 0;
	peer_reset();
	logged[0] = 0;
	EXPECT(bpf_tc_hook_create(&hook) == 0);
	EXPECT(strstr(logged, "mind this"));

	/* an error that is none */
	extack_err = 5;
	peer_reset();
	EXPECT(bpf_tc_hook_create(&hook) == -EBADMSG);
}

/* -- the probe -- */

static void test_probe(void)
{
	unsigned int now = peer_info_len;

	peer_link_err = EINVAL;
	EXPECT(libbpf_probe_tc_link(3) == 0);
	/* the last field that Linux 4.19 has */
	peer_info_len = offsetof(struct bpf_prog_info, jited_func_lens) + sizeof(__u64);
	EXPECT(libbpf_probe_tc_link(3) == 0);
	peer_link_err = ENODEV;
	EXPECT(libbpf_probe_tc_link(3) == 1);
	/* of a map, whose type may have the same number */
	peer_info_len = sizeof(struct bpf_map_info);
	EXPECT(libbpf_probe_tc_link(3) == -EINVAL);
	EXPECT(errno == EINVAL);
	peer_info_len = now;
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

static void run(void (*test)(void), const char *name)
{
	int files = open_files();

	failed = false;
	logged[0] = 0;
	out_len = 0;
	peer_reset();
	test();
	peer_reset();
	EXPECT(open_files() == files);
	printf("%sok %d %s\n", failed ? "not " : "", ++tests, name);
	failures += failed;
}

int main(void)
{
	libbpf_set_print(keep_log);
	printf("1..18\n");
	run(test_changes, "a dump during which others changed something is repeated");
	run(test_repeated_dumps, "a dump that was interrupted or lost a part is repeated");
	run(test_endless_interruption, "a dump that is always interrupted ends in -EAGAIN");
	run(test_failed_dumps, "a dump that fails gives its error and no filters");
	run(test_dump_after_a_lost_end, "a dump whose end is lost does not spoil the next one");
	run(test_strangers, "answers to others and from others are ignored");
	run(test_malformed_messages, "malformed messages end in -EBADMSG");
	run(test_malformed_attributes, "malformed attributes are not followed");
	run(test_attach_answers, "nothing is guessed about an attachment whose answer is lost");
	run(test_detach_answers, "only what is ours is removed");
	run(test_gone_after_the_comparison, "what is gone by the time of its removal is gone");
	run(test_replace, "only the expected program is replaced");
	run(test_qdisc_answers, "errors about the qdisc are passed on");
	run(test_ingress_qdisc, "an ingress qdisc has no egress side");
	run(test_unknown_qdisc, "if the kernel does not say which qdisc it is, nothing changes");
	run(test_unused_is_looked_at_again, "unused is said of a whole list only");
	run(test_what_was_removed_meanwhile_is_unused, "unused is said of what the last list has");
	run(test_fields_of_other_links, "no field is dropped for other types of links");
	run(test_words, "the kernel's words are logged, whatever their form");
	run(test_probe, "an old kernel's short info is a program's, a map's is not");
	return failures != 0;
}
