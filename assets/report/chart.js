/* The chart of curves, drawn by dygraphs, with its controls and its reading by pointer and keyboard.
   SPDX-License-Identifier: MIT */
(function () {
var chart = $("chart"), graph = null, box = legend();

/* ---- drawing ---- */

/* What lies far outside of the range lies far enough. */
function rows() {
  var byX = {}, xs = [], bands = race.seeds > 1, range = rangeOfValues() || [0, 1], far = range[1] - range[0];
  function within(y) {
    var place = placeOf(y);
    return place === null ? null : Math.min(Math.max(place, range[0] - far), range[1] + far);
  }
  view.curves.forEach(function (curve, i) {
    curve.forEach(function (p) {
      if (!(p.x in byX)) {
        xs.push(p.x);
        byX[p.x] = entries.map(function () { return bands ? [null, null, null] : null; });
      }
      var y = p.y.map(within);
      byX[p.x][i] = bands ? y : y[1];
    });
  });
  xs.sort(function (a, b) { return a - b; });
  return xs.map(function (x) { return [x].concat(byX[x]); });
}

function tick(value) { return view.quantity.share ? +(100 * value).toPrecision(6) + "%" : short(value); }

/* Powers of ten, so many apart that they fit, or 1, 2 and 5 times them where there are few. */
function logTicks(from, to, pixels) {
  var wish = pixels / 44, first = Math.floor(from), last = Math.ceil(to), values = [];
  var apart = Math.max(1, Math.ceil((last - first) / wish)), parts = !race.linear && 3 * (last - first) <= wish + 3 ? [1, 2, 5] : [1];
  for (var e = first; e <= last; e++)
    if (e % apart === 0) parts.forEach(function (part) { values.push(race.linear ? valueOfDecade(e) : part * Math.pow(10, e)); });
  var ticks = values.map(function (value) { return { v: placeOf(value), label: tick(value) }; });
  ticks = ticks.filter(function (t) { return t.v >= from && t.v <= to; });
  return ticks.length > 1 ? ticks : null;
}
/* Where values change their sign the decades are counted from 0, on both sides. */
function valueOfDecade(e) { return e ? (e < 0 ? -1 : 1) * race.linear * Math.pow(10, Math.abs(e)) : 0; }
function valueTicks(from, to, pixels, opts, graph_, values) {
  return (isLog() && logTicks(from, to, pixels)) || Dygraph.numericLinearTicks(from, to, pixels, opts, graph_, values);
}

/* A tick for every epoch: half an epoch means little. */
function wholeEpochs(from, to, pixels, opts, graph_, values) {
  if (to - from < 1) return Dygraph.numericLinearTicks(from, to, pixels, opts, graph_, values);
  var ticks = [];
  for (var e = Math.ceil(from); e <= to; e++) ticks.push({ v: e, label: String(e) });
  return ticks;
}

/* Dygraphs calls this for the points of a curve from left to right. Of many only those that come first behind the next place of a mark get it. */
function markDrawer(i, isFew, colours) {
  var last = Infinity;
  return function (graph_, name, pen, x, y, color, size) {
    var area = graph_.getArea(), place = Math.floor((x - area.x) / (MARK_EVERY * area.w) - firstMark(i));
    if (isFew || (place >= 0 && place !== last)) drawMark(pen, i, x, y, size / 3.5, colours);
    last = place;
  };
}

function options() {
  var FEW = 25, colours = coloursNow(["ground"]), most = view.curves.reduce(function (n, curve) { return Math.max(n, curve.length); }, 0), series = {};
  entries.forEach(function (r, i) {
    series[r.spec] = { color: colours.of[i], strokePattern: DASHES[dashOf(i)] };
    if (r.mark) Object.assign(series[r.spec], { drawPoints: true, pointSize: 3.5, drawPointCallback: markDrawer(i, most <= FEW, colours) });
  });
  return {
    labels: [view.axis.key].concat(entries.map(function (r) { return r.spec; })), series: series, visibility: shown.slice(),
    customBars: race.seeds > 1, fillAlpha: 0.16, connectSeparatedPoints: true, strokeWidth: 2.25,
    drawPoints: most <= FEW, pointSize: most === 1 ? 6 : 3.5, highlightCircleSize: 5, highlightSeriesOpts: { strokeWidth: 3.5 },
    highlightSeriesBackgroundAlpha: 0.35, highlightSeriesBackgroundColor: colour("--ground"),
    valueRange: rangeOfValues(), dateWindow: rangeAcross(), rightGap: namesFit() ? widestName(chart.clientWidth * 0.36) : 12, legend: "never",
    xlabel: view.axis.name, xLabelHeight: 24, axisLineColor: colour("--line"), gridLineColor: colour("--grid"), gridLineWidth: 1,
    axes: { x: { drawGrid: false, axisLabelFormatter: short, pixelsPerLabel: 70,
                 ticker: view.axis.key === "epochs" && race.epochs <= 12 ? wholeEpochs : Dygraph.numericLinearTicks },
            y: { axisLabelFormatter: tick, axisLabelWidth: 62, pixelsPerLabel: 44, ticker: valueTicks } },
    drawCallback: function (drawn) { drawNames(drawn, drawn.getArea()); },
    highlightCallback: highlight, unhighlightCallback: leave, zoomCallback: zoomed
  };
}

function draw() {
  view.curves = entries.map(curveOf);
  view.at = null;
  $("log").checked = isLog();
  $("chart-title").textContent = titleOf();
  chart.setAttribute("aria-label", titleOf() + " of " + (race.single ? "each set of rows" : entries.length + " optimizers") + " against " + view.axis.name +
    (race.seeds > 1 ? (race.folds ? ", mean and standard error over " : ", median and quartiles of ") + seedsText() : "") + ". The table of results holds the final values.");
  if (graph) graph.destroy();
  graph = null;
  var data = rows();
  if (!data.length) chart.textContent = "No run came to the end of an epoch.";
  else graph = new Dygraph(chart, data, options());
  zoomed();
  read();
}

function recolour() { if (graph) graph.updateOptions(options()); }

/* ---- reading: at the end of the curves, or where the pointer or the arrow keys are ---- */

function read() {
  entries.forEach(function (entry, i) { box.children[i].querySelector(".value").textContent = valueAt(i); });
  var place = "after the last epoch, as in the table";
  if (view.at !== null) place = "at " + view.axis.unit + " " + (+view.at.toPrecision(4)).toLocaleString("en");
  else if (race.single) place = "after the last epoch, as in the table";
  else if (race.surface) place = "after the last step";
  else if (!/^(val|gap)/.test(view.quantity.key)) place = "mean of the last epoch, as in the table";
  $("where").textContent = (race.seeds > 1 ? (race.folds ? "Lines are means of " + seedsText() + ", bands go a standard error to each side. "
    : "Lines are medians of " + seedsText() + ", bands go from the first to the third quartile. ") : "") +
    "Values: " + place + ".";
}
function highlight(event, x, points, row, name) {
  view.at = x;
  mark(entries.map(function (r) { return r.spec; }).indexOf(name));
  read();
}
function leave() {
  view.at = null;
  mark(-1);
  read();
}

function onKey(event) {
  var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!graph || (!step && event.key !== "Escape")) return;
  event.preventDefault();
  if (!step) {
    graph.clearSelection();
    leave();
    return;
  }
  var row = graph.getSelection(), n = graph.numRows();
  row = row < 0 ? (step > 0 ? 0 : n - 1) : Math.min(Math.max(row + step, 0), n - 1);
  graph.setSelection(row);
  view.at = graph.getValue(row, 0);
  read();
  $("spoken").textContent = view.axis.unit + " " + +view.at.toPrecision(4) + ": " +
    entries.map(function (r, i) { return shown[i] ? r.spec + " " + valueAt(i) : ""; }).filter(Boolean).join(", ");
}

/* ---- what is shown ---- */

function moved() {
  var now = graph.xAxisRange(), all = rangeAcross(), y = graph.yAxisRange(), allY = rangeOfValues();
  function far(a, b) { return Math.abs(a - b) > 1e-6 * (Math.abs(a) + Math.abs(b)); }
  return !!all && (far(now[0], all[0]) || far(now[1], all[1]) || (!!allY && (far(y[0], allY[0]) || far(y[1], allY[1]))));
}
function zoomed() { $("whole").hidden = !(graph && moved()); }
function showWhole() {
  graph.updateOptions({ dateWindow: rangeAcross(), valueRange: rangeOfValues() });
  $("whole").hidden = true;
}

/* The chart follows buttons, and pictures elsewhere in the page; itself it has what it needs. */
function follow() {
  if (!graph) return;
  var visible = graph.visibility();
  if (shown.some(function (on, i) { return on !== visible[i]; }))
    graph.updateOptions({ file: rows(), visibility: shown.slice(), valueRange: rangeOfValues(), dateWindow: rangeAcross() });
  document.querySelectorAll("#names span").forEach(function (span) { span.classList.toggle("faint", isFaint(+span.dataset.entry)); });
  if (view.at !== null) return;
  if (marked < 0) graph.clearSelection();
  else graph.setSelection(graph.numRows() - 1, entries[marked].spec, true);
}

if (!race.quantities.length) {                          /* nobody got far enough: the page says so */
  document.querySelectorAll("#curves .still").forEach(function (still) { still.classList.remove("still"); });
  return;
}
choices($("metric"), race.quantities, function (q) { return q.name; }, view.quantity, function (q) { view.quantity = q; draw(); });
choices($("against"), race.axes, function (a) { return a.key; }, view.axis, function (a) { view.axis = a; draw(); });
$("log").addEventListener("change", function () { setLog(this.checked); draw(); });
$("whole").addEventListener("click", showWhole);
$("controls").addEventListener("submit", function (event) { event.preventDefault(); });
chart.addEventListener("keydown", onKey);
$("legend").replaceWith(box);
box.id = "legend";
$("view").hidden = false;
draw();
onShown(follow);
onColours(recolour);
}());
