// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching needs CAP_NET_ADMIN over the user namespace of the device's network
 * namespace, as "tc filter add" does. The fd of a program gives no further rights,
 * however it was obtained.
 */
#include "../kselftest_harness.h"
#include "rtnl.h"
#include "tc_link_test.h"

#include <sys/prctl.h>
#include <sys/utsname.h>

#include <linux/capability.h>

/* Both sides, each with bpf(2) open to everybody and not */
#define FIXTURE_WITH_AND_WITHOUT_BPF(fixture)			\
FIXTURE_VARIANT(fixture) {					\
	int type, unprivileged_bpf_disabled;			\
};								\
FIXTURE_VARIANT_ADD(fixture, ingress) {				\
	.type = INGRESS,					\
};								\
FIXTURE_VARIANT_ADD(fixture, egress) {				\
	.type = EGRESS,						\
};								\
FIXTURE_VARIANT_ADD(fixture, ingress_no_unprivileged_bpf) {	\
	.type = INGRESS,					\
	.unprivileged_bpf_disabled = 2,				\
};								\
FIXTURE_VARIANT_ADD(fixture, egress_no_unprivileged_bpf) {	\
	.type = EGRESS,						\
	.unprivileged_bpf_disabled = 2,				\
}

FIXTURE(privilege) {
	struct net net;
	int type;
	int prog, attached;
	int closed;
};

FIXTURE_WITH_AND_WITHOUT_BPF(privilege);

/*
 * Up to 5.18, unless unprivileged_bpf_disabled is 0, bpf(2) fails for whoever has no
 * CAP_BPF, whatever they ask for
 */
static bool kernel_closes_bpf(void)
{
	struct utsname name;
	int major, minor;

	return !uname(&name) && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 19));
}

/*
 * Is it closed? A child finds out, as it gives up its capabilities. Returns 0, 1, or -1 if it
 * could not.
 */
static int bpf_is_closed(int prog)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setuid(65534) ? 2 : !prog_id(prog));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > 1)
		return -1;
	return WEXITSTATUS(status);
}

/* Every test begins with this */
#define SET_UP_SYSCTL() do {						\
	SET_UNPRIVILEGED_BPF(variant->unprivileged_bpf_disabled);	\
	self->closed = bpf_is_closed(self->prog);			\
	ASSERT_EQ(variant->unprivileged_bpf_disabled && kernel_closes_bpf(), self->closed); \
} while (0)

FIXTURE_SETUP(privilege)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->attached = load_verdict(TC_ACT_UNSPEC);
	ASSERT_EQ(0, prog_attach(self->attached, self->net.ifindex, self->type, LAST));
}

FIXTURE_TEARDOWN(privilege)
{
	restore_unprivileged_bpf();
}

/* The errnos that one process got, 0 for success */
struct seen {
	int create, attach, replace, detach, detach_last;
};

/* Tries everything that changes a hook, and leaves it as it was */
static void try_all(struct seen *seen, int prog, int attached, int ifindex, int type)
{
	int ret;

	ret = link_create(prog, ifindex, type, LAST);
	seen->create = ret < 0 ? -ret : 0;
	if (ret >= 0)
		close(ret);
	seen->attach = -prog_attach(prog, ifindex, type, LAST);
	if (!seen->attach)
		prog_detach(prog, ifindex, type, LAST);
	seen->replace = -prog_attach(prog, ifindex, type,
				     AT(BPF_F_REPLACE, .replace_fd = attached));
	if (!seen->replace)
		prog_attach(attached, ifindex, type,
			    AT(BPF_F_REPLACE, .replace_fd = prog));
	seen->detach_last = -prog_detach(0, ifindex, type, LAST);
	if (!seen->detach_last)
		prog_attach(attached, ifindex, type, LAST);
	seen->detach = -prog_detach(attached, ifindex, type, LAST);
	if (!seen->detach)
		prog_attach(attached, ifindex, type, LAST);
}

