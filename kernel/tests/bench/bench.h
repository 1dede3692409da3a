/* SPDX-License-Identifier: GPL-2.0 */
/* What the benchmarks share: bpf(2) as it is, and the devices they need. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

static inline int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

/* A program that only says "next". */
static inline int load_prog(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = (unsigned long)insns,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("cannot load a program");
	return fd;
}

static inline int create_link(int prog, int ifindex, int type)
{
	union bpf_attr attr = {};
	int fd;

	attr.link_create.prog_fd = prog;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = type;
	fd = bpf(BPF_LINK_CREATE, &attr);
	if (fd < 0)
		die("BPF_LINK_CREATE: no tc links in this kernel?");
	return fd;
}

static inline void detach_link(int link)
{
	union bpf_attr attr = { .link_detach.link_fd = link };

	if (bpf(BPF_LINK_DETACH, &attr))
		die("BPF_LINK_DETACH");
}

static inline void run(const char *command)
{
	if (system(command))
		die("failed: %s", command);
}

/* A network namespace with a dummy device NAME that is up. */
static inline int make_dummy(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "ip link add %s type dummy && ip link set %s up", name, name);
	run(command);
	return if_nametoindex(name);
}

static inline unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
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
