# SPDX-License-Identifier: MIT
set logscale x
set xtics 1e-3, 10 format '10^{%T}'
unset mxtics
set xrange [0.003:1.1]
set xlabel 'share of the columns of a row'
data(i, threads) = name.'-'.word(keys, i).'-'.threads.'.csv'

do for [form in forms] {
    eval begin(form, 1290, 480)
    set multiplot layout 1, 3
    set logscale y
    set key top left reverse Left samplen 1.6
    set ylabel 'microseconds for an update'
    set yrange [0.1:30000]
    do for [t=1:2] {
        set title t > 1 ? 'two threads' : 'one thread'
        plot for [i=1:n] data(i, t) using 1:2 with linespoints pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb colour(i) title label(i)
    }
    unset logscale y
    unset key
    set ylabel 'loss, % above one process'
    set yrange [*:*]
    set title 'two threads'
    plot for [i=1:n] data(i, 2) using 1:4 with linespoints pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb colour(i)
    unset multiplot
    unset output
}
