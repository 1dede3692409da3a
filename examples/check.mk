# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += examples-check

.PHONY: examples examples-check
examples: $(TREE:%=examples-%) ## build/TREE/examples: programs to start from

examples-%: build/%/bpftool FORCE
	$(call step,examples)

examples-check: $(TREE:%=build/%/bzImage) examples ## the examples do what they say
	@for t in $(TREE); do examples/tests/boot $$t || exit; done
