// SPDX-License-Identifier: GPL-2.0
/*
 * Every combination of command, flags, program, relative object, revision and state of
 * the ingress hook: what the kernel answers, and where the program then is.
 *
 * Each answer is compared with the rules in expected(), which also say what is checked
 * first. The same rules hold on mainline's tcx, where this test runs too. The few
 * answers that differ by design are in meant[], each with its reason.
 *
 * If TC_LINK_ANSWERS is set in the environment, it names a file. Each answer is written
 * to it, one on a line, for comparison with another kernel. A line that differs by
 * design ends in # and the reason.
 */
#include "../kselftest_harness.h"
#include "tc_filters.h"
#include "tc_link_test.h"

/* A flag that bpf(2) does not define */
#define UNKNOWN	0x80

#define PROGS_MAX 63

/* What a command can refer to */
enum object {
	NONE,		/* nothing: 0 */
	FIRST,		/* programs without a link, on some hooks */
	FINAL,
	OWNED,		/* the program of a link, on some hooks */
	NEW,		/* a program that is not on any hook */
	XDP,		/* a program of another type */
	LINK,		/* the link of OWNED */
	ELSEWHERE,	/* a link on another hook */
	OVER,		/* a link that is detached */
	XDP_LINK,	/* a link of another type */
	OTHER_FD,	/* neither a program nor a link */
	CLOSED,		/* an fd that is not open, an unused id */
	OBJECTS,
};

static const char *const object_names[] = {
	"-", "first", "last", "owned", "new", "xdp", "link", "link-elsewhere",
	"link-detached", "xdp-link", "other-fd", "closed",
};

enum command { CREATE, ATTACH, REPLACE, DETACH, UPDATE };

static const char *const command_names[] = {
	"create", "attach", "replace", "detach", "update",
};

enum revision { ANY, RIGHT, WRONG, REVISIONS };

static const char *const revision_names[] = { "-", "right", "wrong" };

/* Where mainline answers differently */
enum meant { UNKNOWN_FLAGS, LAST_OF_FULL, EMPTY_WITH_CLSACT };

static const char *const meant[] = {
	[UNKNOWN_FLAGS] = "mainline's LINK_CREATE takes unknown flags beside known ones",
	[LAST_OF_FULL] = "mainline detaches the last program of a full hook by its fd only",
	[EMPTY_WITH_CLSACT] = "mainline keeps an empty hook's revision while there is clsact",
};

struct question {
	enum command command;
	enum object prog;
	enum object old;	/* for REPLACE and UPDATE */
	__u32 flags;
	enum object relative;	/* for UPDATE: the link */
	enum revision revision;
};

FIXTURE(answers) {
	int fds[OBJECTS];
	__u32 ids[OBJECTS];
	int dev;
	int count;
	enum object on[PROGS_MAX];	/* NONE: a program that no question uses */
	__u32 on_ids[PROGS_MAX];
	__u64 revision;
	bool clsact;
	/* why mainline answers this question differently, or NULL */
	const char *meant;
	unsigned long asked, differ;
	int wrong;
	FILE *out;
};

typedef FIXTURE_DATA(answers) test;

FIXTURE_VARIANT(answers) {
	const char *name;
	enum object on[3];
	bool full, clsact;
	bool no_device;
};

FIXTURE_VARIANT_ADD(answers, no_device) { .name = "no-device", .no_device = true };
FIXTURE_VARIANT_ADD(answers, empty) { .name = "empty" };
FIXTURE_VARIANT_ADD(answers, empty_clsact) { .name = "empty-clsact", .clsact = true };
FIXTURE_VARIANT_ADD(answers, plain) { .name = "plain", .on = { FIRST } };
FIXTURE_VARIANT_ADD(answers, linked) { .name = "linked", .on = { OWNED } };
FIXTURE_VARIANT_ADD(answers, three) { .name = "three", .on = { FIRST, OWNED, FINAL } };
FIXTURE_VARIANT_ADD(answers, full) {
	.name = "full", .on = { FIRST, OWNED, FINAL }, .full = true,
};

/* ---- the rules ---- */

/* Does mainline answer this question differently, and is this mainline? */
static bool differs(test *t, enum meant which)
{
	t->meant = meant[which];
	return mainline_tcx();
}

