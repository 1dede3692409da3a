// SPDX-License-Identifier: GPL-2.0
/*
 * Who may attach: whoever has CAP_NET_ADMIN over the user namespace of the
 * device's network namespace, as for "tc filter add". A program fd, however it
 * was obtained, gives nobody more.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"

#include <linux/capability.h>

FIXTURE(privilege) {
	struct net net;
	int type;
	int prog, attached;
};

FIXTURE_ON_BOTH_SIDES(privilege);

FIXTURE_SETUP(privilege)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->attached = load_verdict(TC_ACT_UNSPEC);
	ASSERT_EQ(0, prog_attach(self->attached, self->net.ifindex, self->type, LAST));
	/*
	 * Where it is not 0, 5.10 refuses bpf(2) to the unprivileged before it
	 * looks at anything.
	 */
	write_file(UNPRIVILEGED_BPF, "0");
}

FIXTURE_TEARDOWN(privilege)
{
	write_file(UNPRIVILEGED_BPF, "2");
}

/* What one process saw: errno, 0 for success */
struct seen {
	int create, attach, replace, detach, detach_last;
};

/* Tries everything that changes a hook, so that it ends as it was */
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

static int drop_net_admin(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps))
		return -errno;
	caps[0].effective &= ~(1U << CAP_NET_ADMIN);
	caps[0].permitted &= ~(1U << CAP_NET_ADMIN);
	return syscall(SYS_capset, &header, caps) ? -errno : 0;
}

/* Runs @body in another process, with *seen shared */
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

/* That EPERM below is for want of a capability, and for nothing else */
TEST_F(privilege, with_all_capabilities)
{
	struct seen *seen;

	IN_CHILD(seen, ({
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(0, seen);
}

/* CAP_NET_ADMIN over the device's netns, from a user namespace: may attach */
TEST_F(privilege, root_of_the_user_namespace_that_owns_the_netns)
{
	struct seen *seen;

	/* the programs come from outside, nothing else does */
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

	SKIP_ON_MAINLINE("whoever has a program's fd may attach it");
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

	SKIP_ON_MAINLINE("whoever has a program's fd may attach it");
	IN_CHILD(seen, ({
		if (drop_net_admin())
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(EPERM, seen);
}

/* stricter: the same for nobody at all, with the fds inherited: EPERM */
TEST_F(privilege, another_user)
{
	struct seen *seen;

	SKIP_ON_MAINLINE("whoever has a program's fd may attach it");
	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, self->type);
	}));
	EXPECT_ALL(EPERM, seen);
	EXPECT_EQ(1, hook_count(self->net.ifindex, self->type));
	EXPECT_EQ(2, hook_revision(self->net.ifindex, self->type));
}

/* tc(8) draws the same line */
TEST_F(privilege, is_that_of_a_filter)
{
	struct seen *seen;

	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		seen->attach = run("tc qdisc add dev " HERE_DEV " clsact 2>/dev/null");
	}));
	EXPECT_NE(0, seen->attach);
	IN_CHILD(seen, ({
		if (become_userns_root() || unshare(CLONE_NEWNET) ||
		    run("ip link add tc0 type veth peer name tc1"))
			_exit(1);
		seen->attach = run("tc qdisc add dev tc0 clsact");
	}));
	EXPECT_EQ(0, seen->attach);
}

/* A link's fd is what lets its holder change it, as everywhere in bpf(2) */
TEST_F(privilege, holder_of_a_link_may_update_and_detach_it)
{
	struct seen *seen;
	int link;

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

TEST_HARNESS_MAIN
