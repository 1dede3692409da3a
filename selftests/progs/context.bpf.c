// SPDX-License-Identifier: GPL-2.0
/* Programs that record what they are given, and programs that change it. */
#include "probe.h"
#include "context.h"

struct context seen;

int classid;
int classid_verdict = -1;
__u32 seen_classid;
__u32 seen_tc_index;

SEC("tc")
int record(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	seen.times++;
	seen.len = skb->len;
	seen.pkt_type = skb->pkt_type;
	seen.mark = skb->mark;
	seen.queue_mapping = skb->queue_mapping;
	seen.protocol = skb->protocol;
	seen.vlan_present = skb->vlan_present;
	seen.priority = skb->priority;
	seen.ingress_ifindex = skb->ingress_ifindex;
	seen.ifindex = skb->ifindex;
	seen.tc_index = skb->tc_index;
	seen.tc_classid = skb->tc_classid;
	seen.wire_len = skb->wire_len;
	seen.gso_segs = skb->gso_segs;
	seen.gso_size = skb->gso_size;
	seen.direct = end - data;
	seen.vlan_proto = skb->vlan_proto;
	seen.napi_id = skb->napi_id;
	seen.cb[0] = skb->cb[0];
	seen.cb[1] = skb->cb[1];
	seen.cb[2] = skb->cb[2];
	seen.cb[3] = skb->cb[3];
	seen.cb[4] = skb->cb[4];
	seen.has_sk = !!skb->sk;
	seen.has_tstamp = !!skb->tstamp;
	if (data + sizeof(seen.header) <= end)
		__builtin_memcpy(seen.header, data, sizeof(seen.header));
	return TC_ACT_UNSPEC;
}

/* Writes every field that a classifier may write */
SEC("tc")
int change(struct __sk_buff *skb)
{
	char x = 'X';

	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	skb->mark = 0x1234;
	skb->priority = 5;
	skb->tc_index = 77;
	skb->cb[0] = 0xcafe;
	skb->cb[1] = 1;
	skb->cb[2] = 2;
	skb->cb[3] = 3;
	skb->cb[4] = 0xbeef;
	/* the first byte of the payload; clear the UDP checksum */
	bpf_skb_store_bytes(skb, PAYLOAD_OFF, &x, 1, BPF_F_INVALIDATE_HASH);
	x = 0;
	bpf_skb_store_bytes(skb, UDP_CHECK_OFF, &x, 1, 0);
	bpf_skb_store_bytes(skb, UDP_CHECK_OFF + 1, &x, 1, 0);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int set_classid(struct __sk_buff *skb)
{
	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	skb->tc_classid = classid;
	return classid_verdict;
}

/* Returns OK without having set a class */
SEC("tc")
int no_classid(struct __sk_buff *skb)
{
	if (!is_probe(skb))
		return TC_ACT_UNSPEC;
	seen_classid = skb->tc_classid;
	return TC_ACT_OK;
}

/* Attached to the socket at which the packet arrives */
SEC("socket")
int read_tc_index(struct __sk_buff *skb)
{
	seen_tc_index = skb->tc_index;
	return skb->len;
}

char _license[] SEC("license") = "GPL";
