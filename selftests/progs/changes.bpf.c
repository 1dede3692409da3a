// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that change a frame or send it elsewhere, each with one helper, and one that
 * runs next and reads the result.
 */
#include "frame.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define AF_INET 2

int verdict = TC_ACT_UNSPEC;
__u32 to;		/* ifindex */
__u32 gateway;		/* on the device it names */
struct bpf_sock_tuple wanted;

/* rc and the number of calls */
struct seen changed[FRAME_KINDS];
struct seen next[FRAME_KINDS];

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} calls SEC(".maps");

/* what is written; not a literal, since not every libbpf can place strings */
#define WRITTEN		((char[2]){ 'X', 'Y' })

#define OFF_IP		ETH_HLEN
#define OFF_L4		(ETH_HLEN + 20)

static __always_inline int note_call(int kind, int rc)
{
	changed[kind].rc = rc;
	__sync_fetch_and_add(&changed[kind].times, 1);
	return *(volatile int *)&verdict;
}

/* Calls a helper on each frame of the test, and notes what it returns */
#define CHANGE(name, call)					\
SEC("tc")							\
int name(struct __sk_buff *skb)					\
{								\
	int kind = frame_kind(skb);				\
								\
	return kind < 0 ? TC_ACT_UNSPEC : note_call(kind, call);	\
}

CHANGE(nothing, 0)
CHANGE(store_bytes, bpf_skb_store_bytes(skb, OFF_IP + 4, WRITTEN, 2, 0))
CHANGE(store_bytes_and_hash, bpf_skb_store_bytes(skb, OFF_L4, WRITTEN, 2,
						 BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
CHANGE(l3_csum_replace, bpf_l3_csum_replace(skb, OFF_IP + 10, 0x77, 0x78, 2))
CHANGE(l4_csum_replace, bpf_l4_csum_replace(skb, OFF_L4 + 6, 1, 2, 2))
CHANGE(pull_all, bpf_skb_pull_data(skb, skb->len))
CHANGE(pull_head, bpf_skb_pull_data(skb, 0))
CHANGE(pull_some, bpf_skb_pull_data(skb, 200))
CHANGE(vlan_push, bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 7))
CHANGE(vlan_push_ad, bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7))
/* the second tag moves the first one into the frame */
CHANGE(vlan_push_twice, bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 7) ?:
			bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 8))
CHANGE(vlan_pop, bpf_skb_vlan_pop(skb))
CHANGE(vlan_push_and_pop, bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 7) ?:
			  bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 8) ?:
			  bpf_skb_vlan_pop(skb))
CHANGE(change_proto, bpf_skb_change_proto(skb, skb->protocol == bpf_htons(ETH_P_IP) ?
					  bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP), 0))
CHANGE(change_type, bpf_skb_change_type(skb, PACKET_HOST))
CHANGE(grow_tail, bpf_skb_change_tail(skb, skb->len + 40, 0))
/* more than any headroom */
CHANGE(grow_tail_much, bpf_skb_change_tail(skb, skb->len + 1200, 0))
CHANGE(shrink_tail, bpf_skb_change_tail(skb, skb->len - 8, 0))
CHANGE(grow_head, bpf_skb_change_head(skb, ETH_HLEN, 0))
CHANGE(grow_head_much, bpf_skb_change_head(skb, 16 * ETH_HLEN, 0))
CHANGE(grow_net, bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
CHANGE(grow_net_much, bpf_skb_adjust_room(skb, 400, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
CHANGE(shrink_net, bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO))
CHANGE(grow_mac, bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
CHANGE(shrink_mac, bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
CHANGE(encap_ip, bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO |
				     BPF_F_ADJ_ROOM_ENCAP_L3_IPV4))
CHANGE(encap_udp, bpf_skb_adjust_room(skb, 28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO |
				      BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 |
				      BPF_F_ADJ_ROOM_ENCAP_L4_UDP))
CHANGE(encap_ethernet, bpf_skb_adjust_room(skb, 42, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO |
					   BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 |
					   BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
					   BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN)))
CHANGE(clone_to_egress, bpf_clone_redirect(skb, to, 0))
CHANGE(clone_to_ingress, bpf_clone_redirect(skb, to, BPF_F_INGRESS))

/* The verifier adds a helper to the prologue, which makes the head private */
SEC("tc")
int write_direct(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data;
	int kind = frame_kind(skb);

	if (kind < 0 || data + OFF_IP + 2 > (unsigned char *)(long)skb->data_end)
		return TC_ACT_UNSPEC;
	data[OFF_IP + 1] = 4;
	return note_call(kind, 0);
}

SEC("tc")
int tail_call(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &calls, 0);
	return TC_ACT_UNSPEC;
}

/*
 * The verifier assumes that its replacement may change the packet only if it does so
 * itself
 */
__attribute__((noinline)) int policy(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 0);
}

