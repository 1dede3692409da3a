// SPDX-License-Identifier: GPL-2.0
/*
 * libbpf's links of tc programs: bpf_program__attach_tc(), the other functions for
 * links, and the lower-level calls that take the options of tc.
 */
#include "../kselftest_harness.h"
#include "libbpf_log.h"
#include "no_tc_links.h"
#include "tc_link_test.h"
#include "tc_netlink.skel.h"

/* the words of a refusal by bpf_program__attach_tcx(), where it is not upstream's */
#if !defined(LIBBPF_MAJOR_VERSION) || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION < 3)
#define TCX_WORDS(words) words
#else
#define TCX_WORDS(words) ""
#endif

static int lines(const char *text)
{
	int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

FIXTURE(attach_tc) {
	struct net net;
	struct tc_netlink_bpf *skel;
	struct bpf_program *prog, *other, *third;
};

FIXTURE_SETUP(attach_tc)
{
	ASSERT_EQ(0, net_setup(&self->net));
	self->skel = tc_netlink_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->prog = self->skel->progs.count_once;
	self->other = self->skel->progs.tc_ingress;
	self->third = self->skel->progs.tcx_egress;
	libbpf_set_print(keep_log);
}

FIXTURE_TEARDOWN(attach_tc)
{
	tc_netlink_bpf__destroy(self->skel);
}

#define ATTACH(prog, point, opts)	\
	bpf_program__attach_tc(prog, self->net.ifindex, point, opts)

/* The attachment fails with this error, also in errno, and one line with these words */
#define EXPECT_REFUSED(error, words, attach) do {			\
	struct bpf_link *refused_;					\
									\
	logged[0] = 0;							\
	errno = 0;							\
	refused_ = attach;						\
	EXPECT_EQ(-(error), libbpf_get_error(refused_));		\
	EXPECT_EQ(error, errno);					\
	EXPECT_NE(NULL, strstr(logged, words)) {			\
		TH_LOG("logged: %s", logged);				\
	}								\
	EXPECT_EQ(1, lines(logged)) {					\
		TH_LOG("logged: %s", logged);				\
	}								\
} while (0)

TEST_F(attach_tc, the_probe_finds_links)
{
	EXPECT_EQ(1, libbpf_probe_tc_link(-1));
	EXPECT_EQ(1, libbpf_probe_tc_link(bpf_program__fd(self->prog)));
	EXPECT_EQ(0, hook_count(self->net.ifindex, INGRESS));
}

/* No kernel links these to a device, so its refusal says nothing about tc links. */
TEST_F(attach_tc, the_probe_takes_no_other_fd)
{
	int devnull = open("/dev/null", O_RDONLY | O_CLOEXEC);

	EXPECT_EQ(-EINVAL, libbpf_probe_tc_link(bpf_program__fd(self->skel->progs.no_tc_program)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-EINVAL, libbpf_probe_tc_link(bpf_map__fd(self->skel->maps.seen)));
	EXPECT_EQ(-EINVAL, libbpf_probe_tc_link(bpf_map__fd(self->skel->maps.type_3)));
	EXPECT_EQ(-EINVAL, libbpf_probe_tc_link(devnull));
	close(devnull);
	EXPECT_EQ(-EINVAL, libbpf_probe_tc_link(devnull));
}

TEST_F(attach_tc, one_program_attaches_to_either_side)
{
	struct bpf_link *in, *out;
	__u64 before;

	in = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(in));
	EXPECT_EQ(1, hook_count(self->net.ifindex, INGRESS));
	EXPECT_EQ(0, hook_count(self->net.ifindex, EGRESS));
	before = self->skel->bss->packets;
	EXPECT_EQ(1, send_probe(&self->net, INGRESS));
	EXPECT_EQ(before + 1, self->skel->bss->packets);

	out = ATTACH(self->prog, BPF_TC_EGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(out));
	EXPECT_EQ(1, hook_count(self->net.ifindex, EGRESS));
	EXPECT_EQ(1, send_probe(&self->net, EGRESS));
	EXPECT_EQ(before + 2, self->skel->bss->packets);

	EXPECT_EQ(0, bpf_link__destroy(in));
	EXPECT_EQ(0, hook_count(self->net.ifindex, INGRESS));
	EXPECT_EQ(1, hook_count(self->net.ifindex, EGRESS));
	EXPECT_EQ(0, bpf_link__destroy(out));
	EXPECT_EQ(0, hook_count(self->net.ifindex, EGRESS));
}

