// SPDX-License-Identifier: GPL-2.0
/*
 * Random bytes and sizes for the commands that attach, update, detach and query. Some
 * calls are pure noise. Most are valid calls with a few bytes changed, so that they get
 * further. A debug kernel finds the real damage. Here the checks are that each call
 * returns a documented errno, that it does not read beyond the size it was given, and
 * that nothing is left at the end.
 *
 *	--seed N	which calls (1)
 *	--calls N	how many (100000)
 */
#include "../kselftest.h"
#include "fuzz_world.h"

#include <signal.h>

#define KEPT	40		/* links that are kept open for a while */
#define HAVE	24		/* programs */
#define ROOM_FOR_IDS	(1 << 20)

/* What each command may answer for tc, besides what any of them may */
static const struct {
	int cmd;
	const char *name;
	int errnos[8];
} cmds[] = {
	{ BPF_LINK_CREATE, "LINK_CREATE",
	  { ENODEV, ENOENT, EEXIST, ERANGE, ESTALE, EAGAIN } },
	{ BPF_LINK_UPDATE, "LINK_UPDATE", { EEXIST, EPERM, ENOLINK } },
	{ BPF_LINK_DETACH, "LINK_DETACH", {} },
	{ BPF_PROG_ATTACH, "PROG_ATTACH",
	  { ENODEV, ENOENT, EEXIST, ERANGE, EBUSY, ESTALE, EAGAIN } },
	{ BPF_PROG_DETACH, "PROG_DETACH",
	  { ENODEV, ENOENT, ERANGE, EBUSY, ESTALE, EAGAIN } },
	{ BPF_PROG_QUERY, "PROG_QUERY", { ENODEV, ENOSPC } },
};

#define CMDS	(sizeof(cmds) / sizeof(*cmds))

/* All of them, also with other attach types. Any command may answer the first ANY. */
static const int answers[] = {
	0, EINVAL, EBADF, EFAULT, E2BIG, ENOMEM,
	ENODEV, ENOENT, EEXIST, ERANGE, EBUSY, ESTALE, EPERM, ENOSPC, ENOLINK, EAGAIN,
	EOPNOTSUPP, 524,	/* ENOTSUPP */
};

#define ANY	6
#define ANSWERS	(sizeof(answers) / sizeof(*answers))

static struct shared {
	uint64_t rng;
	long calls, done;
	long seen[CMDS][ANSWERS];
	int bad_cmd, bad_answer;	/* the first answer that is not one of them */
	union bpf_attr bad_attr;
	unsigned int bad_size;
	uint32_t prog_ids[HAVE];
	int killed;
} *shared;

static int progs[HAVE], ifindex;
static char *ids, *page_end;

static int some_fd(const int *links)
{
	int l = links[rnd(KEPT)];

	switch (rnd(8)) {
	case 0:
		return rnd(64);
	case 1: case 2:
		return l > 0 ? l : 0;
	default:
		return progs[rnd(HAVE)];
	}
}

static uint32_t some_flags(void)
{
	static const uint32_t flags[] = { 0, 0, BPF_F_BEFORE, BPF_F_AFTER, BPF_F_REPLACE,
					  BPF_F_ID, BPF_F_LINK };
	uint32_t f = 0;
	int i;

	for (i = rnd(4); i; i--)
		f |= flags[rnd(sizeof(flags) / sizeof(*flags))];
	return f;
}

static void almost_good(int cmd, union bpf_attr *a, const int *links)
{
	int dev = rnd(20) ? ifindex : (int)rnd(4);
	int type = rnd(30) ? (rnd(2) ? INGRESS : EGRESS) : (int)rnd(64);
	uint32_t flags = some_flags();
	uint32_t relative = flags & BPF_F_ID ? shared->prog_ids[rnd(HAVE)] : some_fd(links);
	uint64_t revision = rnd(6) ? 0 : rnd(64);

	if (!flags)
		relative = 0;
	memset(a, 0, sizeof(*a));
	switch (cmd) {
	case BPF_LINK_CREATE:
		a->link_create.prog_fd = some_fd(links);
		a->link_create.target_ifindex = dev;
		a->link_create.attach_type = type;
		a->link_create.flags = flags & ~BPF_F_REPLACE;
		a->link_create.tcx.relative_fd = relative;
		a->link_create.tcx.expected_revision = revision;
		break;
	case BPF_LINK_UPDATE:
		a->link_update.link_fd = links[rnd(KEPT)];
		a->link_update.new_prog_fd = some_fd(links);
		if (!rnd(3)) {
			a->link_update.flags = BPF_F_REPLACE;
			a->link_update.old_prog_fd = some_fd(links);
		}
		break;
	case BPF_LINK_DETACH:
		a->link_detach.link_fd = links[rnd(KEPT)];
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		a->target_ifindex = dev;
		a->attach_bpf_fd = cmd == BPF_PROG_DETACH && !rnd(3) ? 0 : some_fd(links);
		a->attach_type = type;
		a->attach_flags = cmd == BPF_PROG_DETACH ? flags & ~BPF_F_REPLACE : flags;
		a->replace_bpf_fd = progs[rnd(HAVE)];
		a->relative_fd = relative;
		a->expected_revision = revision;
		break;
	case BPF_PROG_QUERY:
		a->query.target_ifindex = dev;
		a->query.attach_type = type;
		a->query.count = rnd(70);
		a->query.prog_ids = (unsigned long)ids + ROOM_FOR_IDS / 2;
		a->query.link_ids = (unsigned long)ids + ROOM_FOR_IDS / 2 + 4096;
		a->query.prog_attach_flags = (unsigned long)ids + ROOM_FOR_IDS / 2 + 8192;
		a->query.link_attach_flags = (unsigned long)ids + ROOM_FOR_IDS / 2 + 12288;
		break;
	}
}

