#!/bin/sh
# SPDX-License-Identifier: MIT
#
# TAP: --help, the man pages and the bash, zsh and fish completions name each
# option, command, finding and threshold of the tables, and none that the
# tables do not have.
#
# The tables are read here with sed, not with the code that made the outputs.
# Run from the build folder; srcdir says where the sources are.
set -u
LC_ALL=C.UTF-8
export LC_ALL

srcdir=${srcdir:-.}
wsray=${WSRAY:-./wsray}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

number=0
failed=0

# result STATUS NAME: prints one line of TAP.
result() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        failed=1
    fi
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# A generated file: in the build folder, or in the sources of a release.
find_file() {
    if [ -f "$1" ]; then
        echo "$1"
    else
        echo "$srcdir/$1"
    fi
}

# same NAME WANT GOT: both files hold the same lines, in any order.
same() {
    sort -u "$2" >"$tmp/want.sorted"
    sort -u "$3" >"$tmp/got.sorted"
    if diff "$tmp/want.sorted" "$tmp/got.sorted" >"$tmp/diff"; then
        result 0 "$1"
    else
        sed -e 's/^</# only in the table:/' -e 's/^>/# only there:/' \
            -e '/^[0-9]/d' "$tmp/diff"
        result 1 "$1"
    fi
}

# ---- the tables ----

options_def=$srcdir/ui/options.def
commands_def=$srcdir/ui/commands.def

sed -n 's/^OPTION([A-Z0-9_]*, "\([a-z0-9-]*\)", .*/--\1/p' "$options_def" \
    >"$tmp/names"
sed -n "s/^OPTION([A-Z0-9_]*, \"[a-z0-9-]*\", '\(.\)'.*/-\1/p" \
    "$options_def" >"$tmp/letters"
sed -n 's/^COMMAND([A-Z0-9_]*, "\([a-z0-9-]*\)".*/\1/p' "$commands_def" \
    >"$tmp/commands"
cat "$tmp/names" "$tmp/letters" >"$tmp/options"

sed -n 's/^EXPORT_KIND([A-Z0-9_]*, "\([a-z0-9-]*\)".*/\1/p' \
    "$srcdir/ui/export.def" >"$tmp/kinds"

# The first string of each row.
names_of_rows() {
    awk -v macro="$1" 'index($0, macro "(") == 1 { want = 1 }
        want && match($0, /"[a-z0-9-]+"/) {
            print substr($0, RSTART + 1, RLENGTH - 2)
            want = 0
        }'
}
names_of_rows FINDING <"$srcdir/dissect/finding.def" >"$tmp/findings"
sed -n 's/^FIELD([A-Z0-9_]*, "\([a-z0-9_.]*\)".*/\1/p' \
    "$srcdir/ui/filter/fields.def" >"$tmp/fields"
names_of_rows THRESHOLD <"$srcdir/dissect/threshold.def" >"$tmp/thresholds"

awk 'index($0, "ACTION(") == 1 { in_row = 1; row = "" }
    in_row { row = row $0 }
    in_row && /\);?$/ { in_row = 0; split(row, s, "\""); split(s[4], c, " ")
                      print c[1] }' "$srcdir/ui/tui/action.def" >"$tmp/actions"

rows=$(grep -c '^OPTION(' "$options_def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/names")"
result $? "each row of options.def has its name on its first line"
rows=$(grep -c '^COMMAND(' "$commands_def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/commands")"
result $? "each row of commands.def has its name on its first line"
rows=$(grep -c '^EXPORT_KIND(' "$srcdir/ui/export.def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/kinds")"
result $? "each row of export.def has its name on its first line"

rows=$(grep -c '^FINDING(' "$srcdir/dissect/finding.def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/findings")"
result $? "each row of finding.def has an id"
rows=$(grep -c '^THRESHOLD(' "$srcdir/dissect/threshold.def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/thresholds")"
result $? "each row of threshold.def has a name"

