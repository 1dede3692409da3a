// SPDX-License-Identifier: GPL-2.0
/*
 * BPF programs on the ingress and egress side of a network device.
 *
 * Each side of a device is a hook with a chain of programs (tc_chain.h). A
 * program gets there by a bpf_link, which owns its place and gives it up when
 * it is closed, or by BPF_PROG_ATTACH, and then stays until BPF_PROG_DETACH or
 * the end of the device. Direct-action is implied: the programs' return codes
 * are the verdict, with the meaning they have in a cls_bpf filter.
 *
 * tc_link_mutex keeps changes apart: it protects the hooks of all devices with
 * the chains in them, tc_link::dev, and the static keys' state. RTNL is never
 * taken here, but unregistering a device comes with it held, and a static key
 * is switched under our mutex. So the order is RTNL, tc_link_mutex, CPU hotplug
 * lock; and nothing that may drop the last reference of a link, which detaches
 * it, is called with the mutex held.
 *
 * Packets read a hook and its programs under RCU, and nothing else. Chains and
 * programs are freed a grace period after they were taken out; nobody waits
 * for it.
 */

#include <linux/bpf.h>
#include <linux/bpf-tc-link.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/pkt_sched.h>
#include <net/tc_link.h>

#include "tc_chain.h"
#include "tc_link_compat.h"

#define TC_LINK_PLACE_FLAGS \
	(BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | BPF_F_LINK)

static DEFINE_MUTEX(tc_link_mutex);

/**
 * struct tc_link - a program's place on a hook, as an object
 * @link: what user space holds
 * @dev: device, or NULL once detached or the device is gone; protected by
 *	 tc_link_mutex. No reference: unregistering the device resets it.
 * @type: BPF_TCX_INGRESS or BPF_TCX_EGRESS
 */
struct tc_link {
	struct bpf_link link;
	struct net_device *dev;
	enum bpf_attach_type type;
};

/**
 * struct tc_link_key - our one reference on the static key of a direction
 * @hooks: hooks in use
 * @on: whether we hold the reference
 * @idle: gives it back when no hook was in use for a while
 *
 * Switching the key patches code on all CPUs and costs most of a millisecond;
 * whoever attaches and detaches over and over must not pay that each time.
 */
struct tc_link_key {
	unsigned int hooks;
	bool on;
	struct delayed_work idle;
};

#define TC_LINK_KEY_IDLE	HZ

static void tc_link_key_idle(struct work_struct *work);

static struct tc_link_key tc_link_ingress_key = {
	.idle = __DELAYED_WORK_INITIALIZER(tc_link_ingress_key.idle,
					   tc_link_key_idle, 0),
};

static struct tc_link_key tc_link_egress_key = {
	.idle = __DELAYED_WORK_INITIALIZER(tc_link_egress_key.idle,
					   tc_link_key_idle, 0),
};

