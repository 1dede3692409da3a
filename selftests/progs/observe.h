/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests that compare a filter with a link send, and what their BPF programs
 * record of it.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

/* The source address identifies the frames of the tests; its last byte is the kind */
#define FRAME_MAC	{ 0x02, 0x5e, 0xed, 0x00, 0x00 }

enum frame_kind {
	FRAME_UDP,		/* with a valid checksum */
	FRAME_BAD_UDP,		/* with an invalid one */
	FRAME_PARTIAL_UDP,	/* to be filled in by the device */
	FRAME_VLAN,		/* UDP with an 802.1Q tag */
	FRAME_UDP6,
	FRAME_GSO,		/* TCP, nonlinear, to be segmented */
	FRAME_KINDS
};

#define FRAME_VLAN_ID	5

/* This many bytes of each frame are compared */
#define FRAME_START	40

/* What a program is given */
struct seen {
	__u32 times;
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol;
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 priority;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 tc_index;
	__u32 tc_classid;
	__u32 cb;
	__u32 wire_len;
	__u32 gso_segs;
	__u32 gso_size;
	__u32 hash;
	__s32 csum_level;
	__s32 rc;		/* what the helper returned, if the program calls one */
	__u32 direct;		/* bytes between data and data_end */
	__u32 meta;		/* bytes between data_meta and data */
	__u32 meta_word;
	/* 1 if the bytes at data are those that bpf_skb_load_bytes() reads */
	__u32 direct_is_packet;
	unsigned char start[FRAME_START];
};

/* What the socket filter of a tap is given */
struct note {
	__u32 ifindex;
	__u32 protocol;
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 priority;
	__u32 tc_index;
	__u32 vlan_tci;
	__u32 kind;
};

#define MAX_NOTES 256

#endif
