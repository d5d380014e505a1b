/* What a reader does with the report, and what must be seen then. Runs behind the page's own script, in the page.
   SPDX-License-Identifier: MIT */
(function () {
"use strict";
var answers = document.createElement("pre");
answers.id = "answers";
document.body.appendChild(answers);
function say(holds, what) { answers.textContent += (holds ? "ok " : "not ok ") + what + "\n"; }

function $(id) { return document.getElementById(id); }
function all(which) { return Array.prototype.slice.call(document.querySelectorAll(which)); }
var race = JSON.parse($("race").textContent), n = race.optimizers.length, cards = race.single ? 1 : n, chart = $("chart");
var still = matchMedia("(prefers-reduced-motion: reduce)").matches;

/* ---- looking ---- */

function colour(name) {
  var probe = document.createElement("i");
  probe.style.color = "var(" + name + ")";
  document.body.appendChild(probe);
  var rgb = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return rgb;
}
function pixels(canvas) {
  var copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  var pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return pen.getImageData(0, 0, copy.width, copy.height).data;
}
/* Dots of an optimizer's colour on canvases. */
function inked(entry, canvases) {
  var want = colour("--c" + entry.colour % 10), count = 0;
  canvases.forEach(function (canvas) {
    if (!canvas.width) return;
    var d = pixels(canvas);
    for (var i = 0; i < d.length; i += 4)
      if (d[i + 3] > 200 && Math.abs(d[i] - want[0]) + Math.abs(d[i + 1] - want[1]) + Math.abs(d[i + 2] - want[2]) < 12) count++;
  });
  return count;
}
function drawn(entry) { return inked(entry, all("#chart canvas")); }
function sameBytes(a, b) {
  for (var i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
function isSeen(element) { return !!element && element.getClientRects().length > 0; }
function label(text) { return all("#controls label").filter(function (l) { return l.textContent === text; })[0]; }
function key(element, name) { element.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true })); }
function names() { return all("#names span").length; }
function values() { return all("#legend .value").map(function (v) { return v.textContent; }).join(" "); }
/* So many frames later. */
function frames(n) {
  return new Promise(function (done) {
    (function next() { if (n-- > 0) requestAnimationFrame(next); else done(); }());
  });
}

/* An optimizer whose colour no other has, dashes left aside. */
var own = race.optimizers.findIndex(function (a) {
  return race.optimizers.every(function (b) { return a === b || a.colour % 10 !== b.colour % 10; }) && a.diverged < a.runs;
}), entry = race.optimizers[own];

/* ---- every page ---- */

function page() {
  say(isSeen($("view")) && all(".still").every(function (s) { return !isSeen(s); }), "charts that live stand in place of the still ones");
  say(all("#results tbody tr").length === n && all(".card").length === cards, "a row and a card for every optimizer");
  say(all(".card .equation p").length >= cards && !!document.querySelector(".equation sub, .equation sup, .equation i"), "equations are set");
  say(all("nav a").every(function (a) { return !!document.querySelector(a.getAttribute("href")); }), "every link of the page leads somewhere");
  say(all("thead tr").every(function (row) { return row.querySelectorAll("th[scope=col]").length === row.cells.length; }), "columns have heads");
  var ids = all("[id]").map(function (e) { return e.id; });
  say(new Set(ids).size === ids.length, "no id is there twice");
  say(document.documentElement.scrollWidth <= document.documentElement.clientWidth, "nothing sticks out at the side");
}

function curves() {
  var buttons = all("#legend button"), title = $("chart-title");
  say(buttons.length === n, "a button for every optimizer");
  say(drawn(entry) > 15, "a curve is drawn");
  var before = names();
  buttons[own].click();
  say(buttons[own].getAttribute("aria-pressed") === "false" && drawn(entry) === 0 && names() === before - 1, "its button takes the curve away");
  say(all(".legend button[aria-pressed=false]").length === all(".legend").length, "in every legend of the page");
  buttons[own].click();
  say(buttons[own].getAttribute("aria-pressed") === "true" && drawn(entry) > 15 && names() === before, "and brings it back");
  race.quantities.forEach(function (quantity) {
    race.axes.forEach(function (axis) {
      if (race.quantities.length > 1) label(quantity.name).click();
      if (race.axes.length > 1) label(axis.key).click();
      var isY = title.textContent.toLowerCase().indexOf(quantity.name) >= 0, x = document.querySelector("#chart .dygraph-xlabel");
      say(isY && x.textContent === axis.name && drawn(entry) > 15, quantity.name + " against " + axis.name);
    });
  });
  if (race.quantities.length > 1) label(race.quantities[0].name).click();
  if (race.axes.length > 1) label(race.axes[0].key).click(); // seconds differ from run to run, and a part of them may hold no point
  var log = $("log"), was = log.checked, text = title.textContent;
  log.click();
  say(log.checked !== was && title.textContent !== text && drawn(entry) > 15, "the log axis is switched");
  log.click();
  var end = values();
  key(chart, "ArrowRight");
  say(values() !== end && $("spoken").textContent.indexOf(entry.spec) > 0, "arrow keys read along the curves, aloud too");
  key(chart, "Escape");
  say(values() === end, "Escape goes back to the end");
}

/* Where lines lead to names from. */
function ends() { return all("#names polyline").map(function (line) { return line.points[0].x + " " + line.points[0].y; }).join(); }
function endsMoved(before) { return ends() !== before; }

function zoom() {
  var whole = $("whole"), box = chart.getBoundingClientRect(), before = ends();
  say(whole.hidden, "no button to see all while all is seen");
  [["mousedown", 0.4], ["mousemove", 0.5], ["mousemove", 0.6], ["mouseup", 0.6]].forEach(function (step) {
    var on = step[0] === "mousedown" ? chart.querySelectorAll("canvas")[1] : document;
    var at = { clientX: box.left + step[1] * box.width, clientY: box.top + 0.5 * box.height, bubbles: true, buttons: 1 };
    on.dispatchEvent(new MouseEvent(step[0], at));
  });
  say(!whole.hidden, "dragging zooms");
  say(all("#names span").length > 0 && all("#names polyline").every(function (line) {
    var x = line.points[0].x, y = line.points[0].y;
    return x <= chart.clientWidth && y >= 0 && y <= chart.clientHeight;
  }) && endsMoved(before), "the ends of the lines and their names move along");
  whole.click();
  say(whole.hidden && drawn(entry) > 15 && !endsMoved(before), "and the button takes it back");
}

function theme() {
  var button = $("theme"), ground = colour("--ground").join(), wasDark = button.textContent === "Light colours";
  say(wasDark === matchMedia("(prefers-color-scheme: dark)").matches, "the page begins in the system's colours");
  button.click();
  say(colour("--ground").join() !== ground && button.textContent === (wasDark ? "Dark colours" : "Light colours"),
    "the button changes them, and says what it does next");
  say(drawn(entry) > 15, "the chart too");
  button.click();
  say(colour("--ground").join() === ground && drawn(entry) > 15, "and back");
}

/* ---- tuned and to a target ---- */

function rates() {
  var series = all("#rates .series").filter(isSeen), button = all("#rates .legend button")[0];
  say(series.length === n && all("#rates tbody tr").length === n, "a line and a row of rates for every optimizer");
  say(series.every(function (g) { return g.querySelector(".line").getAttribute("d").length > 10; }), "which are drawn");
  say(all("#rates .ring").filter(isSeen).length === n, "the chosen rates are ringed");
  button.click();
  say(!isSeen(series.filter(function (g) { return g.dataset.entry === "0"; })[0]), "a line of rates can be taken away");
  button.click();
}
function target() {
  var figures = all("#profile figure"), radios = all("#profile-cost input");
  say(all("#target tbody tr").length === n && figures.length === 2, "a row to the target for every optimizer, and two profiles");
  say(isSeen(figures[0]) && !isSeen(figures[1]), "one profile is shown");
  radios[1].click();
  say(!isSeen(figures[0]) && isSeen(figures[1]), "the switch shows the other");
  radios[0].click();
}

/* ---- on a surface ---- */

function surface() {
  var canvas = $("ground"), play = $("play"), scrub = $("scrub"), before, step;
  say(inked(entry, [canvas]) > 10, "a path is drawn");
  return frames(12).then(function () {
    if (still) say(play.textContent === "Play" && scrub.value === scrub.max, "who wants little motion sees the end");
    else say(play.textContent === "Pause", "it plays when it is seen");
    if (still) play.click();
    return frames(12);
  }).then(function () {
    before = pixels(canvas);
    return frames(12);
  }).then(function () {
    say(!sameBytes(before, pixels(canvas)), "the canvas moves");
    play.click();
    before = pixels(canvas);
    step = scrub.value;
    return frames(12);
  }).then(function () {
    say(play.textContent === "Play" && sameBytes(before, pixels(canvas)) && scrub.value === step, "the button stops it");
    scrub.value = scrub.max;
    scrub.dispatchEvent(new Event("input", { bubbles: true }));
    say(!sameBytes(before, pixels(canvas)) && $("step").textContent.indexOf(Number(scrub.max).toLocaleString("en")) > 0, "the slider moves it");
    key(canvas, "Home");
    key(canvas, "ArrowRight");
    say(scrub.value === "1", "arrow keys go step by step");
    key(canvas, "End");
    key(canvas, " ");
    say(play.textContent === "Pause", "space plays");
    key(canvas, " ");
    key(canvas, "End");
    places(canvas);
    closer(canvas);
  });
}
/* Wheel, keys, dragging and a double click: each is seen in the picture. */
function closer(canvas) {
  var box = canvas.getBoundingClientRect(), whole = pixels(canvas), overview = $("overview"), near;
  function pointer(kind, x, id) {
    canvas.dispatchEvent(new PointerEvent(kind, { pointerId: id || 1, clientX: box.left + x * box.width, clientY: box.top + 0.5 * box.height, bubbles: true }));
  }
  say(overview.hidden, "no button to see all of the surface while all is seen");
  canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -200, clientX: box.left + 200, clientY: box.top + 200, bubbles: true, cancelable: true }));
  near = pixels(canvas);
  say(!sameBytes(whole, near) && !overview.hidden, "the wheel looks closer");
  pointer("pointerdown", 0.5), pointer("pointermove", 0.4), pointer("pointerup", 0.4);
  say(!sameBytes(near, pixels(canvas)), "dragging moves the picture");
  canvas.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
  say(sameBytes(whole, pixels(canvas)) && overview.hidden, "a double click shows all");
  pointer("pointerdown", 0.4, 1), pointer("pointerdown", 0.6, 2), pointer("pointermove", 0.8, 2);
  say(!sameBytes(whole, pixels(canvas)), "pinching looks closer");
  pointer("pointerup", 0.4, 1), pointer("pointerup", 0.8, 2);
  key(canvas, "0");
  say(sameBytes(whole, pixels(canvas)), "0 shows all");
  key(canvas, "+");
  say(!sameBytes(whole, pixels(canvas)), "plus looks closer");
  key(canvas, "-");
  say(sameBytes(whole, pixels(canvas)), "minus goes back");
}
function places(canvas) {
  var box = canvas.getBoundingClientRect(), s = race.surface, path = race.optimizers[0].paths[0], k = path.x.length - 1, tip = $("tip");
  var width = box.width - 60, left = 46 + width * (path.x[k] - s.low[0]) / (s.high[0] - s.low[0]);
  var top = 8 + width * s.height / 1000 * (s.high[1] - path.y[k]) / (s.high[1] - s.low[1]);
  canvas.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + left, clientY: box.top + top, bubbles: true }));
  say(!tip.hidden && /step \d/.test(tip.textContent) && /value/.test(tip.textContent), "the pointer finds a path's point");
  canvas.dispatchEvent(new PointerEvent("pointerleave", {}));
  say(tip.hidden, "and leaves it");
  var x = $("now").tBodies[0].rows[0].cells[1].textContent.replace("\u2212", "-");
  say(Math.abs(Number(x) - path.x[k]) < 0.01, "the table says where a path is");
  race.optimizers.forEach(function (r, i) {
    if (r.paths[0].diverged) say(/diverged (after step \d|at once)/.test($("now").tBodies[0].rows[i].textContent), "who diverged is said to have: " + r.spec);
  });
}

