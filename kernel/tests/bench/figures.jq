# SPDX-License-Identifier: GPL-2.0
# Turns bench.json, an array of results, into what figures needs: pages of markdown for
# the tables, one matrix for each plot.

def order(f): reduce (.[] | f) as $x ([]; if any(.[]; . == $x) then . else . + [$x] end);

# one row for each r, one column for each c, in the order of their appearance
def matrix(r; c; v):
	order(c) as $columns | . as $all |
	["", $columns[]],
	(order(r)[] as $row |
		[$row, ($columns[] as $column | [$all[] | select(r == $row and c == $column) | v] | join(" / "))]);

def markdown: map(tostring) | "| " + join(" | ") + " |";
def table(r; c; v):
	if length == 0 then "Not measured." else [matrix(r; c; v)] | (.[0], (.[0] | map("---")), .[1:][]) | markdown end;

def thousands: round | tostring | gsub("(?<=[0-9])(?=([0-9]{3})+$)"; ",");
def us: if . < 100000 then . / 100 | round / 10 else . / 1000 | thousands end;
def ms: . / 10000 | round / 100;

def mainline: startswith("6.12");
def who($kind): if $kind != "link" then $kind elif .kernel | mainline then "tcx" else "link" end;
def of_kernel: "\(who(.kind)), \(.kernel)";

# The clock counts a wait as instructions: this many mean a wait.
def waits: 200000;
def instructions: if . > waits then "waits" else thousands end;

def packets($boot): map(select(.bench == "packet" and .boot == $boot)) | sort_by(.side);
# programs beyond the first
def further:
	group_by([.kernel, .boot, .side, .what]) |
	map(select(any(.[]; .programs == 1) and any(.[]; .programs > 1)) |
		(map(select(.programs == 1))[0].value) as $one |
		max_by(.programs) | .what += ", each further program" | .value = (.value - $one) / (.programs - 1) | .programs = 2) |
	.[];
def packet_table($boot):
	packets($boot) | [(.[] | select(.what == "nothing" and .boot == $boot) | .what = "nothing (all)" | .value = .all),
		(.[] | select(.what != "nothing" and .programs < 2)), further] |
	table(.what; .kernel; .value | thousands);

# one result for all rounds of a measurement
def quantile($q): sort | .[(length - 1) * $q | round];
def native:
	group_by([.kernel, .side, .what, .programs]) |
	map(map(.all) as $all | .[0] + { rounds: length, all: ($all | quantile(0.5)), quartiles: [$all | quantile(0.25, 0.75)] }) |
	group_by([.kernel, .side])[] |
	(map(select(.what == "nothing"))[0].all) as $nothing |
	.[] | .value = .all - $nothing;
def tenths: . * 10 | round / 10;
def native_rows:
	packets("native") | [(.[] | select(.what != "nothing" and .programs == 1)), further];
# how much the rounds differ
def native_nothing:
	packets("native")[] | select(.what == "nothing") | .what = "nothing (all)" |
	.value = "\(.all | tenths) (\(.quartiles | map(tenths) | join("–")))";
# each patched kernel's links as parts of mainline's
def native_ratios:
	group_by([.side, .what])[] | (.[] | select(.kernel | mainline) | .value) as $mainline |
	.[] | select((.kernel | mainline | not) and (.what | startswith("link"))) |
	.kernel += " / mainline" | .value = .value / $mainline;
def hundredths: . * 100 | round / 100;

def changes($unit): map(select(.bench == "change" and .unit == $unit));

# the plot of the results that are given, if there are any
def image($what; $name): if length > 0 then "![\($what)](figures/\($name).svg)", "" else empty end;

