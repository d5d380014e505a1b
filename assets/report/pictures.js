/* The SVG charts that stay when the script runs: they follow what is shown, and say under the pointer whose line it is.
   SPDX-License-Identifier: MIT */
(function () {
  var series = document.querySelectorAll(".series");
  series.forEach(function (group) {
    group.addEventListener("mouseenter", function () { mark(+group.dataset.entry); });
    group.addEventListener("mouseleave", function () { mark(-1); });
  });
  onShown(function () {
    series.forEach(function (group) {
      var i = +group.dataset.entry;
      group.classList.toggle("off", !shown[i]);
      group.classList.toggle("faint", isFaint(i));
    });
  });
  document.querySelectorAll("section > .keys, #profile > .keys").forEach(function (keys) {
    var box = legend();
    box.classList.add("live");
    keys.classList.add("still");
    keys.after(box);
  });

  /* One performance profile at a time. */
  var field = $("profile-cost"), figures = Array.prototype.slice.call(document.querySelectorAll("#profile figure"));
  if (!field) return;
  function choose(figure) { figures.forEach(function (each) { each.hidden = each !== figure; }); }
  choices(field, figures, function (figure) { return figure.dataset.name; }, figures[0], choose);
  choose(figures[0]);
}());
