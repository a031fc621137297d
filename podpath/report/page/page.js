"use strict";
// Filters and keys. Without this script the page shows everything.
(() => {
  const all = [...document.querySelectorAll(".requirement")];
  const text = document.getElementById("text");
  const group = document.getElementById("group");
  const toggles = [...document.querySelectorAll(".toggles button")];
  const words = new Map(all.map((card) => [card, card.textContent.toLowerCase()]));
  const pressed = () => toggles.filter((toggle) => toggle.getAttribute("aria-pressed") === "true");
  const shown = () => all.filter((card) => !card.hidden);

  function filter() {
    const verdicts = pressed().map((toggle) => toggle.dataset.verdict);
    const searched = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const card of all) {
      card.hidden =
        (verdicts.length > 0 && !verdicts.includes(card.dataset.verdict)) ||
        (group.value !== "" && group.value !== card.dataset.group) ||
        !searched.every((word) => words.get(card).includes(word));
    }
    document.getElementById("count").textContent = `${shown().length} of ${all.length} requirements ·`;
    document.getElementById("nothing").hidden = shown().length > 0;
  }

  function clear() {
    text.value = group.value = "";
    toggles.forEach((toggle) => toggle.setAttribute("aria-pressed", "false"));
    filter();
  }

  function go(step) {
    const summaries = shown().map((card) => card.querySelector("summary"));
    const at = summaries.findIndex((summary) => summary.parentElement.contains(document.activeElement));
    const next = at < 0 && step < 0 ? summaries.length - 1 : at + step;
    summaries[Math.max(0, Math.min(next, summaries.length - 1))]?.focus();
  }

  function open() {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) {
      named.open = true;
      named.scrollIntoView();
    }
  }

  text.addEventListener("input", filter);
  group.addEventListener("change", filter);
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      toggle.setAttribute("aria-pressed", String(toggle.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = document.activeElement === text || document.activeElement === group;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); text.blur(); }
    if (typing) return;
    if (event.key === "/") { event.preventDefault(); text.focus(); }
    if (event.key === "j") go(1);
    if (event.key === "k") go(-1);
  });
  window.addEventListener("hashchange", open);
  document.querySelector(".filters").hidden = false;
  filter();
  open();
})();
