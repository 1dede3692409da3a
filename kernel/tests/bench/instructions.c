// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions for attaching, updating and detaching, the system call included,
 * and for a packet on its way out.
 *
 * Only under QEMU's -icount shift=0,sleep=off is a nanosecond of the guest an
 * instruction; the program checks that, with a loop whose length it knows.
 * The figures are medians, less what reading the clock takes. Another program
 * is attached elsewhere, so that no static key is switched; at the end none is,
 * to see that attaching over and over does not switch it each time either.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include "bench.h"

#define ROUNDS 300

static unsigned long long clock_cost;

static void check_icount(void)
{
	unsigned long long t, loops = 100000, least;

	t = now_ns();
	asm volatile("1: dec %0; jnz 1b" : "+r"(loops));
	t = now_ns() - t;
	least = 2 * 100000;
	if (t < least || t > least + least / 20) {
		fprintf(stderr, "200000 instructions took %llu ns: this is not -icount shift=0\n", t);
		exit(1);
	}
}

static void say(const char *what, unsigned long long *v, unsigned int most)
{
	unsigned long long n = percentile(v, ROUNDS, 50) - clock_cost;

	printf("%-50s %6llu", what, n);
	if (most)
		printf("   at most %u: %s", most, n <= most ? "yes" : "NO");
	printf("\n");
}

static void links(int ifindex, int type)
{
	static unsigned long long attach[ROUNDS], update[ROUNDS], detach[ROUNDS],
				  closing[ROUNDS];
	int one = load_prog(), two = load_prog(), link, i;
	unsigned long long t;

	for (i = 0; i < ROUNDS; i++) {
		union bpf_attr attr = {};

		t = now_ns();
		link = create_link(one, ifindex, type);
		attach[i] = now_ns() - t;

		attr.link_update.link_fd = link;
		attr.link_update.new_prog_fd = two;
		t = now_ns();
		if (bpf(BPF_LINK_UPDATE, &attr))
			die("BPF_LINK_UPDATE");
		update[i] = now_ns() - t;

		t = now_ns();
		detach_link(link);
		detach[i] = now_ns() - t;
		close(link);

		link = create_link(one, ifindex, type);
		t = now_ns();
		close(link);
		closing[i] = now_ns() - t;
	}
	say("BPF_LINK_CREATE", attach, 6000);
	say("BPF_LINK_UPDATE", update, 1200);
	say("BPF_LINK_DETACH", detach, 2500);
	say("close of the link", closing, 0);
}

static void plain(int ifindex, int type)
{
	static unsigned long long attach[ROUNDS], replace[ROUNDS], detach[ROUNDS],
				  query[ROUNDS];
	int one = load_prog(), two = load_prog(), i;
	unsigned long long t;

	for (i = 0; i < ROUNDS; i++) {
		union bpf_attr attr = {
			.target_ifindex = ifindex,
			.attach_bpf_fd = one,
			.attach_type = type,
		};
		union bpf_attr q = {
			.query.target_ifindex = ifindex,
			.query.attach_type = type,
		};

		t = now_ns();
		if (bpf(BPF_PROG_ATTACH, &attr))
			die("BPF_PROG_ATTACH");
		attach[i] = now_ns() - t;

		t = now_ns();
		if (bpf(BPF_PROG_QUERY, &q))
			die("BPF_PROG_QUERY");
		query[i] = now_ns() - t;

		attr.attach_bpf_fd = two;
		attr.replace_bpf_fd = one;
		attr.attach_flags = BPF_F_REPLACE;
		t = now_ns();
		if (bpf(BPF_PROG_ATTACH, &attr))
			die("BPF_PROG_ATTACH with BPF_F_REPLACE");
		replace[i] = now_ns() - t;

		attr.replace_bpf_fd = 0;
		attr.attach_flags = 0;
		t = now_ns();
		if (bpf(BPF_PROG_DETACH, &attr))
			die("BPF_PROG_DETACH");
		detach[i] = now_ns() - t;
	}
	say("BPF_PROG_ATTACH", attach, 0);
	say("BPF_PROG_ATTACH with BPF_F_REPLACE", replace, 0);
	say("BPF_PROG_DETACH", detach, 0);
	say("BPF_PROG_QUERY", query, 0);
}

/* Send on a packet socket: the packet ends in the dummy device. */
static void packets(const char *what, int ifindex)
{
	static unsigned long long send[ROUNDS];
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = ifindex,
		.sll_halen = ETH_ALEN,
	};
	char frame[64] = {};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), i;
	unsigned long long t;

	if (fd < 0)
		die("packet socket");
	for (i = 0; i < ROUNDS; i++) {
		t = now_ns();
		if (sendto(fd, frame, sizeof(frame), 0, (void *)&to,
			   sizeof(to)) != sizeof(frame))
			die("sendto");
		send[i] = now_ns() - t;
	}
	close(fd);
	say(what, send, 0);
}

int main(void)
{
	static unsigned long long clocks[ROUNDS];
	int here, elsewhere, clsact, prog, in, out, i;
	unsigned long long t;

	if (unshare(CLONE_NEWNET))
		die("unshare");
	check_icount();
	for (i = 0; i < ROUNDS; i++) {
		t = now_ns();
		clocks[i] = now_ns() - t;
	}
	clock_cost = percentile(clocks, ROUNDS, 50);

	here = make_dummy("here");
	elsewhere = make_dummy("elsewhere");
	clsact = make_dummy("clsact");
	packets("packet out, device without programs", here);
	run("tc qdisc add dev clsact clsact");
	packets("packet out, clsact elsewhere", here);
	run("tc filter add dev clsact egress matchall action pass");
	packets("packet out, clsact with a filter", clsact);

	prog = load_prog();
	in = create_link(prog, elsewhere, BPF_TCX_INGRESS);
	out = create_link(prog, elsewhere, BPF_TCX_EGRESS);
	packets("packet out, links elsewhere", here);
	packets("packet out, clsact with a filter, links elsewhere", clsact);
	packets("packet out, a link with a program", elsewhere);
	links(here, BPF_TCX_EGRESS);
	links(here, BPF_TCX_INGRESS);
	plain(here, BPF_TCX_INGRESS);
	close(in);
	close(out);
	printf("nothing attached elsewhere:\n");
	links(here, BPF_TCX_INGRESS);
	return 0;
}
