// SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause)
/*
 * The clsact qdisc and its cls_bpf filters, by netlink. Included by netlink.c,
 * so that neither of libbpf's two build systems has to know of it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include "str_error.h"
#include "tc_compat.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* The kernel builds no datagram of a dump larger than 32 KiB. */
#define TC_NL_BUF_SZ		(64 * 1024)
/* It answers while the request is being sent: who waits has lost the answer. */
#define TC_NL_TIMEOUT_SEC	5
/* A dump that was interrupted so often will be the next time. */
#define TC_NL_DUMP_TRIES	16

#define TC_ERRMSG_SZ		128
#define TC_KIND_SZ		16	/* of the kernel's names of qdiscs and filters */

#define TC_SIDE_INGRESS		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define TC_SIDE_EGRESS		TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
#define TC_BOTH_SIDES		(BPF_TC_INGRESS | BPF_TC_EGRESS)
#define TC_MAX_PRIORITY		UINT16_MAX

struct bpf_tc_nl {
	int fd;
	__u32 portid;
	__u32 seq;
	char *err_buf;
	size_t err_buf_sz;
	char extack[256];	/* what the kernel said to the last request */
	char buf[TC_NL_BUF_SZ] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* The attributes of the largest request are the two words and the name of
 * tc_nl_attach().
 */
struct tc_request {
	struct nlmsghdr nh;
	struct tcmsg tc;
	char attrs[128];
};

struct tc_filters {
	struct bpf_tc_filter *list;
	size_t cnt;
	size_t cap;
};

/* called for each message that answers a request */
typedef int (*tc_nl_msg_fn)(const struct nlmsghdr *nh, void *ctx);

/* Errors: one line to the log, and the cause to the caller's buffer. */

static const char *tc_side(const struct bpf_tc_hook *hook)
{
	switch (OPTS_GET(hook, attach_point, 0)) {
	case BPF_TC_INGRESS:
		return "ingress";
	case BPF_TC_EGRESS:
		return "egress";
	case TC_BOTH_SIDES:
		return "clsact";
	default:
		return "qdisc";
	}
}

static int tc_nl_report(struct bpf_tc_nl *nl, enum libbpf_print_level level, int err,
			const struct bpf_tc_hook *hook, const char *what, const char *why)
{
	char errmsg[TC_ERRMSG_SZ];

	if (!why)
		why = nl->extack[0] ? nl->extack :
		      libbpf_strerror_r(err, errmsg, sizeof(errmsg));

	__pr(level, "tc: can't %s, %s of ifindex %d: %s\n", what, tc_side(hook),
	     OPTS_GET(hook, ifindex, 0), why);
	if (nl->err_buf_sz)
		snprintf(nl->err_buf, nl->err_buf_sz, "%s", why);
	return err;
}

static int tc_nl_fail(struct bpf_tc_nl *nl, int err, const struct bpf_tc_hook *hook,
		      const char *what, const char *why)
{
	return tc_nl_report(nl, LIBBPF_WARN, err, hook, what, why);
}

/* Attributes. Nothing here trusts a length that was received. */

static const void *tc_attr(const void *attrs, size_t len, __u16 type, size_t *attr_len)
{
	const char *pos = attrs;
	struct nlattr attr;

	while (len >= sizeof(attr)) {
		memcpy(&attr, pos, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > len)
			return NULL;
		if ((attr.nla_type & NLA_TYPE_MASK) == type) {
			*attr_len = attr.nla_len - NLA_HDRLEN;
			return pos + NLA_HDRLEN;
		}
		if (NLA_ALIGN(attr.nla_len) >= len)
			return NULL;
		pos += NLA_ALIGN(attr.nla_len);
		len -= NLA_ALIGN(attr.nla_len);
	}
	return NULL;
}

static __u32 tc_attr_u32(const void *attrs, size_t len, __u16 type)
{
	size_t attr_len;
	const void *attr;
	__u32 value;

	attr = tc_attr(attrs, len, type, &attr_len);
	if (!attr || attr_len < sizeof(value))
		return 0;
	memcpy(&value, attr, sizeof(value));
	return value;
}

static void tc_attr_str(const void *attrs, size_t len, __u16 type, char *dst, size_t dst_sz)
{
	size_t attr_len, str_len = 0;
	const void *attr;

	attr = tc_attr(attrs, len, type, &attr_len);
	if (attr) {
		str_len = strnlen(attr, attr_len);
		if (str_len >= dst_sz)
			str_len = dst_sz - 1;
		memcpy(dst, attr, str_len);
	}
	dst[str_len] = '\0';
}

static void *tc_request_attr(struct tc_request *req, __u16 type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)req + NLMSG_ALIGN(req->nh.nlmsg_len);

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((void *)attr + NLA_HDRLEN, data, len);
	req->nh.nlmsg_len = NLMSG_ALIGN(req->nh.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static void tc_request_init(struct tc_request *req, __u16 type, __u16 flags, int ifindex,
			    __u32 parent)
{
	memset(req, 0, sizeof(*req));
	req->nh.nlmsg_len = NLMSG_LENGTH(sizeof(req->tc));
	req->nh.nlmsg_type = type;
	req->nh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->tc.tcm_family = AF_UNSPEC;
	req->tc.tcm_ifindex = ifindex;
	req->tc.tcm_parent = parent;
}

/* The socket. */

static int tc_nl_socket(struct bpf_tc_nl *nl)
{
	struct timeval timeout = { .tv_sec = TC_NL_TIMEOUT_SEC };
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	socklen_t sa_len = sizeof(sa);
	int on = 1;

	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (nl->fd < 0)
		return -errno;

	/* without these there is less to tell, but nothing else is lost */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));

	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    bind(nl->fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    getsockname(nl->fd, (struct sockaddr *)&sa, &sa_len)) {
		int err = -errno;

		close(nl->fd);
		nl->fd = -1;
		return err;
	}
	nl->portid = sa.nl_pid;
	nl->seq = time(NULL);
	return 0;
}

