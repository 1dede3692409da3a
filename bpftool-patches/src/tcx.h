/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Programs and links in the tc chains of a device (tcx). */

#ifndef __BPFTOOL_TCX_H
#define __BPFTOOL_TCX_H

#include <stdbool.h>

struct bpf_link_info;

/* tcx.c, for link.c */
void tcx_show_link_json(const struct bpf_link_info *info);
void tcx_show_link_plain(const struct bpf_link_info *info);

/* tcx.c, for net.c; argv begins at the attach type */
int tcx_show_dev(const char *devname, int ifindex);
bool tcx_is_attach_type(const char *str);
int tcx_attach(int argc, char **argv);
int tcx_detach(int argc, char **argv);

/* link.c and net.c, for tcx.c */
int link_parse_fd(int *argc, char ***argv);
int net_parse_dev(int *argc, char ***argv);

#endif
