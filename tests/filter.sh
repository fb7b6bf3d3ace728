#!/bin/sh
# SPDX-License-Identifier: MIT
#
# filter.sh - what -Y lets through of the samples, against a second evaluation
# in Python, and against tshark where it is installed (TAP).
set -u
srcdir=${srcdir:-.}
WSRAY=${WSRAY:-./wsray}
if ! python3 -c '' 2>/dev/null; then
    echo "1..0 # SKIP python3 is not installed"
    exit 0
fi
exec python3 "$srcdir/tests/filter-check.py" "$WSRAY" "$srcdir/samples" \
    "$(command -v tshark || true)"
