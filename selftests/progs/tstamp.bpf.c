// SPDX-License-Identifier: GPL-2.0
/* Delivery times, for kernels whose packets say which clock a time is of. */
#include "probe.h"

/* newer than some of the trees' headers */
static long (*skb_set_tstamp)(struct __sk_buff *skb, __u64 tstamp, __u32 type) =
	(void *)192;
#define TSTAMP_DELIVERY_MONO	1
#define TSTAMP_TYPE_OFF		180	/* of __sk_buff's tstamp_type */

int zero = 1;
__u32 seen_type = ~0U;
__u64 seen_tstamp;

/* As bpf code before this one may have left it: a time of the monotonic clock */
SEC("tc")
int set_mono(struct __sk_buff *skb)
{
	if (is_probe(skb))
		skb_set_tstamp(skb, 0x7000000000000000ULL, TSTAMP_DELIVERY_MONO);
	return TC_ACT_UNSPEC;
}

/* Knows nothing of clocks, as all programs before there was a type */
SEC("tc")
int zero_tstamp(struct __sk_buff *skb)
{
	if (is_probe(skb) && zero)
		skb->tstamp = 0;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int read_type(struct __sk_buff *skb)
{
	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	seen_type = *(volatile __u8 *)((char *)skb + TSTAMP_TYPE_OFF);
	seen_tstamp = skb->tstamp;
	/* nobody shall wait for that time */
	skb_set_tstamp(skb, 0, 0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
