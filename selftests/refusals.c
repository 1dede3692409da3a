// SPDX-License-Identifier: GPL-2.0
/*
 * What is refused, and with which errno. Each kind of mistake has a test, which makes
 * it with a link and without one. A refused call has changed nothing.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"

#define ATTACH_FLAGS (BPF_F_REPLACE | BPF_F_BEFORE | BPF_F_AFTER | \
		      BPF_F_ID | BPF_F_LINK)

FIXTURE(refusals) {
	struct net net;
	int type;
	int first, last;	/* programs without a link on the hook, and ... */
	int owned, link;	/* ... the program of a link between them */
	int prog;		/* not on any hook, like ... */
	int stranger;
	int xdp;		/* of another type, as is ... */
	int xdp_link;
};

FIXTURE_ON_BOTH_SIDES(refusals);

FIXTURE_SETUP(refusals)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	self->first = load_verdict(TC_ACT_UNSPEC);
	self->owned = load_verdict(TC_ACT_UNSPEC);
	self->last = load_verdict(TC_ACT_UNSPEC);
	self->prog = load_verdict(TC_ACT_UNSPEC);
	self->stranger = load_verdict(TC_ACT_UNSPEC);
	ASSERT_EQ(0, prog_attach(self->first, self->net.ifindex, self->type, LAST));
	self->link = link_create(self->owned, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, self->link);
	ASSERT_EQ(0, prog_attach(self->last, self->net.ifindex, self->type, LAST));

	self->xdp = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
	ASSERT_LE(0, self->xdp);
	self->xdp_link = link_create(self->xdp, if_nametoindex("lo"), BPF_XDP, LAST);
	ASSERT_LE(0, self->xdp_link);
}

/* A refused call has left no trace */
FIXTURE_TEARDOWN(refusals)
{
	__u32 xdp, xdp_link;
	struct hook hook;

	EXPECT_EQ(0, hook_query(self->net.ifindex, self->type, &hook));
	EXPECT_EQ(3, hook.count);
	EXPECT_EQ(4, hook.revision);
	EXPECT_EQ(prog_id(self->first), hook.prog_ids[0]);
	EXPECT_EQ(prog_id(self->owned), hook.prog_ids[1]);
	EXPECT_EQ(prog_id(self->last), hook.prog_ids[2]);
	EXPECT_EQ(0, hook.link_ids[0]);
	EXPECT_EQ(link_id(self->link), hook.link_ids[1]);
	EXPECT_EQ(0, hook.link_ids[2]);

	/* nor has it kept the objects of another type */
	xdp_link = link_id(self->xdp_link);
	xdp = prog_id(self->xdp);
	EXPECT_TRUE(link_exists(xdp_link));
	close(self->xdp_link);
	EXPECT_TRUE(EVENTUALLY(!link_exists(xdp_link)));
	EXPECT_TRUE(prog_exists(xdp));
	close(self->xdp);
	EXPECT_TRUE(EVENTUALLY(!prog_exists(xdp)));
}

/* On the hook that has the programs */
#define ATTACH(prog, ...) \
	prog_attach(prog, self->net.ifindex, self->type, AT(__VA_ARGS__))
#define CREATE(prog, ...) \
	link_create(prog, self->net.ifindex, self->type, AT(__VA_ARGS__))
#define DETACH(prog, ...) \
	prog_detach(prog, self->net.ifindex, self->type, AT(__VA_ARGS__))
#define REPLACE(old, new, more, ...) \
	ATTACH(new, BPF_F_REPLACE | (more), ##__VA_ARGS__, .replace_fd = old)

/* In both ways to attach */
#define EXPECT_ATTACH(errno_, prog, ...) do {			\
	EXPECT_EQ(-(errno_), ATTACH(prog, __VA_ARGS__));	\
	EXPECT_EQ(-(errno_), CREATE(prog, __VA_ARGS__));	\
} while (0)

static int on_empty_hook(int type)
{
	return type == INGRESS ? EGRESS : INGRESS;
}

/* Sets one byte of an otherwise valid attr */
static int with_byte(int cmd, const union bpf_attr *good, size_t byte)
{
	union bpf_attr attr = *good;

	((char *)&attr)[byte] = 1;
	return sys_bpf(cmd, &attr, sizeof(attr));
}

