# SPDX-License-Identifier: GPL-2.0
series-steps := packages fetch prepare series
series-check-steps := $(series-steps)
series-quick-steps := $(series-steps)
branch-steps := packages fetch prepare branch
apply-check-steps := packages fetch prepare

.PHONY: series
series: $(TREE:%=out/series/%) ## out/series/TREE: cover letter and patches for git am, signed off by AUTHOR="Name <mail>" or git's user

series-prepared = $(addprefix build/%/prepared/,kernel libbpf bpftool selftests docs kabi)

out/series/%: $(series-prepared) FORCE
	@mkdir -p out/series
	@author=$$(series/author) && scripts/step series $* series/make $* build/$*/original $@ "$$author"
	@echo 'made $@, for: git am --empty=drop $(CURDIR)/$@/*.patch'

.PHONY: branch refresh
branch: $(TREE:%=branch-%) ## build/TREE/branch: a git branch of the patches, to change them there

branch-%: $(series-prepared) FORCE
	@scripts/step branch $* series/branch $* build/$*/branch
	@echo 'build/$*/branch has a commit for each stored patch: change them (git rebase -i before), then make refresh TREE=$*'

refresh: $(TREE:%=refresh-%) ## bring what was changed on build/TREE/branch back to the patches and files here

refresh-%: FORCE
	@series/refresh $* build/$*/branch

KERNEL ?=
.PHONY: apply unapply
apply: ## put tc-link on your tree: make apply KERNEL=/path/to/linux
	@series/apply '$(KERNEL)'

unapply: ## take it off again
	@series/unapply '$(KERNEL)'

HOST_CHECKS += apply-check
.PHONY: apply-check
apply-check: $(TREE:%=apply-check-%) ## apply and unapply, on cut-down trees

apply-check-%: $(series-prepared) FORCE
	@series/apply-check $*

.PHONY: series-check
series-check: $(TREE:%=series-check-%) ## the series applies, builds after each patch, and checkpatch agrees

series-check-%: $(series-prepared) FORCE
	@series/check $*

# what of it takes minutes, not a quarter of an hour
HOST_CHECKS += series-quick
.PHONY: series-quick
series-quick: $(TREE:%=series-quick-%) ## the same but for the building after each patch

series-quick-%: $(series-prepared) FORCE
	@series/check $* quick

.PHONY: patches-check
patches-check: $(TREE:%=patches-check-%) ## the stored patches, make branch and make refresh

patches-check-%: $(series-prepared) FORCE
	@series/patches-check $*

# needs the network
.PHONY: releases-check
releases-check: $(TREE:%=releases-check-%) ## the series applies to Debian's oldest and newest release of TREE

releases-check-%: FORCE | deps
	@series/releases-check $*
