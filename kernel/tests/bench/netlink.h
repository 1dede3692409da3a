/* SPDX-License-Identifier: GPL-2.0 */
/* Devices, clsact and its BPF filters, by rtnetlink. */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "../../../selftests/rtnl.h"
#include "bench.h"

/* Each thread has a socket of its own. */
static inline void talk_or_die(struct request *r, const char *what)
{
	static __thread int sock = -1;
	int err;

	if (sock < 0)
		sock = rtnl_open();
	err = talk(sock, r);
	if (err) {
		errno = -err;
		die("%s", what);
	}
}

/* A dummy device. */
static inline int make_dummy(const char *name, bool up)
{
	struct request r = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.link));
	struct rtattr *info;

	r.link.ifi_flags = r.link.ifi_change = up ? IFF_UP : 0;
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	info = put(&r, IFLA_LINKINFO, NULL, 0);
	put(&r, IFLA_INFO_KIND, "dummy", 5);
	end(&r, info);
	talk_or_die(&r, "cannot make a dummy device");
	return if_nametoindex(name);
}

static inline void add_clsact(int ifindex)
{
	struct request r = request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, sizeof(r.tc));

	r.tc.tcm_ifindex = ifindex;
	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	put(&r, TCA_KIND, "clsact", 7);
	talk_or_die(&r, "cannot add clsact");
}

static inline void del_clsact(int ifindex)
{
	struct request r = request(RTM_DELQDISC, 0, sizeof(r.tc));

	r.tc.tcm_ifindex = ifindex;
	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	talk_or_die(&r, "cannot delete clsact");
}

static inline void filter(int type, int flags, int ifindex, enum side side, int prio, int prog)
{
	struct request r = request(type, flags, sizeof(r.tc));
	unsigned int da = TCA_BPF_FLAG_ACT_DIRECT;
	struct rtattr *options;

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
		end(&r, options);
	}
	talk_or_die(&r, "cannot change a filter");
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