rows=$(grep -c '^ACTION(' "$srcdir/ui/tui/action.def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c '^[a-z]' "$tmp/actions")"
result $? "each row of action.def has a command"

rows=$(grep -c '^FIELD(' "$srcdir/ui/filter/fields.def")
test "$rows" -gt 0 && test "$rows" -eq "$(grep -c . "$tmp/fields")"
result $? "each row of fields.def has its name on its first line"

# ---- wsray fields ----

"$wsray" fields >"$tmp/list" 2>"$tmp/stderr" </dev/null
result $? "wsray fields runs"
sed -n 's/^  \([a-z0-9_.]*\)  *[a-zI].*/\1/p' "$tmp/list" >"$tmp/got"
same "wsray fields lists each field" "$tmp/fields" "$tmp/got"
# shellcheck disable=SC2046 # names are words
"$wsray" fields $(cat "$tmp/fields") >"$tmp/list" 2>"$tmp/stderr"
result $? "wsray fields explains them all"
sed -n 's/^\([a-z][a-z0-9_]*\.[a-z0-9_.]*\)$/\1/p' "$tmp/list" >"$tmp/got"
same "each explanation starts with its field" "$tmp/fields" "$tmp/got"
# Each example is a filter.
sed -n 's/^Example   //p' "$tmp/list" >"$tmp/examples"
status=0
test "$(grep -c . "$tmp/examples")" -eq "$rows" || status=1
while read -r example; do
    "$wsray" -q -Y "$example" "$srcdir/samples/good-chat.pcapng" \
        >"$tmp/got" 2>&1 </dev/null || {
        status=1
        sed 's/^/# /' "$tmp/got"
    }
done <"$tmp/examples"
result $status "each example of a field is a filter"

# ---- wsray findings ----

"$wsray" findings >"$tmp/list" 2>"$tmp/stderr" </dev/null
result $? "wsray findings runs"
sed -n 's/^  \([a-z0-9-]*\)  *\(error\|warning\|note\|chat\)  .*/\1/p' \
    "$tmp/list" >"$tmp/got"
same "wsray findings lists each finding" "$tmp/findings" "$tmp/got"
sed -n 's/^  \([a-z0-9-]*\)=.*/\1/p' "$tmp/list" >"$tmp/got"
same "wsray findings lists each threshold" "$tmp/thresholds" "$tmp/got"
# shellcheck disable=SC2046 # ids are words
"$wsray" findings $(cat "$tmp/findings") >"$tmp/list" 2>"$tmp/stderr"
result $? "wsray findings explains them all"
sed -n '/^[a-z][a-z0-9-]*$/p' "$tmp/list" >"$tmp/got"
same "each explanation starts with its finding" "$tmp/findings" "$tmp/got"

# ---- --help ----

# Only the first words of a line: sentences may speak of options as well.
help_options() {
    sed -n -e 's/^  \(-.\), \(--[a-z0-9-]*\).*/\1 \2/p' \
        -e 's/^      \(--[a-z0-9-]*\).*/\1/p' | tr ' ' '\n'
}

"$wsray" --help >"$tmp/help" 2>"$tmp/stderr" </dev/null
result $? "wsray --help runs"
help_options <"$tmp/help" >"$tmp/got"
same "--help names each option" "$tmp/options" "$tmp/got"
sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p' "$tmp/help" >"$tmp/got"
same "--help names each command" "$tmp/commands" "$tmp/got"

: >"$tmp/got"
status=0
while read -r command; do
    "$wsray" "$command" --help >"$tmp/help.one" </dev/null || status=1
    grep -q "^Usage: wsray $command " "$tmp/help.one" || status=1
    help_options <"$tmp/help.one" >>"$tmp/got"
done <"$tmp/commands"
result $status "wsray COMMAND --help runs for each command"
"$wsray" export --help </dev/null |
    sed -n 's/^Usage: wsray export \([^ ]*\) .*/\1/p' |
    tr '|' '\n' >"$tmp/got.kinds"
same "its help names all that export can make" "$tmp/kinds" "$tmp/got.kinds"
same "the help of all commands together names each option" \
    "$tmp/options" "$tmp/got"

# ---- man page ----

man=$(find_file doc/wsray.1)
sed -e 's/\\-/-/g' -e 's/\\f[BIR]//g' "$man" >"$tmp/man"
sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$tmp/man" |
    sed -n -e 's/^\(-.\), \(--[a-z0-9-]*\).*/\1 \2/p' \
        -e 's/^\(--[a-z0-9-]*\).*/\1/p' | tr ' ' '\n' >"$tmp/got"
same "the man page names each option" "$tmp/options" "$tmp/got"
sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' "$tmp/man" |
    sed -n '/^\.TP/{n;p;}' >"$tmp/got"
same "the man page names each command" "$tmp/commands" "$tmp/got"
sed -n '/^\.SS Fields/,/^\.SH/s/^\([a-z0-9_.]*\) ([a-zA-Z0-9 ]*)$/\1/p' \
    "$tmp/man" >"$tmp/got"
same "the man page names each field" "$tmp/fields" "$tmp/got"
sed -n '/^\.SH KEYS/,/^\.SH EXIT/s/^.*[^ ].* (:\([a-z-]*\))$/\1/p' "$tmp/man" \
    >"$tmp/got"
same "the man page names each key and its command" "$tmp/actions" "$tmp/got"
sed -e 's/\\-/-/g' -e 's/\\f[BIR]//g' "$(find_file doc/wsray-findings.7)" \
    >"$tmp/man"
sed -n 's/^\([a-z0-9-]*\) ([a-z]*)$/\1/p' "$tmp/man" >"$tmp/got"
same "wsray-findings(7) names each finding" "$tmp/findings" "$tmp/got"
sed -n '/^\.SH THRESHOLDS/,/^\.SH SEE/s/^\([a-z0-9-]*\)=.*/\1/p' "$tmp/man" \
    >"$tmp/got"
same "wsray-findings(7) names each threshold" "$tmp/thresholds" "$tmp/got"
grep -q '@[A-Z]*@' "$man"
test $? -eq 1
result $? "the man page has no place left to fill in"

# ---- bash ----

bash_file=$(find_file completions/bash/wsray)
sed -n "s/^ *[a-z*-]*) options='\(.*\)';;/\1/p" "$bash_file" | tr ' ' '\n' \
    >"$tmp/got"
same "the bash completion names each option" "$tmp/options" "$tmp/got"
# shellcheck disable=SC2016 # the dollar is the completion's
sed -n 's/^ *\([a-z|-]*\)) command=\$.*/\1/p' "$bash_file" | tr '|' '\n' \
    >"$tmp/got"
same "the bash completion names each command" "$tmp/commands" "$tmp/got"

if command -v bash >/dev/null 2>&1; then
    # Ask it as bash does: all options, and all commands.
    # shellcheck disable=SC2016 # expanded by that bash
    bash -c '. "$1" && cd / && COMP_WORDS=(wsray "$2") COMP_CWORD=1 &&
        _wsray && printf "%s\n" "${COMPREPLY[@]}"' - \
        "$(cd "$(dirname "$bash_file")" && pwd)/wsray" -- \
        >"$tmp/got" 2>&1
    same "bash completes each long option" "$tmp/names" "$tmp/got"
    # shellcheck disable=SC2016 # expanded by that bash
    bash -c '. "$1" && cd / && COMP_WORDS=(wsray findings "") COMP_CWORD=2 &&
        _wsray && printf "%s\n" "${COMPREPLY[@]}"' - \
        "$(cd "$(dirname "$bash_file")" && pwd)/wsray" >"$tmp/got" 2>&1
    same "bash completes each finding" "$tmp/findings" "$tmp/got"
    # shellcheck disable=SC2016 # expanded by that bash
    bash -c '. "$1" && cd / && COMP_WORDS=(wsray --threshold "") COMP_CWORD=2 &&
        _wsray && printf "%s\n" "${COMPREPLY[@]%=}"' - \
        "$(cd "$(dirname "$bash_file")" && pwd)/wsray" >"$tmp/got" 2>&1
    same "bash completes each threshold" "$tmp/thresholds" "$tmp/got"
    # shellcheck disable=SC2016 # expanded by that bash
    bash -c '. "$1" && cd / && COMP_WORDS=(wsray fields "") COMP_CWORD=2 &&
        _wsray && printf "%s\n" "${COMPREPLY[@]}"' - \
        "$(cd "$(dirname "$bash_file")" && pwd)/wsray" >"$tmp/got" 2>&1
    same "bash completes each field" "$tmp/fields" "$tmp/got"
    # shellcheck disable=SC2016 # expanded by that bash
    bash -c '. "$1" && cd / && COMP_WORDS=(wsray export "") COMP_CWORD=2 &&
        _wsray && printf "%s\n" "${COMPREPLY[@]}"' - \
        "$(cd "$(dirname "$bash_file")" && pwd)/wsray" >"$tmp/got" 2>&1
    same "bash completes all that export can make" "$tmp/kinds" "$tmp/got"
    for option in --findings --ignore; do
        # shellcheck disable=SC2016 # expanded by that bash
        bash -c '. "$1" && cd / && COMP_WORDS=(wsray check "$2" "") &&
            COMP_CWORD=3 && _wsray && printf "%s\n" "${COMPREPLY[@]}"' - \
            "$(cd "$(dirname "$bash_file")" && pwd)/wsray" "$option" \
            >"$tmp/got" 2>&1
        same "bash completes each finding behind $option" "$tmp/findings" \
            "$tmp/got"
    done
else
    skip "bash completes each long option" "no bash"
    skip "bash completes each finding behind --findings" "no bash"
    skip "bash completes each finding behind --ignore" "no bash"
    skip "bash completes each finding" "no bash"
    skip "bash completes each field" "no bash"
    skip "bash completes all that export can make" "no bash"
    skip "bash completes each threshold" "no bash"
fi

# ---- zsh ----

zsh_file=$(find_file completions/zsh/_wsray)
sed -n -e "s/.*{\(-.\)+*,\(--[a-z0-9-]*\)=*}.*/\1 \2/p" \
    -e "s/^ *[*']*\(--[a-z0-9-]*\)=*\[.*/\1/p" "$zsh_file" |
    tr ' ' '\n' >"$tmp/got"
same "the zsh completion names each option" "$tmp/options" "$tmp/got"
sed -n "s/^ *'\([a-z-]*\):.*'\$/\1/p" "$zsh_file" >"$tmp/got"
same "the zsh completion names each command" "$tmp/commands" "$tmp/got"
sed -n 's/^ *"\([a-z0-9-]*\):.*"$/\1/p' "$zsh_file" >"$tmp/got"
same "the zsh completion names each finding" "$tmp/findings" "$tmp/got"
sed -n "s/^ *compadd -S '' //p" "$zsh_file" | tr -d = | tr ' ' '\n' >"$tmp/got"
same "the zsh completion names each threshold" "$tmp/thresholds" "$tmp/got"
sed -n 's/^ *_values -s , finding //p' "$zsh_file" | tr ' ' '\n' >"$tmp/got"
same "the zsh completion lists each finding" "$tmp/findings" "$tmp/got"
sed -n 's/^ *_values kind //p' "$zsh_file" | tr ' ' '\n' >"$tmp/got"
same "the zsh completion names all that export can make" "$tmp/kinds" "$tmp/got"
sed -n 's/^ *compadd \([a-z].*\)/\1/p' "$zsh_file" | tr ' ' '\n' >"$tmp/got"
same "the zsh completion names each field" "$tmp/fields" "$tmp/got"
if command -v zsh >/dev/null 2>&1; then
    zsh -n "$zsh_file"
    result $? "zsh reads its completion"
else
    skip "zsh reads its completion" "no zsh"
fi

# ---- fish ----

fish_file=$(find_file completions/fish/wsray.fish)
sed -n -e 's/.* -s \(.\) -l .*/-\1/p' "$fish_file" >"$tmp/got"
sed -n -e 's/.* -l \([a-z0-9-]*\) .*/--\1/p' "$fish_file" >>"$tmp/got"
same "the fish completion names each option" "$tmp/options" "$tmp/got"
sed -n 's/.* -n __fish_is_first_arg -a \([a-z-]*\) .*/\1/p' "$fish_file" \
    >"$tmp/got"
same "the fish completion names each command" "$tmp/commands" "$tmp/got"
sed -n 's/.*_from findings. -f -a \([a-z0-9-]*\) .*/\1/p' "$fish_file" \
    >"$tmp/got"
same "the fish completion names each finding" "$tmp/findings" "$tmp/got"
sed -n 's/.*_from fields. -f -a \([a-z0-9_.]*\) .*/\1/p' "$fish_file" \
    >"$tmp/got"
same "the fish completion names each field" "$tmp/fields" "$tmp/got"
sed -n "s/.*_from export; .*' -a \([a-z]*\) .*/\1/p" "$fish_file" >"$tmp/got"
same "the fish completion names all that export can make" "$tmp/kinds" "$tmp/got"
sed -n "s/.* -l threshold -x -a '\([^']*\)'.*/\1/p" "$fish_file" | tr -d = |
    tr ' ' '\n' >"$tmp/got"
same "the fish completion names each threshold" "$tmp/thresholds" "$tmp/got"
sed -n "s/.* -l ignore -x -a '(__fish_append , \([^)]*\))'.*/\1/p" \
    "$fish_file" | tr ' ' '\n' >"$tmp/got"
same "the fish completion lists each finding" "$tmp/findings" "$tmp/got"
if command -v fish >/dev/null 2>&1; then
    fish --no-execute "$fish_file"
    result $? "fish reads its completion"
else
    skip "fish reads its completion" "no fish"
fi

echo "1..$number"
exit $failed
