# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += bpftool-host

.PHONY: bpftool-host
bpftool-host: ## bpftool's help, manual pages, completion and netlink dumps
	@$(MAKE) -s -C bpftool-patches/tests check LINUX=$(CURDIR)/build/$(TREE)/linux \
		BPFTOOL=$(CURDIR)/build/$(TREE)/bpftool OUTPUT=$(CURDIR)/build/$(TREE)/bpftool-host
