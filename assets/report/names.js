/* The optimizers' names beside the ends of their curves, and arrows with a value where a curve leaves the range of the axis.
   SPDX-License-Identifier: MIT */

/* On a narrow screen the legend below the chart has them, and the curves the width. */
function namesFit() { return $("chart").clientWidth >= 600; }

/* Where a curve ends in sight: at its last point, or where it crosses the right edge. */
function endInSight(curve, from, to) {
  var before = null;
  for (var k = 0; k < curve.length && curve[k].x <= to; k++) before = curve[k];
  if (!before) return null;
  if (k === curve.length) return before.x >= from ? { x: before.x, place: placeOf(before.y[1]) } : null;
  var a = placeOf(before.y[1]), b = placeOf(curve[k].y[1]), share = (to - before.x) / (curve[k].x - before.x);
  return { x: to, place: isFinite(a) && isFinite(b) ? a + share * (b - a) : a };
}

/* Where each curve ends and where its name stands, top to bottom without overlap; positions in the chart's pixels. */
function placeNames(graph, area) {
  var GAP = 17, list = [], across = graph.xAxisRange(), range = graph.yAxisRange();
  view.curves.forEach(function (curve, i) {
    var end = shown[i] && endInSight(curve, across[0], across[1]);
    if (!end || end.place === null) return;
    var side = end.place > range[1] ? 1 : end.place < range[0] ? -1 : 0;
    var y = side > 0 ? area.y : side < 0 ? area.y + area.h : graph.toDomYCoord(end.place);
    list.push({ i: i, side: side, x: graph.toDomXCoord(end.x), y: y, to: Math.max(y, area.y + 8) });
  });
  list.splice(Math.floor(area.h / GAP));                /* as many as fit, the best first */
  list.sort(function (a, b) { return a.y - b.y; });
  list.forEach(function (n, k) { if (k) n.to = Math.max(n.to, list[k - 1].to + GAP); });
  var limit = area.y + area.h;
  for (var k = list.length - 1; k >= 0; k--) {
    list[k].to = Math.min(list[k].to, limit);
    limit = list[k].to - GAP;
  }
  return list;
}

/* Curves that leave the whole range, each where it does so first, with the farthest value it reaches. */
function placeArrows(graph) {
  var list = [], across = graph.xAxisRange(), range = rangeOfValues(), now = graph.yAxisRange();
  if (!range || Math.abs(now[0] - range[0]) + Math.abs(now[1] - range[1]) > 1e-6 * (range[1] - range[0])) return list;      /* who looks closer knows */
  view.curves.forEach(function (curve, i) {
    [1, -1].forEach(function (side) {
      var edge = side > 0 ? range[1] : range[0], x = null, most = null, before = null;
      if (shown[i]) curve.forEach(function (p) {
        var place = placeOf(p.y[1]);
        if (place === null) return;
        if (side * (place - edge) > 0 && p.x >= across[0] && p.x <= across[1]) {
          if (x === null) x = before && isFinite(place) ? before.x + (p.x - before.x) * (edge - before.place) / (place - before.place) : p.x;
          if (most === null || side * (p.y[1] - most) > 0) most = p.y[1];
        }
        before = { x: p.x, place: place };
      });
      if (x !== null) list.push({ i: i, side: side, x: graph.toDomXCoord(Math.max(x, across[0])), text: textOf(most) });
    });
  });
  return list.sort(function (a, b) { return a.side - b.side || a.x - b.x; });
}

function drawArrows(graph, area, on) {
  var ends = [], side = 0;
  placeArrows(graph).forEach(function (a) {
    if (a.side !== side) ends = [];
    side = a.side;
    var row = 0, width = 16 + 7.5 * a.text.length, x = Math.min(Math.max(a.x, area.x + 6), area.x + area.w - width);
    while (ends[row] > x - 8) row++;                    /* the first row in which there is room */
    ends[row] = x + width;
    var y = side > 0 ? area.y + 2 + 16 * row : area.y + area.h - 2 - 16 * row, kind = classOf(a.i) + (isFaint(a.i) ? " faint" : "");
    on.append(makeSvg("path", { "class": "arrow " + kind, d: "M" + x + " " + y + "l5 " + 9 * side + "h-10z" }));
    var text = makeSvg("text", { "class": kind, x: x + 9, y: y + (side > 0 ? 10 : -1), "data-entry": a.i });
    text.append(a.text);
    on.append(text);
  });
}

function drawNames(graph, area) {
  var svg = makeSvg("svg", {}), right = area.x + area.w;
  $("names").textContent = "";
  $("names").append(svg);
  drawArrows(graph, area, svg);
  if (!namesFit()) return;
  placeNames(graph, area).forEach(function (n) {
    var kind = classOf(n.i) + (isFaint(n.i) ? " faint" : "");
    svg.append(makeSvg("polyline", { "class": kind, points: [n.x + 6, n.y, Math.max(right, n.x + 6) + 2, n.y, right + 13, n.to].join(" ") }));
    var place = "left: " + (right + 16) + "px; top: " + n.to + "px";
    var span = make("span", { "class": kind, "data-entry": n.i, style: place }, (n.side > 0 ? "\u2191 " : n.side < 0 ? "\u2193 " : "") + entries[n.i].spec);
    $("names").append(span);
    if (!entries[n.i].mark) return;
    var at = makeSvg("svg", { "class": "mark", viewBox: "-7 -7 14 14", "aria-hidden": "true" });
    at.append(makeSvg("path", { "class": "sign", d: "M0 0" + entries[n.i].mark }));
    span.prepend(at);
  });
}

function widestName(most) {
  var pen = document.createElement("canvas").getContext("2d");
  pen.font = "600 14px " + getComputedStyle(document.body).fontFamily;
  return Math.min(24 + entries.reduce(function (width, r) { return Math.max(width, pen.measureText("\u2191 " + r.spec).width + (r.mark ? 18 : 0)); }, 0), most);
}
