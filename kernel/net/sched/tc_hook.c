// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks of network devices: their programs, the static keys in front of
 * them, and the packet path. tc_hook.h explains the locking.
 */

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/pkt_cls.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/pkt_sched.h>
#include <net/tc_hook.h>

#include "tc_compat.h"
#include "tc_hook.h"
#include "tc_progs.h"

/* tc_hook.h says what it protects, and its place in the order of locks. */
DEFINE_MUTEX(tc_hook_mutex);

/**
 * struct tc_hook_key - our one reference on the static key of a direction
 * @users: hooks with programs
 * @on: whether we hold the reference
 * @idle: gives it back once no hook has had programs for a while
 *
 * Switching the key patches code on all CPUs, which takes most of a
 * millisecond. A program that attaches and detaches over and over must not pay
 * for it each time.
 */
struct tc_hook_key {
	unsigned int users;
	bool on;
	struct delayed_work idle;
};

#define TC_HOOK_KEY_IDLE	HZ

static void tc_hook_key_idle(struct work_struct *work);

static struct tc_hook_key tc_hook_ingress_key = {
	.idle = __DELAYED_WORK_INITIALIZER(tc_hook_ingress_key.idle,
					   tc_hook_key_idle, 0),
};

static struct tc_hook_key tc_hook_egress_key = {
	.idle = __DELAYED_WORK_INITIALIZER(tc_hook_egress_key.idle,
					   tc_hook_key_idle, 0),
};

static void tc_hook_key_switch(struct tc_hook_key *key, bool on)
{
	bool ingress = key == &tc_hook_ingress_key;

	lockdep_assert_held(&tc_hook_mutex);
	if (on && ingress)
		net_inc_ingress_queue();
	else if (on)
		net_inc_egress_queue();
	else if (ingress)
		net_dec_ingress_queue();
	else
		net_dec_egress_queue();
	key->on = on;
}

static void tc_hook_key_idle(struct work_struct *work)
{
	struct tc_hook_key *key = container_of(to_delayed_work(work),
					       struct tc_hook_key, idle);

	mutex_lock(&tc_hook_mutex);
	if (!key->users && key->on)
		tc_hook_key_switch(key, false);
	mutex_unlock(&tc_hook_mutex);
}

static void tc_hook_key_get(struct tc_hook_key *key)
{
	lockdep_assert_held(&tc_hook_mutex);
	if (!key->users++ && !key->on)
		tc_hook_key_switch(key, true);
}

static void tc_hook_key_put(struct tc_hook_key *key)
{
	lockdep_assert_held(&tc_hook_mutex);
	if (!--key->users)
		mod_delayed_work(system_wq, &key->idle, TC_HOOK_KEY_IDLE);
}

/**
 * tc_hook_dev - look up a device that is to be changed or queried
 * @net: network namespace that the caller is authorised for
 * @ifindex: index of the device there
 *
 * Context: tc_hook_mutex held.
 * Return: the device, which stays in @net until the mutex is released, or NULL.
 */
struct net_device *tc_hook_dev(struct net *net, u32 ifindex)
{
	struct net_device *dev;

	lockdep_assert_held(&tc_hook_mutex);
	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return dev;
}

static struct tc_progs __rcu **tc_hook_slot(struct net_device *dev, u8 hook)
{
	return hook == TC_HOOK_INGRESS ? &dev->tc_progs_ingress :
					 &dev->tc_progs_egress;
}

/**
 * tc_hook_count - about how many programs a hook has
 * @net: network namespace
 * @ifindex: index of a device there
 * @hook: TC_HOOK_INGRESS or TC_HOOK_EGRESS
 *
 * For allocating memory before the mutex is taken. The number may have changed
 * by then, and the device may be gone.
 *
 * Return: the number, or -ENODEV if there is no such device.
 */
int tc_hook_count(struct net *net, u32 ifindex, u8 hook)
{
	const struct tc_progs *progs;
	struct net_device *dev;
	int count = -ENODEV;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, ifindex);
	if (dev) {
		progs = rcu_dereference(*tc_hook_slot(dev, hook));
		count = progs ? READ_ONCE(progs->count) : 0;
	}
	rcu_read_unlock();
	return count;
}

/**
 * tc_hook_progs - the programs of a hook
 * @dev: device
 * @hook: TC_HOOK_INGRESS or TC_HOOK_EGRESS
 *
 * Context: tc_hook_mutex held.
 * Return: the programs, or NULL if there are none.
 */
struct tc_progs *tc_hook_progs(const struct net_device *dev, u8 hook)
{
	return rcu_dereference_protected(*tc_hook_slot((struct net_device *)dev,
						       hook),
					 lockdep_is_held(&tc_hook_mutex));
}

/* Publish @new. Packets may still run the programs of @old: put them and
 * kfree_rcu() only after this.
 */
static void tc_hook_publish(struct net_device *dev, u8 hook,
			    struct tc_progs *old, struct tc_progs *new)
{
	struct tc_hook_key *key = hook == TC_HOOK_INGRESS ?
				  &tc_hook_ingress_key : &tc_hook_egress_key;

	lockdep_assert_held(&tc_hook_mutex);
	rcu_assign_pointer(*tc_hook_slot(dev, hook), new);
	/* A packet that sees the bit may still see no programs. */
	if (!old) {
		WRITE_ONCE(dev->tc_hooks, dev->tc_hooks | hook);
		tc_hook_key_get(key);
	}
	if (!new) {
		WRITE_ONCE(dev->tc_hooks, dev->tc_hooks & ~hook);
		tc_hook_key_put(key);
	}
}

