// SPDX-License-Identifier: GPL-2.0
/*
 * Random steps, and a model that says what the kernel must do at each of them: attach,
 * detach, update, query, open, close, pin and unpin, with right and wrong flags, fds,
 * ids and revisions; devices that come, go, are set down and move between namespaces;
 * namespaces that come and go. Several processes perform the steps, one at a time, so
 * that the same seed always gives the same sequence. Now and then one of them is killed,
 * and another one takes its place.
 *
 * After each step the hook that it names must be as in the model: order, revision, ids.
 * Now and then, and at the end of a round, all hooks are compared. Now and then a packet
 * is sent, and must meet the programs in that order. Programs and links that nobody
 * holds must be gone.
 *
 * The steps come in rounds. Each round starts and ends without any program, link or
 * device. If a round fails, it is shrunk to the steps that matter, and printed as a
 * test that makes the same checks.
 *
 *	--seed N	which sequence (1)
 *	--steps N	how many steps (20000)
 *	--transcript	print each step with its answer. A line that begins with "~"
 *			is one where mainline differs by design; all others are the
 *			same on every kernel
 *	--no-shrink	only print the step that fails
 */
#include "../kselftest.h"
#include "fuzz_world.h"

#define ROUND		1000
#define NSTEPS		(ROUND + 64)

static struct world world;
static struct model model;
static bool transcript, shrinking, no_shrink;
static bool printing;		/* the checks, instead of making them */
static uint64_t digest = 0xcbf29ce484222325;

/* ---- what was seen ---- */

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

/* The different (command, state, answer) that were seen */
static uint64_t *seen;
static size_t seen_room, seen_count;

static void see(uint64_t h)
{
	size_t i, old_room = seen_room;
	uint64_t *old = seen;

	if (seen_count * 2 >= seen_room) {
		seen_room = old_room ? old_room * 2 : 1 << 16;
		seen = calloc(seen_room, sizeof(*seen));
		seen_count = 0;
		for (i = 0; i < old_room; i++)
			if (old[i])
				see(old[i]);
		free(old);
	}
	h += !h;
	for (i = h & (seen_room - 1); seen[i]; i = (i + 1) & (seen_room - 1))
		if (seen[i] == h)
			return;
	seen[i] = h;
	seen_count++;
}

/* ---- text ---- */

static const char *const op_names[] = {
	"load", "open prog", "open link", "close prog", "close link",
	"pin prog", "pin link", "unpin prog", "unpin link", "get prog", "get link",
	"create", "update", "link_detach", "attach", "detach", "query",
	"dev add", "dev del", "dev move", "dev down", "ns add", "ns del", "enter", "die",
	"audit", "packet",
};

/*
 * The name of an object: of a slot "p3", or "p[0][3]" for its fd in process @proc if that
 * is not -1. The others are known to the test that is printed.
 */
static const char *ref_text(struct ref r, int proc)
{
	static const char *const names[] = {
		[NOTHING] = "0", [AN_XDP_PROG] = "xdp", [A_FILTER_PROG] = "filter",
		[AN_XDP_LINK] = "xdp_link", [OTHER_FD] = "null", [BAD] = "NOT_OPEN",
	};
	static const char *const fds[] = {
		[NOTHING] = "0", [AN_XDP_PROG] = "XDP_PROG_FD",
		[A_FILTER_PROG] = "FILTER_PROG_FD", [AN_XDP_LINK] = "XDP_LINK_FD",
		[OTHER_FD] = "OTHER_FD_NR", [BAD] = "BAD_FD",
	};
	static char text[4][16];
	static int turn;
	char *t = text[turn++ & 3], letter = r.kind == A_PROG ? 'p' : 'l';

	if (r.kind != A_PROG && r.kind != A_LINK)
		return proc < 0 ? names[r.kind] : fds[r.kind];
	if (proc < 0)
		snprintf(t, sizeof(text[0]), "%c%d", letter, r.slot);
	else
		snprintf(t, sizeof(text[0]), "%c[%d][%d]", letter, proc, r.slot);
	return t;
}

static const char *flags_text(uint32_t flags)
{
	static const struct { uint32_t bit; const char *name; } names[] = {
		{ BPF_F_REPLACE, "BPF_F_REPLACE" }, { BPF_F_BEFORE, "BPF_F_BEFORE" },
		{ BPF_F_AFTER, "BPF_F_AFTER" }, { BPF_F_ID, "BPF_F_ID" },
		{ BPF_F_LINK, "BPF_F_LINK" },
	};
	static char text[128];
	int len = 0;
	size_t i;

	text[0] = 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (flags & names[i].bit)
			len += sprintf(text + len, "%s%s", len ? " | " : "", names[i].name);
	flags &= ~KNOWN_FLAGS;
	if (flags || !len)
		sprintf(text + len, "%s%#x", len ? " | " : "", flags);
	return text;
}

static bool names_a_device(const struct step *s)
{
	return s->op == CREATE || s->op == ATTACH || s->op == DETACH || s->op == QUERY;
}

/* The step and its objects: the same text on every kernel */
static void step_text(char *text, size_t size, const struct step *s, const struct model *m)
{
	static const char *const how[] = { "", "0", "none", "~0" };
	static const char *const revisions[] = { "", " rev", " rev-1", " rev+1", " rev|1<<32" };
	int n = snprintf(text, size, "%d %s", s->proc, op_names[s->op]);

#define ADD(...) (n += snprintf(text + n, size - n, __VA_ARGS__))
	switch (s->op) {
	case LOAD:
		ADD(" p%d verdict %d", s->slot, (int)s->more);
		break;
	case OPEN_PROG: case CLOSE_PROG: case PIN_PROG: case UNPIN_PROG: case GET_PROG:
	case OPEN_LINK: case CLOSE_LINK: case PIN_LINK: case UNPIN_LINK: case GET_LINK:
		ADD(" %d", s->slot);
		break;
	case UPDATE:
		ADD(" %s %s %s old %s", ref_text(s->relative, -1), ref_text(s->prog, -1),
		    flags_text(s->flags), ref_text(s->replace, -1));
		break;
	case LINK_DETACH:
		ADD(" %s", ref_text(s->relative, -1));
		break;
	case CREATE:
		ADD(" l%d", s->slot);
		/* fall through */
	case ATTACH: case DETACH:
		ADD(" %s %s relative %s", ref_text(s->prog, -1), flags_text(s->flags),
		    ref_text(s->relative, -1));
		if (s->flags & BPF_F_REPLACE)
			ADD(" replace %s", ref_text(s->replace, -1));
		ADD("%s", revisions[s->revision]);
		break;
	case QUERY:
		ADD(" %#x %#x room %d", s->flags, s->more, s->room);
		if (s->without)
			ADD(" without %#x", s->without);
		break;
	case DEV_ADD: case DEV_MOVE:
		ADD(" d%d ns%d", s->dev, s->ns);
		break;
	case DEV_DEL: case DEV_DOWN:
		ADD(" d%d", s->dev);
		break;
	case NS_ADD: case NS_DEL: case ENTER:
		ADD(" ns%d", s->ns);
		break;
	}
	if (names_a_device(s) || s->op == TRAFFIC) {
		if (s->dev_how == DEV_SLOT)
			ADD(" d%d", s->dev);
		else
			ADD(" ifindex %s", how[s->dev_how]);
		ADD(" %s", s->egress ? "egress" : "ingress");
	}
}

