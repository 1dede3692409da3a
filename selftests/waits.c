// SPDX-License-Identifier: GPL-2.0
/*
 * Attach, replace, detach and query do not wait for others. They do not take RTNL, do
 * not wait for a grace period, and do not allocate memory while others wait for them.
 * Kprobes on the functions that would do so tell, and the tracepoints of allocations. Nor
 * do they touch user memory then: a page that is missing would hold up everybody.
 */
#include "../kselftest_harness.h"
#include "tc_link_test.h"
#include "waits.skel.h"

#include <linux/if_ether.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static const char *const rtnl_functions[] = {
	"rtnl_lock", "rtnl_lock_killable", "rtnl_trylock",
};

static const char *const grace_period_functions[] = {
	"synchronize_rcu", "synchronize_rcu_expedited", "synchronize_net",
	"synchronize_srcu", "rcu_barrier", "__wait_rcu_gp",
};

/* these are called with tc_hook_mutex held, or lock it at once */
static const char *const locked_functions[] = {
	"tc_hook_dev", "tc_hook_insert", "tc_hook_remove", "tc_progs_replace",
	"tc_link_release", "tc_link_force_detach", "tc_link_update",
};

FIXTURE(waits) {
	struct net net;
	struct waits_bpf *skel;
	int type;
	bool traces, probed_memory;
	int progs[3];
};

FIXTURE_ON_BOTH_SIDES(waits);

#define LEN(a) (sizeof(a) / sizeof(*(a)))

/* The number of functions that could be probed */
static size_t probe(struct bpf_program *prog, const char *const *functions, size_t n)
{
	size_t i, probed = 0;

	for (i = 0; i < n; i++) {
		if (libbpf_get_error(bpf_program__attach_kprobe(prog, false, functions[i])))
			printf("# %s cannot be probed\n", functions[i]);
		else
			probed++;
	}
	fflush(stdout);
	return probed;
}

static bool traced(struct bpf_program *prog, const char *name)
{
	return !libbpf_get_error(bpf_program__attach_tracepoint(prog, "kmem", name));
}

/* Does @tracefs have what the programs are attached to? */
static bool has_traces(const char *tracefs)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/kprobe_events", tracefs);
	if (access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "%s/events/kmem", tracefs);
	return !access(path, F_OK);
}

FIXTURE_SETUP(waits)
{
	int i;

	ASSERT_EQ(0, net_setup(&self->net));
	self->type = variant->type;
	for (i = 0; i < 3; i++)
		self->progs[i] = load_verdict(TC_ACT_UNSPEC);
	self->traces = has_traces("/sys/kernel/tracing") ||
		       has_traces("/sys/kernel/debug/tracing");
	if (!self->traces)
		return;
	self->skel = waits_bpf__open_and_load();
	ASSERT_NE(NULL, self->skel);
	self->skel->bss->pid = getpid();
	/* not every kernel has every function */
	libbpf_set_print(NULL);
	ASSERT_LT(0, probe(self->skel->progs.takes_rtnl, rtnl_functions,
			   LEN(rtnl_functions)));
	ASSERT_LT(0, probe(self->skel->progs.waits_for_readers, grace_period_functions,
			   LEN(grace_period_functions)));
	self->probed_memory = probe(self->skel->progs.wants_mutex, locked_functions,
				    LEN(locked_functions)) == LEN(locked_functions) &&
			      traced(self->skel->progs.allocates_memory, "kmalloc") &&
			      traced(self->skel->progs.allocates_object, "kmem_cache_alloc");
}

FIXTURE_TEARDOWN(waits)
{
	waits_bpf__destroy(self->skel);
}

#define NEEDS_PROBES() do {							\
	if (!self->traces)							\
		SKIP(return, "waiting: needs CONFIG_KPROBE_EVENTS and a mounted tracefs");	\
} while (0)

