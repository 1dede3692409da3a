/* SPDX-License-Identifier: GPL-2.0 */
/* What progs/upgrade.bpf.c records of each packet, for upgrade.c to check. */
#ifndef UPGRADE_H
#define UPGRADE_H

#define MAX_PACKETS	(1 << 20)

/* slot: number of the packet * 2, + 1 if it went out */
struct sighting {
	__u32 times;
	__u32 version;	/* the version of the last program that saw it */
};

#endif
