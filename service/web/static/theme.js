// Before anything is drawn: the colours the reader chose, if it was not left to the system.
"use strict";
try {
  const chosen = localStorage.getItem("rasad-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // storage is switched off: the system decides
}
document.documentElement.classList.add("scripted");
