// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * The clsact qdisc and its cls_bpf filters, by netlink. Included by netlink.c,
 * whose socket it uses.
 */
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sys/time.h>
#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include "str_error.h"
#include "tc_compat.h"

/* the kernel builds no larger datagram of a dump */
#define TC_BUF_SZ		(32 * 1024)
/* the kernel answers before send() returns; an answer that is not there then is lost */
#define TC_TIMEOUT_SEC		5
/* how often a list is read again because it changed meanwhile */
#define TC_DUMP_TRIES		64

#define TC_WORDS_SZ		160

#define TC_BOTH_SIDES		(BPF_TC_INGRESS | BPF_TC_EGRESS)
#define TC_PARENT_INGRESS	TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define TC_PARENT_EGRESS	TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

struct tc_filters {
	struct bpf_tc_filter *list;
	size_t cnt, cap;
	bool others; /* of another kind */
};

/* One request, and its answer */
struct tc_call {
	struct libbpf_nla_req req;
	__u32 pid;
	struct bpf_tc_filter filter; /* the last one of the answer */
	struct tc_filters *filters; /* all of them, if not NULL */
	char words[TC_WORDS_SZ]; /* the kernel's, about a failure */
};

/* Results */

/* Pass on 0; for an error set errno and log one line. */
static int tc_log(enum libbpf_print_level level, const struct bpf_tc_hook *hook,
		  const char *what, int err, const char *words)
{
	static const char *const sides[] = { "qdisc", "ingress", "egress", "clsact" };
	__u32 side = OPTS_GET(hook, attach_point, 0);
	char buf[TC_WORDS_SZ];

	if (!err)
		return 0;
	if (err == -ENOBUFS || err == -ETIMEDOUT)
		words = "the kernel's answer got lost; list the filters to see what is there";
	else if (!words || !*words)
		words = libbpf_strerror_r(err, buf, sizeof(buf));
	__pr(level, "tc: can't %s, %s of ifindex %d: %s\n", what, sides[side < 4 ? side : 0],
	     OPTS_GET(hook, ifindex, 0), words);
	return libbpf_err(err);
}

static int tc_result(const struct bpf_tc_hook *hook, const char *what, int err, const char *words)
{
	return tc_log(LIBBPF_WARN, hook, what, err, words);
}

/* What a caller asks for, or must expect, is no failure. */
static int tc_answer(const struct bpf_tc_hook *hook, const char *what, int err, const char *words)
{
	return tc_log(LIBBPF_DEBUG, hook, what, err, words);
}

/* Messages */

static int tc_parse(struct nlattr **tb, int max, struct nlmsghdr *nh, size_t hdr_sz,
		    struct libbpf_nla_policy *policy)
{
	hdr_sz = NLMSG_SPACE(hdr_sz);
	if (nh->nlmsg_len < hdr_sz)
		return -EBADMSG;
	return libbpf_nla_parse(tb, max, (void *)nh + hdr_sz, nh->nlmsg_len - hdr_sz, policy) ?
	       -EBADMSG : 0;
}

