# SPDX-License-Identifier: GPL-2.0
.PHONY: bench
bench: $(TREE:%=bench-%) ## instructions for attaching, and who waits for RTNL

bench-%: build/%/bzImage FORCE
	@bench/run $*
