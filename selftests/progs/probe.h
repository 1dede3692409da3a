/* SPDX-License-Identifier: GPL-2.0 */
/* How BPF programs recognise the packets that a test sends. */
#ifndef PROBE_H
#define PROBE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ports.h"

/* UDP over IPv4 without options, to the port of the test */
static __always_inline int is_probe(struct __sk_buff *skb)
{
	__be16 port;

	if (skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + 20 + 2, &port, sizeof(port)))
		return 0;
	return port == bpf_htons(PROBE_PORT);
}

#endif
