/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzzer expects of the kernel: processes, programs, links, devices and their
 * hooks as plain numbers, and for each command the answer that the documentation
 * promises. It makes no system call.
 *
 * Objects are known by their slots, not by ids or fds, so that the same steps mean the
 * same on every kernel.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <linux/bpf.h>

#define PROCS	3
#define NSES	3
#define DEVS	5
#define PROGS	76
#define LINKS	72
#define ROOM	63	/* programs on a hook */

/* after the slots: what each process has open from the start */
#define XDP_PROG	PROGS
#define FILTER_PROG	(PROGS + 1)
#define XDP_LINK	LINKS

#define PLACE_FLAGS	(BPF_F_BEFORE | BPF_F_AFTER | BPF_F_ID | BPF_F_LINK)
#define KNOWN_FLAGS	(PLACE_FLAGS | BPF_F_REPLACE)

enum op {
	LOAD, OPEN_PROG, OPEN_LINK, CLOSE_PROG, CLOSE_LINK,
	PIN_PROG, PIN_LINK, UNPIN_PROG, UNPIN_LINK, GET_PROG, GET_LINK,
	CREATE, UPDATE, LINK_DETACH, ATTACH, DETACH, QUERY,
	DEV_ADD, DEV_DEL, DEV_MOVE, DEV_DOWN, NS_ADD, NS_DEL, ENTER, DIE,
	AUDIT, TRAFFIC, OPS
};

/* What an fd or id in a command refers to */
enum kind {
	NOTHING,	/* 0 */
	A_PROG, A_LINK,	/* in a slot */
	AN_XDP_PROG, A_FILTER_PROG, AN_XDP_LINK,
	OTHER_FD,	/* open, but not a BPF object */
	BAD		/* an fd that is not open, an unused id */
};

struct ref {
	uint8_t kind, slot;
};

enum revision { ANY, CURRENT, OLDER, NEWER, HIGH_BITS };
enum device { DEV_SLOT, DEV_ZERO, DEV_NONE, DEV_ALL_ONES };

/* The buffers that QUERY does without */
#define NO_PROG_IDS	1
#define NO_LINK_IDS	2
#define NO_PROG_FLAGS	4
#define NO_LINK_FLAGS	8

struct step {
	uint8_t op, proc;
	uint8_t slot;		/* program or link that is opened, created or closed */
	uint8_t dev, dev_how;
	uint8_t egress;
	uint8_t ns;
	uint8_t revision;
	uint32_t flags;		/* QUERY: query_flags */
	uint32_t more;		/* QUERY: attach_flags */
	uint8_t room;		/* QUERY: count */
	uint8_t without;	/* QUERY: buffers */
	struct ref prog, relative, replace;	/* UPDATE: new program, link, old program */
};

struct entry {
	int16_t prog, link;	/* link: -1 if there is none */
};

struct mhook {
	uint64_t revision;
	int n;
	struct entry at[ROOM];
};

struct mprog {
	uint8_t fds;		/* one bit per process */
	bool pinned;
	int verdict;
};

struct mlink {
	uint8_t fds;
	bool pinned, was_pinned;
	int16_t prog;
	int8_t dev;		/* -1: detached */
	bool egress;
};

struct mdev {
	bool exists;
	bool renumbered;	/* the kernel has chosen a new ifindex for it */
	uint8_t ns;
	uint32_t ifindex;
	struct mhook hook[2];
};

struct model {
	bool mainline;
	struct mprog prog[PROGS];
	struct mlink link[LINKS];
	struct mdev dev[DEVS];
	bool ns[NSES];
	uint8_t at_home[PROCS];		/* the namespace of each process */
	/* why mainline differs at the last step: a row of the table in the documentation */
	const char *differs;
};

static inline void model_reset(struct model *m, bool mainline)
{
	int i;

	memset(m, 0, sizeof(*m));
	m->mainline = mainline;
	m->ns[0] = true;
	m->ns[1] = true;
	for (i = 0; i < LINKS; i++)
		m->link[i].dev = -1;
	for (i = 0; i < DEVS; i++) {
		m->dev[i].hook[0].revision = 1;
		m->dev[i].hook[1].revision = 1;
	}
}

/* ---- which objects exist ---- */

