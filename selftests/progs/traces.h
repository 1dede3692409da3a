/* SPDX-License-Identifier: GPL-2.0 */
/* What progs/traces.bpf.c reports to traces.c. */
#ifndef TRACES_H
#define TRACES_H

#define TRACED_MARK 0x7ace

/* How marked packets ended */
struct ends {
	__u32 dropped;		/* kfree_skb */
	__u32 consumed;		/* consume_skb */
	__u32 reason;		/* of the last drop */
};

/* What the iterator of links reports for each link */
struct listed_link {
	__u32 id;
	__u32 type;
	__u32 prog_id;
};

#endif