/* Drops all capabilities but those in @mask */
static int keep_caps(__u64 mask)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];
	int i;

	if (syscall(SYS_capget, &header, caps))
		return -errno;
	for (i = 0; i < 2; i++) {
		caps[i].permitted &= mask >> (32 * i);
		caps[i].effective = caps[i].permitted;
	}
	return syscall(SYS_capset, &header, caps) ? -errno : 0;
}

static int drop_net_admin(void)
{
	return keep_caps(~(1ULL << CAP_NET_ADMIN));
}

/* Runs @body in another process, which shares *seen */
#define IN_CHILD(seen, body) do {						\
	int status_;								\
	pid_t pid_;								\
										\
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,		\
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);				\
	memset(seen, 0xff, sizeof(*seen));					\
	pid_ = fork();								\
	ASSERT_LE(0, pid_);							\
	if (!pid_) {								\
		body;								\
		_exit(0);							\
	}									\
	ASSERT_EQ(pid_, waitpid(pid_, &status_, 0));				\
	ASSERT_EQ(0, status_);							\
} while (0)

#define EXPECT_ALL(errno_, seen) do {			\
	EXPECT_EQ(errno_, (seen)->create);		\
	EXPECT_EQ(errno_, (seen)->attach);		\
	EXPECT_EQ(errno_, (seen)->replace);		\
	EXPECT_EQ(errno_, (seen)->detach_last);		\
	EXPECT_EQ(errno_, (seen)->detach);		\
} while (0)

/* Shows that the EPERM of the tests below is due to the missing capability */
TEST_F(privilege, with_all_capabilities)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	IN_CHILD(seen, ({
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(0, seen);
}

/* With CAP_NET_ADMIN over the device's netns, a user namespace may attach */
TEST_F(privilege, root_of_the_user_namespace_that_owns_the_netns)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	if (self->closed)
		SKIP(return, "bpf(2) is closed to containers");
	/* only the programs come from outside */
	IN_CHILD(seen, ({
		if (become_userns_root() || unshare(CLONE_NEWNET) ||
		    run("ip link add tc0 type veth peer name tc1"))
			_exit(1);
		if (prog_attach(self->attached, if_nametoindex("tc0"), self->type, LAST))
			_exit(2);
		try_all(seen, self->prog, self->attached, if_nametoindex("tc0"),
			self->type);
	}));
	EXPECT_EQ(0, seen->create);
	EXPECT_EQ(0, seen->attach);
	EXPECT_EQ(0, seen->replace);
	EXPECT_EQ(0, seen->detach);
}

/* ... and may detach the last program without naming it */
TEST_F(privilege, root_of_the_user_namespace_that_owns_the_netns_detaches)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	if (self->closed)
		SKIP(return, "bpf(2) is closed to containers");
	SKIP_ON_MAINLINE("that takes CAP_NET_ADMIN over the initial namespace");
	IN_CHILD(seen, ({
		if (become_userns_root() || unshare(CLONE_NEWNET) ||
		    run("ip link add tc0 type veth peer name tc1"))
			_exit(1);
		if (prog_attach(self->attached, if_nametoindex("tc0"), self->type, LAST))
			_exit(2);
		seen->detach_last = -prog_detach(0, if_nametoindex("tc0"), self->type,
						 LAST);
	}));
	EXPECT_EQ(0, seen->detach_last);
}

