/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CLIENT_H
#define CLIENT_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PIN "/sys/fs/bpf/client"

static int cases, failures;

/* one TAP line; what errno was is shown with a failure */
static inline int check(int ok, const char *what)
{
	int err = errno;

	printf("%sok %d %s\n", ok ? "" : "not ", ++cases, what);
	if (!ok)
		printf("# errno %d (%s)\n", err, strerror(err));
	failures += !ok;
	return ok;
}

#endif
