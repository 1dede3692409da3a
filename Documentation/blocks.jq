# SPDX-License-Identifier: GPL-2.0
# The code blocks of a page, from pandoc's JSON of it, for ./check, which says what the
# classes mean. Each block gets
#
#   number
#   kind      guest, host, dry, c, output; skip where $tree has not what it needs; bad
#   text
#   file      C file that it is part of
#   expected  what it prints, if the page shows that
#   script    what the shell is given, with a line that marks where its output begins

def has($class): .flags | index($class) != null;

def lines: .text | gsub("\\\\\n"; " ") | split("\n");

def kind:
	if has("tc-link") and $kernel == "stock" then "skip"
	elif .classes == ["sh", "guest"] and (has("dry") | not) then "guest"
	elif .classes == ["sh", "host"] and (has("dry") | not) then "host"
	elif .classes == ["sh", "host"] and (lines | all(startswith("make "))) then "dry"
	elif .classes == ["c"] and .file then "c"
	elif .classes == ["output"] then "output"
	else "bad" end;

def script:
	"echo; echo @@@ \(.number)\n" +
	if .kind == "dry" then lines | map("make -n " + ltrimstr("make ")) | join("\n")
	elif has("fails") then "if \(.text)\nthen\n\techo 'this should have failed'\n\texit 1\nfi"
	else .text end +
	if .until then "\nuntil \(.until)\ndo\n\tsleep 0.1\ndone >/dev/null 2>&1" else "" end;

def attribute($name): .value[0][2] | map(select(.[0] == $name))[0][1];

[.. | objects | select(.t == "CodeBlock") | .c]
| to_entries
| map({
	number: (.key + 1),
	classes: (.value[0][1] - ["fails", "dry", "tc-link"]),
	flags: (.value[0][1] - (.value[0][1] - ["fails", "dry", "tc-link"])),
	file: attribute("file"),
	until: attribute("until"),
	text: .value[1]
})
| map(.kind = kind)
| . as $blocks
| map(
	$blocks[.number].kind as $next
	| (if .number > 1 then $blocks[.number - 2].kind else null end) as $before
	| if $next == "output" then .expected = $blocks[.number].text else . end
	| if .kind == "output" and $before == "skip" then .kind = "skip" else . end
	| if has("fails") and .expected == null and .kind != "skip" then .kind = "bad" else . end
	| if .kind == "output" and ($before | IN("guest", "host") | not) then .kind = "bad" else . end
	| .script = script)
