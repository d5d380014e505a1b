/* Plays the paths over the surface: a clock, its controls, the table of where everybody is, and what the pointer finds.
   SPDX-License-Identifier: MIT */
(function () {
if (!race.surface) return;
var SECONDS = 10, canvas = $("ground"), stage = new Stage(canvas, race.surface), scrub = $("scrub"), rows = [];
var still = window.matchMedia("(prefers-reduced-motion: reduce)"), last = 0, step = 0, playing = false, before = 0;

/* ---- the clock ---- */

function setStep(to) {
  step = Math.min(Math.max(to, 0), last);
  scrub.value = Math.round(step);
  $("step").textContent = "step " + Math.round(step).toLocaleString("en") + " of " + last.toLocaleString("en");
  scrub.setAttribute("aria-valuetext", $("step").textContent);
  stage.draw(step);
  tellPlaces();
}
function setPlaying(on) {
  playing = on;
  $("play").textContent = on ? "Pause" : "Play";
  if (!on) return;
  if (step >= last) step = 0;
  before = 0;
  requestAnimationFrame(tick);
}
function tick(now) {
  if (!playing) return;
  if (before) setStep(step + (now - before) / 1000 * $("speed").value * last / SECONDS);
  before = now;
  if (step >= last) setPlaying(false);
  else requestAnimationFrame(tick);
}
function scrubTo(to) {
  setPlaying(false);
  setStep(to);
}

/* ---- where everybody is ---- */

/* A place to a thousandth of the window. */
function at(place, axis) {
  var width = race.surface.high[axis] - race.surface.low[axis];
  return Math.abs(place) < 1e5 ? minus(place.toFixed(Math.max(0, 3 - Math.floor(Math.log10(width))))) : power(place, 2);
}
function tellPlaces() {
  entries.forEach(function (entry, i) {
    var path = stage.pathOf(i), place = stage.placeAt(path, step), cells = rows[i].cells;
    var gone = path.diverged && (!place || place.ended);
    for (var k = 1; k < cells.length; k++) {
      cells[k].hidden = gone && k > 1;
      cells[k].colSpan = gone && k === 1 ? 3 : 1;
      cells[k].className = gone ? "gone" : "";
    }
    if (gone) cells[1].textContent = path.last ? "diverged after step " + path.last : "diverged at once";
    else if (!place) for (k = 1; k < cells.length; k++) cells[k].textContent = "\u2013";
    else [at(place.x, 0), at(place.y, 1), digits(place.value, 3)].forEach(function (text, k) { cells[k + 1].textContent = text; });
    rows[i].title = place && stage.isOutside(place) ? "outside the picture" : "";
  });
}
function makeRows() {
  entries.forEach(function (entry, i) {
    var button = curveButton(i);
    button.querySelector(".value").remove();
    rows.push(make("tr", {}, make("th", { scope: "row" }, button), make("td"), make("td"), make("td")));
    $("now").tBodies[0].append(rows[i]);
  });
}

/* ---- pointer and keys ---- */

function point(event) {
  var box = canvas.getBoundingClientRect(), found = stage.nearest(event.clientX - box.left, event.clientY - box.top, step), tip = $("tip");
  tip.hidden = !found;
  mark(found ? found.i : -1);
  if (!found) return;
  tip.className = classOf(found.i);
  tip.textContent = "";
  tip.append(make("strong", {}, entries[found.i].spec), ", step " + found.step.toLocaleString("en"), make("br"),
             "x " + digits(found.x, 4) + ", y " + digits(found.y, 4), make("br"), "value " + number(found.value));
  var left = event.clientX - box.left + 14, top = event.clientY - box.top + 14;
  tip.style.left = Math.max(0, Math.min(left, box.width - tip.offsetWidth)) + "px";
  tip.style.top = (top + tip.offsetHeight > box.height ? top - tip.offsetHeight - 28 : top) + "px";
}
function onKey(event) {
  var by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: last / 10, PageDown: -last / 10, Home: -last, End: last }[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target !== canvas || !lookByKey(event)) {
    if (event.key === " ") setPlaying(!playing);
    else if (by) scrubTo(Math.round(step) + by);
    else return;
  }
  event.preventDefault();
}

/* ---- closer, and to the side ---- */

function looked() {
  $("overview").hidden = stage.zoom === 1;
  canvas.classList.toggle("closer", stage.zoom > 1);
  stage.draw(step);
}
function zoomBy(factor, left, top) {
  stage.zoomBy(factor, left === undefined ? canvas.clientWidth / 2 : left, top === undefined ? canvas.clientHeight / 2 : top);
  looked();
}
function panBy(right, down) {
  stage.panBy(right, down);
  looked();
}
/* Plus, minus and 0; with Shift the arrow keys go to the side. */
function lookByKey(event) {
  var factor = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, "0": 0 }[event.key];
  var side = event.shiftKey && { ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
  if (factor !== undefined) zoomBy(factor);
  else if (side) panBy(side[0], side[1]);
  return factor !== undefined || side;
}
/* Scrolling back over the whole picture scrolls the page. */
function onWheel(event) {
  if (event.deltaY >= 0 && stage.zoom === 1) return;
  event.preventDefault();
  var box = canvas.getBoundingClientRect(), lines = event.deltaMode === 1 ? 16 : 1;
  zoomBy(Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 400), event.clientX - box.left, event.clientY - box.top);
}

