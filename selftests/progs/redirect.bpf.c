// SPDX-License-Identifier: GPL-2.0
/* Programs that send probes to another device, and one that counts them there. */
#include "probe.h"

__u32 to;		/* ifindex */
__u64 counted;

SEC("tc")
int redirect(struct __sk_buff *skb)
{
	return is_probe(skb) ? bpf_redirect(to, 0) : TC_ACT_UNSPEC;
}

SEC("tc")
int redirect_ingress(struct __sk_buff *skb)
{
	return is_probe(skb) ? bpf_redirect(to, BPF_F_INGRESS) : TC_ACT_UNSPEC;
}

SEC("tc")
int redirect_peer(struct __sk_buff *skb)
{
	return is_probe(skb) ? bpf_redirect_peer(to, 0) : TC_ACT_UNSPEC;
}

SEC("tc")
int redirect_neigh(struct __sk_buff *skb)
{
	return is_probe(skb) ? bpf_redirect_neigh(to, (void *)0, 0, 0) : TC_ACT_UNSPEC;
}

SEC("tc")
int clone_redirect(struct __sk_buff *skb)
{
	if (is_probe(skb))
		bpf_clone_redirect(skb, to, 0);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int count(struct __sk_buff *skb)
{
	if (is_probe(skb))
		__sync_fetch_and_add(&counted, 1);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
