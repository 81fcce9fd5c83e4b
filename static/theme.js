// Before the first paint, so that a dark page doesn't flash white. `src/theme.rs` keeps it up to date afterwards.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("credo.theme");
  } catch {
    // Storage may be forbidden: then the system's theme.
  }
  const dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
