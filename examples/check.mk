# SPDX-License-Identifier: GPL-2.0
.PHONY: examples
examples: $(TREE:%=examples-%) ## build/TREE/examples: programs to start from

examples-%: build/%/bpftool FORCE
	$(call step,examples)
