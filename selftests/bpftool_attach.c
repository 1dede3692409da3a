// SPDX-License-Identifier: GPL-2.0
/* "bpftool net attach" and "net detach" change exactly what they were told to. */
#include "../kselftest_harness.h"
#include "bpftool_test.h"

/* ---- net attach ---- */

static int load_named(const char *name, int verdict)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {};

	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = (unsigned long)insns;
	attr.insn_cnt = 2;
	attr.license = (unsigned long)"GPL";
	memcpy(attr.prog_name, name, strlen(name));
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

TEST_F(bpftool, attach_adds_a_program_where_it_is_told)
{
	int link;

	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress id %u dev tc0", self->second_id));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->second_id, 0));
	EXPECT_EQ(0, BPFTOOL("-j net attach tcx_ingress pinned third dev tc0 prepend"));
	EXPECT_STREQ("null\n", printed);
	EXPECT_TRUE(INGRESS_IS(self->third_id, self->first_id, self->second_id));

	EXPECT_EQ(0, BPFTOOL("net detach tcx_ingress pinned third dev tc0"));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned third dev tc0 before pinned second"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->third_id, self->second_id));
	EXPECT_EQ(0, BPFTOOL("net detach tcx_ingress pinned third dev tc0"));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned third dev tc0 after id %u",
			     self->first_id));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->third_id, self->second_id));

	/* next to a link, which is given by its id and by its pin */
	link = LINK(self->first, EGRESS);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, FS "link"));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_egress pinned second dev tc0 before link id %u",
			     link_id(link)));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_egress pinned third dev tc0 before pinned link"));
	EXPECT_TRUE(hook_is(IFINDEX, EGRESS, self->second_id, self->third_id,
			    self->first_id));
}

/* The name or the tag of a program, which must be unique. */
TEST_F(bpftool, attach_and_detach_take_name_and_tag)
{
	char name[BPF_OBJ_NAME_LEN], tag[17];
	struct bpf_prog_info info;
	int i, prog;

	snprintf(name, sizeof(name), "n%d", getpid());
	prog = load_named(name, getpid());
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, obj_info(prog, &info, sizeof(info)));
	for (i = 0; i < 8; i++)
		sprintf(tag + 2 * i, "%02x", info.tag[i]);

	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress name %s dev tc0", name));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 before tag %s", tag));
	EXPECT_TRUE(INGRESS_IS(self->first_id, info.id, 0));
	EXPECT_EQ(0, BPFTOOL("net detach tcx_ingress name %s dev tc0", name));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
}

TEST_F(bpftool, attach_pins_a_link_that_owns_the_program)
{
	struct hook hook;

	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0"));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0"
			     " before pinned second pin link"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->second_id, 0));
	ASSERT_EQ(0, hook_query(IFINDEX, INGRESS, &hook));
	EXPECT_NE(0, hook.link_ids[0]);
	EXPECT_EQ(0, BPFTOOL("-f link show pinned link"));
	EXPECT_TRUE(says("pinned " FS "link"));
	EXPECT_EQ(0, unlink(FS "link"));
	EXPECT_TRUE(EVENTUALLY(INGRESS_IS(self->second_id, 0, 0)));
}

