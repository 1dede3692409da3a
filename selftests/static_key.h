/* SPDX-License-Identifier: GPL-2.0 */
/* The static keys that let packets find the hooks: how many hooks hold each one. */
#ifndef STATIC_KEY_H
#define STATIC_KEY_H

#include "tc_link_test.h"

static inline unsigned long long symbol_address(const char *name)
{
	unsigned long long address = 0, at;
	char line[256], symbol[128], type;
	FILE *syms;

	syms = fopen("/proc/kallsyms", "r");
	while (syms && fgets(line, sizeof(line), syms))
		if (sscanf(line, "%llx %c %127s", &at, &type, symbol) == 3 &&
		    !strcmp(symbol, name))
			address = at;
	if (syms)
		fclose(syms);
	return address;
}

/* A program that returns the number at an address of the kernel, or -1 */
static inline int peek_load(unsigned long long address)
{
	struct bpf_insn insns[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0 },
		{ BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -8 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 4 },
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_3, 0, 0, (__u32)address },
		{ 0, 0, 0, 0, address >> 32 },
		{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_10, -8, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};

	return address ? load_insns(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, insns,
				    sizeof(insns) / sizeof(*insns), 0) : -1;
}

static const char *const key_names[] = { "ingress_needed_key", "egress_needed_key" };

/* Returns its count, or -1 if it cannot be read */
static inline int static_key(int key)
{
	/* the kernel's table of symbols is long: it is read once */
	static int peek[2] = { -2, -2 };
	union bpf_attr attr = {};

	if (peek[key] == -2)
		peek[key] = peek_load(symbol_address(key_names[key]));
	attr.test.prog_fd = peek[key];
	return peek[key] < 0 || sys_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr)) ?
	       -1 : (int)attr.test.retval;
}

/*
 * Two links on lo keep both keys on. QEMU before 8.1 can hang if a key is switched while
 * another CPU runs code that depends on it.
 */
static inline int static_keys_hold(int prog, int links[2])
{
	links[0] = link_create(prog, if_nametoindex("lo"), INGRESS, LAST);
	links[1] = link_create(prog, if_nametoindex("lo"), EGRESS, LAST);
	return links[0] < 0 || links[1] < 0 ? -1 : 0;
}

/* Without CONFIG_KALLSYMS_ALL, no key has a name, nor has this one, which every kernel has */
static inline bool keys_have_names(void)
{
	return !run("grep -q ' netstamp_needed_key$' /proc/kallsyms");
}

#define NO_KEY_NAMES "/proc/kallsyms has no static keys (CONFIG_KALLSYMS_ALL)"

#endif /* STATIC_KEY_H */
