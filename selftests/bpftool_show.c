// SPDX-License-Identifier: GPL-2.0
/* What "bpftool net show" and "bpftool feature" print on a real kernel. */
#include <linux/capability.h>
#include <sys/ioctl.h>

#include "../kselftest_harness.h"
#include "bpftool_test.h"

/* ---- net show ---- */

/* The lines between "tc:" and the next empty line */
static const char *tc_section(void)
{
	char *from = strstr(printed, "\ntc:\n"), *to;

	if (!from)
		return "(none)";
	from += strlen("\ntc:\n");
	to = strstr(from, "\nflow_dissector:");
	if (to)
		*to = 0;
	return from;
}

TEST_F(bpftool, net_shows_programs_in_running_order_and_filters_below)
{
	char expected[1024];
	int in, out;

	in = LINK(self->first, INGRESS);
	ASSERT_LE(0, in);
	ASSERT_EQ(0, prog_attach(self->second, IFINDEX, INGRESS,
				 AT(.flags = BPF_F_BEFORE)));
	out = LINK(self->third, EGRESS);
	ASSERT_LE(0, out);
	ASSERT_EQ(0, run("tc qdisc add dev tc0 clsact &&"
			 " tc filter add dev tc0 ingress bpf da pinned " FS "third &&"
			 " tc filter add dev tc0 egress bpf da pinned " FS "first"));

	snprintf(expected, sizeof(expected),
		 "tc0(%d) tcx/ingress second prog_id %u \n"
		 "tc0(%d) tcx/ingress first prog_id %u link_id %u \n"
		 "tc0(%d) tcx/egress third prog_id %u link_id %u \n"
		 "tc0(%d) clsact/ingress third:[*fsobj] id %u\n"
		 "tc0(%d) clsact/egress first:[*fsobj] id %u\n",
		 IFINDEX, self->second_id,
		 IFINDEX, self->first_id, link_id(in),
		 IFINDEX, self->third_id, link_id(out),
		 IFINDEX, self->third_id, IFINDEX, self->first_id);
	EXPECT_EQ(0, BPFTOOL("net"));
	EXPECT_STREQ(expected, tc_section());
	EXPECT_EQ(0, BPFTOOL("net show dev tc0"));
	EXPECT_STREQ(expected, tc_section());
	EXPECT_EQ(0, BPFTOOL("net show dev lo"));
	EXPECT_STREQ("", tc_section());
}

TEST_F(bpftool, net_shows_them_in_json_with_both_ids)
{
	int link;

	link = LINK(self->first, INGRESS);
	ASSERT_LE(0, link);
	ASSERT_EQ(0, ATTACH(self->second, INGRESS));
	ASSERT_EQ(0, run("tc qdisc add dev tc0 clsact &&"
			 " tc filter add dev tc0 egress bpf da pinned " FS "third"));
	EXPECT_EQ(0, json_is("net", ".[0].tc =="
		" [{devname: \"tc0\", ifindex: %d, kind: \"tcx/ingress\","
		" name: \"first\", id: %u, prog_id: %u, prog_flags: [],"
		" link_id: %u, link_flags: []},"
		"{devname: \"tc0\", ifindex: %d, kind: \"tcx/ingress\","
		" name: \"second\", id: %u, prog_id: %u, prog_flags: [],"
		" link_id: 0, link_flags: []},"
		"{devname: \"tc0\", ifindex: %d, kind: \"clsact/egress\","
		" name: \"third:[*fsobj]\", id: %u, prog_id: %u}]",
		IFINDEX, self->first_id, self->first_id, link_id(link),
		IFINDEX, self->second_id, self->second_id,
		IFINDEX, self->third_id, self->third_id));
}

TEST_F(bpftool, net_gives_both_ids_of_xdp_and_flow_dissector_too)
{
	int xdp = bpf_program__fd(self->skel->progs.pass);
	int dissector = bpf_program__fd(self->skel->progs.dissector);

	ASSERT_EQ(0, bpf_obj_pin(xdp, FS "xdp"));
	ASSERT_EQ(0, BPFTOOL("net attach xdpgeneric pinned xdp dev tc0"));
	ASSERT_EQ(0, bpf_prog_attach(dissector, 0, BPF_FLOW_DISSECTOR, 0));
	EXPECT_EQ(0, json_is("net", ".[0].xdp[0] | .id == %u and .prog_id == %u",
			     prog_id(xdp), prog_id(xdp)));
	EXPECT_EQ(0, json_is("net", ".[0].flow_dissector == [{id: %u, prog_id: %u}]",
			     prog_id(dissector), prog_id(dissector)));
}

