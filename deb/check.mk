# SPDX-License-Identifier: GPL-2.0
# the kernel's configuration: this machine's, unless another one is given
CONFIG ?= $(firstword $(wildcard /boot/config-$(shell uname -r) /proc/config.gz))

# where the kernel has tc links without us, only the tools are packed
deb-patched = $(filter $(1),$(PATCHED))
deb-kernels := $(strip $(foreach t,$(TREE),$(call deb-patched,$t)))

deb-steps = $(bpftool-steps) $(if $(deb-kernels),deb-kernel) deb-tools
check-deb-steps = deb-root demo-build $(deb-steps) check-deb

NAMES += deb
.PHONY: deb check-deb deb-ready check-deb-ready
deb: deb-ready $(TREE:%=deb-%) ## 5 Debian packages: kernel, libbpf, bpftool

# first of all, as it is hours until the kernel's turn comes
deb-ready: deps
	@[ -z "$(deb-kernels)" ] || [ -r "$(CONFIG)" ] || { \
		echo "error: $(if $(CONFIG),cannot read $(CONFIG),this machine does not tell its kernel's configuration): say CONFIG=/path/to/.config" >&2; \
		exit 1; }

deb-%: build/%/bpftool FORCE
	@$(if $(call deb-patched,$*),scripts/step deb-kernel $* deb/kernel $* "$(CONFIG)" build/$*/deb)
	@scripts/step deb-tools $* deb/tools $* build/$*/deb
	@rm -rf out/deb/$* && mkdir -p out/deb/$* && mv build/$*/deb/*.deb out/deb/$*
	@ls out/deb/$*/*.deb

# The packages with a small kernel, installed and removed in a scratch root. It takes
# root's rights and reads what was installed there, so it is not one of CHECKS.
check-deb: check-deb-ready $(TREE:%=build/%/check/deb.tap)
	@scripts/tally $(filter %.tap,$^)

check-deb-ready: deps
	@[ "$$(id -u)" = 0 ] || { echo "error: a scratch root takes root's rights: run make check-deb as root" >&2; exit 1; }

build/deb-root: deb/root | deps
	@scripts/step deb-root . deb/root $@

# the small configuration, and what Debian's initramfs is packed with
build/%/check/deb.tap: build/%/bpftool build/%/bzImage build/deb-root FORCE | check-deb-ready
	@scripts/step demo-build $* examples/demo/build $*
	@{ cat build/$*/kernel/.config; echo CONFIG_RD_GZIP=y; } >build/$*/check-deb.config
	@$(if $(call deb-patched,$*),KDEB_COMPRESS=gzip scripts/step deb-kernel $* \
		deb/kernel $* build/$*/check-deb.config build/$*/check-deb)
	@scripts/step deb-tools $* deb/tools $* build/$*/check-deb
	@mkdir -p $(@D)
	@scripts/step check-deb $* sh -c 'unshare --mount deb/check $* >$@; echo $$? >$(@:.tap=.status)'
