// SPDX-License-Identifier: GPL-2.0
/*
 * The socket filter of the taps. It records what is not part of the frame, such as the
 * mark.
 */
#include "frame.h"

struct note notes[MAX_NOTES];
__u32 noted;

SEC("socket")
int note(struct __sk_buff *skb)
{
	int kind = frame_kind(skb);
	struct note *n;
	__u32 i = noted;

	/* if a program has put a header before the frame */
	if (kind < 0)
		kind = frame_kind_at(skb, 14 + ETH_ALEN);
	if (kind < 0)
		return 0;
	if (i < MAX_NOTES) {
		n = &notes[i];
		n->ifindex = skb->ifindex;
		n->protocol = skb->protocol;
		n->len = skb->len;
		n->pkt_type = skb->pkt_type;
		n->mark = skb->mark;
		n->priority = skb->priority;
		n->tc_index = skb->tc_index;
		n->vlan_tci = skb->vlan_tci;
		n->kind = kind;
	}
	noted = i + 1;
	return 0x7fffffff;
}

char _license[] SEC("license") = "GPL";
