# The small digits that the tests of whole runs train on, made once per build of the program, and what those tests share. Sourced after lib.sh.
# SPDX-License-Identifier: MIT
digits=$build/contracts/digits-small
export THALWEG_CACHE=$build/contracts/cache

make_digits() {
    need_file "$program"
    [ "$digits/made" -nt "$program" ] && return
    rm -rf "$digits" && mkdir -p "$build/contracts" || exit 1
    "$program" data make digits --out "$digits" --train 6400 --test 1000 >/dev/null || { echo "data make digits failed"; exit 1; }
    : >"$digits/made"
}

# A run's history without the column that holds times.
history_of() { # history_of RUN-FOLDER
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "seconds") drop = i }
        { line = ""; for (i = 1; i <= NF; i++) if (i != drop) line = line (line == "" ? "" : OFS) $i; print line }' "$1/history.csv"
}
hash_of() { sha256sum <"$1" | cut -c 1-64; }
