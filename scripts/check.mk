# SPDX-License-Identifier: GPL-2.0
# builds from different sources do not mix
CHECKS += source
$(eval $(call check,source,scripts/check-source,Makefile scripts trees series deb))

# a step can be interrupted, fail, and meet another make
CHECKS += step
$(eval $(call check,step,scripts/check-step,Makefile scripts trees guest $(wildcard */check.mk)))

# and started again, it makes the same
CHECKS += interrupt
$(eval $(call check,interrupt,scripts/check-interrupt,Makefile scripts guest examples series deb kernel/tests/conformance))

# variables that would be ignored, and values that would be noticed late
CHECKS += parameters
$(eval $(call check,parameters,scripts/check-parameters,Makefile scripts trees $(wildcard */check.mk)))