static int tc_nl_socket_in(struct bpf_tc_nl *nl, int netns_fd)
{
	int home, err;

	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;

	/* Entering the netns one is in proves that it can be come back to: a
	 * process may own the one it goes to, but not the one it is in.
	 */
	if (setns(home, CLONE_NEWNET) || setns(netns_fd, CLONE_NEWNET)) {
		err = -errno;
	} else {
		err = tc_nl_socket(nl);
		if (setns(home, CLONE_NEWNET)) {
			err = -errno;
			pr_warn("tc: can't return to the network namespace of this thread\n");
			if (nl->fd >= 0)
				close(nl->fd);
		}
	}
	close(home);
	return err;
}

struct bpf_tc_nl *bpf_tc_nl__open(int netns_fd, const struct bpf_tc_nl_opts *opts)
{
	char errmsg[TC_ERRMSG_SZ];
	struct bpf_tc_nl *nl;
	int err;

	if (!OPTS_VALID(opts, bpf_tc_nl_opts))
		return libbpf_err_ptr(-EINVAL);
	if (OPTS_GET(opts, err_buf_sz, 0) && !OPTS_GET(opts, err_buf, NULL)) {
		pr_warn("tc: err_buf_sz is set, but not err_buf\n");
		return libbpf_err_ptr(-EINVAL);
	}

	nl = malloc(sizeof(*nl));
	if (!nl)
		return libbpf_err_ptr(-ENOMEM);
	nl->fd = -1;
	nl->err_buf = OPTS_GET(opts, err_buf, NULL);
	nl->err_buf_sz = OPTS_GET(opts, err_buf_sz, 0);
	nl->extack[0] = '\0';

	err = netns_fd < 0 ? tc_nl_socket(nl) : tc_nl_socket_in(nl, netns_fd);
	if (err) {
		pr_warn("tc: can't open a netlink socket%s: %s\n",
			netns_fd < 0 ? "" : " in the other network namespace",
			libbpf_strerror_r(err, errmsg, sizeof(errmsg)));
		free(nl);
		return libbpf_err_ptr(err);
	}
	return nl;
}

void bpf_tc_nl__close(struct bpf_tc_nl *nl)
{
	if (!nl)
		return;

	close(nl->fd);
	free(nl);
}

/* Each function takes a socket, or makes one of its own for the call. */
static int tc_nl_begin(struct bpf_tc_nl **nl, struct bpf_tc_nl **own)
{
	*own = NULL;
	if (!*nl) {
		*nl = bpf_tc_nl__open(-1, NULL);
		if (libbpf_get_error(*nl))
			return -errno;
		*own = *nl;
	}
	(*nl)->extack[0] = '\0';
	if ((*nl)->err_buf_sz)
		(*nl)->err_buf[0] = '\0';
	return 0;
}

static int tc_nl_end(struct bpf_tc_nl *own, int err)
{
	bpf_tc_nl__close(own);
	return libbpf_err(err);
}

/* Length of the next datagram, which the kernel sent. -ENOBUFS: one was lost. */
static ssize_t tc_nl_recv(struct bpf_tc_nl *nl)
{
	struct iovec iov = { .iov_base = nl->buf, .iov_len = sizeof(nl->buf) };
	struct sockaddr_nl sa;
	struct msghdr msg = {
		.msg_name = &sa,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len;

	for (;;) {
		msg.msg_namelen = sizeof(sa);
		len = recvmsg(nl->fd, &msg, 0);
		if (len < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN || errno == EWOULDBLOCK ? -ETIMEDOUT : -errno;
		}
		if (msg.msg_namelen != sizeof(sa) || sa.nl_pid) {
			pr_debug("tc: ignoring a message that is not the kernel's\n");
			continue;
		}
		if (msg.msg_flags & MSG_TRUNC)
			return -ENOBUFS;
		return len ?: -EBADMSG;
	}
}

/* What was received as an error may be none. */
static int tc_nl_errno(int err)
{
	return err > 0 || err < -MAX_ERRNO ? -EBADMSG : err;
}

static int tc_nl_error(struct bpf_tc_nl *nl, const struct nlmsghdr *nh)
{
	const struct nlmsgerr *err = NLMSG_DATA(nh);
	size_t len = nh->nlmsg_len, skip = NLMSG_LENGTH(sizeof(*err));

	if (len < skip)
		return -EBADMSG;

	/* after the header of the request its payload, unless it was capped */
	if (!(nh->nlmsg_flags & NLM_F_CAPPED) && err->msg.nlmsg_len > sizeof(err->msg))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len - sizeof(err->msg));
	if (nh->nlmsg_flags & NLM_F_ACK_TLVS && skip < len)
		tc_attr_str((const void *)nh + skip, len - skip, NLMSGERR_ATTR_MSG,
			    nl->extack, sizeof(nl->extack));

	/* said although it succeeded, so a warning */
	if (!err->error && nl->extack[0]) {
		pr_info("tc: the kernel says: %s\n", nl->extack);
		nl->extack[0] = '\0';
	}
	return tc_nl_errno(err->error);
}

