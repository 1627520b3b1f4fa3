// The page works without scripts; these add keys, hints, brushing, the map and the choice of colours.
import { announce, remembered, remember } from "./said.js";
import "./keys.js";
import "./hints.js";
import "./timeline.js";

const themes = ["auto", "light", "dark"];
const themeButton = document.getElementById("theme");

function showTheme(theme) {
  const label = `${themeButton.dataset.label}: ${themeButton.dataset[theme]}`;
  themeButton.querySelector("span").textContent = label;
  themeButton.title = label;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  return label;
}

showTheme(document.documentElement.dataset.theme || "auto");
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme || "auto";
  const next = themes[(themes.indexOf(now) + 1) % themes.length];
  remember("rasad-theme", next);
  announce(showTheme(next));
});

// Copying needs a secure context: over plain http from another machine the button stays away.
function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      announce(button.dataset.done);
      const label = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }
}

// An answer that a language model writes comes after the results.
const waiting = document.querySelector(".answer[data-fetch]");
if (waiting) {
  waiting.querySelector(".wait").hidden = false;
  waiting.querySelector(".get").hidden = true;
  fetch(waiting.dataset.fetch, { headers: { Accept: "text/html" } })
    .then((response) => { if (!response.ok) throw new Error(response.status); return response.text(); })
    .then((html) => {
      // Our own template's output, escaped by the server like any page.
      const piece = new DOMParser().parseFromString(html, "text/html");
      waiting.replaceChildren(...piece.body.childNodes);
      waiting.classList.remove("waiting");
      offerCopies(waiting);
    })
    .catch(() => {
      waiting.querySelector(".wait").textContent = waiting.dataset.failed;
      waiting.querySelector(".get").hidden = false;
    });
} else {
  offerCopies(document);
}

const map = document.getElementById("map");
if (map) {
  map.hidden = false;
  const load = () => import("./map.js").then((drawn) => drawn.draw(map)).catch((error) => {
    console.error(error);
    map.hidden = true;
    document.getElementById("map-note").textContent = map.dataset.failed;
  });
  const seen = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) { seen.disconnect(); load(); }
  }, { rootMargin: "200px" });
  seen.observe(map);
}

const quote = document.getElementById("passage");
if (quote && location.hash === "#passage") quote.scrollIntoView({ block: "center" });
if (remembered("rasad-keys") !== "off") for (const hint of document.querySelectorAll(".keys-hint")) hint.hidden = false;

// Uploads under way: how far they are, until they end.
const under = () => document.querySelectorAll(".uploaded[data-status=waiting], .uploaded[data-status=running]");
async function follow() {
  for (const row of under()) {
    const found = await fetch(`/api/v1/uploads/${row.dataset.id}`).then((response) => response.json());
    if (found.status !== row.dataset.status || found.status === "done") { location.reload(); return; }
    row.querySelector(".status").dataset.read = ` ${found.read}`;
  }
  if (under().length) setTimeout(follow, 1000);
}
if (under().length) setTimeout(follow, 1000);