static int hook_text(char *text, size_t size, const struct mhook *h)
{
	int n, i;

	n = snprintf(text, size, "rev %llu:", (unsigned long long)h->revision);
	for (i = 0; i < h->n; i++) {
		ADD(" p%d", h->at[i].prog);
		if (h->at[i].link >= 0)
			ADD("/l%d", h->at[i].link);
	}
	return n;
}

/* ---- does the kernel agree with the model? Checks it, or prints the check ---- */

static bool print_check(const char *fmt, ...)
{
	va_list ap;

	printf("	ASSERT_TRUE(");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(") TH_LOG(\"%%s\", w.why);\n");
	return true;
}

static int type_of(int egress)
{
	return egress ? EGRESS : INGRESS;
}

static const char *type_name(int egress)
{
	return egress ? "EGRESS" : "INGRESS";
}

/* The programs and links of the hook, as an argument */
static const char *entries_text(const struct mhook *h)
{
	static char text[ROOM * 16];
	int len, i;

	if (!h->n)
		return "NULL";
	len = sprintf(text, "(struct entry[]){");
	for (i = 0; i < h->n; i++)
		len += sprintf(text + len, "%s{ %d, %d }", i ? ", " : " ", h->at[i].prog,
			       h->at[i].link);
	sprintf(text + len, " }");
	return text;
}

static bool check_hook(int d, int egress)
{
	const struct mhook *h = &model.dev[d].hook[egress];

	if (printing)
		return print_check("hook_is(&w, %d, %s, %llu, %d, %s)", d, type_name(egress),
				   (unsigned long long)h->revision, h->n, entries_text(h));
	return hook_is(&world, d, type_of(egress), h->revision, h->n, h->at);
}

/* A link whose last pin was removed is detached a little later */
static bool check_hook_in_time(int d, int egress)
{
	const struct mhook *h = &model.dev[d].hook[egress];

	if (printing)
		return print_check("IN_TIME(&w, hook_is(&w, %d, %s, %llu, %d, %s))", d,
				   type_name(egress), (unsigned long long)h->revision, h->n,
				   entries_text(h));
	return IN_TIME(&world, check_hook(d, egress));
}

static bool check_gone(bool link, int slot)
{
	if (printing)
		return print_check("%s_gone(&w, %d)", link ? "link" : "prog", slot);
	return link ? link_gone(&world, slot) : prog_gone(&world, slot);
}

static bool check_lives(bool link, int slot)
{
	if (printing)
		return print_check("%s_lives(&w, %d)", link ? "link" : "prog", slot);
	return link ? link_lives(&world, slot) : prog_lives(&world, slot);
}

/* A process that has the object open, or -1 */
static int holder(uint8_t fds)
{
	int i;

	for (i = 0; i < PROCS; i++)
		if (fds >> i & 1)
			return i;
	return -1;
}

static int call_info(int proc, int fd, void *info, size_t size)
{
	struct call *c = world.proc[proc].call;

	memset(&c->attr, 0, sizeof(c->attr));
	memset(info, 0, size);
	c->what = CALL_BPF;
	c->cmd = BPF_OBJ_GET_INFO_BY_FD;
	c->size = sizeof(c->attr);
	c->attr.info.bpf_fd = fd;
	c->attr.info.info_len = size;
	c->attr.info.info = (unsigned long)info;
	c->fd = -1;
	return proc_call(&world.proc[proc]);
}

static bool check_poll(int l, int proc)
{
	bool over = model.link[l].dev < 0;

	if (printing)
		return print_check("poll_is(&w, %d, poll_now(l[%d][%d]), %s)", l, proc, l,
				   over ? "true" : "false");
	world.proc[proc].call->what = CALL_POLL;
	world.proc[proc].call->fd = LINK_FD(l);
	return poll_is(&world, l, proc_call(&world.proc[proc]), over);
}

static bool check_link(int l)
{
	const struct mlink *link = &model.link[l];
	int proc = holder(link->fds), ret;
	struct bpf_link_info *info;

	if (proc < 0)
		return true;
	if (printing)
		return print_check("link_is(&w, %d, l[%d][%d], %d, %d, %s)", l, proc, l,
				   link->prog, link->dev, type_name(link->egress)) &&
		       check_poll(l, proc);
	info = &world.proc[proc].call->link_info;
	ret = call_info(proc, LINK_FD(l), info, sizeof(*info));
	if (ret)
		return fail(&world, "l%d: info returns %d", l, ret);
	return info_is(&world, l, info, link->prog, link->dev, type_of(link->egress)) &&
	       check_poll(l, proc);
}

static bool check_fdinfo(int l)
{
	const struct mlink *link = &model.link[l];
	int proc = holder(link->fds);
	struct call *c;

	if (proc < 0)
		return true;
	if (printing)
		return print_check("link_fdinfo_is(&w, %d, l[%d][%d], %d, %d, %s)", l, proc, l,
				   link->prog, link->dev, type_name(link->egress));
	c = world.proc[proc].call;
	c->what = CALL_READ;
	snprintf(c->path, sizeof(c->path), "/proc/self/fdinfo/%d", LINK_FD(l));
	if (proc_call(&world.proc[proc]))
		return fail(&world, "l%d: no fdinfo", l);
	return fdinfo_is(&world, l, c->text, link->prog, link->dev, type_of(link->egress));
}

/* Checks everything */
static bool audit(bool in_time)
{
	bool (*check)(int, int) = in_time ? check_hook_in_time : check_hook;
	bool alive[PROGS];
	int i;

	living_progs(&model, alive);
	for (i = 0; i < DEVS; i++)
		if (model.dev[i].exists && (!check(i, 0) || !check(i, 1)))
			return false;
	for (i = 0; i < LINKS; i++)
		if (link_alive(&model, i) &&
		    (!check_lives(true, i) || !check_link(i) || !check_fdinfo(i)))
			return false;
	for (i = 0; i < PROGS; i++)
		if (alive[i] && !check_lives(false, i))
			return false;
	return true;
}

static bool check_traffic(int d, int egress)
{
	struct fate fate;
	int i;

	model_packet(&model, d, egress, &fate);
	if (!printing)
		return traffic(&world, d, type_of(egress), &fate);
	printf("	ASSERT_TRUE(traffic(&w, %d, %s, &(struct fate){ %s, %d, %d, {", d,
	       type_name(egress), fate.passes ? "true" : "false", fate.said, fate.n);
	for (i = 0; i < fate.n; i++)
		printf("%s%d", i ? ", " : " ", fate.met[i]);
	printf(" } })) TH_LOG(\"%%s\", w.why);\n");
	return true;
}