#define EXPECT_NO_WAIT(call) do {						\
	self->skel->bss->rtnl = 0;						\
	self->skel->bss->grace_periods = 0;					\
	call;									\
	EXPECT_EQ(0, self->skel->bss->rtnl) TH_LOG("by %s", #call);		\
	EXPECT_EQ(0, self->skel->bss->grace_periods) TH_LOG("by %s", #call);	\
} while (0)

#define EXPECT_NO_ALLOCATION(call) do {						\
	self->skel->bss->locked = false;					\
	self->skel->bss->locked_allocations = 0;				\
	call;									\
	EXPECT_TRUE(self->skel->bss->locked) TH_LOG("by %s", #call);		\
	EXPECT_EQ(0, self->skel->bss->locked_allocations) TH_LOG("by %s", #call); \
} while (0)

/* Shows that the tests below would notice */
TEST_F(waits, are_seen_where_there_are_any)
{
	struct ifreq up = { .ifr_name = HERE_DEV, .ifr_flags = IFF_UP };
	int packet;

	NEEDS_PROBES();
	EXPECT_EQ(0, ioctl(self->net.here, SIOCSIFFLAGS, &up));
	EXPECT_LT(0, self->skel->bss->rtnl);

	packet = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	ASSERT_LE(0, packet);
	close(packet);
	EXPECT_LT(0, self->skel->bss->grace_periods);
}

/* stricter: no grace period is waited for and RTNL is not taken */
TEST_F(waits, for_nobody_with_links)
{
	struct hook hook;
	int a, b;

	SKIP_ON_MAINLINE("it takes RTNL and waits under it");
	NEEDS_PROBES();
	EXPECT_NO_WAIT(a = link_create(self->progs[0], self->net.ifindex, self->type, LAST));
	ASSERT_LE(0, a);
	EXPECT_NO_WAIT(b = link_create(self->progs[1], self->net.ifindex, self->type,
				       AT(BPF_F_BEFORE)));
	ASSERT_LE(0, b);
	EXPECT_NO_WAIT(ASSERT_EQ(0, link_update(a, self->progs[2], 0, 0)));
	EXPECT_NO_WAIT(ASSERT_EQ(0, hook_query(self->net.ifindex, self->type, &hook)));
	EXPECT_NO_WAIT(ASSERT_NE(0, link_id(a)));
	EXPECT_NO_WAIT(ASSERT_EQ(0, link_detach(a)));
	EXPECT_NO_WAIT(close(b));
	EXPECT_EQ(0, hook_count(self->net.ifindex, self->type));
}

/* stricter: the same without a link */
TEST_F(waits, for_nobody_with_plain_programs)
{
	SKIP_ON_MAINLINE("it takes RTNL and waits under it");
	NEEDS_PROBES();
	EXPECT_NO_WAIT(ASSERT_EQ(0, prog_attach(self->progs[0], self->net.ifindex,
						self->type, LAST)));
	EXPECT_NO_WAIT(ASSERT_EQ(0, prog_attach(self->progs[1], self->net.ifindex,
						self->type, AT(BPF_F_BEFORE))));
	EXPECT_NO_WAIT(ASSERT_EQ(0, prog_attach(self->progs[2], self->net.ifindex,
						self->type,
						AT(BPF_F_REPLACE,
						   .replace_fd = self->progs[0]))));
	EXPECT_NO_WAIT(ASSERT_EQ(0, prog_detach(self->progs[1], self->net.ifindex,
						self->type, LAST)));
	EXPECT_NO_WAIT(ASSERT_EQ(0, prog_detach(0, self->net.ifindex, self->type, LAST)));
	EXPECT_EQ(0, hook_count(self->net.ifindex, self->type));
}

/* stricter: unregistering a device waits for the mutex with RTNL held */
TEST_F(waits, for_no_memory_with_the_mutex_held)
{
	struct hook hook;
	int i, links[3];

	SKIP_ON_MAINLINE("it holds RTNL instead");
	NEEDS_PROBES();
	ASSERT_TRUE(self->probed_memory);
	self->skel->bss->allocations = 0;
	self->skel->bss->objects = 0;
	for (i = 0; i < 3; i++) {
		EXPECT_NO_ALLOCATION(links[i] = link_create(self->progs[i], self->net.ifindex,
							    self->type, LAST));
		ASSERT_LE(0, links[i]);
	}
	/* at least the allocations of the links and of their files were seen */
	EXPECT_LE(3, self->skel->bss->allocations);
	EXPECT_LE(3, self->skel->bss->objects);
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, hook_query(self->net.ifindex, self->type, &hook)));
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, link_update(links[0], load_verdict(TC_ACT_OK), 0, 0)));
	/* detach the one in the middle, the one at the end, then the last one */
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, link_detach(links[1])));
	EXPECT_NO_ALLOCATION(close(links[2]));
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, prog_attach(self->progs[1], self->net.ifindex,
						      self->type, LAST)));
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, prog_attach(self->progs[2], self->net.ifindex,
						      self->type,
						      AT(BPF_F_REPLACE,
							 .replace_fd = self->progs[1]))));
	EXPECT_NO_ALLOCATION(ASSERT_EQ(0, prog_detach(self->progs[2], self->net.ifindex,
						      self->type, LAST)));
	EXPECT_NO_ALLOCATION(close(links[0]));
	EXPECT_EQ(0, hook_count(self->net.ifindex, self->type));
}

/* ---- a query waits for a page ---- */

#define PAGE	4096
#define IDS	(HOOK_MAX * sizeof(__u32))
#define CHANGES	5

/* What of a query lies on the page that is missing */
enum part { COMMAND, ANSWER, PROG_IDS, LINK_IDS, PROG_FLAGS, LINK_FLAGS, PARTS };

static const char *const part_names[] = {
	"command", "answer", "programs", "links", "flags of programs", "flags of links",
};

struct hook_user {
	int ifindex, type, progs[2];
	union bpf_attr *attr;
	size_t size;
	int queried, changed;
};

static void *query(void *arg)
{
	struct hook_user *user = arg;

	user->queried = sys_bpf(BPF_PROG_QUERY, user->attr, user->size);
	return NULL;
}