/* Is @attr, of @size bytes, about tc? Other attach types have errnos of their own. */
static bool is_tc(int cmd, const union bpf_attr *attr, unsigned int size)
{
	int type;

	switch (cmd) {
	case BPF_LINK_CREATE:
		type = attr->link_create.attach_type;
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		type = attr->attach_type;
		break;
	case BPF_PROG_QUERY:
		type = attr->query.attach_type;
		break;
	default:
		return true;	/* they answer the same for other links */
	}
	return size >= 12 && (type == INGRESS || type == EGRESS);
}

static bool may_answer(size_t c, size_t answer, bool tc)
{
	size_t i;

	for (i = 0; i < sizeof(cmds[c].errnos) / sizeof(*cmds[c].errnos); i++)
		if (cmds[c].errnos[i] == answers[answer])
			return true;
	return answer < ANY || (!tc && answers[answer] != EPERM);
}

static void one_call(int *links)
{
	unsigned int size = sizeof(union bpf_attr), i, c = rnd(CMDS), at, too_large;
	union bpf_attr attr;
	uint8_t *bytes = (void *)&attr;
	bool fault, tc;
	int ret;

	/* on detached links the other commands find little to do */
	if (cmds[c].cmd == BPF_LINK_DETACH && rnd(10))
		c = 0;
	almost_good(cmds[c].cmd, &attr, links);
	if (!rnd(10))
		for (i = 0; i < sizeof(attr); i++)
			bytes[i] = rnd(256);
	else if (!rnd(3))
		for (i = 1 + rnd(3); i; i--)
			bytes[rnd(rnd(4) ? 64 : sizeof(attr))] ^= 1 << rnd(8);
	if (!rnd(4))
		size = rnd(sizeof(attr) + 1);
	too_large = rnd(200) ? 0 : 1 + rnd(4096);
	if (too_large)
		size = sizeof(attr);
	/* the page after the last byte is not mapped */
	memcpy(page_end - size, &attr, size);
	/* if this call kills the process, the next one goes on behind it */
	shared->rng = rng_state;
	ret = sys_bpf(cmds[c].cmd, (void *)(page_end - size), size + too_large);
	size += too_large;
	shared->done++;
	if (ret >= 0 && cmds[c].cmd == BPF_LINK_CREATE) {
		at = rnd(KEPT);
		if (links[at] > 0)
			close(links[at]);
		links[at] = ret;
		ret = 0;
	}
	tc = is_tc(cmds[c].cmd, &attr, size);
	/* only a query writes to where it is told, and only too large a size ends there */
	fault = cmds[c].cmd == BPF_PROG_QUERY || size > sizeof(attr);
	for (i = 0; i < ANSWERS; i++)
		if (ret == -answers[i] && (ret != -EFAULT || fault) && may_answer(c, i, tc)) {
			shared->seen[c][i]++;
			return;
		}
	if (!shared->bad_answer) {
		shared->bad_answer = ret;
		shared->bad_cmd = c;
		shared->bad_attr = attr;
		shared->bad_size = size;
	}
}

/* Runs in a process of its own, since a random pointer may get it killed */
static void calls(void)
{
	int links[KEPT] = {};

	rng_state = shared->rng;
	while (shared->done < shared->calls) {
		one_call(links);
		shared->rng = rng_state;
	}
	_exit(0);
}

/* Returns the number of calls with a permitted answer */
static long report(void)
{
	size_t c, i;
	char line[512];
	long good = 0;
	int len;

	for (c = 0; c < CMDS; c++) {
		len = snprintf(line, sizeof(line), "%s:", cmds[c].name);
		for (i = 0; i < ANSWERS; i++) {
			good += shared->seen[c][i];
			if (shared->seen[c][i])
				len += snprintf(line + len, sizeof(line) - len, " %s %ld",
						i ? strerrorname_np(answers[i]) ?: "ENOTSUPP" : "ok",
						shared->seen[c][i]);
		}
		ksft_print_msg("%s\n", line);
	}
	return good;
}