/* nonzero bytes after the last field: EINVAL */
TEST_F(refusals, nonzero_bytes_after_the_last_field)
{
	union bpf_attr attr = {};
	size_t i, end;

	end = offsetof(union bpf_attr, expected_revision) + sizeof(__u64);
	attr.target_ifindex = self->net.ifindex;
	attr.attach_type = self->type;
	attr.attach_bpf_fd = self->prog;
	for (i = end; i < sizeof(attr); i++)
		ASSERT_EQ(-EINVAL, with_byte(BPF_PROG_ATTACH, &attr, i));
	attr.attach_bpf_fd = self->first;
	for (i = end; i < sizeof(attr); i++)
		ASSERT_EQ(-EINVAL, with_byte(BPF_PROG_DETACH, &attr, i));

	memset(&attr, 0, sizeof(attr));
	end = offsetof(union bpf_attr, query.revision) + sizeof(__u64);
	attr.query.target_ifindex = self->net.ifindex;
	attr.query.attach_type = self->type;
	for (i = end; i < sizeof(attr); i++)
		ASSERT_EQ(-EINVAL, with_byte(BPF_PROG_QUERY, &attr, i));

	/* mainline ignores what other types of link have there: their fields end before 64 */
	memset(&attr, 0, sizeof(attr));
	end = mainline_tcx() ? 64 : offsetof(union bpf_attr, link_create.tcx) +
				    sizeof(attr.link_create.tcx);
	attr.link_create.prog_fd = self->prog;
	attr.link_create.target_ifindex = self->net.ifindex;
	attr.link_create.attach_type = self->type;
	for (i = end; i < sizeof(attr); i++)
		ASSERT_EQ(-EINVAL, with_byte(BPF_LINK_CREATE, &attr, i));
}

/* attach or detach flag outside REPLACE, BEFORE, AFTER, ID, LINK: EINVAL */
TEST_F(refusals, unknown_attach_and_detach_flags)
{
	__u32 bit;

	for (bit = 1; bit; bit <<= 1) {
		if (bit & ATTACH_FLAGS)
			continue;
		ASSERT_EQ(-EINVAL, ATTACH(self->prog, bit));
		ASSERT_EQ(-EINVAL, ATTACH(self->prog, bit | BPF_F_BEFORE));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit));
		ASSERT_EQ(-EINVAL, DETACH(self->first, bit));
		ASSERT_EQ(-EINVAL, DETACH(0, bit));
		ASSERT_EQ(-EINVAL, DETACH(0, bit | BPF_F_BEFORE));
	}
}

/* stricter: LINK_CREATE refuses unknown flag bits in every combination: EINVAL */
TEST_F(refusals, unknown_link_create_flags_in_every_combination)
{
	__u32 bit;

	SKIP_ON_MAINLINE("LINK_CREATE takes unknown flags beside known ones");
	for (bit = 1; bit; bit <<= 1) {
		if (bit & ATTACH_FLAGS)
			continue;
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit | BPF_F_BEFORE));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit | BPF_F_AFTER));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit | BPF_F_AFTER, self->first));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit | BPF_F_AFTER | BPF_F_LINK,
					  self->link));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit | BPF_F_AFTER | BPF_F_ID,
					  prog_id(self->first)));
		ASSERT_EQ(-EINVAL, CREATE(self->prog, bit, .revision = 4));
	}
}

/* bad program fd: EBADF */
TEST_F(refusals, bad_program_fd)
{
	EXPECT_ATTACH(EBADF, BAD_FD, 0);
	EXPECT_ATTACH(EBADF, -1, 0);
	EXPECT_EQ(-EBADF, DETACH(BAD_FD, 0));
	EXPECT_EQ(-EBADF, link_update(self->link, BAD_FD, 0, 0));
	EXPECT_EQ(-EBADF, link_update(self->link, self->prog, BPF_F_REPLACE, BAD_FD));
	EXPECT_EQ(-EBADF, REPLACE(BAD_FD, self->prog, 0));
}

/* the fd is not a program: EINVAL */
TEST_F(refusals, fd_that_is_not_a_program)
{
	EXPECT_ATTACH(EINVAL, self->net.here, 0);
	EXPECT_ATTACH(EINVAL, self->link, 0);
	EXPECT_EQ(-EINVAL, DETACH(self->net.here, 0));
	EXPECT_EQ(-EINVAL, link_update(self->link, self->net.here, 0, 0));
	EXPECT_EQ(-EINVAL, link_update(self->prog, self->prog, 0, 0));
	EXPECT_EQ(-EINVAL, REPLACE(self->net.here, self->prog, 0));
}

/* program not SCHED_CLS: EINVAL */
TEST_F(refusals, program_of_another_type)
{
	int socket_filter;

	socket_filter = load_verdict_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, 0);
	ASSERT_LE(0, socket_filter);
	EXPECT_ATTACH(EINVAL, self->xdp, 0);
	EXPECT_ATTACH(EINVAL, socket_filter, 0);
	EXPECT_EQ(-EINVAL, DETACH(self->xdp, 0));
	EXPECT_EQ(-EINVAL, DETACH(socket_filter, 0));
	EXPECT_EQ(-EINVAL, REPLACE(self->xdp, self->prog, 0));
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE, self->xdp);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE | BPF_F_ID,
		      prog_id(self->xdp));
}

#define NETDEVSIM "/sys/bus/netdevsim/"

