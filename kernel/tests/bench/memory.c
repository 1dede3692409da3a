// SPDX-License-Identifier: GPL-2.0
/*
 * Slab and per-CPU memory that is used when something is attached to 1,000 devices:
 * bytes for each hook, link, clsact and filter. Prints a line of JSON for each. Use one
 * CPU, since the slabs that other CPUs keep count as well.
 */
#include "netlink.h"

#define DEVICES	1000

static int devices[DEVICES], links[DEVICES], files[DEVICES];

static long bytes(void)
{
	long kb, sum = 0;
	char line[128];
	FILE *f;

	sleep(2);	/* memory that waits for a grace period is freed */
	f = fopen("/proc/meminfo", "r");
	if (!f)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kb) == 1 ||
		    sscanf(line, "Percpu: %ld", &kb) == 1)
			sum += kb * 1024;
	fclose(f);
	return sum;
}

static void say(const char *what, long sum)
{
	printf("{\"bench\":\"memory\",\"what\":\"%s\",\"value\":%ld}\n", what, sum / DEVICES);
	fflush(stdout);
}

static void attach_plainly(int prog, int ifindex, int cmd)
{
	union bpf_attr attr = {
		.target_ifindex = ifindex,
		.attach_bpf_fd = prog,
		.attach_type = BPF_TCX_INGRESS,
	};

	if (bpf(cmd, &attr))
		die("BPF_PROG_ATTACH or _DETACH");
}

static int another_file(int link)
{
	struct bpf_link_info info = {};
	union bpf_attr attr = {
		.info.bpf_fd = link,
		.info.info = (unsigned long)&info,
		.info.info_len = sizeof(info),
	};
	int fd;

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		die("BPF_OBJ_GET_INFO_BY_FD");
	memset(&attr, 0, sizeof(attr));
	attr.link_id = info.id;
	fd = bpf(BPF_LINK_GET_FD_BY_ID, &attr);
	if (fd < 0)
		die("BPF_LINK_GET_FD_BY_ID");
	return fd;
}

/* Every link has a file, like links of other types, which is counted separately */
static void measure_links(int prog)
{
	long before, hooks, with_links, with_files;
	int i;

	before = bytes();
	for (i = 0; i < DEVICES; i++)
		attach_plainly(prog, devices[i], BPF_PROG_ATTACH);
	hooks = bytes() - before;
	for (i = 0; i < DEVICES; i++)
		attach_plainly(prog, devices[i], BPF_PROG_DETACH);

	/* the slabs of these hooks may still be there, and are used again */
	for (i = 0; i < DEVICES; i++)
		links[i] = create_link(prog, devices[i], INGRESS);
	with_links = bytes() - before;
	before = bytes();
	for (i = 0; i < DEVICES; i++)
		files[i] = another_file(links[i]);
	with_files = bytes() - before;

	say("hook", hooks);
	say("link", with_links - with_files - hooks);
	say("file of a link", with_files);
	for (i = 0; i < DEVICES; i++) {
		close(links[i]);
		close(files[i]);
	}
}

static void measure_filters(int prog)
{
	long before;
	int i;

	before = bytes();
	for (i = 0; i < DEVICES; i++)
		add_clsact(devices[i]);
	say("clsact", bytes() - before);
	before = bytes();
	for (i = 0; i < DEVICES; i++)
		add_filter(devices[i], INGRESS, 1, prog);
	say("filter", bytes() - before);
}

int main(void)
{
	char name[IFNAMSIZ];
	int prog, i;

	if (unshare(CLONE_NEWNET))
		die("unshare");
	allow_files(2 * DEVICES + 100);
	for (i = 0; i < DEVICES; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		devices[i] = make_dummy(name, false);
	}
	prog = load_prog(NEXT);
	/* what only the first one allocates does not count */
	add_clsact(devices[0]);
	add_filter(devices[0], INGRESS, 1, prog);
	del_clsact(devices[0]);
	if (has_links())
		measure_links(prog);
	measure_filters(prog);
	return 0;
}
