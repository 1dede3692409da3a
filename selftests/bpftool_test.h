/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of bpftool share: named programs, and functions that run bpftool. */
#ifndef BPFTOOL_TEST_H
#define BPFTOOL_TEST_H

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "tc_link_test.h"
#include "bpftool.skel.h"

#define FS "/sys/fs/bpf/"

FIXTURE(bpftool) {
	struct net net;
	struct bpftool_bpf *skel;
	int first, second, third;
	__u32 first_id, second_id, third_id;
};

FIXTURE_SETUP(bpftool)
{
	ASSERT_EQ(0, net_setup(&self->net));
	/* in the mount namespace of this test */
	ASSERT_EQ(0, mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
	self->skel = bpftool_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->first = bpf_program__fd(self->skel->progs.first);
	self->second = bpf_program__fd(self->skel->progs.second);
	self->third = bpf_program__fd(self->skel->progs.third);
	self->first_id = prog_id(self->first);
	self->second_id = prog_id(self->second);
	self->third_id = prog_id(self->third);
	/* use "pinned first" to refer to them: other programs may have the same names */
	ASSERT_EQ(0, chdir(FS));
	ASSERT_EQ(0, bpf_obj_pin(self->first, "first"));
	ASSERT_EQ(0, bpf_obj_pin(self->second, "second"));
	ASSERT_EQ(0, bpf_obj_pin(self->third, "third"));
}

FIXTURE_TEARDOWN(bpftool)
{
	bpftool_bpf__destroy(self->skel);
}

#define IFINDEX (self->net.ifindex)
#define ATTACH(prog, type) prog_attach(prog, IFINDEX, type, LAST)
#define LINK(prog, type) link_create(prog, IFINDEX, type, LAST)

/* The link that LINK() makes and pins, or -errno */
static inline int pinned(int link, const char *name)
{
	return link >= 0 && bpf_obj_pin(link, name) ? -errno : link;
}

#define PINNED_LINK(prog, name) pinned(LINK(prog, INGRESS), FS name)

/* ---- running it ---- */

/*
 * Returns the exit status of a shell command, or 128 + signal if it was killed. What it
 * printed, errors included, is in printed.
 */
static char printed[1 << 20];

static int shell(const char *fmt, ...)
{
	char cmd[4096];
	va_list ap;
	size_t len;
	FILE *pipe;
	int status;

	va_start(ap, fmt);
	len = vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (len >= sizeof(cmd))
		return -1;
	pipe = popen(cmd, "r");
	if (!pipe)
		return -1;
	len = fread(printed, 1, sizeof(printed) - 1, pipe);
	printed[len] = 0;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define BPFTOOL(fmt, ...) shell("bpftool " fmt " 2>&1", ##__VA_ARGS__)

/*
 * Returns 0 if "bpftool -j args" prints one JSON value for which the filter is true, and
 * fails if and only if that is an error
 */
static int json_is(const char *args, const char *fmt, ...)
{
	char filter[2048];
	va_list ap;
	int ret;

	va_start(ap, fmt);
	vsnprintf(filter, sizeof(filter), fmt, ap);
	va_end(ap);
	ret = shell("failed=false; out=$(bpftool -j %s 2>&1) || failed=true;"
		    " echo \"# $failed $out\";"
		    " printf '%%s\\n' \"$out\" | jq -se --argjson failed $failed 'length == 1 and"
		    " $failed == (.[0] | type == \"object\" and has(\"error\")) and (.[0] | %s)' 2>&1",
		    args, filter);
	if (ret)
		fprintf(stderr, "# %s\n%s", filter, printed);
	return ret;
}

static bool says(const char *what)
{
	if (strstr(printed, what))
		return true;
	fprintf(stderr, "# no '%s' in: %s\n", what, printed);
	return false;
}

/*
 * Runs "bpftool args" and makes each of its calls about a tcx hook fail with err, as on
 * a kernel without tcx or when memory is short.
 */
static inline int with_failing_calls(int err, const char *args)
{
	struct user_regs_struct regs;
	bool entry = true, inject = false;
	int status, out;
	ssize_t len;
	pid_t pid;
	long type;
	int cmd;

	/* a pipe could be full before the process has ended */
	out = memfd_create("output", 0);
	if (out < 0)
		return -1;
	pid = fork();
	if (!pid) {
		char line[256];

		dup2(out, 1);
		dup2(out, 2);
		snprintf(line, sizeof(line), "exec bpftool %s", args);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			/* the stop at exec */
			ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
			ptrace(PTRACE_SYSCALL, pid, 0, 0);
			entry = true;
			continue;
		}
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
		cmd = regs.rdi;
		if (entry && regs.orig_rax == __NR_bpf &&
		    (cmd == BPF_PROG_QUERY || cmd == BPF_PROG_ATTACH ||
		     cmd == BPF_PROG_DETACH || cmd == BPF_LINK_CREATE)) {
			/* the attach type is the second or the third word of bpf_attr */
			type = ptrace(PTRACE_PEEKDATA, pid,
				      regs.rsi + (cmd == BPF_PROG_QUERY ? 4 : 8), 0);
			inject = (int)type == INGRESS || (int)type == EGRESS;
			if (inject) {
				regs.orig_rax = -1;
				ptrace(PTRACE_SETREGS, pid, 0, &regs);
			}
		} else if (!entry && inject) {
			inject = false;
			regs.rax = -err;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
		}
		entry = !entry;
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	len = pread(out, printed, sizeof(printed) - 1, 0);
	close(out);
	printed[len < 0 ? 0 : len] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Are the hook's programs those of the ids? 0 ends the list. */
static bool hook_is(int ifindex, int type, __u32 id0, __u32 id1, __u32 id2)
{
	__u32 ids[] = { id0, id1, id2 };
	struct hook hook;
	__u32 i, n = 0;

	if (hook_query(ifindex, type, &hook))
		return false;
	while (n < 3 && ids[n])
		n++;
	for (i = 0; i < n && i < hook.count; i++) {
		if (hook.prog_ids[i] != ids[i])
			break;
	}
	return i == n && n == hook.count;
}

#define INGRESS_IS(a, b, c) hook_is(IFINDEX, INGRESS, a, b, c)

#endif
