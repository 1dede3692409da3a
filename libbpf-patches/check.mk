# SPDX-License-Identifier: GPL-2.0
# libbpf on the host: answers of all kinds, fuzzing, symbols, patches
CHECKS += libbpf
$(eval $(call check,libbpf,libbpf-patches/tests/check,$(series-sources) \
	build/%/libbpf build/%/original/tools/lib \
	build/%/linux/tools/lib build/%/linux/tools/include))

# libbpf's selftests in the guest under valgrind and sanitizers
CHECKS += libbpf-sanitizers
$(eval $(call check,libbpf-sanitizers,libbpf-patches/tests/check-sanitizers,$(in-guest) \
	build/%/bpftool build/%/selftests build/%/linux/tools))