static inline bool link_alive(const struct model *m, int l)
{
	return m->link[l].fds || m->link[l].pinned;
}

static inline void living_progs(const struct model *m, bool alive[PROGS])
{
	const struct mhook *h;
	int i, d, e;

	for (i = 0; i < PROGS; i++)
		alive[i] = m->prog[i].fds || m->prog[i].pinned;
	for (i = 0; i < LINKS; i++)
		if (link_alive(m, i))
			alive[m->link[i].prog] = true;
	for (d = 0; d < DEVS; d++) {
		for (e = 0; e < 2 && m->dev[d].exists; e++) {
			h = &m->dev[d].hook[e];
			for (i = 0; i < h->n; i++)
				alive[h->at[i].prog] = true;
		}
	}
}

static inline bool prog_alive(const struct model *m, int p)
{
	bool alive[PROGS];

	living_progs(m, alive);
	return alive[p];
}

/* ---- the programs of a hook ---- */

static inline int find_prog(const struct mhook *h, int prog)
{
	int i;

	for (i = 0; i < h->n; i++)
		if (h->at[i].prog == prog)
			return i;
	return -1;
}

static inline int find_link(const struct mhook *h, int link)
{
	int i;

	for (i = 0; i < h->n; i++)
		if (h->at[i].link == link)
			return i;
	return -1;
}

static inline void hook_insert(struct mhook *h, int pos, int prog, int link)
{
	memmove(&h->at[pos + 1], &h->at[pos], (h->n - pos) * sizeof(h->at[0]));
	h->at[pos].prog = prog;
	h->at[pos].link = link;
	h->n++;
	h->revision++;
}

static inline void hook_remove(struct mhook *h, int pos)
{
	h->n--;
	memmove(&h->at[pos], &h->at[pos + 1], (h->n - pos) * sizeof(h->at[0]));
	h->revision++;
	/* an empty hook starts again */
	if (!h->n)
		h->revision = 1;
}

static inline struct mhook *link_hook(struct model *m, int l)
{
	struct mlink *link = &m->link[l];

	return link->dev < 0 ? NULL : &m->dev[link->dev].hook[link->egress];
}

static inline void model_link_detach(struct model *m, int l)
{
	struct mhook *h = link_hook(m, l);

	if (h)
		hook_remove(h, find_link(h, l));
	m->link[l].dev = -1;
}

static inline void model_link_put(struct model *m, int l)
{
	if (!link_alive(m, l))
		model_link_detach(m, l);
}

static inline void model_dev_gone(struct model *m, int d)
{
	int l;

	for (l = 0; l < LINKS; l++)
		if (m->link[l].dev == d)
			m->link[l].dev = -1;
	memset(&m->dev[d], 0, sizeof(m->dev[d]));
	m->dev[d].hook[0].revision = 1;
	m->dev[d].hook[1].revision = 1;
}

/* ---- what an fd or an id refers to: the slot of a program or of a link, or -errno ---- */

static inline bool is_open(const struct model *m, int proc, struct ref r)
{
	uint8_t fds = r.kind == A_LINK ? m->link[r.slot].fds : m->prog[r.slot].fds;

	return fds >> proc & 1;
}

static inline int by_fd(const struct model *m, int proc, struct ref r, bool link)
{
	switch (r.kind) {
	case A_PROG: case A_LINK:
		if (!is_open(m, proc, r))
			return -EBADF;
		return link == (r.kind == A_LINK) ? r.slot : -EINVAL;
	case AN_XDP_PROG:
		return link ? -EINVAL : XDP_PROG;
	case A_FILTER_PROG:
		return link ? -EINVAL : FILTER_PROG;
	case AN_XDP_LINK:
		return link ? XDP_LINK : -EINVAL;
	case BAD:
		return -EBADF;
	default:	/* fd 0 is open, but it is neither */
		return -EINVAL;
	}
}

static inline int by_id(const struct model *m, struct ref r, bool link)
{
	switch (r.kind) {
	case A_PROG:
		return !link && prog_alive(m, r.slot) ? r.slot : -ENOENT;
	case A_LINK:
		return link && link_alive(m, r.slot) ? r.slot : -ENOENT;
	case AN_XDP_PROG:
		return link ? -ENOENT : XDP_PROG;
	case A_FILTER_PROG:
		return link ? -ENOENT : FILTER_PROG;
	case AN_XDP_LINK:
		return link ? XDP_LINK : -ENOENT;
	default:
		return -ENOENT;
	}
}

