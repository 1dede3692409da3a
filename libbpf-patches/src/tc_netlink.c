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

/* the kernel never builds a larger datagram of a dump */
#define TC_BUF_SZ		(32 * 1024)
/* the kernel answers before send() returns: an answer that does not come is lost */
#define TC_TIMEOUT_SEC		5
/* how often a list is read again because it changed meanwhile */
#define TC_DUMP_TRIES		64

#define TC_WORDS_SZ		160

#define TC_BOTH_SIDES		(BPF_TC_INGRESS | BPF_TC_EGRESS)
#define TC_PARENT_INGRESS	TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define TC_PARENT_EGRESS	TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

/* What a user asked for, and the present one of the requests that it takes */
struct tc_call {
	const struct bpf_tc_hook *hook;
	const char *what; /* for the log */
	struct libbpf_nla_req req;
	__u32 pid;
	char words[TC_WORDS_SZ]; /* the kernel's reason for a failure */
	struct bpf_tc_filter filter; /* the last one of the answer; handle 0: none */
	struct bpf_tc_filter *list; /* all BPF filters that were dumped */
	size_t cnt, cap;
	bool any; /* filters, of whatever kind, were dumped */
};

/* Results */

/* Pass on 0; for an error set errno and log one line, with the words of the kernel if
 * there are no better ones.
 */
static int tc_log(const struct tc_call *call, enum libbpf_print_level level, int err,
		  const char *words)
{
	static const char *const sides[] = { "qdisc", "ingress", "egress", "clsact" };
	__u32 side = OPTS_GET(call->hook, attach_point, 0);
	char buf[TC_WORDS_SZ];

	if (!err)
		return 0;
	if (err == -ENOBUFS || err == -ETIMEDOUT)
		words = "the kernel's answer got lost; list the filters to see what is there";
	else if (!words)
		words = call->words[0] ? call->words : libbpf_strerror_r(err, buf, sizeof(buf));
	__pr(level, "tc: can't %s, %s of ifindex %d: %s\n", call->what, sides[side < 4 ? side : 0],
	     OPTS_GET(call->hook, ifindex, 0), words);
	return libbpf_err(err);
}

static int tc_result(const struct tc_call *call, int err, const char *words)
{
	return tc_log(call, LIBBPF_WARN, err, words);
}

/* An error that the caller asked for or must expect */
static int tc_answer(const struct tc_call *call, int err, const char *words)
{
	return tc_log(call, LIBBPF_DEBUG, err, words);
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

	/* the whole request may be in between */
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

/* For a filter of another kind the handle is 0. */
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

	memset(filter, 0, sizeof(*filter));
	err = tc_parse(tb, TCA_MAX, nh, sizeof(*tc), policy);
	if (err)
		return err;
	/* a message with handle 0 is about all filters of one priority */
	if (!tb[TCA_KIND] || strcmp(libbpf_nla_getattr_str(tb[TCA_KIND]), "bpf") ||
	    !tc->tcm_handle || !tb[TCA_OPTIONS])
		return 0;
	if (libbpf_nla_parse_nested(bpf, TCA_BPF_MAX, tb[TCA_OPTIONS], bpf_policy))
		return -EBADMSG;

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
	return 0;
}

