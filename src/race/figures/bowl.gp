# SPDX-License-Identifier: MIT
eval contours(doubling(0.03, 10))
set xrange [-8.5:8.5]
set yrange [-3.9:3.9]
set xtics 4
set ytics 2
unset key
eval mark(1, 'start', '-7,2', -1.2, 0.8)
eval mark(2, 'minimum', '0,0', 1.2, -0.9)
rates = '0.95 0.1 1.5 0.3'

do for [form in forms] {
    eval begin(form, 760, 560)
    set multiplot layout 2,2 margins 0.09,0.985,0.1,0.94 spacing 0.06,0.12
    do for [i=1:n] {
        set title label(i) . ', lr = ' . word(rates, i)
        if (i > 2) { set xlabel 'x' offset 0,0.4 } else { set xlabel '' }
        if (i % 2 == 1) { set ylabel 'y' rotate by 0 offset 1,0 } else { set ylabel '' }
        plot @map, \
            file(i) using 2:3 with linespoints linewidth 1.8 pointtype 7 pointsize 0.45 linecolor rgb colour(i)
    }
    unset multiplot
    unset output
}
