#!/bin/sh
# SPDX-License-Identifier: MIT
#
# live.sh [NAME...] - wsray against real peers: each test has two programs talk
# on a private loopback under tcpdump, both write down every message, and
# compare.py compares that with "wsray json" of the capture.  TAP on standard
# output; what is missing on this machine is skipped and says why.
#
#   WSRAY              the program (default ./wsray)
#   WSRAY_LIVE_COUNT   messages each end sends on each connection (200)
#   WSRAY_LIVE_DIR     keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR    scratch folder for npm packages and build results

# shellcheck disable=SC2034,SC2154 # common.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
WSRAY_CAPTURE_KIB=262144
export WSRAY_CAPTURE_KIB
# shellcheck source=/dev/null
. "$here/common.sh"
# shellcheck source=/dev/null
. "$here/../gen/capture.sh"
count=${WSRAY_LIVE_COUNT:-200}

# name, client, server, deflate
tests="ws-ws-plain ws ws none
ws-ws-takeover ws ws takeover
ws-ws-notakeover ws ws notakeover
python-ws-takeover python ws takeover
ws-python-takeover ws python takeover
ws-python-plain ws python none
gorilla-ws-notakeover gorilla ws notakeover
ws-gorilla-notakeover ws gorilla notakeover
gorilla-gorilla-plain gorilla gorilla none
chromium-ws-takeover chromium ws takeover"

# Before the namespace: rights, programs, and what needs the network.
if [ -z "${WSRAY_OWN_LOOPBACK:-}" ]; then
    require
    build_peers
    own_loopback "$@"
fi
own_loopback
make_dir
trap clean_up EXIT

run() { # run NAME CLIENT SERVER DEFLATE: one test; prints what was compared
    base=$dir/$1
    conns=3
    role=server
    if [ "$2" = chromium ]; then
        conns=1
        role=page
    fi
    rm -f "$base".*
    capture_start "$base.pcap" "port $port" || return 1
    (peer "$3" "$role" "$base.server" "$4" 1) >"$base.ready" 2>"$base.err" &
    server_pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -qs ready "$base.ready" && break
        sleep 0.25
    done
    (peer "$2" client "$base.client" "$4" 2) >"$base.out" 2>&1 &
    client_pid=$!
    status=0
    wait $server_pid || status=1
    if [ "$2" = chromium ]; then
        kill $client_pid
        wait $client_pid 2>/dev/null
        mv "$base.server.page" "$base.client" || status=1
        rm -rf "$base.client.profile"
    else
        wait $client_pid || status=1
    fi
    capture_stop || status=1
    if [ $status != 0 ]; then
        cat "$base.err" "$base.out"
        return 1
    fi
    "$WSRAY" json --digest sha1 --payload-limit 0 "$base.pcap" \
        >"$base.json" || { echo "$WSRAY: exit status $?"; return 1; }
    packed=deflate
    [ "$4" != none ] || packed=plain
    "$PYTHON" "$here/compare.py" "$base.client" "$base.server" "$base.json" \
        $conns $packed
}

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(echo "$tests" | cut -d' ' -f1)
echo "1..$#"
n=0
failed=0
for name; do
    n=$((n + 1))
    line=$(echo "$tests" | grep "^$name ") ||
        { echo "Bail out! no test named $name"; exit 1; }
    # shellcheck disable=SC2086 # four words
    set -- $line
    reason=$(missing "$2")
    [ -n "$reason" ] || reason=$(missing "$3")
    if [ -n "$reason" ]; then
        echo "ok $n - $name # SKIP $reason"
    elif said=$(run "$@"); then
        echo "ok $n - $name: $said"
    else
        echo "not ok $n - $name"
        echo "$said" | sed 's/^/# /'
        failed=1
    fi
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -f "$dir"/*.pcap "$dir"/*.json
done
exit $failed