TEST_F(attach_tc, a_section_that_names_the_other_side_is_refused)
{
	struct bpf_program *in[] = { self->skel->progs.tc_ingress, self->skel->progs.tcx_ingress };
	struct bpf_program *out[] = { self->skel->progs.tc_egress, self->skel->progs.tcx_egress };
	struct bpf_link *links[4];

	for (int i = 0; i < 2; i++) {
		EXPECT_REFUSED(EINVAL, "its section is for tc ingress",
			       ATTACH(in[i], BPF_TC_EGRESS, NULL));
		EXPECT_REFUSED(EINVAL, "its section is for tc egress",
			       ATTACH(out[i], BPF_TC_INGRESS, NULL));
		links[i] = ATTACH(in[i], BPF_TC_INGRESS, NULL);
		ASSERT_EQ(0, libbpf_get_error(links[i]));
		links[2 + i] = ATTACH(out[i], BPF_TC_EGRESS, NULL);
		ASSERT_EQ(0, libbpf_get_error(links[2 + i]));
	}
	EXPECT_EQ(2, hook_count(self->net.ifindex, INGRESS));
	EXPECT_EQ(2, hook_count(self->net.ifindex, EGRESS));
	for (int i = 0; i < 4; i++)
		bpf_link__destroy(links[i]);
}

TEST_F(attach_tc, attach_tcx_goes_by_the_section)
{
	LIBBPF_OPTS(bpf_tcx_opts, opts);
	struct bpf_link *a, *b, *c;
	struct hook hook;

	a = bpf_program__attach_tcx(self->skel->progs.tcx_ingress, self->net.ifindex, NULL);
	ASSERT_EQ(0, libbpf_get_error(a));
	b = bpf_program__attach_tcx(self->skel->progs.tc_egress, self->net.ifindex, NULL);
	ASSERT_EQ(0, libbpf_get_error(b));
	opts.flags = BPF_F_BEFORE | BPF_F_LINK;
	opts.relative_fd = bpf_link__fd(a);
	opts.expected_revision = 2;
	c = bpf_program__attach_tcx(self->skel->progs.tc_ingress, self->net.ifindex, &opts);
	ASSERT_EQ(0, libbpf_get_error(c));
	ASSERT_EQ(0, hook_query(self->net.ifindex, INGRESS, &hook));
	EXPECT_EQ(2, hook.count);
	EXPECT_EQ(link_id(bpf_link__fd(c)), hook.link_ids[0]);
	EXPECT_EQ(1, hook_count(self->net.ifindex, EGRESS));

	/* errors as mainline's function has them */
#define TCX_ERROR(...) libbpf_get_error(bpf_program__attach_tcx(__VA_ARGS__))
	EXPECT_REFUSED(EINVAL, TCX_WORDS("does not name a side"),
		       bpf_program__attach_tcx(self->prog, self->net.ifindex, NULL));
	EXPECT_EQ(-EINVAL, TCX_ERROR(self->third, 0, NULL));
	EXPECT_EQ(-ENODEV, TCX_ERROR(self->third, NO_IFINDEX, NULL));
	opts.relative_id = 1;
	EXPECT_EQ(-EINVAL, TCX_ERROR(self->third, self->net.ifindex, &opts));
	bpf_link__destroy(a);
	bpf_link__destroy(b);
	bpf_link__destroy(c);
}

/* A skeleton does not know the device: its attach leaves tc programs alone. */
TEST_F(attach_tc, a_skeleton_attaches_nothing)
{
	EXPECT_EQ(0, tc_netlink_bpf__attach(self->skel));
	EXPECT_EQ(NULL, self->skel->links.count_once);
	EXPECT_EQ(NULL, self->skel->links.tc_ingress);
	EXPECT_EQ(NULL, self->skel->links.tcx_egress);
	EXPECT_EQ(0, hook_count(self->net.ifindex, INGRESS));
	EXPECT_EQ(0, hook_count(self->net.ifindex, EGRESS));
	/* but a link that was put there is destroyed with it */
	self->skel->links.count_once = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
	EXPECT_EQ(1, hook_count(self->net.ifindex, INGRESS));
	tc_netlink_bpf__destroy(self->skel);
	self->skel = NULL;
	EXPECT_EQ(0, hook_count(self->net.ifindex, INGRESS));
}