/* Send a request and hand each message of the answer to fn. A dump ends with
 * NLMSG_DONE, anything else with the acknowledgment.
 *
 * -ENOBUFS and -ETIMEDOUT: the acknowledgment is lost, the request may have been
 * carried out. -EINTR: what a dump gave is not to be trusted.
 */
static int tc_nl_request(struct bpf_tc_nl *nl, struct tc_request *req, tc_nl_msg_fn fn, void *ctx)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	bool dump = (req->nh.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	bool interrupted = false;
	struct nlmsghdr *nh;
	int err, fn_err = 0;
	ssize_t left;

	if (!dump)
		req->nh.nlmsg_flags |= NLM_F_ACK;
	req->nh.nlmsg_seq = ++nl->seq;
	nl->extack[0] = '\0';

	do {
		left = sendto(nl->fd, req, req->nh.nlmsg_len, 0, (struct sockaddr *)&kernel,
			      sizeof(kernel));
	} while (left < 0 && errno == EINTR);
	if (left < 0)
		return -errno;

	for (;;) {
		left = tc_nl_recv(nl);
		if (left == -ENOBUFS && dump) {
			/* the dump goes on, and must be read to its end */
			interrupted = true;
			continue;
		}
		if (left < 0)
			return left;

		for (nh = (void *)nl->buf; left > 0; nh = (void *)nh + NLMSG_ALIGN(nh->nlmsg_len)) {
			if (left < (ssize_t)sizeof(*nh) || nh->nlmsg_len < sizeof(*nh) ||
			    nh->nlmsg_len > left)
				return -EBADMSG;
			left -= NLMSG_ALIGN(nh->nlmsg_len);

			if (nh->nlmsg_seq != nl->seq || nh->nlmsg_pid != nl->portid) {
				pr_debug("tc: ignoring the answer to another request\n");
				continue;
			}
			if (nh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;

			switch (nh->nlmsg_type) {
			case NLMSG_NOOP:
				break;
			case NLMSG_OVERRUN:
				interrupted = true;
				break;
			case NLMSG_ERROR:
				return tc_nl_error(nl, nh);
			case NLMSG_DONE:
				/* with it comes how the dump went */
				if (nh->nlmsg_len >= NLMSG_LENGTH(sizeof(err))) {
					memcpy(&err, NLMSG_DATA(nh), sizeof(err));
					if (err < 0)
						return tc_nl_errno(err);
				}
				return fn_err ?: interrupted ? -EINTR : 0;
			default:
				/* what follows must be read all the same */
				if (fn && !fn_err)
					fn_err = fn(nh, ctx);
				break;
			}
		}
	}
}

static bool tc_nl_lost_ack(int err)
{
	return err == -ENOBUFS || err == -ETIMEDOUT;
}

/* Qdiscs. */

static int tc_qdisc_kind_fn(const struct nlmsghdr *nh, void *ctx)
{
	const size_t hdr = NLMSG_LENGTH(sizeof(struct tcmsg));

	if (nh->nlmsg_type == RTM_NEWQDISC && nh->nlmsg_len > hdr)
		tc_attr_str((const void *)nh + hdr, nh->nlmsg_len - hdr, TCA_KIND, ctx, TC_KIND_SZ);
	return 0;
}

/* What sits where a clsact does; -ENOENT for nothing. */
static int tc_qdisc_kind(struct bpf_tc_nl *nl, int ifindex, char kind[TC_KIND_SZ])
{
	struct tc_request req;
	int err;

	kind[0] = '\0';
	tc_request_init(&req, RTM_GETQDISC, NLM_F_ECHO, ifindex, TC_H_CLSACT);
	err = tc_nl_request(nl, &req, tc_qdisc_kind_fn, kind);
	/* -EINVAL: there was one, and the placeholder that it left has no name */
	if (err == -EINVAL || (!err && !kind[0]))
		err = -ENOENT;
	return err;
}

static int tc_clsact_request(struct bpf_tc_nl *nl, int ifindex, __u16 type, __u16 flags)
{
	struct tc_request req;

	tc_request_init(&req, type, flags, ifindex, TC_H_CLSACT);
	req.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	tc_request_attr(&req, TCA_KIND, "clsact", sizeof("clsact"));
	return tc_nl_request(nl, &req, NULL, NULL);
}

static int tc_clsact_delete(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	char kind[TC_KIND_SZ];
	int err;

	err = tc_clsact_request(nl, hook->ifindex, RTM_DELQDISC, 0);
	if (tc_nl_lost_ack(err) && tc_qdisc_kind(nl, hook->ifindex, kind) == -ENOENT)
		err = 0;
	if (err)
		tc_nl_fail(nl, err, hook, "remove the clsact qdisc", NULL);
	return err;
}

/* A hook is one side, both, or the parent that BPF_TC_CUSTOM names. */
static int tc_hook_check(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook, const char *what)
{
	const char *why;

	if (!hook || !OPTS_VALID(hook, bpf_tc_hook))
		return tc_nl_fail(nl, -EINVAL, NULL, what, "hook is NULL or of the wrong size");
	if (OPTS_GET(hook, ifindex, 0) <= 0)
		return tc_nl_fail(nl, -EINVAL, hook, what, "ifindex must be positive");

	switch (OPTS_GET(hook, attach_point, 0)) {
	case BPF_TC_INGRESS:
	case BPF_TC_EGRESS:
	case TC_BOTH_SIDES:
		if (!OPTS_GET(hook, parent, 0))
			return 0;
		why = "parent is for BPF_TC_CUSTOM alone";
		break;
	case BPF_TC_CUSTOM:
		if (OPTS_GET(hook, parent, 0))
			return 0;
		why = "BPF_TC_CUSTOM needs a parent";
		break;
	default:
		why = "attach_point is none that there is";
		break;
	}
	return tc_nl_fail(nl, -EINVAL, hook, what, why);
}

/* No qdisc but clsact is made or removed here. */
static int tc_qdisc_hook_check(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			       const char *what)
{
	if (hook && OPTS_VALID(hook, bpf_tc_hook) && OPTS_GET(hook, ifindex, 0) > 0 &&
	    OPTS_GET(hook, attach_point, 0) == BPF_TC_CUSTOM)
		return tc_nl_fail(nl, -EOPNOTSUPP, hook, what,
				  "the qdisc of a BPF_TC_CUSTOM hook is its owner's");
	return tc_hook_check(nl, hook, what);
}

/* Said of a clsact that is there already: it is what was asked for. Not so of an
 * ingress qdisc, which is in its place, runs on ingress whatever is attached to
 * its egress, and lets nobody add a clsact.
 */
static int tc_qdisc_exists(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	const char *what = "create the clsact qdisc";
	char kind[TC_KIND_SZ], why[128];

	if (tc_qdisc_kind(nl, hook->ifindex, kind) || !strcmp(kind, "clsact"))
		return tc_nl_report(nl, LIBBPF_DEBUG, -EEXIST, hook, what,
				    "there is one already");

	snprintf(why, sizeof(why), "there is a qdisc of kind %s, with no egress side, in its place",
		 kind);
	return tc_nl_fail(nl, hook->attach_point == BPF_TC_INGRESS ? -EEXIST : -EBUSY,
			  hook, what, why);
}

static int tc_nl_hook_create(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	const char *what = "create the clsact qdisc";
	char kind[TC_KIND_SZ];
	int err;

	err = tc_qdisc_hook_check(nl, hook, what);
	if (err)
		return err;

	err = tc_clsact_request(nl, hook->ifindex, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
	/* whose it is then is unknown, and safer thought to be somebody else's */
	if (tc_nl_lost_ack(err) && !tc_qdisc_kind(nl, hook->ifindex, kind))
		err = -EEXIST;
	if (err == -EEXIST)
		return tc_qdisc_exists(nl, hook);
	if (err)
		tc_nl_fail(nl, err, hook, what, NULL);
	return err;
}

int bpf_tc_nl__hook_create(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_hook_create(nl, hook);
	return tc_nl_end(own, err);
}

int bpf_tc_hook_create(struct bpf_tc_hook *hook)
{
	return bpf_tc_nl__hook_create(NULL, hook);
}

static __u32 tc_hook_parent(const struct bpf_tc_hook *hook)
{
	switch (hook->attach_point) {
	case BPF_TC_INGRESS:
		return TC_SIDE_INGRESS;
	case BPF_TC_EGRESS:
		return TC_SIDE_EGRESS;
	default:
		return OPTS_GET(hook, parent, 0);
	}
}

static int tc_nl_hook_destroy(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	struct tc_request req;
	int err;

	err = tc_qdisc_hook_check(nl, hook, "remove the hook");
	if (err)
		return err;
	if (hook->attach_point == TC_BOTH_SIDES)
		return tc_clsact_delete(nl, hook);

	/* without a priority, all filters of that side */
	tc_request_init(&req, RTM_DELTFILTER, 0, hook->ifindex, tc_hook_parent(hook));
	err = tc_nl_request(nl, &req, NULL, NULL);
	if (err)
		tc_nl_fail(nl, err, hook, "remove all filters", NULL);
	return err;
}

int bpf_tc_nl__hook_destroy(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_hook_destroy(nl, hook);
	return tc_nl_end(own, err);
}

int bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	return bpf_tc_nl__hook_destroy(NULL, hook);
}

/* Filters. */

static enum bpf_tc_attach_point tc_attach_point(__u32 parent)
{
	switch (parent) {
	case TC_SIDE_INGRESS:
		return BPF_TC_INGRESS;
	case TC_SIDE_EGRESS:
		return BPF_TC_EGRESS;
	default:
		return BPF_TC_CUSTOM;
	}
}

/* Returns 1 for a cls_bpf filter, 0 for any other message. */
static int tc_filter_parse(const struct nlmsghdr *nh, struct bpf_tc_filter *filter)
{
	const size_t hdr = NLMSG_LENGTH(sizeof(struct tcmsg));
	const struct tcmsg *tc = NLMSG_DATA(nh);
	const void *attrs, *opts, *tag;
	size_t len, opts_len, tag_len;
	char kind[TC_KIND_SZ];

	if (nh->nlmsg_type != RTM_NEWTFILTER || nh->nlmsg_len <= hdr)
		return 0;
	attrs = (const void *)nh + hdr;
	len = nh->nlmsg_len - hdr;

	/* handle 0 is not a filter, but the head of those of one priority */
	tc_attr_str(attrs, len, TCA_KIND, kind, sizeof(kind));
	if (strcmp(kind, "bpf") || !tc->tcm_handle)
		return 0;

	memset(filter, 0, sizeof(*filter));
	filter->sz = sizeof(*filter);
	filter->handle = tc->tcm_handle;
	filter->priority = TC_H_MAJ(tc->tcm_info) >> 16;
	filter->protocol = ntohs(TC_H_MIN(tc->tcm_info));
	filter->chain = tc_attr_u32(attrs, len, TCA_CHAIN);

	opts = tc_attr(attrs, len, TCA_OPTIONS, &opts_len);
	if (!opts)
		return 1;
	filter->prog_id = tc_attr_u32(opts, opts_len, TCA_BPF_ID);
	filter->direct_action = tc_attr_u32(opts, opts_len, TCA_BPF_FLAGS) &
				TCA_BPF_FLAG_ACT_DIRECT;
	tc_attr_str(opts, opts_len, TCA_BPF_NAME, filter->name, sizeof(filter->name));
	tag = tc_attr(opts, opts_len, TCA_BPF_TAG, &tag_len);
	if (tag && tag_len >= sizeof(filter->tag))
		memcpy(filter->tag, tag, sizeof(filter->tag));
	return 1;
}

static int tc_filter_get_fn(const struct nlmsghdr *nh, void *ctx)
{
	struct bpf_tc_filter found;

	if (tc_filter_parse(nh, &found))
		*(struct bpf_tc_filter *)ctx = found;
	return 0;
}

static void tc_filter_set_side(struct bpf_tc_filter *filter, int ifindex, __u32 parent)
{
	filter->ifindex = ifindex;
	filter->parent = parent;
	filter->attach_point = tc_attach_point(parent);
}

static void tc_filter_request(struct tc_request *req, __u16 type,
			      const struct bpf_tc_filter *filter)
{
	tc_request_init(req, type, 0, filter->ifindex, filter->parent);
	req->tc.tcm_handle = filter->handle;
	req->tc.tcm_info = TC_H_MAKE(filter->priority << 16, htons(filter->protocol));
	if (filter->chain)
		tc_request_attr(req, TCA_CHAIN, &filter->chain, sizeof(filter->chain));
}

static int tc_filters_add_fn(const struct nlmsghdr *nh, void *ctx)
{
	struct tc_filters *filters = ctx;
	void *list;

	if (filters->cnt == filters->cap) {
		size_t cap = filters->cap ? filters->cap * 2 : 8;

		list = libbpf_reallocarray(filters->list, cap, sizeof(*filters->list));
		if (!list)
			return -ENOMEM;
		filters->list = list;
		filters->cap = cap;
	}
	filters->cnt += tc_filter_parse(nh, &filters->list[filters->cnt]);
	return 0;
}

static int tc_nl_any_fn(const struct nlmsghdr *nh, void *ctx)
{
	*(bool *)ctx |= nh->nlmsg_type == RTM_NEWTFILTER;
	return 0;
}

/* Add the filters of one side to the list, until a dump comes through whole. */
static int tc_filters_dump(struct bpf_tc_nl *nl, int ifindex, __u32 parent,
			   struct tc_filters *filters)
{
	size_t before = filters->cnt;
	struct tc_request req;
	int err, tries;

	for (tries = 0; tries < TC_NL_DUMP_TRIES; tries++) {
		filters->cnt = before;
		tc_request_init(&req, RTM_GETTFILTER, NLM_F_DUMP, ifindex, parent);
		err = tc_nl_request(nl, &req, tc_filters_add_fn, filters);
		if (err != -EINTR)
			break;
		pr_debug("tc: the filters changed while being listed, listing them again\n");
	}
	for (; before < filters->cnt; before++)
		tc_filter_set_side(&filters->list[before], ifindex, parent);
	return err == -EINTR ? -EAGAIN : err;
}

/* What sits at the place of *want* now; prog_id 0 if no BPF program. */
static int tc_filter_get(struct bpf_tc_nl *nl, const struct bpf_tc_filter *want,
			 struct bpf_tc_filter *now)
{
	struct tc_filters filters = {};
	struct tc_request req;
	size_t i;
	int err;

	memset(now, 0, sizeof(*now));
	/* no kind: another's filter of another kind may be there by now */
	tc_filter_request(&req, RTM_GETTFILTER, want);
	err = tc_nl_request(nl, &req, tc_filter_get_fn, now);
	if (err != -EINVAL)
		return err;

	/* So the kernel also says that the qdisc is gone, or the last filter of
	 * the chain. Then a list has nothing at that place.
	 */
	if (tc_filters_dump(nl, want->ifindex, want->parent, &filters))
		goto out;
	for (i = 0; i < filters.cnt; i++)
		if (filters.list[i].chain == want->chain &&
		    filters.list[i].priority == want->priority &&
		    filters.list[i].handle == want->handle)
			goto out;
	err = -ENOENT;
out:
	free(filters.list);
	return err;
}

/* 0, if that program is at that place. */
static int tc_filter_compare(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			     const struct bpf_tc_filter *want, const char *what)
{
	struct bpf_tc_filter now;
	int err;

	err = tc_filter_get(nl, want, &now);
	if (err == -ENOENT)
		return tc_nl_report(nl, LIBBPF_DEBUG, err, hook, what, "it is gone");
	if (err)
		return tc_nl_fail(nl, err, hook, what, NULL);
	if (now.prog_id != want->prog_id) {
		char why[64];

		if (now.prog_id)
			snprintf(why, sizeof(why), "it holds program %u by now", now.prog_id);
		else
			snprintf(why, sizeof(why), "it is no filter with a BPF program by now");
		return tc_nl_report(nl, LIBBPF_DEBUG, -EEXIST, hook, what, why);
	}
	return 0;
}

static int tc_filter_delete(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			    const struct bpf_tc_filter *filter)
{
	const char *what = "remove the filter";
	struct bpf_tc_filter now;
	struct tc_request req;
	int err;

	if (filter->prog_id) {
		err = tc_filter_compare(nl, hook, filter, what);
		if (err)
			return err;
	}

	tc_filter_request(&req, RTM_DELTFILTER, filter);
	tc_request_attr(&req, TCA_KIND, "bpf", sizeof("bpf"));
	err = tc_nl_request(nl, &req, NULL, NULL);
	if (!err)
		return 0;
	if (tc_nl_lost_ack(err) && tc_filter_get(nl, filter, &now) == -ENOENT)
		return 0;
	if (err == -ENOENT || (err == -EINVAL && tc_filter_get(nl, filter, &now) == -ENOENT))
		return tc_nl_report(nl, LIBBPF_DEBUG, -ENOENT, hook, what, "there is none");
	return tc_nl_fail(nl, err, hook, what, NULL);
}

static int tc_filters_list(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			   struct tc_filters *filters)
{
	const char *what = "list the filters";
	int err;

	memset(filters, 0, sizeof(*filters));
	err = tc_hook_check(nl, hook, what);
	if (err)
		return err;

	if (hook->attach_point == TC_BOTH_SIDES)
		err = tc_filters_dump(nl, hook->ifindex, TC_SIDE_INGRESS, filters) ?:
		      tc_filters_dump(nl, hook->ifindex, TC_SIDE_EGRESS, filters);
	else
		err = tc_filters_dump(nl, hook->ifindex, tc_hook_parent(hook), filters);
	if (err) {
		tc_nl_fail(nl, err, hook, what, NULL);
		free(filters->list);
		filters->list = NULL;
		filters->cnt = 0;
	}
	return err;
}

/* Filters of any kind count. */
static int tc_side_in_use(struct bpf_tc_nl *nl, int ifindex, __u32 parent)
{
	struct tc_request req;
	bool any = false;
	int err;

	tc_request_init(&req, RTM_GETTFILTER, NLM_F_DUMP, ifindex, parent);
	err = tc_nl_request(nl, &req, tc_nl_any_fn, &any);
	/* seen once is enough; not seen is only believed of a whole dump */
	return any ? 1 : err;
}

static int tc_nl_hook_destroy_unused(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	const char *what = "remove the clsact qdisc";
	static const __u32 sides[] = { TC_SIDE_INGRESS, TC_SIDE_EGRESS };
	char kind[TC_KIND_SZ], why[64];
	int err, i, tries = 0;

	err = tc_qdisc_hook_check(nl, hook, what);
	if (err)
		return err;

	err = tc_qdisc_kind(nl, hook->ifindex, kind);
	if (err == -ENOENT)
		return tc_nl_report(nl, LIBBPF_DEBUG, err, hook, what, "there is none");
	if (err)
		return tc_nl_fail(nl, err, hook, what, NULL);
	if (strcmp(kind, "clsact")) {
		snprintf(why, sizeof(why), "there is a qdisc of kind %s in its place", kind);
		return tc_nl_fail(nl, -EBUSY, hook, what, why);
	}

	for (i = 0; i < 2; i++) {
		err = tc_side_in_use(nl, hook->ifindex, sides[i]);
		if (err == -EINTR && ++tries < TC_NL_DUMP_TRIES)
			i--;
		else if (err < 0)
			return tc_nl_fail(nl, err == -EINTR ? -EAGAIN : err, hook, what, NULL);
		else if (err)
			return tc_nl_report(nl, LIBBPF_DEBUG, -ENOTEMPTY, hook, what,
					    "there are filters left");
	}
	return tc_clsact_delete(nl, hook);
}

int bpf_tc_nl__hook_destroy_unused(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_hook_destroy_unused(nl, hook);
	return tc_nl_end(own, err);
}

/* Filters as bpf_tc_opts names them: on one side, of chain 0 and all protocols. */
static int tc_opts_check(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			 const struct bpf_tc_opts *opts, const char *what)
{
	int err;

	err = tc_hook_check(nl, hook, what);
	if (err)
		return err;
	if (hook->attach_point == TC_BOTH_SIDES)
		return tc_nl_fail(nl, -EINVAL, hook, what, "a filter is on one side, not on both");
	if (!opts || !OPTS_VALID(opts, bpf_tc_opts))
		return tc_nl_fail(nl, -EINVAL, hook, what, "opts is NULL or of the wrong size");
	if (OPTS_GET(opts, flags, 0) & ~BPF_TC_F_REPLACE)
		return tc_nl_fail(nl, -EINVAL, hook, what, "unknown flags");
	if (OPTS_GET(opts, priority, 0) > TC_MAX_PRIORITY)
		return tc_nl_fail(nl, -EINVAL, hook, what, "priority is above 65535");
	return 0;
}

static int tc_opts_check_place(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			       const struct bpf_tc_opts *opts, const char *what)
{
	if (!OPTS_GET(opts, handle, 0) || !OPTS_GET(opts, priority, 0))
		return tc_nl_fail(nl, -EINVAL, hook, what,
				  "handle and priority must say which filter");
	return 0;
}

static void tc_filter_from_opts(struct bpf_tc_filter *filter, const struct bpf_tc_hook *hook,
				const struct bpf_tc_opts *opts)
{
	memset(filter, 0, sizeof(*filter));
	tc_filter_set_side(filter, hook->ifindex, tc_hook_parent(hook));
	filter->handle = OPTS_GET(opts, handle, 0);
	filter->priority = OPTS_GET(opts, priority, 0);
	filter->protocol = ETH_P_ALL;
	filter->prog_id = OPTS_GET(opts, prog_id, 0);
}

/* The kernel's answer to an attachment is lost, but for perhaps that it succeeded.
 * Find the filter, if there is just one that it can be.
 */
static int tc_filter_find_attached(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
				   const struct bpf_tc_filter *want, struct bpf_tc_filter *found)
{
	struct bpf_tc_filter *filter;
	struct tc_filters filters;
	size_t i, matches = 0;
	int err;

	err = tc_filters_list(nl, hook, &filters);
	if (err)
		return err;
	for (i = 0; i < filters.cnt; i++) {
		filter = &filters.list[i];
		if (filter->prog_id != want->prog_id || filter->chain ||
		    filter->protocol != ETH_P_ALL ||
		    (want->handle && filter->handle != want->handle) ||
		    (want->priority && filter->priority != want->priority))
			continue;
		*found = *filter;
		matches++;
	}
	free(filters.list);
	return matches == 1 ? 0 : -ENOENT;
}

static int tc_nl_attach(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			struct bpf_tc_opts *opts)
{
	char name[BPF_OBJ_NAME_LEN + sizeof(":[4294967295]")];
	const char *what = "attach the program";
	struct bpf_tc_filter want, found = {};
	struct bpf_prog_info info = {};
	__u32 info_len = sizeof(info);
	__u32 da = TCA_BPF_FLAG_ACT_DIRECT;
	struct tc_request req;
	struct nlattr *nest;
	bool replace;
	int fd, err;

	err = tc_opts_check(nl, hook, opts, what);
	if (err)
		return err;
	replace = OPTS_GET(opts, flags, 0) & BPF_TC_F_REPLACE;
	fd = OPTS_GET(opts, prog_fd, 0);
	if (!fd)
		return tc_nl_fail(nl, -EINVAL, hook, what,
				  "prog_fd is 0, which counts as unset; if that is the program's fd, dup() it");

	tc_filter_from_opts(&want, hook, opts);
	if (want.prog_id && !replace)
		return tc_nl_fail(nl, -EINVAL, hook, what,
				  "prog_id is set, but BPF_TC_F_REPLACE is not");
	if (want.prog_id) {
		err = tc_opts_check_place(nl, hook, opts, what) ?:
		      tc_filter_compare(nl, hook, &want, what);
		if (err)
			return err;
	}

	if (bpf_obj_get_info_by_fd(fd, &info, &info_len))
		return tc_nl_fail(nl, -errno, hook, what, "prog_fd is not the fd of a BPF program");
	if (info.type != BPF_PROG_TYPE_SCHED_CLS)
		return tc_nl_fail(nl, -EINVAL, hook, what, "the program is no tc program");

	tc_filter_request(&req, RTM_NEWTFILTER, &want);
	req.nh.nlmsg_flags |= NLM_F_ECHO;
	if (!replace)
		req.nh.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	else if (!want.prog_id)
		req.nh.nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	else	/* only in the place of another, not where there is none by now */
		req.nh.nlmsg_flags |= NLM_F_REPLACE;
	want.prog_id = info.id;

	tc_request_attr(&req, TCA_KIND, "bpf", sizeof("bpf"));
	nest = tc_request_attr(&req, TCA_OPTIONS | NLA_F_NESTED, NULL, 0);
	tc_request_attr(&req, TCA_BPF_FD, &fd, sizeof(fd));
	snprintf(name, sizeof(name), "%s:[%u]", info.name, info.id);
	tc_request_attr(&req, TCA_BPF_NAME, name, strlen(name) + 1);
	tc_request_attr(&req, TCA_BPF_FLAGS, &da, sizeof(da));
	nest->nla_len = (void *)&req + req.nh.nlmsg_len - (void *)nest;

	err = tc_nl_request(nl, &req, tc_filter_get_fn, &found);
	if (err && !tc_nl_lost_ack(err))
		return tc_nl_fail(nl, err, hook, what, NULL);
	if (!found.handle && tc_filter_find_attached(nl, hook, &want, &found))
		return tc_nl_fail(nl, err ?: -EPROTO, hook, what,
				  "the kernel's answer is lost, it may be attached");

	OPTS_SET(opts, handle, found.handle);
	OPTS_SET(opts, priority, found.priority);
	OPTS_SET(opts, prog_id, info.id);
	return 0;
}

int bpf_tc_nl__attach(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
		      struct bpf_tc_opts *opts)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_attach(nl, hook, opts);
	return tc_nl_end(own, err);
}