/* The fd of an offloaded program, or -errno */
static int load_offloaded(void)
{
	struct if_nameindex *all, *dev;
	int prog;

	prog = write_file(NETDEVSIM "new_device", "77 1");
	if (prog)
		return prog;
	prog = -ENODEV;
	all = if_nameindex();
	for (dev = all; dev && dev->if_index; dev++)
		if (strcmp(dev->if_name, HERE_DEV) && strcmp(dev->if_name, "lo"))
			prog = load_verdict_as(BPF_PROG_TYPE_SCHED_CLS, 0,
					       TC_ACT_OK, dev->if_index);
	if_freenameindex(all);
	if (prog < 0)
		write_file(NETDEVSIM "del_device", "77");
	return prog;
}

static void unload_offloaded(int prog)
{
	close(prog);
	write_file(NETDEVSIM "del_device", "77");
}

#define SKIP_WITHOUT_NETDEVSIM() do {					\
	if (access(NETDEVSIM, F_OK))					\
		SKIP(return, "no netdevsim (CONFIG_NETDEVSIM)");	\
} while (0)

/* offloaded program: EINVAL */
TEST_F(refusals, offloaded_program)
{
	int prog;

	SKIP_WITHOUT_NETDEVSIM();
	prog = load_offloaded();
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, ATTACH(prog, 0));
	EXPECT_EQ(-EINVAL, REPLACE(self->first, prog, 0));
	unload_offloaded(prog);
}

/* stricter: an offloaded program is refused by LINK_CREATE and LINK_UPDATE: EINVAL */
TEST_F(refusals, offloaded_program_by_link)
{
	int prog;

	SKIP_ON_MAINLINE("links take an offloaded program");
	SKIP_WITHOUT_NETDEVSIM();
	prog = load_offloaded();
	ASSERT_LE(0, prog);
	EXPECT_EQ(-EINVAL, CREATE(prog, 0));
	EXPECT_EQ(-EINVAL, link_update(self->link, prog, 0, 0));
	unload_offloaded(prog);
}

/*
 * LINK_CREATE with a SCHED_CLS program and an attach type that is not tcx's, or the
 * reverse: EINVAL
 */
TEST_F(refusals, attach_type_and_program_type_that_do_not_match)
{
	int type;

	for (type = 0; type < 64; type++) {
		/* 54 and 55 are mainline's netkit, which also takes SCHED_CLS */
		if (type == INGRESS || type == EGRESS || type == 54 || type == 55)
			continue;
		ASSERT_EQ(-EINVAL, link_create(self->prog, self->net.ifindex, type,
					       LAST));
	}
	EXPECT_EQ(-EINVAL, CREATE(self->xdp, 0));
	EXPECT_EQ(-EINVAL, link_create(self->prog, self->net.ifindex, BPF_XDP, LAST));
	EXPECT_EQ(-EINVAL, prog_attach(self->prog, self->net.ifindex, BPF_XDP, LAST));
}

/*
 * ifindex 0, or no such device in the current netns (attach, detach, link, query):
 * ENODEV
 */
TEST_F(refusals, no_such_device)
{
	/* loaders probe for support with ~0 */
	static const int no_dev[] = { 0, NO_IFINDEX, ~0 };
	struct hook hook;
	size_t i;

	for (i = 0; i < sizeof(no_dev) / sizeof(*no_dev); i++) {
		EXPECT_EQ(-ENODEV, prog_attach(self->prog, no_dev[i], self->type, LAST));
		EXPECT_EQ(-ENODEV, prog_detach(self->first, no_dev[i], self->type, LAST));
		EXPECT_EQ(-ENODEV, link_create(self->prog, no_dev[i], self->type, LAST));
		EXPECT_EQ(-ENODEV, hook_query(no_dev[i], self->type, &hook));
	}
}