/* stricter: attaching needs CAP_NET_ADMIN over the device's netns: EPERM */
TEST_F(privilege, root_of_another_user_namespace)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	SKIP_ON_MAINLINE("anybody with the fd of a program may attach it");
	IN_CHILD(seen, ({
		if (become_userns_root())
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(EPERM, seen);
}

/* stricter: ... as it does with every other capability: EPERM */
TEST_F(privilege, without_cap_net_admin)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	SKIP_ON_MAINLINE("anybody with the fd of a program may attach it");
	IN_CHILD(seen, ({
		if (drop_net_admin())
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(EPERM, seen);
}

/* stricter: the same for an unprivileged user who inherits the fds: EPERM */
TEST_F(privilege, another_user)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	SKIP_ON_MAINLINE("anybody with the fd of a program may attach it");
	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(EPERM, seen);
	EXPECT_EQ(1, hook_count(self->net.ifindex, self->type));
	EXPECT_EQ(2, hook_revision(self->net.ifindex, self->type));
}

#define ADD_FILTER(dev) "tc filter add dev " dev " ingress matchall classid 1:1"

/* tc(8) needs the same privilege */
TEST_F(privilege, is_the_same_for_a_filter)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	ASSERT_EQ(0, run("tc qdisc add dev " HERE_DEV " clsact"));
	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		seen->attach = run(ADD_FILTER(HERE_DEV) " 2>/dev/null");
	}));
	EXPECT_NE(0, seen->attach);
	EXPECT_EQ(0, run(ADD_FILTER(HERE_DEV)));
	IN_CHILD(seen, ({
		if (become_userns_root() || unshare(CLONE_NEWNET) ||
		    run("ip link add tc0 type veth peer name tc1") ||
		    run("tc qdisc add dev tc0 clsact"))
			_exit(1);
		seen->attach = run(ADD_FILTER("tc0"));
	}));
	EXPECT_EQ(0, seen->attach);
}

/* The fd of a link lets its holder change it, as everywhere in bpf(2) */
TEST_F(privilege, holder_of_a_link_may_update_and_detach_it)
{
	struct seen *seen;
	int link;

	SET_UP_SYSCTL();
	link = link_create(self->prog, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, link);
	IN_CHILD(seen, ({
		int other = load_verdict(TC_ACT_UNSPEC);

		if (drop_net_admin())
			_exit(1);
		seen->replace = -link_update(link, other, 0, 0);
		seen->detach = -link_detach(link);
	}));
	EXPECT_EQ(0, seen->replace);
	EXPECT_EQ(0, seen->detach);
	EXPECT_EQ(1, hook_count(self->net.ifindex, self->type));
}

/* ---- strangers: the table in the documentation ---- */

#ifndef CAP_BPF
#define CAP_BPF 39
#endif

FIXTURE(strangers) {
	struct net net;
	int type;
	int prog, attached, linked, link, other;
	__u32 prog_id, link_id;
	/* without CAP_BPF, bpf(2) fails before it looks at the command */
	int closed;
};

FIXTURE_WITH_AND_WITHOUT_BPF(strangers);

FIXTURE_SETUP(strangers)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->attached = load_verdict(TC_ACT_UNSPEC);
	self->other = load_verdict(TC_ACT_UNSPEC);
	self->linked = load_verdict(TC_ACT_UNSPEC);
	self->link = link_create(self->linked, self->net.ifindex, self->type, LAST);
	self->link_id = link_id(self->link);
	self->prog_id = prog_id(self->attached);
	ASSERT_EQ(0, prog_attach(self->attached, self->net.ifindex, self->type, LAST));
}

FIXTURE_TEARDOWN(strangers)
{
	restore_unprivileged_bpf();
}

/* errno, 0 for success */
struct answers {
	int load, query, update, detach;
	int prog_by_id, prog_by_unused_id, next_prog_id;
	int link_by_id, link_by_unused_id, next_link_id;
	struct seen change;
};

/* Closes what a call returned, if it is an fd */
static int errno_of(int ret)
{
	if (ret >= 0)
		close(ret);
	return ret < 0 ? -ret : 0;
}

static int next_id(int cmd)
{
	union bpf_attr attr = {};

	return -sys_bpf(cmd, &attr, sizeof(attr));
}

/* Tries everything, and at last what the fd of a link allows */
static void try_everything(struct answers *a, FIXTURE_DATA(strangers) *t)
{
	struct hook hook;

	/* without a map, as whoever may not load may not create one either */
	a->load = errno_of(load_verdict_as(BPF_PROG_TYPE_SCHED_CLS, 0, TC_ACT_UNSPEC, 0));
	a->query = -hook_query(t->net.ifindex, t->type, &hook);
	try_all(&a->change, t->prog, t->attached, t->net.ifindex, t->type);
	a->prog_by_id = errno_of(prog_open(t->prog_id));
	a->prog_by_unused_id = errno_of(prog_open(BAD_ID));
	a->next_prog_id = next_id(BPF_PROG_GET_NEXT_ID);
	a->link_by_id = errno_of(link_open(t->link_id));
	a->link_by_unused_id = errno_of(link_open(BAD_ID));
	a->next_link_id = next_id(BPF_LINK_GET_NEXT_ID);
	a->update = -link_update(t->link, t->other, 0, 0);
	a->detach = -link_detach(t->link);
}

