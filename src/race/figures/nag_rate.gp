# SPDX-License-Identifier: MIT
set xrange [1:3000]
set yrange [1e-7:10]
set logscale xy
unset mxtics
unset mytics
set xtics format '10^{%T}'
set ytics 1e-7, 10, 10 format '10^{%T}'
set xlabel 'step t'
set ylabel 'f'
set key bottom left Left reverse samplen 3.2
dashes = '1 2 1'
grey = '#7c8a99'
eval text(1, '1/t', '300,0.03', 0, 0, grey)
eval text(2, '1/t^2', '60,3e-5', 0, 0, grey)

set title 'least squares, 65 features, curvatures from 1 to 10^{-8}; lr = 1'

do for [form in forms] {
    eval begin(form, 660, 460)
    plot for [i=1:n] file(i) every ::1 using 1:3 with lines linewidth 2.4 dashtype int(word(dashes, i)) linecolor rgb colour(i) title label(i), \
        [30:3000] 4 / x with lines linewidth 1.3 linecolor rgb grey notitle, \
        [30:1000] 0.8 / x**2 with lines linewidth 1.3 linecolor rgb grey notitle
    unset output
}
