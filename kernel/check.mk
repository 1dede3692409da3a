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

# Debian's own modules on Debian's kernel with KABI=1; its build takes an hour or two
build/%/kabi/debian.deb: $(source-archive) | deps
	@mkdir -p $(@D)
	@$(if $(KERNEL_SRC),echo "error: check-kabi is about Debian's kernel: leave KERNEL_SRC out" >&2; exit 1)
	@$(if $(filter $*,$(PATCHED)),scripts/step fetch-kernel $* scripts/fetch linux-image-$*=$$(cat $<.version) package,touch) $@

build/%/kabi/bzImage build/%/kabi/vmlinux.symvers: $(call prepared,kernel) build/%/kabi/debian.deb kernel/tests/kabi/kernel scripts/kabi-source
	@$(if $(filter $*,$(PATCHED)),scripts/step kernel-kabi $* -c '^  [A-Z]' -n 4000 kernel/tests/kabi/kernel $*,touch $(@D)/bzImage $(@D)/vmlinux.symvers)

# which of them; all would take hours where QEMU has no KVM
MODULES ?= .
build/%/kabi/modules: FORCE
	@mkdir -p $(@D) && echo '$(MODULES)' >$@

$(eval $(call check,kabi,kernel/tests/kabi/check,guest trees kernel/tests/kabi scripts/tree \
	$(addprefix build/%/kabi/,bzImage vmlinux.symvers debian.deb modules) build/%/bpftool build/%/examples))

.PHONY: bench
bench: $(TREE:%=bench-%) ## 3 instructions for attaching, and who waits for RTNL

bench-%: build/%/bzImage FORCE
	@kernel/tests/bench/run $*
