/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An observation is everything that can be seen of a burst of frames: what taps,
 * sockets and programs get, and what devices and protocols count. It is a sorted list
 * of lines, so that two observations can be compared and the difference read.
 */
#ifndef OBSERVATION_H
#define OBSERVATION_H

#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>

#include "tc_link_test.h"
#include "progs/observe.h"
#include "observe.skel.h"

/* ---- frames ---- */

#define GSO_SIZE	1000
#define GSO_SEGS	5
#define FRAME_PAYLOAD	32

struct frame {
	struct virtio_net_hdr vnet;
	unsigned char bytes[6000];
} __attribute__((packed));

static inline void put16(unsigned char *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline __u32 sum16(const unsigned char *at, size_t len, __u32 sum)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += at[i] << 8 | at[i + 1];
	if (len & 1)
		sum += at[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Makes a frame that comes in or goes out. Returns its length without the vnet header. */
static inline size_t frame_make(struct frame *f, enum frame_kind kind, int type,
				const char *to_mac)
{
	static const unsigned char ours[] = FRAME_MAC;
	bool in = type == INGRESS, tcp = kind == FRAME_GSO, v6 = kind == FRAME_UDP6;
	size_t payload = tcp ? GSO_SIZE * GSO_SEGS : FRAME_PAYLOAD;
	size_t l4_len = payload + (tcp ? 20 : 8), i;
	unsigned char *at = f->bytes, *ip, *l4, *check;
	__u32 addrs[2] = {
		inet_addr(in ? THERE_ADDR : HERE_ADDR),
		inet_addr(in ? HERE_ADDR : THERE_ADDR),
	};
	__u32 sum;

	memset(f, 0, sizeof(*f));
	sscanf(to_mac ?: in ? HERE_MAC : THERE_MAC, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx",
	       at, at + 1, at + 2, at + 3, at + 4, at + 5);
	memcpy(at + 6, ours, sizeof(ours));
	at[11] = kind;
	at += 12;
	if (kind == FRAME_VLAN) {
		put16(at, ETH_P_8021Q);
		put16(at + 2, FRAME_VLAN_ID);
		at += 4;
	}
	put16(at, v6 ? ETH_P_IPV6 : ETH_P_IP);
	ip = at + 2;

	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4_len);
		ip[6] = IPPROTO_UDP;
		ip[7] = 64;
		memcpy(ip + 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		memcpy(ip + 24, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
		l4 = ip + 40;
		sum = sum16(ip + 8, 32, IPPROTO_UDP + l4_len);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 20 + l4_len);
		put16(ip + 4, 0x77);
		put16(ip + 6, 0x4000);
		ip[8] = 64;
		ip[9] = tcp ? IPPROTO_TCP : IPPROTO_UDP;
		memcpy(ip + 12, addrs, 8);
		put16(ip + 10, ~sum16(ip, 20, 0));
		l4 = ip + 20;
		sum = sum16(ip + 12, 8, ip[9] + l4_len);
	}

	put16(l4, PROBE_PORT + 1000);
	put16(l4 + 2, PROBE_PORT);
	if (tcp) {
		put16(l4 + 6, 1);		/* sequence number */
		l4[12] = 5 << 4;
		l4[13] = 0x10;			/* ACK */
		put16(l4 + 14, 1000);
		check = l4 + 16;
	} else {
		put16(l4 + 4, l4_len);
		check = l4 + 6;
	}
	for (i = l4_len - payload; i < l4_len; i++)
		l4[i] = 'a' + i % 26;

	if (kind == FRAME_PARTIAL_UDP || tcp) {
		put16(check, sum);
		f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		f->vnet.csum_start = l4 - f->bytes;
		f->vnet.csum_offset = check - l4;
	} else {
		put16(check, ~sum16(l4, l4_len, sum));
	}
	if (kind == FRAME_BAD_UDP)
		check[0] ^= 0x55;
	if (tcp) {
		f->vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		f->vnet.gso_size = GSO_SIZE;
		f->vnet.hdr_len = l4 + 20 - f->bytes;
	}
	return l4 + l4_len - f->bytes;
}

/* ---- lines ---- */

#define MAX_LINES 1024

struct observation {
	char *line[MAX_LINES];
	int n;
};

static inline void observe(struct observation *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (o->n == MAX_LINES || vasprintf(&o->line[o->n], fmt, ap) < 0)
		abort();
	va_end(ap);
	o->n++;
}

static inline int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void observation_sort(struct observation *o)
{
	qsort(o->line, o->n, sizeof(*o->line), compare_lines);
}

static inline void observation_free(struct observation *o)
{
	while (o->n)
		free(o->line[--o->n]);
}

/* Prints the lines that only one of two sorted observations has. Returns their number. */
static inline int observation_differences(const struct observation *filter,
					  const struct observation *link)
{
	int f = 0, l = 0, differ = 0;

	while (f < filter->n || l < link->n) {
		int c = f == filter->n ? 1 : l == link->n ? -1 :
			strcmp(filter->line[f], link->line[l]);

		if (c)
			differ++;
		if (c < 0)
			printf("# only by filter: %s\n", filter->line[f]);
		if (c > 0)
			printf("# only by link:   %s\n", link->line[l]);
		f += c <= 0;
		l += c >= 0;
	}
	/* the harness ends a test with _exit() */
	fflush(stdout);
	return differ;
}

/* Counts the lines that start with @start and contain @what, which may be "" */
static inline int observation_count(const struct observation *o, const char *start,
				    const char *what)
{
	int i, n = 0;

	for (i = 0; i < o->n; i++)
		n += !strncmp(o->line[i], start, strlen(start)) && strstr(o->line[i], what);
	return n;
}

/* ---- taps ---- */

#define MAX_TAPS 24

struct tap {
	int fd;
	int protocol;
	char dev[IFNAMSIZ];
};

struct observer {
	struct observe_bpf *skel;
	struct tap tap[MAX_TAPS];
	int taps;
};

/*
 * An AF_PACKET socket on a device of the current namespace. For ETH_P_ALL it gets
 * incoming packets before the programs of ingress, and outgoing packets after those of
 * egress. For any other protocol it gets what remains after ingress.
 */
static inline int tap_add(struct observer *o, const char *dev, int protocol)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex(dev),
	};
	int prog = bpf_program__fd(o->skel->progs.note), on = 1;
	struct tap *t = &o->tap[o->taps];

	if (o->taps == MAX_TAPS || !ll.sll_ifindex)
		return -1;
	t->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0 ||
	    setsockopt(t->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(t->fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(t->fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	    bind(t->fd, (void *)&ll, sizeof(ll)))
		return -1;
	t->protocol = protocol;
	snprintf(t->dev, sizeof(t->dev), "%s", dev);
	o->taps++;
	return 0;
}

/* All taps of a device */
static inline int taps_add(struct observer *o, const char *dev)
{
	return tap_add(o, dev, ETH_P_ALL) || tap_add(o, dev, ETH_P_IP) ||
	       tap_add(o, dev, ETH_P_IPV6) || tap_add(o, dev, ETH_P_8021Q) ? -1 : 0;
}

static inline char *hex(const unsigned char *bytes, size_t len)
{
	static char text[2 * 128 + 1];
	size_t i;

	for (i = 0; i < len && i < 128; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	text[2 * i] = 0;
	return text;
}

static inline __u32 hash_of(const unsigned char *bytes, size_t len)
{
	__u32 hash = 2166136261u;

	while (len--)
		hash = (hash ^ *bytes++) * 16777619u;
	return hash;
}

/* What the taps have received since the last call */
static inline void observe_taps(struct observer *ob, struct observation *o)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct sockaddr_ll from;
	struct frame f;
	struct iovec iov = { .iov_base = &f, .iov_len = sizeof(f) };
	struct note *n;
	ssize_t len;
	__u32 i;
	int t;

	for (t = 0; t < ob->taps; t++) {
		struct tap *tap = &ob->tap[t];

		for (;;) {
			struct msghdr msg = {
				.msg_name = &from, .msg_namelen = sizeof(from),
				.msg_iov = &iov, .msg_iovlen = 1,
				.msg_control = control, .msg_controllen = sizeof(control),
			};
			struct tpacket_auxdata *aux = NULL;
			struct cmsghdr *c;

			len = recvmsg(tap->fd, &msg, 0);
			if (len < 0 && errno == EAGAIN)
				break;
			if (len < 0) {
				/* virtio has no name for its offload */
				observe(o, "tap %s/%04x errno %d", tap->dev,
					tap->protocol, errno);
				continue;
			}
			for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
				if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
					aux = (void *)CMSG_DATA(c);
			len -= sizeof(f.vnet);
			observe(o, "tap %s/%04x len %zd type %d protocol %04x status %x vlan %x:%x "
				"csum %x:%d+%d gso %x:%d hash %08x %s",
				tap->dev, tap->protocol, len, from.sll_pkttype,
				ntohs(from.sll_protocol), aux ? aux->tp_status : ~0U,
				aux ? aux->tp_vlan_tpid : 0, aux ? aux->tp_vlan_tci : 0,
				f.vnet.flags, f.vnet.csum_start, f.vnet.csum_offset,
				f.vnet.gso_type, f.vnet.gso_size, hash_of(f.bytes, len),
				hex(f.bytes, len));
		}
	}
	for (i = 0; i < ob->skel->bss->noted && i < MAX_NOTES; i++) {
		n = &ob->skel->bss->notes[i];
		observe(o, "note kind %d if %u protocol %04x len %u type %u mark %x priority %u "
			"tc_index %u vlan %x", n->kind, n->ifindex, ntohs(n->protocol), n->len,
			n->pkt_type, n->mark, n->priority, n->tc_index, n->vlan_tci);
	}
	ob->skel->bss->noted = 0;
}

static inline void observe_socket(struct observation *o, const char *name, int fd)
{
	unsigned char buf[2048];
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) >= 0)
		observe(o, "socket %s len %zd %s", name, len, hex(buf, len));
}

