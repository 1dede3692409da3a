/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rtnetlink without ip(8), for tests that change devices many times. Starting ip(8)
 * would take longer than the change.
 */
#ifndef TC_LINK_RTNL_H
#define TC_LINK_RTNL_H

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rtnetlink.h>
#include <linux/veth.h>

struct request {
	struct nlmsghdr h;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct tcmsg tc;
	};
	char attrs[256];
};

static inline struct rtattr *put(struct request *r, int type, const void *data, int len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static inline void end(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (char *)r + r->h.nlmsg_len - (char *)nest;
}

static inline struct request request(int type, int flags, size_t len)
{
	return (struct request){
		.h.nlmsg_type = type,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		.h.nlmsg_len = NLMSG_LENGTH(len),
	};
}

/* Returns 0 or -errno */
static inline int talk(int sock, struct request *r)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr err;
		char rest[4096];
	} answer;

	if (send(sock, r, r->h.nlmsg_len, 0) < 0 ||
	    recv(sock, &answer, sizeof(answer), 0) < 0)
		return -errno;
	return answer.h.nlmsg_type == NLMSG_ERROR ? answer.err.error : -EPROTO;
}

static inline int rtnl_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/*
 * Adds @dev with @ifindex, or any if 0, to the namespace of @sock, and its @peer to
 * @peer_ns
 */
static inline int veth_add(int sock, const char *dev, int ifindex, const char *peer, int peer_ns)
{
	struct request r = request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(r.link));
	static const struct ifinfomsg peer_link;
	struct rtattr *info, *data, *nest;

	r.link.ifi_index = ifindex;
	put(&r, IFLA_IFNAME, dev, strlen(dev) + 1);
	info = put(&r, IFLA_LINKINFO, NULL, 0);
	put(&r, IFLA_INFO_KIND, "veth", 4);
	data = put(&r, IFLA_INFO_DATA, NULL, 0);
	nest = put(&r, VETH_INFO_PEER, &peer_link, sizeof(peer_link));
	put(&r, IFLA_IFNAME, peer, strlen(peer) + 1);
	put(&r, IFLA_NET_NS_FD, &peer_ns, sizeof(peer_ns));
	end(&r, nest);
	end(&r, data);
	end(&r, info);
	return talk(sock, &r);
}

static inline int link_set(int sock, int ifindex, unsigned int up)
{
	struct request r = request(RTM_NEWLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	r.link.ifi_flags = up;
	r.link.ifi_change = IFF_UP;
	return talk(sock, &r);
}

static inline int link_up(int sock, int ifindex)
{
	return link_set(sock, ifindex, IFF_UP);
}

static inline int link_down(int sock, int ifindex)
{
	return link_set(sock, ifindex, 0);
}

static inline int link_del(int sock, int ifindex)
{
	struct request r = request(RTM_DELLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	return talk(sock, &r);
}

/* Moves a device from the namespace of @sock to @to_ns */
static inline int link_move(int sock, int ifindex, int to_ns)
{
	struct request r = request(RTM_NEWLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	put(&r, IFLA_NET_NS_FD, &to_ns, sizeof(to_ns));
	return talk(sock, &r);
}

static inline int link_rename(int sock, int ifindex, const char *name)
{
	struct request r = request(RTM_NEWLINK, 0, sizeof(r.link));

	r.link.ifi_index = ifindex;
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return talk(sock, &r);
}

static inline int addr_add(int sock, int ifindex, const char *addr)
{
	struct request r = request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(r.addr));
	struct in_addr in = { .s_addr = inet_addr(addr) };

	r.addr.ifa_family = AF_INET;
	r.addr.ifa_prefixlen = 24;
	r.addr.ifa_index = ifindex;
	put(&r, IFA_LOCAL, &in, sizeof(in));
	return talk(sock, &r);
}

#endif
