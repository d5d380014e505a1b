# The claims of `thalweg sources` with the commands that show them and what these print as evidence. After lib.sh and tests/cli/lib.sh.
# SPDX-License-Identifier: MIT

# Values of a key in the lines of json_lines, unescaped, a line each.
values() { sed -n "s/^[0-9]*\.$1 \"\(.*\)\"\$/\1/p" "$2" | sed 's/\\\(["\\/]\)/\1/g'; }

# List of the sources as lines -> command, tab, evidence.
claims_with_evidence() {
    sed -n 's/^\([0-9]*\)\.\(kind\|show\|evidence\) "\(.*\)"$/\1\t\2\t\3/p' "$1" | sed 's/\\\(["\\/]\)/\1/g' | awk -F '\t' '
        { of[$1, $2] = $3; if ($1 > last) last = $1 }
        END { for (i = 0; i <= last; i++) if (of[i, "show"] != "" && (of[i, "kind"] == "claim" || of[i, "evidence"] != "")) print of[i, "show"] "\t" of[i, "evidence"] }' |
        sort -u
}

# Looks for the evidence of all claims that a command shows in its output, and counts them. quick: numbers are not compared.
count=0 claims=0
check_evidence() { # check_evidence COMMAND OUTPUT CLAIMS [quick]
    local claim wrong
    while IFS= read -r claim; do
        wrong=$(awk -v evidence="$claim" -v quick="${4:+1}" -f "$contracts/evidence.awk" "$2")
        [ -z "$wrong" ] || offence "$1
$wrong"
        claims=$((claims + 1))
    done < <(awk -F '\t' 'NR == FNR { show = $0; next } $1 == show && $2 != "" { print $2 }' <(printf '%s\n' "$1") "$3")
    count=$((count + 1))
}
