/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */
/*
 * What differs between the trees, for the tc code. Only 5.10's libbpf has no
 * LIBBPF_MAJOR_VERSION.
 */
#ifndef __LIBBPF_TC_COMPAT_H
#define __LIBBPF_TC_COMPAT_H

/* from 1.2 on the caller says which netlink protocol */
#if defined(LIBBPF_MAJOR_VERSION) && (LIBBPF_MAJOR_VERSION > 1 || LIBBPF_MINOR_VERSION >= 2)
#define tc_netlink_open(pid) libbpf_netlink_open(pid, NETLINK_ROUTE)
#else
#define tc_netlink_open(pid) libbpf_netlink_open(pid)
#endif

#ifndef LIBBPF_MAJOR_VERSION

#include <errno.h>
#include <string.h>
#include <linux/err.h>
#include <linux/rtnetlink.h>

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

/* an error pointer, as this release's functions return, and errno */
static inline void *libbpf_err_ptr(int err)
{
	errno = -err;
	return ERR_PTR(err);
}

#define libbpf_add_mem btf_add_mem

struct libbpf_nla_req {
	struct nlmsghdr nh;
	struct tcmsg tc;
	char buf[128];
};

static inline int nlattr_add(struct libbpf_nla_req *req, int type, const void *data, int len)
{
	size_t start = NLMSG_ALIGN(req->nh.nlmsg_len);
	struct nlattr *attr = (void *)req + start;

	if (start + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(*req))
		return -EMSGSIZE;
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((void *)attr + NLA_HDRLEN, data, len);
	req->nh.nlmsg_len = start + NLA_ALIGN(attr->nla_len);
	return 0;
}

static inline struct nlattr *nlattr_begin_nested(struct libbpf_nla_req *req, int type)
{
	struct nlattr *nest = (void *)req + NLMSG_ALIGN(req->nh.nlmsg_len);

	return nlattr_add(req, type | NLA_F_NESTED, NULL, 0) ? NULL : nest;
}

static inline void nlattr_end_nested(struct libbpf_nla_req *req, struct nlattr *nest)
{
	nest->nla_len = (void *)req + NLMSG_ALIGN(req->nh.nlmsg_len) - (void *)nest;
}

#endif /* LIBBPF_MAJOR_VERSION */

#endif /* __LIBBPF_TC_COMPAT_H */