static bool is_prog(enum object o)
{
	return o == FIRST || o == FINAL || o == OWNED || o == NEW;
}

static bool is_link(enum object o)
{
	return o == LINK || o == ELSEWHERE || o == OVER;
}

static int position(const test *t, enum object o)
{
	int i;

	if (o == LINK)
		o = OWNED;
	for (i = 0; o && i < t->count; i++)
		if (t->on[i] == o)
			return i;
	return -ENOENT;
}

/* What an fd that has to be a tc program is answered with. NONE is fd 0, which is open. */
static int prog_fd_error(enum object o)
{
	return is_prog(o) ? 0 : o == CLOSED ? -EBADF : -EINVAL;
}

/* The same for the relative object, whether it is on the hook or not */
static int relative_error(const struct question *q)
{
	bool id = q->flags & BPF_F_ID, link = q->flags & BPF_F_LINK;
	enum object o = q->relative;

	if (o == NONE)
		return id ? -ENOENT : link ? -EINVAL : 0;
	if (id && (o == CLOSED || o == OTHER_FD))
		return -ENOENT;
	if (link && id && (is_prog(o) || o == XDP))
		return -ENOENT;
	if (!link && id && (is_link(o) || o == XDP_LINK))
		return -ENOENT;
	if (o == CLOSED)
		return -EBADF;
	/* a DETACH without a program accepts a relative object of any type */
	if (o == XDP && !link && q->command == DETACH && q->prog == NONE)
		return 0;
	if (o == XDP_LINK && link && q->command == DETACH && q->prog == NONE)
		return 0;
	return (link ? is_link(o) : is_prog(o)) ? 0 : -EINVAL;
}

/* Neither a position nor the one beside it */
#define NOWHERE	-1000

/*
 * The position that BEFORE and AFTER lead to: -1 is before the first program, count
 * after the last. If @at is already a program's position, it must be the same.
 */
static int neighbour(const test *t, const struct question *q, int at)
{
	int relative = 0, before = -1, after = t->count;

	if (!(q->flags & (BPF_F_BEFORE | BPF_F_AFTER)))
		return at;
	if (q->relative) {
		relative = position(t, q->relative);
		if (relative < 0)
			return -ENOENT;
		before = relative - 1;
		after = relative + 1;
	}
	if (q->flags & BPF_F_BEFORE) {
		if (at != NOWHERE && at != before)
			return -ERANGE;
		at = before;
	}
	if (q->flags & BPF_F_AFTER) {
		if (at != NOWHERE && at != after)
			return -ERANGE;
		at = after;
	}
	return at;
}

static int expected_attach(test *t, const struct question *q)
{
	int err, at = NOWHERE;

	if (q->flags & UNKNOWN && q->command != CREATE)
		return -EINVAL;
	err = prog_fd_error(q->prog);
	if (err)
		return err;
	if (t->dev == NO_IFINDEX)
		return -ENODEV;
	if (q->command == REPLACE)
		err = prog_fd_error(q->old);
	if (err)
		return err;
	if (q->revision == WRONG)
		return -ESTALE;
	if (position(t, q->prog) >= 0)
		return -EEXIST;
	err = relative_error(q);
	if (err)
		return err;
	if (q->command == REPLACE) {
		at = position(t, q->old);
		if (at < 0)
			return -ENOENT;
		if (q->old == OWNED)
			return -EBUSY;
	} else if (q->flags & BPF_F_REPLACE) {
		/* there is nothing to replace */
		return -ENOENT;
	} else if (t->count == PROGS_MAX) {
		return -ERANGE;
	}
	at = neighbour(t, q, at);
	if (at < -1) {
		if (at != NOWHERE)
			return at;
		return q->relative || q->flags ? -EINVAL : t->count;
	}
	if (q->command == REPLACE)
		return at;
	if (q->flags & UNKNOWN && !differs(t, UNKNOWN_FLAGS))
		return -EINVAL;
	return q->flags & BPF_F_BEFORE ? at + 1 : at;
}

