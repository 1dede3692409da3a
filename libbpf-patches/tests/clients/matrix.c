// SPDX-License-Identifier: GPL-2.0
/*
 * What the functions for clsact filters answer, one line a call. Built against the
 * unpatched library and against ours; the difference is what we mean to differ in.
 *
 * usage: matrix DEV OBJECT
 */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define BOTH (BPF_TC_INGRESS | BPF_TC_EGRESS)
#define PARENT_INGRESS 0xfffffff2U

static const int points[] = { BPF_TC_INGRESS, BPF_TC_EGRESS, BOTH, BPF_TC_CUSTOM, 0, 8 };
static const char *dev, *state;
static int ifindex, prog, other;
static __u32 prog_id, other_id;
static bool warned;

static int count_warnings(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN)
		warned = true;
	return 0;
}

static void sh(const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), command, dev);
	if (system(line))
		printf("failed: %s\n", line);
}

static struct bpf_tc_hook hook_at(int point, int index)
{
	return (struct bpf_tc_hook) {
		.sz = offsetof(struct bpf_tc_hook, parent) + sizeof(__u32),
		.ifindex = index,
		.attach_point = point,
		.parent = point == BPF_TC_CUSTOM ? PARENT_INGRESS : 0,
	};
}

#define OPTS(...) (struct bpf_tc_opts){						\
	.sz = offsetof(struct bpf_tc_opts, priority) + sizeof(__u32), ##__VA_ARGS__ }

static void say(const char *call, int point, const char *with, int err)
{
	printf("%s: %s at %d%s%s: %s%s\n", state, call, point, *with ? ", " : "", with,
	       err ? strerrorname_np(-err) ?: "?" : "0",
	       err == -EEXIST && !strcmp(call, "create") ? warned ? ", warns" : ", silent" : "");
	warned = false;
}

static void qdisc_calls(int index)
{
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct bpf_tc_hook hook = hook_at(points[i], index);

		say("create", points[i], "", bpf_tc_hook_create(&hook));
	}
}

static void destroy_calls(int index)
{
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct bpf_tc_hook hook = hook_at(points[i], index);

		if (points[i] != BOTH)
			say("destroy", points[i], "", bpf_tc_hook_destroy(&hook));
	}
}

static void filter_calls(int index)
{
	struct bpf_tc_opts opts;
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct bpf_tc_hook hook = hook_at(points[i], index);
		int at = points[i];

#define ATTACH(with, ...) ({ opts = OPTS(__VA_ARGS__); say("attach", at, with, bpf_tc_attach(&hook, &opts)); })
#define DETACH(with, ...) ({ opts = OPTS(__VA_ARGS__); say("detach", at, with, bpf_tc_detach(&hook, &opts)); })
#define QUERY(with, ...) ({ opts = OPTS(__VA_ARGS__); say("query", at, with, bpf_tc_query(&hook, &opts)); })
		QUERY("nothing there", .handle = 1, .priority = 9);
		DETACH("nothing there", .handle = 1, .priority = 9);
		ATTACH("", .prog_fd = prog, .handle = 1, .priority = 9);
		ATTACH("taken", .prog_fd = prog, .handle = 1, .priority = 9);
		ATTACH("replace", .prog_fd = prog, .handle = 1, .priority = 9, .flags = BPF_TC_F_REPLACE);
		ATTACH("replace its program", .prog_fd = prog, .handle = 1, .priority = 9,
		       .flags = BPF_TC_F_REPLACE, .prog_id = prog_id);
		ATTACH("replace another program", .prog_fd = prog, .handle = 1, .priority = 9,
		       .flags = BPF_TC_F_REPLACE, .prog_id = other_id);
		ATTACH("a program id", .prog_fd = prog, .handle = 2, .priority = 9, .prog_id = prog_id);
		ATTACH("no fd", .handle = 2, .priority = 9);
		ATTACH("fd of nothing", .prog_fd = 999);
		ATTACH("unknown flag", .prog_fd = prog, .flags = 2);
		ATTACH("priority 65536", .prog_fd = prog, .priority = 65536);
		QUERY("", .handle = 1, .priority = 9);
		QUERY("other handle", .handle = 3, .priority = 9);
		QUERY("other priority", .handle = 1, .priority = 8);
		QUERY("no handle", .priority = 9);
		QUERY("no priority", .handle = 1);
		QUERY("an fd", .handle = 1, .priority = 9, .prog_fd = prog);
		QUERY("a program id", .handle = 1, .priority = 9, .prog_id = prog_id);
		QUERY("flags", .handle = 1, .priority = 9, .flags = BPF_TC_F_REPLACE);
		DETACH("other handle", .handle = 3, .priority = 9);
		DETACH("other priority", .handle = 1, .priority = 8);
		DETACH("no handle", .priority = 9);
		DETACH("another program", .handle = 1, .priority = 9, .prog_id = other_id);
		DETACH("its program", .handle = 1, .priority = 9, .prog_id = prog_id);
		ATTACH("replace what is gone", .prog_fd = other, .handle = 1, .priority = 9,
		       .flags = BPF_TC_F_REPLACE);
		DETACH("an fd", .handle = 1, .priority = 9, .prog_fd = prog);
		ATTACH("replace after that", .prog_fd = other, .handle = 1, .priority = 9,
		       .flags = BPF_TC_F_REPLACE);
		DETACH("", .handle = 1, .priority = 9);
		DETACH("again", .handle = 1, .priority = 9);
	}
	say("attach", BPF_TC_INGRESS, "no hook", bpf_tc_attach(NULL, &opts));
	say("create", BPF_TC_INGRESS, "no hook", bpf_tc_hook_create(NULL));
}

static __u32 id_of(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	struct bpf_program *p;
	struct bpf_tc_hook both;

	if (argc != 3)
		return 2;
	dev = argv[1];
	ifindex = if_nametoindex(dev);
	libbpf_set_print(count_warnings);
	obj = bpf_object__open(argv[2]);
	if (libbpf_get_error(obj))
		return 1;
	bpf_object__for_each_program(p, obj)
		bpf_program__set_type(p, BPF_PROG_TYPE_SCHED_CLS);
	if (bpf_object__load(obj))
		return 1;
	prog = bpf_program__fd(bpf_object__find_program_by_name(obj, "first"));
	other = bpf_program__fd(bpf_object__find_program_by_name(obj, "second"));
	prog_id = id_of(prog);
	other_id = id_of(other);
	both = hook_at(BOTH, ifindex);

	state = "no qdisc";
	filter_calls(ifindex);
	destroy_calls(ifindex);
	say("destroy", BOTH, "", bpf_tc_hook_destroy(&both));
	state = "clsact";
	qdisc_calls(ifindex);
	filter_calls(ifindex);
	destroy_calls(ifindex);
	say("destroy", BOTH, "", bpf_tc_hook_destroy(&both));
	state = "after a clsact";
	say("destroy", BOTH, "", bpf_tc_hook_destroy(&both));
	filter_calls(ifindex);
	sh("tc qdisc add dev %s ingress");
	state = "ingress qdisc";
	qdisc_calls(ifindex);
	filter_calls(ifindex);
	destroy_calls(ifindex);
	say("destroy", BOTH, "", bpf_tc_hook_destroy(&both));
	sh("tc qdisc del dev %s ingress");
	state = "no device";
	qdisc_calls(0x7ffffff0);
	filter_calls(0x7ffffff0);
	destroy_calls(0x7ffffff0);
	state = "ifindex 0";
	qdisc_calls(0);
	filter_calls(0);
	destroy_calls(0);
	return 0;
}
