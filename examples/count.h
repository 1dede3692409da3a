/* SPDX-License-Identifier: GPL-2.0 */
/* The map of count.bpf.c, shared with the programs that load it. */
#ifndef COUNT_H
#define COUNT_H

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/* the slots of the map */
enum {
	INGRESS,
	EGRESS,
	SIDES
};

#endif
