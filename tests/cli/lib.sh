# Functions for the cases: small IDX files, made byte by byte; JSON as lines.
# SPDX-License-Identifier: MIT

be32() { local n=$1; printf "\\x$(printf %02x $((n >> 24 & 255)))\\x$(printf %02x $((n >> 16 & 255)))\\x$(printf %02x $((n >> 8 & 255)))\\x$(printf %02x $((n & 255)))"; }

# idx_images COUNT HEIGHT WIDTH: images of one grey to stdout, the i-th image's pixels have the value i % 251
idx_images() {
    local i
    printf '\0\0\x08\x03'; be32 "$1"; be32 "$2"; be32 "$3"
    for ((i = 0; i < $1; i++)); do
        head -c $(($2 * $3)) /dev/zero | tr '\0' "\\$(printf %03o $((i % 251)))"
    done
}

# idx_labels LABEL...: a label file to stdout
idx_labels() {
    local l
    printf '\0\0\x08\x01'; be32 $#
    for l; do printf "\\x$(printf %02x "$l")"; done
}

# idx_folder DIR: 6 training and 4 test images of 5 x 5 with labels 0 and 1
idx_folder() {
    mkdir -p "$1"
    idx_images 6 5 5 > "$1/train-images-idx3-ubyte"
    idx_labels 0 1 0 1 0 1 > "$1/train-labels-idx1-ubyte"
    idx_images 4 5 5 > "$1/t10k-images-idx3-ubyte"
    idx_labels 0 1 1 0 > "$1/t10k-labels-idx1-ubyte"
}

# cifar10 CLASS...: a file of CIFAR-10 to stdout, an image of one colour for each class
cifar10() {
    local class
    for class; do
        printf "\\x$(printf %02x "$class")"
        head -c 3072 /dev/zero | tr '\0' "\\$(printf %03o $((class * 25 + 5)))"
    done
}

# npy ROWS COLUMNS NUMBER...: an array of bytes to stdout, as NumPy writes it
npy() {
    local n
    printf '\x93NUMPY\1\0\x76\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($1, $2), }"
    shift 2
    for n; do printf "\\x$(printf %02x "$n")"; done
}

# json_lines: the program's JSON (a value in a line) from stdin as lines "path value", e.g. "epochs.0.loss 0.25"; numbers in ten digits
json_lines() {
    awk '{
        name = count[depth]++
        sub(/^ +/, ""); sub(/,$/, "")
        if (match($0, /^"[^"]*": /)) { name = substr($0, 2, RLENGTH - 4); $0 = substr($0, RLENGTH + 1) }
        if ($0 == "}" || $0 == "]") depth--
        else if ($0 == "{" || $0 == "[") { at[depth + 1] = NR == 1 ? "" : at[depth] name "."; count[++depth] = 0 }
        else print at[depth] name " " ($0 ~ /^-?[0-9]/ ? sprintf("%.10g", $0) : $0)
    }'
}

# say SPEC: what explain says of a wrong spec; its exit code too, if that is not 2
say() {
    local message code
    message=$(thalweg explain "$1" 2>&1 >/dev/null)
    code=$?
    [ $code = 2 ] || echo "exit code $code"
    echo "${message#thalweg: }"
}

# listed FILE: the members that a list of the source tree names, one a line
listed() { sed -nE 's/^ *(TW__[A-Z]+|X)\(([a-z0-9_]+)\).*/\2/p' "$here/../../$1"; }
