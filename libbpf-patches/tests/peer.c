// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/bpf.h>

#include "peer.h"

#define MAX_QUEUE 64

/* Behind the end of a datagram the buffer is off limits, if anybody watches */
#ifdef __SANITIZE_ADDRESS__
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

void (*peer_request)(const struct nlmsghdr *req);
int peer_requests[256];
int peer_sockets;
unsigned int peer_info_len = sizeof(struct bpf_prog_info);
int peer_link_err = ENOSYS;

static struct peer_datagram queue[MAX_QUEUE];
static int queued, taken;

/* PEER_SEEDS=DIR: what the tests say is where the fuzzer starts from */
static void keep_seed(const struct peer_datagram *datagram)
{
	static int n;
	unsigned char head[] = { n, PEER_SEED_ANSWERS, datagram->len, datagram->len >> 8 };
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d", getenv("PEER_SEEDS"), n++);
	file = fopen(path, "w");
	if (!file || fwrite(head, sizeof(head), 1, file) != 1 ||
	    fwrite(datagram->data, datagram->len, 1, file) != 1 || fclose(file))
		abort();
}

void peer_send(const struct peer_datagram *datagram)
{
	struct peer_datagram *new;
	void *copy;

	if (queued == MAX_QUEUE)
		abort();
	copy = malloc(datagram->len + 1);
	if (!copy)
		abort();
	memcpy(copy, datagram->data, datagram->len);
	new = &queue[queued++];
	*new = *datagram;
	new->data = copy;
	if (getenv("PEER_SEEDS") && datagram->len)
		keep_seed(datagram);
}

static void drop(void)
{
	while (queued)
		free((void *)queue[--queued].data);
	taken = 0;
}

void peer_reset(void)
{
	drop();
	memset(peer_requests, 0, sizeof(peer_requests));
	peer_sockets = 0;
}

int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = PEER_PORTID };

	memcpy(sa, &nl, sizeof(nl));
	*len = sizeof(nl);
	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	return 0;
}

/* A descriptor, so that leaving it open would show. What was said to an earlier socket
 * is gone.
 */
int __wrap_socket(int domain, int type, int protocol)
{
	drop();
	peer_sockets++;
	return dup(2);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *nh = buf;

	if (len < sizeof(*nh) || nh->nlmsg_len != len)
		abort();
	peer_requests[nh->nlmsg_type % 256]++;
	if (peer_request)
		peer_request(nh);
	return len;
}

ssize_t __wrap_recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr_nl *from,
			socklen_t *from_len)
{
	const struct peer_datagram *datagram;
	static bool interrupted;
	size_t len;

	/* every other time a signal comes first */
	interrupted = !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	if (taken == queued) {
		errno = EAGAIN;
		return -1;
	}
	datagram = &queue[taken++];
	if (datagram->err) {
		errno = datagram->err;
		return -1;
	}
	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	from->nl_pid = datagram->from;
	*from_len = sizeof(*from);
	len = datagram->len < size ? datagram->len : size;
	ASAN_UNPOISON_MEMORY_REGION(buf, size);
	memcpy(buf, datagram->data, len);
	ASAN_POISON_MEMORY_REGION((char *)buf + len, size - len);
	/* as with MSG_TRUNC: the length of the whole, of which a part was copied */
	return datagram->truncated ? size + 1 : datagram->len;
}

/* bpf(2), of which only the question for a program's info is answered */
long __wrap_syscall(long nr, long cmd, union bpf_attr *attr, long size)
{
	struct bpf_prog_info info = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.id = PEER_PROG_ID,
		.name = "prog",
	};

	if (nr != __NR_bpf || cmd != BPF_OBJ_GET_INFO_BY_FD) {
		errno = nr == __NR_bpf && cmd == BPF_LINK_CREATE ? peer_link_err : ENOSYS;
		return -1;
	}
	if (attr->info.info_len > peer_info_len)
		attr->info.info_len = peer_info_len;
	memcpy((void *)(uintptr_t)attr->info.info, &info, attr->info.info_len);
	return 0;
}
