# SPDX-License-Identifier: GPL-2.0
# guest/boot notices what goes wrong in the guest; the shell has what it says
CHECKS += guest
$(eval $(call check,guest,guest/check,$(in-guest) \
	build/%/linux build/%/bpftool build/%/selftests build/%/examples))
