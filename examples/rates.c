// SPDX-License-Identifier: GPL-2.0
/* Reads the map of count.bpf.c and prints the rates. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "count.h"
#include "die.h"
#include "rates.h"

#define LINES_PER_HEADER 20

static sigset_t ending;
static struct timespec last_time;
static struct traffic last[SIDES];

static double parse_seconds(const char *arg)
{
	char *end;
	double seconds = strtod(arg, &end);

	if (end == arg || *end || !(seconds >= 0.1 && seconds <= 86400))
		die("'%s' is not an interval: give seconds, from 0.1 to 86400", arg);
	return seconds;
}

struct args args_parse(int argc, char **argv, const char *usage)
{
	struct args args = { .interval = 1 };

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		exit(0);
	}
	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		fputs(usage, stderr);
		die("name one network device, and at most an interval");
	}
	args.dev = argv[1];
	args.ifindex = if_nametoindex(args.dev);
	if (!args.ifindex)
		die(NO_DEVICE, args.dev);
	if (argc == 3)
		args.interval = parse_seconds(argv[2]);
	return args;
}

void rates_start(void)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	/* before 5.11 programs and maps count as locked memory */
	setrlimit(RLIMIT_MEMLOCK, &none);
	signal(SIGPIPE, SIG_IGN);
	/* blocked, so that rates_wait() gets them */
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	clock_gettime(CLOCK_MONOTONIC, &last_time);
}

bool rates_wait(double seconds)
{
	struct timespec time = { .tv_sec = seconds };

	time.tv_nsec = (seconds - time.tv_sec) * 1e9;
	return sigtimedwait(&ending, NULL, &time) < 0;
}

/* Each CPU has counters of its own. */
static int read_traffic(int map_fd, struct traffic sum[SIDES])
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	struct traffic each[cpus > 0 ? cpus : 1];
	__u32 side;

	memset(sum, 0, SIDES * sizeof(*sum));
	for (side = 0; side < SIDES; side++) {
		if (cpus < 0 || bpf_map_lookup_elem(map_fd, &side, each)) {
			error("cannot read the counters: %s", strerror(errno));
			return -1;
		}
		for (cpu = 0; cpu < cpus; cpu++) {
			sum[side].packets += each[cpu].packets;
			sum[side].bytes += each[cpu].bytes;
		}
	}
	return 0;
}

static int written(void)
{
	if (!fflush(stdout))
		return 0;
	error("cannot write: %s", strerror(errno));
	return -1;
}

int rates_print(int map_fd)
{
	static unsigned int lines;
	struct traffic now[SIDES];
	struct timespec time;
	double seconds;
	int side;

	if (read_traffic(map_fd, now))
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &time);
	seconds = time.tv_sec - last_time.tv_sec + (time.tv_nsec - last_time.tv_nsec) / 1e9;

	if (lines++ % LINES_PER_HEADER == 0)
		printf("%12s %14s %13s %14s\n", "in: pkts/s", "bytes/s", "out: pkts/s", "bytes/s");
	for (side = 0; side < SIDES; side++)
		printf("%*.0f %14.0f%c", side == INGRESS ? 12 : 13,
		       (now[side].packets - last[side].packets) / seconds,
		       (now[side].bytes - last[side].bytes) / seconds,
		       side == EGRESS ? '\n' : ' ');
	memcpy(last, now, sizeof(last));
	last_time = time;
	return written();
}

int rates_print_total(int map_fd)
{
	struct traffic now[SIDES];

	if (read_traffic(map_fd, now))
		return -1;
	printf("total: %llu packets, %llu bytes in; %llu packets, %llu bytes out\n",
	       now[INGRESS].packets, now[INGRESS].bytes, now[EGRESS].packets, now[EGRESS].bytes);
	return written();
}
