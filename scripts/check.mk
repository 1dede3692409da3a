# SPDX-License-Identifier: GPL-2.0
# builds from different sources do not mix
CHECKS += source
$(eval $(call check,source,scripts/check-source,scripts trees))