/* What QUERY has filled in */
static bool check_answer(const struct step *s)
{
	const struct mhook *h = &model.dev[step_dev(&model, s)].hook[s->egress];
	struct call *c = world.proc[s->proc].call;

	if (printing)
		return print_check("answer_is(&w, \"query\", &w.asked, %d, %#x, %llu, %d, %s)",
				   s->room, s->without, (unsigned long long)h->revision, h->n,
				   entries_text(h));
	query_done(&c->attr, &c->hook);
	return answer_is(&world, "query", &c->hook, s->room, s->without, h->revision, h->n,
			 h->at);
}

/* ---- a step ---- */

static void prepare(struct call *c, const struct step *s)
{
	union bpf_attr *a = &c->attr;
	__u32 relative = s->flags & BPF_F_ID ?
			 ref_id(&world, s->relative, s->flags & BPF_F_LINK) :
			 ref_fd(s->relative);
	__u32 ifindex = step_ifindex(&model, s);
	__u32 type = type_of(s->egress);

	memset(a, 0, sizeof(*a));
	c->what = CALL_BPF;
	c->size = sizeof(*a);
	c->fd = -1;
	switch (s->op) {
	case LOAD:
		prog_load_call(c, s->slot, (int)s->more);
		break;
	case OPEN_PROG:
		c->cmd = BPF_PROG_GET_FD_BY_ID;
		a->prog_id = world.p_id[s->slot] ?: BAD_ID;
		c->fd = PROG_FD(s->slot);
		break;
	case OPEN_LINK:
		c->cmd = BPF_LINK_GET_FD_BY_ID;
		a->link_id = world.l_id[s->slot] ?: BAD_ID;
		c->fd = LINK_FD(s->slot);
		break;
	case CLOSE_PROG: case CLOSE_LINK:
		c->what = CALL_CLOSE;
		c->fd = s->op == CLOSE_PROG ? PROG_FD(s->slot) : LINK_FD(s->slot);
		break;
	case PIN_PROG: case PIN_LINK: case GET_PROG: case GET_LINK:
		pin_path(c->path, sizeof(c->path),
			 s->op == PIN_PROG || s->op == GET_PROG ? 'p' : 'l', s->slot);
		a->pathname = (unsigned long)c->path;
		c->cmd = BPF_OBJ_GET;
		c->fd = s->op == PIN_PROG || s->op == GET_PROG ? PROG_FD(s->slot) :
								 LINK_FD(s->slot);
		if (s->op == PIN_PROG || s->op == PIN_LINK) {
			c->cmd = BPF_OBJ_PIN;
			a->bpf_fd = c->fd;
			c->fd = -1;
		}
		break;
	case CREATE:
		c->cmd = BPF_LINK_CREATE;
		a->link_create.prog_fd = ref_fd(s->prog);
		a->link_create.target_ifindex = ifindex;
		a->link_create.attach_type = type;
		a->link_create.flags = s->flags;
		a->link_create.tcx.relative_fd = relative;
		a->link_create.tcx.expected_revision = step_revision(&model, s);
		c->fd = LINK_FD(s->slot);
		break;
	case UPDATE:
		c->cmd = BPF_LINK_UPDATE;
		a->link_update.link_fd = ref_fd(s->relative);
		a->link_update.new_prog_fd = ref_fd(s->prog);
		a->link_update.flags = s->flags;
		a->link_update.old_prog_fd = ref_fd(s->replace);
		break;
	case LINK_DETACH:
		c->cmd = BPF_LINK_DETACH;
		a->link_detach.link_fd = ref_fd(s->relative);
		break;
	case ATTACH: case DETACH:
		c->cmd = s->op == ATTACH ? BPF_PROG_ATTACH : BPF_PROG_DETACH;
		a->target_ifindex = ifindex;
		a->attach_bpf_fd = ref_fd(s->prog);
		a->attach_type = type;
		a->attach_flags = s->flags;
		a->replace_bpf_fd = ref_fd(s->replace);
		a->relative_fd = relative;
		a->expected_revision = step_revision(&model, s);
		break;
	case QUERY:
		c->cmd = BPF_PROG_QUERY;
		query_prepare(a, &c->hook, ifindex, type, s->room, s->without, s->flags,
			      s->more);
		break;
	}
}

/* The signature of a step and the state it meets: positions instead of slots */
static uint64_t signature(const struct step *s)
{
	struct {
		uint32_t flags, more;
		int16_t n, prog, relative, replace, owned;
		uint8_t op, kinds[3], how, revision, room, without;
	} sig;
	const struct mhook *h = NULL;
	int d = names_a_device(s) ? step_dev(&model, s) : -1;

	memset(&sig, 0, sizeof(sig));
	if (d >= 0)
		h = &model.dev[d].hook[s->egress];
	else if (s->op == UPDATE && s->relative.kind == A_LINK)
		h = link_hook(&model, s->relative.slot);
	sig.op = s->op;
	sig.flags = s->flags;
	sig.how = s->dev_how;
	sig.revision = s->revision;
	sig.kinds[0] = s->prog.kind;
	sig.kinds[1] = s->relative.kind;
	sig.kinds[2] = s->replace.kind;
	if (s->op == QUERY) {
		sig.room = s->room;
		sig.without = s->without;
		sig.more = s->more;
	}
	sig.n = h ? h->n : -1;
	sig.prog = h && s->prog.kind == A_PROG ? find_prog(h, s->prog.slot) : -2;
	sig.replace = h && s->replace.kind == A_PROG ? find_prog(h, s->replace.slot) : -2;
	sig.relative = !h ? -2 :
		       s->relative.kind == A_PROG ? find_prog(h, s->relative.slot) :
		       s->relative.kind == A_LINK ? find_link(h, s->relative.slot) : -2;
	if (sig.prog >= 0)
		sig.owned |= 1 + (h->at[sig.prog].link >= 0);
	if (sig.replace >= 0)
		sig.owned |= (1 + (h->at[sig.replace].link >= 0)) << 2;
	return hash(0xcbf29ce484222325, &sig, sizeof(sig));
}

/* Takes over the ids that the kernel assigned */
static bool learn(const struct step *s)
{
	struct call *c = world.proc[s->proc].call;

	if (s->op == LOAD) {
		if (call_info(s->proc, PROG_FD(s->slot), &c->prog_info, sizeof(c->prog_info)))
			return fail(&world, "cannot get info about p%d", s->slot);
		world.p_id[s->slot] = c->prog_info.id;
	}
	if (s->op == CREATE) {
		if (call_info(s->proc, LINK_FD(s->slot), &c->link_info, sizeof(c->link_info)))
			return fail(&world, "cannot get info about l%d", s->slot);
		world.l_id[s->slot] = c->link_info.id;
	}
	return true;
}

/* What is noted before a step, to know what to check behind it */
struct before {
	bool progs[PROGS], links[LINKS];	/* those that exist */
	int dev;		/* that it names, or -1 */
	int link;		/* that it may change, or -1 */
	int links_dev;		/* where that link is, or -1 */
	bool links_egress;
	bool links_file;	/* it is or was pinned: the last reference may be put later */
};