/* The acknowledgment. A warning may come with success. */
static int tc_ack(struct tc_call *call, struct nlmsghdr *nh)
{
	struct libbpf_nla_policy policy[NLMSGERR_ATTR_MAX + 1] = {
		[NLMSGERR_ATTR_MSG] = { .type = LIBBPF_NLA_STRING },
	};
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	struct nlmsgerr *ack = NLMSG_DATA(nh);
	size_t hdr_sz = sizeof(*ack);

	if (nh->nlmsg_len < NLMSG_LENGTH(sizeof(*ack)) ||
	    ack->error > 0 || ack->error < -MAX_ERRNO)
		return -EBADMSG;

	/* the request may be in between */
	if (!(nh->nlmsg_flags & NLM_F_CAPPED) && ack->msg.nlmsg_len > sizeof(ack->msg))
		hdr_sz += ack->msg.nlmsg_len - sizeof(ack->msg);
	if ((nh->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    !tc_parse(tb, NLMSGERR_ATTR_MAX, nh, hdr_sz, policy) && tb[NLMSGERR_ATTR_MSG])
		snprintf(call->words, sizeof(call->words), "%s",
			 libbpf_nla_getattr_str(tb[NLMSGERR_ATTR_MSG]));
	if (!ack->error && call->words[0])
		pr_info("tc: the kernel says: %s\n", call->words);
	return ack->error;
}

/* 1: a cls_bpf filter, 0: another message */
static int tc_filter_parse(struct nlmsghdr *nh, struct bpf_tc_filter *filter)
{
	struct libbpf_nla_policy policy[TCA_MAX + 1] = {
		[TCA_KIND] = { .type = LIBBPF_NLA_STRING },
		[TCA_CHAIN] = { .type = LIBBPF_NLA_U32 },
	};
	struct libbpf_nla_policy bpf_policy[TCA_BPF_MAX + 1] = {
		[TCA_BPF_ID] = { .type = LIBBPF_NLA_U32 },
		[TCA_BPF_FLAGS] = { .type = LIBBPF_NLA_U32 },
		[TCA_BPF_NAME] = { .type = LIBBPF_NLA_STRING },
		[TCA_BPF_TAG] = { .minlen = sizeof(filter->tag) },
	};
	struct nlattr *tb[TCA_MAX + 1], *bpf[TCA_BPF_MAX + 1];
	const struct tcmsg *tc = NLMSG_DATA(nh);
	int err;

	if (nh->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	err = tc_parse(tb, TCA_MAX, nh, sizeof(*tc), policy);
	if (err)
		return err;
	/* a message with handle 0 is about all filters of one priority */
	if (!tb[TCA_KIND] || strcmp(libbpf_nla_getattr_str(tb[TCA_KIND]), "bpf") ||
	    !tc->tcm_handle || !tb[TCA_OPTIONS])
		return 0;
	if (libbpf_nla_parse_nested(bpf, TCA_BPF_MAX, tb[TCA_OPTIONS], bpf_policy))
		return -EBADMSG;

	memset(filter, 0, sizeof(*filter));
	filter->sz = sizeof(*filter);
	filter->handle = tc->tcm_handle;
	filter->priority = TC_H_MAJ(tc->tcm_info) >> 16;
	filter->protocol = ntohs(TC_H_MIN(tc->tcm_info));
	if (tb[TCA_CHAIN])
		filter->chain = libbpf_nla_getattr_u32(tb[TCA_CHAIN]);
	if (bpf[TCA_BPF_ID])
		filter->prog_id = libbpf_nla_getattr_u32(bpf[TCA_BPF_ID]);
	if (bpf[TCA_BPF_FLAGS])
		filter->direct_action = libbpf_nla_getattr_u32(bpf[TCA_BPF_FLAGS]) &
					TCA_BPF_FLAG_ACT_DIRECT;
	if (bpf[TCA_BPF_NAME])
		snprintf(filter->name, sizeof(filter->name), "%s",
			 libbpf_nla_getattr_str(bpf[TCA_BPF_NAME]));
	if (bpf[TCA_BPF_TAG])
		memcpy(filter->tag, libbpf_nla_data(bpf[TCA_BPF_TAG]), sizeof(filter->tag));
	return 1;
}

/* The request says where the filters are. */
static int tc_filter_take(struct tc_call *call, struct nlmsghdr *nh)
{
	struct bpf_tc_filter *filter = &call->filter, *slot;
	struct tc_filters *all = call->filters;
	__u32 parent = call->req.tc.tcm_parent;
	int ret;

	ret = tc_filter_parse(nh, filter);
	if (ret < 0 || !all)
		return ret < 0 ? ret : 0;
	if (!ret) {
		all->others = true;
		return 0;
	}

	filter->ifindex = call->req.tc.tcm_ifindex;
	filter->parent = parent;
	filter->attach_point = parent == TC_PARENT_INGRESS ? BPF_TC_INGRESS :
			       parent == TC_PARENT_EGRESS ? BPF_TC_EGRESS : BPF_TC_CUSTOM;
	slot = libbpf_add_mem((void **)&all->list, &all->cap, sizeof(*slot), all->cnt, SIZE_MAX, 1);
	if (!slot)
		return -ENOMEM;
	*slot = *filter;
	all->cnt++;
	return 0;
}

/* Does this tell of a change, by somebody else, that makes a list wrong? */
static bool tc_is_change(const struct nlmsghdr *nh, int ifindex)
{
	const struct tcmsg *tc = NLMSG_DATA(nh);

	switch (nh->nlmsg_type) {
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWCHAIN:
	case RTM_DELCHAIN:
		/* filters of a block have no device of their own */
		return nh->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) || tc->tcm_ifindex == ifindex ||
		       tc->tcm_ifindex == (int)TCM_IFINDEX_MAGIC_BLOCK;
	default:
		return false;
	}
}

/* Requests */

/* The length of the next datagram from the kernel */
static int tc_recv(int sock, void *buf)
{
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t len;

	do {
		from_len = sizeof(from);
		len = recvfrom(sock, buf, TC_BUF_SZ, MSG_TRUNC, (void *)&from, &from_len);
	} while ((len < 0 && errno == EINTR) ||
		 (len >= 0 && (from_len != sizeof(from) || from.nl_pid)));
	if (len < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return len > TC_BUF_SZ ? -ENOBUFS : len ?: -EBADMSG;
}

/* -EINTR: a dump that is not to be trusted */
static int tc_receive(struct tc_call *call, int sock, void *buf)
{
	bool dump = (call->req.nh.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct nlmsghdr *nh;
	int len, err;

	for (;;) {
		len = tc_recv(sock, buf);
		if (len < 0)
			return dump && len == -ENOBUFS ? -EINTR : len;

		for (nh = buf; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
			if (nh->nlmsg_seq != call->req.nh.nlmsg_seq || nh->nlmsg_pid != call->pid) {
				if (dump && tc_is_change(nh, call->req.tc.tcm_ifindex))
					return -EINTR;
				continue;
			}
			if (nh->nlmsg_flags & NLM_F_DUMP_INTR)
				return -EINTR;

			switch (nh->nlmsg_type) {
			case NLMSG_NOOP:
				break;
			case NLMSG_OVERRUN:
				return -EINTR;
			case NLMSG_ERROR:
				return tc_ack(call, nh);
			case NLMSG_DONE:
				/* it carries the result of the dump */
				err = 0;
				if (nh->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
					memcpy(&err, NLMSG_DATA(nh), sizeof(err));
				return err < -MAX_ERRNO ? -EBADMSG : err < 0 ? err : 0;
			default:
				err = tc_filter_take(call, nh);
				if (err)
					return err;
			}
		}
		if (len > 0)
			return -EBADMSG;
	}
}

/* A dump takes several datagrams, and the kernel does not mark one during which
 * filters came or went (NLM_F_DUMP_INTR). But it tells the group of tc's listeners
 * of each change before it builds the next datagram.
 */
static int tc_call(struct tc_call *call)
{
	struct timeval timeout = { .tv_sec = TC_TIMEOUT_SEC };
	int sock, err, group = RTNLGRP_TC;
	void *buf;

	buf = malloc(TC_BUF_SZ);
	if (!buf)
		return -ENOMEM;
	sock = tc_netlink_open(&call->pid);
	if (sock < 0) {
		free(buf);
		return sock;
	}

	err = setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if ((call->req.nh.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		call->req.nh.nlmsg_flags |= NLM_F_ACK;
	else if (!err)
		err = setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
	call->req.nh.nlmsg_seq = time(NULL);
	if (err || send(sock, &call->req, call->req.nh.nlmsg_len, 0) < 0)
		err = -errno;
	else
		err = tc_receive(call, sock, buf);
	close(sock);
	free(buf);
	return err;
}

static int tc_call_init(struct tc_call *call, __u16 type, __u16 flags, struct tcmsg tc,
			const char *kind)
{
	memset(call, 0, sizeof(*call));
	call->req.nh.nlmsg_len = NLMSG_LENGTH(sizeof(tc));
	call->req.nh.nlmsg_type = type;
	call->req.nh.nlmsg_flags = NLM_F_REQUEST | flags;
	call->req.tc = tc;
	return kind ? nlattr_add(&call->req, TCA_KIND, kind, strlen(kind) + 1) : 0;
}

/* Hooks */

static int tc_hook_check(const struct bpf_tc_hook *hook, const char *what, bool may_be_custom)
{
	__u32 side = OPTS_GET(hook, attach_point, 0), parent = OPTS_GET(hook, parent, 0);
	const char *words = NULL;
	int err = -EINVAL;

	if (!hook || !OPTS_VALID(hook, bpf_tc_hook)) {
		words = "hook is NULL or its sz is wrong";
	} else if (OPTS_GET(hook, ifindex, 0) <= 0) {
		words = "ifindex must be positive";
	} else if (side == BPF_TC_CUSTOM && !may_be_custom) {
		words = "BPF_TC_CUSTOM: make and remove that qdisc yourself";
		err = -EOPNOTSUPP;
	} else if (side == BPF_TC_CUSTOM && !parent) {
		words = "BPF_TC_CUSTOM needs a parent";
	} else if (side != BPF_TC_CUSTOM && (!side || side & ~TC_BOTH_SIDES)) {
		words = "unknown attach_point";
	} else if (side != BPF_TC_CUSTOM && parent) {
		words = "parent is for BPF_TC_CUSTOM only";
	}
	return words ? tc_result(hook, what, err, words) : 0;
}

/* An `ingress` qdisc takes any number for a class of its own, and everything that is
 * attached to any of them runs on ingress. clsact has two classes, fff2 and fff3.
 * The qdisc itself is not asked for: older kernels send the answer to all listeners.
 * (They do so for a class, too, but only if it exists.)
 */
static bool tc_qdisc_is_ingress(int ifindex)
{
	struct tcmsg class = { .tcm_ifindex = ifindex, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 1) };
	struct tc_call call;

	return !tc_call_init(&call, RTM_GETTCLASS, 0, class, NULL) && !tc_call(&call);
}

/* One side, or a parent; and not the egress that an `ingress` qdisc does not have. */
static int tc_side_check(const struct bpf_tc_hook *hook, const char *what)
{
	int err, side = OPTS_GET(hook, attach_point, 0);

	err = tc_hook_check(hook, what, true);
	if (err)
		return err;
	if (side == TC_BOTH_SIDES)
		return tc_result(hook, what, -EINVAL, "name one side, not both");
	if (side == BPF_TC_EGRESS && tc_qdisc_is_ingress(hook->ifindex))
		return tc_result(hook, what, -EINVAL,
				 "the device has an ingress qdisc, which has no egress side: put a clsact there");
	return 0;
}

static __u32 tc_parent(const struct bpf_tc_hook *hook)
{
	__u32 side = OPTS_GET(hook, attach_point, 0);

	return side == BPF_TC_INGRESS ? TC_PARENT_INGRESS :
	       side == BPF_TC_EGRESS ? TC_PARENT_EGRESS : OPTS_GET(hook, parent, 0);
}

static int tc_clsact(struct tc_call *call, __u16 type, __u16 flags, int ifindex)
{
	struct tcmsg clsact = {
		.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};

	return tc_call_init(call, type, flags, clsact, "clsact") ?: tc_call(call);
}

int bpf_tc_hook_create(struct bpf_tc_hook *hook)
{
	const char *what = "create the clsact qdisc";
	struct tc_call call;
	int err;

	err = tc_hook_check(hook, what, false);
	if (err)
		return err;

	err = tc_clsact(&call, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, hook->ifindex);
	return err == -EEXIST ? tc_answer(hook, what, err, NULL) :
				tc_result(hook, what, err, call.words);
}

int bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	const char *what = "remove all filters";
	struct tc_call call;
	int err;

	err = tc_hook_check(hook, what, false);
	if (err)
		return err;

	if (hook->attach_point == TC_BOTH_SIDES) {
		err = tc_clsact(&call, RTM_DELQDISC, 0, hook->ifindex);
	} else {
		/* no priority: all of them */
		struct tcmsg side = { .tcm_ifindex = hook->ifindex, .tcm_parent = tc_parent(hook) };

		err = tc_side_check(hook, what);
		if (err)
			return err;
		err = tc_call_init(&call, RTM_DELTFILTER, 0, side, NULL) ?: tc_call(&call);
	}
	return tc_result(hook, what, err, call.words);
}

/* Add the filters of one parent to the list. */
static int tc_filters_dump(const struct bpf_tc_hook *hook, const char *what, __u32 parent,
			   struct tc_filters *filters)
{
	struct tcmsg tc = { .tcm_ifindex = hook->ifindex, .tcm_parent = parent };
	size_t before = filters->cnt;
	struct tc_call call;
	int err, tries = 0;

	do {
		filters->cnt = before;
		err = tc_call_init(&call, RTM_GETTFILTER, NLM_F_DUMP, tc, NULL);
		call.filters = filters;
		err = err ?: tc_call(&call);
	} while (err == -EINTR && ++tries < TC_DUMP_TRIES);
	if (err == -EINTR)
		return tc_result(hook, what, -EAGAIN,
				 "other processes changed the filters each time they were read");
	return tc_result(hook, what, err, call.words);
}

static int tc_filters_list(const struct bpf_tc_hook *hook, const char *what,
			   struct tc_filters *filters)
{
	int side = OPTS_GET(hook, attach_point, 0), err = 0;
	char name[IF_NAMESIZE];

	memset(filters, 0, sizeof(*filters));
	if (side != BPF_TC_EGRESS)
		err = tc_filters_dump(hook, what, side == BPF_TC_CUSTOM ? hook->parent :
				      TC_PARENT_INGRESS, filters);
	if (!err && side & BPF_TC_EGRESS && !tc_qdisc_is_ingress(hook->ifindex))
		err = tc_filters_dump(hook, what, TC_PARENT_EGRESS, filters);
	/* for a device that does not exist, the kernel sends an empty list */
	if (!err && !if_indextoname(hook->ifindex, name))
		err = tc_result(hook, what, -ENODEV, NULL);
	if (err) {
		free(filters->list);
		filters->list = NULL;
	}
	return err;
}

int bpf_tc_for_each(const struct bpf_tc_hook *hook, bpf_tc_filter_fn fn, void *ctx)
{
	const char *what = "list the filters";
	struct tc_filters filters;
	size_t i;
	int err;

	err = tc_hook_check(hook, what, true) ?: tc_filters_list(hook, what, &filters);
	if (err)
		return err;

	for (i = 0; !err && i < filters.cnt; i++)
		err = fn(&filters.list[i], ctx);
	free(filters.list);
	return libbpf_err(err);
}

int bpf_tc_hook_destroy_unused(const struct bpf_tc_hook *hook)
{
	struct bpf_tc_hook both = { .sz = sizeof(both), .attach_point = TC_BOTH_SIDES };
	const char *what = "remove the clsact qdisc";
	struct tc_filters filters;
	struct tc_call call;
	int err;

	err = tc_hook_check(hook, what, false);
	if (err)
		return err;
	both.ifindex = hook->ifindex;
	if (tc_qdisc_is_ingress(hook->ifindex))
		return tc_result(&both, what, -EBUSY, "it is an ingress qdisc");

	err = tc_filters_list(&both, what, &filters);
	if (err)
		return err;
	free(filters.list);
	if (filters.cnt || filters.others)
		return tc_answer(&both, what, -ENOTEMPTY, "there are filters");

	err = tc_clsact(&call, RTM_DELQDISC, 0, hook->ifindex);
	/* EINVAL: there was one before */
	if (err == -ENOENT || err == -EINVAL)
		return tc_answer(&both, what, -ENOENT, "there is none");
	return tc_result(&both, what, err, call.words);
}

/* Filters */

static int tc_opts_check(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts,
			 const char *what, bool named)
{
	const char *words = NULL;

	if (!opts || !OPTS_VALID(opts, bpf_tc_opts))
		words = "opts is NULL or its sz is wrong";
	else if (OPTS_GET(opts, flags, 0) & ~BPF_TC_F_REPLACE)
		words = "unknown flags";
	else if (OPTS_GET(opts, priority, 0) > UINT16_MAX)
		words = "priority is above 65535";
	else if (named && (!OPTS_GET(opts, handle, 0) || !OPTS_GET(opts, priority, 0)))
		words = "handle and priority must say which filter";
	return words ? tc_result(hook, what, -EINVAL, words) : tc_side_check(hook, what);
}

/* Filters that bpf_tc_opts names are of chain 0 and for all protocols. */
static struct bpf_tc_filter tc_filter_of(const struct bpf_tc_hook *hook,
					 const struct bpf_tc_opts *opts)
{
	return (struct bpf_tc_filter) {
		.ifindex = hook->ifindex,
		.parent = tc_parent(hook),
		.handle = OPTS_GET(opts, handle, 0),
		.priority = OPTS_GET(opts, priority, 0),
		.protocol = ETH_P_ALL,
		.prog_id = OPTS_GET(opts, prog_id, 0),
	};
}

static int tc_filter_init(struct tc_call *call, __u16 type, const struct bpf_tc_filter *filter,
			  const char *kind)
{
	struct tcmsg tc = {
		.tcm_ifindex = filter->ifindex,
		.tcm_parent = filter->parent,
		.tcm_handle = filter->handle,
		.tcm_info = TC_H_MAKE(filter->priority << 16, htons(filter->protocol)),
	};
	int err;

	err = tc_call_init(call, type, 0, tc, kind);
	if (!err && filter->chain)
		err = nlattr_add(&call->req, TCA_CHAIN, &filter->chain, sizeof(filter->chain));
	return err;
}

/* 0 if that filter still holds that program */
static int tc_filter_compare(const struct bpf_tc_hook *hook, const struct bpf_tc_filter *filter,
			     const char *what)
{
	struct tc_call call;
	int err;

	/* no kind: by now it may be a filter of another kind */
	err = tc_filter_init(&call, RTM_GETTFILTER, filter, NULL) ?: tc_call(&call);
	/* EINVAL: the qdisc is gone, or the last filter of the chain */
	if (err == -EINVAL || err == -ENOENT)
		return tc_answer(hook, what, -ENOENT, "the filter is gone");
	if (!err && (!call.filter.handle || call.filter.prog_id != filter->prog_id))
		return tc_answer(hook, what, -EEXIST, "the filter holds another program");
	return tc_result(hook, what, err, call.words);
}

static int tc_filter_delete(const struct bpf_tc_hook *hook, const struct bpf_tc_filter *filter,
			    const char *what)
{
	struct tc_call call;
	int err;

	err = tc_filter_init(&call, RTM_DELTFILTER, filter, "bpf") ?: tc_call(&call);
	return tc_result(hook, what, err, call.words);
}

int bpf_tc_remove(const struct bpf_tc_filter *filter)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook) };
	const char *what = "remove the filter";

	if (!filter || !OPTS_VALID(filter, bpf_tc_filter) || !OPTS_HAS(filter, prog_id) ||
	    !filter->handle || !filter->priority)
		return tc_result(NULL, what, -EINVAL,
				 "filter was not returned by bpf_tc_for_each()");
	hook.ifindex = filter->ifindex;
	hook.attach_point = filter->attach_point;
	return tc_filter_compare(&hook, filter, what) ?: tc_filter_delete(&hook, filter, what);
}

int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	const char *what = "remove the filter";
	struct bpf_tc_filter filter;
	int err;

	err = tc_opts_check(hook, opts, what, true);
	if (err)
		return err;

	filter = tc_filter_of(hook, opts);
	if (filter.prog_id)
		err = tc_filter_compare(hook, &filter, what);
	return err ?: tc_filter_delete(hook, &filter, what);
}

