// SPDX-License-Identifier: GPL-2.0
/*
 * The new fields in bpf(2)'s attributes must not change other commands: those for other
 * program types refuse the bytes as they did before. And a tc program goes with its last holder.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"

FIXTURE(cgroup) {
	char path[64];
	int fd;
	int prog, other;
};

FIXTURE_SETUP(cgroup)
{
	/* one of the machine's hierarchy, which is mounted for this test alone */
	ASSERT_EQ(0, private_bpffs());
	ASSERT_EQ(0, mount("cgroup2", "/tmp", "cgroup2", 0, NULL));
	snprintf(self->path, sizeof(self->path), "/tmp/tc_link_%d", getpid());
	ASSERT_EQ(0, mkdir(self->path, 0755));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, self->fd);
	self->prog = load_verdict_as(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
				     1, 0);
	self->other = load_verdict_as(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS,
				      1, 0);
	ASSERT_LE(0, self->prog);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(cgroup)
{
	rmdir(self->path);
}

#define TYPE BPF_CGROUP_INET_EGRESS
#define ATTACH(...) prog_attach(self->prog, self->fd, TYPE, AT(__VA_ARGS__))
#define DETACH(...) prog_detach(self->prog, self->fd, TYPE, AT(__VA_ARGS__))

TEST_F(cgroup, attach_and_detach_work)
{
	EXPECT_EQ(0, ATTACH(BPF_F_ALLOW_MULTI));
	EXPECT_EQ(0, prog_attach(self->other, self->fd, TYPE,
				 AT(BPF_F_ALLOW_MULTI | BPF_F_REPLACE,
				    .replace_fd = self->prog)));
	EXPECT_EQ(0, prog_detach(self->other, self->fd, TYPE, LAST));
}

TEST_F(cgroup, attach_refuses_the_fields_of_tc)
{
	SKIP_ON_MAINLINE("a cgroup's programs are ordered in the same way");
	EXPECT_EQ(-EINVAL, ATTACH(0, .relative = self->other));
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_ALLOW_MULTI, .relative = self->other));
	EXPECT_EQ(-EINVAL, ATTACH(0, .revision = 1));
	EXPECT_EQ(-EINVAL, ATTACH(0, .relative = self->other, .revision = 1));
	EXPECT_EQ(0, ATTACH(0));
	EXPECT_EQ(0, DETACH(0));
}

TEST_F(cgroup, attach_refuses_the_flags_of_tc)
{
	SKIP_ON_MAINLINE("a cgroup's programs are ordered in the same way");
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_BEFORE));
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_AFTER));
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_ALLOW_MULTI | BPF_F_AFTER));
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_ID));
	EXPECT_EQ(-EINVAL, ATTACH(BPF_F_LINK));
	EXPECT_EQ(0, ATTACH(0));
	EXPECT_EQ(0, DETACH(0));
}

TEST_F(cgroup, detach_refuses_the_fields_of_tc)
{
	SKIP_ON_MAINLINE("a cgroup's programs are ordered in the same way");
	ASSERT_EQ(0, ATTACH(0));
	EXPECT_EQ(-EINVAL, DETACH(0, .relative = self->other));
	EXPECT_EQ(-EINVAL, DETACH(0, .revision = 1));
	EXPECT_EQ(0, DETACH(0));
}

/* Queries the cgroup, with the fields of @attr as well. Returns the number of programs. */
static int query(int fd, union bpf_attr attr)
{
	__u32 ids[8] = {};
	int ret;

	attr.query.target_fd = fd;
	attr.query.attach_type = TYPE;
	attr.query.prog_ids = (unsigned long)ids;
	attr.query.prog_cnt = 8;
	ret = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	return ret ?: (int)attr.query.prog_cnt;
}

#define QUERY(...) query(self->fd, (union bpf_attr){ __VA_ARGS__ })

TEST_F(cgroup, query_works)
{
	EXPECT_EQ(0, QUERY());
	ASSERT_EQ(0, ATTACH(0));
	EXPECT_EQ(1, QUERY());
	EXPECT_EQ(0, DETACH(0));
}

