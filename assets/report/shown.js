/* Which optimizers are shown and which one is brought forward: the same in every picture of the page.
   SPDX-License-Identifier: MIT */
var shown = entries.map(function () { return true; }), marked = -1, followers = [];

/* change is called after every change of the two. */
function onShown(change) { followers.push(change); }
function tell() { followers.forEach(function (change) { change(); }); }

function toggle(i) {
  shown[i] = !shown[i];
  marked = -1;
  tell();
}
function mark(i) {
  if (marked === i) return;
  marked = i;
  tell();
}
function isFaint(i) { return marked >= 0 && marked !== i; }

/* A button that shows and hides an optimizer; its last part is for a value. */
function curveButton(i) {
  var button = make("button", { type: "button", "class": "curve", title: entries[i].spec, "aria-pressed": "true" },
                    keyOf(i), specOf(i), partOf(i), make("span", { "class": "value" }));
  button.addEventListener("click", function () { toggle(i); });
  button.addEventListener("mouseenter", function () { if (shown[i]) mark(i); });
  button.addEventListener("mouseleave", function () { mark(-1); });
  onShown(function () { button.setAttribute("aria-pressed", String(shown[i])); });
  return button;
}

function legend() {
  var box = make("div", { "class": "legend", role: "group", "aria-label": race.single ? "Sets of rows" : "Optimizers" });
  entries.forEach(function (entry, i) { box.append(curveButton(i)); });
  return box;
}
