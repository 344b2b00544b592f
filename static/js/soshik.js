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

// What asks anew by itself does not while nobody looks, and does at once when somebody
// does again.
(() => {
  document.addEventListener("htmx:config:request", (e) => {
    if (document.hidden && e.detail.ctx?.sourceElement?.matches("[data-poll]")) e.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.querySelectorAll("[data-poll]").forEach((part) => part.dispatchEvent(new CustomEvent("seen")));
  });
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

// The days of a calendar by keyboard: arrows lead from day to day, Home and End to the ends
// of the week, Page Up and Page Down to the month or week before and behind. Of the days,
// Tab comes to one; without script, to each of them.
(() => {
  const day = 86_400_000;
  const days = () => document.querySelectorAll(".sk-cal-go");
  const step = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -7, ArrowDown: () => 7, Home: (on) => -on, End: (on) => 6 - on };
  const page = { PageUp: "prev", PageDown: "next" };
  const choose = (chosen) => days().forEach((d) => { d.tabIndex = d === chosen ? 0 : -1; });
  const way = (rel) => document.querySelector(`.sk-cal-head a[rel=${rel}]`);
  const begin = () => {
    const asked = document.getElementById(location.hash.slice(1));
    if (asked?.matches(".sk-cal-go")) asked.focus();
    else if (location.hash.startsWith("#day-")) way("next")?.focus(); // nothing goes out then, and no day is shown
    choose(document.activeElement?.closest(".sk-cal-go") ?? document.querySelector(".sk-cal-today .sk-cal-go") ?? days()[0]);
  };

  document.addEventListener("keydown", (e) => {
    const cell = e.target.closest(".sk-cal td"), at = cell?.querySelector(".sk-cal-go");
    if (e.altKey || e.ctrlKey || e.metaKey || e.shiftKey) return;
    if (page[e.key] && (at || e.target.closest(".sk-cal-head"))) {
      e.preventDefault();
      return way(page[e.key]).click();
    }
    if (!at || !step[e.key]) return;
    e.preventDefault();
    const by = step[e.key](cell.cellIndex), to = new Date(Date.parse(at.id.slice(4)) + by * day);
    const id = `day-${to.toISOString().slice(0, 10)}`, next = document.getElementById(id);
    if (!next) return location.assign(`${way(by < 0 ? "prev" : "next").href}#${id}`);
    choose(next);
    next.focus();
  });
  document.addEventListener("focusin", (e) => { if (e.target.matches(".sk-cal-go")) choose(e.target); });
  document.addEventListener("htmx:after:swap", begin);
  begin();
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

// The image library: what is chosen, dropped or pasted is uploaded at once, a few at a
// time, each with a line of its own that ends as what the server says of it.
(() => {
  const together = 3;
  const waiting = [];
  let running = 0;
  const form = () => document.querySelector("form[data-images]");

  // tell leaves one of a line's texts to be seen.
  const tell = (line, what) => {
    line.querySelectorAll(".sk-result-text").forEach((text) => { text.hidden = !text.hasAttribute(`data-${what}`); });
  };
  const fail = (line, what) => { line.querySelector("progress").remove(); tell(line, what); };

  const take = (files) => {
    const f = form();
    for (const file of files) {
      const line = document.getElementById("image-line").content.firstElementChild.cloneNode(true);
      line.querySelector("[data-name]").textContent = file.name;
      f.querySelector("#image-results").append(line);
      if (file.size > Number(f.dataset.max)) fail(line, "too-large");
      else waiting.push({ file, line, url: f.action, wide: f.elements.wide.value });
    }
    next();
  };

  const next = () => {
    while (running < together && waiting.length) send(waiting.shift());
    if (!running) document.getElementById("image-filter")?.dispatchEvent(new Event("uploaded"));
  };

  const send = ({ file, line, url, wide }) => {
    running++;
    const body = new FormData();
    body.append("wide", wide); // before the file, which is checked by it
    body.append("image", file);
    const bar = line.querySelector("progress"), xhr = new XMLHttpRequest();
    xhr.upload.addEventListener("progress", (e) => { bar.value = e.loaded / e.total; });
    xhr.upload.addEventListener("load", () => { bar.removeAttribute("value"); tell(line, "checks"); });
    xhr.addEventListener("loadend", () => {
      running--;
      const to = xhr.getResponseHeader("HX-Redirect");
      if (to) location.assign(to);
      else if (xhr.status === 200 || xhr.status === 422) line.outerHTML = xhr.responseText;
      else fail(line, "broken-off");
      next();
    });
    xhr.open("POST", url);
    xhr.setRequestHeader("HX-Request", "true");
    xhr.setRequestHeader("HX-Request-Type", "partial");
    xhr.send(body);
  };

  document.addEventListener("change", (e) => {
    if (!e.target.matches("form[data-images] input[type=file]")) return;
    take(e.target.files);
    e.target.value = "";
  });
  document.addEventListener("paste", (e) => {
    if (!form() || !e.clipboardData?.files.length) return;
    e.preventDefault();
    take(e.clipboardData.files);
  });
  const dragged = (e) => form() && e.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (e) => {
    if (!dragged(e)) return;
    e.preventDefault();
    form().classList.add("sk-dropping");
  });
  document.addEventListener("dragleave", (e) => { if (!e.relatedTarget) form()?.classList.remove("sk-dropping"); });
  document.addEventListener("drop", (e) => {
    if (!dragged(e)) return;
    e.preventDefault();
    form().classList.remove("sk-dropping");
    take(e.dataTransfer.files);
  });
})();

// A file goes up with a bar that shows how much of it has arrived; one that is too
// large does not set out. What the server answers is shown as if the form had been
// sent.
(() => {
  const megabytes = (n) => `${(n / (1 << 20)).toFixed(1)} MB`;

  const complain = (form, text) => {
    const input = form.querySelector("input[type=file]");
    let problem = document.getElementById("file-problem");
    if (!problem) {
      problem = document.createElement("div");
      problem.id = "file-problem";
      problem.className = "invalid-feedback d-block";
      problem.setAttribute("role", "alert");
      input.after(problem);
    }
    problem.textContent = text;
    input.classList.add("is-invalid");
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", "file-problem");
    input.focus();
  };

  const answered = (form, request) => {
    if (request.status < 300) { location.assign(request.responseURL); return; }
    const main = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
    const here = document.querySelector("main");
    if (!main || !here) { complain(form, form.dataset.broken); return; }
    here.replaceWith(main);
    main.querySelector("[aria-invalid]")?.focus();
  };

  const send = (form) => {
    const shown = form.querySelector("[data-upload-shown]");
    const text = form.querySelector("[data-upload-text]");
    const bar = shown.querySelector("progress");
    const button = form.querySelector("button:not([type=button])");
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const over = () => {
      shown.hidden = true;
      button.disabled = false;
      form.querySelector("[data-upload-stop]").removeEventListener("click", stop);
    };
    request.upload.addEventListener("progress", (e) => {
      const percent = Math.floor(100 * e.loaded / e.total);
      bar.value = percent;
      text.textContent = percent < 100
        ? text.dataset.text.replace("{percent}", percent).replace("{sent}", megabytes(e.loaded)).replace("{size}", megabytes(e.total))
        : form.dataset.looking;
    });
    request.addEventListener("load", () => { over(); answered(form, request); });
    request.addEventListener("error", () => { over(); complain(form, form.dataset.broken); });
    request.addEventListener("abort", over);
    form.querySelector("[data-upload-stop]").addEventListener("click", stop);
    button.disabled = true;
    bar.value = 0;
    text.textContent = "";
    shown.hidden = false;
    request.open("POST", form.action);
    request.send(new FormData(form));
  };

  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (!form.matches("form[data-upload]") || e.defaultPrevented) return;
    const file = form.querySelector("input[type=file]").files[0];
    if (!file) return;
    e.preventDefault();
    delete form.dataset.sending;
    if (file.size > Number(form.dataset.upload)) { complain(form, form.dataset.tooLarge); return; }
    send(form);
  });
})();