/* The programs in slots, and only those, are of type SCHED_CLS */
static inline int cls_by_fd(const struct model *m, int proc, struct ref r)
{
	int prog = by_fd(m, proc, r, false);

	return prog >= PROGS ? -EINVAL : prog;
}

/* The ifindex that a step passes */
static inline uint32_t step_ifindex(const struct model *m, const struct step *s)
{
	const struct mdev *d = &m->dev[s->dev];

	switch (s->dev_how) {
	case DEV_ZERO:
		return 0;
	case DEV_ALL_ONES:
		return ~0u;
	case DEV_SLOT:
		/*
		 * another kernel may have chosen another ifindex, which may be in use
		 * here
		 */
		if (d->exists && !(d->renumbered && d->ns != m->at_home[s->proc]))
			return d->ifindex;
		/* fall through */
	default:
		return 0x7ffffff0;
	}
}

/* The device that a step refers to in the namespace of its process, or -1 */
static inline int step_dev(const struct model *m, const struct step *s)
{
	uint32_t ifindex = step_ifindex(m, s);
	int d;

	for (d = 0; d < DEVS; d++)
		if (m->dev[d].exists && m->dev[d].ns == m->at_home[s->proc] &&
		    m->dev[d].ifindex == ifindex)
			return d;
	return -1;
}

static inline uint64_t step_revision(const struct model *m, const struct step *s)
{
	int d = step_dev(m, s);
	uint64_t now = d < 0 ? 1 : m->dev[d].hook[s->egress].revision;

	switch (s->revision) {
	case CURRENT:
		return now;
	case OLDER:
		return now - 1;		/* 0 is "any" */
	case NEWER:
		return now + 1;
	case HIGH_BITS:
		return now | 1ULL << 32;
	default:
		return 0;
	}
}

/* ---- positions ---- */

struct relative {
	bool is_link, given;
	int slot;
};

static inline int find_relative(const struct mhook *h, const struct relative *r)
{
	return r->is_link ? find_link(h, r->slot) : find_prog(h, r->slot);
}

/* @any_type: accept an object of any type, which then is not on the hook */
static inline int get_relative(const struct model *m, const struct step *s,
			       bool any_type, struct relative *r)
{
	bool id = s->flags & BPF_F_ID;

	r->is_link = s->flags & BPF_F_LINK;
	r->given = r->is_link || id || s->relative.kind != NOTHING;
	if (!r->given)
		return 0;
	r->slot = id ? by_id(m, s->relative, r->is_link) :
		       by_fd(m, s->proc, s->relative, r->is_link);
	if (r->slot < 0)
		return r->slot;
	/* behind the slots are objects of other types */
	return r->slot >= (r->is_link ? LINKS : PROGS) && !any_type ? -EINVAL : 0;
}

#define NOWHERE	-2

/*
 * Applies BEFORE and AFTER to *pos, a position or NOWHERE. They name the position
 * before or after the relative object, which at the ends of the hook is -1 or n.
 */
static inline int narrow(const struct mhook *h, uint32_t flags,
			 const struct relative *r, int *pos)
{
	int at = r->given ? find_relative(h, r) : -1, side, place;

	for (side = 0; side < 2; side++) {
		if (!(flags & (side ? BPF_F_AFTER : BPF_F_BEFORE)))
			continue;
		if (r->given && at < 0)
			return -ENOENT;
		if (r->given)
			place = side ? at + 1 : at - 1;
		else
			place = side ? h->n : -1;
		if (*pos != NOWHERE && *pos != place)
			return -ERANGE;
		*pos = place;
	}
	return 0;
}

/*
 * Attaches @prog to @h as the step says, owned by the link in slot @link if that is not
 * -1
 */
