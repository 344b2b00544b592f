// What pages do beyond htmx. Every page works without this file.

// While Hangul (or any text) is being composed, no request goes out: the syllable
// under the cursor is not finished. What is typed meanwhile counts as typed when the
// composition ends.
const hangul = { composing: false };
(() => {
  document.addEventListener("compositionstart", () => { hangul.composing = true; });
  document.addEventListener("input", (e) => { if (hangul.composing) e.stopImmediatePropagation(); }, true);
  document.addEventListener("compositionend", (e) => {
    hangul.composing = false;
    e.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("htmx:config:request", (e) => {
    const from = e.detail.ctx?.sourceElement;
    if (hangul.composing && from?.closest("form")?.contains(document.activeElement)) e.preventDefault();
  });
})();

// What is typed in a form marked data-keep is kept every few seconds, without saving
// it, and once more when the page is left in any other way than by sending the form.
(() => {
  const every = 3000;
  let timer = 0, dirty = false, sending = null;
  const form = () => document.querySelector("form[data-keep]");
  const say = (text) => { const at = document.querySelector("[data-kept-state]"); if (at) at.innerHTML = text; };
  const plan = () => { timer ||= setTimeout(() => { timer = 0; keep(false); }, every); };
  const stop = () => { clearTimeout(timer); timer = 0; sending?.abort(); };

  async function keep(leaving) {
    const typed = form();
    if (!typed || !dirty || typed.dataset.sending) return;
    if (!leaving && hangul.composing) return plan();
    dirty = false;
    sending = new AbortController();
    try {
      const body = new URLSearchParams(new FormData(typed));
      const answer = await fetch(typed.dataset.keep, {
        method: "POST", body, redirect: "manual", signal: leaving ? null : sending.signal,
        keepalive: body.toString().length < 60_000, // no browser lets more outlive its page
      });
      if (!answer.ok) throw new Error(answer.status);
      say(await answer.text());
    } catch (error) {
      if (error.name === "AbortError") return;
      dirty = true;
      say(document.querySelector("[data-kept-state]")?.dataset.keptFailed ?? "");
      plan();
    }
  }

  document.addEventListener("input", (e) => {
    if (!form()?.contains(e.target) || e.target.matches("[data-live]")) return;
    dirty = true;
    plan();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(!hangul.composing); });
  addEventListener("pagehide", () => keep(true));
  // What is being saved is not to be overtaken by what was kept before.
  document.addEventListener("submit", (e) => { if (e.target === form()) { stop(); dirty = false; } });
  document.addEventListener("htmx:config:request", (e) => {
    const { sourceElement: from, request } = e.detail.ctx ?? {};
    if (request?.action === form()?.getAttribute("action")) stop();
    else if (from && !form()?.contains(from)) keep(true);
  });
  if (form()?.hasAttribute("data-unsaved")) { dirty = true; plan(); }
})();

// The row of the recipients that a phone shows: its buttons change the number beside
// them, and Enter in it does not send the form.
(() => {
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-row-step]");
    const row = button?.form?.elements.row;
    if (!row) return;
    e.preventDefault();
    const asked = Number(row.value) + Number(button.dataset.rowStep);
    row.value = Math.min(Math.max(asked, 1), Number(row.max));
    row.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.matches("[data-live]")) e.preventDefault();
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
