import { read } from "./actuator.js";
import { DiskCard } from "./disk.js";

const main = document.getElementById("disks");
const cards = new Map();

function show(frame) {
  document.getElementById("simulated").hidden = !frame.simulated;
  document.getElementById("empty").hidden = frame.disks.length > 0;
  for (const [name, card] of cards) {
    if (!frame.disks.some((disk) => disk.name === name)) {
      card.element.remove();
      cards.delete(name);
    }
  }
  for (const disk of frame.disks) {
    if (!cards.has(disk.name)) {
      const card = new DiskCard(disk.name);
      cards.set(disk.name, card);
      main.append(card.element);
      showLayers();
    }
    cards.get(disk.name).update(disk);
  }
  showUnserved(frame.unserved);
}

// layers are changed by people, so there is no need to hurry
async function showLayers() {
  const layered = document.hidden ? undefined : await read("ublklayers");
  layered?.devices.forEach(({ name, layers }) => cards.get(name)?.faults.update(layers));
}

let unservedShown = "";

function showUnserved(unserved) {
  const shown = JSON.stringify(unserved);
  if (shown === unservedShown) {
    return;
  }
  unservedShown = shown;
  const section = document.getElementById("unserved");
  section.hidden = unserved.length === 0;
  section.querySelector("dl").replaceChildren(...unserved.flatMap(({ name, reason }) => {
    const term = document.createElement("dt");
    term.textContent = name;
    const description = document.createElement("dd");
    description.textContent = reason;
    return [term, description];
  }));
}

function showConnection(is, text) {
  const element = document.getElementById("connection");
  if (element.dataset.is !== is) {
    element.dataset.is = is;
    element.textContent = text;
  }
}

// ---- the stream, while somebody looks -------------------------------------------------------------------------------

let stream;

function watch() {
  if (document.hidden) {
    stream?.close();
    stream = undefined;
  }
  else if (!stream || stream.readyState === EventSource.CLOSED) {
    stream?.close();
    stream = new EventSource("live");
    stream.onmessage = (event) => {
      showConnection("open", "Live");
      show(JSON.parse(event.data));
    };
    stream.onerror = () => showConnection("lost", "Connection lost, trying again");
  }
}

document.addEventListener("visibilitychange", watch);
// some errors end an EventSource for good
setInterval(() => {
  watch();
  showLayers();
}, 3000);
watch();

// ---- colours --------------------------------------------------------------------------------------------------------

const scheme = document.getElementById("scheme");

function applyScheme() {
  document.documentElement.dataset.scheme = scheme.value;
  cards.forEach((card) => card.recolour());
}

scheme.value = localStorage.getItem("scheme") ?? "";
scheme.addEventListener("change", () => {
  localStorage.setItem("scheme", scheme.value);
  applyScheme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyScheme);
applyScheme();