static int expected_detach(test *t, const struct question *q)
{
	int err, at = NOWHERE;

	if (q->flags & UNKNOWN)
		return -EINVAL;
	err = q->prog ? prog_fd_error(q->prog) : 0;
	if (err)
		return err;
	if (t->dev == NO_IFINDEX)
		return -ENODEV;
	if (!t->count && (!t->clsact || !(q->flags & BPF_F_REPLACE || q->revision == WRONG) ||
			  !differs(t, EMPTY_WITH_CLSACT)))
		return -ENOENT;
	if (q->flags & BPF_F_REPLACE)
		return -EINVAL;
	if (q->revision == WRONG)
		return -ESTALE;
	err = relative_error(q);
	if (err)
		return err;
	if (q->prog) {
		at = position(t, q->prog);
		if (at < 0)
			return at;
		if (q->prog == OWNED)
			return -EBUSY;
	}
	at = neighbour(t, q, at);
	if (at < -1) {
		if (at != NOWHERE)
			return at;
		if (q->relative || q->flags)
			return -EINVAL;
		at = t->count;
	}
	/* before the first means the first, and after the last the last */
	if (at < 0)
		at = 0;
	if (at == t->count) {
		if (t->count == PROGS_MAX && differs(t, LAST_OF_FULL))
			return -ERANGE;
		at--;
	}
	return t->on[at] == OWNED ? -EBUSY : at;
}

static int expected_update(test *t, const struct question *q)
{
	int err;

	if (q->flags & ~BPF_F_REPLACE)
		return -EINVAL;
	if (!is_link(q->relative))
		return q->relative == CLOSED ? -EBADF : -EINVAL;
	/* a program of any type gets this far */
	if (q->prog != XDP) {
		err = prog_fd_error(q->prog);
		if (err)
			return err;
	}
	if (q->flags & BPF_F_REPLACE) {
		if (q->old != XDP) {
			err = prog_fd_error(q->old);
			if (err)
				return err;
		}
	} else if (q->old) {
		return -EINVAL;
	}
	/* if the hook has no link, LINK is a detached one */
	if (q->relative == OVER || position(t, OWNED) < 0)
		return -ENOLINK;
	if (q->flags & BPF_F_REPLACE && q->old != OWNED)
		return -EPERM;
	if (q->prog == OWNED)
		return position(t, OWNED);
	if (q->prog == XDP)
		return -EINVAL;
	return position(t, q->prog) < 0 ? position(t, OWNED) : -EEXIST;
}

static int expected(test *t, const struct question *q)
{
	t->meant = NULL;
	switch (q->command) {
	case DETACH:
		return expected_detach(t, q);
	case UPDATE:
		return expected_update(t, q);
	default:
		return expected_attach(t, q);
	}
}

/* ---- asking ---- */

static __u32 relative_value(const test *t, const struct question *q)
{
	bool link = q->relative == LINK || q->relative == ELSEWHERE ||
		    q->relative == OVER || q->relative == XDP_LINK;

	if (q->relative == NONE)
		return 0;
	if (!(q->flags & BPF_F_ID))
		return t->fds[q->relative];
	/* the id of another kind of object could be in use for this kind, too */
	if (q->relative == CLOSED || q->relative == OTHER_FD ||
	    link != !!(q->flags & BPF_F_LINK))
		return BAD_ID;
	return t->ids[q->relative];
}

static int position_of_id(const struct hook *hook, __u32 id)
{
	int i;

	for (i = 0; i < (int)hook->count; i++)
		if (hook->prog_ids[i] == id)
			return i;
	return -1;
}

/* Puts program @i back where it was */
static int put_back(test *t, int i)
{
	struct place at = LAST;

	if (i + 1 < t->count)
		at = AT(BPF_F_BEFORE | BPF_F_ID, t->on_ids[i + 1]);
	return prog_attach(bpf_prog_get_fd_by_id(t->on_ids[i]), t->dev, INGRESS, at);
}

