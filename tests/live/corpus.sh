#!/bin/sh
# SPDX-License-Identifier: MIT
#
# corpus.sh [NAME...] - other protocols are not WebSocket.  Real programs talk
# on a private loopback under tcpdump; each capture is cut so that it starts
# in mid-stream (cut.py: in several places, also one direction alone and with
# holes), and wsray must find no connection in any piece.  Captures of real
# WebSocket peers are cut the same way as a control: they must be found, but
# where so little may be left that nobody can tell: that is counted apart.  TAP
# on standard output; what is missing on this machine is skipped and says why.
#
#   WSRAY              the program (default ./wsray)
#   WSRAY_LIVE_DIR     keeps captures and logs there (default: thrown away)
#   WSRAY_PEERS_DIR    scratch folder for npm packages and build results
#   WSRAY_SAMPLES_DIR  writes a small sample of each capture there, for
#                      tests/corpus

# shellcheck disable=SC2317 # functions called by trap and by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
gen=$here/../gen
parts=$here/corpus
WSRAY=${WSRAY:-./wsray}
scratch=${WSRAY_PEERS_DIR:-${TMPDIR:-/tmp}/wsray-peers}
PYTHON=${PYTHON:-/usr/bin/python3} # Debian's: it sees Debian's packages
PYTHONDONTWRITEBYTECODE=1
NODE_PATH=$scratch/node_modules
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/git-core:/usr/lib/postgresql/15/bin
export PYTHONDONTWRITEBYTECODE NODE_PATH PATH
# shellcheck source=/dev/null
. "$gen/capture.sh"
HOST=127.0.0.1

cuts="0 0-client 0-server 30 60 60-client 60-server 60-holes 90"

# name, what it needs: programs, or python:MODULE
protocols="http nginx curl
https nginx curl openssl
h2c node
ssh sshd ssh ssh-keygen
ftp vsftpd curl
rsync rsync
git git git-daemon
mqtt mosquitto python:paho.mqtt.client
mqtt-subscribe mosquitto python:paho.mqtt.client
redis redis-server redis-benchmark
memcached memcached python:socket
memcached-binary memcached memccp memccat
postgresql postgres initdb psql setpriv
mariadb mariadbd mariadb-install-db mariadb
dns dnsmasq python:socket
smtp python:aiosmtpd
zeromq python:zmq
multiprocessing python:multiprocessing
$("$PYTHON" "$parts/files.py" --list | sed 's/.*/file-& python:socket/')
websocket-plain node python:websockets
websocket-deflate node
websocket-small-plain python:websockets
websocket-small-deflate python:websockets"

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

if [ -z "${WSRAY_OWN_LOOPBACK:-}" ]; then
    command -v "$WSRAY" >/dev/null ||
        { echo "Bail out! no program $WSRAY (set WSRAY)"; exit 1; }
    [ "$(id -u)" = 0 ] || skip_all "needs root for tcpdump and a namespace"
    for program in tcpdump unshare ip timeout ethtool; do
        command -v $program >/dev/null || skip_all "no $program here"
    done
    unshare -n true 2>/dev/null || skip_all "no network namespaces here"
    mkdir -p "$scratch"
    "$gen/install-peers.sh" "$scratch" >"$scratch/npm.log" 2>&1
    own_loopback "$@"
fi
own_loopback
# Segments as on a real wire, and no ::1 that half of the programs try first.
ip link set lo mtu 1500
ethtool -K lo tso off gso off gro off >/dev/null 2>&1
echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null

if [ -n "${WSRAY_LIVE_DIR:-}" ]; then
    dir=$WSRAY_LIVE_DIR
    mkdir -p "$dir"
else
    dir=$(mktemp -d)