/* Makes five changes, and leaves the hook as it was */
static void *change(void *arg)
{
	struct hook_user *user = arg;
	struct hook hook;
	int link;

	link = link_create(user->progs[0], user->ifindex, user->type, LAST);
	user->changed = link < 0 ? link :
			link_update(link, user->progs[1], 0, 0) ?:
			hook_query(user->ifindex, user->type, &hook) ?:
			link_detach(link) ?:
			prog_attach(user->progs[0], user->ifindex, user->type, LAST) ?:
			prog_detach(user->progs[0], user->ifindex, user->type, LAST);
	close(link);
	return NULL;
}

/* Lays out a query on two pages at @pages, so that @missing begins the second */
static void lay_out(struct hook_user *user, char *pages, enum part missing)
{
	size_t revision = offsetof(union bpf_attr, query.revision);
	union bpf_attr *attr;
	__u64 at[PARTS];
	int part;

	memset(pages, 0, 2 * PAGE);
	for (part = PROG_IDS; part < PARTS; part++)
		at[part] = (unsigned long)pages + (part == missing ? PAGE : part * IDS);
	attr = (void *)(pages + (missing == COMMAND ? PAGE : missing == ANSWER ? PAGE - revision :
				 0));
	attr->query.target_ifindex = user->ifindex;
	attr->query.attach_type = user->type;
	attr->query.count = HOOK_MAX;
	attr->query.prog_ids = at[PROG_IDS];
	attr->query.link_ids = at[LINK_IDS];
	attr->query.prog_attach_flags = at[PROG_FLAGS];
	attr->query.link_attach_flags = at[LINK_FLAGS];
	user->attr = attr;
	/* the kernel writes the revision even if the command is too short to contain it */
	user->size = missing == ANSWER ? revision : sizeof(*attr);
}

/* stricter: others change the hook while a query waits for a page of its caller */
TEST_F(waits, for_nobody_whose_memory_is_missing)
{
	struct hook_user user = {
		.ifindex = self->net.ifindex,
		.type = self->type,
		.progs = { self->progs[0], self->progs[1] },
	};
	struct uffdio_register reg = {
		.range.len = PAGE,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_copy copy = { .len = PAGE };
	struct uffdio_api api = { .api = UFFD_API };
	struct pollfd fault = { .events = POLLIN };
	pthread_t querier, changer;
	struct uffd_msg msg;
	char *pages, *supply;
	__u64 revision;
	bool in_time;
	int link, part;

	SKIP_ON_MAINLINE("it copies to user memory with RTNL held");
	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		SKIP(return, "waiting: needs CONFIG_USERFAULTFD");
	fault.fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	ASSERT_LE(0, fault.fd);
	ASSERT_EQ(0, ioctl(fault.fd, UFFDIO_API, &api));
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	supply = pages + 2 * PAGE;
	link = link_create(self->progs[2], user.ifindex, user.type, LAST);
	ASSERT_LE(0, link);
	for (part = 0; part < PARTS; part++) {
		lay_out(&user, pages, part);
		memcpy(supply, pages + PAGE, PAGE);
		ASSERT_EQ(0, madvise(pages + PAGE, PAGE, MADV_DONTNEED));
		reg.range.start = (unsigned long)pages + PAGE;
		ASSERT_EQ(0, ioctl(fault.fd, UFFDIO_REGISTER, &reg));
		revision = hook_revision(user.ifindex, user.type);
		ASSERT_EQ(0, pthread_create(&querier, NULL, query, &user));
		ASSERT_EQ(1, poll(&fault, 1, 30000)) TH_LOG("%s", part_names[part]);
		ASSERT_EQ(sizeof(msg), read(fault.fd, &msg, sizeof(msg)));

		ASSERT_EQ(0, pthread_create(&changer, NULL, change, &user));
		in_time = WITHIN(60, !pthread_tryjoin_np(changer, NULL));
		ASSERT_EQ(EBUSY, pthread_tryjoin_np(querier, NULL));
		copy.dst = reg.range.start;
		copy.src = (unsigned long)supply;
		ASSERT_EQ(0, ioctl(fault.fd, UFFDIO_COPY, &copy));
		pthread_join(querier, NULL);
		ASSERT_TRUE(in_time) TH_LOG("the %s is on the missing page", part_names[part]);
		ASSERT_EQ(0, ioctl(fault.fd, UFFDIO_UNREGISTER, &reg.range));

		EXPECT_EQ(0, user.changed);
		EXPECT_EQ(0, user.queried);
		EXPECT_EQ(1, user.attr->query.count);
		EXPECT_EQ(revision + (part == COMMAND ? CHANGES : 0), user.attr->query.revision);
		EXPECT_EQ(prog_id(self->progs[2]), *(__u32 *)(long)user.attr->query.prog_ids);
		EXPECT_EQ(link_id(link), *(__u32 *)(long)user.attr->query.link_ids);
	}
}

TEST_HARNESS_MAIN
