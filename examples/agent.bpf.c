// SPDX-License-Identifier: GPL-2.0
/* What agent.c attaches: it counts packets, and passes each to the next program. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

__u64 packets;

SEC("tc")
int watch(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&packets, 1);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
