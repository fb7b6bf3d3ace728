#!/bin/sh
# SPDX-License-Identifier: MIT
#
# lint.sh - what a compiler does not check: layers, headers, banned calls,
# function length, layout, shell scripts.  Prints one line for each offence
# and exits 1 if there was one.
set -u
cd "$(dirname "$0")/.." || exit 2

out=$(mktemp)
trap 'rm -f "$out"' EXIT
CC=${CC:-cc}

sources() {
    git ls-files --cached --others --exclude-standard -- "$@"
}

complain() { printf '%s\n' "$*" >>"$out"; }

# Who may include whom: base < capture, dissect < ui; ui/main.c and tests all.
layer_rule() { # FOLDER FORBIDDEN-FOLDERS (as an alternation)
    sources "$1/*.c" "$1/*.h" | while read -r file; do
        grep -nE "^#include \"($2)/" "$file" | while read -r hit; do
            complain "$file:$hit: $1/ must not include this"
        done
    done
}
layer_rule base 'capture|dissect|ui|tests'
layer_rule capture 'dissect|ui|tests'
layer_rule dissect 'capture|ui|tests'
layer_rule ui 'tests'

# Third-party headers have one home each.
home() { # HEADER-PATTERN ALLOWED-FILES (as an alternation)
    sources 'base/*.[ch]' 'capture/*.[ch]' 'dissect/*.[ch]' 'ui/*.[ch]' |
        grep -vE "^($2)$" | while read -r file; do
        grep -nE "^#include <($1)" "$file" | while read -r hit; do
            complain "$file:$hit: only $2 may include this"
        done
    done
}
home 'openssl/' 'dissect/digest\.c'
home 'zlib\.h' 'dissect/ws_deflate\.[ch]|capture/decompress\.[ch]'
home 'zstd|lz4|lzma' 'capture/decompress\.[ch]'
home 'pcap' 'capture/(live_(counters|parts)\.h|live_(counters|devices)\.c|save_pcap\.c)'
home 'seccomp|linux/landlock|linux/capability' 'ui/(sandbox|privileges)\.c'
home 'ncurses|curses' 'ui/tui/screen/tty\.c'

# Below ui/ nothing prints, exits, or trusts a terminator.
sources 'base/*.[ch]' 'capture/*.[ch]' 'dissect/*.[ch]' | while read -r file; do
    grep -nE '\b(printf|fprintf|puts|putchar|perror|exit|_exit|abort)\(' \
        "$file" | while read -r hit; do
        complain "$file:$hit: printing and exiting belong to ui/"
    done
done
sources '*/*.c' '*/*.h' ':!tests' | while read -r file; do
    grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|strtok|alloca)\(' \
        "$file" | while read -r hit; do
        complain "$file:$hit: banned call"
    done
done

# Functions: 120 lines at most.  The layout is clang-format's, so a body
# starts with { and ends with } in the first column.
sources '*.c' | while read -r file; do
    awk -v file="$file" '
        /^\{/ { start = FNR }
        /^\}/ { if (start && FNR - start > 120)
                    printf "%s:%d: function of %d lines (limit 120)\n",
                           file, start, FNR - start
                start = 0 }' "$file" >>"$out"
done

# Every header compiles alone.
sources '*.h' | while read -r file; do
    $CC -std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -fsyntax-only -x c "$file" \
        2>>"$out" || complain "$file: does not compile alone"
done

# Every source says its licence in its first lines.
sources '*.c' '*.h' '*.def' '*.sh' '*.py' | while read -r file; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
        complain "$file: no SPDX line"
done

if command -v clang-format >/dev/null 2>&1; then
    sources '*.c' '*.h' | xargs clang-format --dry-run -Werror 2>&1 |
        grep -E 'error:' >>"$out"
else
    echo "lint: clang-format not found, layout not checked" >&2
fi
if command -v shellcheck >/dev/null 2>&1; then
    sources '*.sh' '.ci/run' | xargs shellcheck -f gcc >>"$out"
else
    echo "lint: shellcheck not found, scripts not checked" >&2
fi

if [ -s "$out" ]; then
    cat "$out"
    printf 'lint: %s offences\n' "$(wc -l <"$out")" >&2
    exit 1
fi
echo "lint: clean"
