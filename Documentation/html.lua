-- SPDX-License-Identifier: GPL-2.0
-- What a page needs to become HTML; a forge shows its source without any of this.
local stringify = pandoc.utils.stringify

local function html_name(target)
	return (target:gsub("^%.%./", ""):gsub("^Documentation/", "")
		:gsub("^([%w-]+)%.md", "%1.html"))
end

-- pages link to each other's source
local function link(l)
	l.target = html_name(l.target)
	return l
end

-- the title is <h1>, so sections are <h2>
local function header(h)
	h.level = h.level + 1
	return h
end

-- above a listing: where to type it, or the name of the file
local function listing(block)
	local label
	if block.classes:includes("guest") then
		label = "in the guest"
	elseif block.classes:includes("host") then
		label = "on the host"
	elseif block.attributes.file then
		label = block.attributes.file
	else
		return nil
	end
	block.attributes = {} -- they are for the check
	return pandoc.Div({ pandoc.Plain(pandoc.Span(label, { class = "label" })), block },
		{ class = "listing" })
end

-- columns as wide as what is in them
local function columns(t)
	for _, spec in ipairs(t.colspecs) do
		spec[2] = nil
	end
	return t
end

-- the sidebar: the doors of index.md, and the pages behind each
local function sidebar(page)
	local source = assert(io.open("Documentation/index.md"))
	local index = pandoc.read(source:read("a"), "markdown")
	source:close()
	local home = pandoc.Link("tc-link", "index.html")
	local nav = { pandoc.Para(page == "index.html" and pandoc.Strong(home) or home) }
	local heading
	for _, block in ipairs(index.blocks) do
		if block.t == "Header" then
			heading = block.level == 3 and block.content or nil
		elseif heading and (block.t == "OrderedList" or block.t == "BulletList") then
			local pages = {}
			for _, item in ipairs(block.content) do
				local first = item[1].content[1]
				if first.t == "Link" then
					first = link(first)
					pages[#pages + 1] = { pandoc.Plain(first.target == page and
						pandoc.Strong(first) or first) }
				end
			end
			nav[#nav + 1] = pandoc.Para(heading)
			nav[#nav + 1] = pandoc.BulletList(pages)
			heading = nil
		end
	end
	return nav
end

local function meta(m)
	local page = html_name(PANDOC_STATE.input_files[1]:gsub(".*/", ""))
	m.pages = pandoc.MetaBlocks(sidebar(page))
	m.home = page == "index.html"
	m.pagetitle = stringify(m.title)
	return m
end

return { { Link = link, Header = header, CodeBlock = listing, Table = columns, Meta = meta } }
