// SPDX-License-Identifier: GPL-2.0
/* Replaces a function of progs/changes.bpf.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("freplace/policy")
int grow(struct __sk_buff *skb)
{
	return bpf_skb_change_head(skb, 14, 0);
}

char _license[] SEC("license") = "GPL";
