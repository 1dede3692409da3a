// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Read a netlink dump to its end.
 *
 * A dump is handed on only once all of it is here: what changes while the
 * kernel lists it makes the kernel flag the dump as interrupted, entries may be
 * missing from it, and it has to be asked for anew. Its datagrams may be of any
 * size, as a device with many names or virtual functions needs tens of KiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <bpf/libbpf.h>

#include "bpf/nlattr.h"
#include "main.h"
#include "netlink_read.h"

/* A list that changes this often in a row does not come to rest. */
#define MAX_TRIES	64

/* What the kernel takes for a dump's datagram, unless one entry needs more. */
#define MAX_DUMP_SKB	32768

/* The messages of a dump, each at an aligned offset. */
struct dump {
	char	*buf;
	size_t	len;
	size_t	size;
};

static int dump_reserve(struct dump *dump, size_t len)
{
	size_t size = dump->size;
	char *buf;

	while (size - dump->len < len)
		size += len;
	if (size == dump->size)
		return 0;

	buf = realloc(dump->buf, size);
	if (!buf)
		return -ENOMEM;
	dump->buf = buf;
	dump->size = size;
	return 0;
}

static ssize_t recv_nointr(int sock, void *buf, size_t len, int flags)
{
	ssize_t ret;

	do {
		ret = recv(sock, buf, len, flags);
	} while (ret < 0 && errno == EINTR);

	return ret < 0 ? -errno : ret;
}

/* Append the next datagram; returns its length. */
static ssize_t read_datagram(int sock, struct dump *dump)
{
	ssize_t len, got;
	int err;

	/* The kernel makes a datagram no larger than the largest buffer it was
	 * offered: a message that fits none would fail the dump.
	 */
	err = dump_reserve(dump, MAX_DUMP_SKB);
	if (err)
		return err;
	len = recv_nointr(sock, dump->buf + dump->len, MAX_DUMP_SKB,
			  MSG_PEEK | MSG_TRUNC);
	if (len < 0)
		return len;

	err = dump_reserve(dump, NLMSG_ALIGN(len));
	if (err)
		return err;
	got = recv_nointr(sock, dump->buf + dump->len, len, 0);
	if (got < 0)
		return got;
	if (got != len || !len)
		return -EIO;

	dump->len += NLMSG_ALIGN(len);
	return len;
}

/* The error that ends a dump: of NLMSG_ERROR, or of NLMSG_DONE if it has one */
static int end_of_dump(struct nlmsghdr *nh)
{
	int err = 0;

	if (nh->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, NLMSG_DATA(nh), sizeof(err));
	if (err < 0 && nh->nlmsg_type == NLMSG_ERROR)
		libbpf_nla_dump_errormsg(nh);

	return err < 0 ? err : 0;
}

/* Returns 1 if the dump is complete but was interrupted. */
static int read_once(int sock, __u32 nl_pid, __u32 seq, struct dump *dump)
{
	bool interrupted = false;
	struct nlmsghdr *nh;
	ssize_t len;
	int err;

	dump->len = 0;
	for (;;) {
		len = read_datagram(sock, dump);
		if (len < 0)
			return len;

		nh = (void *)(dump->buf + dump->len - NLMSG_ALIGN(len));
		for (; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
			if (nh->nlmsg_pid != nl_pid)
				return -LIBBPF_ERRNO__WRNGPID;
			if (nh->nlmsg_seq != seq)
				return -LIBBPF_ERRNO__INVSEQ;
			if (nh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (nh->nlmsg_type == NLMSG_DONE ||
			    nh->nlmsg_type == NLMSG_ERROR) {
				err = end_of_dump(nh);
				return err ?: interrupted;
			}
		}
		if (len > 0)
			return -LIBBPF_ERRNO__NLPARSE;
	}
}

static int hand_on(struct dump *dump, __dump_nlmsg_t _fn, dump_nlmsg_t fn,
		   void *cookie)
{
	struct nlmsghdr *nh = (void *)dump->buf;
	size_t len = dump->len;
	int err;

	for (; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
		if (nh->nlmsg_type == NLMSG_DONE ||
		    nh->nlmsg_type == NLMSG_ERROR)
			break;
		err = _fn(nh, fn, cookie);
		if (err)
			return err;
	}
	return 0;
}

/**
 * netlink_read_dump() - ask for a dump, call _fn for each message of it
 * @sock: netlink socket, bound
 * @nl_pid: its address
 * @req: the request; its sequence number is set here
 * @_fn: called with a message, @fn and @cookie once the whole dump is here
 *
 * Return: 0, the first error of @_fn, or a negative errno or libbpf error.
 */
int netlink_read_dump(int sock, __u32 nl_pid, struct nlmsghdr *req,
		      __dump_nlmsg_t _fn, dump_nlmsg_t fn, void *cookie)
{
	static __u32 last_seq;
	struct dump dump = {};
	int tries, err;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		req->nlmsg_seq = ++last_seq;
		if (send(sock, req, req->nlmsg_len, 0) < 0) {
			err = -errno;
			break;
		}
		err = read_once(sock, nl_pid, req->nlmsg_seq, &dump);
		if (err <= 0)
			break;
		err = -EAGAIN;
	}
	if (!err)
		err = hand_on(&dump, _fn, fn, cookie);

	free(dump.buf);
	return err;
}
