/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changing the programs of a device's hooks. The packet path is in
 * include/net/tc_hook.h.
 *
 * Locking
 * -------
 *
 * tc_hook_mutex keeps changes apart. It protects the programs of all hooks
 * (net_device::tc_hooks, ::tc_progs_ingress, ::tc_progs_egress and the arrays
 * they point to), tc_link::dev, bpf_link::prog of our links, and our references
 * on the static keys.
 *
 * Order: RTNL, tc_hook_mutex, CPU hotplug lock. We never take RTNL, but
 * unregistering or moving a device comes with it held. A static key is
 * switched under the mutex, which takes the CPU hotplug lock; with clsact it
 * is switched under RTNL.
 *
 * With the mutex held, we allocate no memory in a way that can sleep: whoever
 * unregisters a device waits for us with RTNL held. Nor is anything called that
 * may drop the last reference of a link, since that detaches it.
 *
 * A device is looked up and changed in one section of the mutex. Unregistering
 * a device, or moving it to another network namespace, unlists it, waits for
 * RCU readers, and then takes the mutex itself. Whoever finds a device with
 * the mutex held therefore acts before that: neither the device nor its
 * namespace can change until the mutex is released, and no reference on the
 * device is needed.
 *
 * Whoever starts from tc_link::dev knows less. The device cannot go away, since
 * that resets the pointer first. But it may be on its way to another
 * namespace, so that its ifindex changes meanwhile.
 *
 * Without the mutex, tc_hook_count() reads a hook and its count under RCU for a
 * first guess, tc_link_poll() reads tc_link::dev, and the info and the fdinfo of
 * a link read its program under RCU.
 *
 * Packets read a hook and its programs under RCU and take no lock. Arrays are
 * freed a grace period after they were unpublished; nobody waits for it. A
 * program may be put at once: bpf_prog_put() keeps what packets need to run it.
 */
#ifndef __NET_SCHED_TC_HOOK_H
#define __NET_SCHED_TC_HOOK_H

#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <net/tc_hook.h>

#include "tc_progs.h"

struct net;

extern struct mutex tc_hook_mutex;

struct net_device *tc_hook_dev(struct net *net, u32 ifindex);
int tc_hook_count(struct net *net, u32 ifindex, u8 hook);
struct tc_progs *tc_hook_progs(const struct net_device *dev, u8 hook);
void tc_hook_insert(struct net_device *dev, u8 hook, struct tc_progs *new,
		    const struct tc_progs_entry *next, struct bpf_prog *prog,
		    struct bpf_link *link);
void tc_hook_remove(struct net_device *dev, u8 hook,
		    struct tc_progs_entry *gone);
struct tc_progs *tc_hook_clear(struct net_device *dev, u8 hook);

#endif /* __NET_SCHED_TC_HOOK_H */