static void tc_link_key_switch(struct tc_link_key *key, bool on)
{
	bool ingress = key == &tc_link_ingress_key;

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

static void tc_link_key_idle(struct work_struct *work)
{
	struct tc_link_key *key = container_of(to_delayed_work(work),
					       struct tc_link_key, idle);

	mutex_lock(&tc_link_mutex);
	if (!key->hooks && key->on)
		tc_link_key_switch(key, false);
	mutex_unlock(&tc_link_mutex);
}

static void tc_link_key_get(struct tc_link_key *key)
{
	if (!key->hooks++ && !key->on)
		tc_link_key_switch(key, true);
}

static void tc_link_key_put(struct tc_link_key *key)
{
	if (!--key->hooks)
		mod_delayed_work(system_wq, &key->idle, TC_LINK_KEY_IDLE);
}

static struct tc_chain __rcu **tc_link_hook(struct net_device *dev,
					    enum bpf_attach_type type)
{
	return type == BPF_TCX_INGRESS ? &dev->tc_link_ingress :
					 &dev->tc_link_egress;
}

static struct tc_chain *tc_link_chain(struct net_device *dev,
				      enum bpf_attach_type type)
{
	return rcu_dereference_protected(*tc_link_hook(dev, type),
					 lockdep_is_held(&tc_link_mutex));
}

static struct bpf_prog *tc_link_entry_prog(const struct tc_chain_entry *e)
{
	return rcu_dereference_protected(e->prog,
					 lockdep_is_held(&tc_link_mutex));
}

static u64 tc_link_revision(const struct tc_chain *chain)
{
	return chain ? chain->revision : TC_CHAIN_FIRST_REVISION;
}

/* Let packets see @new. Some still see @old: after this, and not before, its
 * programs may be put, and it is freed by RCU.
 */
static void tc_link_publish(struct net_device *dev, enum bpf_attach_type type,
			    struct tc_chain *old, struct tc_chain *new)
{
	struct tc_link_key *key = type == BPF_TCX_INGRESS ?
				  &tc_link_ingress_key : &tc_link_egress_key;

	rcu_assign_pointer(*tc_link_hook(dev, type), new);
	if (!old)
		tc_link_key_get(key);
	if (!new)
		tc_link_key_put(key);
}

static void tc_link_remove(struct net_device *dev, enum bpf_attach_type type,
			   struct tc_chain *chain, int pos)
{
	struct tc_chain *new = NULL;

	if (chain->count > 1) {
		new = tc_chain_alloc(chain->count - 1,
				     GFP_KERNEL | __GFP_NOWARN);
		new = tc_chain_remove(new, chain, pos);
		if (new == chain)
			return;
	}
	tc_link_publish(dev, type, chain, new);
	kfree_rcu(chain, rcu);
}

/**
 * struct tc_link_where - a place on a hook, as user space names it
 * @flags: BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK
 * @relative: fd or id of the object that the flags refer to; 0 for none,
 *	      unless @flags say that it is an id or a link
 * @revision: what the hook's revision must be, or 0
 * @prog: the object, if it is a program
 * @link: the object, if it is a link
 * @pos: the object's position, or -1 for no object
 */
struct tc_link_where {
	u32 flags;
	u32 relative;
	u64 revision;
	struct bpf_prog *prog;
	struct bpf_link *link;
	int pos;
};

static const struct bpf_link_ops tc_link_ops;

static int tc_link_where_get_link(struct tc_link_where *where)
{
	struct bpf_link *link;

	if (where->flags & BPF_F_ID)
		link = bpf_link_by_id(where->relative);
	else
		link = bpf_link_get_from_fd(where->relative);
	if (IS_ERR(link)) {
		/* A link with an id but no fd yet is not there yet. */
		return PTR_ERR(link) == -EAGAIN ? -ENOENT : PTR_ERR(link);
	}
	where->link = link;
	return link->ops == &tc_link_ops ? 0 : -EINVAL;
}

static int tc_link_where_get_prog(struct tc_link_where *where)
{
	struct bpf_prog *prog;

	if (where->flags & BPF_F_ID)
		prog = bpf_prog_by_id(where->relative);
	else
		prog = bpf_prog_get_type(where->relative,
					 BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	where->prog = prog;
	return prog->type == BPF_PROG_TYPE_SCHED_CLS ? 0 : -EINVAL;
}

/* Find the object that the flags refer to, and hold it, so that its address is
 * not another one's. tc_link_where_put() lets go, with the mutex released.
 * Where it is on the hook, tc_link_where_find() tells.
 */
static int tc_link_where_get(struct tc_link_where *where)
{
	if (where->flags & BPF_F_LINK)
		return tc_link_where_get_link(where);
	if (where->flags & BPF_F_ID || where->relative)
		return tc_link_where_get_prog(where);
	return 0;
}

static bool tc_link_where_relative(const struct tc_link_where *where)
{
	return where->prog || where->link;
}

/* An object alone is no place: before or after it? */
static bool tc_link_where_aimless(const struct tc_link_where *where)
{
	return tc_link_where_relative(where) &&
	       !(where->flags & (BPF_F_BEFORE | BPF_F_AFTER));
}

static int tc_link_where_find(struct tc_link_where *where,
			      const struct tc_chain *chain)
{
	where->pos = -1;
	if (!tc_link_where_relative(where))
		return 0;
	if (!chain)
		return -ENOENT;
	where->pos = where->link ? tc_chain_find_link(chain, where->link) :
				   tc_chain_find_prog(chain, where->prog);
	return where->pos < 0 ? where->pos : 0;
}

/* Does the program at @pos stand where the flags, if there are any, say? */
static bool tc_link_where_is(const struct tc_link_where *where,
			     const struct tc_chain *chain, int pos)
{
	if (!(where->flags & (BPF_F_BEFORE | BPF_F_AFTER)))
		return true;
	/* Before the first and after the last there is none. */
	if (!tc_link_where_relative(where))
		return false;
	return pos == tc_chain_neighbour(chain, where->flags, where->pos);
}

static void tc_link_where_put(const struct tc_link_where *where)
{
	if (where->link)
		bpf_link_put(where->link);
	if (where->prog)
		bpf_prog_put(where->prog);
}

/* The device of the caller's netns, with a reference. Whoever may add a filter
 * to a device by netlink may attach to it, and nobody else.
 */
static struct net_device *tc_link_dev_get(u32 ifindex)
{
	struct net *net = current->nsproxy->net_ns;
	struct net_device *dev;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return ERR_PTR(-EPERM);
	dev = dev_get_by_index(net, ifindex);
	return dev ?: ERR_PTR(-ENODEV);
}

/* Unregistering marks a device before it calls tc_link_dev_uninstall(): who
 * has the mutex and sees no mark comes before that and is cleaned up by it.
 */
static bool tc_link_dev_leaving(const struct net_device *dev)
{
	lockdep_assert_held(&tc_link_mutex);
	return dev->reg_state != NETREG_REGISTERED;
}

static int tc_link_insert(struct net_device *dev, enum bpf_attach_type type,
			  struct tc_chain *chain, int pos,
			  struct bpf_prog *prog, struct bpf_link *link)
{
	unsigned int count = chain ? chain->count : 0;
	struct tc_chain *new;

	if (count >= TC_CHAIN_MAX)
		return -ERANGE;
	new = tc_chain_alloc(count + 1, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	tc_chain_insert(new, chain, pos, prog, link);
	tc_link_publish(dev, type, chain, new);
	if (chain)
		kfree_rcu(chain, rcu);
	return 0;
}

/* Put a program on a hook: a new one in the place that @where names, or in the
 * place of @replace, whose reference the chain then leaves to the caller.
 */
static int tc_link_attach(struct net_device *dev, enum bpf_attach_type type,
			  struct tc_link_where *where, struct bpf_prog *prog,
			  struct bpf_link *link, struct bpf_prog *replace)
{
	struct tc_chain *chain = tc_link_chain(dev, type);
	int pos, err;

	if (tc_link_dev_leaving(dev))
		return -ENODEV;
	if (where->revision && where->revision != tc_link_revision(chain))
		return -ESTALE;
	err = tc_link_where_get(where);
	if (err)
		return err;
	if (!replace && tc_link_where_aimless(where))
		return -EINVAL;
	if (chain && tc_chain_find_prog(chain, prog) >= 0)
		return -EEXIST;
	err = tc_link_where_find(where, chain);
	if (err)
		return err;

	if (!replace) {
		pos = tc_chain_place(chain, where->flags, where->pos);
		if (pos < 0)
			return pos;
		return tc_link_insert(dev, type, chain, pos, prog, link);
	}

	pos = chain ? tc_chain_find_prog(chain, replace) : -ENOENT;
	if (pos < 0)
		return pos;
	if (!tc_link_where_is(where, chain, pos))
		return -ERANGE;
	if (tc_chain_at(chain, pos)->link)
		return -EBUSY;
	tc_chain_replace(chain, pos, prog);
	return 0;
}

/* Which program BPF_PROG_DETACH means: @prog, or what is in the place. */
static int tc_link_detach_pos(const struct tc_chain *chain,
			      const struct tc_link_where *where,
			      const struct bpf_prog *prog)
{
	bool before = where->flags & BPF_F_BEFORE;
	bool after = where->flags & BPF_F_AFTER;
	int pos;

	if (prog) {
		pos = tc_chain_find_prog(chain, prog);
		if (pos >= 0 && !tc_link_where_is(where, chain, pos))
			return -ERANGE;
		return pos;
	}
	if (!tc_link_where_relative(where)) {
		if (before && after)
			return -ERANGE;
		return before ? 0 : chain->count - 1;
	}
	return tc_chain_neighbour(chain, where->flags, where->pos);
}

/* Take a program that no link owns off a hook, and hand it to the caller. */
static int tc_link_detach(struct net_device *dev, enum bpf_attach_type type,
			  struct tc_link_where *where, struct bpf_prog *prog,
			  struct bpf_prog **detached)
{
	struct tc_chain *chain = tc_link_chain(dev, type);
	struct tc_chain_entry *e;
	int pos, err;

	if (where->revision && where->revision != tc_link_revision(chain))
		return -ESTALE;
	if (!chain)
		return -ENOENT;
	err = tc_link_where_get(where);
	if (err)
		return err;
	if (!prog && tc_link_where_aimless(where))
		return -EINVAL;
	err = tc_link_where_find(where, chain);
	if (err)
		return err;
	pos = tc_link_detach_pos(chain, where, prog);
	if (pos < 0)
		return pos;
	e = tc_chain_at(chain, pos);
	if (e->link)
		return -EBUSY;
	*detached = tc_link_entry_prog(e);
	tc_link_remove(dev, type, chain, pos);
	return 0;
}

static void tc_link_release(struct bpf_link *link)
{
	struct tc_link *tcl = container_of(link, struct tc_link, link);
	struct tc_chain *chain;

	mutex_lock(&tc_link_mutex);
	if (tcl->dev) {
		chain = tc_link_chain(tcl->dev, tcl->type);
		tc_link_remove(tcl->dev, tcl->type, chain,
			       tc_chain_find_link(chain, link));
		tcl->dev = NULL;
	}
	mutex_unlock(&tc_link_mutex);
}

static int tc_link_force_detach(struct bpf_link *link)
{
	tc_link_release(link);
	return 0;
}

static void tc_link_dealloc(struct bpf_link *link)
{
	kfree(container_of(link, struct tc_link, link));
}

static int tc_link_update(struct bpf_link *link, struct bpf_prog *new,
			  struct bpf_prog *expected)
{
	struct tc_link *tcl = container_of(link, struct tc_link, link);
	struct bpf_prog *old = new;
	struct tc_chain *chain;
	int err = 0;

	mutex_lock(&tc_link_mutex);
	if (!tcl->dev) {
		err = -ENOLINK;
		goto out;
	}
	if (expected && link->prog != expected) {
		err = -EPERM;
		goto out;
	}
	if (new->type != BPF_PROG_TYPE_SCHED_CLS ||
	    bpf_prog_is_dev_bound(new->aux)) {
		err = -EINVAL;
		goto out;
	}
	if (link->prog == new)
		goto out;
	chain = tc_link_chain(tcl->dev, tcl->type);
	if (tc_chain_find_prog(chain, new) >= 0) {
		err = -EEXIST;
		goto out;
	}
	tc_chain_replace(chain, tc_chain_find_link(chain, link), new);
	/* Read elsewhere without our mutex, to tell the program's id. */
	old = xchg(&link->prog, new);
out:
	mutex_unlock(&tc_link_mutex);
	if (!err)
		bpf_prog_put(old);
	return err;
}

static u32 tc_link_ifindex(const struct bpf_link *link)
{
	struct tc_link *tcl = container_of(link, struct tc_link, link);
	u32 ifindex;

	mutex_lock(&tc_link_mutex);
	ifindex = tcl->dev ? READ_ONCE(tcl->dev->ifindex) : 0;
	mutex_unlock(&tc_link_mutex);
	return ifindex;
}

static void tc_link_show_fdinfo(const struct bpf_link *link,
				struct seq_file *seq)
{
	struct tc_link *tcl = container_of(link, struct tc_link, link);

	seq_printf(seq, "ifindex:\t%u\nattach_type:\t%u (%s)\n",
		   tc_link_ifindex(link), tcl->type,
		   tcl->type == BPF_TCX_INGRESS ? "ingress" : "egress");
}

static int tc_link_fill_info(const struct bpf_link *link,
			     struct bpf_link_info *info)
{
	struct tc_link *tcl = container_of(link, struct tc_link, link);

	info->tcx.ifindex = tc_link_ifindex(link);
	info->tcx.attach_type = tcl->type;
	return 0;
}

static const struct bpf_link_ops tc_link_ops = {
	.release	= tc_link_release,
	.dealloc	= tc_link_dealloc,
	.detach		= tc_link_force_detach,
	.update_prog	= tc_link_update,
	.show_fdinfo	= tc_link_show_fdinfo,
	.fill_link_info	= tc_link_fill_info,
};

/* A command may be longer than the fields it uses, if the rest is zero. */
static bool tc_link_attr_ends(const union bpf_attr *attr, size_t end)
{
	return !memchr_inv((const void *)attr + end, 0, sizeof(*attr) - end);
}

/**
 * tc_link_create - BPF_LINK_CREATE
 * @attr: the command
 *
 * Return: fd of the new link, or an errno.
 */
int tc_link_create(const union bpf_attr *attr)
{
	struct tc_link_where where = {
		.flags		= attr->link_create.flags,
		.relative	= attr->link_create.tcx.relative_fd,
		.revision	= attr->link_create.tcx.expected_revision,
	};
	struct bpf_link_primer primer;
	struct net_device *dev;
	struct bpf_prog *prog;
	struct tc_link *tcl;
	int ret;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 link_create.tcx)))
		return -EINVAL;
	if (where.flags & ~TC_LINK_PLACE_FLAGS)
		return -EINVAL;

	prog = bpf_prog_get_type(attr->link_create.prog_fd,
				 BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);

	dev = tc_link_dev_get(attr->link_create.target_ifindex);
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto put_prog;
	}

	tcl = kzalloc(sizeof(*tcl), GFP_USER);
	if (!tcl) {
		ret = -ENOMEM;
		goto put_dev;
	}
	tcl->type = attr->link_create.attach_type;
	bpf_link_init(&tcl->link, BPF_LINK_TYPE_TCX, &tc_link_ops, prog);
	ret = bpf_link_prime(&tcl->link, &primer);
	if (ret) {
		kfree(tcl);
		goto put_dev;
	}

	mutex_lock(&tc_link_mutex);
	ret = tc_link_attach(dev, tcl->type, &where, prog, &tcl->link, NULL);
	if (!ret) {
		tcl->dev = dev;
		/* With the mutex held, so that a query sees the link's id. */
		ret = bpf_link_settle(&primer);
	}
	mutex_unlock(&tc_link_mutex);
	tc_link_where_put(&where);
	if (ret < 0)
		bpf_link_cleanup(&primer);	/* frees the link */
