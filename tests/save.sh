#!/bin/sh
# SPDX-License-Identifier: MIT
#
# save.sh - what the command line says of saving packets of files, and of what
# is around it: limits, names, descriptors (TAP).
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
LC_ALL=C.UTF-8 TZ=UTC0
export LC_ALL TZ
case $WSRAY in
/*) ;;
*) WSRAY=$(pwd)/$WSRAY ;;
esac
samples=$(cd "$srcdir/samples" && pwd) || exit 99
good=$samples/good-chat.pcapng
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99

number=0
result() { # STATUS NAME
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' err
    fi
}

# wsray STATUS ARGUMENT...: whether it ends with that status.
wsray() {
    want=$1
    shift
    "$WSRAY" "$@" >out 2>err
    got=$?
    [ "$got" -eq "$want" ] && return 0
    echo "(status $got instead of $want)" >>err
    return 1
}

same() { # FILE...: whether each says what the sample says
    "$WSRAY" json "$good" | grep -v '"type":"capture"' >wanted
    for file in "$@"; do
        "$WSRAY" json "$file" 2>>err | grep -v '"type":"capture"' |
            cmp -s - wanted || return 1
    done
}

for suffix in pcapng pcap; do
    if [ $suffix = pcap ] && ! "$WSRAY" --version | grep -q libpcap; then
        number=$((number + 1))
        echo "ok $number - pcap # SKIP no libpcap"
        continue
    fi
    wsray 0 report -q -w copy.$suffix "$good" && [ ! -s err ] &&
        same copy.$suffix
    result $? "what is saved as $suffix reads like the original"
done

# ---- --ws-only ----

# The connections of some files, whatever their numbers.
connections() { # FILE...
    "$WSRAY" report -q --width 250 "$@" 2>/dev/null |
        sed -n 's/^#[0-9]* *//p' | sort
}

for sample in "$samples"/*.pcap*; do
    rm -f ws.pcapng
    "$WSRAY" stats --ws-only -w ws.pcapng "$sample" >out 2>err
    connections "$sample" >wanted
    connections ws.pcapng | cmp -s - wanted
    result $? "--ws-only loses nothing of ${sample##*/}"
done
# 18 of its 59 packets are plain HTTP.
wsray 0 report -q --ws-only -w ws.pcapng "$samples/good-chromium.pcapng" &&
    wsray 0 report -q ws.pcapng && grep -q '^41 packets,.* 1 TCP flow' out
result $? '--ws-only leaves out what is no WebSocket'

# ---- when to stop ----

wsray 0 report -q -w r.pcapng -b packets:3 -a files:2 "$good" &&
    [ "$(find . -name 'r_0*' | wc -l)" -eq 2 ] &&
    wsray 0 json r_00001_*.pcapng r_00002_*.pcapng &&
    grep -q '"type":"summary","packets":6,' out
result $? '-a files:2 leaves two full files'

wsray 0 report -q -w z.pcapng -b packets:3 -b files:2 "$good" &&
    [ "$(find . -name 'z_0*' | wc -l)" -eq 2 ] &&
    [ "$(find . -name 'z_00011_*' | wc -l)" -eq 1 ]
result $? '-b files:2 leaves the two last ones'

wsray 2 report -q -w x.pcapng -b packets:3 -b files:100001 "$good" &&
    grep -q 'a ring of more than 100000 files' err
result $? 'a ring that is too long is refused, not shortened'

(
    ulimit -f 2 # at most 2 KiB
    wsray 3 report -q -w limit.pcapng "$good"
) && grep -q '^wsray: limit.pcapng: at byte [0-9]*: cannot be written: File too large: packets are not saved' err &&
    wsray 0 report -q limit.pcapng
result $? 'a file that may not grow is told and can be read'

# ---- names ----

cp "$good" both.pcapng
wsray 2 report -q -w both.pcapng both.pcapng && cmp -s both.pcapng "$good"
result $? 'a file is not read and written at the same time'
ln both.pcapng other.pcapng
wsray 2 report -q -w other.pcapng "$good" both.pcapng &&
    cmp -s both.pcapng "$good"
result $? 'whatever its name'
# shellcheck disable=SC2094 # that is the point
wsray 2 report -q -w both.pcapng - <both.pcapng && cmp -s both.pcapng "$good"
result $? 'nor as standard input'
wsray 0 report -q -w both.pcapng -b packets:99 both.pcapng &&
    same both_00001_*.pcapng
result $? 'but files with numbers are others'

wsray 3 report -q -w none/x.pcapng "$good" &&
    grep -q '^wsray: none/x.pcapng: directory to write in, .*: No such file or directory$' err
result $? 'a directory that is not there is told'
mkdir d.pcapng
wsray 3 report -q -w d.pcapng "$good" &&
    grep -qx 'wsray: d.pcapng: cannot be opened: Is a directory' err
result $? 'so is one where the file should be'
wsray 2 report -q -w ./ "$good" &&
    grep -qx 'wsray: ./: is not the name of a file' err
result $? 'and a name without a file'
escape=$(printf 'a\033[31m\nb.pcapng')
wsray 3 report -q -w "none/$escape" "$good" &&
    [ "$(wc -l <err)" -eq 1 ] && ! grep -q "$(printf '\033')" err
result $? 'names cannot write to the terminal'

# ---- descriptors ----

"$WSRAY" report -q -w closed.pcapng "$good" ./missing >out 2>&-
[ $? -eq 3 ] && same closed.pcapng
result $? 'messages do not get into the file when standard error is closed'
"$WSRAY" report -q -w nothing.pcapng "$good" <&- >&- 2>&-
same nothing.pcapng
result $? 'it works without any standard descriptor'

set --
while [ $# -lt 60 ]; do
    set -- "$@" "$good"
done
(
    # shellcheck disable=SC3045 # dash and bash have it; without, less is tested
    ulimit -S -n 24 2>/dev/null
    wsray 0 json "$@" && grep -q '"type":"summary","packets":1980,' out
)
result $? 'there may be more files than descriptors'

mkfifo one two
(cat "$good" >one && cat "$good" >two) &
timeout 20 "$WSRAY" report -q one two >out 2>err && grep -q '^2 connections' out
result $? 'FIFOs whose writers come one after another are read'
wait
timeout -k 2 -s TERM 1 "$WSRAY" report -q one >out 2>err
[ $? -eq 124 ] && [ ! -s err ]
result $? 'one that nobody writes to can be left'

echo "1..$number"
