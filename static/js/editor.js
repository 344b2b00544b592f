// What the editor of messages does beyond htmx. Every page works without this file.

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

// What is wrong with a field is swapped into the place below it, and never the field
// itself: it is marked here. Those who listen are told once, not at every swap.
document.addEventListener("htmx:after:swap", () => {
  document.querySelectorAll(".sk-slot").forEach((slot) => {
    const wrong = slot.querySelector(".invalid-feedback") !== null;
    const field = document.querySelector(`[aria-describedby~="${slot.id}"]`);
    if (!field || field.classList.contains("is-invalid") === wrong) return;
    field.classList.toggle("is-invalid", wrong);
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  });
  document.querySelectorAll("[data-says]").forEach((status) => {
    const text = document.getElementById(status.dataset.says)?.textContent ?? "";
    if (status.textContent !== text) status.textContent = text;
  });
});

// Which rows are open goes with the form, so that they are open when it is drawn anew.
document.addEventListener("toggle", (e) => {
  const field = e.target.dataset?.remembers;
  const memory = field && e.target.closest("form")?.elements[field];
  if (memory) memory.value = e.target.open ? "1" : "";
}, true);

// Rows are put in another order by dragging their handles, or with Alt and an arrow.
// The server draws them anew, in the order that it was told.
(() => {
  let dragged = null, rows = null, from = 0;
  const all = () => [...rows.children];

  const tell = (was, is) => {
    const button = document.getElementById("move-button");
    button.value = `${was} ${is}`;
    button.click();
  };
  const end = (done) => {
    if (!dragged) return;
    const to = all().indexOf(dragged);
    dragged.classList.remove("sk-dragged");
    if (!done) rows.insertBefore(dragged, all().filter((row) => row !== dragged)[from] ?? null);
    else if (to !== from) tell(from, to);
    dragged = null;
  };

  document.addEventListener("pointerdown", (e) => {
    const handle = e.target.closest("[data-moves]");
    if (!handle || e.button !== 0 || handle.closest("fieldset:disabled")) return;
    e.preventDefault();
    handle.focus();
    handle.setPointerCapture(e.pointerId);
    dragged = handle.closest("[role=group]");
    rows = dragged.parentElement;
    from = all().indexOf(dragged);
    dragged.classList.add("sk-dragged");
  });
  document.addEventListener("pointermove", (e) => {
    if (!dragged) return;
    const others = all().filter((row) => row !== dragged);
    const before = others.find((row) => { const box = row.getBoundingClientRect(); return e.clientY < box.top + box.height / 2; });
    if (dragged.nextElementSibling !== (before ?? null)) {
      rows.insertBefore(dragged, before ?? null);
      e.target.setPointerCapture?.(e.pointerId);
    }
  });
  document.addEventListener("pointerup", () => end(true));
  document.addEventListener("pointercancel", () => end(false));
  document.addEventListener("keydown", (e) => {
    if (dragged && e.key === "Escape") { end(false); return; }
    const handle = e.target.closest?.("[data-moves]");
    const step = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (!handle || !e.altKey || !step) return;
    e.preventDefault();
    const at = Number(handle.dataset.moves), to = at + step;
    if (to >= 0 && to < handle.closest("[data-sorts]").children.length) tell(at, to);
  });
})();
