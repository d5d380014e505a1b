/* The optimizers' names beside the ends of their curves, and thin lines that lead to them.
   SPDX-License-Identifier: MIT */

/* Where each curve ends and where its name stands, top to bottom without overlap; positions in the chart's pixels. */
function placeNames(graph, area) {
  var GAP = 17, list = [];
  view.curves.forEach(function (curve, i) {
    var last = shown[i] && curve[curve.length - 1];
    if (!last) return;
    var x = graph.toDomXCoord(last.x), y = graph.toDomYCoord(last.y[1]);
    if (!isFinite(y)) return;
    y = Math.min(Math.max(y, area.y + 8), area.y + area.h);
    list.push({ i: i, x: Math.min(x, area.x + area.w), y: y, to: y });
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

function drawNames(graph, area) {
  var svg = makeSvg("svg", {}), right = area.x + area.w;
  $("names").textContent = "";
  $("names").append(svg);
  placeNames(graph, area).forEach(function (n) {
    var kind = classOf(n.i) + (isFaint(n.i) ? " faint" : "");
    svg.append(makeSvg("polyline", { "class": kind, points: [n.x + 6, n.y, Math.max(right, n.x + 6) + 2, n.y, right + 13, n.to].join(" ") }));
    var place = "left: " + (right + 16) + "px; top: " + n.to + "px";
    $("names").append(make("span", { "class": kind, "data-racer": n.i, style: place }, racers[n.i].spec));
  });
}

function widestName(most) {
  var pen = document.createElement("canvas").getContext("2d");
  pen.font = "600 14px " + getComputedStyle(document.body).fontFamily;
  return Math.min(24 + racers.reduce(function (width, r) { return Math.max(width, pen.measureText(r.spec).width); }, 0), most);
}
