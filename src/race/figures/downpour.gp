# SPDX-License-Identifier: MIT
set logscale y
set ytics format '10^{%T}'
unset mytics
set ylabel 'loss above the optimum'
set yrange [1e-4:1e4]
set key top left reverse Left samplen 1.6
crowds = '1 8 64'
workers(c) = word(crowds, c).(c > 1 ? ' workers' : ' worker')
data = 'alike unlike'
start(d) = d == 1 ? start_alike : start_unlike

do for [form in forms] {
    eval begin(form, 1290, 440)
    set multiplot layout 1, 3
    set logscale x
    set xtics 1e-4, 100 format '10^{%T}'
    unset mxtics
    set xlabel "the server's rate"
    do for [d=1:2] {
        set title d == 1 ? 'columns alike' : 'columns of two sizes'
        plot for [i=1:n] for [c=1:3] name.'-'.word(data, d).'-'.word(keys, i).'.csv' using 1:c+1 with lines linewidth 2 dashtype c linecolor rgb colour(i) title c == 1 ? label(i) : '', \
            start(d) with lines linewidth 1.2 linecolor rgb ink title 'at the start'
    }
    unset logscale x
    set xtics 0, 5 format '%g'
    set xrange [0:20]
    set xlabel 'passes over the rows'
    set yrange [1e-4:10]
    set title 'at the best rate of one worker'
    plot for [i=1:n] for [c=1:3] name.'-path-'.word(keys, i).'-'.word(crowds, c).'.csv' using 2:4 with lines linewidth 1.8 dashtype c linecolor rgb colour(i) title i == 1 ? workers(c) : ''
    set yrange [1e-4:1e4]
    set xrange [*:*]
    unset multiplot
    unset output
}
