// Before the page is drawn: where the person leaves the colours to the system,
// take the system's, now and whenever they change.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if (!root.dataset.theme) root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", apply);
  apply();
  root.dataset.script = ""; // so that nothing is drawn that is there for those without
})();
