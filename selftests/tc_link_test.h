/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests share: two network namespaces joined by a veth pair, packets through
 * it, and direct calls of bpf(2), whose ABI is tested.
 */
#ifndef TC_LINK_TEST_H
#define TC_LINK_TEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "progs/ports.h"

/* the harness allows 30 seconds per test; an emulated debug kernel needs more */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

#define INGRESS	BPF_TCX_INGRESS
#define EGRESS	BPF_TCX_EGRESS

/* No device has this ifindex, no fd this number, no program and no link this id */
#define NO_IFINDEX	0x7ffffff0
#define BAD_FD		900
#define BAD_ID		0x7ffffff0

/* Until 5.11, programs and maps count as locked memory, which is limited */
static void __attribute__((constructor)) lift_memlock_limit(void)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &none);
}

/* ---- bpf(2): every function returns what the kernel returned, or -errno ---- */

static inline int sys_bpf(int cmd, union bpf_attr *attr, size_t size)
{
	int ret = syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

/* The position on the hook: the fields that attach, detach and link create share */
struct place {
	__u32 flags;
	__u32 relative;		/* fd, or id with BPF_F_ID */
	__u64 revision;
	__u32 replace_fd;
};

#define AT(...) ((const struct place){ __VA_ARGS__ })
#define LAST AT(0)

static inline int link_create(int prog_fd, int ifindex, int type, struct place at)
{
	union bpf_attr attr = {};

	attr.link_create.prog_fd = prog_fd;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = type;
	attr.link_create.flags = at.flags;
	attr.link_create.tcx.relative_fd = at.relative;
	attr.link_create.tcx.expected_revision = at.revision;
	return sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

static inline int prog_attach(int prog_fd, int ifindex, int type, struct place at)
{
	union bpf_attr attr = {};

	attr.target_ifindex = ifindex;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = at.flags;
	attr.replace_bpf_fd = at.replace_fd;
	attr.relative_fd = at.relative;
	attr.expected_revision = at.revision;
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

/* @prog_fd is 0 if no program is named */
static inline int prog_detach(int prog_fd, int ifindex, int type, struct place at)
{
	union bpf_attr attr = {};

	attr.target_ifindex = ifindex;
	attr.attach_bpf_fd = prog_fd;
	attr.attach_type = type;
	attr.attach_flags = at.flags;
	attr.relative_fd = at.relative;
	attr.expected_revision = at.revision;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

static inline int link_update(int link_fd, int new_fd, __u32 flags, int old_fd)
{
	union bpf_attr attr = {};

	attr.link_update.link_fd = link_fd;
	attr.link_update.new_prog_fd = new_fd;
	attr.link_update.flags = flags;
	attr.link_update.old_prog_fd = old_fd;
	return sys_bpf(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

static inline int link_detach(int link_fd)
{
	union bpf_attr attr = {};

	attr.link_detach.link_fd = link_fd;
	return sys_bpf(BPF_LINK_DETACH, &attr, sizeof(attr));
}

#define HOOK_MAX 64

/* What PROG_QUERY reports about one direction of one device */
struct hook {
	__u32 count;
	__u64 revision;
	__u32 attach_flags;
	__u32 prog_ids[HOOK_MAX];
	__u32 link_ids[HOOK_MAX];
	__u32 prog_attach_flags[HOOK_MAX];
	__u32 link_attach_flags[HOOK_MAX];
};

/* The kernel sets the flags of each program to 0, so they are something else before */
static inline void hook_clear(struct hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	memset(hook->prog_attach_flags, 0xff, sizeof(hook->prog_attach_flags));
	memset(hook->link_attach_flags, 0xff, sizeof(hook->link_attach_flags));
}

static inline int hook_query_room(int ifindex, int type, struct hook *hook,
				  __u32 room)
{
	union bpf_attr attr = {};
	int ret;

	hook_clear(hook);
	attr.query.target_ifindex = ifindex;
	attr.query.attach_type = type;
	attr.query.count = room;
	attr.query.prog_ids = (unsigned long)hook->prog_ids;
	attr.query.link_ids = (unsigned long)hook->link_ids;
	attr.query.prog_attach_flags = (unsigned long)hook->prog_attach_flags;
	attr.query.link_attach_flags = (unsigned long)hook->link_attach_flags;
	ret = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	hook->count = attr.query.count;
	hook->revision = attr.query.revision;
	hook->attach_flags = attr.query.attach_flags;
	return ret;
}

static inline int hook_query(int ifindex, int type, struct hook *hook)
{
	return hook_query_room(ifindex, type, hook, HOOK_MAX);
}

/* Number of programs on the hook, or -errno */
static inline int hook_count(int ifindex, int type)
{
	struct hook hook;
	int ret = hook_query(ifindex, type, &hook);

	return ret ? ret : (int)hook.count;
}

static inline __u64 hook_revision(int ifindex, int type)
{
	struct hook hook;

	return hook_query(ifindex, type, &hook) ? 0 : hook.revision;
}

static inline int obj_info(int fd, void *info, __u32 len)
{
	union bpf_attr attr = {};

	memset(info, 0, len);
	attr.info.bpf_fd = fd;
	attr.info.info_len = len;
	attr.info.info = (unsigned long)info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

/* Returns 0, which is not a valid id, on failure */
static inline __u32 prog_id(int fd)
{
	struct bpf_prog_info info;

	return obj_info(fd, &info, sizeof(info)) ? 0 : info.id;
}

static inline __u32 link_id(int fd)
{
	struct bpf_link_info info;

	return obj_info(fd, &info, sizeof(info)) ? 0 : info.id;
}

static inline int load_insns(int prog_type, int expected_attach_type,
			     const struct bpf_insn *insns, int n, __u32 ifindex)
{
	union bpf_attr attr = {};

	attr.prog_type = prog_type;
	attr.expected_attach_type = expected_attach_type;
	attr.insns = (unsigned long)insns;
	attr.insn_cnt = n;
	attr.license = (unsigned long)"GPL";
	attr.prog_ifindex = ifindex;
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Loads a program that returns @verdict. Each call makes a new program with its own id. */
static inline int load_verdict_as(int prog_type, int expected_attach_type,
				  int verdict, __u32 ifindex)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_insns(prog_type, expected_attach_type, insns, 2, ifindex);
}

/*
 * The same for a tc program, with a map that only the program holds. If the program is
 * never freed, its id is gone, but leftovers finds the map.
 */
static inline int load_verdict(int verdict)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};
	struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .src_reg = BPF_PSEUDO_MAP_FD },
		{},
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog;

	insns[0].imm = sys_bpf(BPF_MAP_CREATE, &map, sizeof(map));
	if (insns[0].imm < 0)
		return insns[0].imm;
	prog = load_insns(BPF_PROG_TYPE_SCHED_CLS, 0, insns, 4, 0);
	close(insns[0].imm);
	return prog;
}

/* Waits for deferred work of the kernel */
#define WITHIN(seconds, condition) ({				\
	int tries_ = (seconds) * 100;				\
								\
	while (!(condition) && --tries_)			\
		usleep(10000);					\
	tries_ > 0;						\
})

#define EVENTUALLY(condition) WITHIN(10, condition)

static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* How long each race takes, from the environment */
static inline double race_seconds(void)
{
	const char *seconds = getenv("TC_LINK_RACE_SECONDS");

	return seconds ? atof(seconds) : 1;
}

/* An fd of the program or the link with this id, or -errno */
static inline int prog_open(__u32 id)
{
	union bpf_attr attr = { .prog_id = id };

	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
}

static inline int link_open(__u32 id)
{
	union bpf_attr attr = { .link_id = id };

	return sys_bpf(BPF_LINK_GET_FD_BY_ID, &attr, sizeof(attr));
}

/* An fd of what is pinned, or -errno */
static inline int obj_get(const char *path, __u32 flags)
{
	union bpf_attr attr = { .pathname = (unsigned long)path, .file_flags = flags };

	return sys_bpf(BPF_OBJ_GET, &attr, sizeof(attr));
}

static inline bool prog_exists(__u32 id)
{
	int fd = prog_open(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static inline bool link_exists(__u32 id)
{
	int fd = link_open(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Finds the next id after *@id. An error is the end of the test: it does not say "none". */
static inline bool get_next_id(int next_cmd, __u32 *id)
{
	union bpf_attr attr = { .start_id = *id };
	int err = sys_bpf(next_cmd, &attr, sizeof(attr));

	if (err && err != -ENOENT) {
		fprintf(stderr, "# the next id: error %d\n", err);
		abort();
	}
	*id = attr.next_id;
	return !err;
}

/* The id of the newest program, map or link, or 0 if there is none */
static inline __u32 last_id(int next_cmd)
{
	__u32 id = 0, last = 0;

	while (get_next_id(next_cmd, &id))
		last = id;
	return last;
}

/* The number of tc programs that are newer than @last */
static inline int newer_progs(__u32 last)
{
	struct bpf_prog_info info;
	int n = 0, fd;

	while (get_next_id(BPF_PROG_GET_NEXT_ID, &last)) {
		fd = prog_open(last);
		if (fd < 0)
			continue;
		n += !obj_info(fd, &info, sizeof(info)) &&
		     info.type == BPF_PROG_TYPE_SCHED_CLS;
		close(fd);
	}
	return n;
}

/* The number of tc links that are newer than @last */
static inline int newer_links(__u32 last)
{
	struct bpf_link_info info;
	int n = 0, fd;

	while (get_next_id(BPF_LINK_GET_NEXT_ID, &last)) {
		fd = link_open(last);
		if (fd < 0)
			continue;
		n += !obj_info(fd, &info, sizeof(info)) && info.type == BPF_LINK_TYPE_TCX;
		close(fd);
	}
	return n;
}

/* ---- which implementation is this ---- */

/* Is @name a string of the kernel's BTF? */
static inline bool btf_has_name(const char *name)
{
	struct btf_header header;
	bool found = false;
	char *strings, *at;
	FILE *f;

	f = fopen("/sys/kernel/btf/vmlinux", "re");
	if (!f)
		return false;
	if (fread(&header, sizeof(header), 1, f) != 1 ||
	    fseek(f, header.hdr_len + header.str_off, SEEK_SET))
		goto close;
	strings = malloc(header.str_len);
	if (!strings)
		goto close;
	if (fread(strings, header.str_len, 1, f) != 1)
		goto free;
	for (at = strings; !found && at < strings + header.str_len; at += strlen(at) + 1)
		found = !strcmp(at, name);
free:
	free(strings);
close:
	fclose(f);
	return found;
}

/*
 * Is this mainline's implementation? A type that only mainline has tells. There, what
 * tc-link deliberately does better is not tested.
 */
static inline bool mainline_tcx(void)
{
	static int known = -1;

	if (known < 0)
		known = btf_has_name("bpf_mprog_entry");
	return known;
}

#define SKIP_ON_MAINLINE(what) do {					\
	if (mainline_tcx())						\
		SKIP(return, "mainline differs by design: %s", what);	\
} while (0)

/* ---- two namespaces, a veth pair, UDP sockets ---- */

#define HERE_DEV	"tc0"	/* the device the tests attach to */
#define THERE_DEV	"tc1"	/* its peer, in the other namespace */
#define HERE_ADDR	"10.1.1.1"
#define THERE_ADDR	"10.1.1.2"
#define HERE_MAC	"02:00:00:00:01:01"
#define THERE_MAC	"02:00:00:00:01:02"

struct net {
	int here_ns, there_ns;
	int ifindex;		/* of HERE_DEV */
	int peer_ifindex;	/* of THERE_DEV, in the other namespace */
	/* UDP sockets on the probe port and on the fence port */
	int here, there;
	int here_fence, there_fence;
};

/* Formats a command line and runs it. Returns 0 if it succeeded. */
static inline int run(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	return system(cmd);
}

/* Returns the output of a command, which the caller frees, or NULL if it failed */
static inline char *output_of(const char *fmt, ...)
{
	size_t have = 0, room = 1 << 16;
	char cmd[2048], *out;
	va_list ap;
	FILE *pipe;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	pipe = popen(cmd, "r");
	if (!pipe)
		return NULL;
	out = malloc(room);
	have = fread(out, 1, room - 1, pipe);
	out[have] = 0;
	if (pclose(pipe)) {
		free(out);
		return NULL;
	}
	return out;
}

/* Forks a process that ends with this one at the latest, also if a test fails */
static inline pid_t child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

/* Returns 0 or -errno */
static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Moves the calling process into a new network namespace. Returns its fd, or -errno. */
static inline int new_netns(void)
{
	int fd;

	if (unshare(CLONE_NEWNET))
		return -errno;
	/* avoid packets that no test has sent; a kernel without IPv6 sends none */
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	fd = open("/proc/self/ns/net", O_RDONLY);
	return fd < 0 ? -errno : fd;
}

/* If this is not 0, some trees refuse bpf(2) to unprivileged users at once */
#define UNPRIVILEGED_BPF "/proc/sys/kernel/unprivileged_bpf_disabled"

/* Returns its value, or -errno */
static inline int unprivileged_bpf(void)
{
	int fd = open(UNPRIVILEGED_BPF, O_RDONLY | O_CLOEXEC), ret = -EIO;
	char digit;

	if (fd < 0)
		return -errno;
	if (read(fd, &digit, 1) == 1)
		ret = digit - '0';
	close(fd);
	return ret;
}

static int unprivileged_bpf_was = -1;

/*
 * Runs the rest of the test with @value, 0 or 2, and not with another. Once it is 1 it
 * cannot be changed; that also stands for 2, which refuses the same. It has to be used
 * in the test itself: until 6.7, the harness runs a test that its setup has skipped.
 */
#define SET_UNPRIVILEGED_BPF(value) do {						\
	char text_[] = { '0' + (value), 0 };						\
											\
	unprivileged_bpf_was = unprivileged_bpf();					\
	if (unprivileged_bpf_was == -ENOENT)						\
		SKIP(return, "this kernel has no " UNPRIVILEGED_BPF);			\
	if (unprivileged_bpf_was == 1 && (value) == 0)					\
		SKIP(return, UNPRIVILEGED_BPF " is 1, which cannot be changed");	\
	if (unprivileged_bpf_was != 1) {						\
		ASSERT_EQ(0, write_file(UNPRIVILEGED_BPF, text_));			\
		ASSERT_EQ(value, unprivileged_bpf());					\
	}										\
} while (0)

static inline void restore_unprivileged_bpf(void)
{
	char text[] = { '0' + unprivileged_bpf_was, 0 };

	if (unprivileged_bpf_was == 0 || unprivileged_bpf_was == 2)
		write_file(UNPRIVILEGED_BPF, text);
}

/* Makes the process root in a new user namespace */
static inline int become_userns_root(void)
{
	char map[32];
	int err, uid = getuid();

	if (unshare(CLONE_NEWUSER))
		return -errno;
	snprintf(map, sizeof(map), "0 %d 1", uid);
	err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", map);
	return err ? err : write_file("/proc/self/gid_map", map);
}

/* Enters a new mount namespace with a bpffs, which ends with the process */
static inline int private_bpffs(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("", "/", "", MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		return -errno;
	return 0;
}

static inline int udp_socket(const char *addr, int port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(addr),
	};
	int on = 1, fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* have sendto() fail when a program drops the packet */
	if (setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) ||
	    bind(fd, (void *)&sin, sizeof(sin))) {
		close(fd);
		return -errno;
	}
	return fd;
}

static inline int send_udp(int fd, const char *to, int port, const void *data,
			   size_t len)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(to),
	};

	return sendto(fd, data, len, 0, (void *)&sin, sizeof(sin)) < 0 ? -errno : 0;
}

/*
 * Each CPU has its own backlog, so if a process changes CPUs, the packets that it sends
 * can overtake each other.
 */
static inline int run_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

static inline int stay_on_this_cpu(void)
{
	return run_on(sched_getcpu());
}

/* Sends one packet through @type's hook, and waits until it arrives. Returns 0 or -1. */
static inline int fence_within(struct net *net, int type, int milliseconds)
{
	bool in = type == INGRESS;
	struct pollfd arrived = {
		.fd = in ? net->here_fence : net->there_fence,
		.events = POLLIN,
	};
	static unsigned char last;
	unsigned char sent = ++last, c;

	if (send_udp(in ? net->there_fence : net->here_fence,
		     in ? HERE_ADDR : THERE_ADDR, FENCE_PORT, &sent, 1))
		return -1;
	do {
		if (poll(&arrived, 1, milliseconds) != 1 || recv(arrived.fd, &c, 1, 0) != 1)
			return -1;
	} while (c != sent);
	return 0;
}

/* Waits until all packets that were sent before have gone through @type's hook */
static inline int fence(struct net *net, int type)
{
	return fence_within(net, type, 5000);
}

/*
 * A device drops packets until the kernel has noticed that the other end is up as well,
 * which can take a moment on a busy machine.
 */
static inline int wait_for_carrier(struct net *net, int type)
{
	int tries = 200;

	while (fence_within(net, type, 50) && --tries)
		;
	return tries ? 0 : -1;
}

/* Returns 0, or the number of the step that failed. Leaves the process "here". */
static inline int net_setup(struct net *net)
{
	net->there_ns = new_netns();
	net->here_ns = net->there_ns < 0 ? -1 : new_netns();
	if (net->here_ns < 0)
		return 1;
	if (private_bpffs())
		return 2;
	if (run("ip -batch - <<EOF\n"
		"link add " HERE_DEV " address " HERE_MAC " type veth"
		" peer name " THERE_DEV " address " THERE_MAC
		" netns /proc/self/fd/%d\n"
		"link set " HERE_DEV " up\n"
		"addr add " HERE_ADDR "/24 dev " HERE_DEV "\n"
		"neigh add " THERE_ADDR " lladdr " THERE_MAC " dev " HERE_DEV "\n"
		"EOF", net->there_ns))
		return 3;
	net->ifindex = if_nametoindex(HERE_DEV);
	net->here = udp_socket(HERE_ADDR, PROBE_PORT);
	net->here_fence = udp_socket(HERE_ADDR, FENCE_PORT);

	if (setns(net->there_ns, CLONE_NEWNET))
		return 4;
	if (run("ip -batch - <<EOF\n"
		"link set " THERE_DEV " up\n"
		"addr add " THERE_ADDR "/24 dev " THERE_DEV "\n"
		"neigh add " HERE_ADDR " lladdr " HERE_MAC " dev " THERE_DEV "\n"
		"EOF"))
		return 5;
	net->peer_ifindex = if_nametoindex(THERE_DEV);
	net->there = udp_socket(THERE_ADDR, PROBE_PORT);
	net->there_fence = udp_socket(THERE_ADDR, FENCE_PORT);
	if (setns(net->here_ns, CLONE_NEWNET))
		return 6;
	if (net->here < 0 || net->there < 0 ||
	    net->here_fence < 0 || net->there_fence < 0)
		return 7;
	if (wait_for_carrier(net, INGRESS) || wait_for_carrier(net, EGRESS))
		return 8;
	return 0;
}

/*
 * Sends a packet through @type's hook of HERE_DEV. Returns 1 if it arrived at the
 * socket behind, 0 if it did not, -1 if not even the fence did. *said, if given, gets
 * the result of sendto().
 */
static inline int send_probe_saying(struct net *net, int type, int *said)
{
	bool in = type == INGRESS;
	int to = in ? net->here : net->there;
	cpu_set_t all;
	char buf[64];
	int ret, err;

	/* the fence must not overtake the probe */
	if (sched_getaffinity(0, sizeof(all), &all) || stay_on_this_cpu())
		return -1;
	ret = send_udp(in ? net->there : net->here, in ? HERE_ADDR : THERE_ADDR,
		       PROBE_PORT, "probe", 5);
	if (said)
		*said = ret;
	err = fence(net, type);
	if (sched_setaffinity(0, sizeof(all), &all) || err)
		return -1;
	return recv(to, buf, sizeof(buf), MSG_DONTWAIT) == 5;
}

/* ---- the same program as a cls_bpf filter in direct-action mode ---- */

/* Adds a filter with iproute2's tc, after those that are there. Returns 0 on success. */
static inline int filter_add(const char *dev, int prog_fd, int type, int prio)
{
	char pin[64];
	int err;

	/* fails if it is already there */
	run("tc qdisc add dev %s clsact 2>/dev/null", dev);
	snprintf(pin, sizeof(pin), "/sys/fs/bpf/filter%d", prio);
	if (bpf_obj_pin(prog_fd, pin))
		return -1;
	err = run("tc filter add dev %s %s prio %d bpf da object-pinned %s", dev,
		  type == INGRESS ? "ingress" : "egress", prio, pin);
	unlink(pin);
	return err;
}

static inline int filters_del(const char *dev)
{
	return run("tc qdisc del dev %s clsact", dev);
}

static inline int send_probe(struct net *net, int type)
{
	return send_probe_saying(net, type, NULL);
}

/* Each test of the fixture runs on ingress and on egress */
#define FIXTURE_ON_BOTH_SIDES(fixture)			\
FIXTURE_VARIANT(fixture) {				\
	int type;					\
};							\
FIXTURE_VARIANT_ADD(fixture, ingress) {			\
	.type = INGRESS,				\
};							\
FIXTURE_VARIANT_ADD(fixture, egress) {			\
	.type = EGRESS,					\
}

#endif
