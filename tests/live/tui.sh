#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tui.sh - the terminal interface on real terminals (TAP): pseudo terminals
# whose raw bytes are checked, tmux whose screens are compared with those that
# tests/tui_draw draws, and live traffic of npm ws on a private loopback.  What
# is missing on this machine is skipped and says why.
#
#   WSRAY            the program (default ./wsray)
#   TUI_DRAW         tests/tui_draw
#   WSRAY_PEERS_DIR  scratch folder for npm packages

# shellcheck disable=SC2034,SC2154 # common.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/common.sh"
# shellcheck source=/dev/null
. "$here/../gen/capture.sh"

command -v "$PYTHON" >/dev/null || skip_all "no $PYTHON here"
case $("$WSRAY" tui /dev/null </dev/null 2>&1) in
*'without a terminal interface'*)
    skip_all "this wsray was built without a terminal interface" ;;
esac
if [ -z "${WSRAY_OWN_LOOPBACK:-}" ] && [ "$(id -u)" = 0 ] &&
    unshare -n true 2>/dev/null; then
    mkdir -p "$scratch"
    "$here/../gen/install-peers.sh" "$scratch" >"$scratch/npm.log" 2>&1
    own_loopback "$@"
fi
WSRAY_LIVE_SKIP=
if [ -n "${WSRAY_OWN_LOOPBACK:-}" ]; then
    own_loopback
    WSRAY_LIVE_SKIP=$(missing ws)
else
    WSRAY_LIVE_SKIP="needs root and network namespaces"
fi
export WSRAY_LIVE_SKIP
exec "$PYTHON" "$here/tui.py" "$WSRAY" "${TUI_DRAW:-}" "$@"
