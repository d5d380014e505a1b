# SPDX-License-Identifier: MIT
set xrange [0:60]
set yrange [1e-14:1]
set logscale y
unset mytics
set ytics 1e-14, 100, 1 format '10^{%T}'
set xlabel 'passes over the rows'
set ylabel 'loss above the optimum'
set key outside right center Left reverse samplen 1.4
points = '0 0.55 0 0 0'

set title 'logistic regression, 500 rows of 20 numbers, l2 = 0.01'

do for [form in forms] {
    eval begin(form, 860, 440)
    plot for [i=1:n] file(i) using 2:4 with linespoints linewidth 2 pointtype 7 pointsize word(points, i) linecolor rgb colour(i) title setting(i)
    unset output
}