/* On the page of a single run: a dot where the test was, the network, the settings and, where the schedule changes it, the rate. */
function single() {
  var test = race.optimizers.filter(function (r) { return r.spec === "test"; })[0];
  if (test) {
    var at = Math.max.apply(null, test.curves.loss.epochs);
    say(test.curves.loss.median.length === 1 && at === race.epochs && drawn(test) > 5, "the test is one dot at the end");
  }
  say(all("#network tbody tr").length >= 2 && /^total/.test(all("#network tbody tr").pop().textContent), "the layers and their total");
  say(all("#setting tbody tr").length > 8 && isSeen(all("#setting tbody td")[0]), "the settings");
  if ($("rate")) say(all("#rate figure").filter(isSeen).length === 1, "the learning rate is drawn once");
  say(!/optimizers on|raced/.test(document.body.innerText), "nothing speaks of races");
}

/* Loss and number of weights against the penalty: a line with a dot for each, rules at those that are chosen, and the same in the table. */
function path() {
  var figures = all("#path figure"), rows = all("#path tbody tr"), folds = !!$("folds"), notes = all("#path tbody th small").map(function (s) { return s.textContent; });
  say(figures.length === 2 && figures.every(isSeen), "two pictures of the path");
  figures.forEach(function (f) {
    var name = f.querySelector("svg").getAttribute("aria-label"), box = f.querySelector("svg").getBoundingClientRect();
    say(f.querySelector(".line").getAttribute("d").length > 10 && f.querySelectorAll(".dot").length === rows.length, "a dot for each penalty: " + name);
    say(f.querySelectorAll("path.mark").length === notes.length, "rules at the penalties that the table names");
    say(f.querySelectorAll(".band").length === (folds ? 1 : 0), "bands where there are folds");
    say(all("#path figure text").every(function (t) { return t.getBoundingClientRect().right <= t.closest("svg").getBoundingClientRect().right + 1; }) && box.width > 200,
      "and nothing sticks out");
  });
  say(notes.indexOf("best") >= 0 && rows.length >= 8, "the best is named in the table");
}
/* A row for each fold, their mean and deviation. */
function folds() {
  var rows = all("#folds tbody tr"), numbers = rows.map(function (row) { return Number(row.cells[2].textContent.replace("\u2212", "-")); }), n = rows.length - 2;
  var mean = numbers.slice(0, n).reduce(function (a, b) { return a + b; }, 0) / n;
  say(n >= 2 && isSeen(rows[0]) && rows[n].cells[0].textContent === "mean" && Math.abs(numbers[n] - mean) < 2e-4, "the mean is that of the folds");
}

