# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += conformance

# the release whose tests they are
mainline := $(firstword $(filter-out $(PATCHED),$(TREES)))

.PHONY: conformance
conformance: $(TREE:%=build/%/bzImage) build/$(mainline)/source.tar.xz ## mainline's own tests of this interface, on TREE's kernel
	@for t in $(TREE); do kernel/tests/conformance/check $$t build/$(mainline)/source.tar.xz || exit; done

.PHONY: bench
bench: $(TREE:%=bench-%) ## instructions for attaching, and who waits for RTNL

bench-%: build/%/bzImage FORCE
	@kernel/tests/bench/run $*

.PHONY: abi-check
abi-check: $(patsubst %,abi-check-%,$(filter $(TREE),$(PATCHED))) ## modules built for the unpatched kernel go on working

build/%/debian-config.xz: | deps
	@scripts/step fetch $* scripts/fetch linux-config-$* \
		usr/src/linux-config-$*/config.amd64_none_amd64.xz $@

abi-check-%: build/%/prepared/kernel build/%/debian-config.xz FORCE
	@kernel/tests/abi $*
