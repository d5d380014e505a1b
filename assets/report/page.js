/* What all of the page's script uses. The files of this folder are joined in the order of cmake/embed.cmake, inside one function. Everything they
   show stands in the page: curves, final values and paths as JSON, pictures as SVG. Nothing is fetched, nothing is kept.
   SPDX-License-Identifier: MIT */
var race = JSON.parse(document.getElementById("race").textContent);
var entries = race.optimizers, COLOURS = 10, DASHES = [null, [8, 4], [2, 3], [9, 3, 2, 3]];

function $(id) { return document.getElementById(id); }

/* make("button", {class: "curve", type: "button"}, "text", another element, ...) */
function make(tag, attributes) {
  var element = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (key) { element.setAttribute(key, attributes[key]); });
  for (var i = 2; i < arguments.length; i++) element.append(arguments[i]);
  return element;
}

function makeSvg(tag, attributes) {
  var element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.keys(attributes).forEach(function (key) { element.setAttribute(key, attributes[key]); });
  return element;
}

function dashOf(i) { return Math.floor(entries[i].colour / COLOURS) % DASHES.length; }
function classOf(i) { return "c" + entries[i].colour % COLOURS + " d" + dashOf(i); }

/* Beyond as many optimizers as there are colours some have a mark, as steps of a path. It stands on their curves about every 15 % of the width, and
   where the first does, as a share of that, differs from one to another. */
var MARK_EVERY = 0.15, MARKS = entries.map(function (r) { return r.mark && new Path2D("M0 0" + r.mark); });
function firstMark(i) { return (i + 0.5) / entries.length; }
function drawMark(pen, i, x, y, size, colours) {
  pen.save();
  pen.translate(x, y);
  pen.scale(size, size);
  pen.setLineDash([]);
  pen.fillStyle = colours.of[i];
  pen.strokeStyle = colours.ground;
  pen.lineWidth = 3;
  pen.stroke(MARKS[i]);
  pen.fill(MARKS[i]);
  pen.restore();
}

/* The short line that stands for an optimizer. */
function keyOf(i) {
  var svg = makeSvg("svg", { "class": "key " + classOf(i), viewBox: "0 0 24 10", "aria-hidden": "true" });
  svg.append(makeSvg("path", { "class": "line", d: "M1 5H23" }));
  if (entries[i].mark) svg.append(makeSvg("path", { "class": "sign", d: "M12 5" + entries[i].mark }));
  return svg;
}

/* A spec that may be broken behind its colon, its commas and where transforms are joined. */
function specOf(i) {
  var span = make("span", { "class": "name" });
  entries[i].spec.split(/([:,+])/).forEach(function (part) { span.append(part, /^[:,+]$/.test(part) ? make("wbr") : ""); });
  return span;
}

/* Of an optimizer whose runs are not all in: how many are. */
function partOf(i) {
  return entries[i].runs < race.seeds ? make("small", { "class": "part" }, entries[i].runs + " of " + race.seeds + " seeds") : "";
}
function seedsText() { return (race.unfinished ? "up to " : "") + race.seeds + (race.folds ? " folds" : " seeds"); }

/* A variable of the style as a colour that a canvas understands. */
function colour(name) {
  var probe = make("i", { style: "color: var(" + name + ")" });
  document.body.append(probe);
  var found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
function colourOf(i) { return colour("--c" + entries[i].colour % COLOURS); }
/* The optimizers' and these, as they are now. */
function coloursNow(names) {
  var found = { of: entries.map(function (r, i) { return colourOf(i); }) };
  names.forEach(function (name) { found[name] = colour("--" + name); });
  return found;
}

/* Numbers as the page's tables have them: 0.0823, 12.34, 2.3\u00b710\u207b\u2076. */
function number(value) {
  if (value === null || !isFinite(value)) return "\u2013";
  var size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e5)) return power(value, 4);
  return minus(size >= 0.01 && size < 100 ? value.toFixed(4) : String(+value.toPrecision(4)));
}
/* With so many digits in any case: for numbers that change while one looks. */
function digits(value, n) {
  var size = Math.abs(value);
  return value === 0 ? "0" : size < 1e-3 || size >= 1e5 ? power(value, n) : minus(size < 1e3 ? value.toPrecision(n) : String(+value.toPrecision(n)));
}
function percent(value) { return (100 * value).toFixed(2) + "\u202f%"; }
function minus(text) { return text.replace("-", "\u2212"); }
function power(value, n) {
  var RAISED = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  var parts = value.toExponential(n - 1).split("e"), first = String(+parts[0]);
  var raised = String(+parts[1]).replace(/./g, function (c) { return c === "-" ? "\u207b" : RAISED.charAt(+c); });
  return (first === "1" ? "" : minus(first) + "\u00b7") + "10" + raised;
}

/* On axes: "20k", "1.5M", "0.05", "95%". */
function short(value) {
  var units = [[1e9, 1e9, "G"], [1e6, 1e6, "M"], [1e3, 1e4, "k"]], size = Math.abs(value);
  for (var i = 0; i < units.length; i++)
    if (size >= units[i][1] && size < 1e12) return minus(String(+(value / units[i][0]).toPrecision(4))) + units[i][2];
  return value === 0 || (size >= 1e-3 && size < 1e5) ? minus(String(+value.toPrecision(4))) : power(value, 4);
}

/* Radio buttons in a row. */
function choices(field, list, label, chosen, choose) {
  field.hidden = list.length < 2;
  list.forEach(function (item) {
    var input = make("input", { type: "radio", name: field.id });
    input.checked = item === chosen;
    input.addEventListener("change", function () { choose(item); });
    field.append(make("label", { "class": "choice" }, input, make("span", {}, label(item))));
  });
}
