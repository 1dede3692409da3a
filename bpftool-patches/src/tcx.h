/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The tc programs and links of a device's hooks (tcx). */

#ifndef __BPFTOOL_TCX_H
#define __BPFTOOL_TCX_H

#include <stdbool.h>
#include <linux/types.h>

struct bpf_link_info;

/* tcx.c, for link.c and link_cmds.c */
void tcx_show_link_json(const struct bpf_link_info *info);
void tcx_show_link_plain(const struct bpf_link_info *info);
bool tcx_dev_has_link(int ifindex, const struct bpf_link_info *info);

/* tcx.c, for feature.c; errno tells why not */
bool tcx_supported(void);

/* tcx.c, for net.c; argv begins at the attach type */
int tcx_show_dev(const char *devname, int ifindex);
void tcx_show_end(void);
bool tcx_is_attach_type(const char *str);
int tcx_attach(int argc, char **argv);
int tcx_detach(int argc, char **argv);

/* "net help" */
#define TCX_HELP_ATTACH \
	"       %1$s %2$s attach TCX_TYPE PROG dev <devname> [ PLACE ] [ pin FILE ]\n"
#define TCX_HELP_DETACH \
	"       %1$s %2$s detach TCX_TYPE [ PROG ] dev <devname>\n"
#define TCX_HELP_SPEC \
	"       LINK := { [ link ] pinned FILE | link id LINK_ID }\n" \
	"       TCX_TYPE := { tcx_ingress | tcx_egress }\n" \
	"       PLACE := { prepend | { before | after } { PROG | LINK } }\n"

/* link.c and net.c, for tcx.c and link_cmds.c */
int link_parse_fd(int *argc, char ***argv);
int net_parse_dev(int *argc, char ***argv);

/* The id of a program, under both names that the JSON output has for it */
#define NET_DUMP_PROG_ID(fmt_str, val)			\
{							\
	if (json_output) {				\
		jsonw_uint_field(json_wtr, "id", val);	\
		jsonw_uint_field(json_wtr, "prog_id", val); \
	} else {					\
		fprintf(stdout, fmt_str, val);		\
	}						\
}

#endif
