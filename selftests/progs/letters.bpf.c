// SPDX-License-Identifier: GPL-2.0
/*
 * Programs A to F. Each appends its letter to those of the programs that ran on the
 * packet before it, and returns the verdict that the test has set for it.
 */
#include "probe.h"

int verdict[6] = { -1, -1, -1, -1, -1, -1 };

char trace[16];
__u32 traced;

static __always_inline int ran(struct __sk_buff *skb, __u32 n)
{
	__u32 i = traced;

	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	if (i < sizeof(trace) - 1) {
		trace[i] = 'A' + n;
		traced = i + 1;
	}
	return *(volatile int *)&verdict[n];
}

#define PROG(name, n)				\
SEC("tc")					\
int name(struct __sk_buff *skb)			\
{						\
	return ran(skb, n);			\
}

PROG(prog_a, 0)
PROG(prog_b, 1)
PROG(prog_c, 2)
PROG(prog_d, 3)
PROG(prog_e, 4)
PROG(prog_f, 5)

char _license[] SEC("license") = "GPL";
