# SPDX-License-Identifier: GPL-2.0
.PHONY: answers
answers: $(TREE:%=build/%/bzImage) selftests ## 3 compare every answer of bpf(2) between trees (TREE="6.1 5.10 6.12")
	@scripts/answers $(TREE)
