// SPDX-License-Identifier: GPL-2.0
/*
 * Once a device has left a network namespace, those that could change it there can no
 * longer do so, no matter how many of their calls are in progress. Many threads in one
 * namespace repeat one operation. Meanwhile the device moves to another namespace,
 * whose owner removes what is on it and attaches programs. From then on, the device has
 * only the new owner's programs.
 *
 * TC_LINK_RACE_SECONDS in the environment is the time for each case, 1 if not set. A
 * case runs at least SHORT_ROUNDS rounds, or LONG_ROUNDS if it is set. On mainline,
 * where each change waits for a grace period with RTNL held, those would take an hour.
 */
#include "../kselftest_harness.h"
#include "rtnl.h"
#include "tc_link_test.h"

#include <pthread.h>
#include <sys/prctl.h>

#define DEV		"move0"
#define PEER		"move1"
#define IFINDEX		1000	/* the same in both namespaces */
#define THREADS		40
#define SHORT_ROUNDS	20
#define LONG_ROUNDS	50

enum op { DETACH_ANY, DETACH, ATTACH, CREATE, REPLACE, QUERY };

/* What the threads and the test share */
struct shared {
	bool stop;
	/* read-locked during each call, so that the test can wait for those in progress */
	pthread_rwlock_t call;
	unsigned long effective;	/* calls that changed or read something */
	bool saw_mine;
};

FIXTURE(netns_move) {
	/* where the threads are, and where the device moves to */
	int from_ns, to_ns, from_rtnl, to_rtnl;
	/* always on the device; only while it is with its new owner */
	int common, mine;
	__u32 common_id, mine_id;
	int progs[THREADS];
	struct shared *shared;
	pid_t threads;
};

typedef FIXTURE_DATA(netns_move) test;

FIXTURE_VARIANT(netns_move) {
	enum op op;
	bool container;		/* the device moves out of the container, which has the threads */
	const char *mainline;	/* why the case is skipped on mainline */
};

#define MOVE(name, op_, ...)						\
FIXTURE_VARIANT_ADD(netns_move, out_of_a_container_##name) {		\
	.op = op_, .container = true, ##__VA_ARGS__			\
};									\
FIXTURE_VARIANT_ADD(netns_move, into_a_container_##name) {		\
	.op = op_							\
}

#define NO_DETACH "DETACH without a program takes CAP_NET_ADMIN over the initial namespace"

MOVE(detach_any, DETACH_ANY, .mainline = NO_DETACH);
MOVE(detach, DETACH);
MOVE(attach, ATTACH);
MOVE(create, CREATE);
MOVE(replace, REPLACE);
/* query needs CAP_NET_ADMIN over the initial namespace, which a container lacks */
FIXTURE_VARIANT_ADD(netns_move, into_a_container_query) {
	.op = QUERY
};

static bool shows(const struct hook *hook, __u32 prog_id)
{
	__u32 i;

	for (i = 0; i < hook->count; i++)
		if (hook->prog_ids[i] == prog_id)
			return true;
	return false;
}

/* ---- the threads ---- */

struct thread {
	const test *t;
	enum op op;
	int nr;
	int link;	/* CREATE keeps it until the next call, so that the test sees it */
};

/* Returns 0 if anything was done, else -errno */
static int perform(struct thread *me)
{
	const test *t = me->t;
	int prog = t->progs[me->nr], ret;
	struct hook hook;
	/* one thread in four attaches what the others detach */
	bool brings = me->nr % 4 == 0;

	switch (me->op) {
	case DETACH_ANY:
		return brings ? prog_attach(prog, IFINDEX, INGRESS, LAST) :
				prog_detach(0, IFINDEX, INGRESS, LAST);
	case DETACH:
		return brings ? prog_attach(t->common, IFINDEX, INGRESS, LAST) :
				prog_detach(t->common, IFINDEX, INGRESS, LAST);
	case ATTACH:
		ret = prog_attach(prog, IFINDEX, INGRESS, LAST);
		return prog_detach(prog, IFINDEX, INGRESS, LAST) && ret ? ret : 0;
	case CREATE:
		if (me->link >= 0)
			close(me->link);
		me->link = link_create(prog, IFINDEX, INGRESS, LAST);
		return me->link < 0 ? me->link : 0;
	case REPLACE:
		ret = prog_attach(prog, IFINDEX, INGRESS,
				  AT(BPF_F_REPLACE, .replace_fd = t->common));
		return prog_attach(t->common, IFINDEX, INGRESS,
				   AT(BPF_F_REPLACE, .replace_fd = prog)) && ret ? ret : 0;
	case QUERY:
		ret = hook_query(IFINDEX, INGRESS, &hook);
		if (!ret && shows(&hook, t->mine_id))
			t->shared->saw_mine = true;
		return ret;
	}
	return -EINVAL;
}