static inline void observe_seen(struct observation *o, const char *name,
				const struct seen *seen, int kind)
{
	const struct seen *s = &seen[kind];

	if (!s->times)
		return;
	observe(o, "program %s kind %d times %u len %u type %u mark %x queue %u protocol %04x "
		"vlan %u:%x priority %u ingress_ifindex %u ifindex %u tc_index %u classid %x "
		"cb %x wire_len %u gso %u*%u hash %x csum_level %d rc %d direct %u meta %u:%x "
		"direct_is_packet %u %s",
		name, kind, s->times, s->len, s->pkt_type, s->mark, s->queue_mapping,
		ntohs(s->protocol), s->vlan_present, s->vlan_tci, s->priority,
		s->ingress_ifindex, s->ifindex, s->tc_index, s->tc_classid, s->cb, s->wire_len,
		s->gso_segs, s->gso_size, s->hash, s->csum_level, s->rc, s->direct, s->meta,
		s->meta_word, s->direct_is_packet, hex(s->start, FRAME_START));
}

/* ---- counters ---- */

#define MAX_COUNTERS 1024

struct counters {
	char *name[MAX_COUNTERS];
	unsigned long long value[MAX_COUNTERS];
	int n;
};

static inline void counters_add(struct counters *c, const char *ns, const char *of,
				const char *what, const char *value)
{
	if (c->n == MAX_COUNTERS ||
	    asprintf(&c->name[c->n], "counter %s %s %s", ns, of, what) < 0)
		abort();
	c->value[c->n++] = strtoull(value, NULL, 10);
}

