#!/bin/sh
# SPDX-License-Identifier: MIT
#
# screens.sh TUI_DRAW SAMPLES - writes doc/screens.md to standard output: every
# view of the terminal interface as text, from captures of real programs.
set -eu
TUI_DRAW=$1 SAMPLES=$2
export TZ=UTC0 LC_ALL=C.UTF-8

screen() { # screen TITLE SAMPLE KEYS
    printf '## %s\n\n    wsray %s      keys: %s\n\n' "$1" "$2" "$3"
    for size in 160x48 80x24; do
        printf '```text\n'
        "$TUI_DRAW" "$SAMPLES/$2" utf8 "$size" "$3"
        printf '```\n\n'
    done
}

cat <<'END'
# Screens

What `wsray FILE` shows on a terminal, at 160x48 and at 80x24. Made by `make screens` from the samples, which are captures of
real programs or, where their names say odd or broken, of what those programs would not send.

END
screen 'Connections' good-gorilla-chat.pcapng '1'
screen 'Frames' good-chromium.pcapng '2 Down Down Right Right'
screen 'Frames: the bytes of a frame' good-chat.pcapng '2 Down b'
screen 'Talk' good-chat.pcapng '3'
screen 'Ladder' good-chat.pcapng '4'
screen 'Handshake' good-chromium.pcapng '5'
screen 'Handshake with a wrong Accept hash' odd-wrong-accept.pcap '5'
screen 'Statistics' good-gorilla-chat.pcapng '6'
screen 'Findings' odd-frames.pcap '7'
screen 'Help' good-chat.pcapng '2 ?'