put_dev:
	dev_put(dev);
put_prog:
	if (ret < 0)
		bpf_prog_put(prog);
	return ret;
}

/**
 * tc_link_prog_attach - BPF_PROG_ATTACH
 * @attr: the command
 *
 * Return: 0 or an errno.
 */
int tc_link_prog_attach(const union bpf_attr *attr)
{
	struct tc_link_where where = {
		.flags		= attr->attach_flags & TC_LINK_PLACE_FLAGS,
		.relative	= attr->relative_fd,
		.revision	= attr->expected_revision,
	};
	struct bpf_prog *prog, *replace = NULL;
	struct net_device *dev;
	int err;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 expected_revision)))
		return -EINVAL;
	if (attr->attach_flags & ~(TC_LINK_PLACE_FLAGS | BPF_F_REPLACE))
		return -EINVAL;

	prog = bpf_prog_get_type(attr->attach_bpf_fd, BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);

	dev = tc_link_dev_get(attr->target_ifindex);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto put_prog;
	}

	if (attr->attach_flags & BPF_F_REPLACE) {
		replace = bpf_prog_get_type(attr->replace_bpf_fd,
					    BPF_PROG_TYPE_SCHED_CLS);
		if (IS_ERR(replace)) {
			err = PTR_ERR(replace);
			goto put_dev;
		}
	}

	mutex_lock(&tc_link_mutex);
	err = tc_link_attach(dev, attr->attach_type, &where, prog, NULL,
			     replace);
	mutex_unlock(&tc_link_mutex);
	tc_link_where_put(&where);
	if (replace) {
		if (!err)	/* what the chain had */
			bpf_prog_put(replace);
		bpf_prog_put(replace);
	}
