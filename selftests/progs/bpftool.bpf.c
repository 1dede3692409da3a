// SPDX-License-Identifier: GPL-2.0
/* Programs for bpftool to show. They do nothing, but have names. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define PROG(name)					\
SEC("tc")						\
int name(struct __sk_buff *skb)				\
{							\
	return TC_ACT_UNSPEC;				\
}

PROG(first)
PROG(second)
PROG(third)
PROG(a_name_longer_than_the_kernel_keeps)

SEC("flow_dissector")
int dissector(struct __sk_buff *skb)
{
	return BPF_OK;
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