static inline int model_attach(struct model *m, const struct step *s, struct mhook *h,
			       int prog, int link, int replace)
{
	uint64_t revision = step_revision(m, s);
	struct relative r = {};
	int pos = NOWHERE, err;

	if (revision && revision != h->revision)
		return -ESTALE;
	if (find_prog(h, prog) >= 0)
		return -EEXIST;
	err = get_relative(m, s, false, &r);
	if (err)
		return err;
	if (s->flags & BPF_F_REPLACE) {
		pos = find_prog(h, replace);
		if (pos < 0)
			return -ENOENT;
		if (h->at[pos].link >= 0)
			return -EBUSY;
	} else if (h->n == ROOM) {
		return -ERANGE;
	}
	err = narrow(h, s->flags, &r, &pos);
	if (err)
		return err;
	if (pos == NOWHERE) {
		if (r.given || s->flags)
			return -EINVAL;
		pos = h->n;
	}
	if (s->flags & ~KNOWN_FLAGS) {
		m->differs = "unknown flags of BPF_LINK_CREATE";
		if (!m->mainline)
			return -EINVAL;
	}
	if (s->flags & BPF_F_REPLACE) {
		h->at[pos].prog = prog;
		h->revision++;
		return 0;
	}
	if (s->flags & BPF_F_BEFORE)
		pos++;
	hook_insert(h, pos, prog, link);
	return 0;
}

static inline int model_create(struct model *m, const struct step *s)
{
	struct mlink *link = &m->link[s->slot];
	int prog, dev, err;

	prog = cls_by_fd(m, s->proc, s->prog);
	if (prog < 0)
		return prog;
	dev = step_dev(m, s);
	if (dev < 0)
		return -ENODEV;
	err = model_attach(m, s, &m->dev[dev].hook[s->egress], prog, s->slot, -1);
	if (err)
		return err;
	link->prog = prog;
	link->dev = dev;
	link->egress = s->egress;
	link->fds = 1 << s->proc;
	link->was_pinned = false;
	return 0;
}

