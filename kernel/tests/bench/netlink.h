/* SPDX-License-Identifier: GPL-2.0 */
/* Devices, clsact and its BPF filters, by rtnetlink. */
#ifndef NETLINK_H
#define NETLINK_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "bench.h"

struct request {
	struct nlmsghdr nh;
	union {
		struct ifinfomsg link;
		struct tcmsg tc;
	};
	char attrs[256];
};

static inline void request_init(struct request *r, int type, int flags, size_t body)
{
	memset(r, 0, sizeof(*r));
	r->nh.nlmsg_len = NLMSG_LENGTH(body);
	r->nh.nlmsg_type = type;
	r->nh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
}

static inline struct rtattr *put(struct request *r, int type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->nh.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->nh.nlmsg_len = NLMSG_ALIGN(r->nh.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static inline void put_end(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (char *)r + r->nh.nlmsg_len - (char *)nest;
}

/* Each thread has a socket of its own. */
static inline void talk(struct request *r, const char *what)
{
	static __thread int fd = -1;
	struct {
		struct nlmsghdr nh;
		struct nlmsgerr err;
		char rest[512];
	} answer;

	if (fd < 0)
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || send(fd, r, r->nh.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		die("netlink: %s", what);
	if (answer.nh.nlmsg_type != NLMSG_ERROR || answer.err.error) {
		errno = -answer.err.error;
		die("%s", what);
	}
}

/* A dummy device. */
static inline int make_dummy(const char *name, bool up)
{
	struct rtattr *info;
	struct request r;

	request_init(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.link));
	r.link.ifi_flags = r.link.ifi_change = up ? IFF_UP : 0;
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	info = put(&r, IFLA_LINKINFO, NULL, 0);
	put(&r, IFLA_INFO_KIND, "dummy", 5);
	put_end(&r, info);
	talk(&r, "cannot make a dummy device");
	return if_nametoindex(name);
}

static inline void add_clsact(int ifindex)
{
	struct request r;

	request_init(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.tc));
	r.tc.tcm_ifindex = ifindex;
	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	put(&r, TCA_KIND, "clsact", 7);
	talk(&r, "cannot add clsact");
}

static inline void del_clsact(int ifindex)
{
	struct request r;

	request_init(&r, RTM_DELQDISC, 0, sizeof(r.tc));
	r.tc.tcm_ifindex = ifindex;
	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	talk(&r, "cannot delete clsact");
}

static inline void filter(int type, int flags, int ifindex, enum side side, int prio, int prog)
{
	unsigned int da = TCA_BPF_FLAG_ACT_DIRECT;
	struct rtattr *options;
	struct request r;

	request_init(&r, type, flags, sizeof(r.tc));
	r.tc.tcm_ifindex = ifindex;
	r.tc.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side == INGRESS ? TC_H_MIN_INGRESS :
								   TC_H_MIN_EGRESS);
	r.tc.tcm_handle = 1;
	r.tc.tcm_info = TC_H_MAKE(prio << 16, htons(ETH_P_ALL));
	put(&r, TCA_KIND, "bpf", 4);
	if (prog >= 0) {
		options = put(&r, TCA_OPTIONS, NULL, 0);
		put(&r, TCA_BPF_FD, &prog, sizeof(prog));
		put(&r, TCA_BPF_NAME, "bench", 6);
		put(&r, TCA_BPF_FLAGS, &da, sizeof(da));
		put_end(&r, options);
	}
	talk(&r, "filter");
}

static inline void add_filter(int ifindex, enum side side, int prio, int prog)
{
	filter(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, ifindex, side, prio, prog);
}

static inline void replace_filter(int ifindex, enum side side, int prio, int prog)
{
	filter(RTM_NEWTFILTER, NLM_F_CREATE, ifindex, side, prio, prog);
}

static inline void del_filter(int ifindex, enum side side, int prio)
{
	filter(RTM_DELTFILTER, 0, ifindex, side, prio, -1);
}

#endif