/* ENODEV comes before EMFILE, so that loaders can probe without a free fd */
TEST_F(refusals, no_such_device_and_no_fd_left)
{
	struct rlimit files, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	none = files;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-ENODEV, link_create(self->prog, ~0, self->type, LAST));
	EXPECT_EQ(-EMFILE, CREATE(self->prog, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
}

/* a device of another netns: ENODEV */
TEST_F(refusals, device_of_another_netns)
{
	struct hook hook;
	int there = 100;

	/* a device whose ifindex is not in use here */
	ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	ASSERT_EQ(0, run("ip link add tc8 index %d type veth peer name tc9", there));
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
	EXPECT_EQ(-ENODEV, prog_attach(self->prog, there, self->type, LAST));
	EXPECT_EQ(-ENODEV, prog_detach(self->prog, there, self->type, LAST));
	EXPECT_EQ(-ENODEV, link_create(self->prog, there, self->type, LAST));
	EXPECT_EQ(-ENODEV, hook_query(there, self->type, &hook));
}

/* expected_revision is set and is not the current one: ESTALE */
TEST_F(refusals, expected_revision_that_is_not_the_current_one)
{
	EXPECT_ATTACH(ESTALE, self->prog, .revision = 3);
	EXPECT_ATTACH(ESTALE, self->prog, .revision = 5);
	EXPECT_ATTACH(ESTALE, self->prog, .revision = 4 | 1ULL << 63);
	/* it is checked before EEXIST, ENOENT, ERANGE and EBADF of a relative object */
	EXPECT_ATTACH(ESTALE, self->first, .revision = 3);
	EXPECT_ATTACH(ESTALE, self->prog, BPF_F_BEFORE, self->stranger, 3);
	EXPECT_ATTACH(ESTALE, self->prog, BPF_F_BEFORE | BPF_F_AFTER, .revision = 3);
	EXPECT_ATTACH(ESTALE, self->prog, BPF_F_BEFORE, BAD_FD, 3);
	EXPECT_EQ(-ESTALE, REPLACE(self->stranger, self->prog, 0, .revision = 3));
	EXPECT_EQ(-ESTALE, DETACH(self->first, .revision = 3));
	EXPECT_EQ(-ESTALE, DETACH(self->stranger, .revision = 3));
	EXPECT_EQ(-ESTALE, DETACH(self->owned, .revision = 3));
	EXPECT_EQ(-ESTALE, DETACH(0, .revision = 3));
	EXPECT_EQ(-ESTALE, prog_attach(self->prog, self->net.ifindex,
				       on_empty_hook(self->type), AT(.revision = 2)));
}

/* the program is already on the hook, by a link or not; also LINK_UPDATE: EEXIST */
TEST_F(refusals, program_already_on_that_hook)
{
	EXPECT_ATTACH(EEXIST, self->first, 0);
	EXPECT_ATTACH(EEXIST, self->owned, 0);
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_BEFORE);
	EXPECT_ATTACH(EEXIST, self->owned, BPF_F_AFTER | BPF_F_LINK, self->link);
	EXPECT_EQ(-EEXIST, REPLACE(self->first, self->last, 0));
	EXPECT_EQ(-EEXIST, REPLACE(self->first, self->owned, 0));
	EXPECT_EQ(-EEXIST, REPLACE(self->first, self->first, 0));
	EXPECT_EQ(-EEXIST, link_update(self->link, self->first, 0, 0));
	EXPECT_EQ(-EEXIST, link_update(self->link, self->last, BPF_F_REPLACE,
				       self->owned));
}

/* BPF_F_ID with an unknown id or 0: ENOENT */
TEST_F(refusals, unknown_id)
{
	static const __u32 ids[] = { 0, BAD_ID };
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		EXPECT_ATTACH(ENOENT, self->prog, BPF_F_BEFORE | BPF_F_ID, ids[i]);
		EXPECT_ATTACH(ENOENT, self->prog, BPF_F_AFTER | BPF_F_ID | BPF_F_LINK,
			      ids[i]);
		EXPECT_EQ(-ENOENT, DETACH(0, BPF_F_BEFORE | BPF_F_ID, ids[i]));
		EXPECT_EQ(-ENOENT, DETACH(0, BPF_F_AFTER | BPF_F_ID | BPF_F_LINK, ids[i]));
	}
}

/* the id of a link that is just being created: here of the new one itself */
TEST_F(refusals, relative_link_that_is_not_there_yet)
{
	int link;

	link = link_create(self->prog, self->net.ifindex, on_empty_hook(self->type), LAST);
	ASSERT_LE(0, link);
	/* ids are given out one after the other */
	EXPECT_EQ(-EAGAIN, CREATE(self->stranger, BPF_F_AFTER | BPF_F_LINK | BPF_F_ID,
				  link_id(link) + 1));
	EXPECT_EQ(0, close(link));
}

/*
 * BPF_F_LINK without an fd, with an fd that is not a link, or with a link of another
 * type: EINVAL (EBADF if the fd is not open)
 */
TEST_F(refusals, relative_link_that_is_not_a_link)
{
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE | BPF_F_LINK, 0);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE | BPF_F_LINK, self->first);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_AFTER | BPF_F_LINK, self->net.here);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_AFTER | BPF_F_LINK, self->xdp_link);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_AFTER | BPF_F_LINK | BPF_F_ID,
		      link_id(self->xdp_link));
	EXPECT_ATTACH(EBADF, self->prog, BPF_F_BEFORE | BPF_F_LINK, BAD_FD);
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_BEFORE | BPF_F_LINK));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_BEFORE | BPF_F_LINK, self->last));
	EXPECT_EQ(-EINVAL, DETACH(self->last, BPF_F_AFTER | BPF_F_LINK, self->xdp_link));
	EXPECT_EQ(-EBADF, DETACH(0, BPF_F_AFTER | BPF_F_LINK, BAD_FD));
}

