// SPDX-License-Identifier: GPL-2.0
/* Counts packets and bytes, and passes every packet to the next program. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "count.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SIDES);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

static __always_inline int count(struct __sk_buff *skb, __u32 side)
{
	struct traffic *t = bpf_map_lookup_elem(&traffic, &side);

	if (t) {
		/* with segmentation offload, one skb stands for several packets */
		t->packets += skb->gso_segs ?: 1;
		t->bytes += skb->len;
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int count_ingress(struct __sk_buff *skb)
{
	return count(skb, INGRESS);
}

SEC("tc")
int count_egress(struct __sk_buff *skb)
{
	return count(skb, EGRESS);
}

char _license[] SEC("license") = "GPL";
