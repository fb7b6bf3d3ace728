#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs the npm packages of package.json into the scratch folder $1 (kept:
# a second run does nothing) and prints the NODE_PATH to use.  Fails when npm
# or node is missing.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: install-peers.sh FOLDER}
mkdir -p "$dir"
if ! cmp -s "$here/package.json" "$dir/package.json" ||
    [ ! -d "$dir/node_modules/ws" ]; then
    cp "$here/package.json" "$dir/package.json"
    (cd "$dir" && npm install --no-audit --no-fund --no-package-lock \
        --ignore-scripts) >&2
fi
echo "$dir/node_modules"
