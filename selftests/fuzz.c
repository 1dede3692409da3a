// SPDX-License-Identifier: GPL-2.0
/*
 * Random steps, and a model that says what the kernel must do at each of them: attach,
 * detach, update, query, open, close, pin and unpin, with right and wrong flags, fds,
 * ids and revisions; devices that come, go and move between namespaces; namespaces that
 * come and go. Several processes perform the steps, one at a time, so that the same
 * seed always gives the same sequence.
 *
 * After each step the hooks must be as in the model: order, revision, ids. Now and then
 * a packet is sent, and must meet the programs in that order. Programs and links that
 * nobody holds must be gone.
 *
 * The steps come in rounds. Each round starts and ends without any program, link or
 * device. If a round fails, it is shrunk to the steps that matter, and printed as a
 * test.
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
	"dev add", "dev del", "dev move", "ns add", "ns del", "enter",
	"audit", "packet",
};

/*
 * The name of an object: of a slot "p3", or "p[0][3]" for its fd in process @proc if that
 * is not -1. The others are the variables of the test that is printed.
 */
static const char *ref_text(struct ref r, int proc)
{
	static char text[4][16];
	static int turn;
	char *t = text[turn++ & 3], letter = r.kind == A_PROG ? 'p' : 'l';

	switch (r.kind) {
	case NOTHING:
		return "0";
	case A_PROG: case A_LINK:
		if (proc < 0)
			snprintf(t, sizeof(text[0]), "%c%d", letter, r.slot);
		else
			snprintf(t, sizeof(text[0]), "%c[%d][%d]", letter, proc, r.slot);
		return t;
	case AN_XDP_PROG:
		return "xdp";
	case A_FILTER_PROG:
		return "filter";
	case AN_XDP_LINK:
		return "xdp_link";
	case OTHER_FD:
		return "null";
	}
	return "NOT_OPEN";
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
		break;
	case DEV_ADD: case DEV_MOVE:
		ADD(" d%d ns%d", s->dev, s->ns);
		break;
	case DEV_DEL:
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

/* ---- does the kernel agree with the model? ---- */

static bool check_hook(int d, int egress)
{
	const struct mhook *h = &model.dev[d].hook[egress];
	char expected[1024];
	struct hook hook;
	int ret, i;

	if (!go_to(&world, model.dev[d].ns))
		return false;
	ret = hook_query(model.dev[d].ifindex, egress ? EGRESS : INGRESS, &hook);
	hook_text(expected, sizeof(expected), h);
	if (ret)
		return fail(&world, "d%d %s: query returns %d", d,
			    egress ? "egress" : "ingress", ret);
	if (hook.count != h->n || hook.revision != h->revision || hook.attach_flags)
		return fail(&world, "d%d %s has %u programs, revision %llu, expected %d, %s", d,
			    egress ? "egress" : "ingress", hook.count,
			    (unsigned long long)hook.revision, h->n, expected);
	for (i = 0; i < h->n; i++)
		if (hook.prog_ids[i] != model.prog[h->at[i].prog].id ||
		    hook.link_ids[i] != (h->at[i].link < 0 ? 0 :
					 model.link[h->at[i].link].id) ||
		    hook.prog_attach_flags[i] || hook.link_attach_flags[i])
			return fail(&world,
				    "d%d %s: program %u, link %u at position %d; expected program %u of %s",
				    d, egress ? "egress" : "ingress", hook.prog_ids[i],
				    hook.link_ids[i], i, model.prog[h->at[i].prog].id, expected);
	return true;
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

static uint32_t link_ifindex(int l)
{
	return model.link[l].dev < 0 ? 0 : model.dev[model.link[l].dev].ifindex;
}

static bool check_link(int l)
{
	struct mlink *link = &model.link[l];
	int proc = holder(link->fds), ret, type = link->egress ? EGRESS : INGRESS;
	struct bpf_link_info *info;

	if (proc < 0)
		return true;
	info = &world.proc[proc].call->link_info;
	ret = call_info(proc, LINK_FD(l), info, sizeof(*info));
	if (ret)
		return fail(&world, "l%d: info returns %d", l, ret);
	if (info->type != BPF_LINK_TYPE_TCX || info->id != link->id ||
	    info->prog_id != model.prog[link->prog].id ||
	    info->tcx.ifindex != link_ifindex(l) || info->tcx.attach_type != type)
		return fail(&world,
			    "l%d: type %u id %u program %u ifindex %u attach type %u, expected %u %u %u %u %u",
			    l, info->type, info->id, info->prog_id, info->tcx.ifindex,
			    info->tcx.attach_type, BPF_LINK_TYPE_TCX, link->id,
			    model.prog[link->prog].id, link_ifindex(l), type);
	if (model.mainline)
		return true;
	world.proc[proc].call->what = CALL_POLL;
	world.proc[proc].call->fd = LINK_FD(l);
	ret = proc_call(&world.proc[proc]);
	if (ret != (link->dev < 0 ? POLLHUP : 0))
		return fail(&world, "l%d: poll() returns %#x, but the link is %s", l, ret,
			    link->dev < 0 ? "detached" : "attached");
	return true;
}

static bool check_fdinfo(int l)
{
	struct mlink *link = &model.link[l];
	int proc = holder(link->fds);
	char expected[128];
	struct call *c;

	if (proc < 0)
		return true;
	c = world.proc[proc].call;
	c->what = CALL_READ;
	snprintf(c->path, sizeof(c->path), "/proc/self/fdinfo/%d", LINK_FD(l));
	if (proc_call(&world.proc[proc]))
		return fail(&world, "l%d: no fdinfo", l);
	snprintf(expected, sizeof(expected), "prog_id:\t%u\nifindex:\t%u\nattach_type:\t%s\n",
		 model.prog[link->prog].id, link_ifindex(l),
		 link->egress ? "47 (egress)" : "46 (ingress)");
	if (!strstr(c->text, expected) || !strstr(c->text, "link_type:\ttcx\n"))
		return fail(&world, "l%d: fdinfo is\n%s\nexpected\n%s", l, c->text, expected);
	return true;
}

/* Checks everything */
static bool audit(void)
{
	bool alive[PROGS];
	int i;

	living_progs(&model, alive);
	for (i = 0; i < DEVS; i++)
		if (model.dev[i].exists && (!check_hook(i, 0) || !check_hook(i, 1)))
			return false;
	for (i = 0; i < LINKS; i++) {
		if (!link_alive(&model, i))
			continue;
		if (!link_exists(model.link[i].id))
			return fail(&world, "l%d is gone", i);
		if (!check_link(i) || !check_fdinfo(i))
			return false;
	}
	for (i = 0; i < PROGS; i++)
		if (alive[i] && !prog_exists(model.prog[i].id))
			return fail(&world, "p%d is gone", i);
	return true;
}

/* ---- a step ---- */

static void prepare(struct call *c, const struct step *s)
{
	union bpf_attr *a = &c->attr;
	__u32 relative = s->flags & BPF_F_ID ?
			 ref_id(&world, &model, s->relative, s->flags & BPF_F_LINK) :
			 ref_fd(s->relative);
	__u32 ifindex = step_ifindex(&model, s);
	__u32 type = s->egress ? EGRESS : INGRESS;

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
		a->prog_id = model.prog[s->slot].id ?: BAD_ID;
		c->fd = PROG_FD(s->slot);
		break;
	case OPEN_LINK:
		c->cmd = BPF_LINK_GET_FD_BY_ID;
		a->link_id = model.link[s->slot].id ?: BAD_ID;
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
		memset(&c->hook, 0, sizeof(c->hook));
		a->query.target_ifindex = ifindex;
		a->query.attach_type = type;
		a->query.query_flags = s->flags;
		a->query.attach_flags = s->more;
		a->query.count = s->room;
		a->query.prog_ids = (unsigned long)c->hook.prog_ids;
		a->query.link_ids = (unsigned long)c->hook.link_ids;
		break;
	}
}

/* Checks what QUERY has filled in */
static bool check_answer(const struct call *c, const struct mhook *h, int room)
{
	int i, n = room < h->n ? room : h->n;
	uint32_t prog, link;

	if (c->attr.query.count != h->n || c->attr.query.revision != h->revision)
		return fail(&world, "query returns %u programs, revision %llu; expected %d, %llu",
			    c->attr.query.count, (unsigned long long)c->attr.query.revision,
			    h->n, (unsigned long long)h->revision);
	for (i = 0; i < HOOK_MAX; i++) {
		prog = i < n ? model.prog[h->at[i].prog].id : 0;
		link = i < n && h->at[i].link >= 0 ? model.link[h->at[i].link].id : 0;
		if (c->hook.prog_ids[i] != prog || c->hook.link_ids[i] != link)
			return fail(&world,
				    "query returns program %u, link %u at %d with room for %d; expected %u, %u",
				    c->hook.prog_ids[i], c->hook.link_ids[i], i, room, prog, link);
	}
	return true;
}

/* The signature of a step and the state it meets: positions instead of slots */
static uint64_t signature(const struct step *s)
{
	struct {
		uint32_t flags, more;
		int16_t n, prog, relative, replace, owned;
		uint8_t op, kinds[3], how, revision, room;
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
		model.prog[s->slot].id = c->prog_info.id;
	}
	if (s->op == CREATE) {
		if (call_info(s->proc, LINK_FD(s->slot), &c->link_info, sizeof(c->link_info)))
			return fail(&world, "cannot get info about l%d", s->slot);
		model.link[s->slot].id = c->link_info.id;
	}
	return true;
}

/* Whatever this step has released for good must be gone */
static bool check_deaths(const bool *progs, const bool *links)
{
	bool alive[PROGS];
	int i;

	living_progs(&model, alive);
	for (i = 0; i < LINKS; i++)
		if (links[i] && !link_alive(&model, i) &&
		    !IN_TIME(&world, !link_exists(model.link[i].id)))
			return fail(&world, "l%d still exists, but nothing holds it", i);
	for (i = 0; i < PROGS; i++)
		if (progs[i] && !alive[i] &&
		    !IN_TIME(&world, !prog_exists(model.prog[i].id)))
			return fail(&world, "p%d still exists, but nothing holds it", i);
	return true;
}

static bool do_step(const struct step *s)
{
	bool progs[PROGS], links[LINKS], ok = true, counted;
	int i, d, ret = 0, expected, from = -1, touched = -1;
	struct call *c = world.proc[s->proc].call;
	struct mhook *h = NULL;
	char text[2048];
	uint64_t sig;
	size_t len;

	world.why[0] = 0;
	model.differs = NULL;
	living_progs(&model, progs);
	for (i = 0; i < LINKS; i++)
		links[i] = link_alive(&model, i);
	sig = signature(s);
	d = names_a_device(s) ? step_dev(&model, s) : -1;
	if ((s->op == UPDATE || s->op == LINK_DETACH) && s->relative.kind == A_LINK)
		touched = s->relative.slot;
	if (s->op == CREATE || s->op == CLOSE_LINK || s->op == UNPIN_LINK ||
	    s->op == OPEN_LINK || s->op == GET_LINK)
		touched = s->slot;
	if (d < 0 && touched >= 0)
		h = link_hook(&model, touched);

	switch (s->op) {
	case DEV_ADD:
		expected = model_step(&model, s);
		ok = dev_add(&world, s->dev, s->ns, model.dev[s->dev].ifindex);
		break;
	case DEV_MOVE:
		from = model.dev[s->dev].ns;
		expected = model_step(&model, s);
		ok = dev_move(&world, &model, s->dev, from, s->ns);
		break;
	case DEV_DEL:
		ok = dev_del(&world, &model, s->dev);
		expected = model_step(&model, s);
		break;
	case NS_ADD:
		ok = ns_add(&world, s->ns);
		expected = model_step(&model, s);
		break;
	case NS_DEL:
		ok = ns_del(&world, &model, s->ns);
		expected = model_step(&model, s);
		break;
	case ENTER:
		ok = proc_enter(&world, s->proc, s->ns);
		expected = model_step(&model, s);
		break;
	case AUDIT:
		expected = 0;
		ok = audit();
		break;
	case TRAFFIC:
		expected = 0;
		ok = traffic(&world, &model, s->dev, s->egress);
		break;
	case UNPIN_PROG: case UNPIN_LINK:
		expected = model_step(&model, s);
		pin_path(text, sizeof(text), s->op == UNPIN_PROG ? 'p' : 'l', s->slot);
		ret = unlink(text) ? -errno : 0;
		break;
	default:
		prepare(c, s);
		expected = model_step(&model, s);
		ret = proc_call(&world.proc[s->proc]);
	}
	if (ok && ret != expected)
		ok = fail(&world, "returned %d (%s), expected %d (%s)", ret, strerror(-ret),
			  expected, strerror(-expected));
	if (ok && s->op == QUERY && (!ret || ret == -ENOSPC))
		ok = check_answer(c, &model.dev[d].hook[s->egress], s->room);
	if (ok && !ret)
		ok = learn(s);
	ok = ok && check_deaths(progs, links);
	if (ok && d >= 0)
		ok = check_hook(d, s->egress);
	if (ok && h)
		for (i = 0; i < DEVS && ok; i++)
			if (h >= model.dev[i].hook && h < model.dev[i].hook + 2 &&
			    model.dev[i].exists)
				/*
				 * a link whose last pin was removed is detached a
				 * little later
				 */
				ok = s->op == UNPIN_LINK ?
				     IN_TIME(&world, check_hook(i, h - model.dev[i].hook)) :
				     check_hook(i, h - model.dev[i].hook);
	if (ok && (s->op == DEV_MOVE || s->op == DEV_ADD))
		ok = check_hook(s->dev, 0) && check_hook(s->dev, 1);
	if (ok && touched >= 0 && link_alive(&model, touched))
		ok = check_link(touched);
	if (ok && (s->op == DEV_MOVE || s->op == DEV_DEL || s->op == NS_DEL))
		for (i = 0; i < LINKS && ok; i++)
			if (link_alive(&model, i))
				ok = check_link(i);
	if (shrinking)
		return ok;

	counted = !model.differs;
	sig = hash(sig, &expected, sizeof(expected));
	see(sig);
	text[0] = '~';
	text[1] = ' ';
	step_text(text + 2 * !counted, sizeof(text) - 2, s, &model);
	len = strlen(text);
	len += snprintf(text + len, sizeof(text) - len, " = %d", ret);
	if (d >= 0) {
		len += snprintf(text + len, sizeof(text) - len, " ");
		hook_text(text + len, sizeof(text) - len, &model.dev[d].hook[s->egress]);
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
		[CLOSE_LINK] = 30, [PIN_PROG] = 3, [PIN_LINK] = 8, [UNPIN_PROG] = 3,
		[UNPIN_LINK] = 4, [GET_PROG] = 3, [GET_LINK] = 4, [CREATE] = 90,
		[UPDATE] = 50, [LINK_DETACH] = 20, [ATTACH] = 110, [DETACH] = 90,
		[QUERY] = 20, [DEV_ADD] = 2, [DEV_DEL] = 1, [DEV_MOVE] = 2,
		[ENTER] = 4, [AUDIT] = 2, [TRAFFIC] = 8,
	},
	[FULL] = {
		[LOAD] = 80, [OPEN_PROG] = 5, [OPEN_LINK] = 5, [CLOSE_PROG] = 1,
		[CLOSE_LINK] = 3, [PIN_LINK] = 2, [UNPIN_LINK] = 1, [GET_LINK] = 1,
		[CREATE] = 100, [UPDATE] = 30, [LINK_DETACH] = 2, [ATTACH] = 120,
		[DETACH] = 20, [QUERY] = 10, [DEV_ADD] = 1, [AUDIT] = 1, [TRAFFIC] = 5,
	},
	[LINKS_MOSTLY] = {
		[LOAD] = 30, [OPEN_PROG] = 5, [OPEN_LINK] = 20, [CLOSE_PROG] = 20,
		[CLOSE_LINK] = 60, [PIN_LINK] = 20, [UNPIN_LINK] = 10, [GET_LINK] = 10,
		[CREATE] = 110, [UPDATE] = 90, [LINK_DETACH] = 30, [ATTACH] = 10,
		[DETACH] = 10, [QUERY] = 5, [DEV_ADD] = 2, [DEV_DEL] = 1, [DEV_MOVE] = 2,
		[ENTER] = 2, [AUDIT] = 2, [TRAFFIC] = 5,
	},
	[FEW] = {
		[LOAD] = 20, [CLOSE_PROG] = 8, [CLOSE_LINK] = 80, [CREATE] = 60,
		[UPDATE] = 30, [LINK_DETACH] = 30, [ATTACH] = 80, [DETACH] = 140,
		[QUERY] = 20, [DEV_ADD] = 2, [AUDIT] = 2, [TRAFFIC] = 8,
	},
	[DEVICES] = {
		[LOAD] = 40, [OPEN_LINK] = 10, [CLOSE_PROG] = 10, [CLOSE_LINK] = 20,
		[PIN_LINK] = 5, [UNPIN_LINK] = 2, [CREATE] = 90, [UPDATE] = 40,
		[LINK_DETACH] = 10, [ATTACH] = 80, [DETACH] = 20, [QUERY] = 10,
		[DEV_ADD] = 20, [DEV_DEL] = 8, [DEV_MOVE] = 20, [NS_ADD] = 4,
		[NS_DEL] = 2, [ENTER] = 20, [AUDIT] = 4, [TRAFFIC] = 8,
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
		s->slot = rnd(PROGS);
		for (i = 0; i < 20 && !prog_alive(&model, s->slot) && rnd(20); i++)
			s->slot = rnd(PROGS);
		break;
	case OPEN_LINK: case CLOSE_LINK: case PIN_LINK: case UNPIN_LINK: case GET_LINK:
		s->slot = rnd(LINKS);
		for (i = 0; i < 20 && !link_alive(&model, s->slot) && rnd(20); i++)
			s->slot = rnd(LINKS);
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
	case TRAFFIC:
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

/* ---- a failure: shrink it, print it ---- */

/*
 * Replays the steps from nothing. Returns the number of the step that fails, @n if the
 * end fails, -1 if nothing does.
 */
static int replay(const struct step *steps, int n)
{
	int i;

	world_reset(&world, &model);
	model_reset(&model, model.mainline);
	for (i = 0; i < n; i++)
		if (step_makes_sense(&model, &steps[i]) && !do_step(&steps[i]))
			return i;
	if (!world_reset(&world, &model)) {
		model_reset(&model, model.mainline);
		return n;
	}
	model_reset(&model, model.mainline);
	return -1;
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

/* ---- the failing steps as a test, in terms of tc_link_test.h and in one process ---- */

static void print_id(struct ref r, bool link)
{
	if (r.kind == NOTHING)
		printf("0");
	else if (link ? r.kind == A_LINK : r.kind == A_PROG)
		printf("%c_id[%d]", link ? 'l' : 'p', r.slot);
	else if (link ? r.kind == AN_XDP_LINK : r.kind == AN_XDP_PROG || r.kind == A_FILTER_PROG)
		printf("%s_id(%s)", link ? "link" : "prog", ref_text(r, 0));
	else
		printf("%d", BAD_ID);
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

static void print_ns(int ns)
{
	printf("	ASSERT_EQ(0, setns(ns[%d], CLONE_NEWNET));\n", ns);
}

static void print_hook(int d, int egress)
{
	const struct mhook *h = &model.dev[d].hook[egress];
	int i;

	print_ns(model.dev[d].ns);
	printf("	ASSERT_EQ(0, hook_query(%u, %s, &hook));\n", model.dev[d].ifindex,
	       egress ? "EGRESS" : "INGRESS");
	printf("	EXPECT_EQ(%d, hook.count);\n	EXPECT_EQ(%llu, hook.revision);\n",
	       h->n, (unsigned long long)h->revision);
	for (i = 0; i < h->n; i++) {
		printf("	EXPECT_EQ(p_id[%d], hook.prog_ids[%d]);\n", h->at[i].prog, i);
		if (h->at[i].link >= 0)
			printf("	EXPECT_EQ(l_id[%d], hook.link_ids[%d]);\n",
			       h->at[i].link, i);
	}
}

static void print_step(const struct step *s)
{
	const char *type = s->egress ? "EGRESS" : "INGRESS";
	bool prog = s->op == LOAD || s->op == OPEN_PROG || s->op == CLOSE_PROG ||
		    s->op == PIN_PROG || s->op == UNPIN_PROG || s->op == GET_PROG;
	struct ref self = { prog ? A_PROG : A_LINK, s->slot };
	const char *v = ref_text(self, s->proc);
	char kind = prog ? 'p' : 'l';
	uint32_t ifindex = step_ifindex(&model, s);
	int expected, d, met[ROOM], n, last, i;
	struct model before = model, after;

	expected = s->op == AUDIT || s->op == TRAFFIC ? 0 : model_step(&model, s);
	after = model;
	model = before;
	if (names_a_device(s))
		print_ns(model.at_home[s->proc]);
	switch (s->op) {
	case LOAD:
		printf("	%s = load_verdict(%d);\n	p_id[%d] = prog_id(%s);\n", v,
		       (int)s->more, s->slot, v);
		break;
	case CREATE:
		if (expected)
			printf("	EXPECT_EQ(%d, ", expected);
		else
			printf("	%s = ", v);
		printf("link_create(%s, %u, %s, ", ref_text(s->prog, s->proc), ifindex, type);
		print_place(s);
		if (expected)
			printf("));\n");
		else
			printf(");\n	EXPECT_LE(0, %s);\n	l_id[%d] = link_id(%s);\n", v,
			       s->slot, v);
		break;
	case ATTACH: case DETACH:
		printf("	EXPECT_EQ(%d, prog_%s(%s, %u, %s, ", expected,
		       s->op == ATTACH ? "attach" : "detach", ref_text(s->prog, s->proc), ifindex,
		       type);
		print_place(s);
		printf("));\n");
		break;
	case UPDATE:
		printf("	EXPECT_EQ(%d, link_update(%s, %s, %s, %s));\n", expected,
		       ref_text(s->relative, s->proc), ref_text(s->prog, s->proc),
		       flags_text(s->flags), ref_text(s->replace, s->proc));
		break;
	case LINK_DETACH:
		printf("	EXPECT_EQ(%d, link_detach(%s));\n", expected,
		       ref_text(s->relative, s->proc));
		break;
	case QUERY:
		printf("	EXPECT_EQ(%d, hook_query_room(%u, %s, &hook, %d));", expected,
		       ifindex, type, s->room);
		if (s->flags || s->more)
			printf(" /* with query_flags %#x, attach_flags %#x */", s->flags,
			       s->more);
		printf("\n");
		break;
	case OPEN_PROG: case OPEN_LINK:
		if (expected)
			printf("	EXPECT_FALSE(%s_exists(%c_id[%d]));\n",
			       prog ? "prog" : "link", kind, s->slot);
		else
			printf("	%s = %s_open(%c_id[%d]);\n	EXPECT_LE(0, %s);\n", v,
			       prog ? "prog" : "link", kind, s->slot, v);
		break;
	case CLOSE_PROG: case CLOSE_LINK:
		printf("	close(%s);\n	%s = NOT_OPEN;\n", v, v);
		break;
	case PIN_PROG: case PIN_LINK:
		printf("	EXPECT_%s(0, bpf_obj_pin(%s, \"/sys/fs/bpf/%c%d\"));\n",
		       expected ? "NE" : "EQ", v, kind, s->slot);
		break;
	case UNPIN_PROG: case UNPIN_LINK:
		printf("	unlink(\"/sys/fs/bpf/%c%d\");\n", kind, s->slot);
		break;
	case GET_PROG: case GET_LINK:
		if (expected)
			printf("	EXPECT_GT(0, bpf_obj_get(\"/sys/fs/bpf/%c%d\"));\n",
			       kind, s->slot);
		else
			printf("	%s = bpf_obj_get(\"/sys/fs/bpf/%c%d\");\n", v, kind,
			       s->slot);
		break;
	case DEV_ADD:
		print_ns(s->ns);
		printf("	ASSERT_EQ(0, run(\"ip link add fz%d index %u type veth peer name fp%d netns /proc/self/fd/%%d\", lab));\n",
		       s->dev, after.dev[s->dev].ifindex, s->dev);
		break;
	case DEV_DEL:
		print_ns(before.dev[s->dev].ns);
		printf("	ASSERT_EQ(0, run(\"ip link del fz%d\"));\n", s->dev);
		break;
	case DEV_MOVE:
		print_ns(before.dev[s->dev].ns);
		printf("	ASSERT_EQ(0, run(\"ip link set fz%d netns /proc/self/fd/%%d\", ns[%d]));\n",
		       s->dev, s->ns);
		break;
	case NS_ADD:
		printf("	ns[%d] = new_netns();\n", s->ns);
		break;
	case NS_DEL:
		print_ns(0);
		printf("	close(ns[%d]);\n	sleep(3);	/* its devices go */\n",
		       s->ns);
		break;
	case ENTER:
		printf("	/* process %d is in ns[%d] now */\n", s->proc, s->ns);
		break;
	case AUDIT:
		printf("	/* all hooks, links and programs are as they should be */\n");
		break;
	case TRAFFIC:
		printf("	/* a packet through fz%d %s %s", s->dev, type,
		       model_packet(&model, &model.dev[s->dev].hook[s->egress], met, &n,
				    &last) ? "passes after programs" : "is dropped after programs");
		for (i = 0; i < n; i++)
			printf(" %d", met[i]);
		printf(" */\n");
		break;
	}
	d = names_a_device(s) ? step_dev(&model, s) : -1;
	model = after;
	if (d >= 0)
		print_hook(d, s->egress);
	if (s->op == UPDATE && s->relative.kind == A_LINK &&
	    model.link[s->relative.slot].dev >= 0)
		print_hook(model.link[s->relative.slot].dev, model.link[s->relative.slot].egress);
}

static void print_test(const struct step *steps, int n, uint64_t seed)
{
	char why[sizeof(world.why)];
	int i;

	memcpy(why, world.why, sizeof(why));
	world_reset(&world, &model);
	model_reset(&model, model.mainline);
	printf("/* %s */\n", why);
	printf("#include \"../kselftest_harness.h\"\n#include \"tc_link_test.h\"\n\n");
	printf("#define NOT_OPEN %d\n\nTEST(seed_%llu)\n{\n", BAD_FD, (unsigned long long)seed);
	printf("	int p[%d][%d] = { [0 ... %d] = { [0 ... %d] = NOT_OPEN } };\n", PROCS,
	       PROGS, PROCS - 1, PROGS - 1);
	printf("	int l[%d][%d] = { [0 ... %d] = { [0 ... %d] = NOT_OPEN } };\n", PROCS,
	       LINKS, PROCS - 1, LINKS - 1);
	printf("	__u32 p_id[%d] = {}, l_id[%d] = {};\n", PROGS, LINKS);
	printf("	int lab = new_netns(), ns[%d] = { new_netns(), new_netns() };\n", NSES);
	printf("	int xdp = load_verdict_as(BPF_PROG_TYPE_XDP, 0, XDP_PASS, 0);\n");
	printf("	int filter = load_verdict_as(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, 0);\n");
	printf("	int xdp_link = link_create(xdp, if_nametoindex(\"lo\"), BPF_XDP, LAST);\n");
	printf("	int null = open(\"/dev/null\", O_RDWR);\n	struct hook hook;\n\n");
	printf("	ASSERT_EQ(0, private_bpffs());\n");
	printf("	(void)lab, (void)filter, (void)xdp_link, (void)null, (void)hook;\n");
	printf("	(void)p, (void)l, (void)p_id, (void)l_id, (void)ns;\n");
	for (i = 0; i < n; i++)
		if (step_makes_sense(&model, &steps[i]))
			print_step(&steps[i]);
	printf("}\n\nTEST_HARNESS_MAIN\n");
	model_reset(&model, model.mainline);
}

/* ---- main ---- */

static int keys_at_first[2];

/* The static keys of the hooks are released when no hook is in use */
static bool check_keys(void)
{
	static const char *const names[] = { "ingress_needed_key", "egress_needed_key" };
	int i, now;

	for (i = 0; i < 2; i++) {
		if (keys_at_first[i] < 0)
			continue;
		if (!IN_TIME(&world, (now = static_key(names[i])) <= keys_at_first[i]))
			return fail(&world, "%s is %d, was %d at the start, and no hook is in use",
				    names[i], now, keys_at_first[i]);
	}
	return true;
}

static int fuzz(uint64_t seed, long steps)
{
	static struct step round_steps[NSTEPS];
	uint64_t round_nr = 0;
	long done = 0, first = 0;
	int n, failed;
	bool ok = true;
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (!world_setup(&world))
		ksft_exit_fail_msg("%s\n", world.why);
	model_reset(&model, mainline_tcx());
	ksft_print_msg("seed %llu, %ld steps, the model of %s\n", (unsigned long long)seed, steps,
		       model.mainline ? "mainline" : "tc-link");
	/* each namespace has a marker, which is a link on lo's egress */
	keys_at_first[0] = static_key("ingress_needed_key");
	keys_at_first[1] = static_key("egress_needed_key");
	if (keys_at_first[0] < 0 || keys_at_first[1] < 0)
		ksft_print_msg("the static keys cannot be read and are not checked\n");

	while (ok && done < steps) {
		rng_state = seed * 1000003 + round_nr++;
		new_round();
		first = done;
		for (n = 0; ok && n < ROUND && done < steps; n++, done++) {
			next_step(&round_steps[n]);
			ok = do_step(&round_steps[n]);
			if (model.differs && round_steps[n].op != TRAFFIC) {
				n++, done++;
				break;
			}
		}
		if (!ok)
			break;
		ok = world_reset(&world, &model);
		model_reset(&model, model.mainline);
		if (ok && (round_nr == 1 || round_nr % 50 == 0 || done >= steps))
			ok = check_keys();
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

	n = done - first;
	ksft_print_msg("step %ld: %s\n", done, world.why);
	fflush(stdout);
	if (no_shrink)
		return 1;
	shrinking = true;
	world.patience = 2;
	failed = replay(round_steps, n);
	if (failed < 0) {
		ksft_print_msg("it does not fail again when replayed from the start of its round, step %ld\n",
			       first + 1);
		return 1;
	}
	if (failed < n)
		n = failed + 1;
	n = shrink(round_steps, n);
	replay(round_steps, n);
	ksft_print_msg("%d steps are enough: %s\n", n, world.why);
	print_test(round_steps, n, seed);
	return 1;
}

int main(int argc, char **argv)
{
	long steps = 20000;
	uint64_t seed = 1;
	int i, err;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--transcript")) {
			transcript = true;
		} else if (!strcmp(argv[i], "--no-shrink")) {
			no_shrink = true;
		} else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
			seed = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--steps") && i + 1 < argc) {
			steps = strtol(argv[++i], NULL, 0);
		} else {
			fprintf(stderr, "usage: fuzz [--seed N] [--steps N] [--transcript] [--no-shrink]\n");
			return 2;
		}
	}
	ksft_print_header();
	ksft_set_plan(1);
	err = fuzz(seed, steps);
	if (err)
		ksft_test_result_fail("%ld random steps\n", steps);
	else
		ksft_test_result_pass("%ld random steps\n", steps);
	err ? ksft_exit_fail() : ksft_exit_pass();
}
