/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the trees that this code is built for, and nothing else.
 *
 * Each difference is found by a macro that came with it, not by the version:
 * trees between two releases, and vendor trees, then take the right branch,
 * fail to build, or name no drop reason.
 */
#ifndef __NET_SCHED_TC_COMPAT_H
#define __NET_SCHED_TC_COMPAT_H

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/pkt_cls.h>
#include <net/pkt_sched.h>
#include <net/sch_generic.h>

/* BPF_PROG_RUN() became the function bpf_prog_run(). */
static __always_inline int tc_compat_run(const struct bpf_prog *prog,
					 struct sk_buff *skb)
{
#ifdef BPF_PROG_RUN
	return BPF_PROG_RUN(prog, skb);
#else
	return bpf_prog_run(prog, skb);
#endif
}

/* What programs need beside rcu_read_lock_bh(), as cls_bpf sees it: nothing
 * where BPF accepts RCU-bh readers, which bpf_rcu_lock_held() shows. Older
 * trees want rcu_read_lock(), which is not free on PREEMPT kernels.
 */
#ifdef bpf_rcu_lock_held
#define tc_compat_rcu_lock()	do { } while (0)
#define tc_compat_rcu_unlock()	do { } while (0)
#else
#define tc_compat_rcu_lock()	rcu_read_lock()
#define tc_compat_rcu_unlock()	rcu_read_unlock()
#endif

/* A zero timestamp is of no type: clear the type bit, as cls_bpf does. */
static __always_inline void tc_compat_reset_tstamp_type(struct sk_buff *skb)
{
#ifdef SKB_MONO_DELIVERY_TIME_MASK
	if (unlikely(skb->mono_delivery_time && !skb->tstamp))
		skb->mono_delivery_time = 0;
#endif
}

/* Fields of the control block that act_ct and sch_frag use. In struct tc_skb_cb
 * the programs' data pointers overlay them. A tree without it keeps mru
 * elsewhere, and does not build if it is taken for one of the others.
 */
static __always_inline void tc_compat_reset_cb(struct sk_buff *skb)
{
#ifdef BPF_PROG_RUN
	qdisc_skb_cb(skb)->mru = 0;
#else
	tc_skb_cb(skb)->mru = 0;
	tc_skb_cb(skb)->post_ct = false;
	tc_skb_cb(skb)->post_ct_snat = false;
	tc_skb_cb(skb)->post_ct_dnat = false;
#endif
}

/* The macro is a little newer than the reasons. */
static inline void tc_compat_drop_ingress(struct sk_buff *skb)
{
#ifdef DEFINE_DROP_REASON
	kfree_skb_reason(skb, SKB_DROP_REASON_TC_INGRESS);
#else
	kfree_skb(skb);
#endif
}

static inline void tc_compat_drop_egress(struct sk_buff *skb)
{
#ifdef DEFINE_DROP_REASON
	kfree_skb_reason(skb, SKB_DROP_REASON_TC_EGRESS);
#else
	kfree_skb(skb);
#endif
}

#endif /* __NET_SCHED_TC_COMPAT_H */
