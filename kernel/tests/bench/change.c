// SPDX-License-Identifier: GPL-2.0
/*
 * What it takes to attach, replace, detach and close, by link and by filter.
 * Prints a line of JSON for each.
 *
 * usage: change instructions [guard|DEVICES]	under -icount shift=0, on one CPU
 *	  change time DEVICES			on two CPUs
 *
 * Something of the same kind is attached elsewhere all the time, so that no static
 * key is switched; what a first one pays is measured by itself. The filter's clsact
 * and another filter are there already, which is the better case for filters: the
 * first one of a clsact can have to wait for a grace period.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "netlink.h"

#define MOST_ROUNDS	1000
#define MOST_NS		3000000000ULL	/* stop after this time, if each change waits */
#define LEAST_ROUNDS	20
#define MOST_THREADS	8
#define OTHER_PRIO	1	/* the priority of the filter that stays */
#define PRIO		2

static const char *unit;
static int most_rounds;
static unsigned long long clock_cost;
static int progs[2];

static void say(const char *what, const char *kind, const char *where, int number,
		unsigned long long *v, int n)
{
	unsigned long long median = percentile(v, n, 50);

	printf("{\"bench\":\"change\",\"unit\":\"%s\",\"kind\":\"%s\",\"what\":\"%s\",\"where\":\"%s\",\"number\":%d,\"median\":%llu,\"p99\":%llu}\n",
	       unit, kind, what, where, number,
	       median > clock_cost ? median - clock_cost : 0, percentile(v, n, 99));
	fflush(stdout);
}

static unsigned long long since(unsigned long long t)
{
	return now_ns() - t;
}

static bool go_on(int rounds, unsigned long long start)
{
	return rounds < most_rounds && (rounds < LEAST_ROUNDS || since(start) < MOST_NS);
}

static void measure_links(int ifindex, const char *where, int number)
{
	static unsigned long long attach[MOST_ROUNDS], replace[MOST_ROUNDS],
				  detach[MOST_ROUNDS], closing[MOST_ROUNDS];
	unsigned long long t, begin = now_ns();
	int i, link;

	for (i = 0; go_on(i, begin); i++) {
		t = now_ns();
		link = create_link(progs[0], ifindex, INGRESS);
		attach[i] = since(t);
		t = now_ns();
		update_link(link, progs[1]);
		replace[i] = since(t);
		t = now_ns();
		detach_link(link);
		detach[i] = since(t);
		close(link);

		link = create_link(progs[0], ifindex, INGRESS);
		t = now_ns();
		close(link);
		closing[i] = since(t);
	}
	say("attach", "link", where, number, attach, i);
	say("replace", "link", where, number, replace, i);
	say("detach", "link", where, number, detach, i);
	say("close", "link", where, number, closing, i);
}

static void measure_filters(int ifindex, const char *where, int number)
{
	static unsigned long long attach[MOST_ROUNDS], replace[MOST_ROUNDS],
				  detach[MOST_ROUNDS];
	unsigned long long t, begin = now_ns();
	int i;

	for (i = 0; go_on(i, begin); i++) {
		t = now_ns();
		add_filter(ifindex, INGRESS, PRIO, progs[0]);
		attach[i] = since(t);
		t = now_ns();
		replace_filter(ifindex, INGRESS, PRIO, progs[1]);
		replace[i] = since(t);
		t = now_ns();
		del_filter(ifindex, INGRESS, PRIO);
		detach[i] = since(t);
	}
	say("attach", "filter", where, number, attach, i);
	say("replace", "filter", where, number, replace, i);
	say("detach", "filter", where, number, detach, i);
}

static void measure(enum kind kind, int ifindex, const char *where, int number)
{
	if (kind == LINK)
		measure_links(ifindex, where, number);
	else
		measure_filters(ifindex, where, number);
}

static void prepare(enum kind kind, int ifindex)
{
	if (kind == FILTER) {
		add_clsact(ifindex);
		add_filter(ifindex, INGRESS, OTHER_PRIO, progs[0]);
	}
}

/* Does the cost grow with the number of devices in use? */
static void measure_devices(enum kind kind, int here, const int *devices, int most)
{
	static int links[10000];
	unsigned long long t, took = 0;
	int n, i = 0;

	for (n = 1; n <= most; n *= 10) {
		for (; i < n; i++) {
			if (kind == FILTER)
				add_clsact(devices[i]);
			t = now_ns();
			if (kind == FILTER)
				add_filter(devices[i], INGRESS, OTHER_PRIO, progs[0]);
			else
				links[i] = create_link(progs[0], devices[i], INGRESS);
			took += since(t);
		}
		measure(kind, here, "devices", n);
	}
	took /= i;
	say("attach", kind_names[kind], "each of many devices", i, &took, 1);
	for (i = 0; i < most; i++)
		if (kind == FILTER)
			del_clsact(devices[i]);
		else
			close(links[i]);
}

static atomic_bool stop;

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	errno = pthread_create(thread, NULL, fn, arg);
	if (errno)
		die("pthread_create");
}

