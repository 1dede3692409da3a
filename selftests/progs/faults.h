/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FAULTS_H
#define FAULTS_H

/* for one packet; each faults */
#define READS	2000

/* the runs of a program, and what it has read */
struct faults_seen {
	__u64 begun, ended;
	__u64 poison, not_0;
};

#endif
