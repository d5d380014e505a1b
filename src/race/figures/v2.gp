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
set view 50,138,1.15,1
set origin 0.02,0.09
set size 1,0.94
widths = '8 5.5 2.5 5.5 3 2.5'

tone(f) = symlog(f)
beat = 10
do for [form in forms] {
    eval begin(form, 640, 560)
    eval named(0.115, 3)
    eval every_step
    eval on_mesh(150)
    unset output
}

eval unnamed
beat = 0
eval below(0.5, 0.12)
step(k) = k < 30 ? k : k < 60 ? 2 * k - 30 : k < 75 ? 4 * k - 150 : 150
eval moving(560, 460, 8)
set zlabel 'f' offset 4,0
widths = '5.5 4 2 4 2 2'
do for [k=0:86] {
    set title sprintf('step %d', step(k))
    eval on_mesh(step(k))
}
unset output
