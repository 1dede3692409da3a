# SPDX-License-Identifier: GPL-2.0
# bpftool's help, manual pages, completion, installation and netlink dumps
CHECKS += bpftool
$(eval $(call check,bpftool,bpftool-patches/tests/check,bpftool-patches/tests bpftool-patches/install \
	build/%/bpftool $(addprefix build/%/linux/tools/,bpf lib include scripts build)))

PREFIX ?= /usr/local
install-bpftool-steps = $(bpftool-steps)

.PHONY: install-bpftool
install-bpftool: build/$(firstword $(TREE))/bpftool ## 5 bpftool, its manual pages and completion, to PREFIX (/usr/local)
	@bpftool-patches/install build/$(firstword $(TREE))/linux $< "$(PREFIX)"
