// SPDX-License-Identifier: GPL-2.0
/*
 * Programs for libbpf's tc API: one of each section that makes a tc program, and
 * one that counts each packet by the number it carries.
 */
#include "probe.h"

#define MAX_PACKETS (1 << 20)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_PACKETS);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/* its type has the number of BPF_PROG_TYPE_SCHED_CLS */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} type_3 SEC(".maps");

__u64 packets;

SEC("tc")
int count_once(struct __sk_buff *skb)
{
	__u64 *count;
	__u32 number;

	if (!is_probe(skb) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + 20 + 8, &number, sizeof(number)))
		return TC_ACT_UNSPEC;
	count = bpf_map_lookup_elem(&seen, &number);
	if (count)
		__sync_fetch_and_add(count, 1);
	__sync_fetch_and_add(&packets, 1);
	return TC_ACT_UNSPEC;
}

SEC("tc/ingress")
int tc_ingress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc/egress")
int tc_egress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tcx/ingress")
int tcx_ingress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tcx/egress")
int tcx_egress(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

/* names of which the kernel keeps the same 15 characters */
SEC("tc")
int my_agent_ingress_v1(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int my_agent_ingress_of_somebody_else(struct __sk_buff *skb)
{
	return skb->len ? TC_ACT_UNSPEC : TC_ACT_OK;
}

SEC("socket")
int no_tc_program(struct __sk_buff *skb)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
