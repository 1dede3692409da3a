/* SPDX-License-Identifier: GPL-2.0 */
/* What the benchmarks share: direct calls of bpf(2), the clock, and the statistics. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* Return codes of programs. */
#define NEXT		-1
#define OK		0
#define SHOT		2

enum side { INGRESS, EGRESS };
enum kind { FILTER, LINK };

static const char *const side_names[] = { "ingress", "egress" };
static const char *const kind_names[] = { "filter", "link" };

static inline __attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

/* Every link is a file, and a process may open fewer than are measured. */
static inline void allow_files(rlim_t count)
{
	struct rlimit limit = { count, count };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("RLIMIT_NOFILE");
}

static inline int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static inline int load_insns(const struct bpf_insn *insns, unsigned int count)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = (unsigned long)insns,
		.insn_cnt = count,
		.license = (unsigned long)"GPL",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("cannot load a program");
	return fd;
}

/* A program that only returns @code */
static inline int load_prog(int code)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = code },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_insns(insns, ARRAY_SIZE(insns));
}

/* A program that redirects to the egress side of a device. */
static inline int load_redirect(int ifindex)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_insns(insns, ARRAY_SIZE(insns));
}

static inline int attach_type(enum side side)
{
	return side == INGRESS ? BPF_TCX_INGRESS : BPF_TCX_EGRESS;
}

static inline int try_link(int prog, int ifindex, enum side side)
{
	union bpf_attr attr = {};

	attr.link_create.prog_fd = prog;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = attach_type(side);
	return bpf(BPF_LINK_CREATE, &attr);
}

static inline int create_link(int prog, int ifindex, enum side side)
{
	int fd = try_link(prog, ifindex, side);

	if (fd < 0)
		die("BPF_LINK_CREATE");
	return fd;
}

static inline void update_link(int link, int prog)
{
	union bpf_attr attr = {
		.link_update.link_fd = link,
		.link_update.new_prog_fd = prog,
	};

	if (bpf(BPF_LINK_UPDATE, &attr))
		die("BPF_LINK_UPDATE");
}

static inline void detach_link(int link)
{
	union bpf_attr attr = { .link_detach.link_fd = link };

	if (bpf(BPF_LINK_DETACH, &attr))
		die("BPF_LINK_DETACH");
}

/* Does the kernel have links? An unpatched one has filters only. */
static inline bool has_links(void)
{
	int prog = load_prog(NEXT), link = try_link(prog, 1, INGRESS);

	close(prog);
	if (link < 0 && errno != EINVAL)
		die("BPF_LINK_CREATE");
	if (link >= 0)
		close(link);
	return link >= 0;
}

static inline unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Fails unless a nanosecond is an instruction, as it is only with QEMU's -icount
 * shift=0. A loop of known length tells.
 */
static inline void must_count_instructions(void)
{
	unsigned long long t = 0, loops, least = 200000;
	int tries;

	/* what the kernel has to do meanwhile disturbs a single try */
	for (tries = 0; tries < 5; tries++) {
		loops = least / 2;
		t = now_ns();
		asm volatile("1: dec %0; jnz 1b" : "+r"(loops));
		t = now_ns() - t;
		if (t >= least && t <= least + least / 20)
			return;
	}
	fprintf(stderr, "%llu instructions took %llu ns: this is not -icount shift=0\n",
		least, t);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return x < y ? -1 : x > y;
}

static inline unsigned long long percentile(unsigned long long *v, int n, int p)
{
	qsort(v, n, sizeof(*v), compare);
	return v[(n - 1) * p / 100];
}

#endif
