// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Where programs, maps and links are pinned: all files of all BPF file systems.
 * What cannot be opened, and what there is no memory for, is left out.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <ftw.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <bpf/bpf.h>

#include "main.h"
#include "pins.h"

/* nftw() hands its callback nothing of ours */
static struct pins *found;

/* type and id are the first members of every object's info */
struct obj_info {
	__u32 type;
	__u32 id;
};

static void add_pin(int fd, const char *path)
{
	struct obj_info info = {};
	__u32 len = sizeof(info);
	struct pin *pin;
	int type;

	type = get_fd_type(fd);
	if (type < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return;

	pin = realloc(found->pin, (found->cnt + 1) * sizeof(*pin));
	if (!pin)
		return;
	found->pin = pin;
	pin += found->cnt;
	pin->path = strdup(path);
	if (!pin->path)
		return;
	pin->type = type;
	pin->id = info.id;
	found->cnt++;
}

static int visit(const char *path, const struct stat *st, int flag,
		 struct FTW *ftw)
{
	int fd;

	if (flag != FTW_F)
		return 0;
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		add_pin(fd, path);
		close(fd);
	}
	return 0;
}

/* The directories visited so far */
struct dirs {
	char **dir;
	size_t cnt;
};

/* A BPF file system over another is listed twice: visit the directory once. */
static bool is_new(struct dirs *dirs, const char *dir)
{
	char **room;
	size_t i;

	for (i = 0; i < dirs->cnt; i++) {
		if (!strcmp(dirs->dir[i], dir))
			return false;
	}
	room = realloc(dirs->dir, (dirs->cnt + 1) * sizeof(*room));
	if (!room)
		return false;
	dirs->dir = room;
	room[dirs->cnt] = strdup(dir);
	if (!room[dirs->cnt])
		return false;
	dirs->cnt++;
	return true;
}

void pins_find(struct pins *pins)
{
	struct dirs dirs = {};
	struct mntent *mount;
	FILE *mounts;

	memset(pins, 0, sizeof(*pins));
	found = pins;
	mounts = setmntent("/proc/mounts", "r");
	while (mounts && (mount = getmntent(mounts))) {
		if (!strcmp(mount->mnt_type, "bpf") &&
		    is_new(&dirs, mount->mnt_dir))
			nftw(mount->mnt_dir, visit, 16, FTW_PHYS | FTW_MOUNT);
	}
	if (mounts)
		endmntent(mounts);
	while (dirs.cnt)
		free(dirs.dir[--dirs.cnt]);
	free(dirs.dir);
	errno = 0; /* batch mode takes it for its own */
}

void pins_free(struct pins *pins)
{
	while (pins->cnt)
		free(pins->pin[--pins->cnt].path);
	free(pins->pin);
	pins->pin = NULL;
}