static void note(const struct step *s, struct before *b)
{
	int i;

	living_progs(&model, b->progs);
	for (i = 0; i < LINKS; i++)
		b->links[i] = link_alive(&model, i);
	b->dev = names_a_device(s) ? step_dev(&model, s) : -1;
	b->link = -1;
	if ((s->op == UPDATE || s->op == LINK_DETACH) && s->relative.kind == A_LINK)
		b->link = s->relative.slot;
	if (s->op == CREATE || s->op == CLOSE_LINK || s->op == UNPIN_LINK ||
	    s->op == OPEN_LINK || s->op == GET_LINK)
		b->link = s->slot;
	b->links_dev = b->link < 0 ? -1 : model.link[b->link].dev;
	b->links_egress = b->link >= 0 && model.link[b->link].egress;
	b->links_file = b->link >= 0 && model.link[b->link].was_pinned;
}

/* Whatever this step has released for good must be gone */
static bool check_deaths(const struct before *b)
{
	bool alive[PROGS];
	int i;

	living_progs(&model, alive);
	for (i = 0; i < LINKS; i++)
		if (b->links[i] && !link_alive(&model, i) && !check_gone(true, i))
			return false;
	for (i = 0; i < PROGS; i++)
		if (b->progs[i] && !alive[i] && !check_gone(false, i))
			return false;
	return true;
}

static bool check_hooks(const struct step *s, const struct before *b)
{
	if (b->dev >= 0 && !check_hook(b->dev, s->egress))
		return false;
	if (b->dev < 0 && b->links_dev >= 0)
		return b->links_file ?
		       check_hook_in_time(b->links_dev, b->links_egress) :
		       check_hook(b->links_dev, b->links_egress);
	if (s->op == DEV_MOVE || s->op == DEV_ADD || s->op == DEV_DOWN)
		return check_hook(s->dev, 0) && check_hook(s->dev, 1);
	return true;
}

/* Everything that the step may have changed. @ret: what it has returned */
static bool check_step(const struct step *s, const struct before *b, int ret)
{
	int i;

	if (s->op == QUERY && (!ret || ret == -ENOSPC) && !check_answer(s))
		return false;
	if (s->op == TRAFFIC && !check_traffic(s->dev, s->egress))
		return false;
	if (!check_deaths(b) || !check_hooks(s, b))
		return false;
	/* of the links that die with a process, some may have been pinned */
	if ((s->op == AUDIT || s->op == DIE) && !audit(s->op == DIE))
		return false;
	if (b->link >= 0 && link_alive(&model, b->link) && !check_link(b->link))
		return false;
	if (s->op != DEV_MOVE && s->op != DEV_DEL && s->op != DEV_DOWN && s->op != NS_DEL)
		return true;
	for (i = 0; i < LINKS; i++)
		if (link_alive(&model, i) && !check_link(i))
			return false;
	return true;
}

/* Devices, namespaces and processes, which only need to work */
static bool change_world(const struct step *s)
{
	struct mdev *d = &model.dev[s->dev];

	switch (s->op) {
	case DEV_ADD:
		return dev_add(&world, s->dev, s->ns, d->ifindex);
	case DEV_MOVE:
		if (!dev_move(&world, s->dev, s->ns, d->renumbered))
			return false;
		d->ifindex = world.dev[s->dev].ifindex;
		return true;
	case DEV_DEL:
		return dev_del(&world, s->dev);
	case DEV_DOWN:
		return dev_down(&world, s->dev);
	case NS_ADD:
		return ns_add(&world, s->ns);
	case NS_DEL:
		return ns_del(&world, s->ns);
	case ENTER:
		return proc_enter(&world, s->proc, s->ns);
	case DIE:
		return proc_die(&world, s->proc);
	}
	return true;
}

static int unpin(const struct step *s)
{
	char path[64];

	pin_path(path, sizeof(path), s->op == UNPIN_PROG ? 'p' : 'l', s->slot);
	return unlink(path) ? -errno : 0;
}

/* Performs the step in the world and in the model, and returns what both say */
static bool perform(const struct step *s, int *ret, int *expected)
{
	*ret = 0;
	switch (s->op) {
	case DEV_ADD: case DEV_MOVE: case DEV_DEL: case DEV_DOWN:
	case NS_ADD: case NS_DEL: case ENTER: case DIE:
		*expected = model_step(&model, s);
		return change_world(s);
	case AUDIT: case TRAFFIC:
		*expected = 0;
		return true;
	case UNPIN_PROG: case UNPIN_LINK:
		*expected = model_step(&model, s);
		*ret = unpin(s);
		return true;
	}
	prepare(world.proc[s->proc].call, s);
	*expected = model_step(&model, s);
	*ret = proc_call(&world.proc[s->proc]);
	return true;
}

/* Adds the step to the transcript */
static void record(const struct step *s, const struct before *b, int ret, bool ok)
{
	bool counted = !model.differs;
	char text[2048] = "~ ";
	size_t len;

	step_text(text + 2 * !counted, sizeof(text) - 2, s, &model);
	len = strlen(text);
	len += snprintf(text + len, sizeof(text) - len, " = %d", ret);
	if (b->dev >= 0) {
		len += snprintf(text + len, sizeof(text) - len, " ");
		hook_text(text + len, sizeof(text) - len, &model.dev[b->dev].hook[s->egress]);
	}
	if (s->op == TRAFFIC && ok)
		snprintf(text + len, sizeof(text) - len, " %s", world.met);
	if (!counted)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " (%s)",
			 model.differs);
	else
		digest = hash(digest, text, strlen(text));
	if (transcript)
		puts(text);
}

static bool do_step(const struct step *s)
{
	uint64_t sig = signature(s);
	struct before before;
	int ret, expected;
	bool ok;

	world.why[0] = 0;
	model.differs = NULL;
	note(s, &before);
	ok = perform(s, &ret, &expected);
	if (ok && ret != expected)
		ok = fail(&world, "returned %d (%s), expected %d (%s)", ret, strerror(-ret),
			  expected, strerror(-expected));
	ok = ok && (ret || learn(s)) && check_step(s, &before, ret);
	if (!shrinking) {
		see(hash(sig, &expected, sizeof(expected)));
		record(s, &before, ret, ok);
	}
	return ok;
}

/* ---- the next step ---- */

enum mood { MIXED, FULL, LINKS_MOSTLY, FEW, DEVICES, MOODS };

static struct {
	enum mood mood;
	int dev, egress;	/* of most steps */
} round_;

