// Keys: / j k y a d m ? and the arrows. Single letters can be switched off (WCAG 2.1.4), and never act while writing.
import { remember, remembered, scroll } from "./said.js";

const dialog = document.getElementById("keys");
const box = document.getElementById("q");
const on = document.getElementById("keys-on");
const opener = document.getElementById("keys-open");

opener.hidden = false;
opener.addEventListener("click", () => dialog.showModal());
on.checked = remembered("rasad-keys") !== "off";
on.addEventListener("change", () => remember("rasad-keys", on.checked ? "on" : "off"));

const titles = () => [...document.querySelectorAll(".card .title")];

function move(step) {
  const all = titles();
  if (!all.length) return;
  const card = document.activeElement.closest?.(".card");
  const at = card ? all.indexOf(card.querySelector(".title")) : -1;
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))] ?? all[0];
  next.focus({ preventScroll: true });
  const target = next.closest(".card");
  scroll(target);
  history.replaceState(null, "", `#${target.id}`);
}

function jump(id) {
  const target = document.getElementById(id);
  if (!target) return;
  const inner = target.querySelector("a[href][tabindex='0'], a[href]:not([tabindex]), [tabindex='0']");
  (id === "answer" ? target : inner ?? target).focus({ preventScroll: true });
  scroll(target, "start");
}

function why() {
  const details = document.activeElement.closest?.(".card")?.querySelector(".why");
  if (!details) return;
  details.open = !details.open;
}

const actions = {
  "/": () => { box.focus(); box.select(); },
  j: () => move(1),
  k: () => move(-1),
  y: why,
  a: () => jump("answer"),
  d: () => jump("when"),
  m: () => jump("where"),
  "?": () => dialog.showModal(),
};
// The same keys on an Arabic keyboard, by where they lie.
const byPlace = { KeyJ: "j", KeyK: "k", KeyY: "y", KeyA: "a", KeyD: "d", KeyM: "m" };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
  const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && writing) { writing.blur(); return; }
  if (writing || !on.checked) return;
  const latin = /^[\x20-\x7e]$/.test(event.key);
  const act = actions[latin ? event.key : byPlace[event.code] ?? (event.code === "Slash" ? (event.shiftKey ? "?" : "/") : "")];
  if (!act) return;
  event.preventDefault();
  act();
});

// A click on a rank in the table, or a link with #r3, leads to the passage and puts the keys there.
function arrive() {
  const target = /^#r\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  const fold = target && target.closest("details");
  if (fold) fold.open = true;
  if (target) (target.querySelector(".title") ?? target.querySelector("a"))?.focus({ preventScroll: true });
}
addEventListener("hashchange", arrive);
arrive();
