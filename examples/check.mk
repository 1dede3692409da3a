# SPDX-License-Identifier: GPL-2.0
.PHONY: examples
examples: $(TREE:%=build/%/examples/veth) ## 2 build/TREE/examples: programs to start from

build/%/examples/veth: build/%/bpftool FORCE
	$(call step,examples)

# the examples do what they say
CHECKS += examples
made-by-examples.obj := $(made-by-examples)
$(eval $(call check,examples,examples/tests/check,$(in-guest) examples \
	build/%/bpftool build/%/examples build/%/examples.obj))
