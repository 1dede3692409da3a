// SPDX-License-Identifier: GPL-2.0
/*
 * A program that returns a verdict for frames, one that follows it, and an XDP program
 * before it.
 */
#include "frame.h"

int verdict = TC_ACT_UNSPEC;
struct seen judged[FRAME_KINDS];
struct seen followed[FRAME_KINDS];

SEC("tc")
int judge(struct __sk_buff *skb)
{
	int kind = frame_kind(skb);
	unsigned char last = '!';

	if (kind < 0)
		return TC_ACT_UNSPEC;
	record(skb, &judged[kind]);
	judged[kind].hash = bpf_get_hash_recalc(skb);
	judged[kind].rc = bpf_csum_update(skb, 0);
	skb->mark = 0x1000 + kind;
	skb->priority = 3;
	skb->tc_classid = 0x10007;
	skb->cb[0] = 0xcb;
	bpf_skb_store_bytes(skb, skb->len - 1, &last, 1, BPF_F_RECOMPUTE_CSUM);
	return *(volatile int *)&verdict;
}

/* A filter that was there first */
SEC("tc")
int follow(struct __sk_buff *skb)
{
	int kind = frame_kind(skb);

	if (kind < 0)
		return TC_ACT_UNSPEC;
	record(skb, &followed[kind]);
	skb->mark |= 0x100000;
	return TC_ACT_UNSPEC;
}

SEC("xdp")
int put_meta(struct xdp_md *ctx)
{
	void *data;
	__u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > data)
		return XDP_ABORTED;
	*meta = 0xfeed;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
