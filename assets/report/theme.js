/* Light or dark: as the system has it until the button is pressed, which says what it changes to; paper is always light.
   SPDX-License-Identifier: MIT */
var dark = window.matchMedia("(prefers-color-scheme: dark)"), painters = [];

/* paint is called whenever the page's colours have changed. */
function onColours(paint) { painters.push(paint); }

(function () {
  var button = $("theme"), root = document.documentElement;
  function isDark() { return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches; }
  function changed() {
    button.textContent = isDark() ? "Light colours" : "Dark colours";
    painters.forEach(function (paint) { paint(); });
  }
  button.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    changed();
  });
  dark.addEventListener("change", changed);
  root.classList.add("script");
  button.hidden = false;
  changed();
}());
