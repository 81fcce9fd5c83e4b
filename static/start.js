// Starts the page's module. Its name carries a hash, so the build writes it into a tag; an inline script would
// need a hole in the content security policy.
const page = document.querySelector('meta[name="credo-page"]');
try {
  const { default: init } = await import(page.content);
  await init({ module_or_path: page.dataset.wasm });
} catch (error) {
  const line = document.querySelector(".boot");
  if (line) {
    line.textContent =
      "Credo could not start: this browser did not load its program. Reload the page; if that does not help, use a newer browser.";
  }
  throw error;
}