/* A run that shot up has an arrow with its value, and leaves the range to the others. */
function arrows() {
  var far = race.optimizers.filter(function (r) {
    return r.curves.value && r.diverged === r.runs && Math.max.apply(null, r.curves.value.median) > 1e20;
  }).length;
  if (far) say(all("#names .arrow").length >= far && /10[\u00b2\u00b3\u00b9\u2070-\u2079]/.test($("names").textContent), "what shot up has an arrow and its value");
  say(all("#legend .name").every(function (name, i) { return name.textContent === race.optimizers[i].spec && name.scrollWidth <= name.clientWidth + 1; }),
      "the legend's entries are whole");
}

/* Optimizers that share a colour have marks: in legends, beside their names, and on what is drawn, again and again. */
function marks() {
  var marked = race.optimizers.filter(function (r) { return r.mark; }), legends = all(".legend").length, count = 0, fill = CanvasRenderingContext2D.prototype.fill;
  say(race.optimizers.every(function (a) {
    return race.optimizers.every(function (b) { return a === b || a.colour % 10 !== b.colour % 10 || a.mark !== b.mark; });
  }), "those of one colour have different marks");
  say(all(".legend .sign").length === legends * marked.length && all("#names .mark").length === marked.length, "marks are in the legends and beside the names");
  if (!marked.length) return;
  CanvasRenderingContext2D.prototype.fill = function (shape, rule) {
    if (shape instanceof Path2D && !rule && this.canvas.closest("#chart")) count++;
    fill.apply(this, arguments);
  };
  all("#legend button")[0].click();
  count = 0;
  all("#legend button")[0].click();
  CanvasRenderingContext2D.prototype.fill = fill;
  say(count >= 4 * marked.length && count <= 8 * marked.length, "and on the curves: " + count);
}

function end() {
  say(performance.getEntriesByType("resource").length === 0, "nothing is fetched");
  answers.textContent += "all answers given\n";
}
Promise.resolve().then(function () {
  page();
  var played = race.surface ? surface() : Promise.resolve();
  return played.then(function () {
    curves();
    zoom();
    arrows();
    marks();
    theme();
    if (race.single) single();
    if ($("path")) path();
    if ($("folds")) folds();
    if ($("rates")) rates();
    if ($("profile") && !race.surface) target();
  });
}).catch(function (e) { say(false, e.stack || String(e)); }).then(end);
}());