fi
started= # by their ids: what must not outlive this script
stop_servers() {
    # shellcheck disable=SC2086 # a list
    [ -z "$started" ] || kill $started 2>/dev/null
    for pid in $started; do
        wait "$pid" 2>/dev/null
    done
    started=
}
clean_up() {
    stop_servers
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
chmod 755 "$dir" # servers that give up root read the files

serve() { # serve PORT COMMAND...: starts a server that listens there
    listens_on=$1
    shift
    timeout 60 "$@" </dev/null &
    started="$started $!"
    for _ in $(seq 200); do
        [ -z "$(ss -Htln "sport = :$listens_on")" ] || return 0
        sleep 0.05
    done
    echo "no server on port $listens_on"
    return 1
}

# ------------------------------------------------------------ what is said
# say_NAME: servers and clients of one protocol.  $files: folder of files.
say_http() {
    nginx_serve 80 '' || return 1
    # shellcheck disable=SC2046 # a list
    timeout 20 curl -sf $(urls http) >/dev/null &&
        timeout 20 curl -sf --compressed $(urls http | grep text) >/dev/null &&
        timeout 20 curl -sf --limit-rate 4M --data-binary "@$files/random" \
            "http://$HOST/echo" >/dev/null
}
say_https() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -keyout "$work/key.pem" -out "$work/cert.pem" || return 1
    nginx_serve 443 "ssl http2; ssl_certificate $work/cert.pem;
        ssl_certificate_key $work/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3" || return 1
    # shellcheck disable=SC2046,SC2086 # lists
    for how in "--http1.1 --tls-max 1.2" "--http1.1 --tlsv1.3" "--http2"; do
        timeout 20 curl -ksf $how $(urls https) >/dev/null || return 1
    done
}
urls() {
    for each in "$files"/*; do echo "$1://$HOST/${each##*/}"; done
}
nginx_serve() { # nginx_serve PORT LISTEN-OPTIONS
    cat >"$work/nginx.conf" <<END
daemon off; user root; pid $work/nginx.pid; error_log stderr;
events { }
http {
    access_log off; gzip on; gzip_types *; default_type text/plain;
    client_body_temp_path $work; proxy_temp_path $work;
    fastcgi_temp_path $work; uwsgi_temp_path $work; scgi_temp_path $work;
    client_max_body_size 10m;
    server { listen $HOST:$1 $2; root $files;
        location /echo { return 200 "thanks"; } }
}
END
    serve "$1" nginx -c "$work/nginx.conf"
}
say_h2c() {
    timeout 30 node "$parts/h2.js" 8080 "$files"
}
say_ssh() {
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/host" &&
        ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/user" || return 1
    cat >"$work/sshd.conf" <<END
ListenAddress $HOST
HostKey $work/host
AuthorizedKeysFile $work/user.pub
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
Subsystem sftp internal-sftp
END
    mkdir -p /run/sshd
    serve 22 "$(command -v sshd)" -D -e -f "$work/sshd.conf" || return 1
    for cipher in chacha20-poly1305@openssh.com aes128-ctr; do
        timeout 20 ssh -q -F none -i "$work/user" -o StrictHostKeyChecking=no \
            -o UserKnownHostsFile=/dev/null -c "$cipher" root@"$HOST" \
            "cat $files/random $files/zero; for i in \$(seq 200); do echo \$i; done" \
            >/dev/null </dev/null || return 1
    done
}
say_ftp() {
    mkdir -p "$work/empty"
    cat >"$work/vsftpd.conf" <<END
listen=YES
listen_address=$HOST
background=NO
anonymous_enable=YES
anon_root=$files
no_anon_password=YES
secure_chroot_dir=$work/empty
pasv_enable=YES
pasv_min_port=20000
pasv_max_port=29999
run_as_launching_user=YES
seccomp_sandbox=NO
END
    serve 21 vsftpd "$work/vsftpd.conf" || return 1
    # shellcheck disable=SC2046 # a list
    timeout 20 curl -sf $(urls ftp) >/dev/null
}
say_rsync() {
    cat >"$work/rsyncd.conf" <<END
address = $HOST
use chroot = no
uid = root
gid = root
[in]
    path = $work/in
    read only = no
END
    mkdir -p "$work/in"
    serve 873 rsync --daemon --no-detach --config "$work/rsyncd.conf" || return 1
    timeout 20 rsync -r "$files/" rsync://"$HOST"/in/plain &&
        timeout 20 rsync -rz "$files/" rsync://"$HOST"/in/packed
}
say_git() (
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.test
    export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.test
    export GIT_AUTHOR_DATE='1767225600 +0000'
    export GIT_COMMITTER_DATE='1767225600 +0000'
    git init -q "$work/one" && cp "$files"/* "$work/one" &&
        git -C "$work/one" add . && git -C "$work/one" commit -qm one &&
        serve 9418 git daemon --reuseaddr --listen="$HOST" --export-all \
            --base-path="$work" "$work" &&
        timeout 20 git clone -q "git://$HOST/one" "$work/two"
    status=$?
    stop_servers
    exit "$status"
)
say_mqtt() {
    cat >"$work/mosquitto.conf" <<END
listener 1883 $HOST
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
END
    serve 1883 mosquitto -c "$work/mosquitto.conf" || return 1
    timeout 30 "$PYTHON" "$parts/talk.py" "${1:-mqtt}" 1883
}
say_mqtt_subscribe() {
    say_mqtt mqtt_subscribe
}
say_redis() {
    serve 6379 redis-server --bind "$HOST" --save '' --dir "$work" || return 1
    timeout 30 "$PYTHON" "$parts/talk.py" redis 6379 &&
        timeout 30 redis-benchmark -q -h "$HOST" -c 4 -n 500 -d 40 \
            -t ping,set,get,lpush,lrange_100,mset &&
        timeout 30 redis-cli -h "$HOST" -x set big <"$files/random" &&
        timeout 30 redis-cli -h "$HOST" get big >/dev/null
}
say_memcached() {
    serve 11211 memcached -u root -l "$HOST" || return 1
    timeout 30 "$PYTHON" "$parts/talk.py" memcached 11211
}
say_memcached_binary() {
    serve 11211 memcached -u root -l "$HOST" || return 1
    for each in "$files"/*; do
        timeout 10 memccp --binary --servers="$HOST":11211 "$each" &&
            timeout 10 memccat --binary --servers="$HOST":11211 "${each##*/}" \
                >/dev/null || return 1
    done
    timeout 30 "$PYTHON" "$parts/talk.py" memcached_binary 11211
}
say_postgresql() {
    mkdir -p "$work/data"
    chmod 711 "$work"
    chown postgres "$work/data"
    set -- setpriv --reuid=postgres --regid=postgres --clear-groups
    (cd / && "$@" initdb -A trust --no-sync -D "$work/data") || return 1
    cd / || return 1
    serve 5432 "$@" postgres -D "$work/data" -F -h "$HOST" -k '' || return 1
    {
        echo 'select i, md5(i::text), i * 1.5 from generate_series(1, 3000) i;'
        echo 'create table t (i int, b bytea, d float8);'
        echo "insert into t select i, decode(md5(i::text), 'hex'), i * 0.1
            from generate_series(1, 3000) i;"
        echo '\copy (select * from t) to /dev/null (format binary)'
        for i in $(seq 100); do echo "select $i, b from t where i = $i;"; done
    } | timeout 30 psql -q -h "$HOST" -U postgres -v ON_ERROR_STOP=1 postgres \
        >/dev/null
}
say_mariadb() {
    mariadb-install-db --no-defaults --user=root --datadir="$work/data" \
        --auth-root-authentication-method=normal --skip-test-db || return 1
    serve 3306 mariadbd --no-defaults --user=root --datadir="$work/data" \
        --bind-address="$HOST" --socket="$work/sock" --skip-grant-tables \
        --pid-file="$work/pid" || return 1
    {
        echo 'select seq, md5(seq), seq * 1.5 from seq_1_to_3000;'
        for i in $(seq 300); do echo "select $i, repeat('x', $i % 90);"; done
    } | timeout 30 mariadb --no-defaults -h "$HOST" mysql >/dev/null
}
say_dns() {
    serve 53 dnsmasq -k -C /dev/null --user=root -a "$HOST" -z -R -h \
        --address=/example.test/192.0.2.1 --pid-file= || return 1
    timeout 30 "$PYTHON" "$parts/talk.py" dns 53
}
say_smtp() {
    timeout 30 "$PYTHON" "$parts/talk.py" smtp 2525 "$files/random"
}
say_zeromq() {
    timeout 30 "$PYTHON" "$parts/talk.py" zmq 5555
}
say_multiprocessing() {
    timeout 30 "$PYTHON" "$parts/talk.py" pipe 6000
}
say_file() {
    timeout 30 "$PYTHON" "$parts/talk.py" send 7000 "$files/$1"
}
say_websocket() { # say_websocket SERVER DEFLATE
    case $1 in
    ws) set -- node "$here/peer.js" server 9000 "$work/server" 100 2 "$2" 1 ;;
    python) set -- "$PYTHON" "$here/peer.py" server 9000 "$work/server" 100 2 "$2" 1 ;;
    esac
    deflate=$7
    serve 9000 "$@" || return 1
    timeout 30 node "$here/peer.js" client 9000 "$work/client" 100 2 "$deflate" 2
}
say_small() {
    timeout 30 "$PYTHON" "$parts/talk.py" websocket 9000 "$1"
}