TEST_F(bpftool, net_shows_the_whole_name_of_a_program)
{
	int prog = bpf_program__fd(self->skel->progs.a_name_longer_than_the_kernel_keeps);

	ASSERT_EQ(0, ATTACH(prog, EGRESS));
	EXPECT_EQ(0, BPFTOOL("net"));
	EXPECT_TRUE(says(" tcx/egress a_name_longer_than_the_kernel_keeps prog_id "));
}

TEST_F(bpftool, net_shows_a_program_without_a_name)
{
	int prog = load_verdict(0);
	char line[128];

	ASSERT_EQ(0, ATTACH(prog, EGRESS));
	snprintf(line, sizeof(line), "tc0(%d) tcx/egress prog_id %u \n", IFINDEX,
		 prog_id(prog));
	EXPECT_EQ(0, BPFTOOL("net"));
	EXPECT_STREQ(line, tc_section());
	EXPECT_EQ(0, json_is("net", ".[0].tc[0] | has(\"name\") | not"));
}

TEST_F(bpftool, net_shows_where_things_are_pinned)
{
	char expected[512];
	int link;

	link = PINNED_LINK(self->first, "a");
	ASSERT_LE(0, link);
	ASSERT_EQ(0, bpf_obj_pin(link, FS "b"));
	ASSERT_EQ(0, ATTACH(self->second, INGRESS));
	ASSERT_EQ(0, ATTACH(load_verdict(0), INGRESS));

	EXPECT_EQ(0, BPFTOOL("-f net show dev tc0"));
	snprintf(expected, sizeof(expected), " link_id %u pinned " FS "a pinned " FS "b \n",
		 link_id(link));
	if (!strstr(printed, expected))
		snprintf(expected, sizeof(expected),
			 " link_id %u pinned " FS "b pinned " FS "a \n", link_id(link));
	EXPECT_TRUE(says(expected));
	snprintf(expected, sizeof(expected), " second prog_id %u pinned " FS "second \n",
		 self->second_id);
	EXPECT_TRUE(says(expected));
	EXPECT_EQ(0, json_is("-f net show dev tc0", "[.[0].tc[].pinned | sort] =="
		" [[\"" FS "a\", \"" FS "b\"], [\"" FS "second\"], []]"));
	EXPECT_EQ(0, json_is("net", "[.[0].tc[] | has(\"pinned\")] | any | not"));
}

/* A BPF file system over another has the same directory, which is listed twice. */
TEST_F(bpftool, net_shows_a_pin_once)
{
	ASSERT_EQ(0, mkdir("/tmp/over", 0700));
	ASSERT_EQ(0, mount("bpf", "/tmp/over", "bpf", 0, NULL));
	ASSERT_EQ(0, mount("bpf", "/tmp/over", "bpf", 0, NULL));
	ASSERT_EQ(0, bpf_obj_pin(self->first, "/tmp/over/again"));
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	ASSERT_EQ(0, ATTACH(self->second, EGRESS));
	EXPECT_EQ(0, json_is("-f net show dev tc0", "[.[0].tc[].pinned | sort] =="
		" [[\"" FS "first\", \"/tmp/over/again\"], [\"" FS "second\"]]"));
}

