# SPDX-License-Identifier: MIT
set xrange [0:300]
set yrange [0:1.2]
set xlabel 'update'
set ylabel 'loss of all rows'
set key top right
grey = '#7c8a99'

set title 'a line fitted to 128 rows by SGD, lr = 0.1'

do for [form in forms] {
    eval begin(form, 640, 400)
    plot name . '-sgd.csv' using 1:3 with lines linewidth 1.3 linecolor rgb colour_of_sgd title 'one row per update', \
        name . '-bgd.csv' using 1:3 with lines linewidth 3 linecolor rgb '#e0a340' title 'all rows', \
        least with lines linewidth 1.5 dashtype 2 linecolor rgb grey title 'least loss'
    unset output
}