/* Fill in handle, priority and prog_id as the kernel told them. */
static int tc_opts_fill(struct bpf_tc_opts *opts, const struct bpf_tc_hook *hook,
			const char *what, int err, const struct tc_call *call)
{
	if (!err && !call->filter.handle)
		return tc_result(hook, what, -ENOENT,
				 "the kernel did not name it; list the filters");
	if (err)
		return tc_result(hook, what, err, call->words);
	OPTS_SET(opts, handle, call->filter.handle);
	OPTS_SET(opts, priority, call->filter.priority);
	OPTS_SET(opts, prog_id, call->filter.prog_id);
	return 0;
}

int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	const char *what = "query the filter";
	struct bpf_tc_filter filter;
	struct tc_call call;
	int err;

	err = tc_opts_check(hook, opts, what, true);
	if (err)
		return err;

	filter = tc_filter_of(hook, opts);
	err = tc_filter_init(&call, RTM_GETTFILTER, &filter, "bpf") ?: tc_call(&call);
	return tc_opts_fill(opts, hook, what, err, &call);
}

static int tc_add_program(struct libbpf_nla_req *req, int fd)
{
	char name[BPF_OBJ_NAME_LEN + sizeof(":[4294967295]")];
	__u32 direct_action = TCA_BPF_FLAG_ACT_DIRECT;
	struct bpf_prog_info info = {};
	__u32 info_len = sizeof(info);
	struct nlattr *nest;
	int err;

	if (bpf_obj_get_info_by_fd(fd, &info, &info_len))
		return -errno;
	/* a map has an id and a name, too, but not where a program has them */
	snprintf(name, sizeof(name), "%.*s:[%u]", BPF_OBJ_NAME_LEN - 1, info.name, info.id);

	nest = nlattr_begin_nested(req, TCA_OPTIONS);
	err = nest ? 0 : -EMSGSIZE;
	err = err ?: nlattr_add(req, TCA_BPF_FD, &fd, sizeof(fd));
	err = err ?: nlattr_add(req, TCA_BPF_NAME, name, strlen(name) + 1);
	err = err ?: nlattr_add(req, TCA_BPF_FLAGS, &direct_action, sizeof(direct_action));
	if (!err)
		nlattr_end_nested(req, nest);
	return err;
}

