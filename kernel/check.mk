# SPDX-License-Identifier: GPL-2.0
# the release whose tests of tcx are run on TREE's kernel
mainline := $(firstword $(filter-out $(PATCHED),$(TREES)))
build/conformance/test_progs build/conformance/include/prog_tests/tests.h &: build/$(mainline)/source.tar.xz kernel/tests/conformance/Makefile
	@exec scripts/step conformance . make -C kernel/tests/conformance \
		SOURCE=$(CURDIR)/$< OUTPUT=$(CURDIR)/build/conformance

CHECKS += conformance
$(eval $(call check,conformance,kernel/tests/conformance/check,$(in-guest) \
	build/conformance/test_progs build/conformance/include/prog_tests/tests.h))

build/%/debian-config.xz: | deps
	@exec scripts/step fetch $* scripts/fetch linux-config-$* \
		usr/src/linux-config-$*/config.amd64_none_amd64.xz $@

# with KABI=1, modules that were built for the unpatched kernel keep working
$(eval $(call check,abi,kernel/tests/check-abi,$(series-sources) \
	build/%/debian-config.xz build/%/linux build/%/prepared build/%/bzImage $(source-archive)))

# Debian's own modules on Debian's kernel with KABI=1; its build takes an hour or two
build/%/kabi/debian.deb: $(source-archive) | deps
	@mkdir -p $(@D)
	@$(if $(KERNEL_SRC),echo "error: check-kabi is about Debian's kernel: leave KERNEL_SRC out" >&2; exit 1)
	@$(if $(filter $*,$(PATCHED)),exec scripts/step fetch-kernel $* scripts/fetch linux-image-$*=$$(cat $<.version) package,touch) $@

build/%/kabi/bzImage build/%/kabi/vmlinux.symvers: $(call prepared,kernel) build/%/kabi/debian.deb kernel/tests/kabi/kernel scripts/kabi-source \
		$(wildcard kernel/patches/kabi kernel/patches/kabi/*.patch)
	$(if $(filter $*,$(PATCHED)),$(call kernel-step,kernel-kabi,kabi/kernel,4000) kernel/tests/kabi/kernel $*,@touch $(@D)/bzImage $(@D)/vmlinux.symvers)

# a pattern for the modules to load; all of them take hours without KVM
MODULES ?= .
build/%/kabi/modules: FORCE
	@mkdir -p $(@D) && echo '$(MODULES)' >$@

$(eval $(call check,kabi,kernel/tests/kabi/check,guest trees kernel/tests/kabi kernel/patches/kabi scripts/tree \
	$(addprefix build/%/kabi/,bzImage vmlinux.symvers debian.deb modules) build/%/bpftool build/%/examples))

# do the fuzzer, and the tests that it prints, find mistakes that are made on purpose?
build/%/bzImage-mutated build/%/uml-mutated &: build/%/bzImage $(uml-configured) kernel/tests/mutations/mutations.patch kernel/tests/mutations/kernel
	$(if $(filter $*,$(PATCHED)),$(call kernel-step,kernel-mutated,mutated/kernel,2800) kernel/tests/mutations/kernel $*,@touch build/$*/bzImage-mutated build/$*/uml-mutated)

$(eval $(call check,mutations,kernel/tests/mutations/check,$(in-guest) trees scripts/tree scripts/die \
	kernel/tests/mutations/list build/%/bzImage-mutated build/%/uml-mutated build/%/selftests build/%/libbpf build/%/linux))

# data races: KCSAN sees what changes while it should not
build/%/bzImage-kcsan build/%/vmlinux-kcsan &: $(call prepared,kernel kabi) $(configured)
	$(if $(filter $*,$(PATCHED)),$(call kernel-step,kernel-kcsan,kernel-kcsan,1700) guest/kernel $* kcsan,@touch build/$*/bzImage-kcsan build/$*/vmlinux-kcsan)

$(eval $(call check,kcsan,kernel/tests/kcsan/check,guest trees scripts/tree kernel/tests/kcsan \
	build/%/bzImage-kcsan build/%/vmlinux-kcsan build/%/linux build/%/selftests))

# instructions for a packet and for a change do not grow
CHECKS += guard
$(eval $(call check,guard,kernel/tests/bench/check-guard,$(in-guest) \
	trees scripts/tree kernel/tests/bench selftests/rtnl.h build/%/linux))

# TREE without our patches and with them, and mainline, side by side; the last two also
# with PREEMPT
bench-trees := $(filter $(PATCHED),$(TREE))
with-preempt = build/$1/bzImage,build/$1/bzImage-preempt
bench-kernels := $(foreach t,$(bench-trees),$t-unpatched=build/$t/bzImage-stock $t-tc-link=$(call with-preempt,$t)) \
	$(if $(KERNEL_SRC),,$(mainline)=$(call with-preempt,$(mainline)))
comma := ,
files-of = $(foreach k,$1,$(subst $(comma), ,$(lastword $(subst =, ,$k))))

# the patched ones and mainline as User Mode Linux, each started this often
ROUNDS ?= 30
native-kernels := $(foreach t,$(bench-trees),$t-tc-link=build/$t/uml) $(if $(KERNEL_SRC),,$(mainline)=build/$(mainline)/uml)

.PHONY: bench bench-native bench-docs
bench: $(call files-of,$(bench-kernels)) bench-native FORCE | deps ## 3 out/bench: what packets, attaching and memory cost, beside mainline
	@exec scripts/step bench . -c ': (plain|mitigated|preempt|time)$$' -n $(words $(bench-kernels) $(bench-kernels) $(call files-of,$(bench-kernels)) end) \
		kernel/tests/bench/run out/bench build/$(firstword $(bench-trees))/linux $(bench-kernels)
	@echo out/bench/figures.md

bench-native: $(call files-of,$(native-kernels)) FORCE | deps ## 3 of these only packets at native speed, under User Mode Linux
	@exec scripts/step bench-native . -c '^round: ' -n $(ROUNDS) \
		kernel/tests/bench/native out/bench build/$(firstword $(bench-trees))/linux $(ROUNDS) $(native-kernels)

bench-docs: ## 4 put the figures of out/bench into Documentation/
	cp out/bench/figures.md Documentation/figures.md
	mkdir -p Documentation/figures
	cp out/bench/*.svg out/bench/bench.json Documentation/figures/
