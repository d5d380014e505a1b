# SPDX-License-Identifier: MIT
set logscale xy
set xtics 1, 10 format '10^{%T}'
set ytics 1, 10 format '10^{%T}'
unset mxtics
unset mytics
set xrange [0.8:12500]
set xlabel 'workers'
set key top right reverse Left samplen 1.6

do for [form in forms] {
    eval begin(form, 1290, 440)
    set multiplot layout 1, 3
    set ylabel 'seconds to the loss'
    set yrange [1:1e4]
    set title 'at the best rate'
    plot for [i=1:n] file(i) using 1:3 with linespoints pointtype 7 linewidth 2 linecolor rgb colour(i) title label(i)
    set title 'at the rate of one worker'
    plot for [i=1:n] file(i) using 1:5 with linespoints pointtype 7 linewidth 2 linecolor rgb colour(i) title label(i)
    set title 'at the best rate'
    set ylabel 'passes over the rows'
    set yrange [0.1:1e3]
    set key top left
    plot for [i=1:n] file(i) using 1:4 with linespoints pointtype 7 linewidth 2 linecolor rgb colour(i) title label(i)
    set key top right
    unset multiplot
    unset output
}