put_dev:
	dev_put(dev);
put_prog:
	if (err)
		bpf_prog_put(prog);
	return err;
}

/**
 * tc_link_prog_detach - BPF_PROG_DETACH
 * @attr: the command
 *
 * Return: 0 or an errno.
 */
int tc_link_prog_detach(const union bpf_attr *attr)
{
	struct tc_link_where where = {
		.flags		= attr->attach_flags,
		.relative	= attr->relative_fd,
		.revision	= attr->expected_revision,
	};
	struct bpf_prog *prog = NULL, *detached = NULL;
	struct net_device *dev;
	int err;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 expected_revision)))
		return -EINVAL;
	if (where.flags & ~TC_LINK_PLACE_FLAGS)
		return -EINVAL;

	if (attr->attach_bpf_fd) {
		prog = bpf_prog_get_type(attr->attach_bpf_fd,
					 BPF_PROG_TYPE_SCHED_CLS);
		if (IS_ERR(prog))
			return PTR_ERR(prog);
	}

	dev = tc_link_dev_get(attr->target_ifindex);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto put_prog;
	}

	mutex_lock(&tc_link_mutex);
	err = tc_link_detach(dev, attr->attach_type, &where, prog, &detached);
	mutex_unlock(&tc_link_mutex);
	tc_link_where_put(&where);
	if (detached)
		bpf_prog_put(detached);
	dev_put(dev);
