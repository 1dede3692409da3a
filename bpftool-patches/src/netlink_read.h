/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Read a netlink dump to its end. */

#ifndef __BPFTOOL_NETLINK_READ_H
#define __BPFTOOL_NETLINK_READ_H

#include <linux/netlink.h>

struct nlattr;

typedef int (*dump_nlmsg_t)(void *cookie, void *msg, struct nlattr **tb);
typedef int (*__dump_nlmsg_t)(struct nlmsghdr *nlmsg, dump_nlmsg_t fn,
			      void *cookie);

int netlink_read_dump(int sock, __u32 nl_pid, struct nlmsghdr *req,
		      __dump_nlmsg_t _fn, dump_nlmsg_t fn, void *cookie);

#endif