/* @change: what mainline allows anybody with the fd of a program */
static void expect_answers(struct __test_metadata *_metadata, const struct answers *a,
			   int load, int query, int change, int by_id, int holder)
{
	/* those who may not use ids cannot find out which exist */
	int by_unused_id = by_id ? by_id : ENOENT;

	EXPECT_EQ(load, a->load);
	EXPECT_EQ(query, a->query);
	if (!change || !mainline_tcx())
		EXPECT_ALL(change, &a->change);
	EXPECT_EQ(by_id, a->prog_by_id);
	EXPECT_EQ(by_unused_id, a->prog_by_unused_id);
	EXPECT_EQ(by_id, a->next_prog_id);
	EXPECT_EQ(by_id, a->link_by_id);
	EXPECT_EQ(by_unused_id, a->link_by_unused_id);
	EXPECT_EQ(by_id, a->next_link_id);
	EXPECT_EQ(holder, a->update);
	EXPECT_EQ(holder, a->detach);
}

/* Nobody is a stranger with all capabilities: the others get other answers */
TEST_F(strangers, root)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, 0, 0, 0, 0, 0);
}

TEST_F(strangers, an_unprivileged_user)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		if (setuid(65534))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, EPERM, EPERM, EPERM,
		       self->closed ? EPERM : 0);
}

TEST_F(strangers, cap_bpf_alone)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		if (keep_caps(1ULL << CAP_BPF))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, EPERM, EPERM, EPERM, 0);
}

/* Enough to change a device, but not to load a program */
TEST_F(strangers, cap_net_admin_alone)
{
	struct answers *a;
	int able;

	SET_UP_SYSCTL();
	able = self->closed ? EPERM : 0;
	IN_CHILD(a, ({
		if (keep_caps(1ULL << CAP_NET_ADMIN))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, able, able, EPERM, able);
}

/* It includes CAP_BPF. On mainline it may query, too. */
TEST_F(strangers, cap_sys_admin_alone)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		if (keep_caps(1ULL << CAP_SYS_ADMIN))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, 0, mainline_tcx() ? 0 : EPERM,
		       mainline_tcx() ? 0 : EPERM, 0, 0);
}

TEST_F(strangers, cap_bpf_and_cap_net_admin)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		if (keep_caps(1ULL << CAP_BPF | 1ULL << CAP_NET_ADMIN))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, 0, 0, 0, EPERM, 0);
}