put_prog:
	if (prog)
		bpf_prog_put(prog);
	return err;
}

/* What BPF_PROG_QUERY tells of a hook. */
struct tc_link_state {
	u64 revision;
	u32 count;
	u32 prog_ids[TC_CHAIN_MAX];
	u32 link_ids[TC_CHAIN_MAX];
};

static void tc_link_read_state(struct net_device *dev,
			       enum bpf_attach_type type,
			       struct tc_link_state *state)
{
	const struct tc_chain_entry *e;
	struct tc_chain *chain;

	state->count = 0;
	mutex_lock(&tc_link_mutex);
	chain = tc_link_chain(dev, type);
	state->revision = tc_link_revision(chain);
	if (chain) {
		for (e = tc_chain_first(chain); e; e = tc_chain_next(chain, e)) {
			state->prog_ids[state->count] =
				tc_link_entry_prog(e)->aux->id;
			state->link_ids[state->count] =
				e->link ? e->link->id : 0;
			state->count++;
		}
	}
	mutex_unlock(&tc_link_mutex);
}

static int tc_link_copy_ids(u64 to, const u32 *ids, u32 count)
{
	if (to && copy_to_user(u64_to_user_ptr(to), ids, count * sizeof(*ids)))
		return -EFAULT;
	return 0;
}

