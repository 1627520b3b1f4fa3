// The map of the places in the table beside it: outlines from this server, tiles only where they are configured.
import { calm, scroll } from "./said.js";

const script = (source) => new Promise((done, failed) => {
  const element = document.createElement("script");
  element.src = source;
  element.onload = done;
  element.onerror = failed;
  document.head.append(element);
});

const style = (source) => new Promise((done, failed) => {
  const element = document.createElement("link");
  element.rel = "stylesheet";
  element.href = source;
  element.onload = done;
  element.onerror = failed;
  document.head.prepend(element); // our own rules come later and win
});

export async function draw(element) {
  const [atlas] = await Promise.all([
    fetch("/static/atlas.json").then((response) => response.json()),
    style("/static/leaflet/leaflet.css"),
    script("/static/leaflet/leaflet.js"),
  ]);
  const L = window.L;
  const arabic = document.documentElement.lang === "ar";
  const map = L.map(element, {
    zoomControl: false, attributionControl: Boolean(element.dataset.tiles), minZoom: 2, maxZoom: 11,
    scrollWheelZoom: false, zoomAnimation: !calm.matches, fadeAnimation: !calm.matches, inertia: !calm.matches,
    maxBounds: [[-85, -200], [85, 200]],
  });
  const rows = [...document.querySelectorAll("#places tbody tr")];
  map.fitBounds(L.latLngBounds(most90(rows)).pad(0.2), { maxZoom: 7, animate: false });
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", element.dataset.label);
  L.control.zoom({
    position: arabic ? "topright" : "topleft", zoomInTitle: element.dataset.zoomIn, zoomOutTitle: element.dataset.zoomOut,
  }).addTo(map);
  if (element.dataset.tiles) {
    map.attributionControl.setPrefix("");
    L.tileLayer(element.dataset.tiles, { attribution: plain(element.dataset.attribution) }).addTo(map);
  }
  L.geoJSON(atlas, { interactive: false, className: element.dataset.tiles ? "country bare" : "country" }).addTo(map);
  const names = element.dataset.tiles ? [] : atlas.features.filter((feature) => feature.properties.at);
  for (const feature of names) {
    L.marker(feature.properties.at, {
      interactive: false, keyboard: false,
      icon: L.divIcon({ className: "country-name", html: textElement(feature.properties[arabic ? "ar" : "en"], arabic), iconSize: [90, 16] }),
    }).addTo(map);
  }

  const most = Math.max(...rows.map((row) => row.querySelectorAll(".ranks a").length));
  for (const row of [...rows].reverse()) { // the most named one is drawn last, on top
    const at = [Number(row.dataset.lat), Number(row.dataset.lon)];
    const size = Math.round(24 + 8 * Math.sqrt(row.querySelectorAll(".ranks a").length / most));
    const marker = L.marker(at, {
      icon: L.divIcon({ className: "point", html: textElement(String(row.querySelectorAll(".ranks a").length), arabic), iconSize: [size, size] }),
      riseOnHover: true, title: "", zIndexOffset: size,
    }).addTo(map);
    const dot = marker.getElement();
    dot.setAttribute("aria-label", `${row.dataset.name}: ${row.dataset.said}`);
    marker.bindPopup(() => popup(row));
    for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
      dot.addEventListener(on, () => row.classList.add("on"));
      dot.addEventListener(off, () => row.classList.remove("on"));
      row.addEventListener(on, () => dot.classList.add("on"), true);
      row.addEventListener(off, () => dot.classList.remove("on"), true);
    }
  }
  for (const card of document.querySelectorAll(".card")) light(card, rows, map);
  element.classList.toggle("close", map.getZoom() >= 5);
  map.on("zoomend", () => element.classList.toggle("close", map.getZoom() >= 5));
  element.dataset.ready = "yes";
}

// Points of nine tenths of the mentions, those around their middle: one far place must not make all others a dot.
function most90(rows) {
  const points = rows.map((row) => ({
    at: [Number(row.dataset.lat), Number(row.dataset.lon)], count: row.querySelectorAll(".ranks a").length,
  }));
  const all = points.reduce((sum, point) => sum + point.count, 0);
  const middle = [0, 1].map((axis) => {
    let passed = 0;
    return [...points].sort((a, b) => a.at[axis] - b.at[axis]).find((point) => (passed += point.count) >= all / 2).at[axis];
  });
  const away = (point) => Math.hypot(point.at[0] - middle[0], point.at[1] - middle[1]);
  let kept = 0;
  return points.sort((a, b) => away(a) - away(b)).filter((point) => {
    const wanted = kept < 0.9 * all;
    kept += point.count;
    return wanted;
  }).map((point) => point.at);
}

// The places of the passage that is read stand out.
function light(card, rows, map) {
  const mine = rows.filter((row) => row.querySelector(`.ranks a[href="#${card.id}"]`));
  const set = (on) => map.eachLayer((layer) => {
    const point = layer.getLatLng?.();
    const dot = point && layer.getElement?.();
    if (!dot?.classList.contains("point")) return;
    const named = mine.some((row) => Number(row.dataset.lat) === point.lat && Number(row.dataset.lon) === point.lng);
    dot.classList.toggle("on", on && named);
  });
  card.addEventListener("pointerenter", () => set(true));
  card.addEventListener("pointerleave", () => set(false));
  card.addEventListener("focusin", () => set(true));
  card.addEventListener("focusout", () => set(false));
}

function popup(row) {
  const box = document.createElement("div");
  box.dir = document.documentElement.dir;
  const name = document.createElement("p");
  const link = row.querySelector("th a").cloneNode(true);
  name.append(link);
  const list = document.createElement("p");
  list.className = "ranks";
  for (const rank of row.querySelectorAll(".ranks a")) {
    const to = rank.cloneNode(true);
    const title = document.querySelector(`${rank.getAttribute("href")} .title`);
    if (title) to.title = title.textContent;
    to.addEventListener("click", () => { const card = document.querySelector(to.getAttribute("href")); if (card) scroll(card, "start"); });
    list.append(to, " ");
  }
  box.append(name, list);
  return box;
}

function textElement(text, arabic) {
  const element = document.createElement("span");
  element.dir = arabic ? "rtl" : "ltr";
  element.textContent = text;
  return element;
}

function plain(text) {
  const element = document.createElement("span");
  element.textContent = text ?? "";
  return element.innerHTML;
}
