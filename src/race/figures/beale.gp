# SPDX-License-Identifier: MIT
height(f) = log10(f + 0.01)
lift = 0.04
thin = 3
eval contours('incremental -1.5, 0.25, 2.5')
set xrange [0.3:3.3]
set yrange [-1.6:1.7]
set zrange [-2:3]
set xtics 1
set ytics 1
set ztics 1
set xlabel 'x'
set ylabel 'y'
widths = '4 2.5 2.5 4 2.5 2.5'

beat = 20
do for [form in forms] {
    eval begin(form, 960, 840)
    set multiplot
    set label 99 about . '; a dot every 20 steps' at screen 0.03,0.985 textcolor rgb ink font ',13'
    set origin 0.03,0.42
    set size 0.53,0.6
    set view 42,28,1.1,1
    eval mesh
    set zlabel 'log_{10} f' rotate offset 1,0
    eval below(0.5, 0.075)
    eval on_mesh(300)
    unset key
    unset origin
    unset size
    set border 3 linecolor rgb ink
    set grid
    set xtics offset 0,0
    set ytics offset 0,0
    set lmargin at screen 0.63
    set rmargin at screen 0.965
    set tmargin at screen 0.98
    set bmargin at screen 0.53
    eval mark(1, 'start', '1,1.5', 0.8, 0)
    eval mark(2, 'minimum', '3,0.5', -5.6, 0.9)
    eval on_map(300)
    unset label
    set lmargin at screen 0.1
    set tmargin at screen 0.43
    set bmargin at screen 0.19
    set xrange [0:300]
    set yrange [1e-4:50]
    set logscale y
    unset mytics
    set xtics 50
    set ytics auto format '10^{%T}'
    set xlabel 'step' offset 0,0.3
    set ylabel 'f'
    plot for [i=1:n] file(i) using 1:4 with lines linewidth 2.2 linecolor rgb colour(i)
    unset multiplot
    unset output
    unset logscale
    set xrange [0.3:3.3]
    set yrange [-1.6:1.7]
    set xtics 1
    set ytics 1 format '%g'
    set xlabel 'x' offset 0,0
    set ylabel 'y'
    unset lmargin
    unset rmargin
    unset tmargin
    unset bmargin
}

beat = 0
step(k) = k < 50 ? k : k < 100 ? 5 * k - 200 : 300
eval moving(600, 480, 6)
set origin 0,0.07
set size 1,0.95
set view 42,28,1.1,1
eval mesh
set zlabel 'log10 f' rotate by 90 offset 2,0
widths = '3 2 2 3 2 2'
eval below(0.5, 0.12)
do for [k=0:106] {
    set title sprintf('step %d', step(k))
    eval on_mesh(step(k))
}
unset output
