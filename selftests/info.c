// SPDX-License-Identifier: GPL-2.0
/* What the kernel, fdinfo and bpftool report about a link. */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "letters.skel.h"

FIXTURE(info) {
	struct net net;
	struct letters_bpf *skel;
	int type;
	int link;
	__u32 prog_id, link_id;
	const char *name;	/* the name of the direction */
};

FIXTURE_ON_BOTH_SIDES(info);

FIXTURE_SETUP(info)
{
	int prog;

	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = letters_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->type = variant->type;
	self->name = self->type == INGRESS ? "ingress" : "egress";
	prog = bpf_program__fd(self->skel->progs.prog_a);
	self->link = link_create(prog, self->net.ifindex, self->type, LAST);
	ASSERT_LE(0, self->link);
	self->prog_id = prog_id(prog);
	self->link_id = link_id(self->link);
}

FIXTURE_TEARDOWN(info)
{
	letters_bpf__destroy(self->skel);
}

TEST_F(info, numbers_are_mainlines)
{
	/* the numbers stand here, so that no header can change them */
	EXPECT_EQ(46, BPF_TCX_INGRESS);
	EXPECT_EQ(47, BPF_TCX_EGRESS);
	EXPECT_EQ(11, BPF_LINK_TYPE_TCX);
	EXPECT_EQ(1 << 2, BPF_F_REPLACE);
	EXPECT_EQ(1 << 3, BPF_F_BEFORE);
	EXPECT_EQ(1 << 4, BPF_F_AFTER);
	EXPECT_EQ(1 << 5, BPF_F_ID);
	EXPECT_EQ(1 << 13, BPF_F_LINK);
	EXPECT_EQ(-1, TCX_NEXT);
	EXPECT_EQ(0, TCX_PASS);
	EXPECT_EQ(2, TCX_DROP);
	EXPECT_EQ(7, TCX_REDIRECT);
}

TEST_F(info, layout_is_mainlines)
{
	EXPECT_EQ(0, offsetof(union bpf_attr, target_ifindex));
	EXPECT_EQ(4, offsetof(union bpf_attr, attach_bpf_fd));
	EXPECT_EQ(8, offsetof(union bpf_attr, attach_type));
	EXPECT_EQ(12, offsetof(union bpf_attr, attach_flags));
	EXPECT_EQ(16, offsetof(union bpf_attr, replace_bpf_fd));
	EXPECT_EQ(20, offsetof(union bpf_attr, relative_fd));
	EXPECT_EQ(20, offsetof(union bpf_attr, relative_id));
	EXPECT_EQ(24, offsetof(union bpf_attr, expected_revision));
	EXPECT_EQ(4, offsetof(union bpf_attr, link_create.target_ifindex));
	EXPECT_EQ(16, offsetof(union bpf_attr, link_create.tcx.relative_fd));
	EXPECT_EQ(16, offsetof(union bpf_attr, link_create.tcx.relative_id));
	EXPECT_EQ(24, offsetof(union bpf_attr, link_create.tcx.expected_revision));
	EXPECT_EQ(0, offsetof(union bpf_attr, query.target_ifindex));
	EXPECT_EQ(24, offsetof(union bpf_attr, query.prog_cnt));
	EXPECT_EQ(24, offsetof(union bpf_attr, query.count));
	EXPECT_EQ(32, offsetof(union bpf_attr, query.prog_attach_flags));
	EXPECT_EQ(40, offsetof(union bpf_attr, query.link_ids));
	EXPECT_EQ(48, offsetof(union bpf_attr, query.link_attach_flags));
	EXPECT_EQ(56, offsetof(union bpf_attr, query.revision));
	EXPECT_EQ(16, offsetof(struct bpf_link_info, tcx.ifindex));
	EXPECT_EQ(20, offsetof(struct bpf_link_info, tcx.attach_type));
}

TEST_F(info, by_fd)
{
	struct bpf_link_info info;

	ASSERT_EQ(0, obj_info(self->link, &info, sizeof(info)));
	EXPECT_EQ(BPF_LINK_TYPE_TCX, info.type);
	EXPECT_EQ(self->prog_id, info.prog_id);
	EXPECT_EQ((__u32)self->net.ifindex, info.tcx.ifindex);
	EXPECT_EQ((__u32)self->type, info.tcx.attach_type);

	ASSERT_EQ(0, link_detach(self->link));
	ASSERT_EQ(0, obj_info(self->link, &info, sizeof(info)));
	EXPECT_EQ(0, info.tcx.ifindex);
	EXPECT_EQ((__u32)self->type, info.tcx.attach_type);
}

TEST_F(info, follows_an_update)
{
	int prog = bpf_program__fd(self->skel->progs.prog_b);
	struct bpf_link_info info;

	ASSERT_EQ(0, link_update(self->link, prog, 0, 0));
	ASSERT_EQ(0, obj_info(self->link, &info, sizeof(info)));
	EXPECT_EQ(prog_id(prog), info.prog_id);
}

TEST_F(info, is_found_by_id)
{
	union bpf_attr attr = {};
	struct bpf_link_info info;
	int fd;

	attr.link_id = self->link_id;
	fd = sys_bpf(BPF_LINK_GET_FD_BY_ID, &attr, sizeof(attr));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, obj_info(fd, &info, sizeof(info)));
	EXPECT_EQ(self->link_id, info.id);
	/* this fd is as good as the first */
	close(self->link);
	EXPECT_EQ(1, hook_count(self->net.ifindex, self->type));
	EXPECT_EQ(0, link_detach(fd));
	EXPECT_EQ(0, hook_count(self->net.ifindex, self->type));
}