static void *thread(void *arg)
{
	struct thread *me = arg;
	struct shared *shared = me->t->shared;

	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		pthread_rwlock_rdlock(&shared->call);
		if (!perform(me))
			__atomic_add_fetch(&shared->effective, 1, __ATOMIC_RELAXED);
		pthread_rwlock_unlock(&shared->call);
	}
	return NULL;
}

static int run_threads(const test *t, enum op op)
{
	struct thread threads[THREADS];
	pthread_t ids[THREADS];
	int i;

	/*
	 * Many threads with the lowest priority: whatever they are doing when the
	 * device moves takes long to finish.
	 */
	if (setpriority(PRIO_PROCESS, 0, 19))
		return 1;
	for (i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ t, op, i, -1 };
		if (pthread_create(&ids[i], NULL, thread, &threads[i]))
			return 1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	return 0;
}

/* ---- the device and its owner ---- */

/*
 * Starts the process of the threads and their namespace, in a user namespace of its own
 * if that is a container's. Returns 0, or the step that failed.
 */
static int start(test *t, enum op op, bool container)
{
	int home_ns, other_ns, home_rtnl, other_rtnl, sync[2];
	char path[64], c = 0;

	home_ns = new_netns();
	home_rtnl = rtnl_open();
	if (home_ns < 0 || home_rtnl < 0 ||
	    veth_add(home_rtnl, DEV, IFINDEX, PEER, home_ns) ||
	    prog_attach(t->common, IFINDEX, INGRESS, LAST))
		return 1;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sync))
		return 2;
	t->threads = fork();
	if (t->threads < 0)
		return 3;
	if (!t->threads) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if ((container && become_userns_root()) || unshare(CLONE_NEWNET))
			_exit(1);
		/* have the parent open the namespace, then go where the threads belong */
		if (write(sync[1], &c, 1) != 1 || read(sync[1], &c, 1) != 1)
			_exit(2);
		if (!container && setns(home_ns, CLONE_NEWNET))
			_exit(3);
		_exit(run_threads(t, op));
	}
	if (read(sync[0], &c, 1) != 1)
		return 4;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", t->threads);
	other_ns = open(path, O_RDONLY | O_CLOEXEC);
	if (other_ns < 0 || setns(other_ns, CLONE_NEWNET))
		return 5;
	other_rtnl = rtnl_open();
	t->from_ns = container ? other_ns : home_ns;
	t->from_rtnl = container ? other_rtnl : home_rtnl;
	t->to_ns = container ? home_ns : other_ns;
	t->to_rtnl = container ? home_rtnl : other_rtnl;
	if (container && link_move(home_rtnl, IFINDEX, other_ns))
		return 6;
	if (setns(t->to_ns, CLONE_NEWNET))
		return 7;
	return write(sync[0], &c, 1) == 1 ? 0 : 8;
}

/* Detaches everything but links, which belong to their holders */
static int clear(void)
{
	struct hook hook;
	int err, fd;
	__u32 i;

	err = hook_query(IFINDEX, INGRESS, &hook);
	for (i = 0; !err && i < hook.count; i++) {
		if (hook.link_ids[i])
			continue;
		fd = bpf_prog_get_fd_by_id(hook.prog_ids[i]);
		err = fd < 0 ? fd : prog_detach(fd, IFINDEX, INGRESS, LAST);
		close(fd);
	}
	return err;
}

/* Adds a program to what is expected */
static void append(struct hook *hook, __u32 prog_id)
{
	hook->link_ids[hook->count] = 0;
	hook->prog_ids[hook->count++] = prog_id;
}

/* Is @after what was there @before, without the links that were closed since? */
static bool only_closed(const struct hook *before, const struct hook *after)
{
	__u32 i, left = 0;

	for (i = 0; i < before->count; i++) {
		if (left < after->count && before->prog_ids[i] == after->prog_ids[left] &&
		    before->link_ids[i] == after->link_ids[left])
			left++;
		else if (!before->link_ids[i])
			return false;
	}
	return left == after->count;
}

