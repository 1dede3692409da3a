/* SPDX-License-Identifier: GPL-2.0 */
/* How BPF programs recognise the frames of a test, and record what they are given. */
#ifndef FRAME_H
#define FRAME_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "observe.h"

#define ETH_ALEN 6

/* a named constant: 5.10 refuses the BTF of a section without one */
const unsigned char frame_mac[] = FRAME_MAC;

/*
 * Returns the kind of the frame whose source address is at @off, or -1 if the test has
 * not sent it
 */
static __always_inline int frame_kind_at(struct __sk_buff *skb, __u32 off)
{
	unsigned char mac[ETH_ALEN];

	if (bpf_skb_load_bytes(skb, off, mac, sizeof(mac)))
		return -1;
	if (mac[0] != frame_mac[0] || mac[1] != frame_mac[1] || mac[2] != frame_mac[2] ||
	    mac[3] != frame_mac[3] || mac[4] != frame_mac[4])
		return -1;
	return mac[5] < FRAME_KINDS ? mac[5] : -1;
}

static __always_inline int frame_kind(struct __sk_buff *skb)
{
	return frame_kind_at(skb, ETH_ALEN);
}

/* Reads the start of the packet directly and with the helper */
static __always_inline void record_start(struct __sk_buff *skb, struct seen *s)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	void *meta = (void *)(long)skb->data_meta;
	__u64 loaded[FRAME_START / 8] = {}, *word = data;
	int i, same = 1;

	s->direct = end - data;
	s->meta = data - meta;
	if (meta + 4 <= data)
		s->meta_word = *(__u32 *)meta;
	s->direct_is_packet = 0;
	if (bpf_skb_load_bytes(skb, 0, loaded, sizeof(loaded)))
		return;
	if (data + FRAME_START > end)
		return;
#pragma clang loop unroll(full)
	for (i = 0; i < FRAME_START / 8; i++)
		if (word[i] != loaded[i])
			same = 0;
	s->direct_is_packet = same;
	__builtin_memcpy(s->start, loaded, sizeof(loaded));
}

static __always_inline void record(struct __sk_buff *skb, struct seen *s)
{
	s->len = skb->len;
	s->pkt_type = skb->pkt_type;
	s->mark = skb->mark;
	s->queue_mapping = skb->queue_mapping;
	s->protocol = skb->protocol;
	s->vlan_present = skb->vlan_present;
	s->vlan_tci = skb->vlan_tci;
	s->priority = skb->priority;
	s->ingress_ifindex = skb->ingress_ifindex;
	s->ifindex = skb->ifindex;
	s->tc_index = skb->tc_index;
	s->tc_classid = skb->tc_classid;
	s->cb = skb->cb[0];
	s->wire_len = skb->wire_len;
	s->gso_segs = skb->gso_segs;
	s->gso_size = skb->gso_size;
	s->csum_level = bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
	record_start(skb, s);
	__sync_fetch_and_add(&s->times, 1);
}

#endif
