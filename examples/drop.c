// SPDX-License-Identifier: GPL-2.0
/*
 * Drops packets from given addresses, with no process running: the link and the
 * map with the addresses are pinned. "start" is all that an agent needs at its
 * own start. It attaches the program if there is no link yet; replaces the program
 * of the link that it finds, so that each packet sees the old one or the new one;
 * and attaches again if the device was made anew. If it is interrupted, repeat it.
 * The pins are named after the device alone: use it in one network namespace.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addresses.h"
#include "die.h"
#include "drop.skel.h"
#include "on_device.h"

#define ELSEWHERE	"the filter is on another device, with ifindex %u"

static const char usage[] =
	"usage: drop start DEV            attach the filter to the ingress of DEV; if it is\n"
	"                                 there already, replace its program by this one\n"
	"       drop add DEV ADDRESS...   drop packets from these IPv4 or IPv6 addresses\n"
	"       drop del DEV ADDRESS...   let them pass again\n"
	"       drop list DEV             show the addresses, and how many packets were dropped\n"
	"       drop stop DEV             remove the filter and its addresses\n"
	"The filter needs no process. It is pinned in /sys/fs/bpf/drop-DEV/.\n";

static const char *dev;
static char dir[64], link_pin[80], map_pin[80];

static void set_pins(void)
{
	char *dot;

	if (!dev[0] || strlen(dev) >= IF_NAMESIZE || strchr(dev, '/'))
		die("'%s' cannot be the name of a network device", dev);
	snprintf(dir, sizeof(dir), "/sys/fs/bpf/drop-%s", dev);
	/* names there must not have dots, and names of devices have no colons */
	while ((dot = strchr(dir, '.')))
		*dot = ':';
	snprintf(link_pin, sizeof(link_pin), "%s/link", dir);
	snprintf(map_pin, sizeof(map_pin), "%s/addresses", dir);
}

static struct drop_bpf *load(void)
{
	struct drop_bpf *skel = drop_bpf__open();
	int err = skel ? 0 : -errno;

	if (mkdir(dir, 0700) && errno != EEXIST)
		die("cannot make %s: %s", dir, strerror(errno));
	/* uses the map that is pinned there, or creates and pins one */
	err = err ?: bpf_map__set_pin_path(skel->maps.addresses, map_pin) ?: drop_bpf__load(skel);
	if (err) {
		rmdir(dir);	/* if it is empty */
		die("cannot load the program: %s", err == -EPERM ? NOT_PERMITTED : strerror(-err));
	}
	return skel;
}

static struct bpf_link_info link_info(const struct bpf_link *link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len))
		die("cannot get information about the link: %s", strerror(errno));
	if (info.type != BPF_LINK_TYPE_TCX)
		die("%s is not a tc link: did another program make it?", link_pin);
	return info;
}

static void attach(const struct drop_bpf *skel, int ifindex)
{
	struct bpf_link *link = bpf_program__attach_tc(skel->progs.drop, ifindex, BPF_TC_INGRESS,
						       NULL);
	int err = libbpf_get_error(link);

	if (err)
		die("cannot attach to %s: %s", dev, strerror(-err));
	/* until it is pinned, it ends with this process */
	if (bpf_link__pin(link, link_pin))
		die("cannot pin %s: %s", link_pin, strerror(errno));
	printf("%s: program %u is attached\n", dev, link_info(link).prog_id);
}

/* The link that is pinned, or NULL if there is none */
static struct bpf_link *open_link(void)
{
	struct bpf_link *link;

	if (access(link_pin, F_OK) && errno == ENOENT)
		return NULL;
	link = bpf_link__open(link_pin);
	if (libbpf_get_error(link))
		die("cannot open %s: %s", link_pin, strerror(errno));
	return link;
}

static void start(int ifindex)
{
	struct bpf_link *link = open_link();
	struct drop_bpf *skel = load();
	struct bpf_link_info info;

	if (!link)
		return attach(skel, ifindex);

	info = link_info(link);
	if (info.tcx.ifindex && !is_on(&info, ifindex))
		die(ELSEWHERE ": was it renamed, or is it in another network namespace? \"drop stop %s\" removes it there",
		    info.tcx.ifindex, dev);
	if (!bpf_link__update_program(link, skel->progs.drop)) {
		printf("%s: program %u replaces %u\n", dev, link_info(link).prog_id, info.prog_id);
		return;
	}
	if (errno != ENOLINK)
		die("cannot replace the program of %s: %s", link_pin, strerror(errno));

	printf("%s: the device that was filtered is gone, this one is new\n", dev);
	if (unlink(link_pin))
		die("cannot remove %s: %s", link_pin, strerror(errno));
	attach(skel, ifindex);
}

static void stop(void)
{
	struct bpf_link *link = open_link();

	/* a link ends a little after its pin is removed; this detaches it at once */
	if (link)
		bpf_link__detach(link);
	if ((unlink(link_pin) && errno != ENOENT) || (unlink(map_pin) && errno != ENOENT) ||
	    rmdir(dir))
		die("cannot remove %s: %s", dir,
		    errno == ENOENT ? "nothing was started there" : strerror(errno));
}

static void list(void)
{
	struct bpf_link *link = open_link();
	struct bpf_link_info info = {};

	if (link)
		info = link_info(link);
	if (info.tcx.ifindex && is_on(&info, if_nametoindex(dev)))
		printf("%s: program %u is attached\n", dev, info.prog_id);
	else if (info.tcx.ifindex)
		printf("%s: " ELSEWHERE "\n", dev, info.tcx.ifindex);
	else
		printf("%s: nothing is attached; \"drop start %s\" attaches the program\n", dev, dev);
	addresses_list(map_pin);
}

int main(int argc, char **argv)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	const char *command = argc > 1 ? argv[1] : "";
	int ifindex;
	struct statfs fs;

	if (!strcmp(command, "--help") || !strcmp(command, "-h")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc < 3) {
		fputs(usage, stderr);
		die("give a command and a network device");
	}
	dev = argv[2];
	set_pins();
	/* before 5.11 programs and maps count as locked memory */
	setrlimit(RLIMIT_MEMLOCK, &none);
	if (statfs("/sys/fs/bpf", &fs) || fs.f_type != BPF_FS_MAGIC)
		die("/sys/fs/bpf is not a BPF file system: mount -t bpf bpf /sys/fs/bpf");

	if (!strcmp(command, "start") && argc == 3) {
		ifindex = if_nametoindex(dev);
		if (!ifindex)
			die(NO_DEVICE, dev);
		if (!libbpf_probe_tc_link(-1))
			die(NO_TC_LINKS);
		start(ifindex);
	} else if (!strcmp(command, "add") && argc > 3) {
		addresses_add(map_pin, argv + 3);
	} else if (!strcmp(command, "del") && argc > 3) {
		addresses_del(map_pin, argv + 3);
	} else if (!strcmp(command, "list") && argc == 3) {
		list();
	} else if (!strcmp(command, "stop") && argc == 3) {
		stop();
	} else {
		fputs(usage, stderr);
		die("there is no command '%s' with %d arguments", command, argc - 2);
	}
	return 0;
}
