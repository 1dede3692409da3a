// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "on_device.h"

/* The index in a link's info does not say in which network namespace: the device may have
 * moved. So look for the link on the device. Only a process that may not query has to
 * believe the index.
 */
bool is_on(const struct bpf_link_info *info, int ifindex)
{
	__u32 progs[64], links[64];
	LIBBPF_OPTS(bpf_prog_query_opts, hook,
		.prog_ids = progs, .link_ids = links, .count = 64);

	if (bpf_prog_query_opts(ifindex, BPF_TCX_INGRESS, &hook))
		return errno == EPERM && info->tcx.ifindex == ifindex;
	while (hook.count)
		if (links[--hook.count] == info->id)
			return true;
	return false;
}
