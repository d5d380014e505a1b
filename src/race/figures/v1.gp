# SPDX-License-Identifier: MIT
height(f) = log10(f + 0.01)
eval contours('incremental -1.5, 0.25, 2.5')
set xrange [0.3:3.3]
set yrange [-1.6:1.7]
set xtics 1
set ytics 1
set xlabel 'x' offset 0,0.5
set ylabel 'y'
set bmargin at screen 0.25
eval mark(1, 'start', '1,1.5', 0.8, 0)
eval mark(2, 'minimum', '3,0.5', -4.5, 1)
widths = '4 2.5 2.5 4 2.5 2.5'

beat = 20
do for [form in forms] {
    eval begin(form, 640, 600)
    eval named(0.115, 3)
    eval every_step
    eval on_map(300)
    unset output
}

eval unnamed
beat = 0
step(k) = k < 50 ? k : k < 100 ? 5 * k - 200 : 300
eval moving(560, 500, 6)
widths = '3 2 2 3 2 2'
eval below(0.5, 0.09)
do for [k=0:106] {
    set title sprintf('step %d', step(k))
    eval on_map(step(k))
}
unset output
