/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF programs on the ingress and egress side of a network device: what
 * the packet path in net/core/dev.c calls. How programs get there is in
 * linux/bpf-tc-link.h.
 */
#ifndef __NET_TC_HOOK_H
#define __NET_TC_HOOK_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/netdevice.h>

struct sk_buff;

/* Bits of net_device::tc_hooks: the hooks that have programs. */
#define TC_HOOK_INGRESS	BIT(0)
#define TC_HOOK_EGRESS	BIT(1)

/*
 * What the programs decided, and what the caller does about it. Any other
 * value is the NET_RX_* or NET_XMIT_* code to return; the packet is gone.
 */
enum tc_hook_fate {
	TC_HOOK_NEXT	= -1,	/* go on to the device's clsact filters */
	TC_HOOK_PASS	= -2,	/* go on, but not to the clsact filters */
	TC_HOOK_AGAIN	= -3,	/* start over on the device it is on now */
};

int tc_hook_ingress(struct sk_buff *skb);
int tc_hook_egress(struct sk_buff *skb);

#ifdef CONFIG_NET_TC_LINK

/* net_device::tc_hooks is in a cache line that every packet loads, but for
 * egress on a 5.10 that keeps the kABI. A packet of a device without programs
 * stops here and loads no other line for us.
 */
static inline bool tc_hook_on_ingress(const struct net_device *dev)
{
	return unlikely(READ_ONCE(dev->tc_hooks) & TC_HOOK_INGRESS);
}

static inline bool tc_hook_on_egress(const struct net_device *dev)
{
	return unlikely(READ_ONCE(dev->tc_hooks) & TC_HOOK_EGRESS);
}

#else

static inline bool tc_hook_on_ingress(const struct net_device *dev)
{
	return false;
}

static inline bool tc_hook_on_egress(const struct net_device *dev)
{
	return false;
}

#endif

#endif /* __NET_TC_HOOK_H */
