/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF programs on the ingress and egress side of a network device: what bpf(2)
 * calls, and what is called when a device moves or goes away. No network type is
 * defined here, since that would change the CRC of the symbols that
 * kernel/bpf/syscall.c exports.
 */
#ifndef __LINUX_BPF_TC_LINK_H
#define __LINUX_BPF_TC_LINK_H

#include <linux/bpf.h>

struct net_device;

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
void tc_link_dev_uninstall(struct net_device *dev);
void tc_link_dev_move(struct net_device *dev);

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

static inline void tc_link_dev_uninstall(struct net_device *dev)
{
}

static inline void tc_link_dev_move(struct net_device *dev)
{
}

#endif

#endif /* __LINUX_BPF_TC_LINK_H */
