// SPDX-License-Identifier: GPL-2.0
/* Programs for the clients, without any library's headers. */
#include <linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))

SEC("tcx/ingress") int first(struct __sk_buff *skb)
{
	return -1;
}

SEC("tcx/ingress") int second(struct __sk_buff *skb)
{
	return -1;
}

SEC("tcx/ingress") int third(struct __sk_buff *skb)
{
	return -1;
}

SEC("tc/egress") int out(struct __sk_buff *skb)
{
	return -1;
}

SEC("license") char _license[] = "GPL";
