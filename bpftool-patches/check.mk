# SPDX-License-Identifier: GPL-2.0
# bpftool's help, manual pages, completion and netlink dumps
CHECKS += bpftool
$(eval $(call check,bpftool,bpftool-patches/tests/check,bpftool-patches/tests \
	build/%/bpftool $(addprefix build/%/linux/tools/,bpf lib include scripts build)))