/* All capabilities, but not over this network namespace */
TEST_F(strangers, root_of_their_own_user_namespace)
{
	struct answers *a;

	SET_UP_SYSCTL();
	IN_CHILD(a, ({
		if (become_userns_root())
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, EPERM, EPERM, EPERM,
		       self->closed ? EPERM : 0);
}

/* A device of their own, with a link and a program without one. Not if bpf(2) is closed. */
static int enter_own_netns(FIXTURE_DATA(strangers) *t)
{
	if (become_userns_root() || unshare(CLONE_NEWNET) ||
	    run("ip link add tc0 type veth peer name tc1"))
		return 1;
	t->net.ifindex = if_nametoindex("tc0");
	if (t->closed)
		return 0;
	t->link = link_create(t->linked, t->net.ifindex, t->type, LAST);
	if (t->link < 0)
		return 2;
	return prog_attach(t->attached, t->net.ifindex, t->type, LAST) ? 3 : 0;
}

/* ... or over theirs only, with programs that somebody gave them */
TEST_F(strangers, root_of_their_own_network_namespace)
{
	struct answers *a;
	int able;

	SET_UP_SYSCTL();
	able = self->closed ? EPERM : 0;
	IN_CHILD(a, ({
		int err = enter_own_netns(self);

		if (err)
			_exit(err);
		try_everything(a, self);
	}));
	if (mainline_tcx()) {
		/* it takes CAP_NET_ADMIN over the initial namespace */
		EXPECT_EQ(EPERM, a->change.detach_last);
		a->change.detach_last = able;
	}
	expect_answers(_metadata, a, EPERM, EPERM, able, EPERM, able);
}

/* Trying ids as relative objects does not reveal which exist */
TEST_F(strangers, that_guess_ids)
{
	static const __u32 flags[] = { BPF_F_ID, BPF_F_ID | BPF_F_LINK };
	struct seen *seen;
	size_t i;

	SET_UP_SYSCTL();
	SKIP_ON_MAINLINE("anybody with the fd of a program may attach it");
	for (i = 0; i < 2; i++) {
		__u32 good = i ? self->link_id : self->prog_id;

		IN_CHILD(seen, ({
			if (setuid(65534))
				_exit(1);
			seen->create = -link_create(self->prog, self->net.ifindex, self->type,
						    AT(BPF_F_AFTER | flags[i], good));
			seen->attach = -link_create(self->prog, self->net.ifindex, self->type,
						    AT(BPF_F_AFTER | flags[i], BAD_ID));
			seen->detach = -prog_detach(self->attached, self->net.ifindex, self->type,
						    AT(.revision = 1));
		}));
		EXPECT_EQ(EPERM, seen->create);
		EXPECT_EQ(EPERM, seen->attach);
		EXPECT_EQ(EPERM, seen->detach);
	}
}

/* A container cannot refer to a device of the host */
TEST_F(strangers, that_guess_an_ifindex)
{
	struct answers *a;
	int want;

	SET_UP_SYSCTL();
	want = self->closed ? EPERM : ENODEV;
	IN_CHILD(a, ({
		if (become_userns_root() || unshare(CLONE_NEWNET))
			_exit(1);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, EPERM, want, EPERM, self->closed ? EPERM : 0);
	if (mainline_tcx()) {
		EXPECT_EQ(want, a->change.create);
		EXPECT_EQ(want, a->change.attach);
		EXPECT_EQ(want, a->change.replace);
		EXPECT_EQ(want, a->change.detach);
		EXPECT_EQ(EPERM, a->change.detach_last);
	}
}

struct guesses {
	int prog, unused_prog, other_prog;
	int link, unused_link, other_link;
};

static void guess(struct guesses *g, FIXTURE_DATA(strangers) *t, __u32 other_prog,
		  __u32 other_link)
{
	struct {
		__u32 flags, id;
		int *answer;
	} tries[] = {
		{ BPF_F_ID, t->prog_id, &g->prog },
		{ BPF_F_ID, BAD_ID, &g->unused_prog },
		{ BPF_F_ID, other_prog, &g->other_prog },
		{ BPF_F_ID | BPF_F_LINK, t->link_id, &g->link },
		{ BPF_F_ID | BPF_F_LINK, BAD_ID, &g->unused_link },
		{ BPF_F_ID | BPF_F_LINK, other_link, &g->other_link },
	};
	int other_hook = t->type == INGRESS ? EGRESS : INGRESS;
	size_t i;

	for (i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		*tries[i].answer = errno_of(link_create(t->prog, t->net.ifindex, other_hook,
							AT(BPF_F_AFTER | tries[i].flags,
							   tries[i].id)));
}

/*
 * Whoever may attach to a device of their own can try ids there. They cannot tell
 * programs and links that are elsewhere from none, but those of another type.
 */
TEST_F(strangers, that_guess_ids_on_a_device_of_their_own)
{
	int other_prog, other_link, link;
	struct guesses *g;

	SET_UP_SYSCTL();
	if (self->closed)
		SKIP(return, "bpf(2) is closed to containers");
	other_prog = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
	link = link_create(other_prog, self->net.ifindex, BPF_XDP, LAST);
	other_link = link_id(link);
	ASSERT_NE(0, other_link);
	IN_CHILD(g, ({
		int err = enter_own_netns(self);

		if (err)
			_exit(err);
		guess(g, self, prog_id(other_prog), other_link);
	}));
	EXPECT_EQ(ENOENT, g->prog);
	EXPECT_EQ(ENOENT, g->unused_prog);
	EXPECT_EQ(EINVAL, g->other_prog);
	EXPECT_EQ(ENOENT, g->link);
	EXPECT_EQ(ENOENT, g->unused_link);
	EXPECT_EQ(EINVAL, g->other_link);
	close(link);
	close(other_prog);
}

/* ---- a device that is lent to a container and taken back ---- */

#define LENT	"lent0"

static int pass_turn(int sock)
{
	char c = 0;

	return write(sock, &c, 1) == 1 ? 0 : -1;
}

static int wait_turn(int sock)
{
	char c;

	return read(sock, &c, 1) == 1 ? 0 : -1;
}

/* The container: attaches to the device while it is there, and tries it again later */
static int borrow(struct answers *a, FIXTURE_DATA(strangers) *t, int sock)
{
	if (become_userns_root() || unshare(CLONE_NEWNET) || pass_turn(sock) ||
	    wait_turn(sock))
		return 1;
	t->net.ifindex = if_nametoindex(LENT);
	if (!t->net.ifindex)
		return 2;
	if (!t->closed) {
		t->link = link_create(t->linked, t->net.ifindex, t->type, LAST);
		if (t->link < 0 || prog_attach(t->attached, t->net.ifindex, t->type, LAST))
			return 3;
	}
	if (pass_turn(sock) || wait_turn(sock))
		return 4;
	try_everything(a, t);
	return 0;
}

/* Lends the device, and takes it back with what the container has attached */
static int lend(FIXTURE_DATA(strangers) *t, int sock, pid_t container)
{
	int ns, rtnl = rtnl_open(), their_rtnl, ifindex, err;
	char path[64];

	if (veth_add(rtnl, LENT, 0, "lent1", t->net.there_ns) || wait_turn(sock))
		return 1;
	ifindex = if_nametoindex(LENT);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", container);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (setns(ns, CLONE_NEWNET))
		return 2;
	their_rtnl = rtnl_open();
	if (setns(t->net.here_ns, CLONE_NEWNET) || link_move(rtnl, ifindex, ns) ||
	    pass_turn(sock) || wait_turn(sock))
		return 3;
	err = link_move(their_rtnl, ifindex, t->net.here_ns);
	close(their_rtnl);
	close(rtnl);
	close(ns);
	return err ? 4 : 0;
}

/* To those to whom a device was lent their links are left, and nothing else */
TEST_F(strangers, whose_device_was_taken_back)
{
	int sock[2], status, gone;
	struct answers *a;
	pid_t container;
	struct hook hook;

	SET_UP_SYSCTL();
	gone = self->closed ? EPERM : ENODEV;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock));
	a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, a);
	container = fork();
	ASSERT_LE(0, container);
	if (!container) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(borrow(a, self, sock[1]));
	}
	close(sock[1]);
	ASSERT_EQ(0, lend(self, sock[0], container));

	/* all of it has come along */
	ASSERT_EQ(0, hook_query(if_nametoindex(LENT), self->type, &hook));
	EXPECT_EQ(self->closed ? 0 : 2, hook.count);
	EXPECT_EQ(self->closed, !hook.link_ids[0]);

	ASSERT_EQ(0, pass_turn(sock[0]));
	ASSERT_EQ(container, waitpid(container, &status, 0));
	ASSERT_EQ(0, status);
	if (mainline_tcx()) {
		EXPECT_EQ(EPERM, a->change.detach_last);
		EXPECT_EQ(gone, a->change.create);
		EXPECT_EQ(gone, a->change.attach);
		EXPECT_EQ(gone, a->change.replace);
		EXPECT_EQ(gone, a->change.detach);
	}
	expect_answers(_metadata, a, EPERM, EPERM, gone, EPERM, self->closed ? EPERM : 0);

	/* what has no link stays until the new owner removes it */
	EXPECT_EQ(self->closed ? 0 : 1, hook_count(if_nametoindex(LENT), self->type));
	EXPECT_EQ(self->closed ? -ENOENT : 0,
		  prog_detach(self->attached, if_nametoindex(LENT), self->type, LAST));
}

static int send_fd(int sock, int fd)
{
	char c = 0, control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char c, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/*
 * Received over a socket, the fd of a program gives no rights; that of a link makes the
 * receiver a holder
 */
TEST_F(strangers, that_were_given_fds)
{
	struct answers *a;
	int sock[2];

	SET_UP_SYSCTL();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, send_fd(sock[0], self->prog));
	ASSERT_EQ(0, send_fd(sock[0], self->link));
	close(self->link);
	IN_CHILD(a, ({
		if (setuid(65534))
			_exit(1);
		self->prog = receive_fd(sock[1]);
		self->link = receive_fd(sock[1]);
		try_everything(a, self);
	}));
	expect_answers(_metadata, a, EPERM, EPERM, EPERM, EPERM,
		       self->closed ? EPERM : 0);
}

#define PIN		"/sys/fs/bpf/link"
#define BIND_MOUNT	"/sys/fs/bpf/ro"

/* Another user opens a pinned link, and tries what its fd allows */
static void use_pin(struct seen *seen, const char *path, int prog)
{
	int link;

	if (setuid(65534))
		_exit(1);
	link = obj_get(path, 0);
	seen->create = link < 0 ? -link : 0;
	seen->replace = -link_update(link, prog, 0, 0);
	seen->detach = -link_detach(link);
}

/* Access to a pin is up to the mode of its file. Reading is not enough. */
TEST_F(strangers, that_find_a_pin)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	ASSERT_EQ(0, bpf_obj_pin(self->link, PIN));
	ASSERT_EQ(0, chmod(PIN, 0444));
	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		seen->create = errno_of(obj_get(PIN, 0));
		seen->attach = errno_of(obj_get(PIN, BPF_F_RDONLY));
	}));
	EXPECT_EQ(self->closed ? EPERM : EACCES, seen->create);
	EXPECT_EQ(self->closed ? EPERM : EINVAL, seen->attach);

	ASSERT_EQ(0, chmod(PIN, 0666));
	IN_CHILD(seen, ({
		use_pin(seen, PIN, self->other);
	}));
	EXPECT_EQ(self->closed ? EPERM : 0, seen->create);
	EXPECT_EQ(self->closed ? EPERM : 0, seen->replace);
	EXPECT_EQ(self->closed ? EPERM : 0, seen->detach);
}

