// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Read a netlink dump to its end.
 *
 * Nothing of a dump is handed out before all of it has been read: when the list
 * changes while the kernel dumps it, the kernel flags the dump as interrupted,
 * entries may be missing, and it has to be requested again. A datagram may be of
 * any size, as a device with many names or virtual functions needs tens of KiB.
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

/* The last dump, valid until the next one is read */
static struct dump dump;

/* The last request, to be sent again: a header, and a struct of the kind asked for */
static union {
	struct nlmsghdr nh;
	char bytes[128];
} request;

static int dump_reserve(size_t len)
{
	size_t size = dump.size;
	char *buf;

	while (size - dump.len < len)
		size += len;
	if (size == dump.size)
		return 0;

	buf = realloc(dump.buf, size);
	if (!buf)
		return -ENOMEM;
	dump.buf = buf;
	dump.size = size;
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
static ssize_t read_datagram(int sock)
{
	ssize_t len, got;
	int err;

	/* The kernel makes a datagram no larger than the largest buffer it was
	 * offered: a message that fits none would fail the dump.
	 */
	err = dump_reserve(MAX_DUMP_SKB);
	if (err)
		return err;
	len = recv_nointr(sock, dump.buf + dump.len, MAX_DUMP_SKB,
			  MSG_PEEK | MSG_TRUNC);
	if (len < 0)
		return len;

	err = dump_reserve(NLMSG_ALIGN(len));
	if (err)
		return err;
	got = recv_nointr(sock, dump.buf + dump.len, len, 0);
	if (got < 0)
		return got;
	if (got != len || !len)
		return -EIO;

	dump.len += NLMSG_ALIGN(len);
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
static int read_once(int sock)
{
	bool interrupted = false;
	struct nlmsghdr *nh;
	ssize_t len;
	int err;

	dump.len = 0;
	for (;;) {
		len = read_datagram(sock);
		if (len < 0)
			return len;

		nh = (void *)(dump.buf + dump.len - NLMSG_ALIGN(len));
		for (; NLMSG_OK(nh, len); nh = NLMSG_NEXT(nh, len)) {
			if (request.nh.nlmsg_len &&
			    nh->nlmsg_seq != request.nh.nlmsg_seq)
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

/**
 * netlink_request_dump() - request a dump
 * @sock: netlink socket
 * @req: the request, which is sent again if the dump is interrupted
 *
 * Return: 0, or -1 and errno.
 */
int netlink_request_dump(int sock, const struct nlmsghdr *req)
{
	if (req->nlmsg_len > sizeof(request)) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(&request, req, req->nlmsg_len);
	return send(sock, req, req->nlmsg_len, 0) < 0 ? -1 : 0;
}

/**
 * netlink_read_dump() - read all of the dump that was requested
 * @sock: netlink socket
 * @buf: where to put the address of its messages
 *
 * Return: their length, or -1 and errno, which may be one of libbpf's.
 */
int netlink_read_dump(int sock, char **buf)
{
	int tries, err;

	err = read_once(sock);
	for (tries = 1; tries < MAX_TRIES && err == 1; tries++) {
		if (!request.nh.nlmsg_len)
			break;
		if (send(sock, &request, request.nh.nlmsg_len, 0) < 0)
			return -1;
		err = read_once(sock);
	}
	if (err) {
		errno = err == 1 ? EAGAIN : -err;
		return -1;
	}
	*buf = dump.buf;
	return dump.len;
}

/**
 * netlink_report_dump() - report what could not be listed
 * @err: 0, a negative errno or libbpf error
 * @what: what could not be listed
 *
 * Within an array of the JSON output, for the error to be part of it.
 *
 * Return: @err.
 */
int netlink_report_dump(int err, const char *what)
{
	char buf[256];

	if (err) {
		libbpf_strerror(err, buf, sizeof(buf));
		p_err("can't list %s: %s", what, buf);
	}
	return err;
}
