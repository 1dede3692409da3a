// SPDX-License-Identifier: GPL-2.0
/* Counts the calls of one process that wait for others. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

__u32 pid;
__u64 rtnl, grace_periods;
/* allocations that may sleep: by kmalloc(), from a cache, and any with tc_hook_mutex held */
__u64 allocations, objects, locked_allocations;
/* set from the first function that needs the mutex to the end of the call */
bool locked;

/* the beginning of what kmem/kmalloc and kmem_cache_alloc tell; gfp_flags may be wider */
struct kmalloc {
	__u64 common, call_site, ptr, bytes_req, bytes_alloc;
	__u32 gfp_flags;
};

#define GFP_DIRECT_RECLAIM 0x400

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

SEC("kprobe/tc_hook_dev")
int wants_mutex(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == pid)
		locked = true;
	return 0;
}

static __always_inline int allocates(const struct kmalloc *args, __u64 *allocations)
{
	if (!(args->gfp_flags & GFP_DIRECT_RECLAIM))
		return 0;
	count(allocations);
	if (locked)
		count(&locked_allocations);
	return 0;
}

SEC("tracepoint/kmem/kmalloc")
int allocates_memory(const struct kmalloc *args)
{
	return allocates(args, &allocations);
}

SEC("tracepoint/kmem/kmem_cache_alloc")
int allocates_object(const struct kmalloc *args)
{
	return allocates(args, &objects);
}

char _license[] SEC("license") = "GPL";
