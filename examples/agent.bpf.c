// SPDX-License-Identifier: GPL-2.0
/*
 * What agent.c attaches: it counts packets, and passes each to the next program. The
 * agent knows its filters by the tag, a hash of the instructions. Anybody may write the
 * same few, so one of them loads a number that stands for this project: choose your own.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define PROJECT 0x74636c6b

__u64 packets;

SEC("tc")
int watch(struct __sk_buff *skb)
{
	asm volatile("r0 = %0" : : "i"(PROJECT) : "r0");
	__sync_fetch_and_add(&packets, 1);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
