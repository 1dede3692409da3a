# SPDX-License-Identifier: GPL-2.0
# the kernel's configuration: this machine's, unless another one is given
CONFIG ?= $(firstword $(wildcard /boot/config-$(shell uname -r) /proc/config.gz))

# where the kernel has tc links without us, only the tools are packed
deb-patched = $(filter $(1),$(PATCHED))
deb-kernels := $(strip $(foreach t,$(TREE),$(call deb-patched,$t)))

deb-steps = $(bpftool-steps) $(if $(deb-kernels),deb-kernel) deb-tools
deb-check-steps = deb-root demo-build $(deb-steps)

.PHONY: deb deb-check deb-ready deb-check-ready
deb: deb-ready $(TREE:%=deb-%) ## Debian packages: kernel (CONFIG=/path/to/.config), libbpf, bpftool

# first of all, as it is hours until the kernel's turn comes
deb-ready:
	@[ -z "$(deb-kernels)" ] || [ -r "$(CONFIG)" ] || { \
		echo "error: $(if $(CONFIG),cannot read $(CONFIG),this machine does not tell its kernel's configuration): say CONFIG=/path/to/.config" >&2; \
		exit 1; }
	@scripts/deps deb

deb-%: build/%/bpftool FORCE
	@$(if $(call deb-patched,$*),scripts/step deb-kernel $* deb/kernel $* "$(CONFIG)" build/$*/deb)
	@scripts/step deb-tools $* deb/tools $* build/$*/deb
	@rm -rf out/deb/$* && mkdir -p out/deb/$* && mv build/$*/deb/*.deb out/deb/$*
	@ls out/deb/$*/*.deb

deb-check: deb-check-ready $(TREE:%=deb-check-%) ## the same with a small kernel, installed and removed in a scratch root

deb-check-ready:
	@[ "$$(id -u)" = 0 ] || { echo "error: a scratch root takes root's rights: run make deb-check as root" >&2; exit 1; }
	@scripts/deps deb deb-check

build/deb-root: deb/root
	@scripts/step deb-root . deb/root $@

# the small configuration, and what Debian's initramfs is packed with
deb-check-%: build/%/bpftool build/%/bzImage build/deb-root FORCE
	@scripts/step demo-build $* examples/demo/build $*
	@{ cat build/$*/kernel/.config; echo CONFIG_RD_GZIP=y; } >build/$*/deb-check.config
	@$(if $(call deb-patched,$*),KDEB_COMPRESS=gzip scripts/step deb-kernel $* \
		deb/kernel $* build/$*/deb-check.config build/$*/deb-check)
	@scripts/step deb-tools $* deb/tools $* build/$*/deb-check
	@unshare --mount deb/check $*
