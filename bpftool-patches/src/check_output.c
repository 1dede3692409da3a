// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Fail if not all of the output could be written: a closed pipe, a full disk. */
#include <stdio.h>
#include <unistd.h>

#include "check_output.h"

/* for atexit(), where only _exit() can still change the exit status */
void check_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "Error: can't write all of the output\n");
	_exit(255);
}
