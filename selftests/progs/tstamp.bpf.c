// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery times, for kernels whose packets have a timestamp type, which tells the
 * clock.
 */
#include "probe.h"

/* newer than the headers of some trees */
static long (*skb_set_tstamp)(struct __sk_buff *skb, __u64 tstamp, __u32 type) =
	(void *)192;
#define TSTAMP_DELIVERY_MONO	1
#define TSTAMP_TYPE_OFF		180	/* the value of __sk_buff's tstamp_type */

int zero = 1;
__u32 seen_type = ~0U;
__u64 seen_tstamp;

/* Sets a time of the monotonic clock, as an earlier program may have done */
SEC("tc")
int set_mono(struct __sk_buff *skb)
{
	if (is_probe(skb))
		skb_set_tstamp(skb, 0x7000000000000000ULL, TSTAMP_DELIVERY_MONO);
	return TC_ACT_UNSPEC;
}

/* Ignores the clock, like all programs from before there was a type */
SEC("tc")
int zero_tstamp(struct __sk_buff *skb)
{
	if (is_probe(skb) && zero)
		skb->tstamp = 0;
	return TC_ACT_UNSPEC;
}

/* Reads the type, so at ingress the kernel leaves it to the program to clear it */
SEC("tc")
int read_and_zero_tstamp(struct __sk_buff *skb)
{
	if (is_probe(skb) && zero && *(volatile __u8 *)((char *)skb + TSTAMP_TYPE_OFF))
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
	/* so that no qdisc waits for that time */
	skb_set_tstamp(skb, 0, 0);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