int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	return bpf_tc_nl__attach(NULL, hook, opts);
}

static int tc_nl_detach(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			const struct bpf_tc_opts *opts)
{
	const char *what = "remove the filter";
	struct bpf_tc_filter filter;
	int err;

	err = tc_opts_check(nl, hook, opts, what) ?:
	      tc_opts_check_place(nl, hook, opts, what);
	if (err)
		return err;

	tc_filter_from_opts(&filter, hook, opts);
	return tc_filter_delete(nl, hook, &filter);
}

int bpf_tc_nl__detach(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
		      const struct bpf_tc_opts *opts)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_detach(nl, hook, opts);
	return tc_nl_end(own, err);
}

int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	return bpf_tc_nl__detach(NULL, hook, opts);
}

static int tc_nl_query(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
		       struct bpf_tc_opts *opts)
{
	const char *what = "query the filter";
	struct bpf_tc_filter want, now;
	int err;

	err = tc_opts_check(nl, hook, opts, what) ?:
	      tc_opts_check_place(nl, hook, opts, what);
	if (err)
		return err;

	tc_filter_from_opts(&want, hook, opts);
	err = tc_filter_get(nl, &want, &now);
	if (err == -ENOENT || (!err && !now.handle))	/* which is an answer */
		return tc_nl_report(nl, LIBBPF_DEBUG, -ENOENT, hook, what, "there is none");
	if (err)
		return tc_nl_fail(nl, err, hook, what, NULL);

