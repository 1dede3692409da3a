// SPDX-License-Identifier: GPL-2.0
/*
 * A user of the tc API of stock libbpf, to be compiled with its headers: what it
 * uses is all that these have. Needs no privileges; what it can see of the
 * functions is how they refuse.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include <bpf/libbpf.h>

#define EXPECT(condition) do {							\
	if (!(condition)) {							\
		printf("expected %s\n", #condition);				\
		failed = 1;							\
	}									\
} while (0)

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

int main(void)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_INGRESS);
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, custom, .ifindex = 1, .attach_point = BPF_TC_CUSTOM,
			    .parent = BPF_TC_PARENT(1, 2));
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .flags = BPF_TC_F_REPLACE);
	int failed = 0;

	libbpf_set_print(quiet);
	EXPECT(sizeof(hook) == 24 && sizeof(opts) == 32);
	EXPECT(offsetof(struct bpf_tc_hook, parent) == 16);
	EXPECT(offsetof(struct bpf_tc_opts, priority) == 24);
	EXPECT(custom.parent == 0x10002);
	EXPECT(bpf_tc_hook_create(&custom) == -EOPNOTSUPP && errno == EOPNOTSUPP);
	EXPECT(bpf_tc_hook_destroy(&custom) == -EOPNOTSUPP);
	EXPECT(bpf_tc_attach(&hook, &opts) == -EINVAL && errno == EINVAL);
	EXPECT(bpf_tc_detach(&hook, &opts) == -EINVAL);
	EXPECT(bpf_tc_query(&hook, &opts) == -EINVAL);
	return failed;
}
