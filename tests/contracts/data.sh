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

# what_of MODEL: sets `what` to the words of train that say what is learnt of which rows. text: a recurrent network whose state goes from row to row;
# deep: convolutions, batch norm, a residual and dropout on images changed at random; pretrained: layer by layer before; simulated: by workers under a virtual clock; else a model of digits
# (or $data).
what_of() {
    local body="conv2d 4 3x3 padding=same; batchnorm; relu; dropout 0.1; conv2d 4 3x3 padding=same"
    case $1 in
    text)
        [ -e "$work/text" ] || cat "$top"/docs/*.md | LC_ALL=C tr -cd 'a-z \n' | head -c 100000 >"$work/text"
        what=("$work/text" --format text --length 32 --model "embedding classes 8; lstm 24 carry=1; dropout 0.1; gru 16 carry=1; dense classes softmax")
        ;;
    deep)
        what=("${data:-$digits}" --augment "shift rotate elastic" --model "conv2d 4 3x3 padding=same; batchnorm; relu; maxpool2d 2x2; residual($body) relu; \
maxpool2d 2x2; flatten; dense 16 relu; dropout 0.2; dense classes softmax")
        ;;
    pretrained)
        what=("${data:-$digits}" --model "flatten; dense 48 sigmoid; dense 24 sigmoid; dense classes softmax" --pretrain 2 --pretrain-noise 0.2)
        ;;
    simulated)
        what=("${data:-$digits}" --model "flatten; dense 16 relu; dense classes softmax" --exchange "sim:workers=20,sync=asp,jitter=exponential,latency=0.1,service=0.05")
        ;;
    *) what=("${data:-$digits}" --model "$1") ;;
    esac
}