/**
 * tc_hook_insert - add a program to a hook
 * @dev: device
 * @hook: TC_HOOK_INGRESS or TC_HOOK_EGRESS
 * @new: array with room for one program more than the hook has
 * @next: entry of the hook that will run right after the program, or NULL
 * @prog: program; if @link is NULL, its reference moves to the hook
 * @link: link that owns the program, or NULL
 *
 * Context: tc_hook_mutex held.
 */
void tc_hook_insert(struct net_device *dev, u8 hook, struct tc_progs *new,
		    const struct tc_progs_entry *next, struct bpf_prog *prog,
		    struct bpf_link *link)
{
	struct tc_progs *old = tc_hook_progs(dev, hook);

	tc_progs_insert(new, old, next, prog, link);
	tc_hook_publish(dev, hook, old, new);
	if (old)
		kfree_rcu(old, rcu);
}

/**
 * tc_hook_remove - remove a program from a hook
 * @dev: device
 * @hook: TC_HOOK_INGRESS or TC_HOOK_EGRESS
 * @gone: entry to remove; if no link owns it, its program's reference is now
 *	  the caller's
 *
 * Never fails and never sleeps for memory.
 *
 * Context: tc_hook_mutex held.
 */
void tc_hook_remove(struct net_device *dev, u8 hook,
		    struct tc_progs_entry *gone)
{
	struct tc_progs *old = tc_hook_progs(dev, hook);
	struct tc_progs *new = NULL;

	if (old->count > 1) {
		new = tc_progs_alloc(old->count - 1, GFP_NOWAIT | __GFP_NOWARN);
		new = tc_progs_remove(new, old, gone);
		if (new == old)
			return;
	}
	tc_hook_publish(dev, hook, old, new);
	kfree_rcu(old, rcu);
}

/**
 * tc_hook_clear - remove all programs from a hook
 * @dev: device
 * @hook: TC_HOOK_INGRESS or TC_HOOK_EGRESS
 *
 * Context: tc_hook_mutex held.
 * Return: the programs that were there, or NULL. References that no link holds
 * are the caller's, who also frees the array after a grace period.
 */
struct tc_progs *tc_hook_clear(struct net_device *dev, u8 hook)
{
	struct tc_progs *old = tc_hook_progs(dev, hook);

	if (old)
		tc_hook_publish(dev, hook, old, NULL);
	return old;
}

/**
 * tc_hook_ingress - run a device's ingress programs on a packet
 * @skb: packet received on its device, already delivered to the taps
 *
 * Context: bottom halves disabled, in an RCU read-side section.
 * Return: a NET_RX_* code if the packet is gone, else enum tc_hook_fate.
 */
int tc_hook_ingress(struct sk_buff *skb)
{
	const struct tc_progs *progs;
	int verdict;

	progs = rcu_dereference(skb->dev->tc_progs_ingress);
	if (unlikely(!progs))
		return TC_HOOK_NEXT;

	qdisc_skb_cb(skb)->pkt_len = skb->len;
	skb->tc_at_ingress = 1;

	/* Programs see the packet from the MAC header on. */
	__skb_push(skb, skb->mac_len);
	verdict = tc_progs_run(progs, skb);
	__skb_pull(skb, skb->mac_len);

	if (likely(verdict == TC_ACT_OK)) {
		skb->tc_index = TC_H_MIN(qdisc_skb_cb(skb)->tc_classid);
		return TC_HOOK_PASS;
	}
	switch (verdict) {
	case TC_ACT_SHOT:
		tc_compat_drop_ingress(skb);
		return NET_RX_DROP;
	case TC_ACT_STOLEN:
	case TC_ACT_TRAP:
		consume_skb(skb);
		return NET_RX_SUCCESS;
	case TC_ACT_REDIRECT:
		__skb_push(skb, skb->mac_len);
		if (skb_do_redirect(skb) != -EAGAIN)
			return NET_RX_SUCCESS;
		/* bpf_redirect_peer() moved it to a device in another namespace. */
		__skb_pull(skb, skb->mac_len);
		return TC_HOOK_AGAIN;
	default:
		return TC_HOOK_NEXT;
	}
}

/**
 * tc_hook_egress - run a device's egress programs on a packet
 * @skb: packet to be sent on its device
 *
 * Context: bottom halves disabled, in an RCU-bh read-side section.
 * Return: a NET_XMIT_* code if the packet is gone, else enum tc_hook_fate.
 */
int tc_hook_egress(struct sk_buff *skb)
{
	const struct tc_progs *progs;
	int verdict = TC_ACT_UNSPEC;

	tc_compat_rcu_lock();
	progs = rcu_dereference_bh(skb->dev->tc_progs_egress);
	if (likely(progs))
		verdict = tc_progs_run(progs, skb);
	tc_compat_rcu_unlock();

	if (likely(verdict == TC_ACT_OK)) {
		skb->tc_index = TC_H_MIN(qdisc_skb_cb(skb)->tc_classid);
		return TC_HOOK_PASS;
	}
	switch (verdict) {
	case TC_ACT_SHOT:
		tc_compat_drop_egress(skb);
		return NET_XMIT_DROP;
	case TC_ACT_STOLEN:
	case TC_ACT_TRAP:
		consume_skb(skb);
		return NET_XMIT_SUCCESS;
	case TC_ACT_REDIRECT:
		skb_do_redirect(skb);
		return NET_XMIT_SUCCESS;
	default:
		return TC_HOOK_NEXT;
	}
}
