// SPDX-License-Identifier: GPL-2.0
/* "bpftool link show" and "link update". */
#include "../kselftest_harness.h"
#include "bpftool_test.h"

/* ---- link show ---- */

TEST_F(bpftool, link_shows_device_and_direction)
{
	char expected[512];
	int in, out;

	in = LINK(self->first, INGRESS);
	out = LINK(self->second, EGRESS);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);

	snprintf(expected, sizeof(expected),
		 "%u: tcx  prog %u  \n\tifindex tc0(%d)  attach_type tcx_ingress  ",
		 link_id(in), self->first_id, IFINDEX);
	EXPECT_EQ(0, BPFTOOL("link"));
	EXPECT_TRUE(says(expected));
	snprintf(expected, sizeof(expected),
		 "%u: tcx  prog %u  \n\tifindex tc0(%d)  attach_type tcx_egress  ",
		 link_id(out), self->second_id, IFINDEX);
	EXPECT_TRUE(says(expected));

	EXPECT_EQ(0, json_is("link", "[.[] | select(.id == (%u, %u)) | del(.pids)] =="
		" [{id: %u, type: \"tcx\","
		" prog_id: %u, devname: \"tc0\", ifindex: %d, attach_type: \"tcx_ingress\"},"
		" {id: %u, type: \"tcx\", prog_id: %u, devname: \"tc0\", ifindex: %d,"
		" attach_type: \"tcx_egress\"}]",
		link_id(in), link_id(out),
		link_id(in), self->first_id, IFINDEX,
		link_id(out), self->second_id, IFINDEX));
}

TEST_F(bpftool, link_shows_where_it_is_pinned_and_who_holds_it)
{
	char args[64];
	int link;

	link = PINNED_LINK(self->first, "a");
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, FS "b"));

	EXPECT_EQ(0, BPFTOOL("-f link show id %u", link_id(link)));
	EXPECT_TRUE(says("\n\tpinned " FS "a\n"));
	EXPECT_TRUE(says("\n\tpinned " FS "b\n"));
	snprintf(args, sizeof(args), "(%d)\n", getpid());
	EXPECT_TRUE(says("\n\tpids bpftool_link("));
	EXPECT_TRUE(says(args));

	/* each is listed twice if a bpffs is mounted over another */
	snprintf(args, sizeof(args), "-f link show id %u", link_id(link));
	EXPECT_EQ(0, json_is(args, "(.pinned | unique) == [\"" FS "a\", \"" FS "b\"]"
			     " and ([.pids[].pid] == [%d])", getpid()));
}

TEST_F(bpftool, link_without_its_device_is_detached)
{
	int gone, detached;

	ASSERT_EQ(0, run("ip link add gone type veth peer name gone1"));
	gone = link_create(self->first, if_nametoindex("gone"), INGRESS, LAST);
	detached = LINK(self->second, INGRESS);
	ASSERT_LE(0, gone);
	ASSERT_LE(0, detached);
	ASSERT_EQ(0, run("ip link del gone"));
	ASSERT_EQ(0, BPFTOOL("link detach id %u", link_id(detached)));

	EXPECT_EQ(0, BPFTOOL("link show id %u", link_id(gone)));
	EXPECT_TRUE(says("\n\tifindex (detached)  attach_type tcx_ingress  "));
	EXPECT_EQ(0, json_is("link", "[.[] | select(.id == (%u, %u)) | [.devname, .ifindex]]"
			     " == [[\"(detached)\", 0], [\"(detached)\", 0]]",
			     link_id(gone), link_id(detached)));
}

TEST_F(bpftool, link_of_another_netns_has_no_name_here)
{
	int link;

	ASSERT_EQ(0, run("ip link add far index 4711 type veth peer name far1"));
	link = link_create(self->first, 4711, INGRESS, LAST);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	EXPECT_EQ(0, BPFTOOL("link show id %u", link_id(link)));
	EXPECT_TRUE(says("\n\tifindex (unknown)  attach_type tcx_ingress  "));
	EXPECT_EQ(0, json_is("link", "[.[] | select(.id == %u) | [.devname, .ifindex]]"
			     " == [[\"(unknown)\", 4711]]", link_id(link)));
}

TEST_F(bpftool, link_show_takes_a_plain_number)
{
	char expected[64];
	int link, other;

	link = LINK(self->first, INGRESS);
	other = LINK(self->second, INGRESS);
	ASSERT_LE(0, link);
	ASSERT_LE(0, other);
	snprintf(expected, sizeof(expected), "%u: tcx  prog %u  ", link_id(link),
		 self->first_id);
	EXPECT_EQ(0, BPFTOOL("link show %u", link_id(link)));
	EXPECT_EQ(0, strncmp(printed, expected, strlen(expected)));
	EXPECT_EQ(NULL, strstr(printed + strlen(expected), ": tcx"));
	EXPECT_NE(0, BPFTOOL("link show 4000000000"));
	EXPECT_TRUE(says("No such file or directory"));
	/* a number is decimal, and not cut off */
	EXPECT_NE(0, BPFTOOL("link show 09999999"));
	EXPECT_TRUE(says("No such file or directory"));
	EXPECT_NE(0, BPFTOOL("link show %llu", (1ULL << 32) + link_id(link)));
	EXPECT_TRUE(says("no link has an ID as large as 4294967"));
	EXPECT_NE(0, BPFTOOL("link show tc0"));
	EXPECT_TRUE(says("expected 'id', 'pinned' or 'dev' with its value, or a number,"
			 " got: 'tc0'?"));
}

