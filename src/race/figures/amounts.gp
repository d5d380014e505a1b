# SPDX-License-Identifier: MIT
set xrange [0:1000]
set yrange [1e-12:1e8]
set logscale y
set ytics 1e-12, 1e4, 1e8 format '10^{%T}'
unset mytics
set xlabel 'step'
set ylabel 'f'
set key outside right center title 'momentum' textcolor rgb ink samplen 1.4 width -1
widths = '2.2 2.2 2.2 2.2 1.3 2.2'

set title about . ', lr = 0.01'

do for [form in forms] {
    eval begin(form, 680, 420)
    plot for [i=1:n] file(i) using 1:4 with lines linewidth word(widths, i) linecolor rgb colour(i) title label(i)
    unset output
}
