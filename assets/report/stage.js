/* The surface as a stage: its level curves, taken from the still picture, and the paths as far as they have come, whole or closer. Positions are in
   the picture's units, 1000 across.
   SPDX-License-Identifier: MIT */
function Stage(canvas, surface) {
  var pen = canvas.getContext("2d"), ground = document.createElement("canvas"), self = this, scale = 1, colours, frame = null;
  var levels = Array.prototype.map.call(document.querySelectorAll(".levels path"), function (path) {
    return { path: path, shape: new Path2D(path.getAttribute("d")) };
  });
  var LEFT = 46, RIGHT = 14, TOP = 8, BOTTOM = 26, MOST = 64;         /* margins in pixels; how much closer one can look */
  this.unit = 1;                                        /* units of the picture in a pixel of the screen */
  this.seed = 0;
  this.zoom = 1;                                        /* and what is then the upper left corner */
  var corner = { x: 0, y: 0 };

  this.across = function (x) { return 1000 * (x - surface.low[0]) / (surface.high[0] - surface.low[0]); };
  this.down = function (y) { return surface.height * (surface.high[1] - y) / (surface.high[1] - surface.low[1]); };
  this.pathOf = function (i) { return entries[i].paths[this.seed]; };

  /* Where a path's point k is in steps; where the path is at a step, between two points in a straight line. */
  this.stepOf = function (path, k) { return Math.min(k * path.stride, path.last); };
  this.placeAt = function (path, step) {
    var n = path.x ? path.x.length : 0;
    if (!n) return null;
    var k = Math.min(Math.floor(Math.min(step, path.last) / path.stride), n - 1), from = this.stepOf(path, k);
    var share = k + 1 < n ? (Math.min(step, path.last) - from) / (this.stepOf(path, k + 1) - from) : 0, next = Math.min(k + 1, n - 1);
    function between(list) { return list[k] + share * (list[next] - list[k]); }
    return { k: k, x: between(path.x), y: between(path.y), value: between(path.value), ended: step >= path.last };
  };

  /* ---- the ground ---- */

  function prepare(context) {
    context.setTransform(scale, 0, 0, scale, -frame.x * scale, -frame.y * scale);
    context.lineJoin = context.lineCap = "round";
  }
  function drawGround() {
    var on = ground.getContext("2d"), unit = self.unit;
    ground.width = canvas.width;
    ground.height = canvas.height;
    prepare(on);
    on.fillStyle = colours.ground;
    on.fillRect(frame.x, frame.y, frame.width, frame.height);
    drawTicks(on);
    cut(on);
    on.fillStyle = colours.high;
    on.fillRect(0, 0, 1000, surface.height);
    on.strokeStyle = colours.contour;
    on.lineWidth = unit;
    levels.forEach(function (level) {
      on.fillStyle = level.fill;
      on.fill(level.shape, "evenodd");
      on.stroke(level.shape);
    });
    surface.minima.forEach(function (at) {
      [[colours.ground, 6], [colours.ink, 2.5]].forEach(function (line) {
        on.strokeStyle = line[0];
        on.lineWidth = line[1] * unit;
        cross(on, self.across(at[0]), self.down(at[1]), 7 * unit, false);
      });
    });
    on.fillStyle = colours.ground;
    dot(on, self.across(surface.start[0]), self.down(surface.start[1]), 6 * unit);
    on.stroke();
  }
  /* Round values within a range, about so many, and how many decimals they have. */
  function ticksOf(from, to, wish) {
    var least = (to - from) / wish, power = Math.pow(10, Math.floor(Math.log10(least))), ticks = [];
    var step = [1, 2, 5, 10].filter(function (part) { return part * power >= least * 0.999; })[0] * power, decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (var k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++)
      ticks.push({ at: k * step, text: step < 1e-4 || step >= 1e4 ? short(k * step) : minus((k * step).toFixed(decimals).replace(/^-(0(\.0*)?)$/, "$1")) });
    return ticks;
  }
  function drawTicks(on) {
    var unit = self.unit, width = 1000 / self.zoom, height = surface.height / self.zoom, s = surface;
    on.strokeStyle = colours.line;
    on.lineWidth = unit;
    on.strokeRect(corner.x, corner.y, width, height);
    on.fillStyle = colours.muted;
    on.font = 13 * unit + "px " + getComputedStyle(document.body).fontFamily;
    on.textBaseline = "middle";
    on.textAlign = "center";
    function x(units) { return s.low[0] + units / 1000 * (s.high[0] - s.low[0]); }
    function y(units) { return s.high[1] - units / s.height * (s.high[1] - s.low[1]); }
    ticksOf(x(corner.x), x(corner.x + width), Math.min(6, width / unit / 70)).forEach(function (tick) {
      on.fillText(tick.text, self.across(tick.at), corner.y + height + 15 * unit);
    });
    on.textAlign = "right";
    ticksOf(y(corner.y + height), y(corner.y), Math.min(6, height / unit / 40)).forEach(function (tick) {
      on.fillText(tick.text, corner.x - 7 * unit, self.down(tick.at), (LEFT - 8) * unit);
    });
  }
  /* From here on only what is inside the window is drawn. */
  function cut(on) {
    on.beginPath();
    on.rect(corner.x, corner.y, 1000 / self.zoom, surface.height / self.zoom);
    on.clip();
  }
  function dot(on, x, y, radius) {
    on.beginPath();
    on.arc(x, y, radius, 0, 2 * Math.PI);
    on.fill();
  }
  function cross(on, x, y, size, isDiagonal) {
    var a = size, b = isDiagonal ? size : 0;
    on.beginPath();
    on.moveTo(x - a, y - b);
    on.lineTo(x + a, y + b);
    on.moveTo(x - b, y + a);
    on.lineTo(x + b, y - a);
    on.stroke();
  }

  /* ---- paths ---- */

  function trail(path, place) {
    pen.beginPath();
    for (var k = 0; k <= place.k; k++) pen.lineTo(self.across(path.x[k]), self.down(path.y[k]));
    pen.lineTo(self.across(place.x), self.down(place.y));
  }
  function isInside(x, y) { return x >= corner.x && x <= corner.x + 1000 / self.zoom && y >= corner.y && y <= corner.y + surface.height / self.zoom; }
  /* At equal distances along the path so far; as large on the screen however close one looks. */
  function drawMarks(i, path, place) {
    var every = MARK_EVERY * 1000 / self.zoom, left = firstMark(i) * every, x = self.across(path.x[0]), y = self.down(path.y[0]);
    for (var k = 1; k <= place.k + 1; k++) {
      var last = k > place.k, toX = self.across(last ? place.x : path.x[k]), toY = self.down(last ? place.y : path.y[k]), length = Math.hypot(toX - x, toY - y);
      if (!(length < 1e5)) return;
      for (; left < length; left += every) {
        var atX = x + (toX - x) * left / length, atY = y + (toY - y) * left / length;
        if (isInside(atX, atY)) drawMark(pen, i, atX, atY, self.unit, colours);
      }
      left -= length;
      x = toX;
      y = toY;
    }
  }
  /* A head outside the picture waits at its edge, hollow. */
  function drawPath(i, step) {
    var path = self.pathOf(i), place = self.placeAt(path, step), edge = 9 * self.unit;
    if (!place) return;
    var x = self.across(place.x), y = self.down(place.y);
    var inX = Math.min(Math.max(x, corner.x + edge), corner.x + 1000 / self.zoom - edge);
    var inY = Math.min(Math.max(y, corner.y + edge), corner.y + surface.height / self.zoom - edge);
    pen.globalAlpha = isFaint(i) ? 0.15 : 1;
    pen.setLineDash([]);
    pen.strokeStyle = colours.ground;
    pen.lineWidth = 5 * self.unit;
    trail(path, place);
    pen.stroke();
    pen.strokeStyle = colours.of[i];
    pen.lineWidth = 2 * self.unit;
    pen.setLineDash((DASHES[dashOf(i)] || []).map(function (d) { return d * self.unit; }));
    pen.stroke();
    pen.setLineDash([]);
    if (entries[i].mark) drawMarks(i, path, place);
    if (path.diverged && place.ended) {
      pen.lineWidth = 3 * self.unit;
      cross(pen, inX, inY, 6 * self.unit, true);
      return;
    }
    pen.fillStyle = x === inX && y === inY ? colours.of[i] : colours.ground;
    pen.lineWidth = 2 * self.unit;
    dot(pen, inX, inY, 5 * self.unit);
    if (x === inX && y === inY) pen.strokeStyle = colours.ground;
    pen.stroke();
  }
  this.isOutside = function (place) {
    var x = this.across(place.x), y = this.down(place.y);
    return x < 0 || x > 1000 || y < 0 || y > surface.height;
  };

  this.draw = function (step) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.drawImage(ground, 0, 0);
    pen.save();
    prepare(pen);
    cut(pen);
    for (var i = entries.length - 1; i >= 0; i--)
      if (shown[i] && i !== marked) drawPath(i, step);
    if (marked >= 0 && shown[marked]) drawPath(marked, step);
    pen.restore();
  };

  /* ---- what is seen ---- */

  function setFrame() {
    var width = canvas.clientWidth, unit = 1000 / Math.max(width - LEFT - RIGHT, 1) / self.zoom;
    frame = { x: corner.x - LEFT * unit, y: corner.y - TOP * unit, width: width * unit, height: surface.height / self.zoom + (TOP + BOTTOM) * unit };
    self.unit = unit;
    scale = (window.devicePixelRatio || 1) / unit;
    drawGround();
  }
  function setCorner(x, y) {
    corner.x = Math.min(Math.max(x, 0), 1000 - 1000 / self.zoom);
    corner.y = Math.min(Math.max(y, 0), surface.height - surface.height / self.zoom);
  }
  /* So many times closer, the place at (left, top) of the canvas staying where it is; 0: to the whole. */
  this.zoomBy = function (factor, left, top) {
    var now = factor ? Math.min(Math.max(this.zoom * factor, 1), MOST) : 1, share = this.zoom / now;
    var x = frame.x + left * this.unit, y = frame.y + top * this.unit;
    this.zoom = now;
    setCorner(x + (corner.x - x) * share, y + (corner.y - y) * share);
    setFrame();
  };
  this.panBy = function (right, down) {
    setCorner(corner.x - right * this.unit, corner.y - down * this.unit);
    setFrame();
  };

  /* Fits the canvas to the width it has on the screen, in the colours of now. */
  this.fit = function () {
    var density = window.devicePixelRatio || 1, width = canvas.clientWidth, inner = Math.max(width - LEFT - RIGHT, 1) * surface.height / 1000;
    canvas.style.height = inner + TOP + BOTTOM + "px";
    canvas.width = Math.round(width * density);
    canvas.height = Math.round((inner + TOP + BOTTOM) * density);
    colours = coloursNow(["ground", "ink", "muted", "line", "high", "contour"]);
    levels.forEach(function (level) { level.fill = getComputedStyle(level.path).fill; });
    setFrame();
  };

  /* The point of a shown path nearest to a place in the canvas, up to a step; null: none within 16 pixels. */
  this.nearest = function (left, top, step) {
    var best = null, least = 16;
    entries.forEach(function (entry, i) {
      var path = self.pathOf(i), n = path.x ? path.x.length : 0;
      for (var k = 0; shown[i] && k < n && self.stepOf(path, k) <= step; k++) {
        var away = Math.hypot((self.across(path.x[k]) - frame.x) / self.unit - left, (self.down(path.y[k]) - frame.y) / self.unit - top);
        if (away < least) {
          least = away;
          best = { i: i, step: self.stepOf(path, k), x: path.x[k], y: path.y[k], value: path.value[k] };
        }
      }
    });
    return best;
  };
}