/* A bind mount that is read-only keeps nobody from opening a pin, and so from changing it */
TEST_F(strangers, that_find_a_pin_below_a_read_only_bind_mount)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	ASSERT_EQ(0, bpf_obj_pin(self->link, PIN));
	ASSERT_EQ(0, chmod(PIN, 0666));
	ASSERT_EQ(0, mkdir(BIND_MOUNT, 0755));
	ASSERT_EQ(0, mount("/sys/fs/bpf", BIND_MOUNT, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount(NULL, BIND_MOUNT, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	ASSERT_EQ(-1, unlink(BIND_MOUNT "/link"));
	ASSERT_EQ(EROFS, errno);
	IN_CHILD(seen, ({
		use_pin(seen, BIND_MOUNT "/link", self->other);
	}));
	EXPECT_EQ(self->closed ? EPERM : 0, seen->create);
	EXPECT_EQ(self->closed ? EPERM : 0, seen->replace);
	EXPECT_EQ(self->closed ? EPERM : 0, seen->detach);
}

/* A bpffs that is itself read-only does, even root */
TEST_F(strangers, that_find_a_pin_in_a_read_only_bpffs)
{
	struct seen *seen;

	SET_UP_SYSCTL();
	ASSERT_EQ(0, bpf_obj_pin(self->link, PIN));
	ASSERT_EQ(0, chmod(PIN, 0666));
	ASSERT_EQ(0, mount(NULL, "/sys/fs/bpf", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	IN_CHILD(seen, ({
		seen->create = errno_of(obj_get(PIN, 0));
		if (setuid(65534))
			_exit(1);
		seen->attach = errno_of(obj_get(PIN, 0));
	}));
	EXPECT_EQ(EROFS, seen->create);
	EXPECT_EQ(self->closed ? EPERM : EROFS, seen->attach);
}

TEST_HARNESS_MAIN
