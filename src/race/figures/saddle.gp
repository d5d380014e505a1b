# SPDX-License-Identifier: MIT
eval mesh
set xrange [-1.5:1.5]
set yrange [-0.6:1.5]
set zrange [-2.4:2.4]
set xlabel 'x'
set ylabel 'y'
set zlabel 'f' offset 2,0
set xtics 1
set ytics 1
set ztics 2
eval mark(1, 'start', '1,0,1', -3,1)
eval mark(2, 'saddle point', '0,0,0', 1,1.4)
widths = '8 5.5 2.5 5.5 3 2.5 3'

tone(f) = symlog(f)
beat = 10
do for [form in forms] {
    eval begin(form, 960, 580)
    set multiplot title about . '; a dot every 10 steps' font ',13' textcolor rgb ink
    eval named(0.145, 4)
    do for [side in 'left right'] {
        set size 0.52,0.87
        if (side eq 'left') { set origin 0.01,0.14; set view 52,152,1.12,1 } else { set origin 0.48,0.14; set view 62,248,1.12,1 }
        eval on_mesh(150)
    }
    unset multiplot
    unset output
}

eval unnamed
beat = 0
# Step by step at first, then faster.
step(k) = k < 30 ? k : k < 60 ? 2 * k - 30 : k < 75 ? 4 * k - 150 : 150
eval moving(600, 460, 8)
set origin 0,0.07
set size 1,0.93
set view 52,152,1.12,1
widths = '5.5 4 2 4 2 2 2'
eval below(0.5, 0.12)
do for [k=0:86] {
    set title sprintf('step %d', step(k))
    eval on_mesh(step(k))
}
unset output
