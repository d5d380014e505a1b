# SPDX-License-Identifier: MIT
eval contours(doubling(0.2, 8))
set xrange [-5.5:-1.7]
set yrange [-2.5:2]
set size ratio -1
set xtics 1
set ytics 1
set xlabel 'x_1' offset 0,0.3
unset key
x(i, k) = real(word(value(word(keys, i) . '_points'), 2 * k - 1))
y(i, k) = real(word(value(word(keys, i) . '_points'), 2 * k))
bent = "set arrow from x(i,%d),y(i,%d) to x(i,%d),y(i,%d) front filled size screen 0.012,22 linewidth %g linecolor rgb '%s' dashtype %d"
vector(from, to, w, c, d) = sprintf(bent, from, from, to, to, w, c, d)
between(i, a, b) = sprintf('%g,%g', (x(i,a) + x(i,b)) / 2, (y(i,a) + y(i,b)) / 2)
grey = '#7c8a99'

do for [form in forms] {
    eval begin(form, 860, 520)
    set multiplot layout 1,2 margins 0.085,0.985,0.14,0.92 spacing 0.075,0
    do for [i=1:2] {
        unset arrow
        unset label
        set title label(i)
        if (i == 1) { set ylabel 'x_2' rotate by 0 offset 1,0 } else { set ylabel '' }
        eval vector(1, 2, 2.2, ink, 1)
        eval vector(2, 3, 2.2, grey, 2)
        eval vector(3, 4, 2.2, '#b12100', 1)
        eval vector(2, 4, 3.2, colour(i), 1)
        eval text(1, 'A', sprintf('%g,%g', x(i,1), y(i,1)), -1.6, -0.2, ink)
        eval text(2, 'B', sprintf('%g,%g', x(i,2), y(i,2)), -1.6, 0.1, ink)
        eval text(3, 'C', sprintf('%g,%g', x(i,3), y(i,3)), -1.2, 0.6, ink)
        eval text(4, 'D', sprintf('%g,%g', x(i,4), y(i,4)), 0.7, 0.2, colour(i))
        eval text(5, i == 1 ? '-η∇f(B)' : '-η∇f(C)', between(i, 3, 4), i == 1 ? -4 : 1, i == 1 ? 1.1 : 0, '#b12100')
        eval text(6, 'γv', between(i, 2, 3), -3, 0.4, grey)
        plot @map
    }
    unset multiplot
    unset output
}
