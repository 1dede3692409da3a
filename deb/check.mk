# SPDX-License-Identifier: GPL-2.0
# the kernel's configuration: Debian's own of that series, unless another one is given
CONFIG ?=
# the end of the kernel's name in that case: by default a part of the checksum of CONFIG
FLAVOUR ?= $(if $(CONFIG),$(shell deb/flavour "$(CONFIG)"))

# if the kernel has tcx already, only the tools are packaged
deb-patched = $(filter $(1),$(PATCHED))
deb-kernels := $(strip $(foreach t,$(TREE),$(call deb-patched,$t)))

# KABI=1 applies to the packaged kernel only: the kernel of the guest, with which the
# tools are made, has no room for it
deb-kabi := $(KABI)
deb update check-deb: override export KABI :=

deb-steps = $(bpftool-steps) $(if $(deb-kernels),deb-kernel) deb-tools
check-deb-steps = deb-root demo-build $(deb-steps) check-deb

# what they decide before anything is built
CHECKS += deb-before
$(eval $(call check,deb-before,deb/check-before,deb scripts))

NAMES += deb
.PHONY: deb update check-deb deb-ready check-deb-ready
deb: deb-ready $(TREE:%=collect-deb-%) ## 5 Debian packages and an apt repository of them: kernel (CONFIG=, FLAVOUR=), libbpf, bpftool
	@deb/repository $(out)/deb
	@for t in $(TREE); do deb/behind $$t || :; done

update: ## 5 fetch Debian's kernel source if it is newer, and make deb
	@for t in $(TREE); do deb/update $$t || exit; done
	@$(MAKE) deb KABI=$(deb-kabi)

# this comes first: it refuses a wrong CONFIG, and says what the kernel takes
deb-ready: deb-config deps
.PHONY: deb-config
deb-config:
	@case '$(subst ','\'',$(FLAVOUR))' in *[!a-z0-9.+-]*) echo "error: FLAVOUR would be part of a package's name: use a-z, 0-9, '.', '+' and '-'" >&2; exit 1 ;; kabi | kabi-* | dbg | *-dbg) echo "error: FLAVOUR=$(FLAVOUR) would be the name of another package: take another" >&2; exit 1 ;; esac
	@for t in $(deb-kernels); do KABI=$(deb-kabi) deb/estimate $$t "$(CONFIG)" build/$$t/deb >/dev/null || exit; done

deb-%: build/%/bpftool FORCE
	@$(if $(call deb-patched,$*),n=$$(KABI=$(deb-kabi) deb/estimate $* "$(CONFIG)" build/$*/deb 2>/dev/null) && \
		KABI=$(deb-kabi) exec scripts/step deb-kernel $* -c '^  (CC|AS) ' -n $$n deb/kernel $* "$(CONFIG)" build/$*/deb "$(FLAVOUR)")
	@exec scripts/step deb-tools $* deb/tools $* build/$*/deb

# when those of all trees are built: if one fails, the repository stays as it was
collect-deb-%: $(TREE:%=deb-%) FORCE
	@deb/collect build/$*/deb $(out)/deb/$*
	@ls $(out)/deb/$*/*.deb

# Installs and removes the packages, with a small kernel, in a scratch root. It needs root
# and reads what is installed there, so it is not in CHECKS.
check-deb: check-deb-ready $(TREE:%=build/%/check/deb.tap)
	@scripts/tally $(filter %.tap,$^)

check-deb-ready: deps
	@[ "$$(id -u)" = 0 ] || { echo "error: packages are installed in a scratch root directory: run make check-deb as root" >&2; exit 1; }

build/deb-root: deb/root | deps
	@exec scripts/step deb-root . deb/root $@

# the small configuration, and what Debian's initramfs needs
build/%/check/deb.tap: export DEBFULLNAME = A Packager
build/%/check/deb.tap: export DEBEMAIL = packager@example.org
build/%/check/deb.tap: build/%/bpftool build/%/bzImage build/deb-root FORCE | check-deb-ready
	@exec scripts/step demo-build $* examples/demo/build $*
	@{ cat build/$*/kernel/.config; echo CONFIG_RD_GZIP=y; } >build/$*/check-deb.config
	@$(if $(call deb-patched,$*),KABI=$(deb-kabi) KDEB_COMPRESS=gzip exec scripts/step deb-kernel $* \
		deb/kernel $* build/$*/check-deb.config build/$*/check-deb check)
	@exec scripts/step deb-tools $* deb/tools $* build/$*/check-deb
	@mkdir -p $(@D)
	@KABI=$(deb-kabi) exec scripts/step check-deb $* sh -c 'unshare --mount deb/check $* >$@; echo $$? >$(@:.tap=.status)'