/* The same for a relative program: EINVAL, EBADF if the fd is not open */
TEST_F(refusals, relative_program_that_is_not_a_program)
{
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE, self->link);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_AFTER, self->net.here);
	EXPECT_ATTACH(EBADF, self->prog, BPF_F_BEFORE, BAD_FD);
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_BEFORE, self->link));
	EXPECT_EQ(-EBADF, DETACH(0, BPF_F_BEFORE, BAD_FD));
}

/* a relative object, ID or LINK without BEFORE or AFTER: EINVAL */
TEST_F(refusals, relative_object_without_before_or_after)
{
	EXPECT_ATTACH(EINVAL, self->prog, 0, self->first);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_ID, prog_id(self->first));
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_LINK, self->link);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_LINK | BPF_F_ID, link_id(self->link));
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_LINK);
	EXPECT_EQ(-EINVAL, DETACH(0, 0, self->first));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_ID, prog_id(self->first)));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_LINK, self->link));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_LINK));
}

/* the relative object exists but is not on this hook: ENOENT */
TEST_F(refusals, relative_object_that_is_not_on_this_hook)
{
	int elsewhere;

	EXPECT_ATTACH(ENOENT, self->prog, BPF_F_BEFORE, self->stranger);
	EXPECT_ATTACH(ENOENT, self->prog, BPF_F_AFTER | BPF_F_ID,
		      prog_id(self->stranger));
	EXPECT_EQ(-ENOENT, DETACH(0, BPF_F_BEFORE, self->stranger));

	elsewhere = link_create(self->stranger, self->net.ifindex,
				on_empty_hook(self->type), LAST);
	ASSERT_LE(0, elsewhere);
	EXPECT_ATTACH(ENOENT, self->prog, BPF_F_BEFORE | BPF_F_LINK, elsewhere);
	EXPECT_ATTACH(ENOENT, self->prog, BPF_F_AFTER | BPF_F_LINK | BPF_F_ID,
		      link_id(elsewhere));
	EXPECT_EQ(-ENOENT, DETACH(0, BPF_F_AFTER | BPF_F_LINK, elsewhere));
	ASSERT_EQ(0, link_detach(elsewhere));
	EXPECT_ATTACH(ENOENT, self->prog, BPF_F_BEFORE | BPF_F_LINK, elsewhere);
}

/* BEFORE and AFTER disagree: ERANGE */
TEST_F(refusals, before_and_after_that_disagree)
{
	EXPECT_ATTACH(ERANGE, self->prog, BPF_F_BEFORE | BPF_F_AFTER);
	EXPECT_ATTACH(ERANGE, self->prog, BPF_F_BEFORE | BPF_F_AFTER, self->first);
	EXPECT_ATTACH(ERANGE, self->prog, BPF_F_BEFORE | BPF_F_AFTER, self->owned);
	EXPECT_ATTACH(ERANGE, self->prog, BPF_F_BEFORE | BPF_F_AFTER, self->last);
	EXPECT_ATTACH(ERANGE, self->prog, BPF_F_BEFORE | BPF_F_AFTER | BPF_F_LINK,
		      self->link);
	EXPECT_EQ(-ERANGE, DETACH(0, BPF_F_BEFORE | BPF_F_AFTER));
	EXPECT_EQ(-ERANGE, DETACH(0, BPF_F_BEFORE | BPF_F_AFTER, self->owned));
}

/* REPLACE with BEFORE or AFTER that names another position: ERANGE */
TEST_F(refusals, replace_that_names_another_place)
{
	EXPECT_EQ(-ERANGE, REPLACE(self->first, self->prog, BPF_F_AFTER, self->last));
	EXPECT_EQ(-ERANGE, REPLACE(self->first, self->prog, BPF_F_BEFORE, self->last));
	EXPECT_EQ(-ERANGE, REPLACE(self->last, self->prog, BPF_F_BEFORE | BPF_F_LINK,
				   self->link));
	EXPECT_EQ(-ERANGE, REPLACE(self->first, self->prog, BPF_F_BEFORE));
	EXPECT_EQ(-ERANGE, REPLACE(self->first, self->prog, BPF_F_AFTER));
	EXPECT_EQ(-ERANGE, REPLACE(self->first, self->prog, BPF_F_BEFORE | BPF_F_AFTER,
				   self->owned));
}

/* a 64th program: ERANGE */
TEST_F(refusals, a_64th_program)
{
	int hook = on_empty_hook(self->type), i;

	for (i = 0; i < 63; i++)
		ASSERT_EQ(0, prog_attach(load_verdict(TC_ACT_UNSPEC),
					 self->net.ifindex, hook, LAST));
	EXPECT_EQ(-ERANGE, prog_attach(self->prog, self->net.ifindex, hook, LAST));
	EXPECT_EQ(-ERANGE, link_create(self->prog, self->net.ifindex, hook, LAST));
}

