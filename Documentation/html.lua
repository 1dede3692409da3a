-- SPDX-License-Identifier: GPL-2.0
-- The pages link to each other's source; rendered, to each other's HTML.
function Link(link)
	link.target = link.target:gsub("^([%w-]+)%.md", "%1.html")
	return link
end
