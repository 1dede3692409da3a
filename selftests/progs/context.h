/* SPDX-License-Identifier: GPL-2.0 */
/* What progs/context.bpf.c records of a packet, for context.c to compare. */
#ifndef CONTEXT_H
#define CONTEXT_H

#define UDP_CHECK_OFF	(14 + 20 + 6)
#define PAYLOAD_OFF	(14 + 20 + 8)

struct context {
	__u32 times;
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol;
	__u32 vlan_present;
	__u32 priority;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 tc_index;
	__u32 tc_classid;
	__u32 wire_len;
	__u32 gso_segs;
	__u32 gso_size;
	__u32 direct;
	__u32 vlan_proto;
	__u32 napi_id;
	__u32 cb[5];
	__u32 has_sk;
	__u32 has_tstamp;
	unsigned char header[14];
};

#endif
