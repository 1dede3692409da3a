// SPDX-License-Identifier: GPL-2.0
/*
 * A client in the style of before libbpf 1.3: numbers instead of names, and
 * bpf_link_create() without options. Built against Debian 12's libbpf 1.1.
 *
 * usage: old DEV OBJECT
 */
#include <net/if.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "client.h"

#define TCX_INGRESS 46
#define TCX_EGRESS 47

static __u32 id_of(const struct bpf_program *prog)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len) ? 0 : info.id;
}

static __u32 prog_of(int link)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(link, &info, &len) ? 0 : info.prog_id;
}

int main(int argc, char **argv)
{
	struct bpf_program *first, *second;
	struct bpf_object *obj;
	struct bpf_program *prog;
	int ifindex, a, b;

	if (argc != 3)
		return 2;
	ifindex = if_nametoindex(argv[1]);
	obj = bpf_object__open(argv[2]);
	if (!check(!!obj, "the object is opened"))
		return 1;
	/* this release does not know the sections */
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
	if (!check(!bpf_object__load(obj), "and loaded"))
		return 1;
	first = bpf_object__find_program_by_name(obj, "first");
	second = bpf_object__find_program_by_name(obj, "second");

	check(bpf_link_create(bpf_program__fd(first), ~0U, TCX_INGRESS, NULL) < 0 && errno == ENODEV,
	      "the kernel has tcx");
	a = bpf_link_create(bpf_program__fd(first), ifindex, TCX_INGRESS, NULL);
	check(a >= 0, "bpf_link_create attaches to ingress");
	check(bpf_link_create(bpf_program__fd(first), ifindex, TCX_INGRESS, NULL) < 0 && errno == EEXIST,
	      "but not twice");
	b = bpf_link_create(bpf_program__fd(first), ifindex, TCX_EGRESS, NULL);
	check(b >= 0, "and to egress");
	check(!bpf_link_update(a, bpf_program__fd(second), NULL), "a link is updated");
	check(prog_of(a) && prog_of(a) == id_of(second), "and has the other program");
	check(!bpf_obj_pin(a, PIN) && !close(a), "pinned and closed");
	a = bpf_obj_get(PIN);
	check(a >= 0 && !unlink(PIN), "and opened again");
	check(!bpf_link_detach(a) && !bpf_link_detach(b), "detached");
	check(bpf_link_update(a, bpf_program__fd(first), NULL) && errno == ENOLINK,
	      "then an update is ENOLINK");
	printf("1..%d\n", cases);
	return failures != 0;
}