TEST_F(bpftool, link_shows_those_of_a_device)
{
	int in, out, other, far, xdp;

	in = LINK(self->first, INGRESS);
	out = LINK(self->second, EGRESS);
	ASSERT_EQ(0, run("ip link add other type veth peer name other1"));
	other = link_create(self->first, if_nametoindex("other"), INGRESS, LAST);
	xdp = link_create(bpf_program__fd(self->skel->progs.pass), IFINDEX, BPF_XDP,
			  AT(.flags = 2));
	/* the same index in another netns is another device */
	ASSERT_EQ(0, setns(self->net.there_ns, CLONE_NEWNET));
	ASSERT_EQ(0, run("ip link | grep -q '^%d: ' ||"
			 " ip link add same index %d type veth peer name same1",
			 IFINDEX, IFINDEX));
	far = link_create(self->third, IFINDEX, INGRESS, LAST);
	ASSERT_EQ(0, setns(self->net.here_ns, CLONE_NEWNET));
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	ASSERT_LE(0, other);
	ASSERT_LE(0, far);
	ASSERT_LE(0, xdp);

	EXPECT_EQ(0, json_is("link show dev tc0", "[.[].id] == ([%u, %u, %u] | sort)",
			     link_id(in), link_id(out), link_id(xdp)));
	EXPECT_EQ(0, json_is("link show dev other", "[.[].id] == [%u]", link_id(other)));
	EXPECT_EQ(0, json_is("link show dev lo", ". == []"));
	/* nor has it a name here */
	EXPECT_EQ(0, json_is("link", "[.[] | select(.id == %u or .id == %u) | .devname] =="
			     " [\"tc0\", \"(unknown)\"]", link_id(in), link_id(far)));
	EXPECT_NE(0, BPFTOOL("link show dev nosuch"));
	EXPECT_TRUE(says("no such device: nosuch"));
	/* the device is forgotten before the next command */
	EXPECT_EQ(0, shell("printf 'link show dev lo\\nlink show\\n' | bpftool batch file - |"
			   " grep -q '^%u: '", link_id(in)));
}

/* ---- link update ---- */

TEST_F(bpftool, link_update_replaces_the_program)
{
	int link;

	ASSERT_EQ(0, ATTACH(self->third, INGRESS));
	link = link_create(self->first, IFINDEX, INGRESS, AT(.flags = BPF_F_BEFORE));
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, FS "link"));

	EXPECT_EQ(0, BPFTOOL("link update pinned link program pinned second"));
	EXPECT_STREQ("", printed);
	EXPECT_TRUE(INGRESS_IS(self->second_id, self->third_id, 0));
	EXPECT_EQ(0, BPFTOOL("-j link update id %u program id %u old id %u", link_id(link),
			     self->first_id, self->second_id));
	EXPECT_STREQ("null\n", printed);
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->third_id, 0));
}

TEST_F(bpftool, link_update_with_another_old_program_changes_nothing)
{
	char expected[128];
	int link;

	link = PINNED_LINK(self->first, "link");
	ASSERT_LE(0, link);
	snprintf(expected, sizeof(expected), "link update failed: the link has program %u,"
		 " not program %u: nothing was changed", self->first_id, self->third_id);
	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned second old pinned third"));
	EXPECT_TRUE(says(expected));
	EXPECT_EQ(0, json_is("link update pinned link program pinned second old pinned third",
			     ".error == \"%s\"", expected));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
}

TEST_F(bpftool, link_update_says_why_it_was_refused)
{
	int xdp = bpf_program__fd(self->skel->progs.pass), link;

	ASSERT_EQ(0, bpf_obj_pin(xdp, FS "xdp"));
	ASSERT_EQ(0, ATTACH(self->third, INGRESS));
	link = PINNED_LINK(self->first, "link");
	ASSERT_LE(0, link);

	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned third"));
	EXPECT_TRUE(says("File exists -- the program is attached there already"));
	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned xdp"));
	EXPECT_TRUE(says("Invalid argument -- not a program of the link's type"));
	EXPECT_NE(0, BPFTOOL("link update pinned link program name nosuch"));
	EXPECT_TRUE(says("there is no program with the name 'nosuch'"));
	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned second old tag"
			     " 0123456789abcdef"));
	EXPECT_TRUE(says("there is no program with the tag '0123456789abcdef'"));
	EXPECT_NE(0, BPFTOOL("link update pinned link pinned second x"));
	EXPECT_TRUE(says("expected 'program' and a program, got: 'pinned'?"));
	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned second new"));
	EXPECT_TRUE(says("expected 'old' and a program, or nothing, got: 'new'?"));
	EXPECT_NE(0, BPFTOOL("link update pinned first program pinned second"));
	EXPECT_TRUE(INGRESS_IS(self->third_id, self->first_id, 0));

	ASSERT_EQ(0, BPFTOOL("link detach pinned link"));
	EXPECT_NE(0, BPFTOOL("link update pinned link program pinned second"));
	EXPECT_TRUE(says("-- the link is detached, or its device is gone"));
}

TEST_HARNESS_MAIN