/* REPLACE of a program that is not on the hook: ENOENT; that a link owns: EBUSY */
TEST_F(refusals, replace_of_a_program_that_is_absent_or_owned_by_a_link)
{
	EXPECT_EQ(-ENOENT, REPLACE(self->stranger, self->prog, 0));
	EXPECT_EQ(-ENOENT, prog_attach(self->prog, self->net.ifindex,
				       on_empty_hook(self->type),
				       AT(BPF_F_REPLACE, .replace_fd = self->first)));
	EXPECT_EQ(-EBUSY, REPLACE(self->owned, self->prog, 0));
}

/*
 * DETACH with REPLACE: EINVAL; LINK_CREATE with REPLACE: ENOENT, since nothing can be
 * named
 */
TEST_F(refusals, replace_with_detach_and_link_create)
{
	EXPECT_EQ(-EINVAL, DETACH(self->first, BPF_F_REPLACE));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_REPLACE));
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_REPLACE | BPF_F_BEFORE));
	EXPECT_EQ(-ENOENT, CREATE(self->prog, BPF_F_REPLACE));
	EXPECT_EQ(-ENOENT, CREATE(self->prog, BPF_F_REPLACE | BPF_F_BEFORE));
	EXPECT_EQ(-ENOENT, CREATE(self->prog, BPF_F_REPLACE | BPF_F_AFTER, self->first));
}

/* DETACH on an empty hook, or of a program that is not on the hook: ENOENT */
TEST_F(refusals, detach_of_what_is_not_there)
{
	int hook = on_empty_hook(self->type);

	EXPECT_EQ(-ENOENT, prog_detach(self->first, self->net.ifindex, hook, LAST));
	EXPECT_EQ(-ENOENT, prog_detach(0, self->net.ifindex, hook, LAST));
	EXPECT_EQ(-ENOENT, prog_detach(0, self->net.ifindex, hook, AT(BPF_F_BEFORE)));
	EXPECT_EQ(-ENOENT, DETACH(self->stranger, 0));
	EXPECT_EQ(-ENOENT, DETACH(self->stranger, BPF_F_BEFORE, self->first));
}

/* DETACH of a program that a link owns, by fd or by position: EBUSY */
TEST_F(refusals, detach_of_what_a_link_owns)
{
	int hook = on_empty_hook(self->type), link;

	EXPECT_EQ(-EBUSY, DETACH(self->owned, 0));
	EXPECT_EQ(-EBUSY, DETACH(0, BPF_F_AFTER, self->first));
	EXPECT_EQ(-EBUSY, DETACH(0, BPF_F_BEFORE, self->last));
	link = link_create(self->prog, self->net.ifindex, hook, LAST);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EBUSY, prog_detach(0, self->net.ifindex, hook, LAST));
	EXPECT_EQ(-EBUSY, prog_detach(0, self->net.ifindex, hook, AT(BPF_F_BEFORE)));
	EXPECT_EQ(-EBUSY, prog_detach(0, self->net.ifindex, hook, AT(BPF_F_AFTER)));
	EXPECT_EQ(1, hook_count(self->net.ifindex, hook));
}

/* DETACH with a program fd plus BEFORE or AFTER and no relative object: ERANGE */
TEST_F(refusals, detach_of_a_program_at_an_end)
{
	EXPECT_EQ(-ERANGE, DETACH(self->first, BPF_F_BEFORE));
	EXPECT_EQ(-ERANGE, DETACH(self->first, BPF_F_AFTER));
	EXPECT_EQ(-ERANGE, DETACH(self->last, BPF_F_BEFORE));
	EXPECT_EQ(-ERANGE, DETACH(self->last, BPF_F_AFTER));
}

/* LINK_UPDATE when the device is gone or the link is detached: ENOLINK */
TEST_F(refusals, update_of_a_link_that_is_detached)
{
	int link;

	link = link_create(self->prog, self->net.ifindex, on_empty_hook(self->type),
			   LAST);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, link_detach(link));
	EXPECT_EQ(-ENOLINK, link_update(link, self->stranger, 0, 0));
	EXPECT_EQ(-ENOLINK, link_update(link, self->prog, 0, 0));
}

/* LINK_UPDATE with BPF_F_REPLACE and the wrong old program: EPERM */
TEST_F(refusals, update_with_the_wrong_old_program)
{
	EXPECT_EQ(-EPERM, link_update(self->link, self->prog, BPF_F_REPLACE,
				      self->stranger));
	EXPECT_EQ(-EPERM, link_update(self->link, self->prog, BPF_F_REPLACE,
				      self->first));
	EXPECT_EQ(-EPERM, link_update(self->link, self->owned, BPF_F_REPLACE,
				      self->stranger));
}

/* LINK_UPDATE with old_prog_fd but without BPF_F_REPLACE, or with unknown flags: EINVAL */
TEST_F(refusals, update_with_an_old_program_but_no_flag)
{
	__u32 bit;

	EXPECT_EQ(-EINVAL, link_update(self->link, self->prog, 0, self->owned));
	for (bit = 1; bit; bit <<= 1) {
		if (bit != BPF_F_REPLACE)
			ASSERT_EQ(-EINVAL, link_update(self->link, self->prog, bit, 0));
	}
}

