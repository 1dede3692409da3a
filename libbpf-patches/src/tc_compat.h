/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */
/*
 * What 5.10's libbpf lacks of what the tc code uses. From version 1 on libbpf
 * has these itself, with error pointers that are NULL.
 */
#ifndef __LIBBPF_TC_COMPAT_H
#define __LIBBPF_TC_COMPAT_H

#ifndef LIBBPF_MAJOR_VERSION

#include <errno.h>
#include <linux/err.h>

static inline int libbpf_err(int ret)
{
	if (ret < 0)
		errno = -ret;
	return ret;
}

static inline int libbpf_err_errno(int ret)
{
	return ret < 0 ? -errno : ret;
}

static inline void *libbpf_err_ptr(int err)
{
	errno = -err;
	return ERR_PTR(err);
}

#endif /* LIBBPF_MAJOR_VERSION */

#endif /* __LIBBPF_TC_COMPAT_H */
