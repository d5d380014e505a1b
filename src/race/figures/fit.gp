# SPDX-License-Identifier: MIT
eval contours(doubling(0.004, 11))
part(which) = name . '-' . which . '.csv'

do for [form in forms] {
    eval begin(form, 1080, 400)
    set multiplot layout 1,3 margins 0.06,0.985,0.17,0.9 spacing 0.085,0
    set xrange [0:4]
    set yrange [0:4]
    set xtics 1
    set ytics 1
    set xlabel 'x' offset 0,0.4
    set ylabel 'y' rotate by 0 offset 1.5,0
    set title method
    set key top left Left reverse samplen 1.2
    plot part('rows') using 1:2 with points pointtype 6 pointsize 0.5 linecolor rgb '#7c8a99' notitle, \
        0.5 * x + 1 with lines linewidth 1.6 dashtype 2 linecolor rgb '#7c8a99' title '0.5 x + 1', \
        fitted_slope * x + fitted_intercept with lines linewidth 2.6 linecolor rgb colour_of_sgd title 'fitted'
    set key top right Right noreverse
    set xrange [0:400]
    set yrange [0.08:3]
    set logscale y
    set xtics 100
    set ytics (0.1, 0.2, 0.5, 1, 2)
    set xlabel 'iteration'
    set ylabel ''
    set title 'loss'
    plot part('course') using 1:3 with lines linewidth 1.4 linecolor rgb colour_of_sgd notitle, \
        least with lines linewidth 1.6 dashtype 2 linecolor rgb '#7c8a99' title 'least loss'
    unset key
    unset logscale
    set xrange [-0.2:1.2]
    set yrange [-0.2:1.6]
    set xtics 0.5
    set ytics 0.5
    set xlabel 'slope'
    set ylabel 'intercept' rotate offset 0.5,0
    set title 'way of the parameters'
    eval mark(1, 'start', '0,0', 0.8, -0.6)
    eval mark(2, 'minimum', sprintf('%g,%g', slope, intercept), 1.5, 2)
    plot @map, part('course') using 5:6 with linespoints linewidth 1.2 pointtype 7 pointsize 0.28 linecolor rgb colour_of_sgd
    unset label
    unset multiplot
    unset output
}
