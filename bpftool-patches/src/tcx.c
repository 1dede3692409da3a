// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The tc programs and links of a device's hooks (tcx): shown by "bpftool net"
 * and "bpftool link", attached and detached by "bpftool net".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "main.h"
#include "netlink_dumper.h"
#include "pins.h"
#include "tcx.h"

#ifndef BPF_FS_MAGIC
#define BPF_FS_MAGIC	0xcafe4a11
#endif

/* As many as a hook holds today; the kernel says if it is not enough. */
#define HOOK_ROOM	64

#define NO_TCX " -- needs Linux 6.6, or a kernel with CONFIG_NET_TC_LINK"

/* The programs of a hook, in running order */
struct progs {
	__u32 cnt;
	__u32 *prog_ids;
	__u32 *prog_flags;
	__u32 *link_ids;
	__u32 *link_flags;
};

/* Where things are pinned. "net show" finds them once, and only with -f. */
static struct pins all_pins;
static bool pins_found;

/* Where a program goes: next to which program or link, and on which side */
struct place {
	__u32 flags;
	int relative_fd;	/* 0: none */
};

static const struct tcx_type {
	enum bpf_attach_type type;
	const char *name;
	const char *kind;
} tcx_types[] = {
	{ BPF_TCX_INGRESS, "tcx_ingress", "tcx/ingress" },
	{ BPF_TCX_EGRESS, "tcx_egress", "tcx/egress" },
};

bool tcx_is_attach_type(const char *str)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tcx_types); i++) {
		if (*str && is_prefix(str, tcx_types[i].name))
			return true;
	}
	return false;
}

/* What bpftool accepts as a prefix may fit both: ingress is not a default. */
static const struct tcx_type *parse_type(const char *str)
{
	const struct tcx_type *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tcx_types); i++) {
		if (!is_prefix(str, tcx_types[i].name))
			continue;
		if (found) {
			p_err("'%s' is ambiguous: '%s' or '%s'?", str,
			      found->name, tcx_types[i].name);
			return NULL;
		}
		found = &tcx_types[i];
	}
	return found;
}

static int query_hook(int ifindex, enum bpf_attach_type type,
		      struct progs *progs)
{
	__u32 room;
	int err;

	for (room = HOOK_ROOM; ; room *= 2) {
		DECLARE_LIBBPF_OPTS(bpf_prog_query_opts, opts);

		progs->prog_ids = calloc(room, 4 * sizeof(__u32));
		if (!progs->prog_ids)
			return -ENOMEM;
		progs->prog_flags = progs->prog_ids + room;
		progs->link_ids = progs->prog_flags + room;
		progs->link_flags = progs->link_ids + room;

		opts.prog_ids = progs->prog_ids;
		opts.prog_attach_flags = progs->prog_flags;
		opts.link_ids = progs->link_ids;
		opts.link_attach_flags = progs->link_flags;
		opts.count = room;
		if (!bpf_prog_query_opts(ifindex, type, &opts)) {
			progs->cnt = opts.count;
			return 0;
		}
		err = -errno;

		free(progs->prog_ids);
		if (err != -ENOSPC)
			return err;
	}
}

static void free_progs(struct progs *progs)
{
	free(progs->prog_ids);
}

static void show_prog_name(__u32 id)
{
	char name[MAX_PROG_FULL_NAME];
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd;

	/* Gone since the query, or not for us to open: the id alone is shown. */
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0) {
		errno = 0; /* or batch mode reports it */
		return;
	}

	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		get_prog_full_name(&info, fd, name, sizeof(name));
		if (name[0])
			NET_DUMP_STR("name", " %s", name);
	}
	close(fd);
}

static void show_flags(const char *name, __u32 flags)
{
	int bit;

	if (!flags && !json_output)
		return;

	NET_START_ARRAY(name, "%s ");
	for (bit = 0; bit < 32; bit++) {
		if (!(flags & 1U << bit))
			continue;
		if (json_output)
			jsonw_uint(json_wtr, 1U << bit);
		else
			printf("%u ", 1U << bit);
	}
	NET_END_ARRAY("");
}

