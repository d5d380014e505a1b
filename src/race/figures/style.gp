# What all figures share. A picture is drawn once per form: eval begin(form, width, height) ... unset output.
# SPDX-License-Identifier: MIT
set encoding utf8
set datafile separator ','
set datafile columnheaders
forms = 'svg png'
face = 'DejaVu Sans'
begin(form, w, h) = form eq 'svg' \
    ? sprintf("set terminal svg size %d,%d dynamic background '#ffffff' font '%s,15'; set output '%s.svg'", w, h, face, name) \
    : sprintf("set terminal pngcairo size %d,%d background '#ffffff' font '%s,15' fontscale 2 linewidth 2 pointscale 2; set output '%s.png'", 2 * w, 2 * h, face, name)
# Not `optimize`: with it gnuplot runs out of a GIF's 256 colours and fills surfaces with black.
moving(w, h, delay) = sprintf("set terminal gif animate delay %d loop 0 size %d,%d background '#ffffff' font '%s,12'; set output '%s.gif'", delay, w, h, face, name)

# A path's file, legend and colour, by its place in the list.
file(i) = name . '-' . word(keys, i) . '.csv'
label(i) = word(labels, i)
colour(i) = word(colours, i)

ink = '#3a4450'
faint = '#c9d0d8'
set border 3 linecolor rgb ink linewidth 1
set tics nomirror textcolor rgb ink
set grid linecolor rgb '#e6eaee' linetype 1 linewidth 0.75
set key textcolor rgb ink samplen 1.6 spacing 1.1
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set zlabel textcolor rgb ink
set title textcolor rgb ink offset 0,-0.6


# Paths are drawn up to a step, or until they leave the picture, with a dot every `beat` steps (0: none). Where they lie on one another, `widths` lets each
# be seen.
beat = 0
stop(i, k) = k < word(ends, i) ? k : int(word(ends, i))
one_dot = "for [i=1:n] file(i) every beat::0::stop(i, now) using %s with points pointtype 7 pointsize %g linecolor rgb %s notitle, "
beats(at) = beat > 0 ? sprintf(one_dot, at, 0.8, 'colour(i)') . sprintf(one_dot, at, 0.45, "'#ffffff'") : ''
names = "for [i=1:n] keyentry with lines linewidth 4 linecolor rgb colour(i) title label(i)"
below(x, y) = sprintf("set key at screen %g,%g center center horizontal maxrows 2 maxcols 4", x, y)
# The legend of a still picture says what was run: eval named(0.1, 4) puts names and settings in columns of 4, the topmost at a height of the screen (a key
# would be cut where it is wide); the title names the function. eval unnamed takes it away.
setting(i) = label(i) . '  ' . word(settings, i)
named(y, rows) = sprintf("unset key; do for [i=1:n] { column_x = 0.11 + 0.5 * ((i - 1) / %d); row_y = %g - 0.036 * ((i - 1) %% %d); ", rows, y, rows) \
    . "set arrow 200+i from screen column_x-0.05,row_y to screen column_x-0.015,row_y nohead linewidth 4 linecolor rgb colour(i); " \
    . "set label 200+i setting(i) at screen column_x,row_y textcolor rgb ink font ',11' }"
unnamed = "do for [i=1:n] { unset arrow 200+i; unset label 200+i }; set key on"
every_step = "set title about . (beat > 1 ? sprintf('; a dot every %d steps', beat) : '') font ',13'"

# A point of the picture with its name: eval mark(1, 'minimum', '0,0', 1, 0.5); the last two move the name. A cross, or for a start, nothing but the name.
# text() writes with a halo of the ground's colour, so that no line strikes a name through.
text(i, what, at, dx, dy, c) = sprintf("do for [h=0:7] { set label %d+h '%s' at %s offset %g+0.16*cos(h*pi/4),%g+0.1*sin(h*pi/4) textcolor rgb '#ffffff' front }; " \
    . "set label %d '%s' at %s offset %g,%g textcolor rgb '%s' front", 20 * i, what, at, dx, dy, 20 * i + 8, what, at, dx, dy, c)
