/* What a reader does with the report, and what must be seen then. Runs behind the page's own script, in the page.
   SPDX-License-Identifier: MIT */
(function () {
"use strict";
var answers = document.createElement("pre");
answers.id = "answers";
document.body.appendChild(answers);
function say(holds, what) { answers.textContent += (holds ? "ok " : "not ok ") + what + "\n"; }

var chart = document.getElementById("chart"), curves = document.querySelectorAll("#legend button");
var title = document.getElementById("chart-title"), race = JSON.parse(document.getElementById("race").textContent);
function colour(name) {
  var probe = document.createElement("i");
  probe.style.color = getComputedStyle(document.documentElement).getPropertyValue(name);
  document.body.appendChild(probe);
  var rgb = getComputedStyle(probe).color.match(/\d+/g).map(Number);
  probe.remove();
  return rgb;
}
/* Dots of an optimizer's colour on the chart's canvases. */
function inked(racer) {
  var want = colour("--c" + racer.colour % 10), count = 0;
  chart.querySelectorAll("canvas").forEach(function (canvas) {
    if (!canvas.width) return;
    var copy = document.createElement("canvas");
    copy.width = canvas.width;
    copy.height = canvas.height;
    var pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    var d = pen.getImageData(0, 0, copy.width, copy.height).data;
    for (var i = 0; i < d.length; i += 4)
      if (d[i + 3] > 200 && Math.abs(d[i] - want[0]) + Math.abs(d[i + 1] - want[1]) + Math.abs(d[i + 2] - want[2]) < 12) count++;
  });
  return count;
}
function label(text) { return Array.prototype.filter.call(document.querySelectorAll("#controls label"), function (l) { return l.textContent === text; })[0]; }
function key(name) { chart.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true })); }
function names() { return document.querySelectorAll("#names span").length; }
function values() { return Array.prototype.map.call(document.querySelectorAll("#legend .value"), function (v) { return v.textContent; }).join(" "); }

try {
  say(!document.getElementById("view").hidden, "the chart is shown");
  say(curves.length === race.optimizers.length, "a button for every optimizer");
  say(document.querySelectorAll("tbody tr").length === race.optimizers.length, "a row for every optimizer");
  var racer = race.optimizers[0];
  say(inked(racer) > 100, "the first curve is drawn");
  var all = names();
  curves[0].click();
  say(curves[0].getAttribute("aria-pressed") === "false" && inked(racer) === 0 && names() === all - 1, "its button takes the curve away");
  curves[0].click();
  say(curves[0].getAttribute("aria-pressed") === "true" && inked(racer) > 100 && names() === all, "and brings it back");
  ["training loss", "validation accuracy", "training accuracy", "validation loss"].forEach(function (metric) {
    ["seconds", "epochs"].forEach(function (axis) {
      label(metric).click();
      label(axis).click();
      say(title.textContent.toLowerCase().indexOf(metric) === 0 && inked(racer) > 50, metric + " against " + axis);
    });
  });
  var log = document.getElementById("log"), was = log.checked, before = title.textContent;
  log.click();
  say(log.checked !== was && title.textContent !== before && inked(racer) > 100, "the log axis is switched");
  var end = values();
  key("ArrowRight");
  say(values() !== end, "arrow keys read along the curves");
  key("Escape");
  say(values() === end, "Escape goes back to the end");
  var whole = document.getElementById("whole"), box = chart.getBoundingClientRect();
  say(whole.hidden, "no button to see all while all is seen");
  [["mousedown", 0.4], ["mousemove", 0.5], ["mousemove", 0.6], ["mouseup", 0.6]].forEach(function (step) {
    var on = step[0] === "mousedown" ? chart.querySelectorAll("canvas")[1] : document;
    on.dispatchEvent(new MouseEvent(step[0], { clientX: box.left + step[1] * box.width, clientY: box.top + 0.5 * box.height, bubbles: true, buttons: 1 }));
  });
  say(!whole.hidden, "dragging zooms");
  whole.click();
  say(whole.hidden && inked(racer) > 100, "and the button takes it back");
  window.dispatchEvent(new Event("beforeprint"));
  say(colour("--ground").join() === "255,255,255" && inked(racer) > 100, "paper is white");
  window.dispatchEvent(new Event("afterprint"));
  say(performance.getEntriesByType("resource").length === 0, "nothing is fetched");
} catch (e) {
  say(false, String(e));
}
answers.textContent += "all answers given\n";
}());
