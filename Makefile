# SPDX-License-Identifier: GPL-2.0
# The targets of tc-link. scripts/ do the work, one job each.

TREES := $(shell scripts/tree list)
PATCHED := $(shell scripts/tree list patched)
TREE ?= $(firstword $(TREES))
KERNEL_SRC ?=
DEBUG ?=
KABI ?=
export KERNEL_SRC KABI
# Scripts read messages and dates. LANGUAGE counts beside LC_ALL, and kbuild unsets that.
export LC_ALL := C.UTF-8
unexport LANG LANGUAGE

.DEFAULT_GOAL := help
# no .DELETE_ON_ERROR: the scripts move a result to its place when it is complete
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-print-directory --no-builtin-rules

wrong := $(filter-out $(TREES),$(TREE))
ifneq ($(or $(wrong),$(if $(strip $(TREE)),,empty)),)
$(error TREE=$(TREE) is unknown: use one or more of $(TREES))
endif
ifneq ($(and $(KERNEL_SRC),$(word 2,$(TREE))),)
$(error KERNEL_SRC is one tree: say TREE=<its series>, not TREE="$(TREE)")
endif

# Variables that would be ignored, and values that would be noticed late. A make that was
# called by another one has that one's variables, too, which may not be meant for it.
given := $(if $(filter 0,$(MAKELEVEL)),$(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v)))
wrong := $(shell env TREE='$(TREE)' $(foreach v,$(given),$v='$(subst ','\'',$($v))') scripts/parameters '$(given)' $(MAKECMDGOALS) || echo scripts/parameters failed)
ifneq ($(wrong),)
$(error $(wrong))
endif

# before make looks at the build directory
ifneq ($(filter-out help deps apply unapply clean distclean docs check-style,$(MAKECMDGOALS)),)
ifneq ($(shell KERNEL_SRC='$(subst ','\'',$(KERNEL_SRC))' scripts/select-source $(TREE) && echo done),done)
$(error cannot tell what to build from)
endif
endif

# where packages and patches go. Those of another source than Debian's are named as
# scripts/select-source names its build directory in build/other.
out = out$(if $(KERNEL_SRC),/other/$(TREE)-$(firstword $(shell cksum build/$(TREE)/source-is 2>/dev/null)))

# DEBUG=1 has its own kernel and results; everything else is shared
debug := $(if $(filter 1,$(DEBUG)),debug)
D := $(if $(debug),-debug)

# written by scripts/prepare when that part of the source or of the series has changed
prepared = $(addprefix build/%/prepared/,$(1))
parts := kernel libbpf bpftool selftests docs kabi

# what decides how the kernels of the guest, and User Mode Linux, are configured
uml-configured := guest/configs/uml.config guest/uml
configured := $(filter-out $(uml-configured),$(wildcard guest/configs/*.config guest/$(shell uname -m) selftests/config)) guest/kernel

# A check is a script that takes TREE and prints TAP. The check.mk of a directory declares
# its checks: $(eval $(call check,NAME,SCRIPT,INPUT...)), with % for TREE. "make
# check-NAME" runs it, and "make check" runs those in CHECKS. A check can read its INPUTs
# only, and runs again only if they changed (scripts/check).
CHECKS :=
NAMES := style
# common inputs: to boot the guest; to run scripts/parts; everything
in-guest := build/%/bzImage guest
series-sources := trees scripts kernel libbpf-patches bpftool-patches selftests
source-archive := $(if $(KERNEL_SRC),,build/%/source.tar.xz)
everything := $(filter-out build out,$(wildcard *))
made-by-libbpf := build/%/libbpf/libbpf.a
made-by-selftests := build/%/selftests/guest/list
made-by-examples := build/%/examples/veth
made-by = $(or $(made-by-$(notdir $(1))),$(if $(filter linux original prepared,$(word 3,$(subst /, ,$(1)))),$(call prepared,$(parts))),$(1))
define check
NAMES += $(1)
.PHONY: check-$(1)
check-$(1): $$(TREE:%=build/%/check/$(1).tap)
	@scripts/tally $$^
build/%/check/$(1).tap: $(sort $(foreach i,$(filter build/% out/%,$(3)),$(call made-by,$(i)))) FORCE | deps
	@exec scripts/step check-$(1) $$* scripts/check $(1) $(2) $$* $(subst %,$$*,$(3))
check-$(1)-steps = $$(selftests-steps) check-$(1)
endef
include $(wildcard */check.mk)
# the long ones first, so that with -j the last ones to run are short
CHECKS := $(filter series libbpf-sanitizers,$(CHECKS)) $(filter-out series libbpf-sanitizers,$(CHECKS))

# The selftests depend on timing, so they are run each time. They are run in quarters,
# each in a guest of its own, so that make -j runs several side by side.
NAMES += selftests
quarters := 1/4 2/4 3/4 4/4
selftests-run = check-selftests-$(firstword $(subst /, ,$(1)))
selftests-runs := $(foreach q,$(quarters),$(call selftests-run,$q)$D)
define quarter
.PHONY: $(TREE:%=build/%/$(call selftests-run,$(1))$(2))
$(TREE:%=build/%/$(call selftests-run,$(1))$(2)): build/%/$(call selftests-run,$(1))$(2): build/%/bzImage$(2) build/%/selftests/guest/list FORCE
	@exec scripts/step $(call selftests-run,$(1))$(2) $$* -c '^@@ ' -n $$$$(guest/selftests $$* list '$(1)' | wc -l) \
		guest/selftests $$* run $(call selftests-run,$(1)) '$(1)' $(2:-%=%)
endef
$(foreach q,$(quarters),$(eval $(call quarter,$q,))$(eval $(call quarter,$q,-debug)))

.PHONY: check-selftests
check-selftests: $(foreach t,$(TREE),$(selftests-runs:%=build/$t/%))
	@scripts/tally $^

# the same for every tree
.PHONY: check-style
check-style: build/./check/style.tap
	@scripts/tally $^
build/./check/style.tap: FORCE | deps
	@exec scripts/step check-style . scripts/check style scripts/check-style . $(everything) $(filter-out . .. .git,$(wildcard .??*))

# the steps of this run, for their "k/n"
kernel-steps := packages fetch prepare kernel$D
libbpf-steps := packages fetch prepare libbpf
bpftool-steps := $(kernel-steps) libbpf bpftool
selftests-steps := $(bpftool-steps) selftests
examples-steps := $(bpftool-steps) examples
shell-steps := $(selftests-steps) examples
demo-steps := $(bpftool-steps) demo-build
test-steps := $(selftests-steps) test$D
check-selftests-steps := $(selftests-steps) $(selftests-runs)
check-steps := $(selftests-steps) examples series conformance check-style $(CHECKS:%=check-%) $(selftests-runs)
export STEPS := $(filter $(foreach g,$(MAKECMDGOALS),$($(g)-steps)), \
	packages $(if $(KERNEL_SRC),,fetch) prepare kernel$D libbpf bpftool selftests examples \
	deb-root demo-build deb-kernel deb-tools series branch conformance check-style $(CHECKS:%=check-%) $(selftests-runs) test$D)

# another make may have made it while this one waited
unless-made = -u '$@ $^'
# runs the long step $(1) of tree $*; without exec, make's shell would not tell it to end
step = @exec scripts/step $(1) $* $(unless-made) scripts/$(1) $*

.PHONY: FORCE help deps kernel libbpf bpftool selftests demo test check shell clean distclean
FORCE:

help: ## 0 this list
	@scripts/help '$(TREES)' '$(NAMES)' $(MAKEFILE_LIST)

deps: ## 4 install the packages that are missing
	@scripts/deps $(MAKECMDGOALS)

demo: $(TREE:%=demo-%) ## 1 boot the kernel and show tc links at work

check: $(foreach t,$(TREE),$(CHECKS:%=build/$t/check/%.tap) $(selftests-runs:%=build/$t/%)) build/./check/style.tap ## 3 run all tests; last line: N passed, N failed, N skipped
	@scripts/tally $^

test: $(firstword $(TREE:%=test-%)) ## 3 run one: make test NAME=order; NAME='tc_*' runs several

shell: build/$(firstword $(TREE))/bzImage$D selftests examples ## 1 a shell in the guest, with /selftests and /examples
	@guest/shell $(firstword $(TREE)) $(debug)

kernel: $(TREE:%=build/%/bzImage$D) ## 2 build/TREE/bzImage and vmlinux

libbpf: $(TREE:%=build/%/libbpf/libbpf.a) ## 2 build/TREE/libbpf: libbpf.a, libbpf.so, libbpf.pc, headers

bpftool: $(TREE:%=build/%/bpftool) ## 2 build/TREE/bpftool

selftests: $(TREE:%=build/%/selftests/guest/list) ## 2 build/TREE/selftests

clean: ## 4 remove what was built; keeps the kernel sources
	@scripts/clean $(TREE)

distclean: ## 4 remove build/ and out/
	@scripts/clean all

# another make may have fetched it while this one waited: the same file again would count
# as another one
build/%/source.tar.xz: | deps
	@exec scripts/step fetch $* sh -c '[ -e $@ ] || scripts/fetch linux-source-$* usr/src/linux-source-$*.tar.xz $@'
build/%/source.tar.xz.version: build/%/source.tar.xz
	@[ -e $@ ] || : >$@

# Only the script knows whether anything has changed, so it is always run. It touches the
# file of each part that has.
$(call prepared,$(parts)): FORCE $(source-archive) | deps
	@scripts/prepare $* check 2>/dev/null || exec scripts/step prepare $* scripts/prepare $*

# A step that builds a kernel in build/TREE/DIR. A new one prints about COUNT lines; of one
# that was built in part nobody knows how many.
kernel-step = @exec scripts/step $(1) $* $$([ -e build/$*/$(2)/.config ] || echo "-c ^..[A-Z] -n $(3)")

build/%/bzImage: $(call prepared,kernel kabi) $(configured)
	$(call kernel-step,kernel,kernel,1700) $(unless-made) guest/kernel $*

build/%/bzImage-debug: $(call prepared,kernel kabi) $(configured)
	$(call kernel-step,kernel-debug,kernel-debug,1700) $(unless-made) guest/kernel $* debug

build/%/bzImage-preempt: $(call prepared,kernel kabi) $(configured)
	$(call kernel-step,kernel-preempt,kernel-preempt,1700) $(unless-made) guest/kernel $* preempt

# the kernel as a process on the host
build/%/uml: $(call prepared,kernel kabi) $(uml-configured)
	$(call kernel-step,kernel-uml,kernel-uml,1100) $(unless-made) guest/uml $*

# for comparison: the same configuration without our patches
build/%/stock/linux: $(source-archive) | deps
	@exec scripts/step stock $* scripts/stock $* $(source-archive:%=$<)

build/%/bzImage-stock: build/%/stock/linux $(configured)
	$(call kernel-step,kernel-stock,stock/kernel,1700) $(unless-made) guest/kernel $* stock

build/%/libbpf/libbpf.a: $(call prepared,kernel libbpf) scripts/libbpf scripts/hardened
	$(call step,libbpf)

build/%/bpftool: $(call prepared,bpftool) build/%/libbpf/libbpf.a scripts/bpftool scripts/hardened | build/%/bzImage$D
	$(call step,bpftool)

build/%/selftests/guest/list: build/%/bpftool $(call prepared,selftests) scripts/selftests
	$(call step,selftests)

demo-%: build/%/bzImage$D build/%/bpftool FORCE
	@exec scripts/step demo-build $* examples/demo/build $*
	@examples/demo/boot $* $(debug)

NAME ?=
test-%: build/%/bzImage$D build/%/selftests/guest/list FORCE
	@scripts/test known $* '$(NAME)'
	@exec scripts/step test$D $* guest/selftests $* run test '$(NAME)' $(debug)
	@scripts/test results $* test$D