/* Programs and links have no flags; the arrays are there for other hooks. */
static int tc_link_clear_flags(u64 to, u32 count)
{
	if (to && clear_user(u64_to_user_ptr(to), count * sizeof(u32)))
		return -EFAULT;
	return 0;
}

/**
 * tc_link_prog_query - BPF_PROG_QUERY
 * @attr: the command
 * @uattr: the command in user memory, where the answer goes
 *
 * Nothing is copied to user memory with the mutex held: that may wait for a
 * page for as long as user space likes.
 *
 * Return: 0, -ENOSPC if the buffers hold less than there is, or an errno.
 */
int tc_link_prog_query(const union bpf_attr *attr,
		       union bpf_attr __user *uattr)
{
	struct net *net = current->nsproxy->net_ns;
	struct tc_link_state state;
	struct net_device *dev;
	u32 count, flags = 0;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 query.revision)))
		return -EINVAL;
	if (attr->query.query_flags || attr->query.attach_flags)
		return -EINVAL;

	dev = dev_get_by_index(net, attr->query.target_ifindex);
	if (!dev)
		return -ENODEV;
	tc_link_read_state(dev, attr->query.attach_type, &state);
	dev_put(dev);

	if (copy_to_user(&uattr->query.attach_flags, &flags, sizeof(flags)) ||
	    copy_to_user(&uattr->query.revision, &state.revision,
			 sizeof(state.revision)) ||
	    copy_to_user(&uattr->query.count, &state.count,
			 sizeof(state.count)))
		return -EFAULT;

	/* Without a buffer for programs, only the number was asked for. */
	if (!attr->query.prog_ids || !attr->query.count || !state.count)
		return 0;
	count = min(attr->query.count, state.count);
	if (tc_link_copy_ids(attr->query.prog_ids, state.prog_ids, count) ||
	    tc_link_clear_flags(attr->query.prog_attach_flags, count) ||
	    tc_link_copy_ids(attr->query.link_ids, state.link_ids, count) ||
	    tc_link_clear_flags(attr->query.link_attach_flags, count))
		return -EFAULT;
	return count < state.count ? -ENOSPC : 0;
}

