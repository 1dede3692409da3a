// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: libbpf's netlink tc API, to which the kernel answers what the
 * fuzzer makes up. For how the input is read see peer.h.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "peer.h"

/* answers to one call, after which nothing more comes */
#define MAX_DATAGRAMS 48

static const uint8_t *input;
static size_t input_len;
static int datagrams;

static void answer(const struct nlmsghdr *req)
{
	struct peer_datagram datagram;
	struct nlmsghdr nh;
	uint8_t buf[65536];
	size_t at;
	int flags;

	do {
		if (input_len < 3 || datagrams == MAX_DATAGRAMS)
			return;
		flags = input[0];
		datagram = (struct peer_datagram) {
			.data = buf,
			.len = input[1] | input[2] << 8,
			.from = flags & PEER_SEED_FOREIGN ? 1 : 0,
			.truncated = flags & PEER_SEED_TRUNCATED,
			.err = flags & PEER_SEED_LOST ? ENOBUFS : 0,
		};
		input += 3;
		input_len -= 3;
		if (datagram.len > input_len)
			datagram.len = input_len;
		memcpy(buf, input, datagram.len);
		input += datagram.len;
		input_len -= datagram.len;

		/* the fuzzer cannot guess these */
		for (at = 0; flags & PEER_SEED_ANSWERS && at + sizeof(nh) <= datagram.len;
		     at += NLMSG_ALIGN(nh.nlmsg_len)) {
			memcpy(&nh, buf + at, sizeof(nh));
			nh.nlmsg_seq = req->nlmsg_seq;
			nh.nlmsg_pid = PEER_PORTID;
			memcpy(buf + at, &nh, sizeof(nh));
			if (nh.nlmsg_len < sizeof(nh) || nh.nlmsg_len > datagram.len)
				break;
		}
		peer_send(&datagram);
		datagrams++;
	} while (flags & PEER_SEED_MORE);
}

static int no_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static int check_filter(const struct bpf_tc_filter *filter, void *ctx)
{
	/* whatever was said, the name ends */
	if (!memchr(filter->name, 0, sizeof(filter->name)))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bpf_tc_hook hook = {
		.sz = offsetof(struct bpf_tc_hook, parent) + sizeof(__u32),
		.ifindex = 1,
		.attach_point = BPF_TC_INGRESS,
	};
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 9);
	struct bpf_tc_filter filter = {
		.sz = sizeof(filter), .ifindex = 1, .handle = 1, .priority = 9, .prog_id = 42,
	};

	if (!len)
		return 0;
	libbpf_set_print(no_log);
	peer_request = answer;
	peer_reset();
	input = data + 1;
	input_len = len - 1;
	datagrams = 0;

	switch (data[0] % 9) {
	case 0:
		bpf_tc_for_each(&hook, check_filter, NULL);
		break;
	case 1:
		hook.attach_point |= BPF_TC_EGRESS;
		bpf_tc_for_each(&hook, check_filter, NULL);
		break;
	case 2:
		bpf_tc_remove(&filter);
		break;
	case 3:
		opts.prog_id = 42;
		bpf_tc_detach(&hook, &opts);
		break;
	case 4:
		opts.prog_id = 42;
		opts.prog_fd = 3;
		opts.flags = BPF_TC_F_REPLACE;
		bpf_tc_attach(&hook, &opts);
		break;
	case 5:
		opts.prog_fd = 3;
		bpf_tc_attach(&hook, &opts);
		break;
	case 6:
		bpf_tc_query(&hook, &opts);
		break;
	case 7:
		hook.attach_point |= BPF_TC_EGRESS;
		bpf_tc_hook_create(&hook);
		break;
	case 8:
		bpf_tc_hook_destroy_unused(&hook);
		break;
	}
	peer_reset();
	return 0;
}
