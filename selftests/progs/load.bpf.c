// SPDX-License-Identifier: GPL-2.0
/*
 * A gate that drops every odd packet, in two versions that replace each other, and a
 * counter that runs after it. The Ethernet type identifies the packets. A filter counts
 * those that arrive at a socket.
 */
#include "load.h"
#include "probe.h"

/* the packets that each program saw: even and odd */
__u64 at_gate[2], behind[2], arrived[2];

/* Returns 0 or 1, or -1 if the packet is not one of the test */
static __always_inline int oddness(struct __sk_buff *skb)
{
	__u8 number;

	if (skb->protocol != bpf_htons(LOAD_PROTOCOL) ||
	    bpf_skb_load_bytes(skb, 14, &number, sizeof(number)))
		return -1;
	return number & 1;
}

static __always_inline int gate(struct __sk_buff *skb)
{
	int odd = oddness(skb);

	if (odd < 0)
		return TC_ACT_UNSPEC;
	__sync_fetch_and_add(&at_gate[odd], 1);
	return odd ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int gate_a(struct __sk_buff *skb)
{
	return gate(skb);
}

SEC("tc")
int gate_b(struct __sk_buff *skb)
{
	return gate(skb);
}

SEC("tc")
int count_behind(struct __sk_buff *skb)
{
	int odd = oddness(skb);

	if (odd < 0)
		return TC_ACT_UNSPEC;
	__sync_fetch_and_add(&behind[odd & 1], 1);
	return TC_ACT_UNSPEC;
}

/* The socket keeps nothing, so its buffer cannot overflow */
SEC("socket")
int arrive(struct __sk_buff *skb)
{
	int odd = oddness(skb);

	if (odd >= 0)
		__sync_fetch_and_add(&arrived[odd & 1], 1);
	return 0;
}

SEC("tc")
int drop_probes(struct __sk_buff *skb)
{
	return is_probe(skb) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
