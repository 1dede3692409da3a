/* SPDX-License-Identifier: GPL-2.0 */
/*
 * After libbpf_set_print(keep_log), logged[] has what libbpf prints above the level
 * debug. logged[0] = 0 clears it.
 */
#ifndef LIBBPF_LOG_H
#define LIBBPF_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>

static char logged[4096];

static int keep_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t have = strlen(logged);

	if (level != LIBBPF_DEBUG)
		vsnprintf(logged + have, sizeof(logged) - have, fmt, ap);
	return 0;
}

#endif
