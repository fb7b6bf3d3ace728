#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check-status.sh - the exit status of `wsray check`, and what it depends on
# (TAP).
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
LC_ALL=C.UTF-8
export LC_ALL
samples=$srcdir/samples
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

number=0
result() { # STATUS NAME
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
    fi
}

# status WANT NAME ARGUMENT...: what check ends with, whatever the format.
status() {
    want=$1 name=$2
    shift 2
    wrong=
    for form in '--by rule' '--by connection' '--format json'; do
        # shellcheck disable=SC2086 # two words
        "$WSRAY" check $form "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
        got=$?
        [ "$got" -eq "$want" ] || wrong="$wrong $form: $got instead of $want;"
    done
    [ -z "$wrong" ]
    result $? "$name$wrong"
}

good=$samples/good-chat.pcapng
frames=$samples/odd-frames.pcap
broken=$samples/broken-truncated.pcapng

status 0 'no error passes' "$good"
status 1 'an error fails' "$frames"
status 1 'an error in the second file fails' "$good" "$frames"
for severity in error warning note chat; do
    status 1 "an error fails on $severity" --fail-on "$severity" "$frames"
done
status 0 'nothing fails on never' --fail-on never "$frames"
status 0 'a connection without errors passes' --conn 13,14 "$frames"
status 0 'no packet at all passes' -c 1 "$frames"

ids=$("$WSRAY" check --format expect --fail-on never "$frames" |
    sed -n 's/^\([a-z][a-z0-9-]*\) .*/\1/p' | paste -s -d , -)
status 0 'what is ignored passes' --ignore "$ids" "$frames"
status 1 'one that is not ignored fails' --fail-on warning \
    --ignore "${ids#*,}" "$frames"
status 1 'one that is named fails' --fail-on warning \
    --findings "${ids%%,*}" "$frames"
status 0 'one that is not named passes' --findings deflate-bomb "$frames"

# ---- --expect ----

"$WSRAY" check --format expect "$frames" >"$tmp/expect" 2>"$tmp/err"
result $? 'writing the file does not fail, whatever is found'
status 0 'what was written is what is expected' --expect "$tmp/expect" "$frames"
status 0 'the same with -v' -v --expect "$tmp/expect" "$frames"
status 1 'other findings are not' --expect "$tmp/expect" "$good"
status 0 'without --fail-on' --fail-on note --expect "$tmp/expect" "$frames"
"$WSRAY" check -v --format expect "$frames" >"$tmp/verbose" 2>"$tmp/err"
status 0 'a file of -v is expected too' --expect "$tmp/verbose" "$frames"
sed '$d' "$tmp/expect" >"$tmp/less"
status 1 'one finding more fails' --expect "$tmp/less" "$frames"
{
    cat "$tmp/expect"
    echo 'deflate-bomb 1'
} >"$tmp/more"
status 1 'one finding less fails' --expect "$tmp/more" "$frames"
sed 's/ [0-9]*$/ */' "$tmp/expect" >"$tmp/any"
status 0 'any number of them passes' --expect "$tmp/any" "$frames"
: >"$tmp/none"
status 0 'an empty file expects nothing' --expect "$tmp/none" -c 1 "$good"
status 1 'and nothing else' --expect "$tmp/none" "$frames"

# ---- what is wrong with us ----

status 2 'an unknown id is a usage error' --ignore deflate-bmob "$good"
status 2 'so is an unknown severity' --fail-on fatal "$good"
echo 'deflate-bomb' >"$tmp/bad"
status 2 'so is a line without a count' --expect "$tmp/bad" "$good"
printf '%s: line 1: no count behind' "wsray: $tmp/bad" >"$tmp/want"
grep -qFf "$tmp/want" "$tmp/err"
result $? 'and it is told with file and line'
status 3 'a missing file is a failure' "$tmp/none.pcap"
status 3 'a missing file of --expect, too' --expect "$tmp/missing" "$good"
status 3 'a directory as --expect, too' --expect "$tmp" "$good"
status 3 'a damaged file wins over its findings' "$frames" "$broken"
status 3 'a missing file wins over findings' "$frames" "$tmp/none.pcap"
status 3 'also over what is expected' --expect "$tmp/none" "$frames" "$broken"

if [ -w /dev/full ]; then
    "$WSRAY" check "$frames" >/dev/full 2>"$tmp/err"
    test $? -eq 3
    result $? 'a full disk wins over findings'
    grep -q '^wsray: standard output: ' "$tmp/err"
    result $? 'and it is told'
else
    number=$((number + 2))
    echo "ok $((number - 1)) - a full disk wins over findings # SKIP no /dev/full"
    echo "ok $number - and it is told # SKIP no /dev/full"
fi

# Whether it fails does not depend on who reads it.
for form in '--by rule' '--by connection' '--format json'; do
    {
        # The reader has gone before the first byte is written.
        sleep 1
        # shellcheck disable=SC2086 # two words
        "$WSRAY" check $form "$frames" 2>"$tmp/err"
        echo $? >"$tmp/status"
    } | true
    test "$(cat "$tmp/status")" -eq 1 && test ! -s "$tmp/err"
    result $? "$form fails quietly when the reader has gone"
done

echo "1..$number"