def tables:
	"# Figures",
	"",
	"Written by `make bench`; [Numbers](numbers.md) says what was measured and how. A link of 6.12 is mainline's tcx.",
	"",
	"## A packet",
	"",
	"Instructions over those of a packet with nothing attached, egress / ingress.",
	"",
	(packets("plain") | image("Instructions for a packet with 1 to 63 programs"; "packet")),
	"Without retpolines (`mitigations=off`):",
	"",
	packet_table("plain"),
	"",
	"With what the kernel does by default against speculation:",
	"",
	packet_table("mitigated"),
	"",
	"A kernel with `PREEMPT`, without retpolines:",
	"",
	packet_table("preempt"),
	"",
	"Nanoseconds at native speed, under User Mode Linux, where programs are interpreted: medians of many runs of the kernels in turn, and the ratio of links to mainline's. If the middle half of the runs, in parentheses, is far apart, the machine was busy: repeat it.",
	"",
	([native_nothing, (native_rows | (.[] | .value |= tenths), (native_ratios | .value |= hundredths))] | table(.what; .kernel; .value)),
	"",
	"## A change",
	"",
	"Instructions, the system call included.",
	"",
	(changes("instructions") | map(select(.where == "alone")) | table(.what; of_kernel; .median | instructions)),
	"",
	"Microseconds on two CPUs, median / 99th percentile.",
	"",
	(changes("ns") | image("Microseconds for a change"; "change")),
	(changes("ns") | map(select(.where == "alone" or .where == "first of all") | .what += (if .where == "alone" then "" else ", the first one of all" end)) |
		table(.what; of_kernel; "\(.median | us) / \(.p99 | us)")),
	"",
	"The same while packets flow on the device:",
	"",
	(changes("ns") | map(select(.where == "packets flow")) |
		table(.what; of_kernel; "\(.median | us) / \(.p99 | us)")),
	"",
	"Instructions for one more attachment, by the number of devices that have one:",
	"",
	(changes("instructions") | image("Instructions for an attachment, by devices in use"; "devices")),
	(changes("instructions") | map(select(.where == "devices" and .what == "attach")) |
		table(.number; of_kernel; .median | instructions)),
	"",
	"Microseconds for attaching and detaching, by threads that do it at once on devices of their own (all together):",
	"",
	(changes("ns") | map(select(.where == "threads")) | table(.number; of_kernel; .median | us)),
	"",
	"## RTNL",
	"",
	"Milliseconds, median / 99th percentile: what others wait for RTNL beside attachments, and what an attachment waits beside RTNL.",
	"",
	(map(select(.bench == "rtnl")) | image("What others wait for RTNL"; "rtnl")),
	(map(select(.bench == "rtnl")) |
		table("\([.kind, .what] | map(select(. != "")) | join(" ")), \(.beside)"; .kernel; "\(.median | ms) / \(.p99 | ms)")),
	"",
	"## Memory",
	"",
	"Bytes of slab and per-CPU memory for each of 1,000.",
	"",
	(map(select(.bench == "memory")) | table(.what; .kernel; .value | thousands)),
	"",
	"---",
	"",
	"[All pages](index.md#where-to-start) · next: [Contributing](../CONTRIBUTING.md)";

# for gnuplot: names in quotes, and a question mark for no value
def plot(r; c; v):
	[matrix(r; c; v)] |
	(.[0] | map("\"\(.)\"")),
	(.[1:][] | map(if . == "" then "?" else tonumber? // "\"\(.)\"" end)) |
	join(" ");

def packet_plot:
	packets("plain") | map(select(.side == "egress" and .programs > 0 and (.what == "filter" or .what == "link")) | .kind = .what) |
	plot(.programs; of_kernel; .value);
def change_plot: changes("ns") | map(select(.where == "alone")) | plot(.what; of_kernel; .median / 1000);
def devices_plot:
	changes("instructions") | map(select(.where == "devices" and .what == "attach" and .median <= waits)) |
	plot(.number; of_kernel; .median);
def rtnl_plot: map(select(.bench == "rtnl" and .what == "others" and .beside != "RTNL is held")) | plot(.beside; .kernel; .median / 1000000);