/*
 * A query with a few wrong bits writes elsewhere, and must not find "shared" there. So
 * whichever of the lower bits is wrong, the address is in an area that has nothing else.
 */
static char *room_for_ids(void)
{
	const uintptr_t size = 1ULL << 36;
	uintptr_t area;
	char *room;

	area = (uintptr_t)mmap(NULL, 2 * size, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == (uintptr_t)MAP_FAILED)
		return NULL;
	room = (char *)((area + size - 1) / size * size + size / 2);
	return mprotect(room, ROOM_FOR_IDS, PROT_READ | PROT_WRITE) ? NULL : room;
}

/* Runs in namespaces that end with this process, and with them all that it attached */
static int calls_in_a_namespace(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct net net;
	int i, status;
	pid_t pid;

	if (net_setup(&net))
		return 1;
	ifindex = net.ifindex;
	for (i = 0; i < HAVE; i++) {
		progs[i] = i < HAVE - 1 ? load_verdict(TC_ACT_UNSPEC) :
			   load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
		shared->prog_ids[i] = prog_id(progs[i]);
	}
	ids = room_for_ids();
	page_end = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (!ids || page_end == MAP_FAILED)
		return 1;
	page_end += page;
	munmap(page_end, page);

	while (shared->done < shared->calls && shared->killed < 1000) {
		pid = fork();
		if (!pid)
			calls();
		waitpid(pid, &status, 0);
		shared->killed += WIFSIGNALED(status);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int i, status, key[2], now = 0;
	uint64_t wanted = 100000;
	bool wrong = false;
	long good;
	pid_t pid;

	ksft_print_header();
	ksft_set_plan(4);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");
	shared->rng = 1;
	for (i = 1; i < argc && !wrong; i++)
		wrong = !option_is("--seed", argv, &i, &shared->rng) &&
			!option_is("--calls", argv, &i, &wanted);
	if (wrong || !wanted || wanted > LONG_MAX) {
		fprintf(stderr, "usage: fuzz_raw [--seed N] [--calls N]\n");
		return 2;
	}
	shared->calls = wanted;
	keys_settle();
	for (i = 0; i < 2; i++)
		key[i] = static_key(i);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(calls_in_a_namespace());
	waitpid(pid, &status, 0);
	if (status)
		ksft_exit_fail_msg("cannot set up: needs root and CONFIG_VETH\n");

	good = report();
	ksft_print_msg("%ld calls; %d processes were killed by their own calls\n",
		       shared->done, shared->killed);
	if (shared->bad_answer) {
		ksft_print_msg("%s of %u bytes returns %d:", cmds[shared->bad_cmd].name,
			       shared->bad_size, shared->bad_answer);
		for (i = 0; i < (int)sizeof(union bpf_attr); i++)
			printf(" %02x", ((uint8_t *)&shared->bad_attr)[i]);
		printf("\n");
	}
	/* they differ if a call has overwritten them */
	if (!shared->bad_answer && good == shared->calls && shared->done == shared->calls)
		ksft_test_result_pass("each call returns a documented errno\n");
	else
		ksft_test_result_fail("each call returns a documented errno\n");

	/* otherwise nothing of what follows a refusal was tried */
	for (i = 0; i < (int)CMDS && shared->seen[i][0]; i++)
		;
	if (i == CMDS)
		ksft_test_result_pass("each command has succeeded at times\n");
	else
		ksft_test_result_fail("%s has never succeeded\n", cmds[i].name);

	for (i = 0; i < HAVE && EVENTUALLY(!prog_exists(shared->prog_ids[i])); i++)
		;
	if (i == HAVE)
		ksft_test_result_pass("no program is left\n");
	else
		ksft_test_result_fail("program %u is left\n", shared->prog_ids[i]);

	for (i = 0; i < 2; i++)
		if (key[i] < 0 || !EVENTUALLY((now = static_key(i)) >= 0 && now <= key[i]))
			break;
	if (i == 2)
		ksft_test_result_pass("no static key is held\n");
	else if (key[i] >= 0)
		ksft_test_result_fail("%s is %d, was %d at the start\n", key_names[i], now, key[i]);
	else if (keys_have_names())
		ksft_test_result_fail("%s cannot be read\n", key_names[i]);
	else
		ksft_test_result_skip(NO_KEY_NAMES "\n");
	ksft_get_fail_cnt() ? ksft_exit_fail() : ksft_exit_pass();
}
