# Shared by the contract tests, which are started as  tests/contracts/NAME SOURCE-FOLDER BUILD-FOLDER [...].
# Exit code 0: the contract holds; 1: it does not, every offence in a line; 77: not tested here, the reason in a line.
# SPDX-License-Identifier: MIT
set -uo pipefail
export LC_ALL=C
unset COLUMNS
top=${1:?the source folder} build=${2:?the build folder}
contracts=$top/tests/contracts
program=$build/thalweg
bad=0

offence() { printf '%s\n' "$*"; bad=1; }
skip() { printf 'not tested: %s\n' "$*"; exit 77; }
need_file() { [ -e "$1" ] || { printf '%s is not built\n' "${1#"$build"/}"; exit 1; }; }
finish() { [ $bad = 0 ] && printf 'holds: %s\n' "$*"; exit $bad; }

# The project's own files, as paths from the top: what git knows or would add; where the top is not git's, everything outside of build folders.
tree_files() {
    if [ "$(git -C "$top" rev-parse --show-cdup 2>&1)" = "" ]; then
        git -C "$top" ls-files -co --exclude-standard -- "$@" | while IFS= read -r f; do [ -f "$top/$f" ] && printf '%s\n' "$f"; done
    else
        (cd "$top" && find "${@:-.}" -type f -not -path './build*' -not -path './out/*' 2>/dev/null | sed 's,^\./,,')
    fi
}

# A folder of this test's own, emptied first, for what it writes.
work_folder() { # work_folder [NAME]
    work=$build/contracts/${0##*/}${1:+-$1}
    rm -rf "$work" && mkdir -p "$work" || exit 1
}

# A race's race.json without the values that may differ: "seconds", whether a number or a median with its quartiles.
without_seconds() {
    awk '/"seconds": \{/ { inside = 1 } inside { if (/\}/) inside = 0; next } /"seconds":/ { next } { sub(/,$/, ""); print }' "$1/race.json"
}