static const uint8_t weights[MOODS][OPS] = {
	[MIXED] = {
		[LOAD] = 30, [OPEN_PROG] = 10, [OPEN_LINK] = 10, [CLOSE_PROG] = 12,
		[CLOSE_LINK] = 30, [PIN_PROG] = 8, [PIN_LINK] = 8, [UNPIN_PROG] = 4,
		[UNPIN_LINK] = 4, [GET_PROG] = 4, [GET_LINK] = 4, [CREATE] = 90,
		[UPDATE] = 50, [LINK_DETACH] = 20, [ATTACH] = 110, [DETACH] = 90,
		[QUERY] = 20, [DEV_ADD] = 2, [DEV_DEL] = 1, [DEV_MOVE] = 2,
		[DEV_DOWN] = 1, [ENTER] = 4, [DIE] = 1, [AUDIT] = 2, [TRAFFIC] = 8,
	},
	[FULL] = {
		[LOAD] = 80, [OPEN_PROG] = 5, [OPEN_LINK] = 5, [CLOSE_PROG] = 1,
		[CLOSE_LINK] = 3, [PIN_LINK] = 2, [UNPIN_LINK] = 1, [GET_LINK] = 1,
		[CREATE] = 100, [UPDATE] = 30, [LINK_DETACH] = 2, [ATTACH] = 120,
		[DETACH] = 20, [QUERY] = 10, [DEV_ADD] = 1, [DEV_DOWN] = 1, [AUDIT] = 1,
		[TRAFFIC] = 5,
	},
	[LINKS_MOSTLY] = {
		[LOAD] = 30, [OPEN_PROG] = 5, [OPEN_LINK] = 20, [CLOSE_PROG] = 20,
		[CLOSE_LINK] = 60, [PIN_LINK] = 20, [UNPIN_LINK] = 10, [GET_LINK] = 10,
		[CREATE] = 110, [UPDATE] = 90, [LINK_DETACH] = 30, [ATTACH] = 10,
		[DETACH] = 10, [QUERY] = 5, [DEV_ADD] = 2, [DEV_DEL] = 1, [DEV_MOVE] = 2,
		[DEV_DOWN] = 1, [ENTER] = 2, [DIE] = 2, [AUDIT] = 2, [TRAFFIC] = 5,
	},
	[FEW] = {
		[LOAD] = 20, [CLOSE_PROG] = 8, [CLOSE_LINK] = 80, [CREATE] = 60,
		[UPDATE] = 30, [LINK_DETACH] = 30, [ATTACH] = 80, [DETACH] = 140,
		[QUERY] = 20, [DEV_ADD] = 2, [DEV_DOWN] = 1, [DIE] = 1, [AUDIT] = 2,
		[TRAFFIC] = 8,
	},
	[DEVICES] = {
		[LOAD] = 40, [OPEN_LINK] = 10, [CLOSE_PROG] = 10, [CLOSE_LINK] = 20,
		[PIN_LINK] = 5, [UNPIN_LINK] = 2, [CREATE] = 90, [UPDATE] = 40,
		[LINK_DETACH] = 10, [ATTACH] = 80, [DETACH] = 20, [QUERY] = 10,
		[DEV_ADD] = 20, [DEV_DEL] = 8, [DEV_MOVE] = 20, [DEV_DOWN] = 6,
		[NS_ADD] = 4, [NS_DEL] = 2, [ENTER] = 20, [DIE] = 1, [AUDIT] = 4,
		[TRAFFIC] = 8,
	},
};

static void new_round(void)
{
	/* all moods are about as frequent */
	round_.mood = rnd(MOODS);
	round_.dev = rnd(DEVS);
	round_.egress = rnd(2);
}

static const int verdicts[] = { -1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 100 };

static struct ref odd_ref(void)
{
	static const uint8_t kinds[] = { NOTHING, A_PROG, A_LINK, AN_XDP_PROG,
					 A_FILTER_PROG, AN_XDP_LINK, OTHER_FD, BAD };
	struct ref r = { kinds[rnd(sizeof(kinds))], 0 };

	r.slot = r.kind == A_PROG ? rnd(PROGS) : r.kind == A_LINK ? rnd(LINKS) : 0;
	return r;
}

/* A program that @proc has open. @on: 1 on this hook, 0 not on it, -1 either */
static struct ref some_prog(int proc, const struct mhook *h, int on)
{
	struct ref r = { A_PROG, 0 };
	int i, first = rnd(PROGS);

	if (once_in(25))
		return odd_ref();
	for (i = 0; i < PROGS; i++) {
		r.slot = (first + i) % PROGS;
		if (model.prog[r.slot].fds >> proc & 1 &&
		    (!h || on < 0 || (find_prog(h, r.slot) >= 0) == on))
			return r;
	}
	return r;
}

static struct ref some_link(int proc, bool attached)
{
	struct ref r = { A_LINK, 0 };
	int i, first = rnd(LINKS);

	for (i = 0; i < LINKS; i++) {
		r.slot = (first + i) % LINKS;
		if (model.link[r.slot].fds >> proc & 1 &&
		    (!attached || model.link[r.slot].dev >= 0))
			return r;
	}
	return r;
}

static void some_place(struct step *s, const struct mhook *h)
{
	const struct entry *e;
	bool place = !once_in(3);

	if (place)
		s->flags |= once_in(20) ? BPF_F_BEFORE | BPF_F_AFTER :
			    rnd(2) ? BPF_F_BEFORE : BPF_F_AFTER;
	if (once_in(place ? 4 : 10) || !h || !h->n) {
		/* no object, or any */
		if (once_in(8)) {
			s->relative = odd_ref();
			s->flags |= once_in(3) ? BPF_F_ID : 0;
			s->flags |= once_in(3) ? BPF_F_LINK : 0;
		}
	} else if (place || once_in(10)) {
		e = &h->at[rnd(h->n)];
		s->relative = (struct ref){ A_PROG, e->prog };
		if (e->link >= 0 && rnd(3)) {
			s->relative = (struct ref){ A_LINK, e->link };
			s->flags |= BPF_F_LINK;
		}
		if (rnd(2) || !(e->link >= 0 && s->flags & BPF_F_LINK ?
				model.link[e->link].fds >> s->proc & 1 :
				model.prog[e->prog].fds >> s->proc & 1))
			s->flags |= BPF_F_ID;
		if (once_in(30))
			s->flags ^= BPF_F_LINK;
		if (once_in(30))
			s->relative = odd_ref();
	}
	if (once_in(60))
		s->flags |= 1u << rnd(32);
	s->revision = once_in(5) ? 1 + rnd(4) : ANY;
	if (s->revision != ANY && rnd(2))
		s->revision = CURRENT;
}

static void some_dev(struct step *s)
{
	int i, first = rnd(DEVS);

	s->dev = rnd(3) ? round_.dev : first;
	s->egress = rnd(4) ? round_.egress : rnd(2);
	for (i = 0; i < DEVS; i++) {
		if (model.dev[s->dev].exists && (model.dev[s->dev].ns ==
						 model.at_home[s->proc] || once_in(30)))
			break;
		s->dev = (first + i) % DEVS;
	}
	if (once_in(60))
		s->dev_how = 1 + rnd(3);
}