TEST_F(bpftool, attach_that_cannot_pin_leaves_nothing)
{
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 pin first"));
	EXPECT_TRUE(says("exist"));
	EXPECT_TRUE(EVENTUALLY(INGRESS_IS(0, 0, 0)));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 pin no/dir"));
	EXPECT_TRUE(EVENTUALLY(INGRESS_IS(0, 0, 0)));
	EXPECT_TRUE(says("no: No such file or directory"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 pin a.b"));
	EXPECT_TRUE(says("no name in a BPF file system may have a dot"));
	EXPECT_TRUE(EVENTUALLY(INGRESS_IS(0, 0, 0)));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 pin"));
	EXPECT_TRUE(INGRESS_IS(0, 0, 0));
}

/* If it attached first, it would report that. */
TEST_F(bpftool, attach_looks_at_the_pin_before_it_attaches)
{
	static const struct {
		const char *file, *error;
	} pins[] = {
		{ "first", "can't pin as first: File exists" },
		{ "dangling", "can't pin as dangling: File exists" },
		{ "a.b", "can't pin as a.b: no name in a BPF file system may have a dot" },
		{ "..", "can't pin as ..: no name in a BPF file system may have a dot" },
		{ "no/dir", "can't pin as no/dir: no: No such file or directory" },
		{ FS, "can't pin as '" FS "': the name of a file is missing" },
		{ "''", "can't pin as '': the name of a file is missing" },
		{ "$(printf %0256d 0)", ": File name too long" },
	};
	char args[128];
	int i;

	ASSERT_EQ(0, symlink("nowhere", FS "dangling"));
	for (i = 0; i < sizeof(pins) / sizeof(*pins); i++) {
		snprintf(args, sizeof(args),
			 "net attach tcx_ingress pinned first dev tc0 pin %s", pins[i].file);
		EXPECT_NE(0, with_failing_calls(ENOMEM, args));
		EXPECT_TRUE(says(pins[i].error));
	}
	EXPECT_TRUE(INGRESS_IS(0, 0, 0));
	EXPECT_EQ(0, unlink(FS "dangling"));
}

/* On another file system, bpftool would mount a BPF file system over the directory. */
TEST_F(bpftool, attach_pins_in_a_bpf_file_system_only)
{
	static const char cure[] = "is not in a BPF file system: take a file in /sys/fs/bpf,"
		" or mount one on an empty directory: 'mount -t bpf none DIR'";
	char *before;

	ASSERT_EQ(0, shell("rm -rf /tmp/pins && mkdir /tmp/pins && touch /tmp/pins/mine &&"
			   " cat /proc/mounts"));
	before = strdup(printed);
	ASSERT_NE(NULL, before);

	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0 pin /tmp/pins/link"));
	EXPECT_TRUE(says("/tmp/pins/link"));
	EXPECT_TRUE(says(cure));
	EXPECT_NE(0, shell("cd /tmp/pins && bpftool net attach tcx_ingress pinned " FS "first"
			   " dev tc0 pin link 2>&1"));
	EXPECT_TRUE(says(cure));
	EXPECT_EQ(0, json_is("net attach tcx_ingress pinned first dev tc0 pin /tmp/pins/link",
			     ".error | test(\"not in a BPF file system\")"));
	EXPECT_EQ(0, shell("ls /tmp/pins"));
	EXPECT_STREQ("mine\n", printed);
	EXPECT_EQ(0, shell("cat /proc/mounts"));
	EXPECT_STREQ(before, printed);
	EXPECT_TRUE(INGRESS_IS(0, 0, 0));
	EXPECT_EQ(0, shell("rm -r /tmp/pins"));
	free(before);
}

TEST_F(bpftool, what_is_not_found_is_named)
{
	static const struct {
		const char *args, *error;
	} commands[] = {
		{ "net attach tcx_ingress name nosuch dev tc0",
		  "there is no program with the name 'nosuch'" },
		{ "net attach tcx_ingress tag 0123456789abcdef dev tc0",
		  "there is no program with the tag '0123456789abcdef'" },
		{ "net attach tcx_ingress pinned first dev tc0 before name nosuch",
		  "there is no program with the name 'nosuch'" },
		{ "net attach tcx_ingress pinned first dev tc0 after tag 0123456789abcdef",
		  "there is no program with the tag '0123456789abcdef'" },
		{ "net detach tcx_egress name nosuch dev tc0",
		  "there is no program with the name 'nosuch'" },
		{ "prog show na nosuch",
		  "there is no program with the name 'nosuch'" },
		{ "prog dump xlated tag 0123456789abcdef",
		  "there is no program with the tag '0123456789abcdef'" },
		{ "net attach tcx_ingress pinned first dev nosuch",
		  "no such device: nosuch" },
		{ "net detach tcx_egress dev nosuch",
		  "no such device: nosuch" },
	};
	int i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		EXPECT_NE(0, BPFTOOL("%s", commands[i].args));
		EXPECT_TRUE(says(commands[i].error));
		EXPECT_EQ(0, json_is(commands[i].args, "keys == [\"error\"]"));
		EXPECT_TRUE(says(commands[i].error));
	}
	EXPECT_TRUE(INGRESS_IS(0, 0, 0));
}

/* bpftool accepts prefixes of its keywords. This one fits both sides. */
TEST_F(bpftool, a_side_is_not_guessed)
{
	ASSERT_EQ(0, ATTACH(self->second, INGRESS));
	EXPECT_NE(0, BPFTOOL("net attach tcx pinned first dev tc0"));
	EXPECT_TRUE(says("'tcx' is ambiguous: 'tcx_ingress' or 'tcx_egress'?"));
	EXPECT_NE(0, BPFTOOL("net detach tcx_ dev tc0"));
	EXPECT_TRUE(says("'tcx_' is ambiguous"));
	EXPECT_TRUE(INGRESS_IS(self->second_id, 0, 0));
	EXPECT_EQ(0, BPFTOOL("net attach tcx_e pinned first dev tc0"));
	EXPECT_TRUE(hook_is(IFINDEX, EGRESS, self->first_id, 0, 0));
}

TEST_F(bpftool, attach_says_why_it_was_refused)
{
	int xdp = bpf_program__fd(self->skel->progs.pass), link;

	ASSERT_EQ(0, bpf_obj_pin(xdp, FS "xdp"));
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));

	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned first dev tc0"));
	EXPECT_TRUE(says("attach failed: File exists -- the program is attached there already"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned xdp dev tc0"));
	EXPECT_TRUE(says("attach failed: Invalid argument -- not a tc program?"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0 after pinned third"));
	EXPECT_TRUE(says("the program named after 'before' or 'after' is not attached there"));
	link = LINK(self->third, EGRESS);
	ASSERT_LE(0, link);
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0 after link id %u",
			     link_id(link)));
	EXPECT_TRUE(says("the link named after 'before' or 'after' is not attached there"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0"
			     " prepend after pinned first"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0 after"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev tc0 sideways"));
	EXPECT_NE(0, BPFTOOL("net attach tcx_ingress pinned second dev"));
	EXPECT_EQ(0, json_is("net attach tcx_ingress pinned first dev tc0",
			     ".error | test(\"File exists\")"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
}

TEST_F(bpftool, attach_and_detach_say_what_the_kernel_lacks)
{
	static const char * const args[] = {
		"net attach tcx_ingress pinned first dev tc0",
		"net attach tcx_ingress pinned first dev tc0 pin link",
		"net detach tcx_ingress dev tc0",
		"net detach tcx_ingress pinned first dev tc0",
	};
	int i;

	for (i = 0; i < 4; i++) {
		EXPECT_NE(0, with_failing_calls(EINVAL, args[i]));
		EXPECT_TRUE(says(" failed: Invalid argument -- needs Linux 6.6,"
				 " or a kernel with CONFIG_NET_TC_LINK"));
	}
	EXPECT_NE(0, with_failing_calls(EPERM, args[0]));
	EXPECT_TRUE(says("attach failed: Operation not permitted"));
	EXPECT_NE(0, with_failing_calls(ERANGE, args[0]));
	EXPECT_TRUE(says("no more programs fit there"));
	EXPECT_TRUE(INGRESS_IS(0, 0, 0));
}

/* ---- net detach ---- */

TEST_F(bpftool, detach_removes_what_is_named_and_only_that)
{
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	ASSERT_EQ(0, ATTACH(self->second, INGRESS));
	ASSERT_EQ(0, ATTACH(self->third, INGRESS));
	ASSERT_EQ(0, ATTACH(self->second, EGRESS));

	EXPECT_EQ(0, BPFTOOL("-j net detach tcx_ingress id %u dev tc0", self->second_id));
	EXPECT_STREQ("null\n", printed);
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->third_id, 0));
	EXPECT_TRUE(hook_is(IFINDEX, EGRESS, self->second_id, 0, 0));

	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress pinned second dev tc0"));
	EXPECT_TRUE(says("the program is not attached there"));
	/* without stdin, the fd of the program would be 0, which means "no program" */
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress pinned second dev tc0 <&-"));
	/* an unknown word after the device is not ignored */
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress dev tc0 pinned first"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->third_id, 0));
}

TEST_F(bpftool, detach_without_a_name_removes_the_last)
{
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	ASSERT_EQ(0, ATTACH(self->second, INGRESS));
	EXPECT_EQ(0, BPFTOOL("net detach tcx_ingress dev tc0"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
	EXPECT_EQ(0, BPFTOOL("net detach tcx_ingress dev tc0"));
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress dev tc0"));
	EXPECT_TRUE(says("interface tcx_ingress detach failed: No such file or directory"));
}

TEST_F(bpftool, detach_leaves_links_to_link_detach)
{
	char hint[128];
	int link;

	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	link = LINK(self->second, INGRESS);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, FS "link"));
	snprintf(hint, sizeof(hint), "detach failed: Device or resource busy -- link %u"
		 " owns the program: see 'bpftool link detach id %u'",
		 link_id(link), link_id(link));

	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress dev tc0"));
	EXPECT_TRUE(says(hint));
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress pinned second dev tc0"));
	EXPECT_TRUE(says(hint));
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress pinned link dev tc0"));
	EXPECT_TRUE(says("this is a link, not a program: use 'bpftool link detach'"));
	EXPECT_NE(0, BPFTOOL("net detach tcx_ingress link id %u dev tc0", link_id(link)));
	EXPECT_TRUE(says("this is a link, not a program: use 'bpftool link detach'"));
	EXPECT_TRUE(INGRESS_IS(self->first_id, self->second_id, 0));

	EXPECT_EQ(0, BPFTOOL("link detach id %u", link_id(link)));
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
}

TEST_HARNESS_MAIN
