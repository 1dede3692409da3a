// SPDX-License-Identifier: GPL-2.0
/*
 * The bpf(2) side of the hooks of network devices.
 *
 * A program gets to a hook by a bpf_link, which owns it and gives it up when
 * it is closed, or by BPF_PROG_ATTACH, and then stays until BPF_PROG_DETACH or
 * the end of the device. Direct-action is implied: return codes are verdicts,
 * with the meaning that they have in a cls_bpf filter.
 *
 * Everything here that changes or queries a hook does so in one section of
 * tc_hook_mutex. If the device is looked up, that is in the same section; see
 * tc_hook.h.
 *
 * Who holds what: a link holds its program, but neither the device nor the
 * hook. A hook holds the programs that no link owns. When a device goes away,
 * tc_link_dev_uninstall() tells its links by setting tc_link::dev to NULL.
 */

#include <linux/bpf.h>
#include <linux/bpf-tc-link.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/wait.h>
#include <net/net_namespace.h>
#include <net/tc_hook.h>

#include "tc_hook.h"
#include "tc_progs.h"

#define TC_LINK_ORDER_FLAGS \
	(BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | BPF_F_LINK)

/**
 * struct tc_link - a program on a hook, owned by whoever holds the link
 * @link: what user space holds
 * @dev: device, or NULL once the link is detached or the device is gone.
 *	 Written and read with tc_hook_mutex held; only tc_link_poll() reads
 *	 it without. No reference: see tc_link_dev_uninstall().
 * @wait: those that poll the link's fd for its end
 * @type: BPF_TCX_INGRESS or BPF_TCX_EGRESS
 */
struct tc_link {
	struct bpf_link link;
	struct net_device *dev;
	wait_queue_head_t wait;
	enum bpf_attach_type type;
};

static const struct bpf_link_ops tc_link_ops;

static struct tc_link *to_tc_link(const struct bpf_link *link)
{
	return container_of(link, struct tc_link, link);
}

static u8 tc_link_hook(enum bpf_attach_type type)
{
	return type == BPF_TCX_INGRESS ? TC_HOOK_INGRESS : TC_HOOK_EGRESS;
}

static struct bpf_prog *tc_link_entry_prog(const struct tc_progs_entry *e)
{
	return rcu_dereference_protected(e->prog,
					 lockdep_is_held(&tc_hook_mutex));
}

/**
 * struct tc_link_order - where a program belongs, as user space says it
 * @flags: BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK, BPF_F_REPLACE
 * @relative: fd or id of the relative object, or 0
 * @revision: what the hook's revision must be, or 0
 * @replace_fd: fd of the program to replace, with BPF_F_REPLACE
 * @replace: the program to replace
 * @prog: the relative object, if it is a program
 * @link: the relative object, if it is a link
 */
struct tc_link_order {
	u32 flags;
	u32 relative;
	u64 revision;
	u32 replace_fd;
	struct bpf_prog *replace;
	struct bpf_prog *prog;
	struct bpf_link *link;
};

static int tc_link_order_get_link(struct tc_link_order *order,
				  enum bpf_prog_type type)
{
	struct bpf_link *link;

	if (order->flags & BPF_F_ID)
		link = bpf_link_by_id(order->relative);
	else if (order->relative)
		link = bpf_link_get_from_fd(order->relative);
	else
		return -EINVAL;
	if (IS_ERR(link))
		return PTR_ERR(link);
	order->link = link;
	if (type && link->ops != &tc_link_ops)
		return -EINVAL;
	return 0;
}

static int tc_link_order_get_prog(struct tc_link_order *order,
				  enum bpf_prog_type type)
{
	struct bpf_prog *prog;

	if (order->flags & BPF_F_ID)
		prog = bpf_prog_by_id(order->relative);
	else
		prog = bpf_prog_get(order->relative);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	order->prog = prog;
	if (type && prog->type != type)
		return -EINVAL;
	return 0;
}

/* Find the relative object. Hold a reference so that the pointer cannot be
 * reused while we compare it; tc_link_order_put() drops it once the mutex is
 * released. @type is the program type that the object must have, or 0.
 */
static int tc_link_order_get(struct tc_link_order *order,
			     enum bpf_prog_type type)
{
	if (order->flags & BPF_F_LINK)
		return tc_link_order_get_link(order, type);
	if (order->flags & BPF_F_ID || order->relative)
		return tc_link_order_get_prog(order, type);
	return 0;
}

