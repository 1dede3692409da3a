/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ON_DEVICE_H
#define ON_DEVICE_H

#include <stdbool.h>
#include <linux/bpf.h>

/* Is the link with this info on the ingress of the device? */
bool is_on(const struct bpf_link_info *info, int ifindex);

#endif
