// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching needs CAP_NET_ADMIN over the user namespace of the device's network
 * namespace, as "tc filter add" does. The fd of a program gives no further rights,
 * however it was obtained.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"

#include <linux/capability.h>

FIXTURE(privilege) {
	struct net net;
	int type;
	int prog, attached;
	int closed;
};

FIXTURE_VARIANT(privilege) {
	int type, unprivileged_bpf_disabled;
};

FIXTURE_VARIANT_ADD(privilege, ingress) {
	.type = INGRESS,
};

FIXTURE_VARIANT_ADD(privilege, egress) {
	.type = EGRESS,
};

FIXTURE_VARIANT_ADD(privilege, ingress_no_unprivileged_bpf) {
	.type = INGRESS,
	.unprivileged_bpf_disabled = 2,
};

FIXTURE_VARIANT_ADD(privilege, egress_no_unprivileged_bpf) {
	.type = EGRESS,
	.unprivileged_bpf_disabled = 2,
};

/*
 * Up to 5.18, unless unprivileged_bpf_disabled is 0, bpf(2) fails for whoever has no
 * CAP_BPF, whatever they ask for. A child finds out, as it gives up its capabilities.
 * Returns 0, 1, or -1 if it could not.
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
	ASSERT_LE(0, self->closed);					\
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

/* tc(8) needs the same privilege */
TEST_F(privilege, is_the_same_for_a_filter)
{
	struct seen *seen;

	SET_UP_SYSCTL();
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
	int prog, attached, link, other;
	__u32 prog_id, link_id;
	/* without CAP_BPF, bpf(2) fails before it looks at the command */
	int closed;
};

FIXTURE_VARIANT(strangers) {
	int unprivileged_bpf_disabled;
};

FIXTURE_VARIANT_ADD(strangers, unprivileged_bpf) {
	.unprivileged_bpf_disabled = 0,
};

FIXTURE_VARIANT_ADD(strangers, no_unprivileged_bpf) {
	.unprivileged_bpf_disabled = 2,
};

FIXTURE_SETUP(strangers)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->attached = load_verdict(TC_ACT_UNSPEC);
	self->other = load_verdict(TC_ACT_UNSPEC);
	self->link = link_create(load_verdict(TC_ACT_UNSPEC), self->net.ifindex, INGRESS,
				 LAST);
	self->link_id = link_id(self->link);
	self->prog_id = prog_id(self->attached);
	ASSERT_EQ(0, prog_attach(self->attached, self->net.ifindex, INGRESS, LAST));
}

FIXTURE_TEARDOWN(strangers)
{
	restore_unprivileged_bpf();
}

/* errno, 0 for success */
struct answers {
	int load, query, prog_by_id, link_by_id, update, detach;
	struct seen change;
};

/* Tries everything, and at last what the fd of a link allows */
static void try_everything(struct answers *a, FIXTURE_DATA(strangers) *t)
{
	struct hook hook;
	int fd;

	fd = load_verdict(TC_ACT_UNSPEC);
	a->load = fd < 0 ? -fd : 0;
	a->query = -hook_query(t->net.ifindex, INGRESS, &hook);
	try_all(&a->change, t->prog, t->attached, t->net.ifindex, INGRESS);
	fd = bpf_prog_get_fd_by_id(t->prog_id);
	a->prog_by_id = fd < 0 ? errno : 0;
	fd = bpf_link_get_fd_by_id(t->link_id);
	a->link_by_id = fd < 0 ? errno : 0;
	a->update = -link_update(t->link, t->other, 0, 0);
	a->detach = -link_detach(t->link);
}

/* @change: what mainline allows anybody with the fd of a program */
static void expect_answers(struct __test_metadata *_metadata, const struct answers *a,
			   int load, int query, int change, int by_id, int holder)
{
	EXPECT_EQ(load, a->load);
	EXPECT_EQ(query, a->query);
	if (!change || !mainline_tcx())
		EXPECT_ALL(change, &a->change);
	EXPECT_EQ(by_id, a->prog_by_id);
	EXPECT_EQ(by_id, a->link_by_id);
	EXPECT_EQ(holder, a->update);
	EXPECT_EQ(holder, a->detach);
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
			seen->create = -link_create(self->prog, self->net.ifindex, INGRESS,
						    AT(BPF_F_AFTER | flags[i], good));
			seen->attach = -link_create(self->prog, self->net.ifindex, INGRESS,
						    AT(BPF_F_AFTER | flags[i], 0x7ffffff0));
			seen->detach = -prog_detach(self->attached, self->net.ifindex, INGRESS,
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
	struct seen *seen;
	int want;

	SET_UP_SYSCTL();
	want = self->closed ? EPERM : ENODEV;
	IN_CHILD(seen, ({
		if (become_userns_root() || unshare(CLONE_NEWNET))
			_exit(1);
		try_all(seen, self->prog, self->attached, self->net.ifindex, INGRESS);
	}));
	EXPECT_EQ(want, seen->create);
	EXPECT_EQ(want, seen->attach);
	EXPECT_EQ(want, seen->replace);
	EXPECT_EQ(want, seen->detach);
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

/* Access to a pin is up to the mode of its file. Reading is not enough. */
TEST_F(strangers, that_find_a_pin)
{
	static const char path[] = "/sys/fs/bpf/link";
	union bpf_attr attr = { .pathname = (unsigned long)path };
	struct seen *seen;

	SET_UP_SYSCTL();
	ASSERT_EQ(0, bpf_obj_pin(self->link, path));
	ASSERT_EQ(0, chmod(path, 0444));
	IN_CHILD(seen, ({
		if (setuid(65534))
			_exit(1);
		seen->create = -sys_bpf(BPF_OBJ_GET, &attr, sizeof(attr));
		attr.file_flags = BPF_F_RDONLY;
		seen->attach = -sys_bpf(BPF_OBJ_GET, &attr, sizeof(attr));
	}));
	EXPECT_EQ(self->closed ? EPERM : EACCES, seen->create);
	EXPECT_EQ(self->closed ? EPERM : EINVAL, seen->attach);

	ASSERT_EQ(0, chmod(path, 0666));
	IN_CHILD(seen, ({
		int link;

		if (setuid(65534))
			_exit(1);
		attr.file_flags = 0;
		link = sys_bpf(BPF_OBJ_GET, &attr, sizeof(attr));
		seen->create = link < 0 ? -link : 0;
		seen->detach = -link_detach(link);
	}));
	EXPECT_EQ(self->closed ? EPERM : 0, seen->create);
	EXPECT_EQ(self->closed ? EPERM : 0, seen->detach);
}

TEST_HARNESS_MAIN