/* Returns -errno, or the position that was attached to, replaced or detached */
static int ask(test *t, const struct question *q)
{
	struct place at = {
		.flags = q->flags,
		.relative = relative_value(t, q),
		.revision = q->revision == ANY ? 0 : t->revision + (q->revision == WRONG),
	};
	int prog = t->fds[q->prog], ret, back = 0, i = -1;
	struct hook hook;

	switch (q->command) {
	case CREATE:
		ret = link_create(prog, t->dev, INGRESS, at);
		break;
	case ATTACH:
	case REPLACE:
		if (q->command == REPLACE) {
			at.flags |= BPF_F_REPLACE;
			at.replace_fd = t->fds[q->old];
		}
		ret = prog_attach(prog, t->dev, INGRESS, at);
		break;
	case DETACH:
		ret = prog_detach(prog, t->dev, INGRESS, at);
		break;
	default:
		ret = link_update(t->fds[q->relative], prog, q->flags, t->fds[q->old]);
	}
	if (ret < 0)
		return ret;

	/* it succeeded: see where, and undo it */
	if (hook_query(t->dev, INGRESS, &hook))
		return -EIO;
	switch (q->command) {
	case CREATE:
		i = position_of_id(&hook, t->ids[q->prog]);
		close(ret);
		break;
	case ATTACH:
		i = position_of_id(&hook, t->ids[q->prog]);
		back = prog_detach(prog, t->dev, INGRESS, LAST);
		break;
	case REPLACE:
		i = position_of_id(&hook, t->ids[q->prog]);
		back = prog_attach(t->fds[q->old], t->dev, INGRESS,
				   AT(BPF_F_REPLACE, .replace_fd = prog));
		break;
	case DETACH:
		for (i = 0; i < (int)hook.count; i++)
			if (hook.prog_ids[i] != t->on_ids[i])
				break;
		back = put_back(t, i);
		break;
	case UPDATE:
		i = position_of_id(&hook, t->ids[q->prog]);
		back = link_update(t->fds[q->relative], t->fds[OWNED], 0, 0);
		break;
	}
	if (back || hook_query(t->dev, INGRESS, &hook) ||
	    memcmp(hook.prog_ids, t->on_ids, t->count * sizeof(*t->on_ids)))
		return -EIO;
	t->revision = hook.revision;
	return i;
}

/* ---- all of them ---- */

static const char *answer_text(int answer, char *text, size_t size)
{
	if (answer >= 0)
		snprintf(text, size, "at %d", answer);
	else
		snprintf(text, size, "%s", strerrorname_np(-answer) ?: "?");
	return text;
}

static void flags_text(__u32 flags, char *text)
{
	static const struct {
		__u32 flag;
		const char *name;
	} all[] = {
		{ BPF_F_REPLACE, "R" }, { BPF_F_BEFORE, "B" }, { BPF_F_AFTER, "A" },
		{ BPF_F_ID, "I" }, { BPF_F_LINK, "L" }, { UNKNOWN, "?" },
	};
	size_t i;

	*text = 0;
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (flags & all[i].flag)
			strcat(text, all[i].name);
	if (!*text)
		memcpy(text, "-", sizeof("-"));
}

static void judge(struct __test_metadata *_metadata, test *t, const char *state,
		  const struct question *q)
{
	int want = expected(t, q);
	char got_text[32], want_text[32], flags[8], line[160];
	int got = ask(t, q);

	t->asked++;
	t->differ += t->meant && mainline_tcx();
	if (got == want && !t->out)
		return;
	flags_text(q->flags, flags);
	snprintf(line, sizeof(line), "%s %s %s %s %s %s %s", state,
		 command_names[q->command], object_names[q->prog],
		 object_names[q->old], flags, object_names[q->relative],
		 revision_names[q->revision]);
	answer_text(got, got_text, sizeof(got_text));
	if (t->out)
		fprintf(t->out, "%s: %s%s%s\n", line, got_text, t->meant ? " # " : "",
			t->meant ?: "");
	if (got == want || t->wrong++ >= 20)
		return;
	TH_LOG("%s: %s, not %s", line, got_text,
	       answer_text(want, want_text, sizeof(want_text)));
}

static const enum object all_objects[] = {
	NONE, FIRST, FINAL, OWNED, NEW, XDP, LINK, ELSEWHERE, OVER, XDP_LINK, OTHER_FD,
	CLOSED,
};

#define LEN(array) (sizeof(array) / sizeof(*(array)))

struct objects {
	const enum object *list;
	int nr;
};

#define THESE(list) ((struct objects){ list, LEN(list) })
#define NO_OBJECT ((struct objects){ all_objects, 1 })

static void judge_all(struct __test_metadata *_metadata, test *t, const char *state,
		      enum command command, __u32 all_flags, struct objects progs,
		      struct objects olds, struct objects relatives, int revisions)
{
	struct question q = { .command = command };
	int prog, old, relative, revision;
	__u32 flags;

