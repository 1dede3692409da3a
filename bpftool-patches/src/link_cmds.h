/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* "link show" of a number or a device, and "link update". */

#ifndef __BPFTOOL_LINK_CMDS_H
#define __BPFTOOL_LINK_CMDS_H

#include <stdbool.h>

#include "tcx.h"

int link_select(int *argc, char ***argv);
bool link_skip(int fd);
int do_link_update(int argc, char **argv);

#define LINK_HELP_UPDATE \
	"       %1$s %2$s update     LINK  program PROG [ old PROG ]\n"
#define LINK_HELP_SPEC \
	"       LINK for show := { LINK | LINK_ID | dev <devname> }\n" \
	"       " HELP_SPEC_PROGRAM "\n"

#endif