	OPTS_SET(opts, handle, now.handle);
	OPTS_SET(opts, priority, now.priority);
	OPTS_SET(opts, prog_id, now.prog_id);
	return 0;
}

int bpf_tc_nl__query(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
		     struct bpf_tc_opts *opts)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_query(nl, hook, opts);
	return tc_nl_end(own, err);
}

int bpf_tc_query(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	return bpf_tc_nl__query(NULL, hook, opts);
}

int bpf_tc_nl__for_each_filter(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			       bpf_tc_filter_fn fn, void *ctx)
{
	struct tc_filters filters = {};
	struct bpf_tc_nl *own;
	size_t i;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_filters_list(nl, hook, &filters);
	for (i = 0; !err && i < filters.cnt; i++)
		err = fn(&filters.list[i], ctx);
	free(filters.list);
	return tc_nl_end(own, err);
}

/* The name that tc shows, or what stands in front of its ":[": the program's for
 * a filter of libbpf's, the object file's for one of tc's.
 */
static bool tc_filter_matches(const struct bpf_tc_filter *filter, __u32 prog_id, const char *name)
{
	size_t len;

	if (prog_id && filter->prog_id != prog_id)
		return false;
	if (!name)
		return true;
	len = strlen(name);
	return !strncmp(filter->name, name, len) &&
	       (!filter->name[len] || !strncmp(filter->name + len, ":[", 2));
}

