// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * "bpftool link show" of a plain number or of a device's links, and
 * "bpftool link update".
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "link_cmds.h"
#include "main.h"
#include "tcx.h"

/* not in the headers of every tree */
#define LINK_TYPE_NETKIT	13	/* BPF_LINK_TYPE_NETKIT, since Linux 6.7 */

/* The device whose links are shown, 0 if those of all */
static int wanted_ifindex;

static bool is_number(const char *str)
{
	return *str && str[strspn(str, "0123456789")] == '\0';
}

/**
 * link_select() - parse what "link show" shows, beyond LINK
 * @argc: number of arguments
 * @argv: arguments; a number becomes "id" and the number, a device is removed
 *
 * Return: 0, or -1 once an error has been reported.
 */
int link_select(int *argc, char ***argv)
{
	static char id[] = "id", number[11], *by_id[2];
	unsigned long long n;

	wanted_ifindex = 0;
	if (*argc == 1 && is_number(**argv)) {
		/* as it is written: "id" takes 010 for 8 */
		errno = 0;
		n = strtoull(**argv, NULL, 10);
		if (errno || n > UINT32_MAX) {
			p_err("no link has an ID as large as %s", **argv);
			return -1;
		}
		snprintf(number, sizeof(number), "%llu", n);
		by_id[0] = id;
		by_id[1] = number;
		*argv = by_id;
		*argc = 2;
	} else if (*argc == 1) {
		p_err("expected 'id', 'pinned' or 'dev' with its value, or a number, got: '%s'?",
		      **argv);
		return -1;
	} else if (*argc == 2 && is_prefix(**argv, "dev")) {
		wanted_ifindex = net_parse_dev(argc, argv);
		if (wanted_ifindex < 1)
			return -1;
	}
	return 0;
}

static bool is_wanted(const struct bpf_link_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_TCX:
		return tcx_dev_has_link(wanted_ifindex, info);
	case BPF_LINK_TYPE_XDP:
	case LINK_TYPE_NETKIT:
		/* the same first member in all of them */
		return info->xdp.ifindex == (__u32)wanted_ifindex;
	default:
		return false;
	}
}

/**
 * link_skip() - close a link that is not to be shown
 * @fd: the link
 *
 * Return: whether it was closed.
 */
bool link_skip(int fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	if (!wanted_ifindex)
		return false;
	/* what fails here fails when it is shown, and is reported then */
	if (bpf_obj_get_info_by_fd(fd, &info, &len) || is_wanted(&info))
		return false;
	close(fd);
	return true;
}

static __u32 prog_id_of(int prog_fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &len) ? 0 : info.id;
}

/* What the errno of a refused update does not tell */
static void report_update_error(int err, int link_fd, int old_fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info), old_id = 0;
	const char *hint = "";

	if (old_fd >= 0)
		old_id = prog_id_of(old_fd);
	if (err == EPERM && old_id &&
	    !bpf_obj_get_info_by_fd(link_fd, &info, &len) &&
	    info.prog_id != old_id) {
		p_err("link update failed: the link has program %u, not program %u: nothing was changed",
		      info.prog_id, old_id);
		return;
	}

	switch (err) {
	case ENOLINK:
		hint = " -- the link is detached, or its device is gone";
		break;
	case EEXIST:
		hint = " -- the program is attached there already";
		break;
	case EINVAL:
		hint = " -- not a program of the link's type, or the link cannot be updated";
		break;
	default:
		break;
	}
	p_err("link update failed: %s%s", strerror(err), hint);
}

/* LINK program PROG [ old PROG ] */
int do_link_update(int argc, char **argv)
{
	DECLARE_LIBBPF_OPTS(bpf_link_update_opts, opts);
	int link_fd, prog_fd = -1, old_fd = -1, err = -1;

	if (!REQ_ARGS(5))
		return -1;
	link_fd = link_parse_fd(&argc, &argv);
	if (link_fd < 0)
		return -1;

	if (argc < 3 || !is_prefix(*argv, "program")) {
		p_err("expected 'program' and a program, got: '%s'?",
		      argc ? *argv : "");
		goto out;
	}
	NEXT_ARG();
	prog_fd = prog_parse_fd(&argc, &argv);
	if (prog_fd < 0)
		goto out;

	if (argc) {
		if (argc != 3 || !is_prefix(*argv, "old")) {
			p_err("expected 'old' and a program, or nothing, got: '%s'?",
			      *argv);
			goto out;
		}
		NEXT_ARG();
		old_fd = prog_parse_fd(&argc, &argv);
		if (old_fd < 0)
			goto out;
		opts.flags = BPF_F_REPLACE;
		opts.old_prog_fd = old_fd;
	}

	err = bpf_link_update(link_fd, prog_fd, &opts) ? -1 : 0;
	if (err)
		report_update_error(errno, link_fd, old_fd);
	else if (json_output)
		jsonw_null(json_wtr);
out:
	if (old_fd >= 0)
		close(old_fd);
	if (prog_fd >= 0)
		close(prog_fd);
	close(link_fd);
	return err;
}