/* LINK_UPDATE to a program of another type: EINVAL; to the same program: 0 */
TEST_F(refusals, update_to_another_program_type)
{
	EXPECT_EQ(-EINVAL, link_update(self->link, self->xdp, 0, 0));
	EXPECT_EQ(-EINVAL, link_update(self->link, self->xdp, BPF_F_REPLACE,
				       self->owned));
	EXPECT_EQ(0, link_update(self->link, self->owned, 0, 0));
}

/* LINK_DETACH, even repeated: 0 */
TEST_F(refusals, detach_of_a_link_is_never_refused)
{
	int link;

	link = link_create(self->prog, self->net.ifindex, on_empty_hook(self->type),
			   LAST);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_detach(link));
	EXPECT_EQ(0, link_detach(link));
}

/* QUERY with nonzero query_flags or attach_flags: EINVAL */
TEST_F(refusals, query_with_flags)
{
	union bpf_attr attr = {};

	attr.query.target_ifindex = self->net.ifindex;
	attr.query.attach_type = self->type;
	EXPECT_EQ(0, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
	attr.query.query_flags = BPF_F_QUERY_EFFECTIVE;
	EXPECT_EQ(-EINVAL, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
	attr.query.query_flags = 0;
	attr.query.attach_flags = 1;
	EXPECT_EQ(-EINVAL, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
}

/* QUERY with a buffer that is too small: ENOSPC, the count of all, and the ids that fit */
TEST_F(refusals, query_into_a_buffer_that_is_too_small)
{
	struct hook hook;

	EXPECT_EQ(-ENOSPC, hook_query_room(self->net.ifindex, self->type, &hook, 2));
	EXPECT_EQ(3, hook.count);
	EXPECT_EQ(4, hook.revision);
	EXPECT_EQ(prog_id(self->first), hook.prog_ids[0]);
	EXPECT_EQ(prog_id(self->owned), hook.prog_ids[1]);
	EXPECT_EQ(0, hook.prog_ids[2]);
	EXPECT_EQ(link_id(self->link), hook.link_ids[1]);
	EXPECT_EQ(0, hook.link_ids[2]);
	/* without a buffer only the count is asked for */
	EXPECT_EQ(0, hook_query_room(self->net.ifindex, self->type, &hook, 0));
	EXPECT_EQ(3, hook.count);
	EXPECT_EQ(4, hook.revision);
}

/* QUERY without some of the buffers: the others are written, if the ids of programs are */
TEST_F(refusals, query_without_some_of_the_buffers)
{
	__u32 written[4][3] = {
		{ prog_id(self->first), prog_id(self->owned), prog_id(self->last) },
		{ 0, link_id(self->link), 0 },
		{ 0, 0, 0 }, { 0, 0, 0 },
	};
	__u32 all[4][3], untouched[3];
	union bpf_attr attr;
	int given, i;

	memset(untouched, 0xff, sizeof(untouched));
	for (given = 0; given < 16; given++) {
		__u64 buffer[4] = {};

		for (i = 0; i < 4; i++)
			if (given & 1 << i)
				buffer[i] = (unsigned long)all[i];
		memset(all, 0xff, sizeof(all));
		memset(&attr, 0, sizeof(attr));
		attr.query.target_ifindex = self->net.ifindex;
		attr.query.attach_type = self->type;
		attr.query.count = 3;
		attr.query.prog_ids = buffer[0];
		attr.query.link_ids = buffer[1];
		attr.query.prog_attach_flags = buffer[2];
		attr.query.link_attach_flags = buffer[3];
		EXPECT_EQ(0, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
		EXPECT_EQ(3, attr.query.count);
		EXPECT_EQ(4, attr.query.revision);
		for (i = 0; i < 4; i++) {
			EXPECT_EQ(0, memcmp(all[i], given & 1 && given & 1 << i ?
						    written[i] : untouched,
					    sizeof(all[i])))
				TH_LOG("buffer %d of those in %#x", i, given);
		}
	}
}

/* QUERY with a buffer that is not the user's memory: EFAULT */
TEST_F(refusals, query_into_a_bad_buffer)
{
	/* nothing is mapped there; and the kernel's half of the addresses */
	static const __u64 bad[] = { 8, 1ULL << 63 };
	__u32 ids[3];
	size_t i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < 4; j++) {
			union bpf_attr attr = {
				.query.target_ifindex = self->net.ifindex,
				.query.attach_type = self->type,
				.query.count = 3,
				.query.prog_ids = (unsigned long)ids,
			};
			__u64 *buffers[] = {
				(void *)&attr.query.prog_ids,
				(void *)&attr.query.link_ids,
				(void *)&attr.query.prog_attach_flags,
				(void *)&attr.query.link_attach_flags,
			};

			*buffers[j] = bad[i];
			EXPECT_EQ(-EFAULT, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)))
				TH_LOG("buffer %zu at %#llx", j, bad[i]);
		}
	}
}

