/* The surface as a stage: its level curves, taken from the still picture, and the paths as far as they have come. Positions are in the picture's
   units, 1000 across.
   SPDX-License-Identifier: MIT */
function Stage(canvas, surface) {
  var pen = canvas.getContext("2d"), ground = document.createElement("canvas"), self = this, scale = 1, colours;
  var levels = Array.prototype.map.call(document.querySelectorAll(".levels path"), function (path) { return new Path2D(path.getAttribute("d")); });
  this.unit = 1;                                        /* units of the picture in a pixel of the screen */
  this.seed = 0;

  var LEFT = 42, RIGHT = 14, TOP = 8, BOTTOM = 26, frame = null;     /* margins in pixels; the picture with them */
  var ticks = Array.prototype.map.call(document.querySelectorAll(".surface > text"), function (t) {
    return { x: +t.getAttribute("x"), y: +t.getAttribute("y"), isY: t.getAttribute("class") === "y", text: t.textContent };
  });

  this.across = function (x) { return 1000 * (x - surface.low[0]) / (surface.high[0] - surface.low[0]); };
  this.down = function (y) { return surface.height * (surface.high[1] - y) / (surface.high[1] - surface.low[1]); };
  this.pathOf = function (i) { return racers[i].paths[this.seed]; };

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
    var on = ground.getContext("2d");
    ground.width = canvas.width;
    ground.height = canvas.height;
    prepare(on);
    on.fillStyle = colours.ground;
    on.fillRect(frame.x, frame.y, frame.width, frame.height);
    drawTicks(on);
    cut(on);
    on.fillStyle = on.strokeStyle = colours.valley;
    on.lineWidth = 1;
    levels.forEach(function (level) {
      on.globalAlpha = 0.055;
      on.fill(level, "evenodd");
      on.globalAlpha = 0.4;
      on.stroke(level);
    });
    on.globalAlpha = 1;
    on.strokeStyle = colours.ink;
    on.lineWidth = 2.5;
    surface.minima.forEach(function (at) { cross(on, self.across(at[0]), self.down(at[1]), 10, false); });
    on.fillStyle = colours.ground;
    dot(on, self.across(surface.start[0]), self.down(surface.start[1]), 8);
    on.stroke();
  }
  function drawTicks(on) {
    on.strokeStyle = colours.line;
    on.lineWidth = self.unit;
    on.strokeRect(0, 0, 1000, surface.height);
    on.fillStyle = colours.muted;
    on.font = 13 * self.unit + "px " + getComputedStyle(document.body).fontFamily;
    on.textBaseline = "middle";
    ticks.forEach(function (tick) {
      on.textAlign = tick.isY ? "right" : "center";
      on.fillText(tick.text, tick.x, tick.isY ? tick.y : surface.height + 15 * self.unit);
    });
  }
  /* From here on only what is inside the window is drawn. */
  function cut(on) {
    on.beginPath();
    on.rect(0, 0, 1000, surface.height);
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
  /* A head outside the picture waits at its edge, hollow. */
  function drawPath(i, step) {
    var path = self.pathOf(i), place = self.placeAt(path, step);
    if (!place) return;
    var x = self.across(place.x), y = self.down(place.y), inX = Math.min(Math.max(x, 9), 991), inY = Math.min(Math.max(y, 9), surface.height - 9);
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
    for (var i = racers.length - 1; i >= 0; i--)
      if (shown[i] && i !== marked) drawPath(i, step);
    if (marked >= 0 && shown[marked]) drawPath(marked, step);
    pen.restore();
  };

  /* Fits the canvas to the width it has on the screen, in the colours of now. */
  this.fit = function () {
    var density = window.devicePixelRatio || 1, width = canvas.clientWidth, unit = 1000 / Math.max(width - LEFT - RIGHT, 1);
    frame = { x: -LEFT * unit, y: -TOP * unit, width: width * unit, height: surface.height + (TOP + BOTTOM) * unit };
    this.unit = unit;
    canvas.style.height = frame.height / unit + "px";
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(frame.height / unit * density);
    scale = density / unit;
    colours = { of: racers.map(function (r, i) { return colourOf(i); }) };
    ["ground", "ink", "muted", "line", "valley"].forEach(function (name) { colours[name] = colour("--" + name); });
    drawGround();
  };

  /* The point of a shown path nearest to a place in the canvas, up to a step; null: none within 16 pixels. */
  this.nearest = function (left, top, step) {
    var best = null, least = 16;
    racers.forEach(function (racer, i) {
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
