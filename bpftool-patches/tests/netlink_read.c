// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * netlink_read_dump() against a kernel that does what the real one does too
 * seldom for a test. Prints "ok NAME" or "not ok NAME" for each case.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <linux/rtnetlink.h>
#include <bpf/libbpf.h>
#include <bpf/nlattr.h>

#include "netlink_read.h"

#define PID	4711
#define BIG	100000

/* of libbpf and bpftool */
int libbpf_nla_dump_errormsg(struct nlmsghdr *nlh)
{
	return 0;
}

int libbpf_strerror(int err, char *buf, size_t size)
{
	return snprintf(buf, size, "%d", err) < 0;
}

void p_err(const char *fmt, ...)
{
}

/* ---- the kernel: a child at the other end of the socket ---- */

static char datagram[4 * BIG];
static size_t filled;

static void add(__u16 type, __u16 flags, __u32 seq, const void *data, size_t len)
{
	struct nlmsghdr *nh = (void *)(datagram + filled);

	memset(nh, 0, NLMSG_SPACE(len));
	nh->nlmsg_len = NLMSG_LENGTH(len);
	nh->nlmsg_type = type;
	nh->nlmsg_flags = NLM_F_MULTI | flags;
	nh->nlmsg_seq = seq;
	nh->nlmsg_pid = PID;
	memcpy(NLMSG_DATA(nh), data, len);
	filled += NLMSG_SPACE(len);
}

static void entry(__u32 seq, __u16 flags, int value, size_t len)
{
	static char data[BIG];

	memcpy(data, &value, sizeof(value));
	add(RTM_NEWLINK, flags, seq, data, len);
}

static void end(__u32 seq, __u16 type, int err)
{
	add(type, 0, seq, &err, sizeof(err));
}

static void flush(int sock)
{
	if (send(sock, datagram, filled, 0) != (ssize_t)filled)
		_exit(1);
	filled = 0;
}

/* answers to the n-th request, from 0 */
typedef void (*answer_t)(int sock, __u32 seq, int n);

static void two_datagrams(int sock, __u32 seq, int n)
{
	entry(seq, 0, 1, 5);	/* and of lengths that need padding */
	entry(seq, 0, 2, 10);
	flush(sock);
	entry(seq, 0, 3, 7);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void large_datagram(int sock, __u32 seq, int n)
{
	entry(seq, 0, 1, 4);
	flush(sock);
	entry(seq, 0, 2, BIG);
	entry(seq, 0, 3, 4);
	flush(sock);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void interrupted_once(int sock, __u32 seq, int n)
{
	entry(seq, 0, n ? 1 : 100, 4);
	flush(sock);
	entry(seq, n ? 0 : NLM_F_DUMP_INTR, n ? 2 : 101, 4);
	if (n)
		entry(seq, 0, 3, 4);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void interrupted_at_the_end(int sock, __u32 seq, int n)
{
	int zero = 0;

	entry(seq, 0, 1, 4);
	entry(seq, 0, 2, 4);
	if (n)
		entry(seq, 0, 3, 4);
	add(NLMSG_DONE, n ? 0 : NLM_F_DUMP_INTR, seq, &zero, sizeof(zero));
	flush(sock);
}

static void always_interrupted(int sock, __u32 seq, int n)
{
	entry(seq, NLM_F_DUMP_INTR, 1, 4);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void done_with_error(int sock, __u32 seq, int n)
{
	entry(seq, 0, 1, 4);
	flush(sock);
	end(seq, NLMSG_DONE, -EMSGSIZE);
	flush(sock);
}

static void refused(int sock, __u32 seq, int n)
{
	end(seq, NLMSG_ERROR, -EOPNOTSUPP);
	flush(sock);
}

static void of_another_request(int sock, __u32 seq, int n)
{
	entry(seq + 1, 0, 1, 4);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void cut_short(int sock, __u32 seq, int n)
{
	entry(seq, 0, 1, 4);
	entry(seq, 0, 2, 40);
	filled -= 20;
	flush(sock);
	end(seq, NLMSG_DONE, 0);
	flush(sock);
}

static void gone(int sock, __u32 seq, int n)
{
	entry(seq, 0, 1, 4);
	flush(sock);
	_exit(0);
}

/* ---- the cases ---- */

static char seen[64];

/* as bpftool's parser goes through it */
static void see(char *buf, int len)
{
	struct nlmsghdr *nh;
	int value;

	for (nh = (void *)buf; NLMSG_OK(nh, (unsigned int)len); nh = NLMSG_NEXT(nh, len)) {
		size_t used = strlen(seen);

		if (nh->nlmsg_type == NLMSG_DONE)
			return;
		memcpy(&value, NLMSG_DATA(nh), sizeof(value));
		snprintf(seen + used, sizeof(seen) - used, "%d ", value);
	}
	strcat(seen, "and no end");
}

static int failed;

static void expect(const char *name, answer_t answer, int ret, const char *entries)
{
	struct nlmsghdr req = {
		.nlmsg_len = sizeof(req),
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = 1234,
	};
	int socks[2], got, n;
	bool good;
	char *buf;
	pid_t pid;

	fflush(stdout);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks))
		exit(1);
	pid = fork();
	if (!pid) {
		close(socks[0]);
		for (n = 0; recv(socks[1], &req, sizeof(req), 0) == sizeof(req); n++)
			answer(socks[1], req.nlmsg_seq, n);
		_exit(0);
	}
	close(socks[1]);
	seen[0] = 0;
	alarm(20);
	got = netlink_request_dump(socks[0], &req);
	if (!got)
		got = netlink_read_dump(socks[0], &buf);
	if (got < 0) {
		got = -errno;
	} else {
		see(buf, got);
		got = 0;
	}
	close(socks[0]);
	waitpid(pid, NULL, 0);

	good = got == ret && !strcmp(seen, entries);
	printf("%s %s\n", good ? "ok" : "not ok", name);
	if (!good) {
		printf("# returned %d, expected %d; saw \"%s\", expected \"%s\"\n",
		       got, ret, seen, entries);
		failed = 1;
	}
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	expect("a dump in two datagrams is read", two_datagrams, 0, "1 2 3 ");
	expect("a datagram of 100 KB is read", large_datagram, 0, "1 2 3 ");
	expect("an interrupted dump is requested again", interrupted_once, 0, "1 2 3 ");
	expect("one interrupted at its end, too", interrupted_at_the_end, 0, "1 2 3 ");
	expect("one that is always interrupted is an error", always_interrupted, -EAGAIN, "");
	expect("an error at the end of a dump is an error", done_with_error, -EMSGSIZE, "");
	expect("a refusal is an error", refused, -EOPNOTSUPP, "");
	expect("an answer to something else is an error", of_another_request,
	       -LIBBPF_ERRNO__INVSEQ, "");
	expect("a message cut short is an error", cut_short, -LIBBPF_ERRNO__NLPARSE, "");
	expect("a dump without an end is an error", gone, -EIO, "");
	return failed;
}