mark(i, what, at, dx, dy) = text(i, what, at, dx, dy, ink) . (what eq 'start' || what eq '' ? '' : \
    sprintf("; set label %d '' at %s point pointtype 1 pointsize 1.2 linewidth 1.8 linecolor rgb ink front", 20 * i + 9, at))

# A surface as a mesh with the paths on it, its lightness by tone(): evenly in the logarithm, on both sides of 0 where values change their sign. (A GIF has
# exact colours beside a palette of functions, not beside a defined one.)
symlog(f) = sgn(f) * log10(1 + abs(f) / 0.05)
height(f) = f
tone(f) = height(f)
lift = 0.02
thin = 1 # the mesh takes every so manieth row and column of the surface
mesh = "set border 31 linecolor rgb faint; unset grid; unset colorbox; set ticslevel 0; set xtics offset 0,-0.3; set ytics offset 0,-0.3; " \
    . "set pm3d scansautomatic border linecolor rgb '#9fb0c2' linewidth 0.4; " \
    . "set palette maxcolors 24 functions 0.62 + 0.37 * gray, 0.72 + 0.26 * gray, 0.83 + 0.15 * gray"
on_mesh(k) = sprintf("now = %d; ", k) . "splot name . '-surface.csv' every thin:thin using 1:2:(height($3)):(tone($3)) with pm3d notitle, " \
    . "for [i=1:n] file(i) every ::::stop(i, now) using 2:3:(height($4) + lift) with lines linewidth word(widths, i) linecolor rgb colour(i) notitle, " \
    . beats('2:3:(height($4) + lift)') \
    . "for [i=1:n] file(i) every ::stop(i, now)::stop(i, now) using 2:3:(height($4) + lift) with points pointtype 7 pointsize 1.1 linecolor rgb colour(i) notitle, " \
    . names

# The same from above, over lines of equal height, whose levels are evenly spaced in the logarithm, the low ones dark and the high ones light:
# eval contours(doubling(0.1, 8)) first. gnuplot puts spaces between their numbers.
doubling(low, n) = n > 1 ? doubling(low, n - 1) . sprintf(', %g', low * 2 ** (n - 1)) : sprintf('discrete %g', low)
contours(levels) = "set table $table; set contour base; unset surface; set cntrparam levels " . levels . "; set cntrparam cubicspline; " \
    . "splot name . '-surface.csv' using 1:2:(height($3)) with lines; unset table; unset contour; set surface; least_level = 1e300; most_level = -1e300; " \
    . "set print $contours; print 'x,y,level'; do for [i=1:|$table|] { print as_csv($table[i]) }; unset print"
as_csv(line) = words(line) < 3 || word(line, 1) eq '#' ? '' : spread_to(real(word(line, 3))) . word(line, 1) . ',' . word(line, 2) . ',' . word(line, 3)
spread_to(z) = (least_level = z < least_level ? z : least_level, most_level = z > most_level ? z : most_level, '')
evenly(z) = least_level > 0 ? log10(z) : z
share(z) = most_level > least_level ? (evenly(z) - evenly(least_level)) / (evenly(most_level) - evenly(least_level)) : 0
mixed(from, to, s) = int(from + s * (to - from) + 0.5)
shade(z) = mixed(74, 205, share(z)) * 65536 + mixed(98, 216, share(z)) * 256 + mixed(128, 227, share(z))
map = "$contours using 1:2:(shade($3)) with lines linewidth 0.9 linecolor rgb variable notitle"
on_map(k) = sprintf("now = %d; ", k) . "plot " . map . ", " \
    . "for [i=1:n] file(i) every ::::stop(i, now) using 2:3 with lines linewidth word(widths, i) linecolor rgb colour(i) notitle, " \
    . beats('2:3') \
    . "for [i=1:n] file(i) every ::stop(i, now)::stop(i, now) using 2:3 with points pointtype 7 pointsize 1.1 linecolor rgb colour(i) notitle, " \
    . names
