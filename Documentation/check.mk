# SPDX-License-Identifier: GPL-2.0
.PHONY: docs
docs: deps ## 2 build/docs: the documentation as HTML
	@exec scripts/step docs . Documentation/render build/docs
	@echo "build/docs/index.html"

# every command and code sample of the documentation works; any file may be named there
CHECKS += docs
$(eval $(call check,docs,Documentation/check,$(everything) \
	$(addprefix build/%/,bzImage bpftool libbpf linux prepared selftests examples)))
