#!/bin/sh
# SPDX-License-Identifier: MIT
#
# From a bare machine to a report:
#   ./quickstart.sh [FILE]   installs what is missing, builds wsray, and shows
#                            the report of FILE (default: a sample)
#   ./quickstart.sh check    the same set-up, then the test suite
set -eu

here=$(cd "$(dirname "$0")" && pwd)

say() { printf 'quickstart: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

usage() {
    sed -n '5,7s/^# *//p' "$0"
}

# What the build needs, by what is found on the machine and not by package
# names, so that libraries installed in another way count too.
missing_tools() {
    for tool in autoreconf automake make pkg-config awk; do
        command -v "$tool" >/dev/null 2>&1 || printf '%s ' "$tool"
    done
    command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
        command -v clang >/dev/null 2>&1 || printf 'cc '
    command -v pkg-config >/dev/null 2>&1 || return 0
    for module in libcrypto zlib libzstd liblz4 liblzma; do
        pkg-config --exists "$module" || printf '%s ' "$module"
    done
    [ "$mode" = check ] || return 0
    for module in check libpcap; do
        pkg-config --exists "$module" || printf '%s ' "$module"
    done
}

# The packages of this system that bring all of the above, by its manager.
packages() {
    case $1 in
    apt-get) echo gcc libc6-dev make autoconf automake pkg-config gawk \
        libssl-dev zlib1g-dev libzstd-dev liblz4-dev liblzma-dev ;;
    dnf) echo gcc make autoconf automake pkgconf-pkg-config gawk \
        openssl-devel zlib-devel libzstd-devel lz4-devel xz-devel ;;
    pacman) echo gcc make autoconf automake pkgconf gawk \
        openssl zlib zstd lz4 xz ;;
    apk) echo gcc musl-dev linux-headers make autoconf automake pkgconf gawk \
        openssl-dev zlib-dev zstd-dev lz4-dev xz-dev ;;
    zypper) echo gcc make autoconf automake pkg-config gawk \
        libopenssl-devel zlib-devel libzstd-devel liblz4-devel xz-devel ;;
    brew) echo autoconf automake pkg-config gawk openssl@3 zlib zstd lz4 xz ;;
    esac
    [ "$mode" = check ] || return 0
    case $1 in
    apt-get) echo check libpcap-dev python3 python3-jsonschema ;;
    dnf) echo check-devel libpcap-devel python3 python3-jsonschema ;;
    pacman) echo check libpcap python python-jsonschema ;;
    apk) echo check-dev libpcap-dev python3 py3-jsonschema ;;
    zypper) echo check-devel libpcap-devel python3 python3-jsonschema ;;
    brew) echo check libpcap python3 ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "root rights are needed for: $*"
    fi
}

install_with() {
    manager=$1
    shift
    case $manager in
    apt-get)
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "$@" >/dev/null
        ;;
    dnf) as_root dnf install -y -q "$@" ;;
    pacman) as_root pacman -S --needed --noconfirm "$@" ;;
    apk) as_root apk add --quiet "$@" ;;
    zypper) as_root zypper --non-interactive --quiet install "$@" ;;
    brew) brew install --quiet "$@" ;;
    esac
}

install_missing() {
    missing=$(missing_tools)
    [ -n "$missing" ] || return 0
    for manager in apt-get dnf pacman apk zypper brew; do
        command -v "$manager" >/dev/null 2>&1 || continue
        # shellcheck disable=SC2046 # a list of words on purpose
        set -- $(packages "$manager")
        say "missing here: $missing"
        say "installing with $manager: $*"
        install_with "$manager" "$@"
        hash -r
        still=$(missing_tools)
        [ -z "$still" ] || die "still missing after the installation: $still"
        return 0
    done
    die "missing: $missing; no package manager I know (apt-get, dnf, pacman, apk, zypper, brew)"
}

brew_paths() {
    command -v brew >/dev/null 2>&1 || return 0
    for formula in openssl@3 zlib libpcap; do
        prefix=$(brew --prefix "$formula" 2>/dev/null) || continue
        PKG_CONFIG_PATH="$prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
    done
    export PKG_CONFIG_PATH
}

jobs_count() {
    getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

# Runs quietly; what was said is shown only when it fails.
quietly() {
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "failed: $*"
    fi
    rm -f "$log"
}

build() {
    cd "$here"
    if [ ! -x configure ]; then
        say "making configure"
        quietly ./autogen.sh
    fi
    # A tree configured before libcheck came would build no tests.
    if [ ! -f Makefile ] ||
        { [ "$mode" = check ] && grep -qE '^CHECK_LIBS = *$' Makefile; }; then
        say "configuring"
        quietly ./configure
    fi
    say "building"
    quietly make -j"$(jobs_count)"
}

mode=report
file=
case ${1-} in
check) mode=check ;;
-h | --help) usage; exit 0 ;;
'') file=$here/samples/good-chat.pcapng ;;
*)
    [ $# -eq 1 ] || { usage >&2; exit 2; }
    file=$1
    [ -r "$file" ] || { say "$file: cannot be read"; exit 3; }
    case $file in
    /*) ;;
    *) file=$(pwd)/$file ;;
    esac
    ;;
esac

brew_paths
install_missing
build
if [ "$mode" = check ]; then
    exec make -j"$(jobs_count)" check
fi
say "./wsray report $file"
exec ./wsray report "$file"