static int tc_match_check(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook, __u32 prog_id,
			  const char *name, const char *what)
{
	if (!prog_id && (!name || !name[0]))
		return tc_nl_fail(nl, -EINVAL, hook, what, "neither prog_id nor name is given");
	return 0;
}

static int tc_nl_find_filter(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook, __u32 prog_id,
			     const char *name, struct bpf_tc_filter *filter)
{
	const char *what = "find the filter";
	struct tc_filters filters;
	size_t i, sz;
	int err;

	if (!filter || !OPTS_VALID(filter, bpf_tc_filter))
		return tc_nl_fail(nl, -EINVAL, hook, what, "filter is NULL or of the wrong size");
	err = tc_match_check(nl, hook, prog_id, name, what) ?:
	      tc_filters_list(nl, hook, &filters);
	if (err)
		return err;

	err = -ENOENT;
	for (i = 0; i < filters.cnt; i++) {
		if (!tc_filter_matches(&filters.list[i], prog_id, name))
			continue;
		/* the caller's may be of an older or of a newer library */
		sz = filter->sz < sizeof(*filter) ? filter->sz : sizeof(*filter);
		filters.list[i].sz = filter->sz;
		memcpy(filter, &filters.list[i], sz);
		err = 0;
		break;
	}
	free(filters.list);
	if (err)
		tc_nl_report(nl, LIBBPF_DEBUG, err, hook, what, NULL);
	return err;
}

