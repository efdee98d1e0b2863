"use strict";
document.documentElement.classList.add("js");
// A choice shows all that belongs to a criterion, not only the span that is gone to; Escape leads back to where it was made.
(() => {
  const bar = document.getElementById("bar");
  const said = document.getElementById("said");
  const byId = (id) => document.getElementById(id);
  let active = null;

  const members = (group) => document.querySelectorAll(`.text [data-group="${CSS.escape(group)}"]`);

  function fill(group) {
    const item = byId(group);
    bar.replaceChildren();
    bar.hidden = !item;
    if (!item) return;
    const back = document.createElement("a");
    back.href = `#${group}`;
    back.className = "back";
    const name = item.dataset.name ? `${item.dataset.short} ${item.dataset.name}` : "the warning";
    back.textContent = `← Back to ${name}`;
    const key = document.createElement("kbd");
    key.textContent = "Esc";
    bar.append(back, key);
    const places = document.createElement("span");
    places.className = "places";
    const counts = {};
    for (const ref of members(group)) {
      if (!ref.classList.contains("ref")) continue;
      const role = ["statement", "evidence", "counter-evidence"].find((one) => ref.classList.contains(one)) || "place";
      counts[role] = (counts[role] || 0) + 1;
      const link = document.createElement("a");
      link.href = `#${ref.id}`;
      link.dataset.group = group;
      link.className = role;
      link.textContent = role + (counts[role] > 1 ? ` ${counts[role]}` : "");
      places.append(link);
    }
    bar.append(places);
    said.textContent = `Marked in the letter for ${name}: ` + Object.entries(counts).map(([role, n]) => `${n} ${role}`).join(", ");
  }

  function choose(group) {
    if (active === group) return;
    for (const one of document.querySelectorAll(".on")) one.classList.remove("on");
    active = group;
    if (!group) {
      bar.hidden = true;
      said.textContent = "";
      return;
    }
    for (const one of members(group)) one.classList.add("on");
    const item = byId(group);
    if (item) item.classList.add("on");
    fill(group);
  }

  function arrive() {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const group = target.dataset.group || (target.id.startsWith("warning-") ? target.id : null);
    if (group) choose(group);
    for (const one of document.querySelectorAll(".here")) one.classList.remove("here");
    if (target.classList.contains("ref")) target.parentElement.classList.add("here");
    // The page's own scrolling is right but for the bar that has just appeared.
    target.scrollIntoView({ block: target.closest(".text") ? "center" : "nearest" });
    if (!target.hasAttribute("tabindex") && !target.matches("a, input")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  addEventListener("hashchange", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    // No event tells of a link to where the page is already.
    if (link && link.getAttribute("href") === location.hash) arrive();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !active) return;
    const item = byId(active);
    const link = item && (item.querySelector("a.choose, a.show") || item);
    choose(null);
    if (link) {
      item.scrollIntoView({ block: "nearest" });
      link.focus({ preventScroll: true });
    }
    if (item) history.replaceState(null, "", `#${item.id}`);
  });
  if (location.hash) arrive();
})();