/* Linux 6.0 has added this field, with BPF_LSM_CGROUP; older kernels refuse it */
TEST_F(cgroup, query_knows_the_flags_of_programs_where_it_did)
{
	bool known = btf_has_name("BPF_LSM_CGROUP");
	__u32 flags[8] = {};

	ASSERT_EQ(0, ATTACH(BPF_F_ALLOW_MULTI));
	EXPECT_EQ(known ? 1 : -EINVAL, QUERY(.query.prog_attach_flags = (unsigned long)flags));
	EXPECT_EQ(known ? BPF_F_ALLOW_MULTI : 0, flags[0]);
	EXPECT_EQ(0, DETACH(0));
}

TEST_F(cgroup, query_refuses_the_fields_of_tc)
{
	__u32 out[8];

	SKIP_ON_MAINLINE("a cgroup's programs are ordered in the same way");
	ASSERT_EQ(0, ATTACH(0));
	EXPECT_EQ(-EINVAL, QUERY(.query.link_ids = (unsigned long)out));
	EXPECT_EQ(-EINVAL, QUERY(.query.link_attach_flags = (unsigned long)out));
	EXPECT_EQ(-EINVAL, QUERY(.query.revision = 1));
	EXPECT_EQ(0, DETACH(0));
}

TEST_F(cgroup, link_works)
{
	struct bpf_link_info info;
	int link;

	link = link_create(self->prog, self->fd, TYPE, LAST);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, link_update(link, self->other, BPF_F_REPLACE, self->prog));
	ASSERT_EQ(0, obj_info(link, &info, sizeof(info)));
	EXPECT_EQ(BPF_LINK_TYPE_CGROUP, info.type);
	EXPECT_EQ(prog_id(self->other), info.prog_id);
	EXPECT_EQ(0, link_detach(link));
}

TEST_F(cgroup, link_refuses_the_flags_of_tc)
{
	SKIP_ON_MAINLINE("a cgroup's programs are ordered in the same way");
	EXPECT_EQ(-EINVAL, link_create(self->prog, self->fd, TYPE, AT(BPF_F_BEFORE)));
	EXPECT_EQ(-EINVAL, link_create(self->prog, self->fd, TYPE, AT(BPF_F_AFTER)));
	EXPECT_LE(0, link_create(self->prog, self->fd, TYPE, LAST));
}

/* Links of other types, on a device and on a network namespace */
FIXTURE(link) {
	int prog, other;
	int link;
	__u32 target;		/* as it is reported */
};

FIXTURE_VARIANT(link) {
	int prog_type, attach_type, link_type, verdict;
	const char *fdinfo;
};

FIXTURE_VARIANT_ADD(link, xdp) {
	.prog_type = BPF_PROG_TYPE_XDP,
	.attach_type = BPF_XDP,
	.link_type = BPF_LINK_TYPE_XDP,
	.verdict = XDP_PASS,
	.fdinfo = "ifindex",
};

FIXTURE_VARIANT_ADD(link, netns) {
	.prog_type = BPF_PROG_TYPE_SK_LOOKUP,
	.attach_type = BPF_SK_LOOKUP,
	.link_type = BPF_LINK_TYPE_NETNS,
	.verdict = SK_PASS,
	.fdinfo = "netns_ino",
};

FIXTURE_SETUP(link)
{
	int netns = new_netns();
	struct stat st;

	ASSERT_LE(0, netns);
	ASSERT_EQ(0, fstat(netns, &st));
	self->prog = load_verdict_as(variant->prog_type, variant->attach_type,
				     variant->verdict, 0);
	self->other = load_verdict_as(variant->prog_type, variant->attach_type,
				      variant->verdict, 0);
	ASSERT_LE(0, self->prog);
	ASSERT_LE(0, self->other);
	self->target = variant->attach_type == BPF_XDP ? if_nametoindex("lo") : st.st_ino;
	self->link = link_create(self->prog, variant->attach_type == BPF_XDP ? self->target : netns,
				 variant->attach_type, LAST);
	ASSERT_LE(0, self->link);
}

