/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the trees that tc chains and links are built for, and
 * nothing else. Everything here has one meaning under one name.
 */
#ifndef __NET_SCHED_TC_LINK_COMPAT_H
#define __NET_SCHED_TC_LINK_COMPAT_H

#include <linux/filter.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#include <net/pkt_sched.h>
#include <net/sch_generic.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)

/* A program that zeroes the timestamp leaves none of any type. */
static inline int tc_link_compat_run(const struct bpf_prog *prog,
				     struct sk_buff *skb)
{
	int code;

	bpf_compute_data_pointers(skb);
	code = bpf_prog_run(prog, skb);
	if (unlikely(!skb->tstamp && skb->mono_delivery_time))
		skb->mono_delivery_time = 0;
	return code;
}

/* The programs' data pointers lie where other users of the control block keep
 * theirs.
 */
static inline void tc_link_compat_reset_cb(struct sk_buff *skb)
{
	tc_skb_cb(skb)->mru = 0;
	tc_skb_cb(skb)->post_ct = false;
}

static inline void tc_link_compat_drop(struct sk_buff *skb, bool ingress)
{
	kfree_skb_reason(skb, ingress ? SKB_DROP_REASON_TC_INGRESS :
					SKB_DROP_REASON_TC_EGRESS);
}

#else /* 5.10 */

static inline int tc_link_compat_run(const struct bpf_prog *prog,
				     struct sk_buff *skb)
{
	bpf_compute_data_pointers(skb);
	return BPF_PROG_RUN(prog, skb);
}

static inline void tc_link_compat_reset_cb(struct sk_buff *skb)
{
	qdisc_skb_cb(skb)->mru = 0;
}

static inline void tc_link_compat_drop(struct sk_buff *skb, bool ingress)
{
	kfree_skb(skb);
}

#endif

#endif /* __NET_SCHED_TC_LINK_COMPAT_H */
