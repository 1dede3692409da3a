// SPDX-License-Identifier: GPL-2.0
/* Counts what one process calls of what waits for others. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u32 pid;
__u64 rtnl, grace_periods;

static __always_inline int count(__u64 *n)
{
	if (bpf_get_current_pid_tgid() >> 32 == pid)
		__sync_fetch_and_add(n, 1);
	return 0;
}

SEC("kprobe/rtnl_lock")
int takes_rtnl(void *ctx)
{
	return count(&rtnl);
}

SEC("kprobe/synchronize_rcu")
int waits_for_readers(void *ctx)
{
	return count(&grace_periods);
}

char _license[] SEC("license") = "GPL";
