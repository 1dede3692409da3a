# SPDX-License-Identifier: GPL-2.0
.PHONY: abi-check
abi-check: $(filter-out abi-check-6.12,$(TREE:%=abi-check-%)) ## modules built for the unpatched kernel go on working (TREE: 6.1, 5.10)

build/%/debian-config.xz: | deps
	@scripts/step fetch $* scripts/fetch linux-config-$* \
		usr/src/linux-config-$*/config.amd64_none_amd64.xz $@

abi-check-%: build/%/prepared/kernel build/%/debian-config.xz FORCE
	@scripts/abi-check $*
