// SPDX-License-Identifier: GPL-2.0
/*
 * How an agent keeps its program on a device. The link is pinned, so the program
 * stays while the agent is restarted or upgraded; the next agent puts its program
 * into the same link. When the device was deleted and created again, the agent
 * attaches again; when somebody detached the link, it ends. It removes the filters
 * with the same program that an earlier version, which used netlink, left behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent.skel.h"
#include "die.h"
#include "on_device.h"

static const char usage[] =
	"usage: agent DEV [NETNS]\n"
	"Keeps a program on the ingress of the network device DEV, in the network namespace\n"
	"NETNS of ip-netns(8) if given. When it ends, the program stays; to detach it,\n"
	"remove the pin whose name it prints. It ends by itself if somebody detaches the\n"
	"link with \"bpftool link detach\".\n";

static char pin[PATH_MAX];

static struct bpf_link_info link_info(const struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len))
		die("cannot get information about the link: %s", strerror(errno));
	return info;
}

/* Devices and their indexes belong to the namespace, so enter it before using any. */
static void enter(const char *netns)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("cannot enter the network namespace %s: %s", netns, strerror(errno));
	close(fd);
}

/* The link that an earlier agent pinned, now with our program; NULL if there is none. */
static struct bpf_link *take_link(struct bpf_program *prog, int ifindex)
{
	char name[IF_NAMESIZE];
	struct bpf_link_info info;
	struct bpf_link *link;

	if (access(pin, F_OK))
		return NULL;
	link = bpf_link__open(pin);
	if (libbpf_get_error(link))
		die("cannot open %s: %s", pin, strerror(errno));

	info = link_info(link);
	if (info.tcx.ifindex && !is_on(&info, ifindex)) {
		/* is the device just going away? */
		if (!if_indextoname(ifindex, name)) {
			bpf_link__destroy(link);
			return NULL;
		}
		die("%s is on another device, with ifindex %u: if that device was renamed or moved, remove the pin",
		    pin, info.tcx.ifindex);
	}
	if (!bpf_link__update_program(link, prog)) {
		printf("program replaced\n");
		return link;
	}
	if (errno != ENOLINK)
		die("cannot replace the program of %s: %s", pin, strerror(errno));

	/* its device is gone, or somebody detached it: the link attaches nothing any more */
	unlink(pin);
	bpf_link__destroy(link);
	return NULL;
}

static struct bpf_link *make_link(const struct bpf_program *prog, int ifindex)
{
	struct bpf_link *link = bpf_program__attach_tc(prog, ifindex, BPF_TC_INGRESS, NULL);

	if (libbpf_get_error(link)) {
		if (errno == ENODEV)
			return NULL;	/* the device is gone again */
		die("cannot attach: %s", errno == EOPNOTSUPP ? NO_TC_LINKS : strerror(errno));
	}
	if (bpf_link__pin(link, pin))
		die("cannot pin %s: %s", pin, strerror(errno));
	printf("program attached\n");
	return link;
}

/* The tag is a hash of the program's instructions, so this finds the program of this
 * version only. If earlier versions had others, keep a list of their tags and compare
 * with each. A name proves nothing, as anybody can choose it; nor does the tag of a
 * program so short that others have the same, unless it holds a number of its own.
 */
static int remove_ours(const struct bpf_tc_filter *filter, void *ctx)
{
	const struct bpf_prog_info *ours = ctx;
	int err;

	if (memcmp(filter->tag, ours->tag, sizeof(filter->tag)))
		return 0;
	err = bpf_tc_remove(filter);
	if (!err)
		printf("filter removed\n");
	return err == -ENOENT || err == -EEXIST ? 0 : err;	/* no longer ours */
}

/* Called when the link is attached, so no packet is missed: for a moment both run. The
 * qdisc stays, as it does no harm: a loader that has found it, and not attached its
 * filter yet, would fail without it.
 */
static void take_over(const struct bpf_program *prog, int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	struct bpf_prog_info ours = {};
	__u32 len = sizeof(ours);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &ours, &len) ||
	    bpf_tc_for_each(&hook, remove_ours, &ours))
		error("cannot remove the filters of an earlier version: %s", strerror(errno));
}

/* Return when the device is gone, or somebody detached the link. Some kernels do not tell
 * poll(), and none tells it that the device has moved, so look every two seconds.
 */
static void wait_for_end(const struct bpf_link *link, int ifindex)
{
	struct pollfd end = { .fd = bpf_link__fd(link) };
	struct bpf_link_info info = link_info(link);

	while (!(end.revents & (POLLHUP | POLLERR)) && is_on(&info, ifindex)) {
		poll(&end, 1, 2000);
		info = link_info(link);
	}
}

/* On purpose, if the device is still there: a device made anew has another index, unless
 * somebody chose the same. The index in the info is 0 when the link attaches nothing.
 */
static bool was_detached(const struct bpf_link *link, int ifindex)
{
	char name[IF_NAMESIZE];

	return !link_info(link).tcx.ifindex && if_indextoname(ifindex, name);
}

/* Names in a BPF file system must not have dots, and those of devices have no colons. */
static void replace_dots(char *path)
{
	while ((path = strchr(path, '.')))
		*path = ':';
}

/* Namespaces have directories of their own, as their devices may have the same names. */
static void name_pin(const char *dev, const char *netns)
{
	if (netns) {
		snprintf(pin, sizeof(pin), "/sys/fs/bpf/agent:%s", netns);
		replace_dots(pin);
		mkdir(pin, 0700);	/* if that fails, so does pinning */
		snprintf(pin + strlen(pin), sizeof(pin) - strlen(pin), "/%s", dev);
	} else {
		snprintf(pin, sizeof(pin), "/sys/fs/bpf/agent-%s", dev);
	}
	replace_dots(pin);
}

int main(int argc, char **argv)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct agent_bpf *skel;
	bool waiting = false;
	struct bpf_link *link;
	int ifindex;

	if (argc < 2 || argc > 3 || argv[1][0] == '-' || (argc == 3 && strpbrk(argv[2], "/:"))) {
		fputs(usage, argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 1;
	}
	if (!*argv[1] || strlen(argv[1]) >= IFNAMSIZ || strchr(argv[1], '/'))
		die("'%s' cannot be the name of a network device: that has 1 to %d characters and no '/'",
		    argv[1], IFNAMSIZ - 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* before 5.11 programs and maps count as locked memory */
	setrlimit(RLIMIT_MEMLOCK, &none);

	skel = agent_bpf__open_and_load();
	if (!skel)
		die("cannot load the program: %s", errno == EPERM ? NOT_PERMITTED : strerror(errno));
	if (argc == 3)
		enter(argv[2]);
	name_pin(argv[1], argv[2]);
	printf("pin: %s\n", pin);

	for (;;) {
		ifindex = if_nametoindex(argv[1]);
		link = ifindex ? take_link(skel->progs.watch, ifindex) : NULL;
		if (ifindex && !link)
			link = make_link(skel->progs.watch, ifindex);
		if (!link) {
			if (!waiting)
				printf("waiting for the device %s\n", argv[1]);
			waiting = true;
			sleep(1);
			continue;
		}
		waiting = false;
		take_over(skel->progs.watch, ifindex);
		wait_for_end(link, ifindex);
		if (was_detached(link, ifindex)) {
			printf("somebody detached the link: not attaching again\n");
			return 0;
		}
		printf("the device is gone\n");
		bpf_link__destroy(link);
	}
}