static int tc_link_order_get_replace(struct tc_link_order *order)
{
	struct bpf_prog *prog;

	prog = bpf_prog_get_type(order->replace_fd, BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	order->replace = prog;
	return 0;
}

static void tc_link_order_put(const struct tc_link_order *order)
{
	if (order->replace)
		bpf_prog_put(order->replace);
	if (order->link)
		bpf_link_put(order->link);
	if (order->prog)
		bpf_prog_put(order->prog);
}

/* Find the entry of the relative object; NULL if user space named none. */
static int tc_link_order_find(const struct tc_link_order *order,
			      const struct tc_progs *progs,
			      struct tc_progs_entry **relative)
{
	*relative = NULL;
	if (!order->link && !order->prog)
		return 0;
	*relative = order->link ? tc_progs_find_link(progs, order->link) :
				  tc_progs_find_prog(progs, order->prog);
	return *relative ? 0 : -ENOENT;
}

/* A relative object, or BPF_F_ID or BPF_F_LINK, needs BPF_F_BEFORE or
 * BPF_F_AFTER. Without these flags the end is meant.
 */
static int tc_link_order_none(const struct tc_link_order *order)
{
	return order->prog || order->flags & TC_LINK_ORDER_FLAGS ? -EINVAL : 0;
}

/* Where a new program goes: which entry will run right after it? */
static int tc_link_order_next(const struct tc_link_order *order,
			      const struct tc_progs *progs,
			      struct tc_progs_entry **next)
{
	bool before = order->flags & BPF_F_BEFORE;
	bool after = order->flags & BPF_F_AFTER;
	struct tc_progs_entry *relative;
	int err;

	*next = NULL;
	if (!before && !after)
		return tc_link_order_none(order);
	err = tc_link_order_find(order, progs, &relative);
	if (err)
		return err;
	/* Nothing is on both sides of something. */
	if (before && after)
		return -ERANGE;
	if (before)
		*next = relative ?: tc_progs_first(progs);
	else if (relative)
		*next = tc_progs_next(relative);
	return 0;
}

/* Is the program of entry @e where the flags, if there are any, say? */
static int tc_link_order_match(const struct tc_link_order *order,
			       const struct tc_progs *progs,
			       const struct tc_progs_entry *e)
{
	bool before = order->flags & BPF_F_BEFORE;
	bool after = order->flags & BPF_F_AFTER;
	struct tc_progs_entry *relative;
	int err;

	if (!before && !after)
		return 0;
	err = tc_link_order_find(order, progs, &relative);
	if (err)
		return err;
	if (!relative)
		return -ERANGE;
	if (before && tc_progs_next(e) != relative)
		return -ERANGE;
	if (after && tc_progs_next(relative) != e)
		return -ERANGE;
	return 0;
}

/* Which program do the flags alone select? */
static int tc_link_order_select(const struct tc_link_order *order,
				const struct tc_progs *progs,
				struct tc_progs_entry **e)
{
	bool before = order->flags & BPF_F_BEFORE;
	bool after = order->flags & BPF_F_AFTER;
	struct tc_progs_entry *relative;
	int err;

	*e = tc_progs_last(progs);
	if (!before && !after)
		return tc_link_order_none(order);
	err = tc_link_order_find(order, progs, &relative);
	if (err)
		return err;
	if (before && after)
		return -ERANGE;
	/* Before the first and after the last there is nothing else: these
	 * select the relative program itself, as in mainline.
	 */
	if (before)
		*e = relative ? tc_progs_prev(progs, relative) ?: relative :
				tc_progs_first(progs);
	else if (relative)
		*e = tc_progs_next(relative) ?: relative;
	return 0;
}

/* Find a program that BPF_PROG_ATTACH put there. */
static int tc_link_find_plain(const struct tc_progs *progs,
			      const struct bpf_prog *prog,
			      struct tc_progs_entry **e)
{
	*e = prog ? tc_progs_find_prog(progs, prog) : NULL;
	if (!*e)
		return -ENOENT;
	return (*e)->link ? -EBUSY : 0;
}

/* Whoever may add a filter to a device by netlink may attach to it, and nobody
 * else. The device is looked up in the namespace that is checked here.
 */
static struct net *tc_link_net(void)
{
	struct net *net = current->nsproxy->net_ns;

	return ns_capable(net->user_ns, CAP_NET_ADMIN) ? net : ERR_PTR(-EPERM);
}

/* Publish a new program, or a link's. Returns the link's fd, or 0. */
static int tc_link_insert(struct net_device *dev, enum bpf_attach_type type,
			  struct tc_progs *new,
			  const struct tc_progs_entry *next,
			  struct bpf_prog *prog,
			  struct bpf_link_primer *primer)
{
	struct bpf_link *link = primer ? primer->link : NULL;

	tc_hook_insert(dev, tc_link_hook(type), new, next, prog, link);
	if (!link)
		return 0;
	WRITE_ONCE(to_tc_link(link)->dev, dev);
	/* With the mutex held, so that a query sees the link's id. */
	return bpf_link_settle(primer);
}

/* The checks are in mainline's order, so that the same error is returned when
 * two things are wrong at once.
 */
static int tc_link_attach_locked(struct net_device *dev,
				 enum bpf_attach_type type,
				 struct tc_link_order *order,
				 struct bpf_prog *prog,
				 struct bpf_link_primer *primer,
				 struct tc_progs **new)
{
	struct tc_progs *progs = tc_hook_progs(dev, tc_link_hook(type));
	struct tc_progs_entry *next, *old;
	int ret;

	/* BPF_LINK_CREATE has no program to replace, and does not find it. */
	if (order->flags & BPF_F_REPLACE && !primer) {
		ret = tc_link_order_get_replace(order);
		if (ret)
			return ret;
	}
	if (order->revision && order->revision != tc_progs_revision(progs))
		return -ESTALE;
	if (tc_progs_find_prog(progs, prog))
		return -EEXIST;
	ret = tc_link_order_get(order, BPF_PROG_TYPE_SCHED_CLS);
	if (ret)
		return ret;

	if (order->flags & BPF_F_REPLACE) {
		ret = tc_link_find_plain(progs, order->replace, &old) ?:
		      tc_link_order_match(order, progs, old);
		if (!ret)
			tc_progs_replace(progs, old, prog);
		return ret;
	}

	if (tc_progs_count(progs) == TC_PROGS_MAX)
		return -ERANGE;
	ret = tc_link_order_next(order, progs, &next);
	if (ret)
		return ret;
	if (order->flags & ~TC_LINK_ORDER_FLAGS)
		return -EINVAL;
	ret = tc_link_insert(dev, type, *new, next, prog, primer);
	*new = NULL;
	return ret;
}

/* Attach a program: a new one, or one instead of order->replace. Memory is
 * allocated before the mutex is taken, and again if the hook has grown in
 * between. Returns the fd of the link that @primer is for, 0 without one, or an
 * errno.
 */
static int tc_link_attach(struct net *net, u32 ifindex,
			  enum bpf_attach_type type,
			  struct tc_link_order *order, struct bpf_prog *prog,
			  struct bpf_link_primer *primer)
{
	u8 hook = tc_link_hook(type);
	struct tc_progs *new = NULL;
	struct net_device *dev;
	unsigned int room = 0;
	int ret;

again:
	if (!(order->flags & BPF_F_REPLACE)) {
		ret = tc_hook_count(net, ifindex, hook);
		if (ret < 0)
			return ret;
		room = ret + 1;
		new = tc_progs_alloc(room, GFP_KERNEL);
		if (!new)
			return -ENOMEM;
	}

	mutex_lock(&tc_hook_mutex);
	dev = tc_hook_dev(net, ifindex);
	if (new && dev && tc_progs_count(tc_hook_progs(dev, hook)) >= room) {
		mutex_unlock(&tc_hook_mutex);
		kfree(new);
		goto again;
	}
	ret = dev ? tc_link_attach_locked(dev, type, order, prog, primer,
					  &new) : -ENODEV;
	mutex_unlock(&tc_hook_mutex);
	if (!ret && order->replace)	/* the hook's reference */
		bpf_prog_put(order->replace);
	tc_link_order_put(order);
	kfree(new);
	return ret;
}

/* Which program BPF_PROG_DETACH removes: @prog, or what the flags select. */
static int tc_link_detach_find(const struct tc_progs *progs,
			       const struct tc_link_order *order,
			       const struct bpf_prog *prog,
			       struct tc_progs_entry **e)
{
	int err;

	if (prog)
		return tc_link_find_plain(progs, prog, e) ?:
		       tc_link_order_match(order, progs, *e);
	err = tc_link_order_select(order, progs, e);
	if (err)
		return err;
	return (*e)->link ? -EBUSY : 0;
}

/* The checks are in mainline's order. *@detached is the program that was
 * removed, whose reference is then the caller's.
 */
static int tc_link_detach_locked(struct net_device *dev,
				 enum bpf_attach_type type,
				 struct tc_link_order *order,
				 const struct bpf_prog *prog,
				 struct bpf_prog **detached)
{
	struct tc_progs *progs = tc_hook_progs(dev, tc_link_hook(type));
	struct tc_progs_entry *e;
	int err;

	if (!progs)
		return -ENOENT;
	if (order->flags & BPF_F_REPLACE)
		return -EINVAL;
	if (order->revision && order->revision != tc_progs_revision(progs))
		return -ESTALE;
	err = tc_link_order_get(order, prog ? prog->type : 0);
	if (err)
		return err;
	err = tc_link_detach_find(progs, order, prog, &e);
	if (err)
		return err;
	*detached = tc_link_entry_prog(e);
	tc_hook_remove(dev, tc_link_hook(type), e);
	return 0;
}

/* The link is over for good: wake all who poll it. */
static void tc_link_end(struct tc_link *tcl)
{
	lockdep_assert_held(&tc_hook_mutex);
	WRITE_ONCE(tcl->dev, NULL);
	wake_up_interruptible_all(&tcl->wait);
}

static void tc_link_release(struct bpf_link *link)
{
	struct tc_link *tcl = to_tc_link(link);
	u8 hook = tc_link_hook(tcl->type);
	struct tc_progs *progs;

	mutex_lock(&tc_hook_mutex);
	if (tcl->dev) {
		progs = tc_hook_progs(tcl->dev, hook);
		tc_hook_remove(tcl->dev, hook, tc_progs_find_link(progs, link));
		tc_link_end(tcl);
	}
	mutex_unlock(&tc_hook_mutex);
}

static int tc_link_force_detach(struct bpf_link *link)
{
	tc_link_release(link);
	return 0;
}

static void tc_link_dealloc(struct bpf_link *link)
{
	kfree(to_tc_link(link));
}

static int tc_link_update_locked(struct tc_link *tcl, struct bpf_prog *new,
				 const struct bpf_prog *expected)
{
	struct bpf_link *link = &tcl->link;
	struct tc_progs *progs;

	if (!tcl->dev)
		return -ENOLINK;
	if (expected && link->prog != expected)
		return -EPERM;
	if (new->type != BPF_PROG_TYPE_SCHED_CLS ||
	    bpf_prog_is_dev_bound(new->aux))
		return -EINVAL;
	if (link->prog == new)
		return 0;
	progs = tc_hook_progs(tcl->dev, tc_link_hook(tcl->type));
	if (tc_progs_find_prog(progs, new))
		return -EEXIST;
	tc_progs_replace(progs, tc_progs_find_link(progs, link), new);
	return 0;
}

static int tc_link_update(struct bpf_link *link, struct bpf_prog *new,
			  struct bpf_prog *expected)
{
	struct bpf_prog *old;
	int err;

	mutex_lock(&tc_hook_mutex);
	err = tc_link_update_locked(to_tc_link(link), new, expected);
	/* Info and fdinfo read it under RCU, without our mutex. */
	if (!err)
		old = xchg(&link->prog, new);
	mutex_unlock(&tc_hook_mutex);
	if (!err)
		bpf_prog_put(old);
	return err;
}

static u32 tc_link_ifindex(const struct bpf_link *link)
{
	struct tc_link *tcl = to_tc_link(link);
	u32 ifindex;

	mutex_lock(&tc_hook_mutex);
	/* A move writes it without our mutex. */
	ifindex = tcl->dev ? READ_ONCE(tcl->dev->ifindex) : 0;
	mutex_unlock(&tc_hook_mutex);
	return ifindex;
}

static void tc_link_show_fdinfo(const struct bpf_link *link,
				struct seq_file *seq)
{
	struct tc_link *tcl = to_tc_link(link);

	seq_printf(seq, "ifindex:\t%u\nattach_type:\t%u (%s)\n",
		   tc_link_ifindex(link), tcl->type,
		   tcl->type == BPF_TCX_INGRESS ? "ingress" : "egress");
}

static int tc_link_fill_info(const struct bpf_link *link,
			     struct bpf_link_info *info)
{
	info->tcx.ifindex = tc_link_ifindex(link);
	info->tcx.attach_type = to_tc_link(link)->type;
	return 0;
}

static __poll_t tc_link_poll(struct file *file, struct poll_table_struct *pts)
{
	struct tc_link *tcl = to_tc_link(file->private_data);

	poll_wait(file, &tcl->wait, pts);
	return READ_ONCE(tcl->dev) ? 0 : EPOLLHUP;
}

static const struct bpf_link_ops tc_link_ops = {
	.release	= tc_link_release,
	.dealloc	= tc_link_dealloc,
	.detach		= tc_link_force_detach,
	.update_prog	= tc_link_update,
	.show_fdinfo	= tc_link_show_fdinfo,
	.fill_link_info	= tc_link_fill_info,
	.poll		= tc_link_poll,
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
	struct tc_link_order order = {
		.flags		= attr->link_create.flags,
		.relative	= attr->link_create.tcx.relative_fd,
		.revision	= attr->link_create.tcx.expected_revision,
	};
	enum bpf_attach_type type = attr->link_create.attach_type;
	u32 ifindex = attr->link_create.target_ifindex;
	struct bpf_link_primer primer;
	struct bpf_prog *prog;
	struct tc_link *tcl;
	struct net *net;
	int ret;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 link_create.tcx)))
		return -EINVAL;

	prog = bpf_prog_get_type(attr->link_create.prog_fd,
				 BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);

	/* As in mainline, these errors come before EMFILE: a loader that has
	 * no fd left can still ask whether the kernel has tc links.
	 */
	net = tc_link_net();
	ret = IS_ERR(net) ? PTR_ERR(net) :
			    tc_hook_count(net, ifindex, tc_link_hook(type));
	if (ret < 0)
		goto put_prog;

	tcl = kzalloc(sizeof(*tcl), GFP_USER);
	if (!tcl) {
		ret = -ENOMEM;
		goto put_prog;
	}
	tcl->type = type;
	init_waitqueue_head(&tcl->wait);
	bpf_link_init(&tcl->link, BPF_LINK_TYPE_TCX, &tc_link_ops, prog);
	ret = bpf_link_prime(&tcl->link, &primer);
	if (ret) {
		kfree(tcl);
		goto put_prog;
	}

	ret = tc_link_attach(net, ifindex, type, &order, prog, &primer);
	if (ret >= 0)
		return ret;
	bpf_link_cleanup(&primer);	/* frees the link */
