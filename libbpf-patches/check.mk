# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += libbpf-check

.PHONY: libbpf-check
libbpf-check: ## libbpf on the host: answers of all kinds, fuzzing, symbols, patches
	@$(MAKE) -s --no-print-directory -C libbpf-patches/tests check TREE=$(firstword $(TREE))