/* Of the link, if one owns the program, else of the program itself */
static void show_pins(__u32 prog_id, __u32 link_id)
{
	enum bpf_obj_type type = link_id ? BPF_OBJ_LINK : BPF_OBJ_PROG;
	__u32 id = link_id ?: prog_id;
	size_t i;

	if (!pins_found) {
		pins_find(&all_pins);
		pins_found = true;
	}

	if (json_output)
		jsonw_name(json_wtr, "pinned");
	if (json_output)
		jsonw_start_array(json_wtr);
	for (i = 0; i < all_pins.cnt; i++) {
		if (all_pins.pin[i].type != type || all_pins.pin[i].id != id)
			continue;
		if (json_output)
			jsonw_string(json_wtr, all_pins.pin[i].path);
		else
			printf("pinned %s ", all_pins.pin[i].path);
	}
	if (json_output)
		jsonw_end_array(json_wtr);
}

static void show_entry(const char *devname, int ifindex, const char *kind,
		       const struct progs *progs, __u32 i)
{
	NET_START_OBJECT;
	if (devname[0])
		NET_DUMP_STR("devname", "%s", devname);
	NET_DUMP_UINT("ifindex", "(%u)", (unsigned int)ifindex);
	NET_DUMP_STR("kind", " %s", kind);
	show_prog_name(progs->prog_ids[i]);
	NET_DUMP_PROG_ID(" prog_id %u ", progs->prog_ids[i]);
	show_flags("prog_flags", progs->prog_flags[i]);
	if (json_output || progs->link_ids[i])
		NET_DUMP_UINT("link_id", "link_id %u ", progs->link_ids[i]);
	show_flags("link_flags", progs->link_flags[i]);
	if (show_pinned)
		show_pins(progs->prog_ids[i], progs->link_ids[i]);
	NET_END_OBJECT_FINAL;
}

/* Show the programs of both hooks of a device, each in running order. An
 * error has been reported when this returns it.
 */
int tcx_show_dev(const char *devname, int ifindex)
{
	struct progs progs;
	size_t i;
	__u32 n;
	int err;

	for (i = 0; i < ARRAY_SIZE(tcx_types); i++) {
		err = query_hook(ifindex, tcx_types[i].type, &progs);
		/* a kernel without tcx, or a device gone meanwhile */
		if (err == -EINVAL || err == -ENODEV) {
			errno = 0; /* batch mode takes it for its own */
			return 0;
		}
		if (err) {
			p_err("can't query %s of %s: %s", tcx_types[i].name,
			      devname, strerror(-err));
			return err;
		}
		for (n = 0; n < progs.cnt; n++)
			show_entry(devname, ifindex, tcx_types[i].kind, &progs, n);
		free_progs(&progs);
	}
	return 0;
}

/* All devices are shown. The next command of a batch may find other pins. */
void tcx_show_end(void)
{
	pins_free(&all_pins);
	pins_found = false;
}

/* Link info has the index that a device has in its own netns, and so may fit
 * a device of another netns: the hook knows. Whoever may not query it has to
 * believe the index.
 */
bool tcx_dev_has_link(int ifindex, const struct bpf_link_info *info)
{
	struct progs progs;
	bool found = false;
	__u32 n;
	int err;

	err = query_hook(ifindex, info->tcx.attach_type, &progs);
	if (err == -EPERM)
		return info->tcx.ifindex == (__u32)ifindex;
	if (err)
		return false;
	for (n = 0; n < progs.cnt; n++)
		found |= progs.link_ids[n] == info->id;
	free_progs(&progs);
	return found;
}

/* The index is 0 once the device is gone or the link was detached. */
static const char *link_devname(const struct bpf_link_info *info, char *buf)
{
	const char *name = NULL;

	if (!info->tcx.ifindex)
		return "(detached)";
	if (tcx_dev_has_link(info->tcx.ifindex, info))
		name = if_indextoname(info->tcx.ifindex, buf);
	errno = 0;	/* that it is not here is no failure, in batch mode either */
	return name ?: "(unknown)";
}