# -------------------------------------------------------------- one protocol
missing() { # missing NEED...: what is not here; prints nothing when all is
    for need; do
        case $need in
        python:*)
            "$PYTHON" -c "import ${need#*:}" 2>/dev/null ||
                echo "no Python module ${need#*:}"
            ;;
        *)
            command -v "$need" >/dev/null || echo "no $need"
            ;;
        esac
    done | head -n 1
}

capture() { # capture FILE COMMAND...: what the command says on loopback
    file=$1
    shift
    # A small snap length (above the MTU) because libpcap's buffer holds as
    # many packets as fit when each takes all of it.
    tcpdump -i lo --immediate-mode -U -s2048 -B 131072 -Z root \
        --time-stamp-precision=nano -w "$file" tcp 2>"$file.log" &
    capture_pid=$!
    started=$capture_pid
    for _ in $(seq 100); do
        grep -q 'listening on' "$file.log" && break
        sleep 0.05
    done
    started=
    "$@"
    said=$?
    sleep 0.2
    kill -INT $capture_pid
    wait $capture_pid
    stop_servers
    if ! grep -q '^0 packets dropped by kernel' "$file.log"; then
        cat "$file.log"
        return 1
    fi
    return $said
}

count_connections() { # count_connections FILE: what wsray finds in it
    "$WSRAY" json --payload-limit 0 "$1" >"$work/json" || return 1
    grep -c '"type":"handshake"' "$work/json" || true
}