put_prog:
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
	struct tc_link_order order = {
		.flags		= attr->attach_flags,
		.relative	= attr->relative_fd,
		.revision	= attr->expected_revision,
		.replace_fd	= attr->replace_bpf_fd,
	};
	struct bpf_prog *prog;
	struct net *net;
	int err;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 expected_revision)))
		return -EINVAL;
	if (order.flags & ~(TC_LINK_ORDER_FLAGS | BPF_F_REPLACE))
		return -EINVAL;

	prog = bpf_prog_get_type(attr->attach_bpf_fd, BPF_PROG_TYPE_SCHED_CLS);
	if (IS_ERR(prog))
		return PTR_ERR(prog);

	net = tc_link_net();
	err = IS_ERR(net) ? PTR_ERR(net) :
			    tc_link_attach(net, attr->target_ifindex,
					   attr->attach_type, &order, prog,
					   NULL);
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
	struct tc_link_order order = {
		.flags		= attr->attach_flags,
		.relative	= attr->relative_fd,
		.revision	= attr->expected_revision,
	};
	struct bpf_prog *prog = NULL, *detached = NULL;
	struct net_device *dev;
	struct net *net;
	int err;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 expected_revision)))
		return -EINVAL;
	if (order.flags & ~(TC_LINK_ORDER_FLAGS | BPF_F_REPLACE))
		return -EINVAL;

	if (attr->attach_bpf_fd) {
		prog = bpf_prog_get_type(attr->attach_bpf_fd,
					 BPF_PROG_TYPE_SCHED_CLS);
		if (IS_ERR(prog))
			return PTR_ERR(prog);
	}

	net = tc_link_net();
	if (IS_ERR(net)) {
		err = PTR_ERR(net);
		goto put_prog;
	}

	mutex_lock(&tc_hook_mutex);
	dev = tc_hook_dev(net, attr->target_ifindex);
	err = dev ? tc_link_detach_locked(dev, attr->attach_type, &order, prog,
					  &detached) : -ENODEV;
	mutex_unlock(&tc_hook_mutex);
	tc_link_order_put(&order);
	if (detached)
		bpf_prog_put(detached);