static const char *link_direction(__u32 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tcx_types); i++) {
		if (tcx_types[i].type == type)
			return tcx_types[i].name;
	}
	return NULL;
}

void tcx_show_link_json(const struct bpf_link_info *info)
{
	const char *direction = link_direction(info->tcx.attach_type);
	char buf[IF_NAMESIZE];

	jsonw_string_field(json_wtr, "devname",
			   link_devname(info, buf));
	jsonw_uint_field(json_wtr, "ifindex", info->tcx.ifindex);
	if (direction)
		jsonw_string_field(json_wtr, "attach_type", direction);
	else
		jsonw_uint_field(json_wtr, "attach_type",
				 info->tcx.attach_type);
}

void tcx_show_link_plain(const struct bpf_link_info *info)
{
	const char *direction = link_direction(info->tcx.attach_type);
	char buf[IF_NAMESIZE];
	const char *devname;

	devname = link_devname(info, buf);
	if (devname == buf)
		printf("\n\tifindex %s(%u)  ", devname, info->tcx.ifindex);
	else
		printf("\n\tifindex %s  ", devname);
	if (direction)
		printf("attach_type %s  ", direction);
	else
		printf("attach_type %u  ", info->tcx.attach_type);
}

static int parse_pinned_prog_or_link(int *argc, char ***argv, bool *is_link)
{
	int fd, type;

	NEXT_ARGP();
	fd = open_obj_pinned(**argv, false);
	if (fd < 0)
		return -1;

	type = get_fd_type(fd);
	if (type != BPF_OBJ_PROG && type != BPF_OBJ_LINK) {
		p_err("%s is neither a program nor a link", **argv);
		close(fd);
		return -1;
	}
	*is_link = type == BPF_OBJ_LINK;
	NEXT_ARGP();
	return fd;
}

/* PROG; or a link: the word "link" and LINK, or the file it is pinned to */
static int parse_prog_or_link(int *argc, char ***argv, bool *is_link)
{
	int fd, good_fd;

	*is_link = is_prefix(**argv, "link");
	if (*is_link)
		NEXT_ARGP();
	if (*argc < 2) {
		p_err("expected a program or a link");
		return -1;
	}

	if (*is_link)
		fd = link_parse_fd(argc, argv);
	else if (is_prefix(**argv, "pinned"))
		fd = parse_pinned_prog_or_link(argc, argv, is_link);
	else
		fd = prog_parse_fd(argc, argv);
	if (fd)
		return fd;

	/* With stdin closed it can be 0, which the kernel takes for "none". */
	good_fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (good_fd < 0)
		p_err("can't duplicate an fd: %s", strerror(errno));
	close(fd);
	return good_fd;
}

static int parse_dev(int *argc, char ***argv)
{
	if (*argc < 2) {
		p_err("expected 'dev' and the name of a device");
		return -1;
	}
	return net_parse_dev(argc, argv);
}

/* prepend | { before | after } PROG|LINK */
static int parse_place(int *argc, char ***argv, struct place *place)
{
	bool is_link;

	if (place->flags) {
		p_err("only one of 'prepend', 'before' and 'after' may be given");
		return -1;
	}

	if (is_prefix(**argv, "prepend")) {
		place->flags = BPF_F_BEFORE;
		NEXT_ARGP();
		return 0;
	}

	place->flags = is_prefix(**argv, "before") ? BPF_F_BEFORE : BPF_F_AFTER;
	NEXT_ARGP();
	place->relative_fd = parse_prog_or_link(argc, argv, &is_link);
	if (is_link)
		place->flags |= BPF_F_LINK;
	return place->relative_fd < 0 ? -1 : 0;
}

