// SPDX-License-Identifier: GPL-2.0
/* Reads through a bad pointer, for a while. The kernel makes such a read give 0. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "faults.h"

#define KERNEL __attribute__((preserve_access_index))

struct hlist_node {
	struct hlist_node *next;
} KERNEL;

struct timer_list {
	struct hlist_node entry;
} KERNEL;

struct sock {
	struct timer_list sk_timer;
} KERNEL;

struct inet_sock {
	struct sock sk;
} KERNEL;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct timer_list icsk_keepalive_timer;
} KERNEL;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
} KERNEL;

/* a connection, as its socket's packets say it; its timer was stopped, and so is poisoned */
struct bpf_sock_tuple connection;
struct faults_seen seen;

SEC("tc")
int reads(struct __sk_buff *skb)
{
	const struct hlist_node *poison;
	struct inet_connection_sock *icsk;
	struct tcp_sock *tcp;
	struct bpf_sock *sk;
	int i;

	sk = bpf_sk_lookup_tcp(skb, &connection, sizeof(connection.ipv4), BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return TC_ACT_UNSPEC;
	tcp = (void *)bpf_skc_to_tcp_sock(sk);
	if (tcp) {
		icsk = &tcp->inet_conn;
		/* some kernels keep it beside the other timers of a connection */
		poison = bpf_core_field_exists(icsk->icsk_keepalive_timer) ?
			 icsk->icsk_keepalive_timer.entry.next :
			 icsk->icsk_inet.sk.sk_timer.entry.next;
		seen.poison = (unsigned long)poison;
		seen.begun++;
		for (i = 0; i < READS; i++) {
			if (poison->next)
				seen.not_0++;
			/* read it again */
			asm volatile("" ::: "memory");
		}
		seen.ended++;
	}
	bpf_sk_release(sk);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";
