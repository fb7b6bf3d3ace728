#!/bin/sh
# SPDX-License-Identifier: MIT
#
# findings.sh [NAME...] - are the findings right?  TAP on standard output; what
# is missing on this machine is skipped and says why.
#
# "good": real peers that behave, of six programs, also with a reverse proxy
# between them and over a bad wire.  No finding of severity error may come, and
# no warning but those that `warnings` below lists with a reason.  Notes are
# printed.
#
# "rude": rude.py breaks one rule at a time against real servers.  wsray must
# find that and nothing else; what the server did about it goes into a table
# (doc/CONFORMANCE.md).
#
#   WSRAY                the program (default ./wsray)
#   WSRAY_FINDINGS_COUNT messages each end sends on each connection (20; over
#                        the bad wire a third of that)
#   WSRAY_FINDINGS_FULL  also every client with every server (default: a round
#                        in which each is once client and once server)
#   WSRAY_FINDINGS_TABLE writes the table there, as Markdown
#   WSRAY_LIVE_DIR       keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR      scratch folder for npm packages and build results

# shellcheck disable=SC2317,SC2034,SC2154 # called by name; common.sh
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/common.sh"
limit=15
messages=${WSRAY_FINDINGS_COUNT:-20}

# Warnings that good traffic may have: peer or place, id, why it is right.  A
# line counts for a test when its name has that word in it.  None is needed:
# what is between hosts and not encrypted is a warning, but on loopback and
# private addresses a note, and ends are clean.
warnings="
"

# name, client, server, deflate, who closes, proxy, wire (- or its options).
# libwebsockets never closes: it does not wait for the answer to its Close, and
# a RST then meets that.  As a client that inflates, 4.1.6 stands still when
# several frames come in one segment: that pairing is left out.
good="good-ws-python-plain ws python none client - -
good-ws-python-deflate ws python takeover server - -
good-python-gorilla-plain python gorilla none server - -
good-python-gorilla-deflate python gorilla takeover client - -
good-gorilla-lws-plain gorilla lws none client - -
good-gorilla-lws-deflate gorilla lws takeover client - -
good-lws-ws-plain lws ws none server - -
good-lws-python-plain lws python none server - -
good-ws-lws-deflate ws lws takeover client - -
good-ws-ws-notakeover ws ws notakeover server - -
good-chromium-ws-plain chromium ws none client - -
good-chromium-ws-deflate chromium ws takeover server - -
good-chromium-nginx-ws-deflate chromium ws takeover client nginx -
good-chromium-haproxy-ws-plain chromium ws none server haproxy -
good-ws-nginx-python-deflate ws python takeover client nginx -
good-python-haproxy-ws-deflate python ws takeover server haproxy -
good-gorilla-nginx-lws-plain gorilla lws none client nginx -
good-lws-haproxy-gorilla-plain lws gorilla none server haproxy -
good-wire-ws-python-plain ws python none server - loss=3 reorder=3
good-wire-python-lws-deflate python lws takeover client - burst=0.3 duplicate=3
good-wire-lws-gorilla-plain lws gorilla none server - loss=2 duplicate=3
good-wire-gorilla-ws-plain gorilla ws none client - reorder=10 duplicate=5
good-wire-chromium-ws-deflate chromium ws takeover client - loss=2 reorder=3
good-wire-ws-nginx-ws-deflate ws ws takeover server nginx loss=2 reorder=3
good-wire-lws-haproxy-python-plain lws python none server haproxy loss=2"

