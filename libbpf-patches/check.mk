# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += libbpf-check

.PHONY: libbpf-check
libbpf-check: ## libbpf on the host: answers of all kinds, fuzzing, symbols, patches
	@$(MAKE) -s --no-print-directory -C libbpf-patches/tests check TREE=$(firstword $(TREE))

HOST_CHECKS += libbpf-guest

.PHONY: libbpf-guest
libbpf-guest: $(TREE:%=build/%/bzImage) $(TREE:%=build/%/selftests/guest/list) ## libbpf's selftests under valgrind and sanitizers
	@libbpf-patches/tests/guest $(firstword $(TREE))
