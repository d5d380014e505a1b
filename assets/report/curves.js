/* What the chart of curves shows: which quantity against what, on which axis, and in which range.
   SPDX-License-Identifier: MIT */
var view = {
  quantity: race.quantities[0] || {}, axis: race.axes[0], at: null, curves: [],
  logs: { loss: race.quantities.some(function (q) { return q.log; }), share: false }
};
if (race.epochs < 2) race.quantities.forEach(function (q) { if (q.key === "loss") view.quantity = q; });    /* the only one with more than a point */

function isLog() { return view.logs[view.quantity.share ? "share" : "loss"]; }
function setLog(on) { view.logs[view.quantity.share ? "share" : "loss"] = on; }

/* On a log axis what has a floor is shown as its distance to it: an accuracy to 1, a surface's value to its least. */
function asShown(y) {
  if (y === null || !isLog()) return y;
  return view.quantity.share ? 1 - y : y - (race.floor || 0);
}
function titleOf() {
  var name = view.quantity.name;
  if (isLog() && view.quantity.share) name = "1 \u2212 " + name;
  else if (isLog() && race.floor !== null) name += " above the minimum";
  return name.charAt(0).toUpperCase() + name.slice(1) + (isLog() ? " (log axis)" : "");
}

/* Where a value stands on the axis: itself, or in decades. race.linear: values change their sign, and around 0, up to so much, the axis is linear. */
function placeOf(y) {
  if (y === null || !isLog()) return y;
  if (race.linear) return (y < 0 ? -1 : 1) * Math.log10(1 + Math.abs(y) / race.linear);
  return y > 0 ? Math.log10(y) : -Infinity;
}
function valueOf(place) {
  if (!isLog()) return place;
  if (race.linear) return (place < 0 ? -1 : 1) * race.linear * (Math.pow(10, Math.abs(place)) - 1);
  return Math.pow(10, place);
}
function textOf(y) { return view.quantity.share ? percent(y) : number(y); }

/* An optimizer's points as x and [first quartile, median, third quartile]. */
function curveOf(entry) {
  var c = entry.curves[view.quantity.key];
  if (!c) return [];
  return c[view.axis.key].map(function (x, k) {
    var y = [c.q1 ? c.q1[k] : c.median[k], c.median[k], c.q3 ? c.q3[k] : c.median[k]].map(asShown);
    return { x: x, y: y[0] > y[2] ? y.reverse() : y };
  });
}

function median(values) { return values[Math.floor(values.length / 2)]; }

/* The range of the axis. What shot up or fell for ever would press all others flat: four times the median of the curves' maxima is enough, on a log
   axis two decades above it and twelve below the median of the minima; and below 0 three times the distance between the two. What lies outside has an
   arrow. Whatever diverged counts only where all did. */
function rangeOfValues() {
  var lows = [], highs = [], every = entries.every(function (r, i) { return !shown[i] || r.diverged === r.runs; });
  view.curves.forEach(function (curve, i) {
    if (!shown[i] || (!every && entries[i].diverged === entries[i].runs)) return;
    var low = Infinity, high = -Infinity;
    curve.forEach(function (p) {
      [placeOf(p.y[0]), placeOf(p.y[2])].forEach(function (place) {
        if (place === null || !isFinite(place)) return;
        low = Math.min(low, place);
        high = Math.max(high, place);
      });
    });
    if (low <= high) lows.push(low), highs.push(high);
  });
  if (!lows.length) return null;
  [lows, highs].forEach(function (ends) { ends.sort(function (a, b) { return a - b; }); });
  var low = lows[0], high = highs[highs.length - 1], bottom = median(lows), top = median(highs), apart = top - bottom || Math.abs(top);
  if (isLog()) {
    high = Math.min(high, top + 2);
    low = Math.max(low, bottom - (race.linear ? 2 : 12));
  } else {
    high = Math.min(high, top + 3 * Math.max(top, apart));
    if (low < 0) low = Math.max(low, bottom - 3 * apart);
  }
  var pad = (high - low || (isLog() ? 1 : Math.abs(high)) || 1) * 0.06;
  return [!isLog() && !view.quantity.share && low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
}

function rangeAcross() {
  var high = 0, low = Infinity, points = 0;
  view.curves.forEach(function (curve, i) {
    if (!shown[i]) return;
    points = Math.max(points, curve.length);
    curve.forEach(function (p) { high = Math.max(high, p.x); low = Math.min(low, p.x); });
  });
  if (!(high > 0)) return null;
  if (points > 1 && points <= 12 && view.axis.key === "epochs") return [low - (high - low) * 0.03, high + (high - low) * 0.01];
  return [0, high * (points > 1 ? 1.01 : 1.08)];
}

/* What an optimizer has reached: at the place that is read, or in the end. */
function valueAt(i) {
  var found = null, final = entries[i].final[view.quantity.key];
  if (view.at === null) return final ? textOf(asShown(final[1])) : entries[i].diverged ? "diverged" : "\u2013";
  view.curves[i].forEach(function (p) { if (p.x <= view.at * (1 + 1e-9)) found = p.y[1]; });
  return found === null ? "\u2013" : textOf(found);
}
