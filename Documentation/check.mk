# SPDX-License-Identifier: GPL-2.0
HOST_CHECKS += docs-check

.PHONY: docs docs-check
docs: deps ## build/docs: the documentation as HTML
	@scripts/step docs . Documentation/render build/docs
	@echo "build/docs/index.html"

docs-check: $(TREE:%=build/%/bzImage) selftests examples ## every command and code sample of the documentation works
	@for t in $(TREE); do Documentation/check $$t || exit; done
