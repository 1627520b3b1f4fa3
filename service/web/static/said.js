// What is said to readers who do not see, and what is remembered in this browser (nothing leaves it).
export function announce(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

export function remembered(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(name, value); } catch { /* storage is switched off */ }
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const scroll = (element, block = "nearest") =>
  element.scrollIntoView({ block, behavior: calm.matches ? "auto" : "smooth" });