TEST_F(attach_tc, a_link_is_pinned_opened_and_updated)
{
	const char *path = "/sys/fs/bpf/tc_attach";
	struct bpf_link *link;
	struct hook hook;

	link = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(link));
	ASSERT_EQ(0, bpf_link__pin(link, path));
	EXPECT_EQ(0, bpf_link__destroy(link));
	EXPECT_EQ(1, hook_count(self->net.ifindex, INGRESS));

	link = bpf_link__open(path);
	ASSERT_EQ(0, libbpf_get_error(link));
	EXPECT_EQ(0, bpf_link__update_program(link, self->other));
	ASSERT_EQ(0, hook_query(self->net.ifindex, INGRESS, &hook));
	EXPECT_EQ(prog_id(bpf_program__fd(self->other)), hook.prog_ids[0]);
	EXPECT_EQ(0, bpf_link__unpin(link));
	EXPECT_EQ(0, bpf_link__destroy(link));
	/* a removed pin lets go of the link a little later */
	EXPECT_TRUE(EVENTUALLY(hook_count(self->net.ifindex, INGRESS) == 0));
}

TEST_F(attach_tc, a_link_is_detached_or_disconnected)
{
	struct bpf_link *link;
	int fd;

	link = ATTACH(self->prog, BPF_TC_EGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(link));
	EXPECT_EQ(0, bpf_link__detach(link));
	EXPECT_EQ(0, hook_count(self->net.ifindex, EGRESS));
	EXPECT_EQ(0, bpf_link__destroy(link));

	/* disconnected: destroying the handle leaves the link's fd open */
	link = ATTACH(self->prog, BPF_TC_EGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(link));
	fd = bpf_link__fd(link);
	bpf_link__disconnect(link);
	EXPECT_EQ(0, bpf_link__destroy(link));
	EXPECT_EQ(1, hook_count(self->net.ifindex, EGRESS));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(0, hook_count(self->net.ifindex, EGRESS));
}

TEST_F(attach_tc, the_place_is_an_option)
{
	struct bpf_program *third = self->skel->progs.tcx_ingress;
	LIBBPF_OPTS(bpf_tcx_opts, opts);
	struct bpf_link *a, *b, *c;
	struct hook hook;

	a = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(a));
	opts.flags = BPF_F_BEFORE;
	b = ATTACH(self->other, BPF_TC_INGRESS, &opts);
	ASSERT_EQ(0, libbpf_get_error(b));
	ASSERT_EQ(0, hook_query(self->net.ifindex, INGRESS, &hook));
	EXPECT_EQ(link_id(bpf_link__fd(b)), hook.link_ids[0]);
	EXPECT_EQ(link_id(bpf_link__fd(a)), hook.link_ids[1]);

	/* between the two: by the fd of a link, then by the id of a program */
	opts.flags = BPF_F_AFTER | BPF_F_LINK;
	opts.relative_fd = bpf_link__fd(b);
	opts.expected_revision = hook.revision;
	c = ATTACH(third, BPF_TC_INGRESS, &opts);
	ASSERT_EQ(0, libbpf_get_error(c));
	ASSERT_EQ(0, hook_query(self->net.ifindex, INGRESS, &hook));
	EXPECT_EQ(link_id(bpf_link__fd(c)), hook.link_ids[1]);
	bpf_link__destroy(c);

	opts.flags = BPF_F_BEFORE;
	opts.relative_fd = 0;
	opts.relative_id = prog_id(bpf_program__fd(self->prog));
	opts.expected_revision = 0;
	c = ATTACH(third, BPF_TC_INGRESS, &opts);
	ASSERT_EQ(0, libbpf_get_error(c));
	ASSERT_EQ(0, hook_query(self->net.ifindex, INGRESS, &hook));
	EXPECT_EQ(3, hook.count);
	EXPECT_EQ(link_id(bpf_link__fd(c)), hook.link_ids[1]);

	bpf_link__destroy(a);
	bpf_link__destroy(b);
	bpf_link__destroy(c);
}