FIXTURE_TEARDOWN(link)
{
	__u32 id = link_id(self->link);

	ASSERT_NE(0, id);
	EXPECT_EQ(0, close(self->link));
	EXPECT_TRUE(EVENTUALLY(!link_exists(id)));
}

/* Is the link reported with this program and this target? */
#define IS(prog, target) ({							\
	struct bpf_link_info info_;						\
										\
	!obj_info(self->link, &info_, sizeof(info_)) &&				\
	info_.type == variant->link_type && info_.prog_id == prog_id(prog) &&	\
	(info_.type == BPF_LINK_TYPE_XDP ? info_.xdp.ifindex :			\
	 info_.netns.netns_ino) == (target) &&					\
	!run("grep -qx '%s:\t%u' /proc/%d/fdinfo/%d", variant->fdinfo, target,	\
	     getpid(), self->link);						\
})

TEST_F(link, update_works)
{
	EXPECT_TRUE(IS(self->prog, self->target));
	EXPECT_EQ(-EPERM, link_update(self->link, self->other, BPF_F_REPLACE, self->other));
	EXPECT_TRUE(IS(self->prog, self->target));
	EXPECT_EQ(0, link_update(self->link, self->other, BPF_F_REPLACE, self->prog));
	EXPECT_TRUE(IS(self->other, self->target));
	EXPECT_EQ(0, link_update(self->link, self->prog, 0, 0));
	EXPECT_TRUE(IS(self->prog, self->target));
}

TEST_F(link, detach_works)
{
	EXPECT_EQ(0, link_detach(self->link));
	EXPECT_TRUE(IS(self->prog, 0));
	EXPECT_EQ(-ENOLINK, link_update(self->link, self->other, 0, 0));
	EXPECT_EQ(0, link_detach(self->link));
}

/* The id of the map that the program holds, or 0 */
static __u32 map_id(int prog)
{
	struct bpf_prog_info info = {};
	union bpf_attr attr = {};
	__u32 id = 0;

	info.nr_map_ids = 1;
	info.map_ids = (unsigned long)&id;
	attr.info.bpf_fd = prog;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ? 0 : id;
}

static bool map_exists(__u32 id)
{
	union bpf_attr attr = { .map_id = id };
	int fd = sys_bpf(BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Its id goes at once, as that of any program; its map once no packet can run it */
TEST(a_tc_program_goes_with_its_last_holder)
{
	int prog = load_verdict(TC_ACT_UNSPEC);
	__u32 id, held_id;

	ASSERT_LE(0, prog);
	id = prog_id(prog);
	held_id = map_id(prog);
	EXPECT_TRUE(prog_exists(id));
	EXPECT_TRUE(map_exists(held_id));
	close(prog);
	EXPECT_FALSE(prog_exists(id));
	EXPECT_TRUE(EVENTUALLY(!map_exists(held_id)));
}

/* Unused numbers of attach types stay unused */
TEST(other_attach_types_are_refused)
{
	int prog = load_verdict(TC_ACT_UNSPEC), type;

	ASSERT_LE(0, prog);
	for (type = 0; type < 64; type++) {
		/* 54 and 55 are mainline's netkit */
		if (type == INGRESS || type == EGRESS || type == 54 || type == 55)
			continue;
		/* the target is an ifindex, then a bad fd */
		ASSERT_GT(0, prog_attach(prog, if_nametoindex("lo"), type, LAST));
		ASSERT_GT(0, prog_detach(prog, if_nametoindex("lo"), type, LAST));
	}
	EXPECT_EQ(-EINVAL, prog_attach(prog, 1, 1000, LAST));
	EXPECT_EQ(-EINVAL, prog_detach(prog, 1, 1000, LAST));
	EXPECT_EQ(-EINVAL, link_create(prog, 1, 1000, LAST));
	/* shows that the type was the reason */
	ASSERT_EQ(0, prog_attach(prog, if_nametoindex("lo"), INGRESS, LAST));
	EXPECT_EQ(0, prog_detach(prog, if_nametoindex("lo"), INGRESS, LAST));
}

TEST_HARNESS_MAIN