static inline int model_prog_attach(struct model *m, const struct step *s)
{
	int prog, dev, replace = -1;

	if (s->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	prog = cls_by_fd(m, s->proc, s->prog);
	if (prog < 0)
		return prog;
	dev = step_dev(m, s);
	if (dev < 0)
		return -ENODEV;
	if (s->flags & BPF_F_REPLACE) {
		replace = cls_by_fd(m, s->proc, s->replace);
		if (replace < 0)
			return replace;
	}
	return model_attach(m, s, &m->dev[dev].hook[s->egress], prog, -1, replace);
}

static inline int model_prog_detach(struct model *m, const struct step *s)
{
	uint64_t revision = step_revision(m, s);
	int prog = -1, dev, pos = NOWHERE, err;
	struct relative r = {};
	struct mhook *h;

	if (s->flags & ~KNOWN_FLAGS)
		return -EINVAL;
	if (s->prog.kind != NOTHING) {
		prog = cls_by_fd(m, s->proc, s->prog);
		if (prog < 0)
			return prog;
	}
	dev = step_dev(m, s);
	if (dev < 0)
		return -ENODEV;
	h = &m->dev[dev].hook[s->egress];
	if (!h->n)
		return -ENOENT;
	if (s->flags & BPF_F_REPLACE)
		return -EINVAL;
	if (revision && revision != h->revision)
		return -ESTALE;
	err = get_relative(m, s, prog < 0, &r);
	if (err)
		return err;
	if (prog >= 0) {
		pos = find_prog(h, prog);
		if (pos < 0)
			return -ENOENT;
		if (h->at[pos].link >= 0)
			return -EBUSY;
	}
	err = narrow(h, s->flags, &r, &pos);
	if (err)
		return err;
	if (pos == NOWHERE) {
		if (r.given || s->flags)
			return -EINVAL;
		pos = h->n;
	}
	/* before the first means the first, after the last the last */
	if (pos < 0)
		pos = 0;
	if (pos == ROOM) {
		m->differs = "BPF_PROG_DETACH of the last of 63 programs by its place";
		if (m->mainline)
			return -ERANGE;
	}
	if (pos == h->n)
		pos--;
	if (h->at[pos].link >= 0)
		return -EBUSY;
	hook_remove(h, pos);
	return 0;
}

static inline int model_update(struct model *m, const struct step *s)
{
	int link, new, old = -1;
	struct mhook *h;

	if (s->flags & ~BPF_F_REPLACE)
		return -EINVAL;
	link = by_fd(m, s->proc, s->relative, true);
	if (link < 0)
		return link;
	new = by_fd(m, s->proc, s->prog, false);
	if (new < 0)
		return new;
	if (s->flags & BPF_F_REPLACE) {
		old = by_fd(m, s->proc, s->replace, false);
		if (old < 0)
			return old;
	} else if (s->replace.kind != NOTHING) {
		return -EINVAL;
	}
	if (link == XDP_LINK)
		return -EOPNOTSUPP;	/* the fuzzer never does this */
	h = link_hook(m, link);
	if (!h)
		return -ENOLINK;
	if (old >= 0 && m->link[link].prog != old)
		return -EPERM;
	if (new >= PROGS)
		return -EINVAL;
	if (m->link[link].prog == new)
		return 0;
	if (find_prog(h, new) >= 0)
		return -EEXIST;
	h->at[find_link(h, link)].prog = new;
	h->revision++;
	m->link[link].prog = new;
	return 0;
}

static inline int model_query(struct model *m, const struct step *s)
{
	struct mhook *h;
	int dev;

	if (s->flags & ~BPF_F_QUERY_EFFECTIVE)
		return -EINVAL;
	dev = step_dev(m, s);
	if (dev < 0)
		return -ENODEV;
	if (s->flags || s->more)
		return -EINVAL;
	h = &m->dev[dev].hook[s->egress];
	if (s->without & NO_PROG_IDS)
		return 0;
	return s->room && s->room < h->n ? -ENOSPC : 0;
}

/* Opens, closes and pins. @fds and @pinned belong to the object. */
static inline int model_fd(const struct step *s, bool alive, uint8_t *fds, bool *pinned)
{
	uint8_t mine = 1 << s->proc;

	switch (s->op) {
	case OPEN_PROG: case OPEN_LINK:
		if (!alive)
			return -ENOENT;
		*fds |= mine;
		return 0;
	case GET_PROG: case GET_LINK:
		if (!*pinned)
			return -ENOENT;
		*fds |= mine;
		return 0;
	case CLOSE_PROG: case CLOSE_LINK:
		if (!(*fds & mine))
			return -EBADF;
		*fds &= ~mine;
		return 0;
	case PIN_PROG: case PIN_LINK:
		if (!(*fds & mine))
			return -EINVAL;
		if (*pinned)
			return -EEXIST;
		*pinned = true;
		return 0;
	case UNPIN_PROG: case UNPIN_LINK:
		if (!*pinned)
			return -ENOENT;
		*pinned = false;
		return 0;
	}
	return 0;
}

/* The process is killed, and another one takes its place */
static inline void model_die(struct model *m, int proc)
{
	uint8_t others = ~(1 << proc);
	int i;

	for (i = 0; i < PROGS; i++)
		m->prog[i].fds &= others;
	for (i = 0; i < LINKS; i++) {
		m->link[i].fds &= others;
		model_link_put(m, i);
	}
	m->at_home[proc] = 0;
}

static inline int free_ifindex(const struct model *m, int dev, int ns)
{
	int index = 100 + dev / 2, d;	/* two devices have the same, in different namespaces */

	for (d = 0; d < DEVS; d++)
		if (m->dev[d].exists && m->dev[d].ns == ns && m->dev[d].ifindex == index)
			return 200 + dev;
	return index;
}

/* Performs the step, and returns what the kernel must answer */
static inline int model_step(struct model *m, const struct step *s)
{
	int ret, i;

	m->differs = NULL;
	switch (s->op) {
	case LOAD:
		m->prog[s->slot].fds = 1 << s->proc;
		m->prog[s->slot].verdict = (int)s->more;
		return 0;
	case OPEN_PROG: case CLOSE_PROG: case PIN_PROG: case UNPIN_PROG: case GET_PROG:
		return model_fd(s, prog_alive(m, s->slot), &m->prog[s->slot].fds,
				&m->prog[s->slot].pinned);
	case OPEN_LINK: case CLOSE_LINK: case PIN_LINK: case UNPIN_LINK: case GET_LINK:
		ret = model_fd(s, link_alive(m, s->slot), &m->link[s->slot].fds,
			       &m->link[s->slot].pinned);
		m->link[s->slot].was_pinned |= m->link[s->slot].pinned;
		model_link_put(m, s->slot);
		return ret;
	case CREATE:
		return model_create(m, s);
	case UPDATE:
		return model_update(m, s);
	case LINK_DETACH:
		ret = by_fd(m, s->proc, s->relative, true);
		if (ret >= 0 && ret < LINKS)
			model_link_detach(m, ret);
		return ret < 0 ? ret : 0;
	case ATTACH:
		return model_prog_attach(m, s);
	case DETACH:
		return model_prog_detach(m, s);
	case QUERY:
		return model_query(m, s);
	case DEV_ADD:
		m->dev[s->dev].ifindex = free_ifindex(m, s->dev, s->ns);
		m->dev[s->dev].renumbered = false;
		m->dev[s->dev].exists = true;
		m->dev[s->dev].ns = s->ns;
		return 0;
	case DEV_DEL:
		model_dev_gone(m, s->dev);
		return 0;
	case DEV_MOVE:
		for (i = 0; i < DEVS; i++)
			if (i != s->dev && m->dev[i].exists && m->dev[i].ns == s->ns &&
			    m->dev[i].ifindex == m->dev[s->dev].ifindex)
				m->dev[s->dev].renumbered = true;
		m->dev[s->dev].ns = s->ns;
		return 0;
	case NS_ADD:
		m->ns[s->ns] = true;
		return 0;
	case NS_DEL:
		m->ns[s->ns] = false;
		for (i = 0; i < DEVS; i++)
			if (m->dev[i].exists && m->dev[i].ns == s->ns)
				model_dev_gone(m, i);
		return 0;
	case ENTER:
		m->at_home[s->proc] = s->ns;
		return 0;
	case DIE:
		model_die(m, s->proc);
		return 0;
	}
	return 0;
}

/* False if the step is impossible now, as some in a shrunk sequence are */
static inline bool step_makes_sense(const struct model *m, const struct step *s)
{
	int i;

	switch (s->op) {
	case LOAD:
		return !prog_alive(m, s->slot);
	case CREATE:
		return !link_alive(m, s->slot);
	case OPEN_PROG: case GET_PROG:
		return !(m->prog[s->slot].fds >> s->proc & 1);
	case OPEN_LINK: case GET_LINK:
		return !(m->link[s->slot].fds >> s->proc & 1);
	case DEV_ADD:
		return m->ns[s->ns] && !m->dev[s->dev].exists;
	case DEV_DEL: case DEV_DOWN: case TRAFFIC:
		return m->dev[s->dev].exists;
	case DEV_MOVE:
		return m->dev[s->dev].exists && m->ns[s->ns] && m->dev[s->dev].ns != s->ns;
	case NS_ADD:
		return !m->ns[s->ns];
	case NS_DEL:
		for (i = 0; i < PROCS; i++)
			if (m->at_home[i] == s->ns)
				return false;
		return s->ns && m->ns[s->ns];
	case ENTER:
		return m->ns[s->ns] && m->at_home[s->proc] != s->ns;
	}
	return true;
}

/* ---- packets ---- */

/* What becomes of a packet */
struct fate {
	bool passes;
	int said;		/* what send() returns */
	int n, met[ROOM];	/* the programs that run */
};

static inline void model_packet(struct model *m, int dev, int egress, struct fate *fate)
{
	const struct mhook *h = &m->dev[dev].hook[egress];
	bool passes, mainline_passes;
	int i, verdict = -1;

	m->differs = NULL;
	fate->n = 0;
	for (i = 0; i < h->n; i++) {
		fate->met[fate->n++] = h->at[i].prog;
		verdict = m->prog[h->at[i].prog].verdict;
		/*
		 * TC_ACT_OK, _SHOT, _STOLEN, _REDIRECT, _TRAP; for mainline, all but
		 * UNSPEC
		 */
		if (verdict == 0 || verdict == 2 || verdict == 4 || verdict == 7 ||
		    verdict == 8)
			break;
		if (verdict != -1) {
			m->differs = "an unknown verdict";
			if (m->mainline)
				break;
		}
	}
	fate->said = egress && verdict == 2 ? -ENOBUFS : 0;
	passes = verdict != 2 && verdict != 4 && verdict != 7 && verdict != 8;
	mainline_passes = verdict != 2 && verdict != 7;
	if (passes != mainline_passes)
		m->differs = "TC_ACT_STOLEN, TC_ACT_TRAP";
	fate->passes = m->mainline ? mainline_passes : passes;
}

#endif
