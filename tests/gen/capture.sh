# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# capture.sh - read (.) by make-samples.sh and live.sh: a private loopback and
# a capture of what one command does on it.

# Starts the calling script again in a network namespace of its own, where no
# other program's traffic is and every port is free.  Arguments: the script's.
own_loopback() {
    [ -z "${WSRAY_OWN_LOOPBACK:-}" ] || { ip link set lo up; return; }
    export WSRAY_OWN_LOOPBACK=1
    exec unshare -n "$0" "$@"
}

# capture_start FILE FILTER: returns when packets are being written to FILE.
capture_start() {
    capture_log=$1.log
    # Without --immediate-mode the end of a short run is lost.
    tcpdump -i lo --immediate-mode -U -s0 -B "${WSRAY_CAPTURE_KIB:-65536}" \
        --time-stamp-precision=nano -Z root -w "$1" "$2" 2>"$capture_log" &
    capture_pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -q 'listening on' "$capture_log" && return 0
        sleep 0.25
    done
    cat "$capture_log" >&2
    return 1
}

# Waits for the last packets, ends the capture; fails when packets were lost.
capture_stop() {
    sleep 1
    kill -INT "$capture_pid"
    wait "$capture_pid" || true
    if ! grep -q '^0 packets dropped by kernel' "$capture_log"; then
        cat "$capture_log" >&2
        return 1
    fi
}