SEC("tc")
int replaced(struct __sk_buff *skb)
{
	int kind = frame_kind(skb);

	return kind < 0 ? TC_ACT_UNSPEC : note_call(kind, policy(skb));
}

/* Runs after the program that has changed the frame, and only reads */
SEC("tc")
int read_next(struct __sk_buff *skb)
{
	int kind = frame_kind(skb);

	/* the frame follows what that program has put before it */
	if (kind < 0)
		kind = frame_kind_at(skb, ETH_HLEN + ETH_ALEN);
	if (kind < 0)
		kind = frame_kind_at(skb, 16 * ETH_HLEN + ETH_ALEN);
	if (kind >= 0)
		record(skb, &next[kind]);
	return TC_ACT_UNSPEC;
}

/* ---- programs whose verdict sends a frame elsewhere ---- */

/* Notes what the helper returns, which is the verdict */
#define SEND(name, call)					\
SEC("tc")							\
int name(struct __sk_buff *skb)					\
{								\
	int kind = frame_kind(skb), code;			\
								\
	if (kind < 0)						\
		return TC_ACT_UNSPEC;				\
	code = call;						\
	note_call(kind, code);					\
	return code;						\
}

SEND(to_egress, bpf_redirect(to, 0))
SEND(to_ingress, bpf_redirect(to, BPF_F_INGRESS))
SEND(to_peer, bpf_redirect_peer(to, 0))
SEND(to_nowhere, bpf_redirect(0x7ffffff0, 0))
/* the helper did not return a verdict */
SEND(to_unsaid, TC_ACT_REDIRECT)

SEC("tc")
int to_neighbour(struct __sk_buff *skb)
{
	struct bpf_redir_neigh nh = { .nh_family = AF_INET };
	int kind = frame_kind(skb), code;

	if (kind < 0)
		return TC_ACT_UNSPEC;
	nh.ipv4_nh = gateway;
	code = bpf_redirect_neigh(to, &nh, sizeof(nh), 0);
	note_call(kind, code);
	return code;
}

/* Changes the frame, then redirects it, as load balancers do */
SEND(tagged_to_egress, bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 7) ?: bpf_redirect(to, 0))
SEND(grown_to_peer, bpf_skb_change_tail(skb, skb->len + 40, 0) ?: bpf_redirect_peer(to, 0))

/*
 * Assigns the frame to another socket than its port's. Not frames of TCP or IPv6: stock
 * kernels do not check that the socket fits them, and 5.10 then writes beyond its end.
 */
SEC("tc")
int to_socket(struct __sk_buff *skb)
{
	int kind = frame_kind(skb), rc = -1;
	struct bpf_sock_tuple tuple = wanted;
	struct bpf_sock *sk;

	if (kind < 0)
		return TC_ACT_UNSPEC;
	if (kind == FRAME_GSO || kind == FRAME_UDP6)
		return note_call(kind, rc);
	sk = bpf_sk_lookup_udp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (sk) {
		rc = bpf_sk_assign(skb, sk, 0);
		bpf_sk_release(sk);
	}
	return note_call(kind, rc);
}

char _license[] SEC("license") = "GPL";
