# SPDX-License-Identifier: MIT
eval contours(doubling(0.06, 10))
unset key

do for [form in forms] {
    eval begin(form, 860, 600)
    set multiplot layout 2,2 margins 0.085,0.97,0.115,0.94 spacing 0.09,0.14
    set xrange [-6:4.5]
    set yrange [-2.9:2.9]
    set xtics 2
    set ytics 1
    eval mark(1, 'start', '-5,-2', 1, -0.4)
    do for [i=1:n] {
        eval mark(2, i < 3 ? 'minimum' : '', '0,0', 0.6, -1.5)
        set title label(i) . ', lr = 0.1'
        set xlabel (i == 3 ? 'x_1' : '') offset 0,0.4
        set ylabel (i % 2 ? 'x_2' : '') rotate by 0 offset 1,0
        plot @map, file(i) every ::::60 using 2:3 with linespoints linewidth 1.8 pointtype 7 pointsize 0.4 linecolor rgb colour(i)
    }
    unset label
    set title 'f by step'
    set xrange [0:100]
    set yrange [1e-8:1e5]
    set logscale y
    unset mytics
    set xtics 25
    set ytics 1e-8, 1e4, 1e4 format '10^{%T}'
    set xlabel 'step'
    set ylabel ''
    set key top right samplen 1.2
    plot file(1) using 1:4 with lines linewidth 2.2 linecolor rgb colour(1) title label(1), \
        file(2) using 1:4 with lines linewidth 2.2 dashtype '-' linecolor rgb colour(2) title label(2), \
        file(3) using 1:4 with lines linewidth 2.2 linecolor rgb colour(3) title label(3)
    unset multiplot
    unset output
    unset key
    unset logscale
    set ytics format '%g'
}