static bool tc_is_dump(const struct tc_call *call)
{
	return (call->req.nh.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* The request says where the filters are. */
static int tc_filter_take(struct tc_call *call, struct nlmsghdr *nh)
{
	struct bpf_tc_filter *filter = &call->filter, *slot;
	__u32 parent = call->req.tc.tcm_parent;
	int err;

	if (nh->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	call->any = true;
	err = tc_filter_parse(nh, filter);
	if (err || !filter->handle || !tc_is_dump(call))
		return err;

	filter->ifindex = call->req.tc.tcm_ifindex;
	filter->parent = parent;
	filter->attach_point = parent == TC_PARENT_INGRESS ? BPF_TC_INGRESS :
			       parent == TC_PARENT_EGRESS ? BPF_TC_EGRESS : BPF_TC_CUSTOM;
	slot = libbpf_add_mem((void **)&call->list, &call->cap, sizeof(*slot), call->cnt,
			      SIZE_MAX, 1);
	if (!slot)
		return -ENOMEM;
	*slot = *filter;
	call->cnt++;
	return 0;
}

/* Does this message, to all listeners, tell of a change that makes a list wrong? */
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
	bool dump = tc_is_dump(call);
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
 * of each change that is made under RTNL before it builds the next datagram. flower
 * changes without RTNL: a priority of it is added before the listeners are told, and
 * removed after. So this misses some of its changes.
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
	if (!tc_is_dump(call))
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
	memset(&call->req, 0, sizeof(call->req));
	memset(&call->filter, 0, sizeof(call->filter));
	call->words[0] = '\0';
	call->req.nh.nlmsg_len = NLMSG_LENGTH(sizeof(tc));
	call->req.nh.nlmsg_type = type;
	call->req.nh.nlmsg_flags = NLM_F_REQUEST | flags;
	call->req.tc = tc;
	return kind ? nlattr_add(&call->req, TCA_KIND, kind, strlen(kind) + 1) : 0;
}

/* Hooks */

static int tc_hook_check(const struct tc_call *call, bool may_be_custom)
{
	const struct bpf_tc_hook *hook = call->hook;
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
	return words ? tc_result(call, err, words) : 0;
}

/* An `ingress` qdisc takes any number for a class of its own, and everything that is
 * attached to any of them runs on ingress. clsact has two classes, fff2 and fff3.
 * Do not ask for the qdisc itself: older kernels send the answer to all listeners. (The
 * answer about a class, too, but only if it exists.)
 * Return 1, 0, or an error if the kernel did not say: then nothing may be removed.
 */
static int tc_qdisc_is_ingress(int ifindex)
{
	struct tcmsg class = { .tcm_ifindex = ifindex, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 1) };
	struct tc_call call = {};
	int err;

	err = tc_call_init(&call, RTM_GETTCLASS, 0, class, NULL) ?: tc_call(&call);
	switch (err) {
	case 0:
		return 1;
	case -ENOENT: /* no such class, or no qdisc */
	case -EINVAL:
	case -ENODEV:
	case -EOPNOTSUPP: /* no tc */
		return 0;
	default:
		return err;
	}
}

/* A filter is on one side, which must exist. */
static int tc_side_check(const struct tc_call *call)
{
	int side = OPTS_GET(call->hook, attach_point, 0), ingress;

	if (side == TC_BOTH_SIDES)
		return tc_result(call, -EINVAL, "name one side, not both");
	if (side != BPF_TC_EGRESS)
		return 0;
	ingress = tc_qdisc_is_ingress(call->hook->ifindex);
	if (ingress > 0)
		return tc_result(call, -EINVAL,
				 "the device has an ingress qdisc, which has no egress side: put a clsact there");
	return tc_result(call, ingress, NULL);
}

static __u32 tc_parent(const struct bpf_tc_hook *hook)
{
	__u32 side = OPTS_GET(hook, attach_point, 0);

	return side == BPF_TC_INGRESS ? TC_PARENT_INGRESS :
	       side == BPF_TC_EGRESS ? TC_PARENT_EGRESS : OPTS_GET(hook, parent, 0);
}

static int tc_clsact(struct tc_call *call, __u16 type, __u16 flags)
{
	struct tcmsg clsact = {
		.tcm_ifindex = call->hook->ifindex,
		.tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};

	return tc_call_init(call, type, flags, clsact, "clsact") ?: tc_call(call);
}

int bpf_tc_hook_create(struct bpf_tc_hook *hook)
{
	struct tc_call call = { .hook = hook, .what = "create the clsact qdisc" };
	int err;

	err = tc_hook_check(&call, false);
	if (err)
		return err;

	err = tc_clsact(&call, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	return err == -EEXIST ? tc_answer(&call, err, NULL) : tc_result(&call, err, NULL);
}

int bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	struct tc_call call = { .hook = hook, .what = "remove all filters" };
	struct tcmsg side = {};
	int err;

	err = tc_hook_check(&call, false);
	if (err)
		return err;

	if (hook->attach_point == TC_BOTH_SIDES) {
		err = tc_clsact(&call, RTM_DELQDISC, 0);
	} else {
		err = tc_side_check(&call);
		if (err)
			return err;
		/* no priority: all of them */
		side.tcm_ifindex = hook->ifindex;
		side.tcm_parent = tc_parent(hook);
		err = tc_call_init(&call, RTM_DELTFILTER, 0, side, NULL) ?: tc_call(&call);
	}
	return tc_result(&call, err, NULL);
}

/* Add the filters of one parent to the list. */
static int tc_filters_dump(struct tc_call *call, __u32 parent)
{
	struct tcmsg tc = { .tcm_ifindex = call->hook->ifindex, .tcm_parent = parent };
	size_t before = call->cnt;
	bool any_before = call->any;
	int err, tries = 0;

	do {
		call->cnt = before;
		call->any = any_before;
		err = tc_call_init(call, RTM_GETTFILTER, NLM_F_DUMP, tc, NULL) ?: tc_call(call);
	} while (err == -EINTR && ++tries < TC_DUMP_TRIES);
	if (err == -EINTR)
		return tc_result(call, -EAGAIN,
				 "other processes changed the filters each time they were read");
	return tc_result(call, err, NULL);
}

/* The caller frees the list, unless this fails. */
static int tc_filters_list(struct tc_call *call, __u32 side)
{
	const struct bpf_tc_hook *hook = call->hook;
	char name[IF_NAMESIZE];
	int err = 0, ingress;

	if (side == BPF_TC_CUSTOM)
		err = tc_filters_dump(call, hook->parent);
	if (side & BPF_TC_INGRESS)
		err = tc_filters_dump(call, TC_PARENT_INGRESS);
	if (!err && side & BPF_TC_EGRESS) {
		ingress = tc_qdisc_is_ingress(hook->ifindex);
		if (ingress < 0)
			err = tc_result(call, ingress, NULL);
		else if (!ingress)
			err = tc_filters_dump(call, TC_PARENT_EGRESS);
	}
	/* for a device that does not exist, the kernel sends an empty list */
	if (!err && !if_indextoname(hook->ifindex, name))
		err = tc_result(call, -ENODEV, NULL);
	if (err)
		free(call->list);
	return err;
}

int bpf_tc_for_each(const struct bpf_tc_hook *hook, bpf_tc_filter_fn fn, void *ctx)
{
	struct tc_call call = { .hook = hook, .what = "list the filters" };
	size_t i;
	int err;

	err = tc_hook_check(&call, true) ?: tc_filters_list(&call, hook->attach_point);
	if (err)
		return err;

	for (i = 0; !err && i < call.cnt; i++)
		err = fn(&call.list[i], ctx);
	free(call.list);
	return libbpf_err(err);
}

int bpf_tc_hook_destroy_unused(const struct bpf_tc_hook *hook)
{
	struct tc_call call = { .hook = hook, .what = "remove the clsact qdisc" };
	int err;

	err = tc_hook_check(&call, false);
	if (err)
		return err;
	err = tc_qdisc_is_ingress(hook->ifindex);
	if (err > 0)
		return tc_result(&call, -EBUSY, "it is an ingress qdisc");
	if (err)
		return tc_result(&call, err, NULL);

	err = tc_filters_list(&call, TC_BOTH_SIDES);
	if (err)
		return err;
	free(call.list);
	if (call.any)
		return tc_answer(&call, -ENOTEMPTY, "there are filters");

	err = tc_clsact(&call, RTM_DELQDISC, 0);
	/* EINVAL: there was one before */
	if (err == -ENOENT || err == -EINVAL)
		return tc_answer(&call, -ENOENT, "there is none");
	return tc_result(&call, err, NULL);
}

/* Filters */

static int tc_opts_check(const struct tc_call *call, const struct bpf_tc_opts *opts, bool named)
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
	return words ? tc_result(call, -EINVAL, words) :
	       tc_hook_check(call, true) ?: tc_side_check(call);
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
static int tc_filter_compare(struct tc_call *call, const struct bpf_tc_filter *filter)
{
	int err;

	/* no kind: by now it may be a filter of another kind */
	err = tc_filter_init(call, RTM_GETTFILTER, filter, NULL) ?: tc_call(call);
	/* EINVAL: the qdisc is gone, or the last filter of the chain */
	if (err == -EINVAL || err == -ENOENT)
		return tc_answer(call, -ENOENT, "the filter is gone");
	if (!err && (!call->filter.handle || call->filter.prog_id != filter->prog_id))
		return tc_answer(call, -EEXIST, "the filter holds another program");
	return tc_result(call, err, NULL);
}

/* The filter was compared, and then the kernel refused to change it. It says EINVAL for
 * many reasons, also if the qdisc went meanwhile or a filter of another kind is there.
 * So look again, to give the error of a filter that is gone or not the same any more.
 */
static int tc_filter_refused(const struct tc_call *call, const struct bpf_tc_filter *filter,
			     int err)
{
	struct tc_call again = { .hook = call->hook, .what = call->what };

	if (err == -ENOENT)
		return tc_answer(call, err, "the filter is gone");
	return err == -EINVAL ? tc_filter_compare(&again, filter) : 0;
}

static int tc_filter_delete(struct tc_call *call, const struct bpf_tc_filter *filter,
			    bool compared)
{
	int err, refused = 0;

	err = tc_filter_init(call, RTM_DELTFILTER, filter, "bpf") ?: tc_call(call);
	if (compared)
		refused = tc_filter_refused(call, filter, err);
	return refused ?: tc_result(call, err, NULL);
}

int bpf_tc_remove(const struct bpf_tc_filter *filter)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook) };
	struct tc_call call = { .hook = &hook, .what = "remove the filter" };

	if (!filter || !OPTS_VALID(filter, bpf_tc_filter) || !OPTS_HAS(filter, prog_id) ||
	    !filter->handle || !filter->priority)
		return tc_result(&call, -EINVAL, "filter was not returned by bpf_tc_for_each()");
	hook.ifindex = filter->ifindex;
	hook.attach_point = filter->attach_point;
	return tc_filter_compare(&call, filter) ?: tc_filter_delete(&call, filter, true);
}

