# SPDX-License-Identifier: GPL-2.0
# guest/boot notices what goes wrong in the guest
CHECKS += guest
$(eval $(call check,guest,guest/check,$(in-guest)))
