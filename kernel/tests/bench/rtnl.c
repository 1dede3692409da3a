// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits for whom: what others that need RTNL see of a loader that attaches
 * and detaches all the time, and what the loader sees of somebody who holds
 * RTNL for 100 ms at a time. Run it on two CPUs.
 *
 * RTNL is held by a system call that takes it and then touches a page of user
 * memory which userfaultfd(2) supplies late.
 */
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench.h"

#define SAMPLES		300
#define HOLD_MS		100

static atomic_bool stop;
static int ifindex;

static void say(const char *what, unsigned long long *v, int n)
{
	printf("%-52s median %9.3f ms   99%% %9.3f ms\n", what,
	       percentile(v, n, 50) / 1e6, percentile(v, n, 99) / 1e6);
}

/* Something short that needs RTNL. */
static void measure_rtnl(const char *what)
{
	static unsigned long long wait[SAMPLES];
	struct ifreq ifr = { .ifr_name = "bench", .ifr_qlen = 100 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;

	for (i = 0; i < SAMPLES; i++) {
		unsigned long long t = now_ns();

		if (ioctl(fd, SIOCSIFTXQLEN, &ifr))
			die("SIOCSIFTXQLEN");
		wait[i] = now_ns() - t;
		usleep(1000);
	}
	close(fd);
	say(what, wait, SAMPLES);
}

static void measure_links(const char *what, int prog, int other)
{
	static unsigned long long attach[SAMPLES], update[SAMPLES],
				  detach[SAMPLES];
	char line[64];
	int i;

	for (i = 0; i < SAMPLES; i++) {
		unsigned long long t = now_ns();
		union bpf_attr attr = {};
		int link;

		link = create_link(prog, ifindex, BPF_TCX_INGRESS);
		attach[i] = now_ns() - t;

		attr.link_update.link_fd = link;
		attr.link_update.new_prog_fd = other;
		t = now_ns();
		if (bpf(BPF_LINK_UPDATE, &attr))
			die("BPF_LINK_UPDATE");
		update[i] = now_ns() - t;

		t = now_ns();
		close(link);
		detach[i] = now_ns() - t;
	}
	snprintf(line, sizeof(line), "attach, %s", what);
	say(line, attach, SAMPLES);
	snprintf(line, sizeof(line), "update, %s", what);
	say(line, update, SAMPLES);
	snprintf(line, sizeof(line), "detach, %s", what);
	say(line, detach, SAMPLES);
}

static void *attach_all_the_time(void *arg)
{
	int prog = *(int *)arg;

	while (!stop)
		close(create_link(prog, ifindex, BPF_TCX_EGRESS));
	return NULL;
}

struct holder {
	int uffd;
	char *page;	/* missing, until it is supplied */
};

static void *supply_late(void *arg)
{
	static char zero[4096] __attribute__((aligned(4096)));
	struct holder *h = arg;
	struct uffdio_copy copy = {
		.dst = (unsigned long)h->page,
		.src = (unsigned long)zero,
		.len = sizeof(zero),
	};
	struct pollfd p = { .fd = h->uffd, .events = POLLIN };
	struct uffd_msg msg;

	while (!stop) {
		if (poll(&p, 1, 10) <= 0 ||
		    read(h->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		usleep(HOLD_MS * 1000);
		copy.copy = 0;
		if (ioctl(h->uffd, UFFDIO_COPY, &copy))
			die("UFFDIO_COPY");
	}
	return NULL;
}

/* The command lies on a page that is there, the answer on one that is not. */
static void *hold_rtnl(void *arg)
{
	struct holder *h = arg;
	struct ethtool_value *flags = (void *)(h->page - sizeof(flags->cmd));
	struct ifreq ifr = { .ifr_name = "bench", .ifr_data = (void *)flags };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	while (!stop) {
		flags->cmd = ETHTOOL_GFLAGS;
		if (ioctl(fd, SIOCETHTOOL, &ifr))
			die("SIOCETHTOOL");
		if (madvise(h->page, 4096, MADV_DONTNEED))
			die("madvise");
	}
	close(fd);
	return NULL;
}

static void holder_init(struct holder *h)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.mode = UFFDIO_REGISTER_MODE_MISSING,
		.range.len = 4096,
	};
	char *pages;

	pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		die("mmap");
	pages[0] = 0;
	h->page = pages + 4096;
	h->uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (h->uffd < 0)
		die("userfaultfd");
	reg.range.start = (unsigned long)h->page;
	if (ioctl(h->uffd, UFFDIO_API, &api) ||
	    ioctl(h->uffd, UFFDIO_REGISTER, &reg))
		die("userfaultfd ioctl");
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	errno = pthread_create(thread, NULL, fn, arg);
	if (errno)
		die("pthread_create");
}

int main(void)
{
	pthread_t loader, supplier, holder;
	struct holder h;
	int prog, other;

	setlinebuf(stdout);
	if (unshare(CLONE_NEWNET))
		die("unshare");
	ifindex = make_dummy("bench");
	prog = load_prog();
	other = load_prog();

	measure_rtnl("RTNL, idle");
	start(&loader, attach_all_the_time, &prog);
	measure_rtnl("RTNL, while somebody attaches and detaches");
	stop = true;
	pthread_join(loader, NULL);

	measure_links("idle", prog, other);
	stop = false;
	holder_init(&h);
	start(&supplier, supply_late, &h);
	start(&holder, hold_rtnl, &h);
	measure_rtnl("RTNL, while somebody holds it 100 ms at a time");
	measure_links("RTNL held 100 ms at a time", prog, other);
	stop = true;
	pthread_join(holder, NULL);
	pthread_join(supplier, NULL);
	return 0;
}