full() { # the other pairs
    for client in ws python gorilla lws chromium; do
        for server in ws python gorilla lws; do
            for proxy in - nginx haproxy; do
                for closer in client server; do
                    case "$client/$server/$closer" in
                    lws/lws/* | lws/*/client | */lws/server) continue ;;
                    chromium/ws/*) ;; # its page comes from peer.js
                    chromium/*) continue ;;
                    esac
                    pair=$client-$proxy-$server-$closer
                    [ "$proxy" != - ] || pair=$client-$server-$closer
                    echo "good-$pair-plain $client $server none $closer $proxy -"
                    [ "$client" != lws ] || continue
                    echo "good-$pair-deflate $client $server takeover" \
                        "$closer $proxy -"
                done
            done
        done
    done
}

rude="rude-ws ws
rude-python python
rude-lws lws"

require nsenter cc
build_peers
build_lws
make_dir
trap clean_up EXIT
trap 'exit 1' INT TERM
cc -std=c11 -D_GNU_SOURCE -O2 -o "$dir/wire" "$here/wire.c" ||
    skip_all "wire.c does not build here"
"$WSRAY" findings >"$dir/known" || { echo "Bail out! no wsray findings"; exit 1; }

proxy() { # proxy nginx|haproxy: from port 9001 to port 9000
    case $1 in
    nginx)
        cat >"$base.nginx" <<END
daemon off;
master_process off;
pid $base.nginx.pid;
error_log $base.nginx.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $base.body;
    proxy_temp_path $base.temp;
    fastcgi_temp_path $base.fastcgi;
    uwsgi_temp_path $base.uwsgi;
    scgi_temp_path $base.scgi;
    map \$http_upgrade \$connection_upgrade { default upgrade; "" close; }
    server {
        listen 127.0.0.1:9001;
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_http_version 1.1;
            proxy_set_header Host \$http_host;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection \$connection_upgrade;
        }
    }
}
END
        set -- nginx -p "$dir" -c "$base.nginx"
        ;;
    haproxy)
        cat >"$base.haproxy" <<END
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 60s
frontend front
    bind 127.0.0.1:9001
    default_backend back
backend back
    server one 127.0.0.1:9000
END
        set -- haproxy -db -f "$base.haproxy"
        ;;
    esac
    exec nsenter -t "$server_ns" -n -- "$@"
}

# One namespace is client and server, or two have a bad wire between them.
stage() { # stage -|WIRE-OPTION...: sets client_ns, server_ns, device, ends
    if [ "$1" = - ]; then
        new_namespace || return 1
        client_ns=$ns
        server_ns=$ns
        device=lo
        snaplen=66000
        ends=loopback
        count=$messages
        inside "$ns" ip link set lo up
    else
        namespaces 1500 delay=1 "$@" || return 1
        device=wire0
        snaplen=2048
        ends="client-end server-end"
        count=$((messages / 3))
    fi
}

captures() { # on both ends; sets capture_pids
    capture_pids=
    for end in $ends; do
        of=$client_ns
        [ "$end" != server-end ] || of=$server_ns
        capture "$of" "$base.$end.pcap" "$device" "$snaplen" || return 1
        capture_pids="$capture_pids $capture_pid"
    done
}

end_captures() {
    sleep 0.3 # last packets
    # shellcheck disable=SC2086 # a list
    set -- $capture_pids
    for end in $ends; do
        end_capture "$1" "$base.$end.pcap" || return 1
        shift
    done
}

end_stage() {
    # shellcheck disable=SC2086 # a list
    kill $started 2>/dev/null
    # shellcheck disable=SC2086
    wait $started 2>/dev/null
    started=
}

converse() { # converse CLIENT SERVER DEFLATE PROXY; status of both peers
    role=server
    [ "$1" != chromium ] || role=page
    (within="nsenter -t $server_ns -n --" peer "$2" "$role" "$base.server" \
        "$3" 1) >"$base.ready" 2>"$base.err" &
    server_pid=$!
    started="$started $server_pid"
    await ready "$base.ready" || return 1
    if [ "$4" != - ]; then
        (proxy "$4") >"$base.proxy" 2>&1 &
        started="$started $!"
        port=9001
        for _ in $(seq 100); do
            inside "$server_ns" sh -c 'ss -ltn || cat /proc/net/tcp' 2>/dev/null |
                grep -Eq ':9001|:2329' && break
            sleep 0.05
        done
    fi
    (within="nsenter -t $client_ns -n --" peer "$1" client "$base.client" \
        "$3" 2) >"$base.out" 2>&1 &
    client_pid=$!
    started="$started $client_pid"
    status=0
    wait "$server_pid" || status=1
    if [ "$1" = chromium ]; then
        kill "$client_pid"
        wait "$client_pid" 2>/dev/null
        rm -rf "$base.client.profile"
    else
        wait "$client_pid" || status=1
    fi
    [ "$status" = 0 ] || cat "$base.err" "$base.out"
    return "$status"
}

run_good() { # run_good NAME CLIENT SERVER DEFLATE CLOSER PROXY WIRE...
    name_=$1
    base=$dir/$1
    client=$2
    server=$3
    deflate=$4
    WSRAY_CLOSER=$5
    export WSRAY_CLOSER
    proxy_=$6
    # libwebsockets 4.1.6 cannot inflate what does not fit its buffers, here
    # or there, and says "invalid distance too far back".
    unset WSRAY_LARGEST
    case $name_ in
    *-lws-*deflate*)
        WSRAY_LARGEST=900
        export WSRAY_LARGEST
        ;;
    esac
    shift 6
    rm -rf "$base".*
    port=9000
    conns=3
    [ "$client" != chromium ] || conns=1
    stage "$@" && captures || return 1
    page=stay # does not close
    [ "$WSRAY_CLOSER" = server ] || page=
    converse "$client" "$server" "$deflate" "$proxy_"
    status=$?
    end_captures || status=1
    end_stage
    [ "$status" = 0 ] || return 1
    expected=$conns
    [ "$proxy_" = - ] || [ "$device" != lo ] || expected=$((conns * 2))
    allowed=$(echo "$warnings" | while read -r word id _; do
        case $name_- in *-$word-*) echo "$id" ;; esac
    done)
    for end in $ends; do
        "$WSRAY" json --payload-limit 0 "$base.$end.pcap" >"$base.$end.json" ||
            { echo "$WSRAY: exit status $?"; return 1; }
        # shellcheck disable=SC2086 # a list
        "$PYTHON" "$here/findings.py" good "$base.$end.json" "$expected" \
            "$count" $allowed || return 1
    done
}

run_rude() { # run_rude NAME SERVER
    base=$dir/$1
    rm -rf "$base".*
    port=9000
    stage - && captures || return 1
    (within="nsenter -t $server_ns -n --" peer "$2" echo "$base.server" \
        takeover 1) >"$base.ready" 2>"$base.err" &
    started="$started $!"
    await ready "$base.ready" || return 1
    inside "$client_ns" "$PYTHON" "$here/rude.py" "$port" >"$base.did"
    status=$?
    end_captures || status=1
    end_stage
    [ "$status" = 0 ] || return 1
    "$WSRAY" json --payload-limit 0 --threshold ping-reply=300ms \
        --threshold close-reply=300ms "$base.loopback.pcap" \
        >"$base.json" || { echo "$WSRAY: exit status $?"; return 1; }
    "$PYTHON" "$here/findings.py" rude "$base.json" "$base.did" "$dir/known"
}

all=$(printf '%s\n%s\n' "$good" "$rude")
[ -z "${WSRAY_FINDINGS_FULL:-}" ] ||
    all=$( (printf '%s\n%s\n' "$good" "$rude"; full) | awk '!seen[$1]++')
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(echo "$all" | cut -d' ' -f1)
echo "1..$#"
n=0
failed=0
for name; do
    n=$((n + 1))
    line=$( (echo "$all"; full) | grep -m1 "^$name ") ||
        { echo "Bail out! no test named $name"; exit 1; }
    # shellcheck disable=SC2086 # words
    set -- $line
    reason=$(missing "$2")
    case $name in
    good-*)
        run=run_good
        [ -n "$reason" ] || reason=$(missing "$3")
        [ -n "$reason" ] || reason=$(missing "$6")
        case $name in
        good-wire-*)
            [ -n "$reason" ] || [ -c /dev/net/tun ] || reason="no /dev/net/tun here"
            ;;
        esac
        ;;
    rude-*) run=run_rude ;;
    esac
    if [ -n "$reason" ]; then
        echo "ok $n - $name # SKIP $reason"
        continue
    fi
    # Not in a subshell: what it starts must be known here.
    if $run "$@" >"$dir/said" 2>&1; then
        echo "ok $n - $name: $(head -n 1 "$dir/said")"
        sed '1d; s/^/# /' "$dir/said"
    else
        end_stage
        echo "not ok $n - $name"
        failed=1
        sed 's/^/# /' "$dir/said"
    fi
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -f "$dir"/*.pcap "$dir"/good-*
done
set -- "$dir"/rude-*.did
if [ -s "$1" ]; then
    "$PYTHON" "$here/findings.py" table "$@" >"$dir/table"
    sed 's/^/# /' "$dir/table"
    [ -z "${WSRAY_FINDINGS_TABLE:-}" ] ||
        cp "$dir/table" "$WSRAY_FINDINGS_TABLE"
fi
exit $failed