/* A pin in a file system that is read-only cannot be opened. */
TEST_F(bpftool, net_leaves_out_a_pin_that_cannot_be_opened)
{
	ASSERT_EQ(0, mkdir("/tmp/ro", 0700));
	ASSERT_EQ(0, mount("bpf", "/tmp/ro", "bpf", 0, NULL));
	ASSERT_EQ(0, bpf_obj_pin(self->first, "/tmp/ro/first"));
	ASSERT_EQ(0, mount(NULL, "/tmp/ro", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	ASSERT_GT(0, bpf_obj_get("/tmp/ro/first"));
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	EXPECT_EQ(0, json_is("-f net show dev tc0", ".[0].tc[0].pinned =="
			     " [\"" FS "first\"]"));
	EXPECT_EQ(0, shell("echo net show dev tc0 | bpftool -f batch file - 2>&1"));
	EXPECT_TRUE(says(" first prog_id "));
	/* each command of a batch finds the pins of its own time */
	EXPECT_EQ(0, shell("printf 'net show dev tc0\\nprog pin pinned " FS "first " FS "later\\n"
			   "net show dev tc0\\n' | bpftool -f batch file - 2>&1"));
	EXPECT_TRUE(says("pinned " FS "later "));
}

TEST_F_TIMEOUT(bpftool, feature_probe_tells_about_tcx, 900)
{
	EXPECT_EQ(0, BPFTOOL("feature probe kernel"));
	EXPECT_TRUE(says("\nOrdered tc programs and links (tcx) is available\n"));
	EXPECT_EQ(0, json_is("feature probe kernel", ".misc.have_tcx"));
	EXPECT_EQ(0, shell("bpftool feature probe macros 2>&1 | grep TCX"));
	EXPECT_STREQ("#define HAVE_TCX\n", printed);
	EXPECT_EQ(0, with_failing_calls(EINVAL, "feature probe kernel"));
	EXPECT_TRUE(says("\nOrdered tc programs and links (tcx) is NOT available\n"));
}

TEST_F(bpftool, net_shows_a_full_hook)
{
	int i;

	for (i = 0; i < 63; i++)
		ASSERT_EQ(0, ATTACH(load_verdict(-1), INGRESS));
	EXPECT_EQ(0, json_is("net", "[.[0].tc[].prog_id] | length == 63"
			     " and . == sort"));
}

TEST_F_TIMEOUT(bpftool, net_shows_hundreds_of_devices, 1800)
{
	const int devices = 400;
	int i;

	ASSERT_EQ(0, shell("for i in $(seq 1 2 %d); do echo"
			   " link add d$i type veth peer name d$((i + 1)); done |"
			   " ip -batch - 2>&1", devices));
	for (i = 1; i <= devices; i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%d", i);
		ASSERT_EQ(0, prog_attach(self->first, if_nametoindex(name),
					 i % 2 ? INGRESS : EGRESS, LAST));
	}
	EXPECT_EQ(0, shell("bpftool net | grep -c '^d[0-9]*([0-9]*) tcx/'"));
	EXPECT_EQ(devices, atoi(printed));
	EXPECT_EQ(0, json_is("net", "[.[0].tc[].devname] | unique | length == %d",
			     devices));
}

/* A device with this many names does not fit into a datagram of 8 KiB. */
TEST_F(bpftool, net_shows_devices_whose_datagram_is_large)
{
	int prog = self->first;

	ASSERT_EQ(0, ATTACH(prog, INGRESS));
	ASSERT_EQ(0, shell("for i in $(seq 100); do echo"
			   " link property add dev tc0 altname $(printf name%%0110d $i);"
			   " done | ip -batch - 2>&1"));
	EXPECT_EQ(0, BPFTOOL("net"));
	EXPECT_TRUE(says("tcx/ingress first"));
}

TEST_F_TIMEOUT(bpftool, net_misses_nothing_while_devices_come_and_go, 1800)
{
	int i, status, device, devices = 0, last = 0;
	pid_t churn;

	/* these are listed before and after the devices that come and go */
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	ASSERT_EQ(0, run("ip link add last index 100000 type veth peer name other"));
	ASSERT_EQ(0, prog_attach(self->second, 100000, INGRESS, LAST));

	churn = child();
	ASSERT_LE(0, churn);
	if (!churn) {
		execl("/bin/sh", "sh", "-c",
		      "while :; do ip link add a0 type veth peer name a1;"
		      " ip link add b0 type veth peer name b1;"
		      " ip link del a0; ip link del b0; done >/dev/null 2>&1", NULL);
		_exit(1);
	}
	/* until a0 has come back, which may take longer than all rounds */
	for (i = 0; i < 60 || devices < 2; i++) {
		EXPECT_EQ(0, BPFTOOL("net"));
		EXPECT_TRUE(says("tc0("));
		EXPECT_TRUE(says("last(100000) tcx/ingress second"));
		device = if_nametoindex("a0");
		devices += device && device != last;
		last = device ?: last;
		ASSERT_EQ(0, waitpid(churn, &status, WNOHANG));
	}
	kill(churn, SIGKILL);
	EXPECT_EQ(churn, waitpid(churn, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(bpftool, net_takes_odd_device_names)
{
	static const char * const names[] = { "a\"b\\c'd", "e\033[1m\001\177", "-j" };
	struct ifreq ifr = {};
	int i, sock;

	sock = socket(AF_INET, SOCK_DGRAM, 0);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, run("ip link add odd type veth peer name peer%d", i));
		/* iproute2 would refuse some of them */
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "odd");
		snprintf(ifr.ifr_newname, sizeof(ifr.ifr_newname), "%s", names[i]);
		ASSERT_EQ(0, ioctl(sock, SIOCSIFNAME, &ifr));
		ASSERT_EQ(0, prog_attach(self->first, if_nametoindex(names[i]),
					 INGRESS, LAST));
	}
	close(sock);
	EXPECT_EQ(0, json_is("net", "[.[0].tc[].devname] == [\"a\\\"b\\\\c\\u0027d\","
			     " \"e\\u001b[1m\\u0001\\u007f\", \"-j\"]"));
	EXPECT_EQ(0, BPFTOOL("net"));
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(says(names[i]));
	EXPECT_EQ(0, BPFTOOL("net show dev 'a\"b\\c'\\''d'"));
	EXPECT_TRUE(says("tcx/ingress first"));
	EXPECT_EQ(0, json_is("net show dev 'no\"such\\one'",
			     ".error | contains(\"no\\\"such\\\\one\")"));
	EXPECT_EQ(0, BPFTOOL("-- net detach tcx_ingress dev -j"));
}

/* ---- failures of net show ---- */

TEST_F(bpftool, net_reports_a_failed_query)
{
	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	EXPECT_NE(0, with_failing_calls(ENOMEM, "net show dev tc0"));
	EXPECT_TRUE(says("Error: can't query tcx_ingress of tc0: Cannot allocate memory"));

	EXPECT_NE(0, with_failing_calls(ENOMEM, "-j net show dev tc0 >/tmp/bpftool.json"));
	EXPECT_EQ(0, shell("jq -e '.[0].tc == [{error:"
			   " \"can'\\''t query tcx_ingress of tc0: Cannot allocate memory\"}]'"
			   " </tmp/bpftool.json 2>&1"));
	unlink("/tmp/bpftool.json");
}

TEST_F(bpftool, net_shows_the_rest_if_the_kernel_has_no_tcx)
{
	ASSERT_EQ(0, run("tc qdisc add dev tc0 clsact &&"
			 " tc filter add dev tc0 ingress bpf da pinned " FS "third"));
	EXPECT_EQ(0, with_failing_calls(EINVAL, "net show dev tc0"));
	EXPECT_TRUE(says("clsact/ingress third"));
	ASSERT_EQ(0, shell("echo net show dev tc0 >/tmp/commands"));
	EXPECT_EQ(0, with_failing_calls(EINVAL, "batch file /tmp/commands"));
	EXPECT_TRUE(says("clsact/ingress third"));
	unlink("/tmp/commands");
	/* the same if the device went away between two steps */
	EXPECT_EQ(0, with_failing_calls(ENODEV, "net show dev tc0"));
}

TEST_F(bpftool, net_of_no_device_fails)
{
	EXPECT_NE(0, BPFTOOL("net show dev nosuch"));
	EXPECT_TRUE(says("no such device: nosuch"));
	/* a word that cannot be a device: the error says what is expected */
	EXPECT_NE(0, BPFTOOL("net show tc0"));
	EXPECT_STREQ("Error: expected 'dev' and the name of a device, got: 'tc0'?\n", printed);
}

TEST_F(bpftool, net_without_permission_fails)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	ASSERT_EQ(0, chmod(FS "first", 0666));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int bad = 0;

		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
			_exit(100);
		bad |= !BPFTOOL("net") || !says("Operation not permitted");
		bad |= json_is("net", "has(\"error\")");
		bad |= !BPFTOOL("net detach tcx_ingress dev tc0") ||
		       !says("Operation not permitted");
		_exit(bad);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(INGRESS_IS(self->first_id, 0, 0));
}

/* The names of programs cannot be read then: that is no failure, in a batch either. */
TEST_F(bpftool, net_shows_ids_without_cap_sys_admin)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, ATTACH(self->first, INGRESS));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int bad;

		if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN))
			_exit(100);
		bad = BPFTOOL("net show dev tc0") || says("first");
		/* 6.12's bpftool may not list netfilter links then, and leaves errno set */
		if (!mainline_tcx())
			bad |= shell("echo net show dev tc0 | bpftool batch file - 2>&1");
		bad |= !says("tcx/ingress");
		_exit(bad);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(bpftool, output_that_is_lost_is_an_error)
{
	EXPECT_EQ(255, shell("bpftool net 2>&1 >/dev/full"));
	EXPECT_TRUE(says("can't write"));
	EXPECT_EQ(255, shell("bpftool -j link 2>&1 >/dev/full"));
	/*
	 * the reader has closed the pipe: with SIGPIPE ignored, and with the default
	 * action
	 */
	EXPECT_EQ(0, shell("{ { trap '' PIPE; sleep 1; bpftool net; echo $? >&4; } | :; }"
			   " 4>&1 2>&1"));
	EXPECT_STREQ("Error: can't write all of the output\n255\n", printed);
	EXPECT_EQ(0, shell("{ { sleep 1; bpftool net; echo $? >&4; } | :; } 4>&1 2>&1"));
	EXPECT_STREQ("141\n", printed);
}

TEST_HARNESS_MAIN
