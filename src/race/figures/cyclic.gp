# SPDX-License-Identifier: MIT
set xrange [0:6000]
set yrange [0:0.0066]
set xtics 2000
set ytics 0.002
set xlabel 'step' offset 0,0.3
unset key

do for [form in forms] {
    eval begin(form, 860, 350)
    set multiplot layout 1,2 margins 0.1,0.96,0.22,0.88 spacing 0.11,0
    set ylabel 'learning rate'
    set title 'triangular'
    plot name . '-lr.csv' using 1:2 with lines linewidth 2.4 linecolor rgb '#0191fc'
    set ylabel ''
    set title 'triangular2'
    plot name . '-lr.csv' using 1:3 with lines linewidth 2.4 linecolor rgb '#0191fc'
    unset multiplot
    unset output
}