/* Does the step find what it is about in its slot? */
static bool slot_fits(const struct step *s)
{
	switch (s->op) {
	case OPEN_PROG: case CLOSE_PROG: case PIN_PROG:
		return prog_alive(&model, s->slot);
	case UNPIN_PROG: case GET_PROG:
		return model.prog[s->slot].pinned;
	case UNPIN_LINK: case GET_LINK:
		return model.link[s->slot].pinned;
	default:
		return link_alive(&model, s->slot);
	}
}

/* One of @n slots, and mostly one that fits, if there is any */
static void some_slot(struct step *s, int n)
{
	int i, tries = once_in(20) ? 0 : n;

	s->slot = rnd(n);
	for (i = 0; i < tries && !slot_fits(s); i++)
		s->slot = (s->slot + 1) % n;
}

static bool propose(struct step *s)
{
	int total = 0, at, op, i;
	struct mhook *h = NULL;
	int d;

	memset(s, 0, sizeof(*s));
	s->proc = rnd(3) ? 0 : rnd(PROCS);
	for (op = 0; op < OPS; op++)
		total += weights[round_.mood][op];
	at = rnd(total);
	for (op = 0; at >= weights[round_.mood][op]; op++)
		at -= weights[round_.mood][op];
	for (i = d = 0; i < DEVS; i++)
		d += model.dev[i].exists;
	if (!d && rnd(4))
		op = DEV_ADD;
	s->op = op;

	switch (op) {
	case LOAD:
		s->slot = rnd(PROGS);
		s->more = round_.mood == FULL && rnd(20) ? -1 :
			  verdicts[rnd(sizeof(verdicts) / sizeof(*verdicts))];
		break;
	case OPEN_PROG: case CLOSE_PROG: case PIN_PROG: case UNPIN_PROG: case GET_PROG:
		some_slot(s, PROGS);
		break;
	case OPEN_LINK: case CLOSE_LINK: case PIN_LINK: case UNPIN_LINK: case GET_LINK:
		some_slot(s, LINKS);
		break;
	case CREATE:
		s->slot = rnd(LINKS);
		/* fall through */
	case ATTACH: case DETACH: case QUERY:
		some_dev(s);
		d = step_dev(&model, s);
		if (d >= 0)
			h = &model.dev[d].hook[s->egress];
		if (op == QUERY) {
			static const uint8_t rooms[] = { 0, 1, 2, 5, 62, 63, 64 };

			s->room = rooms[rnd(sizeof(rooms))];
			s->flags = once_in(10) ? 1u << rnd(32) : 0;
			s->more = once_in(10) ? 1u << rnd(32) : 0;
			s->without = once_in(4) ? rnd(16) : 0;
			break;
		}
		some_place(s, h);
		if (op == DETACH) {
			s->prog = some_prog(s->proc, h, once_in(20) ? -1 : 1);
			if (once_in(4))
				s->prog = (struct ref){ NOTHING, 0 };
			else if (rnd(4))
				s->flags &= ~(BPF_F_BEFORE | BPF_F_AFTER);
			if (!(s->flags & (BPF_F_BEFORE | BPF_F_AFTER)) && rnd(10)) {
				s->flags &= ~(BPF_F_ID | BPF_F_LINK);
				s->relative = (struct ref){ NOTHING, 0 };
			}
			break;
		}
		s->prog = some_prog(s->proc, h, once_in(20) ? -1 : 0);
		if (op == ATTACH && once_in(6)) {
			s->flags |= BPF_F_REPLACE;
			s->replace = some_prog(s->proc, h, once_in(10) ? -1 : 1);
			if (rnd(3)) {
				s->flags &= ~PLACE_FLAGS;
				s->relative = (struct ref){ NOTHING, 0 };
			}
		}
		/* mainline differs here, which ends the round: do it rarely */
		if (op == CREATE && s->flags & ~KNOWN_FLAGS && rnd(8))
			s->flags &= KNOWN_FLAGS;
		break;
	case UPDATE:
		s->relative = some_link(s->proc, !once_in(10));
		if (once_in(40))
			s->relative = odd_ref();
		if (s->relative.kind == AN_XDP_LINK)
			return false;
		s->prog = some_prog(s->proc, s->relative.kind == A_LINK ?
				    link_hook(&model, s->relative.slot) : NULL,
				    once_in(5) ? -1 : 0);
		if (once_in(3)) {
			s->flags = BPF_F_REPLACE;
			s->replace = some_prog(s->proc, NULL, -1);
			if (rnd(3) && s->relative.kind == A_LINK)
				s->replace = (struct ref){ A_PROG,
					model.link[s->relative.slot].prog };
		}
		if (once_in(30))
			s->flags |= 1u << rnd(32);
		if (once_in(40))
			s->replace = odd_ref();
		break;
	case LINK_DETACH:
		s->relative = some_link(s->proc, !once_in(10));
		if (once_in(30))
			s->relative = odd_ref();
		return s->relative.kind != AN_XDP_LINK;
	case DEV_ADD: case DEV_DEL: case DEV_MOVE:
		s->dev = rnd(DEVS);
		s->ns = rnd(3) ? 0 : rnd(NSES);
		if (op == DEV_MOVE)
			s->ns = rnd(NSES);
		if (op == DEV_ADD && !d)
			s->dev = round_.dev;
		break;
	case NS_ADD: case NS_DEL:
		s->ns = rnd(NSES);
		break;
	case ENTER:
		s->ns = rnd(2) ? 0 : rnd(NSES);
		break;
	case DIE:
		/* most objects are in the first process: keep it more often than not */
		s->proc = rnd(PROCS);
		break;
	case DEV_DOWN: case TRAFFIC:
		some_dev(s);
		s->dev_how = DEV_SLOT;
		break;
	}
	return true;
}

static void next_step(struct step *s)
{
	do {
		while (!propose(s))
			;
	} while (!step_makes_sense(&model, s));
}

/* ---- the end of a round ---- */

static bool keys_failed;

/* Nothing may be left. @keys: check them, too, which takes a second */
static bool end_round(bool keys)
{
	bool ok = world_reset(&world);

	model_reset(&model, model.mainline);
	if (!ok || !keys || keys_released(&world))
		return ok;
	keys_failed = true;
	return false;
}

/* ---- a failure: shrink it, print it ---- */

/*
 * Replays the steps from nothing. Returns the number of the step that fails, @n if the
 * end fails, -1 if nothing does.
 */
static int replay(const struct step *steps, int n)
{
	int i;

	/* what an earlier failure has left does not go, so do not wait for it */
	forget(&world);
	world_reset(&world);
	model_reset(&model, model.mainline);
	/* a key that was kept earlier must not count again */
	if (keys_failed && !keys_released(&world))
		keys_read(&world);
	for (i = 0; i < n; i++) {
		if (step_makes_sense(&model, &steps[i]) && !do_step(&steps[i]))
			return i;
	}
	return end_round(keys_failed) ? -1 : n;
}