/* { prepend | before PROG|LINK | after PROG|LINK | pin FILE | overwrite } ... */
static int parse_attach_options(int argc, char **argv, struct place *place,
				const char **pin)
{
	while (argc) {
		if (is_prefix(*argv, "overwrite")) {
			/* accepted and without effect, as in mainline */
			p_info("'overwrite' has no effect on tcx: the program is added");
			NEXT_ARG();
		} else if (is_prefix(*argv, "prepend") ||
			   is_prefix(*argv, "before") ||
			   is_prefix(*argv, "after")) {
			if (parse_place(&argc, &argv, place))
				return -1;
		} else if (is_prefix(*argv, "pin")) {
			NEXT_ARG();
			if (!argc || *pin) {
				p_err("'pin' takes one file");
				return -1;
			}
			*pin = GET_ARG();
		} else {
			p_err("expected 'prepend', 'before', 'after' or 'pin', got: '%s'?",
			      *argv);
			return -1;
		}
	}
	return 0;
}

/* No device has this index: a kernel with tcx says so. */
bool tcx_supported(void)
{
	DECLARE_LIBBPF_OPTS(bpf_prog_query_opts, opts);

	return bpf_prog_query_opts(~0, BPF_TCX_INGRESS, &opts) &&
	       errno == ENODEV;
}

/* A kernel without tcx answers EINVAL. So does one that does not like the
 * request, and one that does not let us ask is no proof.
 */
static bool tcx_is_missing(void)
{
	return !tcx_supported() && errno == EINVAL;
}

/* Before the program runs on packets, see that it can be pinned. Only where
 * there is a BPF file system: mounting one over a directory, as bpftool does
 * for other commands, would hide what is in it.
 */
static int check_pin(const char *path)
{
	const char *dir, *name = strrchr(path, '/');
	char *copy = strdup(path);
	struct statfs fs;
	struct stat st;
	int err = -1;

	if (!copy) {
		p_err("mem alloc failed");
		return -1;
	}
	name = name ? name + 1 : path;
	dir = dirname(copy);
	if (!*name)
		p_err("can't pin as '%s': the name of a file is missing", path);
	else if (statfs(dir, &fs))
		p_err("can't pin as %s: %s: %s", path, dir, strerror(errno));
	else if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		p_err("can't pin as %s: %s is not in a BPF file system: take a file in /sys/fs/bpf, or mount one on an empty directory: 'mount -t bpf none DIR'",
		      path, dir);
	else if (strchr(name, '.'))
		p_err("can't pin as %s: no name in a BPF file system may have a dot",
		      path);
	else if (!lstat(path, &st))
		p_err("can't pin as %s: %s", path, strerror(EEXIST));
	else if (errno != ENOENT || access(dir, W_OK | X_OK))
		p_err("can't pin as %s: %s", path, strerror(errno));
	else
		err = 0;
	free(copy);
	return err;
}

static int pin_link(int fd, const char *path)
{
	int err;

	if (!bpf_obj_pin(fd, path))
		return 0;
	err = -errno;
	p_err("can't pin as %s: %s", path, strerror(-err));
	return err;
}

/* What the errno of a refused attachment does not tell */
static const char *attach_hint(int err, const struct place *place)
{
	switch (err) {
	case -EINVAL:
		return tcx_is_missing() ? NO_TCX : " -- not a tc program?";
	case -EEXIST:
		return " -- the program is attached there already";
	case -ENOENT:
		return place->flags & BPF_F_LINK ?
			" -- the link named after 'before' or 'after' is not attached there" :
			" -- the program named after 'before' or 'after' is not attached there";
	case -ERANGE:
		return " -- no more programs fit there";
	default:
		return "";
	}
}

static int attach_prog(int prog_fd, int ifindex, enum bpf_attach_type type,
		       const struct place *place)
{
	DECLARE_LIBBPF_OPTS(bpf_prog_attach_opts, opts);

	opts.flags = place->flags;
	opts.relative_fd = place->relative_fd;
	return bpf_prog_attach_opts(prog_fd, ifindex, type, &opts) ? -errno : 0;
}

/* Returns the fd of the link, which holds the attachment until it is pinned. */
static int attach_link(int prog_fd, int ifindex, enum bpf_attach_type type,
		       const struct place *place)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts);
	int fd;

	opts.flags = place->flags;
	opts.tcx.relative_fd = place->relative_fd;
	fd = bpf_link_create(prog_fd, ifindex, type, &opts);
	return fd < 0 ? -errno : fd;
}

