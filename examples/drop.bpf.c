// SPDX-License-Identifier: GPL-2.0
/* Drops the packets that come from the addresses in a map, and counts them. */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Keys are IPv6 addresses; an IPv4 address is ::ffff:a.b.c.d. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct in6_addr);
	__type(value, __u64); /* packets dropped */
} addresses SEC(".maps");

SEC("tc")
int drop(struct __sk_buff *skb)
{
	struct in6_addr from = {};
	__u64 *dropped;
	long err;

	/* from the network header, so that it works on devices without Ethernet, too */
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		from.s6_addr32[2] = bpf_htonl(0xffff);
		err = bpf_skb_load_bytes_relative(skb, offsetof(struct iphdr, saddr),
						  &from.s6_addr32[3], 4, BPF_HDR_START_NET);
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		err = bpf_skb_load_bytes_relative(skb, offsetof(struct ipv6hdr, saddr),
						  &from, sizeof(from), BPF_HDR_START_NET);
	} else {
		return TC_ACT_UNSPEC;
	}
	if (err)
		return TC_ACT_UNSPEC;

	dropped = bpf_map_lookup_elem(&addresses, &from);
	if (!dropped)
		return TC_ACT_UNSPEC;
	__sync_fetch_and_add(dropped, 1);
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "GPL";
