# SPDX-License-Identifier: MIT
set logscale y
set ytics format '10^{%T}'
unset mytics
set ylabel 'loss above the optimum'
set yrange [3e-5:1]
set key top right reverse Left samplen 1.6
stretches = '1 4 16 64'
shades = '#3a4450 #2f6fde #d9822b #9fb0c2'
part(rate, i, k) = name.'-'.rate.'-'.word(keys, i).'-'.word(stretches, k).'.csv'
steps(k) = word(stretches, k).(k > 1 ? ' steps' : ' step')
draw(rate, x) = sprintf("plot for [k=1:4] part('%s', i, k) using %d:4 with lines linewidth 1.8 linecolor rgb word(shades, k) title steps(k), limit with lines linewidth 1 dashtype 2 linecolor rgb ink notitle", rate, x)

do for [form in forms] {
    eval begin(form, 1290, 820)
    set multiplot layout 2, 3
    do for [i=1:n] {
        set xlabel 'passes over the rows'
        set xtics 0, 5
        set xrange [0:20]
        set title label(i).', lr = 0.1'
        eval draw('small', 2)
        set title label(i).', lr = 0.5'
        eval draw('large', 2)
        set xlabel 'seconds'
        set xtics 0, 500
        set xrange [0:2000]
        set title label(i).', lr = 0.1, slow messages'
        eval draw('small', 7)
    }
    unset multiplot
    unset output
}
