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
missing_needed() {
    for tool in autoreconf automake make pkg-config awk; do
        command -v "$tool" >/dev/null 2>&1 || printf '%s ' "$tool"
    done
    command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 ||
        command -v clang >/dev/null 2>&1 || printf 'cc '
    command -v pkg-config >/dev/null 2>&1 || return 0
    missing_modules libcrypto zlib
    [ "$mode" = check ] || return 0
    missing_modules check
}

# What it can do without: the rest of the features.
missing_optional() {
    command -v pkg-config >/dev/null 2>&1 || return 0
    missing_modules libzstd liblz4 liblzma libpcap libseccomp ncursesw
}

missing_modules() {
    for module in "$@"; do
        pkg-config --exists "$module" || printf '%s ' "$module"
    done
}

# The packages of this system that bring what is needed, by its manager.
packages_needed() {
    case $1 in
    apt-get) echo gcc libc6-dev make autoconf automake pkg-config gawk \
        libssl-dev zlib1g-dev ;;
    dnf) echo gcc make autoconf automake pkgconf-pkg-config gawk \
        openssl-devel zlib-devel ;;
    pacman) echo gcc make autoconf automake pkgconf gawk openssl zlib ;;
    apk) echo gcc musl-dev linux-headers make autoconf automake pkgconf gawk \
        openssl-dev zlib-dev ;;
    zypper) echo gcc make autoconf automake pkg-config gawk \
        libopenssl-devel zlib-devel ;;
    brew) echo autoconf automake pkg-config gawk openssl@3 zlib ;;
    esac
    [ "$mode" = check ] || return 0
    case $1 in
    apt-get) echo check python3 python3-jsonschema ;;
    dnf) echo check-devel python3 python3-jsonschema ;;
    pacman) echo check python python-jsonschema ;;
    apk) echo check-dev python3 py3-jsonschema ;;
    zypper) echo check-devel python3 python3-jsonschema ;;
    brew) echo check python3 ;;
    esac
}

packages_optional() {
    case $1 in
    apt-get) echo libzstd-dev liblz4-dev liblzma-dev libpcap-dev \
        libseccomp-dev libncurses-dev ;;
    dnf) echo libzstd-devel lz4-devel xz-devel libpcap-devel \
        libseccomp-devel ncurses-devel ;;
    pacman) echo zstd lz4 xz libpcap libseccomp ncurses ;;
    apk) echo zstd-dev lz4-dev xz-dev libpcap-dev libseccomp-dev \
        ncurses-dev ;;
    zypper) echo libzstd-devel liblz4-devel xz-devel libpcap-devel \
        libseccomp-devel ncurses-devel ;;
    brew) echo zstd lz4 xz libpcap ncurses ;;
    esac
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install_with() {
    manager=$1
    shift
    case $manager in
    apt-get)
        # Lists that cannot be brought up to date may still do.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || :
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

# All at once; when that fails, what is needed without the rest.
install_all() {
    # shellcheck disable=SC2046 # lists of words on purpose
    install_with "$1" $(packages_needed "$1") $(packages_optional "$1") &&
        return
    [ -n "$(missing_needed)" ] || return 0
    # shellcheck disable=SC2046
    install_with "$1" $(packages_needed "$1") || :
}

install_missing() {
    missing=$(missing_needed)$(missing_optional)
    [ -n "$missing" ] || return 0
    say "missing here: $missing"
    found=
    for manager in apt-get dnf pacman apk zypper brew; do
        command -v "$manager" >/dev/null 2>&1 || continue
        found=$manager
        say "installing with $manager:" \
            "$(packages_needed "$manager" | tr '\n' ' ')$(packages_optional "$manager")"
        if [ "$manager" = brew ] || can_be_root; then
            install_all "$manager"
            hash -r
        else
            say "root rights are needed for that, and there is no sudo"
        fi
        break
    done
    [ -n "$found" ] ||
        say "no package manager I know (apt-get, dnf, pacman, apk, zypper, brew)"
    missing=$(missing_needed)
    [ -z "$missing" ] || die "cannot build without: $missing"
    missing=$(missing_optional)
    [ -z "$missing" ] || say "building without: $missing(see README, Install)"
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

# A tree configured before a library came would go on without it.
is_outdated() {
    for pair in libzstd:ZSTD liblz4:LZ4 liblzma:LZMA libpcap:PCAP \
        libseccomp:SECCOMP ncursesw:NCURSES check:CHECK; do
        if grep -q "^${pair#*:}_LIBS = *\$" Makefile &&
            pkg-config --exists "${pair%:*}"; then
            return 0
        fi
    done
    return 1
}

build() {
    cd "$here"
    if [ ! -x configure ]; then
        say "making configure"
        quietly ./autogen.sh
    fi
    if [ ! -f Makefile ] || is_outdated; then
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
