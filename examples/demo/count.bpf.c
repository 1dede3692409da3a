// SPDX-License-Identifier: GPL-2.0
/* Counts the demo's packets, by direction and by the version of this program. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PORT		7000
#define UDP_OFF		(ETH_HLEN + 20)

/* two slots a version: packets that came in, packets that went out */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

/* set by the loader */
const volatile __u32 version = 1;

SEC("tc")
int count(struct __sk_buff *skb)
{
	/* a packet that was made here has come in nowhere */
	__u32 slot = version * 2 + (skb->ingress_ifindex ? 0 : 1);
	__be16 ports[2];
	__u64 *n;

	if (skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, UDP_OFF, ports, sizeof(ports)))
		return TC_ACT_UNSPEC;
	if (ports[0] != bpf_htons(PORT) && ports[1] != bpf_htons(PORT))
		return TC_ACT_UNSPEC;
	n = bpf_map_lookup_elem(&packets, &slot);
	if (n)
		__sync_fetch_and_add(n, 1);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
