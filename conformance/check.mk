# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += conformance

# the release whose tests they are
mainline := $(firstword $(filter-out $(PATCHED),$(TREES)))

.PHONY: conformance
conformance: $(TREE:%=build/%/bzImage) build/$(mainline)/source.tar.xz ## mainline's own tests of this interface, on TREE's kernel
	@for t in $(TREE); do conformance/run $$t build/$(mainline)/source.tar.xz || exit; done