TEST_F(attach_tc, refusals_come_with_a_line_in_words)
{
	struct bpf_program *no_tc = self->skel->progs.no_tc_program;
	LIBBPF_OPTS(bpf_tcx_opts, opts);
	struct tc_netlink_bpf *unloaded;
	struct bpf_link *link;
	int devnull;

	EXPECT_REFUSED(EINVAL, "BPF_TC_INGRESS or BPF_TC_EGRESS",
		       ATTACH(self->prog, BPF_TC_INGRESS | BPF_TC_EGRESS, NULL));
	EXPECT_REFUSED(EINVAL, "BPF_TC_INGRESS or BPF_TC_EGRESS",
		       ATTACH(self->prog, BPF_TC_CUSTOM, NULL));
	EXPECT_REFUSED(EINVAL, "not a tc program", ATTACH(no_tc, BPF_TC_INGRESS, NULL));

	unloaded = tc_netlink_bpf__open();
	ASSERT_NE(NULL, unloaded);
	logged[0] = 0;
	link = ATTACH(unloaded->progs.count_once, BPF_TC_INGRESS, NULL);
	EXPECT_EQ(-EINVAL, libbpf_get_error(link));
	EXPECT_NE(NULL, strstr(logged, "before loaded"));
	tc_netlink_bpf__destroy(unloaded);

	EXPECT_REFUSED(ENODEV, "no such device",
		       bpf_program__attach_tc(self->prog, NO_IFINDEX, BPF_TC_INGRESS, NULL));
	EXPECT_REFUSED(ENODEV, "no such device",
		       bpf_program__attach_tc(self->prog, 0, BPF_TC_INGRESS, NULL));

	opts.flags = 1U << 30;
	EXPECT_REFUSED(EINVAL, "flags", ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.flags = BPF_F_BEFORE;
	opts.relative_fd = bpf_program__fd(self->other);
	opts.relative_id = prog_id(opts.relative_fd);
	EXPECT_REFUSED(EINVAL, "relative_fd and relative_id",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.relative_id = 0;
	EXPECT_REFUSED(ENOENT, "relative", ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.relative_fd = 0;
	opts.relative_id = ~0U;
	EXPECT_REFUSED(ENOENT, "relative", ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.relative_id = 0;
	opts.flags = BPF_F_REPLACE;
	EXPECT_REFUSED(ENOENT, "bpf_link__update_program()",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	devnull = open("/dev/null", O_RDONLY | O_CLOEXEC);
	opts.relative_fd = devnull;
	opts.flags = BPF_F_BEFORE | BPF_F_LINK;
	EXPECT_REFUSED(EINVAL, "the relative fd is not of",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.flags = BPF_F_BEFORE;
	EXPECT_REFUSED(EINVAL, "the relative fd is not of",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.relative_fd = bpf_map__fd(self->skel->maps.seen);
	EXPECT_REFUSED(EINVAL, "the relative fd is not of",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));
	opts.relative_fd = devnull;
	close(devnull);
	EXPECT_REFUSED(EBADF, "the relative fd is not open",
		       ATTACH(self->prog, BPF_TC_INGRESS, &opts));

	link = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(link));
	EXPECT_REFUSED(EEXIST, "attached there already",
		       ATTACH(self->prog, BPF_TC_INGRESS, NULL));
	bpf_link__destroy(link);

	/* 63 programs are all that a hook takes */
	for (int i = 0; i < 63; i++)
		ASSERT_EQ(0, prog_attach(load_verdict(TC_ACT_UNSPEC), self->net.ifindex, INGRESS,
					 LAST));
	EXPECT_REFUSED(ERANGE, "full", ATTACH(self->prog, BPF_TC_INGRESS, NULL));
}

TEST_F(attach_tc, what_is_meant_to_be_tried_again_is_not_logged)
{
	LIBBPF_OPTS(bpf_tcx_opts, opts, .expected_revision = 100);

	logged[0] = 0;
	EXPECT_EQ(-ESTALE, libbpf_get_error(ATTACH(self->prog, BPF_TC_INGRESS, &opts)));
	EXPECT_EQ(ESTALE, errno);
	EXPECT_STREQ("", logged);
}

/* Options of a later libbpf: unknown but unset is fine, unknown and set is not */
TEST_F(attach_tc, larger_options_are_taken_if_what_is_unknown_is_zero)
{
	struct {
		struct bpf_tcx_opts opts;
		__u64 later;
	} larger;
	struct bpf_link *link;

	memset(&larger, 0, sizeof(larger));
	larger.opts.sz = sizeof(larger);
	link = ATTACH(self->prog, BPF_TC_INGRESS, &larger.opts);
	ASSERT_EQ(0, libbpf_get_error(link));
	bpf_link__destroy(link);
	larger.later = 1;
	EXPECT_REFUSED(EINVAL, "non-zero extra bytes",
		       ATTACH(self->prog, BPF_TC_INGRESS, &larger.opts));
	/* options of an earlier libbpf, which had no revision yet */
	memset(&larger, 0, sizeof(larger));
	larger.opts.sz = offsetof(struct bpf_tcx_opts, expected_revision);
	larger.opts.expected_revision = 100;
	link = ATTACH(self->prog, BPF_TC_INGRESS, &larger.opts);
	ASSERT_EQ(0, libbpf_get_error(link));
	bpf_link__destroy(link);
}

TEST_F(attach_tc, without_the_capability_it_is_not_permitted)
{
	int status;
	pid_t pid;

	SKIP_ON_MAINLINE("whoever has the program may attach it");
	/* with 2, it is bpf(2) itself that refuses on 5.10, whatever the command */
	for (int disabled = 0; disabled <= 2; disabled += 2) {
		SET_UNPRIVILEGED_BPF(disabled);
		/* nobody, with the programs inherited */
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			struct bpf_link *link;

			if (setgid(65534) || setuid(65534))
				_exit(1);
			logged[0] = 0;
			link = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
			if (libbpf_get_error(link) != -EPERM)
				_exit(2);
			if (!strstr(logged, "CAP_NET_ADMIN"))
				_exit(3);
			if (libbpf_probe_tc_link(bpf_program__fd(self->prog)) != -EPERM)
				_exit(4);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		restore_unprivileged_bpf();
		ASSERT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status)) {
			TH_LOG("with " UNPRIVILEGED_BPF " = %d", disabled);
		}
	}
}

/* With a program at hand the probe needs no more than attaching does. */
TEST_F(attach_tc, the_probe_works_where_attaching_does)
{
	int status;
	pid_t pid;

	SET_UNPRIVILEGED_BPF(0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int prog = bpf_program__fd(self->prog);
		struct bpf_link *link;

		/* CAP_NET_ADMIN over a network namespace of one's own, and no more */
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(1);
		if (libbpf_probe_tc_link(-1) != -EPERM || errno != EPERM)
			_exit(2);
		if (libbpf_probe_tc_link(prog) != 1)
			_exit(3);
		link = bpf_program__attach_tc(self->prog, 1 /* lo */, BPF_TC_INGRESS, NULL);
		_exit(libbpf_get_error(link) ? 4 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	restore_unprivileged_bpf();
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* An attempt to attach by netlink instead kills the process. */
static int die_on_socket(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_DATA_NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return filter_syscalls(filter, sizeof(filter) / sizeof(filter[0]));
}

/* From now on no object tells about itself. */
static int hide_info(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_DATA_NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECCOMP_DATA_ARG0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_OBJ_GET_INFO_BY_FD, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return filter_syscalls(filter, sizeof(filter) / sizeof(filter[0]));
}

TEST_F(attach_tc, on_a_kernel_without_links_there_is_no_substitute)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct bpf_link *link;

		if (die_on_socket() || hide_tc_links())
			_exit(1);
		logged[0] = 0;
		link = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
		if (libbpf_get_error(link) != -EOPNOTSUPP || errno != EOPNOTSUPP)
			_exit(2);
		/* a loader that tries wants no noise */
		if (logged[0])
			_exit(3);
		link = ATTACH(self->prog, BPF_TC_EGRESS, NULL);
		if (libbpf_get_error(link) != -EOPNOTSUPP)
			_exit(4);
		if (logged[0])
			_exit(5);
		if (libbpf_probe_tc_link(bpf_program__fd(self->prog)))
			_exit(7);
		link = bpf_program__attach_tcx(self->third, self->net.ifindex, NULL);
		if (libbpf_get_error(link) != -EINVAL ||
		    !strstr(logged, TCX_WORDS("has no tc links")))
			_exit(8);
		if (libbpf_probe_tc_link(-1))
			_exit(6);
		/* an old kernel has less info about a program, and attaching needs none */
		logged[0] = 0;
		if (hide_info())
			_exit(9);
		link = ATTACH(self->prog, BPF_TC_INGRESS, NULL);
		if (libbpf_get_error(link) != -EOPNOTSUPP || errno != EOPNOTSUPP || logged[0])
			_exit(10);
		/* without it, the fd may be of anything */
		_exit(libbpf_probe_tc_link(bpf_program__fd(self->prog)) == -EINVAL ? 0 : 11);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, hook_count(self->net.ifindex, INGRESS));
}

#define EXPECT_REFUSED_OPTS(call) do {	\
	errno = 0;			\
	EXPECT_EQ(-EINVAL, call);	\
	EXPECT_EQ(EINVAL, errno);	\
} while (0)

TEST_F(attach_tc, programs_attach_without_a_link)
{
	LIBBPF_OPTS(bpf_prog_attach_opts, attach);
	LIBBPF_OPTS(bpf_prog_detach_opts, detach);
	LIBBPF_OPTS(bpf_prog_query_opts, query);
	int a = bpf_program__fd(self->prog), b = bpf_program__fd(self->other);
	struct bpf_program *third = self->skel->progs.tcx_ingress;
	int c = bpf_program__fd(third), ifindex = self->net.ifindex;
	__u32 progs[8] = {}, links[8] = {}, flags[8], link_flags[8];
	struct bpf_link *link;

	attach.sz = 0;
	detach.sz = 0;
	query.sz = 0;
	EXPECT_REFUSED_OPTS(bpf_prog_attach_opts(a, ifindex, INGRESS, &attach));
	EXPECT_REFUSED_OPTS(bpf_prog_detach_opts(a, ifindex, INGRESS, &detach));
	EXPECT_REFUSED_OPTS(bpf_prog_query_opts(ifindex, INGRESS, &query));
	attach.sz = sizeof(attach);
	detach.sz = sizeof(detach);
	query.sz = sizeof(query);

	ASSERT_EQ(0, bpf_prog_attach_opts(a, ifindex, INGRESS, NULL));
	attach.flags = BPF_F_BEFORE;
	attach.relative_fd = a;
	ASSERT_EQ(0, bpf_prog_attach_opts(b, ifindex, INGRESS, &attach));
	link = ATTACH(third, BPF_TC_INGRESS, NULL);
	ASSERT_EQ(0, libbpf_get_error(link));

	memset(flags, 0xff, sizeof(flags));
	memset(link_flags, 0xff, sizeof(link_flags));
	query.prog_ids = progs;
	query.link_ids = links;
	query.prog_attach_flags = flags;
	query.link_attach_flags = link_flags;
	query.count = 8;
	ASSERT_EQ(0, bpf_prog_query_opts(ifindex, INGRESS, &query));
	EXPECT_EQ(3, query.count);
	EXPECT_EQ(4, query.revision);
	EXPECT_EQ(prog_id(b), progs[0]);
	EXPECT_EQ(prog_id(a), progs[1]);
	EXPECT_EQ(prog_id(c), progs[2]);
	EXPECT_EQ(0, links[0]);
	EXPECT_EQ(link_id(bpf_link__fd(link)), links[2]);
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(i < 3 ? 0 : ~0U, flags[i]);
		EXPECT_EQ(i < 3 ? 0 : ~0U, link_flags[i]);
	}
	query.count = 1;
	EXPECT_EQ(-ENOSPC, bpf_prog_query_opts(ifindex, INGRESS, &query));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(3, query.count);

	/* replaced, by fd; then the same place by the id of its neighbour */
	memset(&attach, 0, sizeof(attach));
	attach.sz = sizeof(attach);
	attach.flags = BPF_F_REPLACE;
	attach.replace_fd = b;
	attach.expected_revision = 3;
	EXPECT_EQ(-ESTALE, bpf_prog_attach_opts(bpf_program__fd(self->skel->progs.tc_egress),
						ifindex, INGRESS, &attach));
	EXPECT_EQ(ESTALE, errno);
	attach.expected_revision = 4;
	EXPECT_EQ(0, bpf_prog_attach_opts(bpf_program__fd(self->skel->progs.tc_egress),
					  ifindex, INGRESS, &attach));
	EXPECT_EQ(-ENOENT, bpf_prog_detach_opts(b, ifindex, INGRESS, NULL));
	EXPECT_EQ(ENOENT, errno);

	/* the program before a, by a's id */
	detach.flags = BPF_F_BEFORE;
	detach.relative_id = prog_id(a);
	detach.relative_fd = a;
	EXPECT_EQ(-EINVAL, bpf_prog_detach_opts(0, ifindex, INGRESS, &detach));
	detach.relative_fd = 0;
	detach.expected_revision = 5;
	EXPECT_EQ(0, bpf_prog_detach_opts(0, ifindex, INGRESS, &detach));
	EXPECT_EQ(-EBUSY, bpf_prog_detach_opts(c, ifindex, INGRESS, NULL));
	EXPECT_EQ(0, bpf_prog_detach_opts(a, ifindex, INGRESS, NULL));
	bpf_link__destroy(link);
	EXPECT_EQ(0, hook_count(ifindex, INGRESS));
}

TEST_F(attach_tc, bpf_link_create_takes_mainline_s_options)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	int a, b, ifindex = self->net.ifindex;
	struct hook hook;

	a = bpf_link_create(bpf_program__fd(self->prog), ifindex, INGRESS, NULL);
	ASSERT_LE(0, a);
	opts.flags = BPF_F_BEFORE | BPF_F_LINK;
	opts.tcx.relative_id = link_id(a);
	opts.tcx.expected_revision = 2;
	b = bpf_link_create(bpf_program__fd(self->other), ifindex, INGRESS, &opts);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, hook_query(ifindex, INGRESS, &hook));
	EXPECT_EQ(link_id(b), hook.link_ids[0]);

	opts.tcx.relative_fd = a;
	EXPECT_GT(0, bpf_link_create(bpf_program__fd(self->third), ifindex, INGRESS, &opts));
	EXPECT_EQ(EINVAL, errno);
	opts.tcx.relative_id = 0;
	opts.tcx.expected_revision = 3;
	EXPECT_LE(0, bpf_link_create(bpf_program__fd(self->third), ifindex, INGRESS, &opts));
}