/* Sends packets on the device that is changed. The dummy device drops them. */
static void *send_packets(void *arg)
{
	struct sockaddr_ll {
		unsigned short family, protocol;
		int ifindex;
		unsigned short hatype;
		unsigned char pkttype, halen, addr[8];
	} to = {
		.family = AF_PACKET,
		.protocol = htons(ETH_P_IP),
		.ifindex = *(int *)arg,
		.halen = ETH_ALEN,
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	char frame[64] = {};

	while (!stop)
		if (sendto(fd, frame, sizeof(frame), 0, (void *)&to, sizeof(to)) < 0)
			die("sendto");
	close(fd);
	return NULL;
}

struct worker {
	enum kind kind;
	int ifindex;
	unsigned long done;
};

static void *attach_and_detach(void *arg)
{
	struct worker *w = arg;

	while (!stop) {
		if (w->kind == LINK) {
			close(create_link(progs[0], w->ifindex, INGRESS));
		} else {
			add_filter(w->ifindex, INGRESS, PRIO, progs[0]);
			del_filter(w->ifindex, INGRESS, PRIO);
		}
		w->done++;
	}
	return NULL;
}

/*
 * Each thread has a device of its own; @devices are prepared. Reports how long one
 * attach and detach takes, all threads counted together.
 */
static void measure_threads(enum kind kind, const int *devices)
{
	static const int counts[] = { 1, 2, 4, 8 };
	struct worker workers[MOST_THREADS];
	pthread_t threads[MOST_THREADS];
	unsigned long long t;
	unsigned long done;
	unsigned int i;
	int k;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		stop = false;
		t = now_ns();
		for (k = 0; k < counts[i]; k++) {
			workers[k] = (struct worker){ .kind = kind, .ifindex = devices[k] };
			start(&threads[k], attach_and_detach, &workers[k]);
		}
		sleep(1);
		stop = true;
		for (k = 0, done = 0; k < counts[i]; k++) {
			pthread_join(threads[k], NULL);
			done += workers[k].done;
		}
		t = since(t) / done;
		say("attach and detach", kind_names[kind], "threads", counts[i], &t, 1);
	}
}

/* Attaches when the static key is off: ours goes off after a second, mainline's at once */
static void measure_first(int ifindex)
{
	unsigned long long v[5], t;
	unsigned int i;
	int link;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		sleep(2);
		t = now_ns();
		link = create_link(progs[0], ifindex, INGRESS);
		v[i] = since(t);
		close(link);
	}
	say("attach", "link", "first of all", 0, v, ARRAY_SIZE(v));
}

static void measure_time(enum kind kind, int here, const int *devices)
{
	pthread_t sender;
	int i;

	stop = false;
	start(&sender, send_packets, &here);
	measure(kind, here, "packets flow", 0);
	stop = true;
	pthread_join(sender, NULL);

	for (i = 0; i < MOST_THREADS; i++)
		prepare(kind, devices[i]);
	measure_threads(kind, devices);
	for (i = 0; kind == FILTER && i < MOST_THREADS; i++)
		del_clsact(devices[i]);
}

int main(int argc, char **argv)
{
	bool count = argc > 1 && !strcmp(argv[1], "instructions");
	bool guard = argc > 2 && !strcmp(argv[2], "guard");
	int here, beside, most, i, link = -1, *devices;
	unsigned long long clocks[100], t;
	bool with_links = has_links();
	char name[IFNAMSIZ];
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: change instructions|time guard|DEVICES\n");
		return 2;
	}
	unit = count ? "instructions" : "ns";
	most = guard ? 0 : atoi(argv[2]);
	if (most > 10000 || (!guard && most < MOST_THREADS)) {
		fprintf(stderr, "DEVICES must be %d to 10000\n", MOST_THREADS);
		return 2;
	}
	most_rounds = count ? 100 : MOST_ROUNDS;
	if (unshare(CLONE_NEWNET))
		die("unshare");
	allow_files(most + 100);
	/* the addresses and routes of so many devices are useless here */
	f = fopen("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w");
	if (!f || fputs("1", f) < 0 || fclose(f))
		die("disable_ipv6");
	if (count)
		must_count_instructions();
	for (i = 0; i < (int)ARRAY_SIZE(clocks); i++) {
		t = now_ns();
		clocks[i] = since(t);
	}
	clock_cost = percentile(clocks, ARRAY_SIZE(clocks), 50);

	here = make_dummy("here", true);
	beside = make_dummy("beside", true);
	devices = calloc(most + 1, sizeof(*devices));
	for (i = 0; i < most; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		devices[i] = make_dummy(name, false);
	}
	progs[0] = load_prog(NEXT);
	progs[1] = load_prog(NEXT);

	if (with_links) {
		if (!guard)
			measure_first(here);
		link = create_link(progs[0], beside, INGRESS);
		measure(LINK, here, "alone", 0);
	}
	if (guard)
		return 0;
	if (with_links) {
		measure_devices(LINK, here, devices, most);
		if (!count)
			measure_time(LINK, here, devices);
		close(link);
	}
	prepare(FILTER, here);
	measure(FILTER, here, "alone", 0);
	measure_devices(FILTER, here, devices, most);
	if (!count)
		measure_time(FILTER, here, devices);
	return 0;
}
