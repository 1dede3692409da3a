/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Fail if not all of the output could be written: a closed pipe, a full disk. */

#ifndef __BPFTOOL_CHECK_OUTPUT_H
#define __BPFTOOL_CHECK_OUTPUT_H

#include <stdio.h>
#include <unistd.h>

/* For atexit(), where only _exit() can still change the exit status. In the
 * header, as the bootstrap bpftool is linked from a list of objects.
 */
static inline void check_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "Error: can't write all of the output\n");
	_exit(255);
}

#endif
