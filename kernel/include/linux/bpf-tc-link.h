/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF programs on the ingress and egress side of a network device: what bpf(2)
 * calls. Network types stay out of here, as they would change the CRC of the
 * symbols that kernel/bpf/syscall.c exports.
 */
#ifndef __LINUX_BPF_TC_LINK_H
#define __LINUX_BPF_TC_LINK_H

#include <linux/bpf.h>

#ifdef CONFIG_NET_TC_LINK

/**
 * tc_link_attach_type - does an attach type of bpf(2) belong here
 * @type: attach type as user space gave it
 *
 * Return: true if the functions below handle the command.
 */
static inline bool tc_link_attach_type(u32 type)
{
	return type == BPF_TCX_INGRESS || type == BPF_TCX_EGRESS;
}

int tc_link_create(const union bpf_attr *attr);
int tc_link_prog_attach(const union bpf_attr *attr);
int tc_link_prog_detach(const union bpf_attr *attr);
int tc_link_prog_query(const union bpf_attr *attr,
		       union bpf_attr __user *uattr);

#else

static inline bool tc_link_attach_type(u32 type)
{
	return false;
}

static inline int tc_link_create(const union bpf_attr *attr)
{
	return -EINVAL;
}

static inline int tc_link_prog_attach(const union bpf_attr *attr)
{
	return -EINVAL;
}

static inline int tc_link_prog_detach(const union bpf_attr *attr)
{
	return -EINVAL;
}

static inline int tc_link_prog_query(const union bpf_attr *attr,
				     union bpf_attr __user *uattr)
{
	return -EINVAL;
}

#endif

#endif /* __LINUX_BPF_TC_LINK_H */
