// SPDX-License-Identifier: GPL-2.0
/*
 * pretend old-kernel COMMAND...    bpf(2) answers as a kernel without tc links does
 * pretend nobody COMMAND...        without privileges
 */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../../selftests/no_tc_links.h"

static int nobody(void)
{
	return setgroups(0, NULL) ?: setgid(65534) ?: setuid(65534);
}

int main(int argc, char **argv)
{
	if (argc < 3 || (strcmp(argv[1], "old-kernel") ? nobody() : hide_tc_links())) {
		perror("pretend");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
