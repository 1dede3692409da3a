# SPDX-License-Identifier: GPL-2.0
# the release whose tests of this interface are run on TREE's kernel
mainline := $(firstword $(filter-out $(PATCHED),$(TREES)))
build/conformance/test_progs build/conformance/include/prog_tests/tests.h &: build/$(mainline)/source.tar.xz kernel/tests/conformance/Makefile
	@scripts/step conformance . make -C kernel/tests/conformance \
		SOURCE=$(CURDIR)/$< OUTPUT=$(CURDIR)/build/conformance

CHECKS += conformance
$(eval $(call check,conformance,kernel/tests/conformance/check,$(in-guest) \
	build/conformance/test_progs build/conformance/include/prog_tests/tests.h))

build/%/debian-config.xz: | deps
	@scripts/step fetch $* scripts/fetch linux-config-$* \
		usr/src/linux-config-$*/config.amd64_none_amd64.xz $@

# with KABI=1, modules built for the unpatched kernel go on working
$(eval $(call check,abi,kernel/tests/check-abi,$(series-sources) \
	build/%/debian-config.xz build/%/linux build/%/prepared build/%/bzImage $(source-archive)))

.PHONY: bench
bench: $(TREE:%=bench-%) ## 3 instructions for attaching, and who waits for RTNL

bench-%: build/%/bzImage FORCE
	@kernel/tests/bench/run $*
