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


# Paths are drawn up to a step, or until they leave the picture. Where they lie on one another, `widths` lets each be seen.
stop(i, k) = k < word(ends, i) ? k : int(word(ends, i))
names = "for [i=1:n] keyentry with lines linewidth 4 linecolor rgb colour(i) title label(i)"
below(x, y) = sprintf("set key at screen %g,%g center center horizontal maxrows 2 maxcols 4", x, y)

# A point of the picture with its name: eval mark(1, 'minimum', '0,0', 1, 0.5); the last two move the name. A cross, or for a start, nothing but the name.
mark(i, what, at, dx, dy) = sprintf("set label %d '%s' at %s %s offset %g,%g textcolor rgb ink front", i, what, at, \
    what eq 'start' ? 'nopoint' : 'point pointtype 1 pointsize 1.2 linewidth 1.8 linecolor rgb ink', dx, dy)

# A surface as a light mesh with the paths on it. (A GIF has exact colours beside a palette of functions, not beside a defined one.)
height(f) = f
lift = 0.02
thin = 1 # the mesh takes every so manieth row and column of the surface
mesh = "set border 31 linecolor rgb faint; unset grid; unset colorbox; set ticslevel 0; set xtics offset 0,-0.3; set ytics offset 0,-0.3; " \
    . "set pm3d scansautomatic border linecolor rgb '#b4c2d0' linewidth 0.4; " \
    . "set palette maxcolors 24 functions 0.85 + 0.14 * gray, 0.902 + 0.043 * gray, 0.949 - 0.11 * gray"
on_mesh(k) = sprintf("now = %d; ", k) . "splot name . '-surface.csv' every thin:thin using 1:2:(height($3)) with pm3d notitle, " \
    . "for [i=1:n] file(i) every ::::stop(i, now) using 2:3:(height($4) + lift) with lines linewidth word(widths, i) linecolor rgb colour(i) notitle, " \
    . "for [i=1:n] file(i) every ::stop(i, now)::stop(i, now) using 2:3:(height($4) + lift) with points pointtype 7 pointsize 1.1 linecolor rgb colour(i) notitle, " \
    . names

# The same from above, over lines of equal height: eval contours('discrete 1, 2') first. gnuplot puts blanks between their numbers.
contours(levels) = "set table $table; set contour base; unset surface; set cntrparam levels " . levels . "; set cntrparam cubicspline; " \
    . "splot name . '-surface.csv' using 1:2:(height($3)) with lines; unset table; unset contour; set surface; " \
    . "set print $contours; print 'x,y'; do for [i=1:|$table|] { print as_csv($table[i]) }; unset print"
as_csv(line) = words(line) < 2 || word(line, 1) eq '#' ? '' : word(line, 1) . ',' . word(line, 2)
map = "$contours using 1:2 with lines linewidth 0.8 linecolor rgb '#b4c2d0' notitle"
on_map(k) = sprintf("now = %d; ", k) . "plot " . map . ", " \
    . "for [i=1:n] file(i) every ::::stop(i, now) using 2:3 with lines linewidth word(widths, i) linecolor rgb colour(i) notitle, " \
    . "for [i=1:n] file(i) every ::stop(i, now)::stop(i, now) using 2:3 with points pointtype 7 pointsize 1.1 linecolor rgb colour(i) notitle, " \
    . names
