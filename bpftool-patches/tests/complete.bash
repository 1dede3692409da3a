#!/bin/bash
# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
# Types WORD... and Tab to the completion in FILE; prints what it offers, sorted,
# on one line. The last WORD is what is completed and may be empty.
#
# usage: complete.bash FILE WORD...
file=$1
shift
typed=("$@")

# of the bash-completion package, as far as bpftool's completion uses it
_init_completion()
{
    words=("${typed[@]}")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    # shellcheck disable=SC2034 # of the completion
    prev=${words[cword - 1]}
}
_filedir()
{
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# the objects there are
bpftool()
{
    case "$*" in
        *prog)
            printf '%s\n' '[{' '"id": 11,' '"name": "drop",' '"tag": "57cd311f2e27366b",' \
                '"x": 0' '}]'
            ;;
        *link)
            printf '%s\n' '[{' '"id": 22,' '"x": 0' '}]'
            ;;
    esac
}

# shellcheck disable=SC1090
. "$file"
function=$(complete -p bpftool | sed -n 's/.*-F \([^ ]*\) .*/\1/p')
COMPREPLY=()
"$function"
printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ *$//'
