// The date histogram: drag over bars to take their time; or arrows, Shift with arrows, Enter.
const svg = document.getElementById("bars");
if (svg) {
  const bars = [...svg.querySelectorAll("a")].sort((a, b) => (a.dataset.first < b.dataset.first ? -1 : 1));
  const brush = svg.querySelector(".brush");
  let anchor = -1;

  const go = (from, to) => {
    const target = new URL(location.href);
    target.searchParams.set("from", from);
    target.searchParams.set("to", to);
    target.searchParams.delete("k");
    target.hash = "";
    location.assign(target);
  };
  const cover = (first, last) => {
    const [a, b] = [bars[first], bars[last]].map((bar) => Number(bar.dataset.x));
    const start = Math.min(a, b);
    brush.setAttribute("x", start);
    brush.setAttribute("width", Math.max(a, b) - start + Number(bars[0].dataset.width));
  };
  const uncover = () => brush.setAttribute("width", 0);
  const take = (first, last) => {
    const [a, b] = first <= last ? [first, last] : [last, first];
    go(bars[a].dataset.first, bars[b].dataset.last);
  };
  const unit = (event) => {
    const box = svg.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * 1000;
  };
  const nearest = (x) => {
    const away = bars.map((bar) => Math.abs(Number(bar.dataset.x) + Number(bar.dataset.width) / 2 - x));
    return away.indexOf(Math.min(...away));
  };

  let began = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType !== "touch") began = { x: unit(event), client: event.clientX };
  });
  svg.addEventListener("pointermove", (event) => {
    if (!began || Math.abs(event.clientX - began.client) < 5) return;
    svg.setPointerCapture(event.pointerId);
    const x = unit(event);
    brush.setAttribute("x", Math.min(began.x, x));
    brush.setAttribute("width", Math.abs(x - began.x));
  });
  svg.addEventListener("pointerup", (event) => {
    if (!began) return;
    const x = unit(event);
    const [low, high] = [Math.min(began.x, x), Math.max(began.x, x)];
    const dragged = Math.abs(event.clientX - began.client) >= 5;
    began = null;
    if (!dragged) return;
    const inside = bars.filter((bar) => Number(bar.dataset.x) + Number(bar.dataset.width) >= low && Number(bar.dataset.x) <= high);
    const chosen = inside.length ? inside : [bars[nearest((low + high) / 2)]];
    go(chosen[0].dataset.first, chosen[chosen.length - 1].dataset.last);
  });
  svg.addEventListener("dragstart", (event) => event.preventDefault());

  svg.addEventListener("keydown", (event) => {
    const at = bars.indexOf(event.target.closest("a"));
    if (at < 0) return;
    if (event.key === "Enter" && anchor >= 0 && anchor !== at) { event.preventDefault(); take(anchor, at); return; }
    const rtl = document.documentElement.dir === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[event.key];
    const next = event.key === "Home" ? 0 : event.key === "End" ? bars.length - 1 : step ? at + step : -1;
    if (next < 0 || next >= bars.length) return;
    event.preventDefault();
    if (event.shiftKey) { if (anchor < 0) anchor = at; } else anchor = -1;
    for (const bar of bars) bar.setAttribute("tabindex", "-1");
    bars[next].setAttribute("tabindex", "0");
    bars[next].focus();
    if (anchor >= 0) cover(anchor, next); else uncover();
  });
  svg.addEventListener("focusout", (event) => { if (!svg.contains(event.relatedTarget)) { anchor = -1; uncover(); } });
}
