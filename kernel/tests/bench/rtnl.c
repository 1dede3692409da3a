// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits for whom: what other users of RTNL notice of a loader that attaches and
 * detaches all the time, and what the loader notices when RTNL is held for 100 ms at a
 * time. Run it on two CPUs. Prints a line of JSON for each.
 *
 * RTNL is held by a system call that takes it and then touches a page of user memory
 * that userfaultfd(2) supplies late.
 */
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "netlink.h"

#define SAMPLES		300
#define HELD_SAMPLES	30
#define HOLD_MS		100
#define PRIO		2

static atomic_bool stop;
static int ifindex, prog;

static void say(const char *what, const char *kind, const char *beside,
		unsigned long long *v, int n)
{
	printf("{\"bench\":\"rtnl\",\"what\":\"%s\",\"kind\":\"%s\",\"beside\":\"%s\",\"median\":%llu,\"p99\":%llu}\n",
	       what, kind, beside, percentile(v, n, 50), percentile(v, n, 99));
	fflush(stdout);
}

/* Measures a short operation that needs RTNL */
static void measure_others(const char *beside, int samples)
{
	static unsigned long long wait[SAMPLES];
	struct ifreq ifr = { .ifr_name = "bench", .ifr_qlen = 100 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;

	for (i = 0; i < samples; i++) {
		unsigned long long t = now_ns();

		if (ioctl(fd, SIOCSIFTXQLEN, &ifr))
			die("SIOCSIFTXQLEN");
		wait[i] = now_ns() - t;
		usleep(1000);
	}
	close(fd);
	say("others", "", beside, wait, samples);
}

static void measure_attach(enum kind kind, const char *beside, int samples)
{
	static unsigned long long attach[SAMPLES], detach[SAMPLES];
	unsigned long long t;
	int i, link;

	for (i = 0; i < samples; i++) {
		t = now_ns();
		if (kind == LINK)
			link = create_link(prog, ifindex, INGRESS);
		else
			add_filter(ifindex, INGRESS, PRIO, prog);
		attach[i] = now_ns() - t;

		t = now_ns();
		if (kind == LINK)
			close(link);
		else
			del_filter(ifindex, INGRESS, PRIO);
		detach[i] = now_ns() - t;
	}
	say("attach", kind_names[kind], beside, attach, samples);
	say("detach", kind_names[kind], beside, detach, samples);
}

static void *attach_all_the_time(void *arg)
{
	enum kind kind = *(enum kind *)arg;

	while (!stop) {
		if (kind == LINK) {
			close(create_link(prog, ifindex, EGRESS));
		} else {
			add_filter(ifindex, EGRESS, PRIO, prog);
			del_filter(ifindex, EGRESS, PRIO);
		}
	}
	return NULL;
}

struct holder {
	int uffd;
	char *page;	/* missing until it is supplied */
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

/* The command is on a page that is present, the answer on one that is missing */
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
	static const char *const loaders[] = {
		"filters come and go", "links come and go"
	};
	bool kinds[] = { [FILTER] = true, [LINK] = has_links() };
	pthread_t loader, supplier, holder;
	struct holder h;
	enum kind kind;

	if (unshare(CLONE_NEWNET))
		die("unshare");
	ifindex = make_dummy("bench", true);
	prog = load_prog(NEXT);
	add_clsact(ifindex);
	add_filter(ifindex, EGRESS, 1, prog);

	measure_others("nothing", SAMPLES);
	for (kind = FILTER; kind <= LINK; kind++) {
		if (!kinds[kind])
			continue;
		stop = false;
		start(&loader, attach_all_the_time, &kind);
		measure_others(loaders[kind], SAMPLES);
		stop = true;
		pthread_join(loader, NULL);
		measure_attach(kind, "nothing", SAMPLES);
	}

	stop = false;
	holder_init(&h);
	start(&supplier, supply_late, &h);
	start(&holder, hold_rtnl, &h);
	measure_others("RTNL is held", HELD_SAMPLES);
	for (kind = FILTER; kind <= LINK; kind++)
		if (kinds[kind])
			measure_attach(kind, "RTNL is held", HELD_SAMPLES);
	stop = true;
	pthread_join(holder, NULL);
	pthread_join(supplier, NULL);
	return 0;
}
