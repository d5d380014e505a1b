/* The report's chart. Everything it shows stands in the page: the race as JSON (race.json, with finer curves of the training loss and a
   colour for every optimizer). Nothing is fetched, nothing is kept.
   SPDX-License-Identifier: MIT */
(function () {
"use strict";
var race = JSON.parse(document.getElementById("race").textContent);
var racers = race.optimizers, seeds = race.config.seeds, COLOURS = 10, SVG = "http://www.w3.org/2000/svg";
var $ = function (id) { return document.getElementById(id); };
var chart = $("chart"), names = $("names"), where = $("where");

/* ---- what can be shown ---- */

var METRICS = [
  { key: "val_loss", short: "validation loss", title: "Validation loss", below: true },
  { key: "loss", short: "training loss", title: "Training loss", below: true },
  { key: "val_accuracy", short: "validation accuracy", title: "Validation accuracy", share: true },
  { key: "accuracy", short: "training accuracy", title: "Training accuracy", share: true }
].filter(function (m) {
  return racers.some(function (r) { return r.runs.some(function (run) { return run.epochs.some(function (e) { return m.key in e; }); }); });
});
var AXES = [{ key: "epochs", unit: "epoch" }, { key: "seconds", unit: "second" }];

/* A run's points for a metric: the fine curve of the training loss, else one point for every epoch. */
function pointsOf(run, metric) {
  var t = run.trace, i, seconds = 0, points = [];
  if (metric.key === "loss" && t.loss.length > run.epochs.length) {
    for (i = 0; i < t.loss.length; i++) points.push({ epochs: t.steps[i] / t.steps_per_epoch, seconds: t.seconds[i], y: t.loss[i] });
    return points;
  }
  run.epochs.forEach(function (e) {
    seconds += e.seconds;
    if (metric.key in e) points.push({ epochs: e.epoch, seconds: seconds, y: e[metric.key] });
  });
  return points;
}

function quantile(sorted, p) {
  var at = p * (sorted.length - 1), i = Math.floor(at);
  return i + 1 < sorted.length ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}
function spread(values) {
  var sorted = values.slice().sort(function (a, b) { return a - b; });
  return [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
}

/* An optimizer's curve: median and quartiles over its runs, as long as half of them go on. Runs that diverged count only where
   every run did. On a log axis an accuracy is shown as what is missing to 1. */
function curveOf(racer, metric, axis, missing) {
  var good = racer.runs.filter(function (run) { return run.status !== "diverged"; });
  var runs = (good.length ? good : racer.runs).map(function (run) { return pointsOf(run, metric); }), curve = [];
  for (var i = 0; ; i++) {
    var alive = runs.filter(function (points) { return i < points.length; });
    if (!alive.length || alive.length * 2 < runs.length) return curve;
    var at = alive.map(function (points) { return points[i]; });
    curve.push({
      x: spread(at.map(function (p) { return p[axis.key]; }))[1],
      y: spread(at.map(function (p) { return missing ? 1 - p.y : p.y; }))
    });
  }
}

/* ---- state and colours ---- */

var fewEpochs = race.config.epochs < 2;
var state = { metric: METRICS[0], axis: AXES[0], logs: { loss: false, share: false }, visible: racers.map(function () { return true; }), marked: -1 };
Object.defineProperty(state, "log", { get: function () { return this.logs[this.metric.share ? "share" : "loss"]; } });
if (fewEpochs) METRICS.forEach(function (m) { if (m.key === "loss") state.metric = m; });    /* the only one with more than a point */
var graph = null, curves = [], at = null, dark = window.matchMedia("(prefers-color-scheme: dark)");

/* Losses start on a log axis where they end far apart, which a straight one would not show. */
(function () {
  var ends = racers.filter(function (r) { return r.summary.diverged < seeds; }).map(function (r) { return (r.summary.val_loss || r.summary.loss).median; });
  state.logs.loss = Math.min.apply(null, ends) > 0 && Math.max.apply(null, ends) > 4 * Math.min.apply(null, ends);
}());

function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
function colourOf(racer) { return css("--c" + racer.colour % COLOURS); }

function text(value) {
  if (state.metric.share) return (100 * value).toFixed(2) + "\u2009%";
  return value >= 0.01 && value < 100 ? value.toFixed(4) : value.toPrecision(4);
}
function tick(value) {
  if (state.metric.share) return +(100 * value).toPrecision(6) + "%";
  return value >= 1e5 || value < 1e-4 && value > 0 ? value.toExponential() : String(+value.toPrecision(6));
}

/* ---- the names beside the curves ---- */

/* Where each curve ends and where its name stands, top to bottom without overlap; positions in the chart's pixels. */
function placeNames(area) {
  var GAP = 17, list = [];
  curves.forEach(function (curve, i) {
    var last = state.visible[i] && curve[curve.length - 1];
    if (!last) return;
    var x = graph.toDomXCoord(last.x), y = graph.toDomYCoord(last.y[1]);
    if (!isFinite(y)) return;
    y = Math.min(Math.max(y, area.y), area.y + area.h);
    list.push({ i: i, x: Math.min(x, area.x + area.w), y: y, to: y });
  });
  list.sort(function (a, b) { return a.y - b.y; });
  list.forEach(function (n, k) { if (k) n.to = Math.max(n.to, list[k - 1].to + GAP); });
  var limit = area.y + area.h;
  for (var k = list.length - 1; k >= 0; k--) {
    list[k].to = Math.min(list[k].to, limit);
    limit = list[k].to - GAP;
  }
  return list;
}

/* The names, and thin lines that lead to them from the curves' ends. */
function drawNames(context, area) {
  if (!graph) return;
  var svg = document.createElementNS(SVG, "svg"), right = area.x + area.w;
  names.textContent = "";
  names.appendChild(svg);
  placeNames(area).forEach(function (n) {
    var kind = "c" + racers[n.i].colour % COLOURS + (state.marked >= 0 && state.marked !== n.i ? " faint" : "");
    var line = document.createElementNS(SVG, "polyline"), label = document.createElement("span");
    line.setAttribute("class", kind);
    line.setAttribute("points", [n.x + 6, n.y, Math.max(right, n.x + 6) + 2, n.y, right + 13, n.to].join(" "));
    label.className = kind;
    label.textContent = racers[n.i].spec;
    label.style.left = right + 16 + "px";
    label.style.top = n.to + "px";
    svg.appendChild(line);
    names.appendChild(label);
    racers[n.i].marks = [line, label];
  });
}

/* ---- the chart ---- */

function rows() {
  var byX = {}, xs = [];
  curves.forEach(function (curve, i) {
    curve.forEach(function (p) {
      if (!(p.x in byX)) {
        xs.push(p.x);
        byX[p.x] = racers.map(function () { return seeds > 1 ? [null, null, null] : null; });
      }
      var y = state.log ? p.y.map(function (v) { return v > 0 ? v : null; }) : p.y;
      byX[p.x][i] = seeds > 1 ? y : y[1];
    });
  });
  xs.sort(function (a, b) { return a - b; });
  return xs.map(function (x) { return [x].concat(byX[x]); });
}

/* The range of the values in sight. What shot up would press all others flat: four times the middle one of the curves' maxima is enough
   (on a log axis ten thousand times), and whatever diverged counts only where all did. */
function range() {
  var low = Infinity, tops = [], every = racers.every(function (r) { return r.summary.diverged === seeds; });
  curves.forEach(function (curve, i) {
    if (!state.visible[i] || (!every && racers[i].summary.diverged === seeds)) return;
    var top = -Infinity;
    curve.forEach(function (p) {
      if (state.log && !(p.y[0] > 0)) return;
      low = Math.min(low, p.y[0]);
      top = Math.max(top, p.y[2]);
    });
    if (top > -Infinity) tops.push(top);
  });
  if (!tops.length) return null;
  var high = Math.min(Math.max.apply(null, tops), spread(tops)[1] * (state.log ? 1e4 : 4));
  high = Math.max(high, low);
  if (state.log) return [low / Math.pow(high / low || 1, 0.06) / 1.02, high * Math.pow(high / low || 1, 0.06) * 1.02];
  var pad = (high - low || Math.abs(high) || 1) * 0.06;
  return [state.metric.below && low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
}

function window_() {
  var high = 0, low = Infinity, points = 0;
  curves.forEach(function (curve, i) {
    if (!state.visible[i]) return;
    points = Math.max(points, curve.length);
    curve.forEach(function (p) { high = Math.max(high, p.x); low = Math.min(low, p.x); });
  });
  if (!(high > 0)) return null;
  if (points > 1 && state.metric.key !== "loss" && state.axis.key === "epochs") return [low - (high - low) * 0.03, high + (high - low) * 0.01];
  return [0, high * (points > 1 ? 1.01 : 1.08)];
}

function widestName() {
  var pen = document.createElement("canvas").getContext("2d");
  pen.font = "600 14px " + getComputedStyle(document.body).fontFamily;
  var width = racers.reduce(function (most, r) { return Math.max(most, pen.measureText(r.spec).width); }, 0);
  return Math.min(width + 24, chart.clientWidth * 0.36);
}

function options() {
  var most = curves.reduce(function (n, curve) { return Math.max(n, curve.length); }, 0), series = {};
  racers.forEach(function (r) {
    series[r.spec] = { color: colourOf(r), strokePattern: r.colour >= COLOURS ? [7, 4] : null };
  });
  var set = {
    labels: [state.axis.key].concat(racers.map(function (r) { return r.spec; })), series: series, visibility: state.visible.slice(),
    customBars: seeds > 1, fillAlpha: 0.16, connectSeparatedPoints: true, strokeWidth: 2.25, drawPoints: most <= 25, pointSize: most === 1 ? 6 : 3.5,
    highlightCircleSize: 5, highlightSeriesOpts: { strokeWidth: 3.5 }, highlightSeriesBackgroundAlpha: 0.35, highlightSeriesBackgroundColor: css("--ground"),
    logscale: state.log, valueRange: range(), dateWindow: window_(), rightGap: widestName(), legend: "never", xlabel: state.axis.key, xLabelHeight: 24,
    axisLineColor: css("--line"), gridLineColor: css("--grid"), gridLineWidth: 1,
    axes: { x: { drawGrid: false, axisLabelFormatter: function (x) { return String(+x.toPrecision(4)); }, pixelsPerLabel: 70,
                 ticker: state.axis.key === "epochs" && race.config.epochs <= 12 ? wholeEpochs : Dygraph.numericLinearTicks },
            y: { axisLabelFormatter: tick, axisLabelWidth: 62, pixelsPerLabel: 44 } },
    underlayCallback: drawNames, highlightCallback: highlight, unhighlightCallback: leave, zoomCallback: zoomed
  };
  return set;
}

/* A tick for every epoch: half an epoch means little. */
function wholeEpochs(from, to, pixels, opts, graph_, values) {
  if (to - from < 1.5) return Dygraph.numericLinearTicks(from, to, pixels, opts, graph_, values);
  var ticks = [];
  for (var e = Math.ceil(from); e <= to; e++) ticks.push({ v: e, label: String(e) });
  return ticks;
}

function draw() {
  var missing = state.log && !!state.metric.share;
  $("log").checked = state.log;
  curves = racers.map(function (r) { return curveOf(r, state.metric, state.axis, missing); });
  $("chart-title").textContent = (missing ? "1 \u2212 " + state.metric.short : state.metric.title) + (state.log ? " (log axis)" : "");
  chart.setAttribute("aria-label", $("chart-title").textContent + " of " + racers.length + " optimizers against " + state.axis.key +
    (seeds > 1 ? ", median and quartiles of " + seeds + " seeds" : "") + ". The table below holds the final values.");
  if (graph) graph.destroy();
  graph = null;
  var data = rows();
  if (!data.length) {
    chart.textContent = "No run came to the end of an epoch.";
    return;
  }
  graph = new Dygraph(chart, data, options());
  graph.ready(function () { graph.updateOptions({}); });      /* the names need the finished axes */
  at = null;
  zoomed();
  readout();
}

/* The same picture in the colours of now. Browsers print a canvas only if it was in the page before. */
function recolour() {
  if (graph) graph.updateOptions(options());
}

/* ---- values: at the end of the curves, or where the pointer or the arrow keys are ---- */

function valueAt(curve, x) {
  var found = null;
  curve.forEach(function (p) { if (x === null || p.x <= x * (1 + 1e-9)) found = p; });
  return found;
}
function shown(i) {
  var racer = racers[i], final = racer.summary[state.metric.key], p = valueAt(curves[i], at);
  if (at !== null) return p ? text(p.y[1]) : "\u2013";
  if (!final) return racer.summary.diverged ? "diverged" : "\u2013";
  return text(state.log && state.metric.share ? 1 - final.median : final.median);
}
function readout() {
  racers.forEach(function (racer, i) { racer.value.textContent = shown(i); });
  where.textContent = (seeds > 1 ? "Lines are medians of " + seeds + " seeds, bands go from the first to the third quartile. " : "") +
    (at === null ? "Values: " + (/^val/.test(state.metric.key) ? "after" : "mean of") + " the last epoch, as in the table." : "Values: at " + state.axis.unit + " " + +at.toPrecision(4) + ".");
}
function highlight(event, x, points, row, name) {
  at = x;
  mark(racers.map(function (r) { return r.spec; }).indexOf(name), true);
  readout();
}
function leave() {
  at = null;
  mark(-1, true);
  readout();
}
/* Brings one optimizer forward, everywhere; -1: none. */
function mark(i, fromChart) {
  if (state.marked === i) return;
  state.marked = i;
  racers.forEach(function (r, k) { (r.marks || []).forEach(function (e) { e.classList.toggle("faint", i >= 0 && i !== k); }); });
  if (fromChart || !graph) return;
  if (i < 0 || !state.visible[i]) graph.clearSelection();
  else graph.setSelection(graph.numRows() - 1, racers[i].spec, true);
}
function zoomed() { $("whole").hidden = !(graph && graph.isZoomed && graph.isZoomed() && moved()); }
function moved() {
  var now = graph.xAxisRange(), all = window_(), y = graph.yAxisRange(), allY = range();
  var far = function (a, b) { return Math.abs(a - b) > 1e-6 * (Math.abs(a) + Math.abs(b)); };
  return !!all && (far(now[0], all[0]) || far(now[1], all[1]) || (!!allY && (far(y[0], allY[0]) || far(y[1], allY[1]))));
}
function showWhole() {
  graph.updateOptions({ dateWindow: window_(), valueRange: range() });
  $("whole").hidden = true;
}

/* ---- controls ---- */

function choices(field, list, label, chosen, choose) {
  list.forEach(function (item) {
    var box = document.createElement("label"), input = document.createElement("input"), span = document.createElement("span");
    box.className = "choice";
    input.type = "radio";
    input.name = field.id;
    input.checked = item === chosen;
    input.addEventListener("change", function () { choose(item); draw(); });
    span.textContent = label(item);
    box.append(input, span);
    field.appendChild(box);
  });
}

function toggle(i) {
  state.visible[i] = !state.visible[i];
  racers[i].button.setAttribute("aria-pressed", String(state.visible[i]));
  mark(-1);
  if (graph) graph.updateOptions({ visibility: state.visible.slice(), valueRange: range(), dateWindow: window_() });
}

function makeLegend() {
  racers.forEach(function (racer, i) {
    var button = document.createElement("button"), parts = ["key", "name", "value"].map(function (kind) {
      var span = document.createElement("span");
      span.className = kind;
      button.appendChild(span);
      return span;
    });
    button.type = "button";
    button.className = "curve c" + racer.colour % COLOURS;
    button.title = racer.spec;
    if (racer.colour >= COLOURS) parts[0].className += " dashed";
    parts[1].textContent = racer.spec;
    racer.value = parts[2];
    racer.button = button;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", function () { toggle(i); });
    button.addEventListener("mouseenter", function () { mark(i); });
    button.addEventListener("mouseleave", function () { mark(-1); });
    $("legend").appendChild(button);
  });
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
  at = graph.getValue(row, 0);
  readout();
}

choices($("metric"), METRICS, function (m) { return m.short; }, state.metric, function (m) { state.metric = m; });
choices($("against"), AXES, function (a) { return a.key; }, state.axis, function (a) { state.axis = a; });
$("log").addEventListener("change", function () { state.logs[state.metric.share ? "share" : "loss"] = this.checked; draw(); });
$("whole").addEventListener("click", showWhole);
$("controls").addEventListener("submit", function (event) { event.preventDefault(); });
chart.addEventListener("keydown", onKey);
dark.addEventListener("change", recolour);
window.addEventListener("beforeprint", function () { document.documentElement.dataset.paper = ""; recolour(); });
window.addEventListener("afterprint", function () { delete document.documentElement.dataset.paper; recolour(); });
makeLegend();
$("view").hidden = false;
draw();
}());
