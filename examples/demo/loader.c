// SPDX-License-Identifier: GPL-2.0
/*
 * Attaches count.bpf.c to both directions of a device.
 *
 * loader watch DEV             until it is killed; prints the counters
 * loader pin DEV DIR           pins links and counters in DIR, and exits
 * loader replace DIR VERSION   gives the links in DIR another program
 * loader show DIR              prints the sum of the counters in DIR
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "count.skel.h"

#define VERSIONS 1024

static const char *const directions[] = { "ingress", "egress" };

static int fail(const char *what, long err)
{
	fprintf(stderr, "loader: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return 1;
}

static const char *in(const char *dir, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* The program, with the counters @packets unless that is negative */
static struct count_bpf *load(int version, int packets)
{
	struct count_bpf *skel = count_bpf__open();

	if (!skel)
		return NULL;
	skel->rodata->version = version;
	if ((packets >= 0 && bpf_map__reuse_fd(skel->maps.packets, packets)) ||
	    count_bpf__load(skel)) {
		count_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

static int attach(struct count_bpf *skel, const char *dev, struct bpf_link *links[2])
{
	int ifindex = if_nametoindex(dev), i, err;

	if (!ifindex)
		return fail(dev, errno);
	for (i = 0; i < 2; i++) {
		links[i] = bpf_program__attach_tc(skel->progs.count, ifindex,
						  i ? BPF_TC_EGRESS : BPF_TC_INGRESS,
						  NULL);
		err = libbpf_get_error(links[i]);
		if (err)
			return fail("attach", err);
	}
	return 0;
}

static int print_counters(int packets)
{
	__u64 n, sum[2] = {};
	__u32 slot;

	for (slot = 0; slot < 2 * VERSIONS; slot++) {
		if (bpf_map_lookup_elem(packets, &slot, &n))
			return fail("counters", errno);
		sum[slot % 2] += n;
	}
	printf("%llu in, %llu out\n", sum[0], sum[1]);
	return fflush(stdout) ? fail("output", errno) : 0;
}

static int watch(const char *dev)
{
	struct count_bpf *skel = load(1, -1);
	struct bpf_link *links[2];

	if (!skel)
		return fail("load", errno);
	if (attach(skel, dev, links))
		return 1;
	while (!print_counters(bpf_map__fd(skel->maps.packets)))
		usleep(200000);
	return 1;
}

static int pin(const char *dev, const char *dir)
{
	struct count_bpf *skel = load(1, -1);
	struct bpf_link *links[2];
	int i, err;

	if (!skel)
		return fail("load", errno);
	if (attach(skel, dev, links))
		return 1;
	err = bpf_obj_pin(bpf_map__fd(skel->maps.packets), in(dir, "packets"));
	for (i = 0; !err && i < 2; i++)
		err = bpf_link__pin(links[i], in(dir, directions[i]));
	return err ? fail(in(dir, ""), errno) : 0;
}

static int replace(const char *dir, int version)
{
	int packets = bpf_obj_get(in(dir, "packets")), i, err;
	struct count_bpf *skel;
	struct bpf_link *link;

	if (packets < 0)
		return fail(in(dir, "packets"), errno);
	if (version < 0 || version >= VERSIONS)
		return fail("version", ERANGE);
	skel = load(version, packets);
	if (!skel)
		return fail("load", errno);
	for (i = 0; i < 2; i++) {
		link = bpf_link__open(in(dir, directions[i]));
		err = libbpf_get_error(link);
		if (err)
			return fail(in(dir, directions[i]), err);
		err = bpf_link__update_program(link, skel->progs.count);
		if (err)
			return fail("replace", err);
	}
	return 0;
}

static int show(const char *dir)
{
	int packets = bpf_obj_get(in(dir, "packets"));

	return packets < 0 ? fail(in(dir, "packets"), errno) : print_counters(packets);
}

int main(int argc, char **argv)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	/* until 5.11 programs and maps count as locked memory */
	setrlimit(RLIMIT_MEMLOCK, &none);
	if (argc == 3 && !strcmp(argv[1], "watch"))
		return watch(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "pin"))
		return pin(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "replace"))
		return replace(argv[2], atoi(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "show"))
		return show(argv[2]);
	fprintf(stderr, "usage: loader watch DEV | pin DEV DIR | replace DIR VERSION | show DIR\n");
	return 2;
}