/* QUERY without CAP_NET_ADMIN: EPERM */
TEST_F(refusals, query_without_cap_net_admin)
{
	struct hook hook;
	int status, ret;
	pid_t pid;

	/* if it is 1 or 2, some trees refuse bpf(2) before they look at the command */
	SET_UNPRIVILEGED_BPF(0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setuid(65534))
			_exit(255);
		ret = hook_query(self->net.ifindex, self->type, &hook);
		_exit(ret < 0 ? -ret : 254);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	restore_unprivileged_bpf();
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
}

/* ---- two mistakes at once: which errno? answers.c tries all combinations ---- */

/* loaders look for EEXIST: "my program is already there" */
TEST_F(refusals, program_that_is_there_and_a_bad_relative_object)
{
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_BEFORE, BAD_FD);
	EXPECT_ATTACH(EEXIST, self->owned, BPF_F_AFTER, self->stranger);
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_AFTER, self->xdp);
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_BEFORE | BPF_F_ID, BAD_ID);
	EXPECT_ATTACH(EEXIST, self->owned, BPF_F_BEFORE | BPF_F_LINK, BAD_FD);
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_BEFORE | BPF_F_LINK);
	EXPECT_ATTACH(EEXIST, self->first, 0, self->last);
	EXPECT_ATTACH(EEXIST, self->owned, BPF_F_LINK, self->link);
	EXPECT_ATTACH(EEXIST, self->first, BPF_F_ID);
	EXPECT_EQ(-EEXIST, REPLACE(self->last, self->first, BPF_F_BEFORE, BAD_FD));
	EXPECT_EQ(-EEXIST, REPLACE(self->stranger, self->first, 0));
}

/* BPF_F_LINK with 0 never names a link, whatever fd 0 is: EINVAL */
TEST_F(refusals, relative_link_that_is_fd_0)
{
	ASSERT_EQ(0, dup2(self->link, 0));
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE | BPF_F_LINK);
	EXPECT_EQ(-EINVAL, DETACH(0, BPF_F_AFTER | BPF_F_LINK));
	close(0);
	EXPECT_ATTACH(EINVAL, self->prog, BPF_F_BEFORE | BPF_F_LINK);
}

TEST_F(refusals, replace_of_a_links_program_in_another_place)
{
	EXPECT_EQ(-EBUSY, REPLACE(self->owned, self->prog, BPF_F_BEFORE));
	EXPECT_EQ(-EBUSY, REPLACE(self->owned, self->prog, BPF_F_AFTER, self->last));
	EXPECT_EQ(-EBUSY, REPLACE(self->owned, self->prog, BPF_F_AFTER, self->stranger));
	EXPECT_EQ(-ENOENT, REPLACE(self->stranger, self->prog, BPF_F_BEFORE,
				   self->prog));
}

TEST_F(refusals, a_64th_program_beside_one_that_is_not_there)
{
	int hook = on_empty_hook(self->type), i;

	for (i = 0; i < 63; i++)
		ASSERT_EQ(0, prog_attach(load_verdict(TC_ACT_UNSPEC),
					 self->net.ifindex, hook, LAST));
	EXPECT_EQ(-ERANGE, prog_attach(self->prog, self->net.ifindex, hook,
				       AT(BPF_F_BEFORE, self->stranger)));
	EXPECT_EQ(-ERANGE, link_create(self->prog, self->net.ifindex, hook,
				       AT(BPF_F_AFTER | BPF_F_LINK, self->link)));
	EXPECT_EQ(-EBADF, prog_attach(self->prog, self->net.ifindex, hook,
				      AT(BPF_F_BEFORE, BAD_FD)));
}

TEST_F(refusals, query_with_flags_and_no_device)
{
	union bpf_attr attr = {};

	attr.query.target_ifindex = NO_IFINDEX;
	attr.query.attach_type = self->type;
	attr.query.query_flags = BPF_F_QUERY_EFFECTIVE;
	EXPECT_EQ(-ENODEV, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
	attr.query.query_flags = 0;
	attr.query.attach_flags = 1;
	EXPECT_EQ(-ENODEV, sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)));
}

TEST_F(refusals, detach_on_an_empty_hook_with_other_mistakes)
{
	int hook = on_empty_hook(self->type);

	EXPECT_EQ(-ENOENT, prog_detach(0, self->net.ifindex, hook, AT(BPF_F_REPLACE)));
	EXPECT_EQ(-ENOENT, prog_detach(self->first, self->net.ifindex, hook,
				       AT(BPF_F_BEFORE | BPF_F_REPLACE, BAD_FD)));
	EXPECT_EQ(-ENOENT, prog_detach(0, self->net.ifindex, hook, AT(.revision = 7)));
}

TEST_HARNESS_MAIN