/* 5.10's libbpf compares only the beginnings of other names. */
TEST_F(attach_tc, only_the_whole_name_is_a_section_of_tc)
{
	static const char *const others[] = {
		"tcp_bpf", "tc_foo", "tcx/foo", "tcx", "tc/", "tc/ingress2", "tcx/egress/x",
	};
	static const char *const ours[] = {
		"tc", "tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress", "classifier",
	};
	enum bpf_attach_type attach_type;
	enum bpf_prog_type prog_type;

	for (int i = 0; i < 7; i++) {
		EXPECT_GT(0, libbpf_prog_type_by_name(others[i], &prog_type, &attach_type)) {
			TH_LOG("%s", others[i]);
		}
	}
	for (int i = 0; i < 6; i++) {
		ASSERT_EQ(0, libbpf_prog_type_by_name(ours[i], &prog_type, &attach_type));
		EXPECT_EQ(BPF_PROG_TYPE_SCHED_CLS, prog_type);
	}
}

TEST_F(attach_tc, the_section_sets_the_expected_attach_type)
{
	EXPECT_EQ(0, bpf_program__get_expected_attach_type(self->skel->progs.count_once));
	EXPECT_EQ(INGRESS, bpf_program__get_expected_attach_type(self->skel->progs.tc_ingress));
	EXPECT_EQ(EGRESS, bpf_program__get_expected_attach_type(self->skel->progs.tc_egress));
	EXPECT_EQ(INGRESS, bpf_program__get_expected_attach_type(self->skel->progs.tcx_ingress));
	EXPECT_EQ(EGRESS, bpf_program__get_expected_attach_type(self->skel->progs.tcx_egress));
}

TEST_HARNESS_MAIN