int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	struct tc_call call = { .hook = hook, .what = "remove the filter" };
	struct bpf_tc_filter filter;
	int err;

	err = tc_opts_check(&call, opts, true);
	if (err)
		return err;

	filter = tc_filter_of(hook, opts);
	if (filter.prog_id)
		err = tc_filter_compare(&call, &filter);
	return err ?: tc_filter_delete(&call, &filter, filter.prog_id);
}

/* Fill in handle, priority and prog_id as the kernel told them. */
static int tc_opts_fill(const struct tc_call *call, int err, struct bpf_tc_opts *opts)
{
	/* without memory for the reply, the kernel reports success and sends none */
	if (!err && !call->filter.handle)
		err = -ENOBUFS;
	if (err)
		return tc_result(call, err, NULL);
	OPTS_SET(opts, handle, call->filter.handle);
	OPTS_SET(opts, priority, call->filter.priority);
	OPTS_SET(opts, prog_id, call->filter.prog_id);
	return 0;
}

int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	struct tc_call call = { .hook = hook, .what = "query the filter" };
	struct bpf_tc_filter filter;
	int err;

	err = tc_opts_check(&call, opts, true);
	if (err)
		return err;

	filter = tc_filter_of(hook, opts);
	err = tc_filter_init(&call, RTM_GETTFILTER, &filter, "bpf") ?: tc_call(&call);
	return tc_opts_fill(&call, err, opts);
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
	struct tc_call call = { .hook = hook, .what = "attach the program" };
	struct bpf_tc_filter filter;
	int err, refused = 0;

	err = tc_opts_check(&call, opts, OPTS_GET(opts, prog_id, 0));
	if (err)
		return err;
	filter = tc_filter_of(hook, opts);
	if (!OPTS_GET(opts, prog_fd, 0))
		return tc_result(&call, -EINVAL, "prog_fd is not set (0 counts as unset)");
	if (filter.prog_id && !replace)
		return tc_result(&call, -EINVAL, "prog_id needs BPF_TC_F_REPLACE");

	if (filter.prog_id)
		err = tc_filter_compare(&call, &filter);
	if (err)
		return err;

	err = tc_filter_init(&call, RTM_NEWTFILTER, &filter, "bpf") ?:
	      tc_add_program(&call.req, OPTS_GET(opts, prog_fd, 0));
	if (err)
		return tc_result(&call, err, err == -EBADFD || err == -EBADF || err == -EINVAL ?
				 "prog_fd is not the fd of a program" : NULL);
	call.req.nh.nlmsg_flags |= NLM_F_ECHO | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
	/* to replace a certain program, the filter must still be there */
	if (!filter.prog_id)
		call.req.nh.nlmsg_flags |= NLM_F_CREATE;
	err = tc_call(&call);
	if (filter.prog_id)
		refused = tc_filter_refused(&call, &filter, err);
	return refused ?: tc_opts_fill(&call, err, opts);
}