put_prog:
	if (prog)
		bpf_prog_put(prog);
	return err;
}

/* What BPF_PROG_QUERY reports of a hook. */
struct tc_link_state {
	u64 revision;
	u32 count;
	u32 prog_ids[TC_PROGS_MAX];
	u32 link_ids[TC_PROGS_MAX];
};

static int tc_link_read_state(u32 ifindex, enum bpf_attach_type type,
			      struct tc_link_state *state)
{
	const struct tc_progs_entry *e;
	struct net_device *dev;
	struct tc_progs *progs;

	state->count = 0;
	mutex_lock(&tc_hook_mutex);
	dev = tc_hook_dev(current->nsproxy->net_ns, ifindex);
	if (!dev) {
		mutex_unlock(&tc_hook_mutex);
		return -ENODEV;
	}
	progs = tc_hook_progs(dev, tc_link_hook(type));
	state->revision = tc_progs_revision(progs);
	tc_progs_for_each(e, progs) {
		state->prog_ids[state->count] = tc_link_entry_prog(e)->aux->id;
		state->link_ids[state->count] = e->link ? e->link->id : 0;
		state->count++;
	}
	mutex_unlock(&tc_hook_mutex);
	return 0;
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
 * Nothing is copied to user memory with the mutex held, since that may wait for
 * a page for as long as user space likes.
 *
 * Return: 0, -ENOSPC if there are more programs than the buffers hold, or an
 * errno.
 */
int tc_link_prog_query(const union bpf_attr *attr,
		       union bpf_attr __user *uattr)
{
	struct tc_link_state state;
	u32 count, flags = 0;
	int err;