int tcx_attach(int argc, char **argv)
{
	const struct tcx_type *type = parse_type(*argv);
	struct place place = {};
	int prog_fd, ifindex, err, link_fd = -1;
	const char *pin = NULL;

	if (!type)
		return -EINVAL;
	NEXT_ARG();
	prog_fd = prog_parse_fd(&argc, &argv);
	if (prog_fd < 0)
		return -EINVAL;

	err = -EINVAL;
	ifindex = parse_dev(&argc, &argv);
	if (ifindex < 1)
		goto out;
	if (parse_attach_options(argc, argv, &place, &pin) ||
	    (pin && check_pin(pin)))
		goto out;

	if (pin) {
		link_fd = attach_link(prog_fd, ifindex, type->type, &place);
		err = link_fd < 0 ? link_fd : 0;
	} else {
		err = attach_prog(prog_fd, ifindex, type->type, &place);
	}
	if (err) {
		p_err("interface %s attach failed: %s%s", type->name,
		      strerror(-err), attach_hint(err, &place));
		goto out;
	}

	if (pin)
		err = pin_link(link_fd, pin);
	if (!err && json_output)
		jsonw_null(json_wtr);
out:
	if (link_fd >= 0)
		close(link_fd);
	if (place.relative_fd > 0)
		close(place.relative_fd);
	close(prog_fd);
	return err;
}

/* The link that keeps a program, the last where prog_fd is 0, from being
 * detached; 0 if it is gone by now.
 */
static __u32 owning_link(int prog_fd, int ifindex, enum bpf_attach_type type)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	struct progs progs;
	__u32 i, id = 0;

	if (prog_fd && bpf_obj_get_info_by_fd(prog_fd, &info, &len))
		return 0;
	if (query_hook(ifindex, type, &progs))
		return 0;
	for (i = 0; i < progs.cnt; i++) {
		if (prog_fd ? progs.prog_ids[i] == info.id : i == progs.cnt - 1)
			id = progs.link_ids[i];
	}
	free_progs(&progs);
	return id;
}

static void report_detach_error(int err, const struct tcx_type *type,
				int prog_fd, int ifindex)
{
	char hint[128] = "";
	__u32 link_id = 0;

	if (err == -EBUSY)
		link_id = owning_link(prog_fd, ifindex, type->type);
	if (link_id)
		snprintf(hint, sizeof(hint),
			 " -- link %u owns the program: see 'bpftool link detach id %u'",
			 link_id, link_id);
	else if (err == -ENOENT && prog_fd)
		snprintf(hint, sizeof(hint),
			 " -- the program is not attached there");
	else if (err == -EINVAL && tcx_is_missing())
		snprintf(hint, sizeof(hint), NO_TCX);
	p_err("interface %s detach failed: %s%s", type->name, strerror(-err),
	      hint);
}

int tcx_detach(int argc, char **argv)
{
	const struct tcx_type *type = parse_type(*argv);
	int prog_fd = 0, ifindex, err = -EINVAL;
	bool is_link = false;

	if (!type)
		return -EINVAL;
	NEXT_ARG();
	if (!is_prefix(*argv, "dev")) {
		prog_fd = parse_prog_or_link(&argc, &argv, &is_link);
		if (prog_fd < 0)
			return -EINVAL;
		if (is_link) {
			p_err("this is a link, not a program: use 'bpftool link detach'");
			goto out;
		}
	}

	ifindex = parse_dev(&argc, &argv);
	if (ifindex < 1)
		goto out;
	if (argc) {
		BAD_ARG();
		goto out;
	}

	/* without a program the last of the hook's goes */
	err = 0;
	if (bpf_prog_detach_opts(prog_fd, ifindex, type->type, NULL))
		err = -errno;
	if (err)
		report_detach_error(err, type, prog_fd, ifindex);
	else if (json_output)
		jsonw_null(json_wtr);
out:
	if (prog_fd)
		close(prog_fd);
	return err;
}