static void tc_link_clear(struct net_device *dev, enum bpf_attach_type type)
{
	struct tc_chain *chain = tc_link_chain(dev, type);
	const struct tc_chain_entry *e;

	if (!chain)
		return;
	tc_link_publish(dev, type, chain, NULL);
	for (e = tc_chain_first(chain); e; e = tc_chain_next(chain, e)) {
		if (e->link)
			container_of(e->link, struct tc_link, link)->dev = NULL;
		else
			bpf_prog_put(tc_link_entry_prog(e));
	}
	kfree_rcu(chain, rcu);
}

/**
 * tc_link_dev_uninstall - empty the hooks of a device that goes away
 * @dev: device, marked as unregistering; RTNL is held
 *
 * Programs without a link are put. Links stay, detached, with whoever holds
 * them.
 */
void tc_link_dev_uninstall(struct net_device *dev)
{
	mutex_lock(&tc_link_mutex);
	tc_link_clear(dev, BPF_TCX_INGRESS);
	tc_link_clear(dev, BPF_TCX_EGRESS);
	mutex_unlock(&tc_link_mutex);
}

static int tc_link_run(struct tc_chain __rcu **hook, struct sk_buff *skb)
{
	const struct tc_chain *chain;
	int verdict = TC_ACT_UNSPEC;

	/* Egress comes with only bottom halves disabled, which is enough for
	 * us but not for the maps of every tree.
	 */
	rcu_read_lock();
	chain = rcu_dereference(*hook);
	if (chain)
		verdict = tc_chain_run(chain, skb);
	rcu_read_unlock();
	return verdict;
}

/**
 * tc_link_ingress - let the programs of the device decide about a packet
 * @skb: packet that came in on its device, already delivered to the taps
 *
 * Context: softirq, in an RCU read-side section.
 * Return: a NET_RX_* code if the packet is gone, else enum tc_link_fate.
 */
int tc_link_ingress(struct sk_buff *skb)
{
	int verdict;

	qdisc_skb_cb(skb)->pkt_len = skb->len;
	skb->tc_at_ingress = 1;

	/* Programs see the packet from the MAC header on. */
	__skb_push(skb, skb->mac_len);
	verdict = tc_link_run(&skb->dev->tc_link_ingress, skb);
	__skb_pull(skb, skb->mac_len);

	switch (verdict) {
	case TC_ACT_OK:
		skb->tc_index = TC_H_MIN(qdisc_skb_cb(skb)->tc_classid);
		return TC_LINK_PASS;
	case TC_ACT_SHOT:
		tc_link_compat_drop(skb, true);
		return NET_RX_DROP;
	case TC_ACT_STOLEN:
	case TC_ACT_TRAP:
		consume_skb(skb);
		return NET_RX_SUCCESS;
	case TC_ACT_REDIRECT:
		__skb_push(skb, skb->mac_len);
		if (skb_do_redirect(skb) != -EAGAIN)
			return NET_RX_SUCCESS;
		/* Given to the peer of its device, in another netns. */
		__skb_pull(skb, skb->mac_len);
		return TC_LINK_AGAIN;
	default:
		return TC_LINK_NEXT;
	}
}

/**
 * tc_link_egress - let the programs of the device decide about a packet
 * @skb: packet to be sent on its device
 *
 * Context: bottom halves disabled, in an RCU-bh read-side section.
 * Return: a NET_XMIT_* code if the packet is gone, else enum tc_link_fate.
 */
int tc_link_egress(struct sk_buff *skb)
{
	switch (tc_link_run(&skb->dev->tc_link_egress, skb)) {
	case TC_ACT_OK:
		skb->tc_index = TC_H_MIN(qdisc_skb_cb(skb)->tc_classid);
		return TC_LINK_PASS;
	case TC_ACT_SHOT:
		tc_link_compat_drop(skb, false);
		return NET_XMIT_DROP;
	case TC_ACT_STOLEN:
	case TC_ACT_TRAP:
		consume_skb(skb);
		return NET_XMIT_SUCCESS;
	case TC_ACT_REDIRECT:
		skb_do_redirect(skb);
		return NET_XMIT_SUCCESS;
	default:
		return TC_LINK_NEXT;
	}
}