	if (!tc_link_attr_ends(attr, offsetofend(union bpf_attr,
						 query.revision)))
		return -EINVAL;
	if (attr->query.query_flags & ~BPF_F_QUERY_EFFECTIVE)
		return -EINVAL;

	err = tc_link_read_state(attr->query.target_ifindex,
				 attr->query.attach_type, &state);
	if (err)
		return err;
	if (attr->query.query_flags || attr->query.attach_flags)
		return -EINVAL;

	if (copy_to_user(&uattr->query.attach_flags, &flags, sizeof(flags)) ||
	    copy_to_user(&uattr->query.revision, &state.revision,
			 sizeof(state.revision)) ||
	    copy_to_user(&uattr->query.count, &state.count,
			 sizeof(state.count)))
		return -EFAULT;

	/* Without a buffer for programs, that was all that was asked for. */
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

static void tc_link_clear(struct net_device *dev, u8 hook)
{
	struct tc_progs *progs = tc_hook_clear(dev, hook);
	const struct tc_progs_entry *e;

	if (!progs)
		return;
	tc_progs_for_each(e, progs) {
		if (e->link)
			tc_link_end(to_tc_link(e->link));
		else
			bpf_prog_put(tc_link_entry_prog(e));
	}
	kfree_rcu(progs, rcu);
}

/**
 * tc_link_dev_uninstall - empty the hooks of a device that is going away
 * @dev: device, unlisted a grace period ago
 *
 * Whoever found the device did so with the mutex held, and is done once the
 * mutex is ours; nobody finds it any more. Programs that no link owns are put.
 * Links stay with whoever holds them, detached.
 *
 * Context: RTNL held.
 */
void tc_link_dev_uninstall(struct net_device *dev)
{
	mutex_lock(&tc_hook_mutex);
	tc_link_clear(dev, TC_HOOK_INGRESS);
	tc_link_clear(dev, TC_HOOK_EGRESS);
	mutex_unlock(&tc_hook_mutex);
}

/**
 * tc_link_dev_move - a device is about to change its network namespace
 * @dev: device, unlisted a grace period ago and not listed again
 *
 * Wait until everything that was authorised in the old namespace has taken
 * effect. From now on nobody finds the device there. Its programs stay. Taking
 * the mutex is enough, since a device is looked up and changed in one section.
 *
 * Context: RTNL held.
 */
void tc_link_dev_move(struct net_device *dev)
{
	mutex_lock(&tc_hook_mutex);
	mutex_unlock(&tc_hook_mutex);
}
