# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += conformance

.PHONY: conformance
conformance: $(TREE:%=build/%/bzImage) build/6.12/source.tar.xz ## mainline's own tests of this interface, on TREE's kernel
	@for t in $(TREE); do conformance/run $$t || exit; done
