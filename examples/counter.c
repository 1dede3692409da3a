// SPDX-License-Identifier: GPL-2.0
/*
 * A packet counter that uses tc links: the kernel detaches its programs when the
 * links are closed, by the program or by the end of the process, for whatever
 * reason it ends. There is nothing to clean up and no handle or priority to choose.
 */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "count.skel.h"
#include "die.h"
#include "rates.h"

static const char usage[] =
	"usage: counter DEV [SECONDS]\n"
	"Shows how many packets and bytes enter and leave the network device DEV, every\n"
	"second or every SECONDS, until Ctrl-C. Whatever else is attached to DEV is left\n"
	"alone. Needs a kernel with tc links; counter_netlink works without.\n";

static void need_tc_links(void)
{
	int known = libbpf_probe_tc_link(-1);

	if (known == -EPERM)
		die(NOT_PERMITTED);
	if (known < 0)
		die("cannot tell whether the kernel has tc links: %s", strerror(-known));
	if (!known)
		die(NO_TC_LINKS "; or use counter_netlink");
}

static struct bpf_link *attach(const struct bpf_program *prog, const struct args *args,
			       enum bpf_tc_attach_point side)
{
	struct bpf_link *link = bpf_program__attach_tc(prog, args->ifindex, side, NULL);
	int err = libbpf_get_error(link);

	/* when the process ends, so does the link that was made before */
	if (err)
		die("cannot attach to %s: %s", args->dev, strerror(-err));
	return link;
}

/* A link outlives its device, but then it has no ifindex, and its program does not run. */
static int check(const struct bpf_link *link, const struct args *args)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len)) {
		error("cannot get information about the link: %s", strerror(errno));
		return -1;
	}
	if (!info.tcx.ifindex) {
		error("%s is gone, or somebody detached the link", args->dev);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct args args = args_parse(argc, argv, usage);
	struct bpf_link *ingress, *egress;
	struct count_bpf *skel;
	int traffic, err;

	rates_start();
	need_tc_links();
	skel = count_bpf__open();
	err = skel ? count_bpf__load(skel) : -errno;
	if (err)
		die("cannot load the program: %s", err == -EPERM ? NOT_PERMITTED : strerror(-err));
	traffic = bpf_map__fd(skel->maps.traffic);
	ingress = attach(skel->progs.count_ingress, &args, BPF_TC_INGRESS);
	egress = attach(skel->progs.count_egress, &args, BPF_TC_EGRESS);

	while (!err && rates_wait(args.interval))
		err = check(ingress, &args) ?: check(egress, &args) ?: rates_print(traffic);
	err = rates_print_total(traffic) ?: err;

	bpf_link__destroy(ingress);
	bpf_link__destroy(egress);
	count_bpf__destroy(skel);
	return err ? 1 : 0;
}