static bool wait_for_effect(const test *t)
{
	unsigned long until = __atomic_load_n(&t->shared->effective, __ATOMIC_RELAXED) + 2;

	return EVENTUALLY(__atomic_load_n(&t->shared->effective, __ATOMIC_RELAXED) >= until);
}

/* Waits until all calls that are in progress have returned, and lets no other begin */
static int hold_calls(const test *t)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	return pthread_rwlock_timedwrlock(&t->shared->call, &until);
}

static int calls_init(struct shared *shared)
{
	pthread_rwlockattr_t attr;

	/* by default readers go first, and some call is always in progress */
	return pthread_rwlockattr_init(&attr) ||
	       pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
	       pthread_rwlockattr_setkind_np(&attr,
					     PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) ||
	       pthread_rwlock_init(&shared->call, &attr);
}

FIXTURE_SETUP(netns_move)
{
	int i;

	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	ASSERT_EQ(0, calls_init(self->shared));
	self->common = load_verdict(TC_ACT_UNSPEC);
	self->mine = load_verdict(TC_ACT_UNSPEC);
	self->common_id = prog_id(self->common);
	self->mine_id = prog_id(self->mine);
	for (i = 0; i < THREADS; i++)
		self->progs[i] = load_verdict(TC_ACT_UNSPEC);
	ASSERT_NE(0, self->common_id);
	ASSERT_NE(0, self->mine_id);
	ASSERT_LE(0, self->progs[THREADS - 1]);
}

FIXTURE_TEARDOWN(netns_move)
{
	restore_unprivileged_bpf();
}

TEST_F_TIMEOUT(netns_move, leaves_the_old_owner_nothing, 900)
{
	unsigned long min = mainline_tcx() ? 1 :
			    getenv("TC_LINK_RACE_SECONDS") ? LONG_ROUNDS : SHORT_ROUNDS;
	double until = now() + race_seconds();
	unsigned long rounds = 0, disturbed = 0;
	struct hook moved, before, after;
	int err, status;

	if (variant->mainline)
		SKIP_ON_MAINLINE(variant->mainline);
	/* else some trees refuse bpf(2) to the container */
	SET_UNPRIVILEGED_BPF(0);
	ASSERT_EQ(0, start(self, variant->op, variant->container));

	while (now() < until || rounds < min) {
		ASSERT_TRUE(wait_for_effect(self));
		ASSERT_EQ(0, link_move(self->from_rtnl, IFINDEX, self->to_ns));

		/*
		 * From here on only the new owner changes this hook: what is on it
		 * stays, and nothing is added.
		 */
		ASSERT_EQ(0, hook_query(IFINDEX, INGRESS, &moved));
		ASSERT_EQ(0, prog_attach(self->mine, IFINDEX, INGRESS, LAST));
		append(&moved, self->mine_id);
		err = prog_attach(self->common, IFINDEX, INGRESS, LAST);
		if (err != -EEXIST) {
			ASSERT_EQ(0, err);
			append(&moved, self->common_id);
		}
		ASSERT_EQ(0, hook_query(IFINDEX, INGRESS, &before));
		ASSERT_EQ(0, hold_calls(self));
		ASSERT_EQ(0, hook_query(IFINDEX, INGRESS, &after));
		disturbed += !shows(&before, self->mine_id) ||
			     !shows(&before, self->common_id) ||
			     !only_closed(&moved, &before) || !only_closed(&before, &after);

		ASSERT_EQ(0, clear());
		ASSERT_EQ(0, prog_attach(self->common, IFINDEX, INGRESS, LAST));
		ASSERT_EQ(0, link_move(self->to_rtnl, IFINDEX, self->from_ns));
		ASSERT_EQ(0, pthread_rwlock_unlock(&self->shared->call));
		rounds++;
	}
	TH_LOG("%lu rounds, %lu effective calls", rounds,
	       self->shared->effective);
	EXPECT_EQ(0, disturbed)
		TH_LOG("%lu of %lu times the old owner changed the hook after the move",
		       disturbed, rounds);
	EXPECT_FALSE(self->shared->saw_mine)
		TH_LOG("the old owner has seen the program of the new one");

	__atomic_store_n(&self->shared->stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(self->threads, waitpid(self->threads, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
