# SPDX-License-Identifier: MIT
set logscale y
set ytics format '10^{%T}'
unset mytics
set ylabel 'loss above the optimum'
set key top right reverse Left samplen 1.4
crowds = '1 8 64'
crowd_colours = colour(1).' '.colour(2).' '.colour(3)

do for [form in forms] {
    eval begin(form, 1290, 440)
    set multiplot layout 1, 3
    set xlabel 'seconds'
    set xtics 100
    set title 'times at random'
    plot for [i=1:n] name.'-random-'.word(keys, i).'.csv' using 7:4 with lines linewidth 2 linecolor rgb colour(i) title label(i)
    set title 'one worker ten times slower'
    set xtics 400
    plot for [i=1:n] name.'-slow-'.word(keys, i).'.csv' using 7:4 with lines linewidth 2 linecolor rgb colour(i) title label(i)
    set title 'ASP, constant rate'
    set xtics 5
    set yrange [1e-3:10]
    set xlabel 'passes over the rows'
    plot for [i=1:3] name.'-crowd-'.word(crowds, i).'.csv' using 2:4 with lines linewidth 1.4 linecolor rgb colour(i) title word(crowds, i).(i > 1 ? ' workers' : ' worker')
    unset multiplot
    unset output
}
