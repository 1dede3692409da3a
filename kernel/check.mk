# SPDX-License-Identifier: GPL-2.0
.PHONY: abi-check
abi-check: $(patsubst %,abi-check-%,$(filter $(TREE),$(PATCHED))) ## modules built for the unpatched kernel go on working

build/%/debian-config.xz: | deps
	@scripts/step fetch $* scripts/fetch linux-config-$* \
		usr/src/linux-config-$*/config.amd64_none_amd64.xz $@

abi-check-%: build/%/prepared/kernel build/%/debian-config.xz FORCE
	@scripts/abi-check $*
