/* SPDX-License-Identifier: GPL-2.0 */
/* Makes the kernel look as if it had no tc links, for one process. */
#ifndef NO_TC_LINKS_H
#define NO_TC_LINKS_H

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* from linux/seccomp.h, which includes what tools/ of some trees does not install */
#define SECCOMP_DATA_NR		0
#define SECCOMP_DATA_ARG0	16
#define SECCOMP_MODE_FILTER	2
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#define SECCOMP_RET_ERRNO	0x00050000U
#define SECCOMP_RET_ALLOW	0x7fff0000U

/*
 * This is permanent, and children inherit it. If there are several filters, the
 * strictest counts.
 */
static int filter_syscalls(struct sock_filter *filter, unsigned short len)
{
	struct sock_fprog fprog = { .len = len, .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ?:
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog);
}

/*
 * From now on bpf(2) fails as on a kernel without tc links. The process must not create
 * or query any other kind of link.
 */
static int hide_tc_links(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_DATA_NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_DATA_ARG0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_LINK_CREATE, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_PROG_QUERY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return filter_syscalls(filter, sizeof(filter) / sizeof(filter[0]));
}

#endif
