# SPDX-License-Identifier: MIT
eval contours(doubling(0.06, 10))
set xrange [-6:2.5]
set yrange [-3.2:2.6]
set size ratio -1
set xlabel 'x_1'
set ylabel 'x_2' rotate by 0
set key at graph 0.02,0.97 left top Left reverse box linecolor rgb faint opaque fillcolor rgb '#ffffff' samplen 1.5 width 2.5
eval mark(1, 'start', '-5,-2', 0.8, -0.5)
eval mark(2, 'minimum', '0,0', -2.5, -2.4)

do for [form in forms] {
    eval begin(form, 640, 490)
    set title about
    plot @map, \
        file(2) using 2:3 with lines linewidth 1.6 dashtype 2 linecolor rgb colour(2) title setting(2), \
        file(1) using 2:3 with linespoints linewidth 2.4 pointtype 7 pointsize 0.6 linecolor rgb colour(1) title setting(1)
    unset output
}