/* One pointer that is held drags, two pinch. */
var held = {};
function holders() { return Object.keys(held).map(function (id) { return held[id]; }); }
function middle(at) { return { x: (at[0].x + at[at.length - 1].x) / 2, y: (at[0].y + at[at.length - 1].y) / 2 }; }
function apart(at) { return Math.hypot(at[0].x - at[1].x, at[0].y - at[1].y); }
function hold(event) {
  var box = canvas.getBoundingClientRect();
  held[event.pointerId] = { x: event.clientX - box.left, y: event.clientY - box.top };
  if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
}
function drag(event) {
  if (!held[event.pointerId]) return false;
  var before = holders(), box = canvas.getBoundingClientRect();
  held[event.pointerId] = { x: event.clientX - box.left, y: event.clientY - box.top };
  var now = holders(), to = middle(now);
  if (now.length === 2 && apart(before) > 0) stage.zoomBy(apart(now) / apart(before), to.x, to.y);
  panBy(to.x - middle(before).x, to.y - middle(before).y);
  $("tip").hidden = true;
  return true;
}
function release(event) { delete held[event.pointerId]; }

/* ---- the beginning ---- */

function chooseSeed(k) {
  stage.seed = k;
  last = entries.reduce(function (most, entry) { return Math.max(most, entry.paths[k].last); }, 0);
  scrub.max = last;
  setStep(Math.min(step, last));
}
function refit() {
  stage.fit();
  stage.draw(step);
}

$("field").style.maxWidth = "calc(80vh * " + 1000 / race.surface.height + ")";
$("stage").hidden = false;
makeRows();
entries[0].paths.forEach(function (path, k) { $("seed").append(make("option", { value: k }, "seed " + path.seed)); });
$("seed").hidden = entries[0].paths.length < 2;
stage.fit();
chooseSeed(0);
setStep(last);
$("play").addEventListener("click", function () { setPlaying(!playing); });
$("seed").addEventListener("change", function () { chooseSeed(+this.value); });
scrub.addEventListener("input", function () { scrubTo(+scrub.value); });
scrub.addEventListener("keydown", onKey);
canvas.addEventListener("keydown", onKey);
canvas.addEventListener("pointermove", function (event) { if (!drag(event)) point(event); });
canvas.addEventListener("pointerleave", function () { $("tip").hidden = true; mark(-1); });
canvas.addEventListener("pointerdown", hold);
["pointerup", "pointercancel"].forEach(function (end) { canvas.addEventListener(end, release); });
canvas.addEventListener("wheel", onWheel, { passive: false });
canvas.addEventListener("dblclick", function () { zoomBy(0); });
$("closer").addEventListener("click", function () { zoomBy(1.5); });
$("farther").addEventListener("click", function () { zoomBy(1 / 1.5); });
$("overview").addEventListener("click", function () { zoomBy(0); });
new ResizeObserver(refit).observe(canvas);
onColours(refit);
onShown(function () { stage.draw(step); });

/* Plays by itself once, when it is first seen, unless the reader has asked for little motion. */
if (!still.matches)
  new IntersectionObserver(function (entries, observer) {
    if (!entries[0].isIntersecting) return;
    observer.disconnect();
    if (step >= last) setPlaying(true);
  }, { threshold: 0.5 }).observe(canvas);
}());