	for (flags = 0; flags <= all_flags; flags++) {
		if (flags & ~all_flags)
			continue;
		q.flags = flags;
		for (prog = 0; prog < progs.nr; prog++) {
			q.prog = progs.list[prog];
			for (old = 0; old < olds.nr; old++) {
				q.old = olds.list[old];
				for (relative = 0; relative < relatives.nr; relative++) {
					q.relative = relatives.list[relative];
					for (revision = 0; revision < revisions; revision++) {
						q.revision = revision;
						judge(_metadata, t, state, &q);
					}
				}
			}
		}
	}
	TH_LOG("%s: %lu answers, %d of them wrong, %lu that mainline gives differently by design",
	       command_names[command], t->asked, t->wrong, t->differ);
}

#define PLACE_FLAGS (BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | BPF_F_LINK)

static int put_on(test *t, enum object o, int prog)
{
	t->on[t->count] = o;
	t->on_ids[t->count] = prog_id(prog);
	t->count++;
	if (o != OWNED)
		return prog_attach(prog, t->dev, INGRESS, LAST);
	t->fds[LINK] = link_create(prog, t->dev, INGRESS, LAST);
	t->ids[LINK] = link_id(t->fds[LINK]);
	return t->fds[LINK] < 0 ? t->fds[LINK] : 0;
}

FIXTURE_SETUP(answers)
{
	const char *out = getenv("TC_LINK_ANSWERS");
	struct hook hook;
	int prog;
	size_t i;

	ASSERT_LE(0, new_netns());
	self->dev = if_nametoindex("lo");
	self->clsact = variant->clsact;
	if (self->clsact) {
		struct bpf_tc_hook clsact = tc_hook(self->dev, BPF_TC_INGRESS);

		ASSERT_EQ(0, bpf_tc_hook_create(&clsact));
	}
	for (i = 0; i < OBJECTS; i++)
		if (is_prog(i))
			self->fds[i] = load_verdict(TC_ACT_UNSPEC);
	self->fds[XDP] = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);
	self->fds[OTHER_FD] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	self->fds[CLOSED] = BAD_FD;
	self->fds[ELSEWHERE] = link_create(self->fds[NEW], self->dev, EGRESS, LAST);
	prog = load_verdict(TC_ACT_UNSPEC);
	self->fds[OVER] = link_create(prog, self->dev, INGRESS, LAST);
	ASSERT_EQ(0, link_detach(self->fds[OVER]));
	self->fds[XDP_LINK] = link_create(self->fds[XDP], self->dev, BPF_XDP, LAST);
	self->fds[LINK] = self->fds[OVER];	/* if there is no link */

	for (i = 0; i < 3; i++) {
		if (self->count == 2 && variant->full)
			while (self->count < PROGS_MAX - 1)
				ASSERT_EQ(0, put_on(self, NONE, load_verdict(TC_ACT_UNSPEC)));
		if (variant->on[i])
			ASSERT_EQ(0, put_on(self, variant->on[i],
					    self->fds[variant->on[i]]));
	}
	for (i = 1; i < OBJECTS; i++) {
		ASSERT_LT(2, self->fds[i]);
		self->ids[i] = is_prog(i) || i == XDP ? prog_id(self->fds[i]) :
			       is_link(i) || i == XDP_LINK ? link_id(self->fds[i]) : BAD_ID;
		ASSERT_NE(0, self->ids[i]);
	}
	ASSERT_EQ(0, hook_query(self->dev, INGRESS, &hook));
	ASSERT_EQ(self->count, hook.count);
	self->revision = hook.revision;
	if (variant->no_device)
		self->dev = NO_IFINDEX;
	if (out) {
		self->out = fopen(out, "a");
		ASSERT_NE(NULL, self->out);
	}
}

FIXTURE_TEARDOWN(answers)
{
	struct hook hook;

	EXPECT_EQ(0, self->wrong);
	/* a refused call has left no trace */
	EXPECT_EQ(0, hook_query(if_nametoindex("lo"), INGRESS, &hook));
	EXPECT_EQ(self->count, hook.count);
	EXPECT_EQ(self->revision, hook.revision);
	if (self->out)
		fclose(self->out);
}

