// What pages do beyond htmx. Every page works without this file.

// While Hangul (or any text) is being composed, no request goes out: the syllable
// under the cursor is not finished. The composition's end sends it.
(() => {
  let composing = false;
  document.addEventListener("compositionstart", () => { composing = true; });
  document.addEventListener("compositionend", (e) => {
    composing = false;
    e.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("htmx:config:request", (e) => {
    const from = e.detail.ctx?.sourceElement;
    if (composing && from?.closest("form")?.contains(document.activeElement)) e.preventDefault();
  });
})();

// A menu that is open closes at a click elsewhere and at Escape.
(() => {
  const open = () => document.querySelectorAll("details.switcher[open], details.menu[open]");
  document.addEventListener("click", (e) => {
    open().forEach((d) => { if (d.matches(".switcher") && !d.contains(e.target)) d.open = false; });
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    open().forEach((d) => { d.open = false; d.querySelector("summary").focus(); });
  });
})();

// A form that is being sent is not sent again by a second click.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.dataset.sending) { e.preventDefault(); return; }
  form.dataset.sending = "1";
  setTimeout(() => { delete form.dataset.sending; }, 3000);
});
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach((f) => { delete f.dataset.sending; });
});

// A select or checkbox marked data-submit sends its form when it changes; without
// script the button beside it does.
document.addEventListener("change", (e) => {
  if (e.target.matches("[data-submit]")) e.target.form.requestSubmit();
});

// A text that is there to be copied is marked whole as soon as it has the focus.
document.addEventListener("focusin", (e) => {
  if (e.target.matches("input[data-select]")) e.target.select();
});
