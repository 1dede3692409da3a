// SPDX-License-Identifier: GPL-2.0
/* A program that marks frames, and programs that observe what becomes of them. */
#include "frame.h"
#include "traces.h"

#include <bpf/bpf_core_read.h>

/* The members of kernel types that are read here */
#define KERNEL __attribute__((preserve_access_index))

struct sk_buff {
	__u32 mark;
} KERNEL;

enum skb_drop_reason {
	SKB_DROP_REASON_TC_INGRESS = 1,
	SKB_DROP_REASON_TC_EGRESS = 2,
};

struct bpf_prog_aux {
	__u32 id;
} KERNEL;

struct bpf_prog {
	struct bpf_prog_aux *aux;
} KERNEL;

struct bpf_link {
	__u32 id;
	enum bpf_link_type type;
	struct bpf_prog *prog;
} KERNEL;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL;

struct bpf_iter__bpf_link {
	struct bpf_iter_meta *meta;
	struct bpf_link *link;
} KERNEL;

int verdict = TC_ACT_UNSPEC;
struct ends ends;
/* the values of the reasons, by the names that the kernel has for them */
__u32 ingress_reason, egress_reason;

SEC("tc")
int mark(struct __sk_buff *skb)
{
	if (frame_kind(skb) < 0)
		return TC_ACT_UNSPEC;
	skb->mark = TRACED_MARK;
	return *(volatile int *)&verdict;
}

static __always_inline int is_marked(__u64 skb)
{
	return BPF_CORE_READ((struct sk_buff *)skb, mark) == TRACED_MARK;
}

SEC("raw_tracepoint/kfree_skb")
int dropped(struct bpf_raw_tracepoint_args *ctx)
{
	if (is_marked(ctx->args[0]))
		__sync_fetch_and_add(&ends.dropped, 1);
	return 0;
}

/* For kernels whose tracepoint has the reason */
SEC("raw_tracepoint/kfree_skb")
int dropped_for_reason(struct bpf_raw_tracepoint_args *ctx)
{
	ingress_reason = bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_TC_INGRESS);
	egress_reason = bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_TC_EGRESS);
	if (is_marked(ctx->args[0])) {
		__sync_fetch_and_add(&ends.dropped, 1);
		ends.reason = ctx->args[2];
	}
	return 0;
}

SEC("raw_tracepoint/consume_skb")
int consumed(struct bpf_raw_tracepoint_args *ctx)
{
	if (is_marked(ctx->args[0]))
		__sync_fetch_and_add(&ends.consumed, 1);
	return 0;
}

SEC("iter/bpf_link")
int list_links(struct bpf_iter__bpf_link *ctx)
{
	struct bpf_link *link = ctx->link;
	struct listed_link listed = {};

	if (!link)
		return 0;
	listed.id = link->id;
	listed.type = link->type;
	listed.prog_id = link->prog->aux->id;
	bpf_seq_write(ctx->meta->seq, &listed, sizeof(listed));
	return 0;
}

char _license[] SEC("license") = "GPL";