int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	bool replace = OPTS_GET(opts, flags, 0) & BPF_TC_F_REPLACE;
	const char *what = "attach the program";
	struct bpf_tc_filter filter;
	struct tc_call call;
	int err;

	err = tc_opts_check(hook, opts, what, OPTS_GET(opts, prog_id, 0));
	if (err)
		return err;
	filter = tc_filter_of(hook, opts);
	if (!OPTS_GET(opts, prog_fd, 0))
		return tc_result(hook, what, -EINVAL, "prog_fd is not set (0 counts as unset)");
	if (filter.prog_id && !replace)
		return tc_result(hook, what, -EINVAL, "prog_id needs BPF_TC_F_REPLACE");

	if (filter.prog_id)
		err = tc_filter_compare(hook, &filter, what);
	if (err)
		return err;

	err = tc_filter_init(&call, RTM_NEWTFILTER, &filter, "bpf") ?:
	      tc_add_program(&call.req, OPTS_GET(opts, prog_fd, 0));
	if (err)
		return tc_result(hook, what, err, "prog_fd is not the fd of a program");
	call.req.nh.nlmsg_flags |= NLM_F_ECHO | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
	/* to replace a certain program, the filter must still be there */
	if (!filter.prog_id)
		call.req.nh.nlmsg_flags |= NLM_F_CREATE;
	return tc_opts_fill(opts, hook, what, tc_call(&call), &call);
}