/* Leaves out some steps, if the rest still fails. Returns how many are left, or 0. */
static int without(struct step *steps, int n, const bool *gone)
{
	static struct step try[NSTEPS];
	int i, left = 0, failed;

	for (i = 0; i < n; i++)
		if (!gone[i])
			try[left++] = steps[i];
	failed = replay(try, left);
	if (failed < 0)
		return 0;
	if (failed < left)
		left = failed + 1;
	memcpy(steps, try, left * sizeof(*try));
	return left;
}

static int shrink(struct step *steps, int n)
{
	time_t end = time(NULL) + 300;
	bool gone[NSTEPS], several = false;
	int chunk, at, i, left;

	for (chunk = (n + 1) / 2; chunk; chunk /= 2) {
		for (at = 0; at < n && time(NULL) < end;) {
			memset(gone, 0, sizeof(gone));
			for (i = at; i < at + chunk && i < n; i++)
				gone[i] = true;
			left = without(steps, n, gone);
			if (left)
				n = left;
			else
				at += chunk;
		}
	}
	/* a step and the one that undoes it: only both together can go */
	for (at = 0; n <= 20 && at < n; at++) {
		for (i = at + 1; i < n && time(NULL) < end; i++) {
			memset(gone, 0, sizeof(gone));
			gone[at] = true;
			gone[i] = true;
			left = without(steps, n, gone);
			if (left) {
				n = left;
				i = at;
			}
		}
	}
	/* does it need more than one process? */
	for (i = 0; i < n; i++)
		several |= steps[i].proc;
	if (several) {
		struct step before[NSTEPS];

		memcpy(before, steps, n * sizeof(*steps));
		for (i = 0; i < n; i++)
			steps[i].proc = 0;
		if (replay(steps, n) < 0)
			memcpy(steps, before, n * sizeof(*steps));
	}
	return n;
}

/*
 * ---- the failing steps as a test, in one process. It checks what the fuzzer checks,
 * by the same functions of fuzz_world.h. ----
 */

static void print_id(struct ref r, bool link)
{
	if (r.kind == NOTHING)
		printf("0");
	else if (link ? r.kind == A_LINK : r.kind == A_PROG)
		printf("w.%c_id[%d] ?: BAD_ID", link ? 'l' : 'p', r.slot);
	else if (link && r.kind == AN_XDP_LINK)
		printf("w.xdp_link_id");
	else if (!link && r.kind == AN_XDP_PROG)
		printf("w.xdp_prog_id");
	else if (!link && r.kind == A_FILTER_PROG)
		printf("w.filter_prog_id");
	else
		printf("BAD_ID");
}

static void print_place(const struct step *s)
{
	uint64_t revision = step_revision(&model, s);

	printf("AT(%s", flags_text(s->flags));
	if (s->flags & BPF_F_ID) {
		printf(", .relative = ");
		print_id(s->relative, s->flags & BPF_F_LINK);
	} else if (s->relative.kind != NOTHING) {
		printf(", .relative = %s", ref_text(s->relative, s->proc));
	}
	if (s->flags & BPF_F_REPLACE)
		printf(", .replace_fd = %s", ref_text(s->replace, s->proc));
	if (revision)
		printf(", .revision = %lluULL", (unsigned long long)revision);
	printf(")");
}

/* The device and the hook of the step, as arguments */
static const char *target_text(const struct step *s)
{
	const struct mdev *d = &model.dev[s->dev];
	uint32_t ifindex = step_ifindex(&model, s);
	static char text[64];

	if (s->dev_how == DEV_SLOT && d->exists && ifindex == d->ifindex)
		snprintf(text, sizeof(text), "w.dev[%d].ifindex, %s", s->dev,
			 type_name(s->egress));
	else
		snprintf(text, sizeof(text), "%u, %s", ifindex, type_name(s->egress));
	return text;
}

/* A step that gives an fd */
static void print_open(const char *v, int expected, const char *call)
{
	if (expected)
		printf("	ASSERT_EQ(%d, %s);\n", expected, call);
	else
		printf("	%s = %s;\n	ASSERT_LE(0, %s);\n", v, call, v);
}

static void print_object_step(const struct step *s, int expected)
{
	bool prog = s->op == LOAD || s->op == OPEN_PROG || s->op == CLOSE_PROG ||
		    s->op == PIN_PROG || s->op == UNPIN_PROG || s->op == GET_PROG;
	struct ref self = { prog ? A_PROG : A_LINK, s->slot };
	const char *v = ref_text(self, s->proc);
	char kind = prog ? 'p' : 'l', path[64], call[128];

	pin_path(path, sizeof(path), kind, s->slot);
	switch (s->op) {
	case LOAD:
		snprintf(call, sizeof(call), "slot_load(&w, %d, %d)", s->slot, (int)s->more);
		print_open(v, 0, call);
		break;
	case OPEN_PROG: case OPEN_LINK:
		snprintf(call, sizeof(call), "%s_open(w.%c_id[%d] ?: BAD_ID)",
			 prog ? "prog" : "link", kind, s->slot);
		print_open(v, expected, call);
		break;
	case GET_PROG: case GET_LINK:
		snprintf(call, sizeof(call), "obj_get(\"%s\", 0)", path);
		print_open(v, expected, call);
		break;
	case CLOSE_PROG: case CLOSE_LINK:
		printf("	ASSERT_EQ(%d, close(%s));\n	%s = BAD_FD;\n",
		       expected ? -1 : 0, v, v);
		break;
	case PIN_PROG: case PIN_LINK:
		printf("	ASSERT_EQ(%d, obj_pin(%s, \"%s\"));\n", expected, v, path);
		break;
	case UNPIN_PROG: case UNPIN_LINK:
		printf("	ASSERT_EQ(%d, unlink(\"%s\"));\n", expected ? -1 : 0, path);
		break;
	}
}

static void print_world_step(const struct step *s, const struct model *after)
{
	switch (s->op) {
	case DEV_ADD:
		print_check("dev_add(&w, %d, %d, %u)", s->dev, s->ns,
			    after->dev[s->dev].ifindex);
		break;
	case DEV_DEL:
		print_check("dev_del(&w, %d)", s->dev);
		break;
	case DEV_DOWN:
		print_check("dev_down(&w, %d)", s->dev);
		break;
	case DEV_MOVE:
		print_check("dev_move(&w, %d, %d, %s)", s->dev, s->ns,
			    after->dev[s->dev].renumbered ? "true" : "false");
		break;
	case NS_ADD:
		print_check("ns_add(&w, %d)", s->ns);
		break;
	case NS_DEL:
		print_check("ns_del(&w, %d)", s->ns);
		break;
	case DIE:
		print_check("die_with(&w, p[%d], l[%d])", s->proc, s->proc);
		break;
	}
}

static void print_create(const struct step *s, int expected)
{
	struct ref self = { A_LINK, s->slot };
	const char *v = ref_text(self, s->proc);

	if (expected)
		printf("	ASSERT_EQ(%d, ", expected);
	else
		printf("	%s = ", v);
	printf("link_create(%s, %s, ", ref_text(s->prog, s->proc), target_text(s));
	print_place(s);
	if (expected)
		printf("));\n");
	else
		printf(");\n	ASSERT_LE(0, %s);\n	w.l_id[%d] = link_id(%s);\n", v,
		       s->slot, v);
}

