# SPDX-License-Identifier: GPL-2.0
# tc-link's front door. The work is done by scripts/, one job each.

TREES := $(shell scripts/tree list)
PATCHED := $(shell scripts/tree list patched)
TREE ?= $(firstword $(TREES))
KERNEL_SRC ?=
DEBUG ?=
KABI ?=
export KERNEL_SRC KABI

.DEFAULT_GOAL := help
# no .DELETE_ON_ERROR: the scripts put a result in its place when it is whole
.NOTPARALLEL:
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

# DEBUG=1 has kernel and results of its own; all else is shared
debug := $(if $(filter-out 0,$(DEBUG)),debug)
D := $(if $(debug),-debug)

# more that "make check" counts: make targets that print TAP and take TREE; a
# directory adds its own in its check.mk
HOST_CHECKS :=
-include $(wildcard */check.mk)

# the steps of this run, for their "k/n"
kernel-steps := packages fetch prepare kernel$D
libbpf-steps := packages fetch prepare libbpf
bpftool-steps := $(kernel-steps) libbpf bpftool
selftests-steps := $(bpftool-steps) selftests
examples-steps := $(bpftool-steps) examples
shell-steps := $(selftests-steps) examples
demo-steps := $(bpftool-steps) demo-build
check-steps := $(selftests-steps) $(HOST_CHECKS) check$D
export STEPS := $(filter $(foreach g,$(MAKECMDGOALS),$($(g)-steps)), \
	packages $(if $(KERNEL_SRC),,fetch) prepare kernel$D libbpf bpftool selftests $(HOST_CHECKS) examples \
	deb-root demo-build deb-kernel deb-tools check$D series branch)

# the long step $(1) of tree $*
step = @scripts/step $(1) $* scripts/$(1) $*

.PHONY: FORCE help deps kernel libbpf bpftool selftests demo check shell clean distclean
FORCE:

help: ## this list
	@echo 'usage: make TARGET [TREE="$(TREES)"] [KERNEL_SRC=/path/to/linux] [DEBUG=1] [KABI=1]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo 'TREE is $(firstword $(TREES)) if not given; KERNEL_SRC takes the place of Debian'"'"'s source of that series;'
	@echo 'DEBUG=1 is for kernel, demo, check and shell: lockdep, RCU, KASAN and kmemleak watch;'
	@echo 'KABI=1 adds the patch that keeps the kernel'"'"'s module ABI.'

deps: ## install the packages that are missing
	@scripts/deps

demo: $(TREE:%=demo-%) ## boot the kernel and show tc links at work

check: $(TREE:%=check-%) ## run all tests; last line: N passed, N failed, N skipped
	@scripts/tally $(TREE:%=build/%/check$D)

shell: build/$(firstword $(TREE))/bzImage$D selftests examples ## a shell in the guest, with /selftests and /examples
	@guest/shell $(firstword $(TREE)) $(debug)

kernel: $(TREE:%=build/%/bzImage$D) ## build/TREE/bzImage and vmlinux

libbpf: $(TREE:%=build/%/libbpf/libbpf.a) ## build/TREE/libbpf: libbpf.a, libbpf.so, libbpf.pc, headers

bpftool: $(TREE:%=build/%/bpftool) ## build/TREE/bpftool

selftests: $(TREE:%=build/%/selftests/guest/list) ## build/TREE/selftests

clean: ## remove what was built; keeps the kernel sources
	@scripts/clean $(TREE)

distclean: ## remove build/ and out/
	rm -rf build out

build/%/source.tar.xz: | deps
	@scripts/step fetch $* scripts/fetch linux-source-$* usr/src/linux-source-$*.tar.xz $@

# Only the script knows whether anything changed, so it is always asked. It
# touches the file of the part that did.
prepared = $(addprefix build/%/prepared/,$(1))
$(call prepared,kernel libbpf bpftool selftests docs kabi): FORCE $(if $(KERNEL_SRC),,build/%/source.tar.xz) | deps
	@scripts/prepare $* check 2>/dev/null || scripts/step prepare $* scripts/prepare $*

# -n: about how many lines make prints for a kernel from nothing
configured := $(wildcard guest/configs/*.config selftests/config) guest/kernel
build/%/bzImage: $(call prepared,kernel kabi) $(configured)
	@scripts/step kernel $* -c '^  [A-Z]' -n 1700 guest/kernel $*

build/%/bzImage-debug: $(call prepared,kernel kabi) $(configured)
	@scripts/step kernel-debug $* -c '^  [A-Z]' -n 1700 guest/kernel $* debug

build/%/libbpf/libbpf.a: $(call prepared,kernel libbpf) scripts/libbpf
	$(call step,libbpf)

build/%/bpftool: $(call prepared,bpftool) build/%/libbpf/libbpf.a scripts/bpftool | build/%/bzImage$D
	$(call step,bpftool)

build/%/selftests/guest/list: build/%/bpftool $(call prepared,selftests) scripts/selftests
	$(call step,selftests)

demo-%: build/%/bzImage$D build/%/bpftool FORCE
	@scripts/step demo-build $* examples/demo/build $*
	@examples/demo/boot $* $(debug)

check-%: build/%/bzImage$D build/%/selftests/guest/list FORCE
	@rm -rf build/$*/check$D && mkdir -p build/$*/check$D
	@for c in $(HOST_CHECKS); do \
		scripts/step $$c $* scripts/hostcheck $$c $* build/$*/check$D || exit; done
	@scripts/step check$D $* -c '^@@ ' -n $$(($$(wc -l <build/$*/selftests/guest/list) + 1)) \
		guest/selftests $* $(debug)
