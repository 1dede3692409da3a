/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel's side of netlink that says what a test wants it to say. The linker
 * puts these functions in the place of libc's (--wrap), so libbpf is as it is.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/netlink.h>

#define PEER_PORTID 4711
#define PEER_PROG_ID 42

/* Called for each request that is sent; answers by peer_send() */
extern void (*peer_request)(const struct nlmsghdr *req);

/* requests seen, by type */
extern int peer_requests[256];

/* sockets opened */
extern int peer_sockets;

/* how much a program's info has, and the errno with which no link is made */
extern unsigned int peer_info_len;
extern int peer_link_err;

/* One datagram, to be received next. from: nl_pid of its sender, the kernel's is
 * 0. err: recvfrom() fails so instead.
 */
struct peer_datagram {
	const void *data;
	size_t len;
	unsigned int from;
	bool truncated;
	int err;
};

/* How the fuzz target reads its input: a byte that says which function is called,
 * then datagrams, each a byte of these flags, two of its length, and the datagram.
 */
#define PEER_SEED_ANSWERS	0x01	/* made an answer to the request */
#define PEER_SEED_FOREIGN	0x02
#define PEER_SEED_TRUNCATED	0x04
#define PEER_SEED_LOST		0x08
#define PEER_SEED_MORE		0x80	/* the next one answers the same request */

void peer_send(const struct peer_datagram *datagram);
void peer_reset(void);

#endif
