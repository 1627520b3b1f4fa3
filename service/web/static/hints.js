// The translation of a marked word, on hover and on focus; it can be hovered itself, and Escape takes it away (WCAG 1.4.13).
const tooltip = document.getElementById("tooltip");
let owner = null;
let leaving = 0;

function show(mark) {
  clearTimeout(leaving);
  const tip = document.getElementById(mark.dataset.tip);
  if (!tip || owner === mark) return;
  owner = mark;
  tooltip.replaceChildren(...[...tip.childNodes].map((node) => node.cloneNode(true)));
  tooltip.hidden = false;
  const at = mark.getClientRects()[0] ?? mark.getBoundingClientRect();
  const size = tooltip.getBoundingClientRect();
  const edge = document.documentElement.clientWidth - size.width - 8;
  const above = at.top - size.height - 6;
  tooltip.style.left = `${Math.max(8, Math.min(edge, at.left + at.width / 2 - size.width / 2))}px`;
  tooltip.style.top = `${above > 4 ? above : at.bottom + 6}px`;
}

function hide() {
  clearTimeout(leaving);
  tooltip.hidden = true;
  owner = null;
}

const markOf = (event) => event.target.closest?.("mark[data-tip]");

document.addEventListener("pointerover", (event) => {
  const mark = markOf(event);
  if (mark) show(mark);
  else if (tooltip.contains(event.target)) clearTimeout(leaving);
  else if (owner && owner !== document.activeElement) { clearTimeout(leaving); leaving = setTimeout(hide, 200); }
});
document.addEventListener("focusin", (event) => { const mark = markOf(event); if (mark) show(mark); else hide(); });
addEventListener("scroll", hide, { passive: true });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { hide(); return; }
  const mark = markOf(event);
  if (!mark || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
  const marks = [...mark.closest(".text").querySelectorAll("mark[data-tip]")];
  const forward = (event.key === "ArrowRight") === (getComputedStyle(mark).direction === "ltr");
  const next = marks[marks.indexOf(mark) + (forward ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  mark.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});
