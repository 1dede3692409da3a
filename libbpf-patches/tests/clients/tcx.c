// SPDX-License-Identifier: GPL-2.0
/*
 * A client of mainline's tcx as mainline's libbpf has it: attach_tcx, order, query,
 * update, pin, reopen. Built against an unpatched libbpf 1.3 or newer.
 *
 * usage: tcx DEV OBJECT
 */
#include <net/if.h>
#include <unistd.h>
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "client.h"

static __u32 id_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &len) ? 0 : info.id;
}

int main(int argc, char **argv)
{
	struct bpf_program *first, *second, *third, *out;
	LIBBPF_OPTS(bpf_prog_query_opts, query);
	LIBBPF_OPTS(bpf_prog_attach_opts, attach);
	LIBBPF_OPTS(bpf_prog_detach_opts, detach);
	LIBBPF_OPTS(bpf_tcx_opts, opts);
	struct bpf_link *a, *b, *c;
	struct bpf_link_info info = {};
	__u32 progs[8] = {}, links[8] = {}, len = sizeof(info);
	struct bpf_object *obj;
	int ifindex;

	if (argc != 3)
		return 2;
	ifindex = if_nametoindex(argv[1]);
	obj = bpf_object__open(argv[2]);
	if (!check(obj && !bpf_object__load(obj), "the object is loaded"))
		return 1;
	first = bpf_object__find_program_by_name(obj, "first");
	second = bpf_object__find_program_by_name(obj, "second");
	third = bpf_object__find_program_by_name(obj, "third");
	out = bpf_object__find_program_by_name(obj, "out");

	a = bpf_program__attach_tcx(first, ifindex, NULL);
	check(!!a, "attach_tcx attaches to ingress");
	check(!bpf_program__attach_tcx(first, ifindex, NULL) && errno == EEXIST, "but not twice");
	check(!bpf_program__attach_tcx(second, ~0, NULL) && errno == ENODEV, "nor to no device");
	opts.flags = BPF_F_BEFORE | BPF_F_LINK;
	opts.relative_fd = bpf_link__fd(a);
	opts.expected_revision = 7;
	check(!bpf_program__attach_tcx(second, ifindex, &opts) && errno == ESTALE, "nor at another revision");
	opts.expected_revision = 2;
	b = bpf_program__attach_tcx(second, ifindex, &opts);
	check(!!b, "attach_tcx attaches before a link");
	c = bpf_program__attach_tcx(out, ifindex, NULL);
	check(!!c, "attach_tcx attaches to egress");

	query.prog_ids = progs;
	query.link_ids = links;
	query.count = 8;
	check(!bpf_prog_query_opts(ifindex, BPF_TCX_INGRESS, &query), "the hook is queried");
	check(query.count == 2 && query.revision == 3, "it has two programs, and revision 3");
	check(progs[0] == id_of(second) && progs[1] == id_of(first), "in that order");
	check(!bpf_link_get_info_by_fd(bpf_link__fd(b), &info, &len) &&
	      info.type == BPF_LINK_TYPE_TCX && info.id == links[0] &&
	      info.tcx.ifindex == ifindex && info.tcx.attach_type == BPF_TCX_INGRESS,
	      "the link says what it is");

	check(!bpf_link__pin(b, PIN) && !bpf_link__destroy(b), "a link is pinned");
	b = bpf_link__open(PIN);
	check(!!b, "and opened again");
	check(bpf_link__update_program(b, first) && errno == EEXIST, "not updated to a program that is there");
	check(!bpf_link__update_program(b, third), "updated");
	query.count = 8;
	check(!bpf_prog_query_opts(ifindex, BPF_TCX_INGRESS, &query) && query.count == 2 &&
	      progs[0] == id_of(third) && links[0] == info.id && progs[1] == id_of(first),
	      "to the program that a query then shows");

	attach.flags = BPF_F_AFTER;
	attach.relative_fd = bpf_program__fd(third);
	check(!bpf_prog_attach_opts(bpf_program__fd(second), ifindex, BPF_TCX_INGRESS, &attach),
	      "a program is attached after another one, without a link");
	query.count = 8;
	check(!bpf_prog_query_opts(ifindex, BPF_TCX_INGRESS, &query) && query.count == 3 &&
	      progs[1] == id_of(second) && !links[1], "a query shows it there");
	detach.expected_revision = query.revision;
	check(!bpf_prog_detach_opts(bpf_program__fd(second), ifindex, BPF_TCX_INGRESS, &detach),
	      "it is detached at the revision of the query");
	check(!bpf_link__destroy(a) && !bpf_link__detach(b), "one is closed, the other detached");
	check(bpf_link__update_program(b, first) && errno == ENOLINK, "then an update is ENOLINK");
	check(!bpf_link__unpin(b) && !bpf_link__destroy(b) && !bpf_link__destroy(c), "all are released");
	query.count = 8;
	check(!bpf_prog_query_opts(ifindex, BPF_TCX_INGRESS, &query) && !query.count, "and nothing is left");
	printf("1..%d\n", cases);
	return failures != 0;
}
