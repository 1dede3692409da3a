// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions for a packet, sent or received by pktgen on a dummy device, with
 * different things attached. Prints a line of JSON for each.
 *
 * usage: packet [guard|native]
 *	guard	only what kernel/tests/bench/guard.* has
 *	native	nanoseconds on a real CPU, where more packets and fewer cases are needed
 */
#include "netlink.h"

#define MOST	63

static unsigned int packets = 10000;
static int here, elsewhere;
static int links[MOST];

static void tell(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "%s\n", text) < 0 || fclose(f))
		die("%s: %s", path, text);
}

static double per_packet(enum side side)
{
	static const char device[] = "/proc/net/pktgen/here";
	static const char *const settings[] = {
		"pkt_size 60", "delay 0", "clone_skb 0", "burst 1",
		"dst 192.0.2.2", "dst_mac 02:00:00:00:00:02",
	};
	unsigned long long us = 0;
	char line[512];
	unsigned int i;
	FILE *f;

	tell("/proc/net/pktgen/kpktgend_0", "rem_device_all");
	tell("/proc/net/pktgen/kpktgend_0", "add_device here");
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		tell(device, settings[i]);
	tell(device, side == INGRESS ? "xmit_mode netif_receive" : "xmit_mode queue_xmit");
	snprintf(line, sizeof(line), "count %u", packets);
	tell(device, line);
	tell("/proc/net/pktgen/pgctrl", "start");

	f = fopen(device, "r");
	if (!f)
		die("%s", device);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Result: OK: %llu", &us);
	fclose(f);
	if (!us)
		die("pktgen reports no time");
	return us * 1000.0 / packets;
}

static double nothing[2];

static void report(enum side side, const char *what, int programs)
{
	double all = per_packet(side);

	printf("{\"bench\":\"packet\",\"side\":\"%s\",\"what\":\"%s\",\"programs\":%d,\"all\":%.1f,\"value\":%.1f}\n",
	       side_names[side], what, programs, all, all - nothing[side]);
	fflush(stdout);
}

/* All programs return "next" except the last, which is @last */
static void attach(enum kind kind, int ifindex, enum side side, int programs, int last)
{
	int i, prog;

	if (kind == FILTER)
		add_clsact(ifindex);
	for (i = 0; i < programs; i++) {
		prog = i == programs - 1 ? last : load_prog(NEXT);
		if (kind == LINK)
			links[i] = create_link(prog, ifindex, side);
		else
			add_filter(ifindex, side, i + 1, prog);
		close(prog);
	}
}

static void detach_only(enum kind kind, int ifindex, int programs)
{
	int i;

	if (kind == FILTER)
		del_clsact(ifindex);
	else
		for (i = 0; i < programs; i++)
			close(links[i]);
}

static void detach(enum kind kind, int ifindex, int programs)
{
	detach_only(kind, ifindex, programs);
	/* Our static key stays on for a second */
	sleep(2);
}

/* Measures with @programs on the device that the packets pass. The last one is @last. */
static void measure(enum kind kind, enum side side, const char *verdict, int programs, int last)
{
	char what[32];

	snprintf(what, sizeof(what), "%s%s", kind_names[kind], verdict);
	attach(kind, here, side, programs, last);
	report(side, what, programs);
	detach(kind, here, programs);
}

static void measure_kind(enum kind kind, enum side side)
{
	static const int counts[] = { 1, 2, 4, 8, 16, 32, MOST };
	char what[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++)
		measure(kind, side, "", counts[i], load_prog(OK));
	/* pktgen counts what it has sent: on egress it would never have enough */
	if (side == INGRESS)
		measure(kind, side, " SHOT", 1, load_prog(SHOT));
	measure(kind, side, " REDIRECT", 1, load_redirect(elsewhere));

	attach(kind, here, !side, 1, load_prog(OK));
	snprintf(what, sizeof(what), "%s on the other side", kind_names[kind]);
	report(side, what, 0);
	detach(kind, here, 1);

	attach(kind, elsewhere, side, 1, load_prog(OK));
	snprintf(what, sizeof(what), "%s elsewhere", kind_names[kind]);
	report(side, what, 0);
	if (kind == LINK) {
		attach(FILTER, here, side, 1, load_prog(OK));
		report(side, "filter, and a link elsewhere", 1);
		detach(FILTER, here, 1);
	}
	detach(kind, elsewhere, 1);
}

static void measure_guard(enum side side)
{
	measure(LINK, side, "", 1, load_prog(OK));
	measure(LINK, side, "", 4, load_prog(OK));
}

static void measure_nothing(enum side side)
{
	per_packet(side);	/* the first run does what is done only once */
	nothing[side] = per_packet(side);
	report(side, "nothing", 0);
}

/*
 * A short run: whoever starts it repeats it, on kernels in turn. What turns no static key
 * on comes first, so that there is no wait until it is off again.
 */
static void measure_native(void)
{
	static const int counts[] = { 1, 8 };
	enum kind kind;
	enum side side;
	unsigned int i;

	packets = 200000;
	for (side = INGRESS; side <= EGRESS; side++)
		measure_nothing(side);
	for (kind = FILTER; kind <= LINK; kind++) {
		if (kind == LINK && !has_links())
			break;
		for (side = INGRESS; side <= EGRESS; side++)
			for (i = 0; i < ARRAY_SIZE(counts); i++) {
				attach(kind, here, side, counts[i], load_prog(OK));
				report(side, kind_names[kind], counts[i]);
				detach_only(kind, here, counts[i]);
			}
	}
}

int main(int argc, char **argv)
{
	bool guard = argc > 1 && !strcmp(argv[1], "guard");
	bool with_links;
	enum side side;

	here = make_dummy("here", true);
	elsewhere = make_dummy("elsewhere", true);
	if (argc > 1 && !strcmp(argv[1], "native")) {
		measure_native();
		return 0;
	}
	must_count_instructions();
	with_links = has_links();
	sleep(2);
	for (side = INGRESS; side <= EGRESS; side++) {
		measure_nothing(side);
		if (guard) {
			measure_guard(side);
			continue;
		}
		add_clsact(here);
		report(side, "clsact", 0);
		del_clsact(here);
		measure_kind(FILTER, side);
		if (with_links)
			measure_kind(LINK, side);
	}
	return 0;
}
