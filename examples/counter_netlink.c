// SPDX-License-Identifier: GPL-2.0
/*
 * The counter of counter.c, attached by netlink: by cls_bpf filters on a clsact
 * qdisc, which every kernel has. Nobody owns a filter. So the program has to remove
 * its own, and only those; and if it was killed, somebody has to do so later.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "count.skel.h"
#include "die.h"
#include "rates.h"

static const char usage[] =
	"usage: counter_netlink DEV [SECONDS]\n"
	"       counter_netlink --clean DEV\n"
	"Shows how many packets and bytes enter and leave the network device DEV, every\n"
	"second or every SECONDS, until Ctrl-C. Whatever else is attached to DEV is left\n"
	"alone. --clean removes the filters of a counter_netlink that was killed; it cannot\n"
	"tell them from those of one that still runs.\n";

static char said[512];	/* the cause of the last failure, as libbpf logged it */

/* One side of the device, and our filter there */
struct side {
	const char *name;	/* of the program */
	int prog_fd;
	struct bpf_tc_hook hook;
	struct bpf_tc_opts opts;
};

/* libbpf logs a failure in a line that ends in the cause. */
static int keep_cause(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[512], *cause;

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = 0;
	cause = strstr(line, "of ifindex ");
	cause = cause ? strstr(cause, ": ") : NULL;
	snprintf(said, sizeof(said), "%s", cause ? cause + 2 : line);
	return 0;
}

static int failed(const char *what, const char *name, int err)
{
	error("cannot %s %s: %s", what, name, said[0] ? said : strerror(-err));
	return err;
}

static int attach(struct side *side)
{
	int err;

	side->opts.prog_fd = side->prog_fd;
	err = bpf_tc_attach(&side->hook, &side->opts);
	return err ? failed("attach", side->name, err) : 0;
}

/* Is it still there, and still ours? */
static int check(const struct side *side, const char *dev)
{
	struct bpf_tc_opts now = side->opts;
	int err = bpf_tc_query(&side->hook, &now);

	if (!err && now.prog_id == side->opts.prog_id)
		return 0;
	error("%s is gone, or somebody removed or replaced the filter %s", dev, side->name);
	return -1;
}

/* attach() has set prog_id, so the filter is removed only if it holds our program. */
static int detach(struct side *side)
{
	int err = side->opts.prog_id ? bpf_tc_detach(&side->hook, &side->opts) : 0;

	if (!err || err == -ENOENT || err == -EEXIST || err == -ENODEV)
		return 0;
	return failed("remove", side->name, err);
}

/* A window remains. A loader that has found the qdisc, and not attached its filter yet,
 * fails; a filter that comes after libbpf has looked for some goes with the qdisc. If
 * that matters, leave the qdisc: it does no harm.
 */
static int destroy_unused(const struct bpf_tc_hook *hook)
{
	int err = bpf_tc_hook_destroy_unused(hook);

	/* somebody else uses it, or it is gone, or it is an ingress qdisc, which is not ours */
	if (!err || err == -ENOTEMPTY || err == -ENOENT || err == -EBUSY || err == -ENODEV)
		return 0;
	return failed("remove", "the clsact qdisc", err);
}

struct remove {
	struct bpf_prog_info info;
	int removed;
};

/* The tag is a hash of the program's instructions. A name proves nothing: the kernel
 * keeps 15 characters of it, and anybody can choose the same.
 */
static int remove_ours(const struct bpf_tc_filter *filter, void *ctx)
{
	struct remove *remove = ctx;
	int err;

	if (memcmp(filter->tag, remove->info.tag, sizeof(filter->tag)))
		return 0;
	err = bpf_tc_remove(filter);
	if (!err)
		remove->removed++;
	return err == -ENOENT || err == -EEXIST ? 0 : err;
}

static int clean(const struct side sides[2], const char *dev)
{
	struct remove remove = {};
	int i, err;

	for (i = 0; i < 2; i++) {
		__u32 len = sizeof(remove.info);

		memset(&remove.info, 0, len);
		if (bpf_obj_get_info_by_fd(sides[i].prog_fd, &remove.info, &len))
			return failed("query", sides[i].name, -errno);
		err = bpf_tc_for_each(&sides[i].hook, remove_ours, &remove);
		if (err)
			return failed("remove", sides[i].name, err);
	}
	printf("%s: removed %d filters\n", dev, remove.removed);
	return remove.removed ? destroy_unused(&sides[0].hook) : 0;
}

static int count(struct side sides[2], const struct args *args, int traffic)
{
	struct bpf_tc_hook both = sides[0].hook;
	int err, create_err;

	both.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	create_err = bpf_tc_hook_create(&both);
	if (create_err && create_err != -EEXIST)
		return failed("create a clsact qdisc on", args->dev, create_err);

	err = attach(&sides[0]) ?: attach(&sides[1]);
	while (!err && rates_wait(args->interval))
		err = check(&sides[0], args->dev) ?: check(&sides[1], args->dev) ?:
		      rates_print(traffic);
	err = rates_print_total(traffic) ?: err;

	err = detach(&sides[0]) ?: err;
	err = detach(&sides[1]) ?: err;
	/* if it was there before, somebody else may need it */
	if (!create_err)
		err = destroy_unused(&both) ?: err;
	return err;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_tc_hook, hook);
	LIBBPF_OPTS(bpf_tc_opts, opts);
	bool cleaning = argc == 3 && !strcmp(argv[1], "--clean");
	struct args args = args_parse(argc - cleaning, argv + cleaning, usage);
	struct side sides[2] = {
		{ .name = "count_ingress", .hook = hook, .opts = opts },
		{ .name = "count_egress", .hook = hook, .opts = opts },
	};
	struct count_bpf *skel;
	int err;

	sides[0].hook.attach_point = BPF_TC_INGRESS;
	sides[1].hook.attach_point = BPF_TC_EGRESS;
	sides[0].hook.ifindex = sides[1].hook.ifindex = args.ifindex;

	rates_start();
	libbpf_set_print(keep_cause);
	skel = count_bpf__open();
	err = skel ? count_bpf__load(skel) : -errno;
	if (err)
		die("cannot load the program: %s", err == -EPERM ? NOT_PERMITTED : strerror(-err));
	sides[0].prog_fd = bpf_program__fd(skel->progs.count_ingress);
	sides[1].prog_fd = bpf_program__fd(skel->progs.count_egress);

	err = cleaning ? clean(sides, args.dev) :
			 count(sides, &args, bpf_map__fd(skel->maps.traffic));

	count_bpf__destroy(skel);
	return err ? 1 : 0;
}