/* Reads the counters of all devices and protocols of the current namespace */
static inline void counters_read(struct counters *c, const char *ns)
{
	char line[1024], names[1024], of[64], *at, *value, *s1, *s2, *name;
	int column;
	FILE *f;

	f = fopen("/proc/net/dev", "re");
	while (f && fgets(line, sizeof(line), f)) {
		static const char *const columns[] = {
			"rx_bytes", "rx_packets", "rx_errs", "rx_drop", "rx_fifo", "rx_frame",
			"rx_compressed", "rx_multicast", "tx_bytes", "tx_packets", "tx_errs",
			"tx_drop", "tx_fifo", "tx_colls", "tx_carrier", "tx_compressed",
		};

		at = strchr(line, ':');
		if (!at)
			continue;
		*at++ = 0;
		if (sscanf(line, "%63s", of) != 1)
			continue;
		column = 0;
		for (value = strtok_r(at, " \n", &s1); value && column < 16;
		     value = strtok_r(NULL, " \n", &s1), column++)
			counters_add(c, ns, of, columns[column], value);
	}
	if (f)
		fclose(f);

	f = fopen("/proc/net/snmp", "re");
	/* each line of names is followed by a line of values */
	while (f && fgets(names, sizeof(names), f) && fgets(line, sizeof(line), f)) {
		value = strtok_r(line, " \n", &s1);
		name = strtok_r(names, " \n", &s2);
		while (value && name) {
			value = strtok_r(NULL, " \n", &s1);
			name = strtok_r(NULL, " \n", &s2);
			if (value && name)
				counters_add(c, ns, names, name, value);
		}
	}
	if (f)
		fclose(f);
}

static inline void counters_free(struct counters *c)
{
	while (c->n)
		free(c->name[--c->n]);
}

/* Reads the counters of both namespaces */
static inline int counters_of(struct net *net, struct counters *c)
{
	c->n = 0;
	counters_read(c, "here");
	if (setns(net->there_ns, CLONE_NEWNET))
		return -1;
	counters_read(c, "there");
	return setns(net->here_ns, CLONE_NEWNET);
}

static inline void observe_counters(struct observation *o, const struct counters *before,
				    const struct counters *after)
{
	int i;

	if (before->n != after->n) {
		observe(o, "counters %d were %d", after->n, before->n);
		return;
	}
	for (i = 0; i < after->n; i++)
		if (after->value[i] != before->value[i])
			observe(o, "%s +%llu", after->name[i],
				after->value[i] - before->value[i]);
}

/* ---- sending ---- */

/* A socket that sends frames on a device of the current namespace */
static inline int frame_socket(const char *dev)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(dev),
	};
	int on = 1, fd;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || !ll.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(fd, (void *)&ll, sizeof(ll)))
		return -1;
	return fd;
}

/*
 * Sends a frame of each kind in @kinds, and waits until all are processed. If the process
 * stays on one CPU, all softirqs of a burst run on that CPU before it goes on.
 */
static inline void send_frames(struct observation *o, int fd, int type, const char *to_mac,
			       unsigned int kinds)
{
	struct frame f;
	size_t len;
	int kind;

	for (kind = 0; kind < FRAME_KINDS; kind++) {
		if (!(kinds & 1U << kind))
			continue;
		len = frame_make(&f, kind, type, to_mac);
		if (send(fd, &f, sizeof(f.vnet) + len, 0) < 0)
			observe(o, "send kind %d errno %d", kind, errno);
	}
	usleep(10000);
	usleep(10000);
}

#define ALL_FRAMES ((1U << FRAME_KINDS) - 1)

#endif