/* The lines of a link's fdinfo, from link_type: on */
static char *fdinfo(int link)
{
	char *all = output_of("cat /proc/%d/fdinfo/%d", getpid(), link);

	return all ? strstr(all, "link_type:") : NULL;
}

/* Are those the lines that a link of any type has, with the id and the tag of @prog? */
static bool fdinfo_begins(const char *got, const char *type, int link, int prog)
{
	struct bpf_prog_info info;
	const __u8 *tag = info.tag;
	char expected[256];

	if (!got || obj_info(prog, &info, sizeof(info)))
		return false;
	snprintf(expected, sizeof(expected), "link_type:\t%s\nlink_id:\t%u\n"
		 "prog_tag:\t%02x%02x%02x%02x%02x%02x%02x%02x\nprog_id:\t%u\n", type,
		 link_id(link), tag[0], tag[1], tag[2], tag[3], tag[4], tag[5], tag[6], tag[7],
		 info.id);
	return !strncmp(got, expected, strlen(expected));
}

TEST_F(info, fdinfo_is_mainlines)
{
	int prog_a = bpf_program__fd(self->skel->progs.prog_a);
	int prog_b = bpf_program__fd(self->skel->progs.prog_b);
	char expected[256], *got = fdinfo(self->link), *at;
	struct bpf_prog_info a, b;

	ASSERT_NE(NULL, got);
	EXPECT_TRUE(fdinfo_begins(got, "tcx", self->link, prog_a)) TH_LOG("fdinfo is: %s", got);
	/* the link's own lines are the last two */
	snprintf(expected, sizeof(expected), "\nifindex:\t%u\nattach_type:\t%u (%s)\n",
		 self->net.ifindex, self->type, self->name);
	at = strstr(got, expected);
	ASSERT_NE(NULL, at) TH_LOG("fdinfo is: %s", got);
	EXPECT_EQ(strlen(expected), strlen(at));

	/* a program with another tag */
	ASSERT_EQ(0, obj_info(prog_a, &a, sizeof(a)));
	ASSERT_EQ(0, obj_info(prog_b, &b, sizeof(b)));
	EXPECT_NE(0, memcmp(a.tag, b.tag, sizeof(a.tag)));
	ASSERT_EQ(0, link_update(self->link, prog_b, 0, 0));
	got = fdinfo(self->link);
	EXPECT_TRUE(fdinfo_begins(got, "tcx", self->link, prog_b)) TH_LOG("fdinfo is: %s", got);
}

/* The same code of the kernel prints what all links have in common */
TEST_F(info, fdinfo_of_another_link)
{
	int prog = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
	int link = link_create(prog, if_nametoindex("lo"), BPF_XDP, LAST);
	char *got;

	ASSERT_LE(0, link);
	got = fdinfo(link);
	EXPECT_TRUE(fdinfo_begins(got, "xdp", link, prog)) TH_LOG("fdinfo is: %s", got);
}

TEST_F(info, fdinfo_of_a_detached_link)
{
	char expected[256], *got;

	ASSERT_EQ(0, link_detach(self->link));
	got = fdinfo(self->link);
	ASSERT_NE(NULL, got);
	snprintf(expected, sizeof(expected), "\nifindex:\t0\nattach_type:\t%u (%s)\n",
		 self->type, self->name);
	EXPECT_NE(NULL, strstr(got, expected)) TH_LOG("fdinfo is: %s", got);
}

TEST_F(info, bpftool_link_shows_it)
{
	char expected[256], *got;

	got = output_of("bpftool link show");
	ASSERT_NE(NULL, got);
	snprintf(expected, sizeof(expected), "%u: tcx  prog %u  \n"
		 "\tifindex " HERE_DEV "(%u)  attach_type tcx_%s", self->link_id,
		 self->prog_id, self->net.ifindex, self->name);
	EXPECT_NE(NULL, strstr(got, expected)) TH_LOG("%s, not %s", got, expected);

	got = output_of("bpftool -j link show");
	ASSERT_NE(NULL, got);
	snprintf(expected, sizeof(expected),
		 "{\"id\":%u,\"type\":\"tcx\",\"prog_id\":%u,\"devname\":\"" HERE_DEV
		 "\",\"ifindex\":%u,\"attach_type\":\"tcx_%s\"",
		 self->link_id, self->prog_id, self->net.ifindex, self->name);
	EXPECT_NE(NULL, strstr(got, expected)) TH_LOG("%s, not %s", got, expected);
}

TEST_F(info, bpftool_net_shows_it)
{
	char expected[256], *got;

	got = output_of("bpftool net show dev " HERE_DEV);
	ASSERT_NE(NULL, got);
	snprintf(expected, sizeof(expected),
		 "\n" HERE_DEV "(%u) tcx/%s prog_a prog_id %u link_id %u",
		 self->net.ifindex, self->name, self->prog_id, self->link_id);
	EXPECT_NE(NULL, strstr(got, expected)) TH_LOG("%s", got);

	got = output_of("bpftool -j net show dev " HERE_DEV);
	ASSERT_NE(NULL, got);
	snprintf(expected, sizeof(expected),
		 "{\"devname\":\"" HERE_DEV "\",\"ifindex\":%u,\"kind\":\"tcx/%s\","
		 "\"name\":\"prog_a\"", self->net.ifindex, self->name);
	EXPECT_NE(NULL, strstr(got, expected)) TH_LOG("%s", got);
}

TEST_HARNESS_MAIN