speak() { # speak NAME: the function that says it, and its arguments
    case $1 in
    file-*) say_file "${1#file-}" ;;
    websocket-plain) say_websocket python none ;;
    websocket-deflate) say_websocket ws takeover ;;
    websocket-small-plain) say_small none ;;
    websocket-small-deflate) say_small deflate ;;
    *) "say_$(echo "$1" | tr - _)" ;;
    esac
}

run() { # run NAME: fails when a piece was judged wrongly; sets $verdict
    verdict=
    work=$dir/$1
    rm -rf "$work"
    mkdir -p "$work"
    capture "$work/whole.pcap" speak "$1" || return 1
    # shellcheck disable=SC2086 # a list of words
    "$PYTHON" "$here/cut.py" cut "$work/whole.pcap" "$work/cut" $cuts \
        >"$work/cuts" || return 1
    case ${WSRAY_SAMPLES_DIR:-}:$1 in
    :* | *:websocket-plain | *:websocket-deflate) ;; # too large for samples
    *)
        "$PYTHON" "$here/cut.py" sample 5000 "$work/whole.pcap" \
            "$WSRAY_SAMPLES_DIR/$1.pcap.gz" || return 1
        ;;
    esac
    found=0
    due=0
    little=0
    little_found=0
    wrong=0
    while read -r what alive; do
        n_found=$(count_connections "$work/cut-$what.pcap") || return 1
        case $1-$what in
        websocket-small-*) want=$alive ;;
        # Frames are large here, and what is left may be too little: the last
        # tenth of the packets can be one message, two fifths of one direction
        # some twenty frames, holes can come before frames land on each other.
        websocket-*-90 | websocket-*-60-*)
            little=$((little + alive))
            little_found=$((little_found + n_found))
            continue
            ;;
        websocket-*) want=$alive ;;
        *) want=0 ;;
        esac
        found=$((found + n_found))
        due=$((due + alive))
        if [ "$n_found" != "$want" ]; then
            echo "$what: $n_found of $alive connections taken for WebSocket"
            wrong=1
        fi
    done <"$work/cuts"
    [ $due -gt 0 ] || { echo "nothing was captured"; return 1; }
    verdict="$found of $due pieces of connections taken for WebSocket"
    [ $little = 0 ] ||
        verdict="$verdict, $little_found of $little of those that may hold too little"
    return $wrong
}

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(echo "$protocols" | cut -d' ' -f1)
"$PYTHON" "$parts/files.py" "$dir/files" "$here/../../LICENSE" "$WSRAY" ||
    { echo "Bail out! files.py failed"; exit 1; }
files=$dir/files
echo "1..$#"
n=0
failed=0
others=0
for name; do
    n=$((n + 1))
    line=$(echo "$protocols" | grep "^$name ") ||
        { echo "Bail out! no protocol named $name"; exit 1; }
    control=
    case $name in websocket-*) control='positive control ' ;; esac
    # shellcheck disable=SC2046 # words
    reason=$(missing $(echo "$line" | cut -d' ' -f2-))
    if [ -n "$reason" ]; then
        echo "ok $n - $control$name # SKIP $reason"
        continue
    fi
    if run "$name" >"$dir/said" 2>&1; then
        echo "ok $n - $control$name: $verdict"
    else
        echo "not ok $n - $control$name${verdict:+: $verdict}"
        tail -n 12 "$dir/said" | sed 's/^/# /'
        failed=1
    fi
    [ -n "$control" ] || others=$((others + ${due:-0}))
    [ -n "${WSRAY_LIVE_DIR:-}" ] || rm -rf "$work"
done
echo "# $others pieces of connections of other protocols"
exit $failed