static void print_command(const struct step *s, int expected)
{
	switch (s->op) {
	case CREATE:
		print_create(s, expected);
		break;
	case ATTACH: case DETACH:
		printf("	ASSERT_EQ(%d, prog_%s(%s, %s, ", expected,
		       s->op == ATTACH ? "attach" : "detach", ref_text(s->prog, s->proc),
		       target_text(s));
		print_place(s);
		printf("));\n");
		break;
	case UPDATE:
		printf("	ASSERT_EQ(%d, link_update(%s, %s, %s, %s));\n", expected,
		       ref_text(s->relative, s->proc), ref_text(s->prog, s->proc),
		       flags_text(s->flags), ref_text(s->replace, s->proc));
		break;
	case LINK_DETACH:
		printf("	ASSERT_EQ(%d, link_detach(%s));\n", expected,
		       ref_text(s->relative, s->proc));
		break;
	case QUERY:
		printf("	ASSERT_EQ(%d, hook_ask(&w, %s, %d, %#x, %#x, %#x));\n", expected,
		       target_text(s), s->room, s->without, s->flags, s->more);
		break;
	}
}

static void print_step(const struct step *s, bool checks)
{
	struct model after = model;
	int expected = model_step(&after, s);
	struct before before;

	note(s, &before);
	if (names_a_device(s))
		print_check("go_to(&w, %d)", model.at_home[s->proc]);
	print_object_step(s, expected);
	print_command(s, expected);
	print_world_step(s, &after);
	model = after;
	/* one that no other device has, as the one that the kernel chooses */
	if (s->op == DEV_MOVE && model.dev[s->dev].renumbered)
		model.dev[s->dev].ifindex = 1000 + s->dev;
	if (checks)
		check_step(s, &before, expected);
}

/* @checks: not only those of what the calls return and of the end */
static void print_test(const struct step *steps, int n, uint64_t seed, bool checks)
{
	int i;

	printing = true;
	model_reset(&model, model.mainline);
	printf("/* %s */\n", world.why);
	printf("#include \"../kselftest_harness.h\"\n#include \"fuzz_world.h\"\n\n");
	printf("static struct world w;\n\nTEST(seed_%llu)\n{\n", (unsigned long long)seed);
	printf("	int p[%d][%d] = { [0 ... %d] = { [0 ... %d] = BAD_FD } };\n", PROCS,
	       PROGS, PROCS - 1, PROGS - 1);
	printf("	int l[%d][%d] = { [0 ... %d] = { [0 ... %d] = BAD_FD } };\n\n", PROCS,
	       LINKS, PROCS - 1, LINKS - 1);
	print_check("world_setup(&w)");
	for (i = 0; i < n; i++)
		if (step_makes_sense(&model, &steps[i]))
			print_step(&steps[i], checks);
	printf("	close_fds(p[0], %d);\n	close_fds(l[0], %d);\n", PROCS * PROGS,
	       PROCS * LINKS);
	print_check("world_reset(&w)");
	print_check("keys_released(&w)");
	printf("}\n\nTEST_HARNESS_MAIN\n");
}

/* ---- main ---- */

/* Shrinks the steps, the last of which has failed, and prints them as a test */
static void explain(struct step *steps, int n, uint64_t seed)
{
	int failed;

	shrinking = true;
	world.patience = 2;
	failed = replay(steps, n);
	if (failed >= 0) {
		n = shrink(steps, failed < n ? failed + 1 : n);
		replay(steps, n);
		ksft_print_msg("%d steps are enough: %s\n", n, world.why);
	} else if (keys_failed) {
		/* once a key is kept for good, it cannot be kept again */
		fail(&world, "a static key is kept for good");
		ksft_print_msg("only a kernel that was started again can repeat it\n");
	} else {
		ksft_print_msg("it does not fail again when its round is replayed\n");
		return;
	}
	print_test(steps, n, seed, failed >= 0);
}

static int fuzz(uint64_t seed, long steps)
{
	static struct step round_steps[NSTEPS];
	uint64_t round_nr = 0;
	long done = 0, first = 0;
	struct timespec t0, t1;
	bool ok = true;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (!world_setup(&world))
		ksft_exit_fail_msg("%s\n", world.why);
	model_reset(&model, mainline_tcx());
	ksft_print_msg("seed %llu, %ld steps, the model of %s\n", (unsigned long long)seed, steps,
		       model.mainline ? "mainline" : "tc-link");
	if (world.keys[0] < 0 || world.keys[1] < 0) {
		if (keys_have_names())
			ksft_exit_fail_msg("the static keys cannot be read\n");
		ksft_print_msg(NO_KEY_NAMES ": they are not checked\n");
	}

	while (ok && done < steps) {
		rng_state = seed * 1000003 + round_nr++;
		new_round();
		first = done;
		for (n = 0; ok && n < ROUND && done < steps; n++, done++) {
			if (n == ROUND - 1 || done == steps - 1)
				round_steps[n] = (struct step){ .op = AUDIT };
			else
				next_step(&round_steps[n]);
			ok = do_step(&round_steps[n]);
			if (model.differs && round_steps[n].op != TRAFFIC) {
				n++, done++;
				break;
			}
		}
		if (!ok)
			break;
		ok = end_round(round_nr == 1 || round_nr % 50 == 0 || done >= steps);
		if (round_nr % 20 == 0 && !transcript) {
			ksft_print_msg("%ld steps\n", done);
			fflush(stdout);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (ok) {
		ksft_print_msg("%ld steps in %.0f s; %zu different commands, states and answers; transcript %016llx\n",
			       done, t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9,
			       seen_count, (unsigned long long)digest);
		return 0;
	}

	ksft_print_msg("step %ld: %s\n", done, world.why);
	fflush(stdout);
	if (!no_shrink)
		explain(round_steps, done - first, seed);
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, steps = 20000;
	bool wrong = false;
	int i, err;

	for (i = 1; i < argc && !wrong; i++) {
		if (!strcmp(argv[i], "--transcript"))
			transcript = true;
		else if (!strcmp(argv[i], "--no-shrink"))
			no_shrink = true;
		else
			wrong = !option_is("--seed", argv, &i, &seed) &&
				!option_is("--steps", argv, &i, &steps);
	}
	if (wrong || !steps || steps > LONG_MAX) {
		fprintf(stderr, "usage: fuzz [--seed N] [--steps N] [--transcript] [--no-shrink]\n");
		return 2;
	}
	ksft_print_header();
	ksft_set_plan(1);
	err = fuzz(seed, steps);
	if (err)
		ksft_test_result_fail("%llu random steps\n", (unsigned long long)steps);
	else
		ksft_test_result_pass("%llu random steps\n", (unsigned long long)steps);
	err ? ksft_exit_fail() : ksft_exit_pass();
}
