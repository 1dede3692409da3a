# SPDX-License-Identifier: GPL-2.0
series-steps := packages fetch prepare series
branch-steps := packages fetch prepare branch

.PHONY: series
series: $(TREE:%=$(out)/series/%) ## 5 out/series/TREE: cover letter and patches for git am

$(out)/series/%: $(call prepared,$(parts)) FORCE
	@mkdir -p $(@D)
	@author=$$(series/author) && exec scripts/step series $* series/make $* build/$*/original $@ "$$author"
	@echo 'made $@, for: git am --empty=drop $(CURDIR)/$@/*.patch'
	@echo 'git before 2.35 does not know --empty: git am $$(ls $(CURDIR)/$@/*.patch | tail -n +2)'

.PHONY: branch refresh
branch: $(TREE:%=branch-%) ## 4 build/TREE/branch: a git branch of the patches, to change them there

branch-%: $(call prepared,$(parts)) FORCE
	@exec scripts/step branch $* series/branch $* build/$*/branch
	@echo 'build/$*/branch has a commit for each stored patch: change them (git rebase -i before), then make refresh TREE=$*$(if $(KERNEL_SRC), KERNEL_SRC=$(subst ','\'',$(KERNEL_SRC)))'

refresh: $(TREE:%=refresh-%) ## 4 bring what was changed on build/TREE/branch back to the patches and files here

refresh-%: FORCE
	@series/refresh $* build/$*/branch

.PHONY: apply unapply
apply unapply: export KERNEL := $(KERNEL)
apply: ## 5 put tc-link on your tree: make apply KERNEL=/path/to/linux
	@series/apply "$$KERNEL"

unapply: ## 5 take it off again: make unapply KERNEL=/path/to/linux
	@series/unapply "$$KERNEL"

# make apply and make unapply work, on cut-down trees
CHECKS += apply
$(eval $(call check,apply,series/check-apply,Makefile series $(series-sources) \
	build/%/linux build/%/original build/%/prepared))

# the series applies, adds our files, and has no warnings of checkpatch and sparse
series-inputs := series $(series-sources) \
	build/%/linux build/%/original build/%/prepared $(source-archive)
CHECKS += series
$(eval $(call check,series,series/check,$(series-inputs)))

# it builds after each patch, which takes a quarter of an hour
$(eval $(call check,series-build,series/check-build,$(series-inputs)))

# the stored patches, make branch and make refresh
CHECKS += patches
$(eval $(call check,patches,series/check-patches,Makefile $(series-inputs)))

# the series applies to Debian's oldest and newest release of TREE, which can change
# without any of the inputs. Of another source, that says nothing.
CHECKS += $(if $(KERNEL_SRC),,releases)
build/%/check/releases.tap: private export RERUN := 1
$(eval $(call check,releases,series/check-releases,series $(series-sources) \
	$(source-archive) $(source-archive:%=%.version)))
