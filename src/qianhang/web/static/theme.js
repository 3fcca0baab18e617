// Before the first paint: the theme that this browser chose last.
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem("qh-theme"); } catch (e) { /* storage may be closed */ }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
