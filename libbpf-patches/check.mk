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

# unpatched libbpfs as clients of the patched kernel, and how ours differs
CHECKS += libbpf-clients
$(eval $(call check,libbpf-clients,libbpf-patches/tests/clients/check,$(in-guest) \
	libbpf-patches/tests/clients Documentation/libbpf.md build/6.12/source.tar.xz build/%/libbpf \
	build/%/linux/tools/include))
