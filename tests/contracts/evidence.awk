# Says what is wrong with a claim's evidence (-v evidence=...) in the output of its command; nothing where all of it holds. tools/sources.h has the form.
# With -v quick=1 the output is of a shorter run: numbers must be there and are not compared.
# SPDX-License-Identifier: MIT

# Cells are parted by two spaces or more; where each begins and ends is kept, for the columns below a head.
{
    squeezed = squeezed " " $0
    rest = $0
    at = 1
    while (match(rest, /[^ ]+( [^ ]+)*/)) {
        k = ++cells[NR]
        from[NR, k] = at + RSTART - 1
        to[NR, k] = from[NR, k] + RLENGTH - 1
        cell[NR, k] = substr(rest, RSTART, RLENGTH)
        at += RSTART + RLENGTH - 1
        rest = substr(rest, RSTART + RLENGTH)
    }
}

# "54,410", "0.06s", "1.5e-3": the number; "-": never reached.
function number(text) {
    gsub(/,/, "", text)
    if (text == "-") return infinite
    return match(text, /^[-+]?[0-9]+\.?[0-9]*(e[-+]?[0-9]+)?/) ? substr(text, RSTART, RLENGTH) + 0 : "none"
}

# The number that a line has in a column: behind the column's name, or below it.
function in_line(line, column,    i, k, j) {
    for (k = 2; k <= cells[line]; k++)
        if (index(cell[line, k], column " ") == 1) return number(substr(cell[line, k], length(column) + 2))
    for (i = line - 1; i > 0; i--)
        for (j = 1; j <= cells[i]; j++) {
            if (cell[i, j] != column) continue
            if (cells[line] == cells[i]) return number(cell[line, j])
            for (k = 2; k <= cells[line]; k++)
                if (from[line, k] == from[i, j] || to[line, k] == to[i, j]) return number(cell[line, k])
        }
    return "none"
}

# "val acc of adam": a line is found by its first cell, which may have more settings behind a colon; "of adam (2)": the second such line.
function quantity(text,    at, column, row, exact, line, value, nth) {
    if (number(text) != "none") return number(text)
    nth = 1
    if (match(text, / \([0-9]\)$/)) {
        nth = substr(text, RSTART + 2, 1)
        text = substr(text, 1, RSTART - 1)
    }
    at = index(text, " of ")
    column = substr(text, 1, at - 1)
    row = substr(text, at + 4)
    for (exact = 1; exact >= 0; exact--)
        for (line = 1; line <= NR; line++) {
            if (exact ? cell[line, 1] != row : index(cell[line, 1], row ":") != 1) continue
            value = in_line(line, column)
            if (value != "none" && !--nth) return value
        }
    return "none"
}

# "2 x loss of sgd"
function side(text,    factor, value) {
    factor = 1
    if (match(text, /^[0-9.]+(e[0-9]+)? x /)) {
        factor = substr(text, 1, RLENGTH - 3) + 0
        text = substr(text, RLENGTH + 1)
    }
    value = quantity(text)
    if (value == "none") print "prints no number for: " text
    return value == "none" ? value : factor * value
}

function compare(test,    at, sign, left, right, ok) {
    at = match(test, / (<|>|=) /)
    sign = substr(test, at + 1, 1)
    left = side(substr(test, 1, at - 1))
    right = side(substr(test, at + 3))
    if (left == "none" || right == "none" || quick) return
    ok = sign == "<" ? left < right : sign == ">" ? left > right : left == right
    if (!ok) print "is not so: " test " (" left " and " right ")"
}

function squeeze(text) { gsub(/[ \t]+/, " ", text); return text }

function prints(text) {
    if (text !~ /[0-9]| = /) print "is neither a number nor an equation: " text
    if (!index(squeezed, squeeze(text))) print "does not print: " text
}

# The name of one of the figures' claims
function verdict_of(name, verdict,    line) {
    for (line = 1; line <= NR; line++)
        if (cell[line, 1] == name && cells[line] > 2) {
            if (cell[line, 2] != verdict) print "says " cell[line, 2] " of " name ", not " verdict
            if (cell[line, 3] !~ /[0-9]/) print "has no number for " name
            return
        }
    print "does not know the claim " name
}

END {
    infinite = 1e300
    squeezed = squeeze(squeezed)
    if (!match(evidence, /^(yes|depends|no): ./)) print "does not begin with yes, depends or no: " evidence
    verdict = substr(evidence, 1, RLENGTH - 3)
    n = split(substr(evidence, RLENGTH), test, /; /)
    for (i = 1; i <= n; i++)
        if (test[i] ~ /^'.*'$/) prints(substr(test[i], 2, length(test[i]) - 2))
        else if (test[i] ~ / (<|>|=) /) compare(test[i])
        else verdict_of(test[i], verdict)
}
