/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF programs on the ingress and egress side of a network device: what the
 * packet path and device unregistration call. The system call's side is in
 * linux/bpf-tc-link.h.
 */
#ifndef __NET_TC_LINK_H
#define __NET_TC_LINK_H

#include <linux/netdevice.h>
#include <linux/rcupdate.h>

struct sk_buff;

/*
 * What has become of a packet, and what the caller does with it: hand it to
 * the device's clsact filters, pass it on without asking them, or start over
 * on the device that it was given to. Any other value is the NET_RX_* or
 * NET_XMIT_* code to return; the packet is gone.
 */
enum tc_link_fate {
	TC_LINK_NEXT	= -1,
	TC_LINK_PASS	= -2,
	TC_LINK_AGAIN	= -3,
};

int tc_link_ingress(struct sk_buff *skb);
int tc_link_egress(struct sk_buff *skb);

#ifdef CONFIG_NET_TC_LINK

/* Only asked: the chain itself is read under RCU in tc_link_ingress(). */
static inline bool tc_link_on_ingress(const struct net_device *dev)
{
	return unlikely(rcu_access_pointer(dev->tc_link_ingress));
}

static inline bool tc_link_on_egress(const struct net_device *dev)
{
	return unlikely(rcu_access_pointer(dev->tc_link_egress));
}

void tc_link_dev_uninstall(struct net_device *dev);

#else

static inline bool tc_link_on_ingress(const struct net_device *dev)
{
	return false;
}

static inline bool tc_link_on_egress(const struct net_device *dev)
{
	return false;
}

static inline void tc_link_dev_uninstall(struct net_device *dev)
{
}

#endif

#endif /* __NET_TC_LINK_H */