static const enum object attached[] = { FIRST, OWNED, NEW, XDP, LINK, CLOSED };

TEST_F_TIMEOUT(answers, link_create, 600)
{
	judge_all(_metadata, self, variant->name, CREATE,
		  PLACE_FLAGS | BPF_F_REPLACE | UNKNOWN, THESE(attached), NO_OBJECT,
		  THESE(all_objects), REVISIONS);
}

TEST_F_TIMEOUT(answers, prog_attach, 600)
{
	judge_all(_metadata, self, variant->name, ATTACH, PLACE_FLAGS | UNKNOWN,
		  THESE(attached), NO_OBJECT, THESE(all_objects), REVISIONS);
}

TEST_F_TIMEOUT(answers, prog_attach_replace, 600)
{
	static const enum object olds[] = {
		NONE, FIRST, OWNED, FINAL, NEW, XDP, LINK, OTHER_FD, CLOSED,
	};
	static const enum object news[] = { NEW, FIRST, OWNED };

	judge_all(_metadata, self, variant->name, REPLACE, PLACE_FLAGS | UNKNOWN,
		  THESE(news), THESE(olds), THESE(all_objects), REVISIONS);
}

TEST_F_TIMEOUT(answers, prog_detach, 600)
{
	static const enum object progs[] = {
		NONE, FIRST, OWNED, FINAL, NEW, XDP, LINK, CLOSED,
	};

	judge_all(_metadata, self, variant->name, DETACH,
		  PLACE_FLAGS | BPF_F_REPLACE | UNKNOWN, THESE(progs), NO_OBJECT,
		  THESE(all_objects), REVISIONS);
}

TEST_F_TIMEOUT(answers, link_update, 600)
{
	static const enum object links[] = { LINK, OVER, NEW, OTHER_FD, CLOSED };
	static const enum object olds[] = { NONE, FIRST, OWNED, NEW, XDP, LINK, CLOSED };

	judge_all(_metadata, self, variant->name, UPDATE,
		  BPF_F_REPLACE | BPF_F_BEFORE | UNKNOWN, THESE(attached), THESE(olds),
		  THESE(links), 1);
}

TEST_F(answers, prog_query)
{
	static const __u32 rooms[] = { 0, 1, HOOK_MAX };
	__u32 query_flags, attach_flags, ids[HOOK_MAX];
	size_t i;
	int want;

	/* an empty hook starts again at revision 1 */
	if (!self->count && !(self->clsact && mainline_tcx()))
		EXPECT_EQ(1, self->revision);
	for (query_flags = 0; query_flags < 4; query_flags++) {
		for (attach_flags = 0; attach_flags < 2; attach_flags++) {
			for (i = 0; i < 2 * LEN(rooms); i++) {
				union bpf_attr attr = {};
				bool buffer = i % 2;
				int got;

				attr.query.target_ifindex = self->dev;
				attr.query.attach_type = INGRESS;
				attr.query.query_flags = query_flags;
				attr.query.attach_flags = attach_flags;
				attr.query.count = rooms[i / 2];
				if (buffer)
					attr.query.prog_ids = (unsigned long)ids;
				got = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));

				/*
				 * BPF_F_QUERY_EFFECTIVE, which other hooks know, is
				 * checked later
				 */
				if (query_flags & ~BPF_F_QUERY_EFFECTIVE)
					want = -EINVAL;
				else if (variant->no_device)
					want = -ENODEV;
				else if (query_flags || attach_flags)
					want = -EINVAL;
				else if (buffer && rooms[i / 2] &&
					 rooms[i / 2] < (__u32)self->count)
					want = -ENOSPC;
				else
					want = 0;
				EXPECT_EQ(want, got)
					TH_LOG("flags %u, attach_flags %u, count %u, buffer %d",
					       query_flags, attach_flags, rooms[i / 2],
					       buffer);
				if (self->out)
					fprintf(self->out, "%s query %u %u %u %d: %d\n",
						variant->name, query_flags, attach_flags,
						rooms[i / 2], buffer, got);
				if (got && got != -ENOSPC)
					continue;
				EXPECT_EQ(self->count, attr.query.count);
				EXPECT_EQ(self->revision, attr.query.revision);
			}
		}
	}
}

TEST_HARNESS_MAIN
