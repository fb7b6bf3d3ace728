#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tui.sh - screens of the terminal interface, drawn without a terminal (TAP):
# every view of some samples at many sizes.
#
# Those of 80x24 and 160x48 in UTF-8 are compared with tests/golden/tui/SAMPLE-
# SIZE, those of the ladder and the handshake with SAMPLE-stories and so on; `make
# update-golden` runs this with UPDATE=1, which rewrites them.  Of all others
# the shape is checked: as many rows as there are, none too wide, nothing that a
# terminal obeys, ASCII where ASCII was asked for.
set -u
srcdir=${srcdir:-.}
TUI_DRAW=${TUI_DRAW:-./tests/tui_draw}
UPDATE=${UPDATE:-}
export TZ=UTC0 LC_ALL=C.UTF-8

case $TUI_DRAW in
/*) ;;
*) TUI_DRAW=$(pwd)/$TUI_DRAW ;;
esac
cd "$srcdir" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
ok() { number=$((number + 1)); printf 'ok %d - %s\n' "$number" "$*"; }
not_ok() { number=$((number + 1)); printf 'not ok %d - %s\n' "$number" "$*"; }

# What is pressed: the views, what they can show, help.
views='1
2
2 Right Right
2 Enter
2 b
2 b Enter
2 B B G
2 B B B Down
2 x t
2 Down T Down Down
2 Tab Down Down Down Down
2 Tab \\
2 + + + Down
2 Down s
2 Down s n n n Enter
2 Down s n n n n n n n n n n N
2 Down s n n n n n n n n n n n n n n n n
2 P
F9 Down
F9 Enter
3
3 v d
3 v Down Down
3 v v Tab Down
3 v v v G K
3 z C /e n
3 u d
4
5
5 H
6
7
7 Enter
2 /o n
2 f/websocket.opcode==text
2 f/ws.len>9 3
2 f/ws.len>5 / t/&&websocket.pay
2 / t/websocket.opcode== Down
2 / t/websocket.opcode==foo
2 Right Right A
e e
?
2 ? n e x t
2 ? p
2 : 1 2 Enter
click:0,13
2 click:6,20 wheel-down:6,20
1 twice:3,10 click:23,3'
# Of these all are kept of 80x24, and of 160x48 so many:
wide='1
2
2 B B G
2 Right Right a / t/&&ws.
2 Down Tab Tab \\
2 Tab click:28,100
3
4
5
6
7'
# More, of which only the shape is checked.
others='2 s n n n n n n n n n n n n n . . . . . . . . Enter
2 s N , , P q
P 4
P 5 H
2 Tab Tab Tab \\ q q
2 BackTab PgDn PgDn PgUp
2 b PgDn G b Tab - - - - -
2 - - - - - - - - - - - - - - -
2 T T t t t t
2 Tab wheel-down:20,20 wheel-down:20,20 click:12,10 click:3,3
2 b click:6,70 click:7,10
] ]
2 f f t t
1 Down Enter
3 C d d G
3 v u Tab PgDn Tab g
3 v v v Tab G ] ]
3 z d d G t t
3 Enter
3 g Enter
3 G Enter
3 p u ] F
4 G PgUp
5 ] [
6 PgDn G
7 G V V
2 ? PgDn Down f r Enter
2 : z z z Enter
4 click:5,5 twice:6,6 wheel-up:7,7
6 wheel-down:5,5 wheel-down:5,5
7 twice:4,4 click:0,3
J J J K 2
p 2 f
1 > > > I I < Space Space { } PgDn
6 Right + + - Tab Enter 6 Tab PgDn Enter 6 Tab Tab Down Enter
7 Right Right End Enter e E q u Left V V V PgUp
4 Enter Tab Right Right Right
2 f/ws.rtt G
1 f/ws.conn==1 2 f f
7 a 1
7 A n Enter
2 A o Tab Tab Esc
2 / Tab Tab Tab Enter ^R Up Up Left Left Bksp ^W ^U Enter
1 / ^R f/ws.len f/ws.dir / ^R ^R ^R Enter 2
2 ^G t/3 Enter ^G t/0 Enter ^G Esc
6 f/ws.type==gap
2 / t/"x
q'

lines() { # lines SIZE...: what tui_draw is to draw
    for size in "$@"; do
        echo "$keys" | while read -r line; do
            echo "$size $line"
        done
    done
}

# Rows and columns of each screen, by its heading.  Characters stand for
# columns here: wide ones are tui_draw's to check.
shape() {
    sed '/^== /!s/./x/g' "$1" | awk '
        function end() {
            if (size && rows != want[2])
                printf "%s: %d rows\n", name, rows
        }
        /^== / { end(); name = $0; size = $2; split(size, want, "x"); rows = 0
                 next }
        { rows++ }
        length($0) > want[1] { printf "%s: row %d has %d columns\n", name,
                               rows, length($0) }
        END { end(); if (!size) print "no screen" }'
}

draw() { # draw SAMPLE CHARSET SIZE...: to $work/out; a test of its own
    sample=$1 charset=$2
    shift 2
    lines "$@" >"$work/lines"
    "$TUI_DRAW" "samples/$sample" "$charset" <"$work/lines" >"$work/out" \
        2>"$work/err"
    status=$?
    {
        [ "$status" -eq 0 ] || echo "exit status $status"
        cat "$work/err"
        shape "$work/out"
        LC_ALL=C tr -d '\n -~\200-\377' <"$work/out" | od -An -c | head -n 3
        grep -nP '[\x{80}-\x{9f}\x{ad}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}]' \
            "$work/out" | head -n 3
        [ "$charset" = utf8 ] || LC_ALL=C grep -n '[^ -~]' "$work/out"
    } >"$work/wrong" 2>&1
    if [ -s "$work/wrong" ]; then
        not_ok "$sample $charset $*"
        head -n 12 "$work/wrong" | sed 's/^/# /'
    else
        ok "$sample $charset $*"
    fi
}

golden() { # golden SAMPLE SIZE: what was drawn last
    name=tests/golden/tui/${1%.*}-$2
    [ -z "$UPDATE" ] || cp "$work/out" "$name"
    if cmp -s "$name" "$work/out"; then
        ok "$1 $2 as before"
    else
        not_ok "$1 $2 differs from $name"
        diff "$name" "$work/out" | head -n 12 | sed 's/^/# /'
    fi
}

for sample in good-chat.pcapng odd-frames.pcap broken-lost-segment.pcap \
    good-deflate-context.pcapng; do
    keys=$views
    draw "$sample" utf8 80x24
    golden "$sample" 80x24
    keys=$wide
    draw "$sample" utf8 160x48
    golden "$sample" 160x48
    keys="$views
$others"
    draw "$sample" utf8 100x30 60x20 40x12 39x9 1x1 80x24 160x48 140x40 41x10
    draw "$sample" ascii 160x48 100x30 80x24 60x20 40x12 39x9 1x1
done
# The ladder and the handshake: what each sample says at every size.
stories='4
4 o G
4 C u
5
5 ]
5 ] n n'
for sample in good-chat.pcapng odd-wrong-accept.pcap odd-refused.pcapng \
    broken-midstream.pcap broken-lost-segment.pcap odd-close.pcap; do
    keys=$stories
    draw "$sample" utf8 160x48 100x30 80x24 60x20 40x12
    golden "$sample" stories
    draw "$sample" ascii 80x24 40x12
    golden "$sample" stories-ascii
done

# Lists that sort and fold, and figures, at every size.
lists='1
1 > > Down Space I
1 < Space }
7
7 Right Down
7 u x Down e E V
7 Tab Right Down Down Left
6
6 Tab Down o
6 Tab Tab
6 Tab Tab Tab
6 Tab Tab Tab Tab > > > I
6 Tab Tab Tab Tab Tab Down'
for sample in good-gorilla-chat.pcapng odd-refused.pcapng odd-frames.pcap \
    broken-lost-segment.pcap; do
    keys=$lists
    draw "$sample" utf8 160x48 140x40 100x30 80x24 60x20 40x12
    golden "$sample" lists
done
# Bytes that are not known, in every view that shows payload.
keys='2 PgDn
2 PgDn Down B B
2 PgDn Down y
3 PgDn
3 v v z
4'
draw broken-lost-deflate.pcap utf8 160x48 100x30 80x24 60x20 40x12
golden broken-lost-deflate.pcap unknown
draw broken-lost-deflate.pcap ascii 80x24 40x12
golden broken-lost-deflate.pcap unknown-ascii
# What a filter leaves of every view, and the filters of bars.
filtered='1 f/ws.dir==s2c&&websocket.opcode==close
1 f/ws.conn==999
2 f/ws.conn==2 [
2 f/websocket.opcode==text 3
2 f/websocket.opcode==text 4
2 f/websocket.opcode==text 5
7 f/ws.severity>=warning e E
7 f/ws.conn==999 e
6 f/ws.dir==s2c Tab Right Right
6 f/ws.dir==s2c L Tab Tab Tab Tab
6 f/ws.conn==999 Tab Tab Tab Enter
6 f/ws.conn==1 Tab Tab Tab Tab Tab
6 Enter
6 Tab Right Enter
6 Tab Tab End Enter q
6 Tab Tab Tab Tab Enter f f
6 Tab Tab Tab Tab Tab Enter'
for sample in good-gorilla-chat.pcapng good-deflate-context.pcapng \
    odd-close.pcap odd-frames.pcap broken-lost-segment.pcap; do
    keys=$filtered
    draw "$sample" utf8 140x40 100x30 60x20 40x12
    draw "$sample" ascii 80x24 40x12
    draw "$sample" utf8 160x48 80x24
    golden "$sample" filtered
done
keys=$lists
draw good-gorilla-chat.pcapng ascii 160x48 80x24 40x12
golden good-gorilla-chat.pcapng lists-ascii
echo "1..$number"
