"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const path = one("#path"), rule = one("#rule"), layout = one("#layout"), theme = one("#theme"), help = one("#help");
  const files = all(".file"), cards = all(".card"), notes = all(".note");

  // Filters: a finding shows when its outcome and its rule are asked for, a file when one of its findings shows.
  const filter = () => {
    const statuses = new Set(all("[name=status]:checked").map((box) => box.value));
    const wanted = path.value.trim().toLowerCase();
    const named = (item) => item.dataset.path.toLowerCase().includes(wanted);
    const asked = (item) => statuses.has(item.dataset.status) && (!rule.value || item.dataset.rule === rule.value);
    for (const card of cards) card.hidden = !(asked(card) && named(card));
    for (const note of notes) note.hidden = !asked(note);
    let shown = 0;
    for (const file of files) {
      const inside = all(".note", file);
      for (const piece of all(".piece", file)) {
        const own = all(".note", piece);
        piece.hidden = own.length > 0 && own.every((note) => note.hidden);
      }
      file.hidden = !named(file) || (inside.length > 0 && inside.every((note) => note.hidden));
      shown += !file.hidden;
    }
    const review = one("#review");
    if (review) review.hidden = cards.every((card) => card.hidden);
    one("#empty").hidden = shown > 0 || files.length === 0;
    one("#shown").textContent = shown === files.length && notes.every((note) => !note.hidden)
      ? "" : `${shown} of ${files.length} files shown`;
  };
  path.addEventListener("input", filter);
  rule.addEventListener("change", filter);
  for (const box of all("[name=status]")) box.addEventListener("change", filter);

  // Following a link shows what it leads to, whatever is filtered or folded.
  const reveal = (target) => {
    if (!target) return;
    const hidden = target.closest("[hidden]");
    if (hidden) {
      path.value = rule.value = "";
      for (const box of all("[name=status]")) box.checked = true;
      filter();
    }
    const file = target.closest("details");
    if (file) file.open = true;
    for (const line of all(".jumped")) line.classList.remove("jumped");
    target.classList.add("jumped");
    target.scrollIntoView({ block: "center" });
  };
  const follow = () => reveal(document.getElementById(decodeURIComponent(location.hash.slice(1))));
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) reveal(document.getElementById(link.getAttribute("href").slice(1)));
  });
  window.addEventListener("hashchange", follow);

  // Unified, or old and new beside each other.
  const toggleLayout = () => {
    const beside = document.body.classList.toggle("beside");
    layout.setAttribute("aria-pressed", String(beside));
  };
  layout.addEventListener("click", toggleLayout);

  const dark = () => (document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  const toggleTheme = () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    nameTheme();
  };
  theme.addEventListener("click", toggleTheme);
  nameTheme();

  // A page opened from a file may lack the clipboard's interface; the old command works there.
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      await copied(one("code", button.closest("figure")).textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  // Keys. What is stepped through is whatever shows, in the page's order.
  const step = (items, by) => {
    const visible = items.filter((item) => item.checkVisibility());
    const here = visible.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
    const next = here < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(Math.max(here + by, 0), visible.length - 1);
    if (!visible[next]) return;
    const focusable = visible[next].matches("details") ? one("summary", visible[next]) : visible[next];
    focusable.focus({ preventScroll: true });
    visible[next].scrollIntoView({ block: visible[next].matches("details") ? "start" : "center" });
  };
  const keys = {
    j: () => step(notes, 1),
    k: () => step(notes, -1),
    n: () => step(files, 1),
    p: () => step(files, -1),
    r: () => step(cards, 1),
    u: toggleLayout,
    t: toggleTheme,
    "/": () => path.focus(),
    "?": () => help.showModal(),
  };
  one("#keys").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "Escape" && typing) event.target.blur();
    if (typing || help.open || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  if (location.hash) follow();
})();
