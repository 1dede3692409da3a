/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Read a netlink dump to its end. */

#ifndef __BPFTOOL_NETLINK_READ_H
#define __BPFTOOL_NETLINK_READ_H

#include <linux/netlink.h>

int netlink_request_dump(int sock, const struct nlmsghdr *req);
int netlink_read_dump(int sock, char **buf);
int netlink_report_dump(int err, const char *what);

#endif
