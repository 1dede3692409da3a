# SPDX-License-Identifier: GPL-2.0
# guest/boot notices what goes wrong in the guest; the shell has what it says
CHECKS += guest
$(eval $(call check,guest,guest/check,$(in-guest) \
	build/%/linux build/%/bpftool build/%/selftests build/%/examples))

# the same of User Mode Linux, which make check has no need of
$(eval $(call check,uml,guest/check-uml,guest build/%/uml))

# which lines and branches of the kernel's new files do the selftests run on the debug kernel?
CHECKS += $(if $(debug),coverage)
$(eval $(call check,coverage,guest/check-coverage,trees scripts/tree guest/lines kernel \
	$(patsubst %,build/\%/check-selftests-%-debug,1 2 3 4)))