int bpf_tc_nl__find_filter(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook, __u32 prog_id,
			   const char *name, struct bpf_tc_filter *filter)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_find_filter(nl, hook, prog_id, name, filter);
	return tc_nl_end(own, err);
}

static int tc_nl_remove_filter(struct bpf_tc_nl *nl, const struct bpf_tc_filter *filter)
{
	struct bpf_tc_hook hook = { .sz = sizeof(hook) };

	if (!filter || !OPTS_VALID(filter, bpf_tc_filter) || !OPTS_HAS(filter, prog_id) ||
	    !filter->handle || !filter->priority)
		return tc_nl_fail(nl, -EINVAL, NULL, "remove the filter",
				  "it is none that was listed or found");

	hook.ifindex = filter->ifindex;
	hook.attach_point = filter->attach_point;
	return tc_filter_delete(nl, &hook, filter);
}

int bpf_tc_nl__remove_filter(struct bpf_tc_nl *nl, const struct bpf_tc_filter *filter)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_remove_filter(nl, filter);
	return tc_nl_end(own, err);
}

static int tc_nl_remove_filters(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
				__u32 prog_id, const char *name)
{
	struct tc_filters filters;
	int err, removed = 0;
	size_t i;

	err = tc_match_check(nl, hook, prog_id, name, "remove filters") ?:
	      tc_filters_list(nl, hook, &filters);
	if (err)
		return err;

	for (i = 0; i < filters.cnt; i++) {
		if (!tc_filter_matches(&filters.list[i], prog_id, name))
			continue;
		err = tc_filter_delete(nl, hook, &filters.list[i]);
		if (!err)
			removed++;
		else if (err != -ENOENT && err != -EEXIST)
			break;	/* those two: no longer there to be removed */
		err = 0;
	}
	free(filters.list);
	return err ?: removed;
}

int bpf_tc_nl__remove_filters(struct bpf_tc_nl *nl, const struct bpf_tc_hook *hook,
			      __u32 prog_id, const char *name)
{
	struct bpf_tc_nl *own;
	int err;

	err = tc_nl_begin(&nl, &own);
	if (!err)
		err = tc_nl_remove_filters(nl, hook, prog_id, name);
	return tc_nl_end(own, err);
}
