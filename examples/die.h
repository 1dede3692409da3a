/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DIE_H
#define DIE_H

#include <stdio.h>
#include <stdlib.h>

#define error(fmt, ...)	fprintf(stderr, "error: " fmt "\n", ##__VA_ARGS__)
#define die(fmt, ...)	(error(fmt, ##__VA_ARGS__), exit(1))

#define NO_DEVICE	"there is no device '%s' in this network namespace; \"ip link\" lists its devices"
#define NO_TC_LINKS	"this kernel has no tc links; use one with CONFIG_NET_TC_LINK or Linux 6.6 or later"
#define NOT_PERMITTED	"not permitted, run this as root or with CAP_BPF and CAP_NET_ADMIN"

#endif
