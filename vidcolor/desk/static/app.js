// The page begins here: the film is read, the parts draw it, and what changes on the server is listened to.

import { button } from "./elements.js";
import { film, goTo, load, onChange, onMove, shotAt, SILENT } from "./film.js";
import { press } from "./keys.js";
import { act, events as acted } from "./actions.js";
import "./palette.js";
import "./panel.js";
import { player } from "./play.js";
import "./shots.js";
import "./timeline.js";
import "./tools.js";
import { draw, everyPixel, fit, laidOver, look, place, setView, VIEWS, viewer } from "./viewer.js";

const by = (id) => document.getElementById(id);
const first = by("first");
const second = by("second");

for (const [view, letter, words, name = view] of VIEWS) {
  const made = button(name, `${words} (${letter})`, () => setView(view));
  made.dataset.view = view;
  by("views").append(made);
}

function counts() {
  const words = new Map();
  for (const shot of film.shots) words.set(shot.word, (words.get(shot.word) || 0) + 1);
  const told = [...words].map(([word, count]) => `${count} ${word}`).join(", ");
  by("name").textContent = document.title = film.facts.name;
  by("counts").textContent = `${film.shots.length} shots: ${told}`;
}

function choices() {
  const shot = shotAt(film.frame);
  const latest = shot.version ? Number(shot.version.slice(1)) : 0;
  const names = Array.from({ length: latest }, (_, k) => `v${String(latest - k).padStart(3, "0")}`);
  for (const [select, chosen] of [[first, viewer.first], [second, viewer.second]]) {
    const options = [["gray", "gray"], ["", "in force"], ...names.map((name) => [name, name])];
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
    if (!options.some(([value]) => value === chosen)) select.value = "";
  }
  [viewer.first, viewer.second] = [first.value, second.value];
}

function told() {
  by("timecode").textContent = viewer.shown === film.frame ? viewer.timecode : "";
  by("frame").value = document.activeElement === by("frame") ? by("frame").value : film.frame;
  by("shown").textContent = player.speed ? `${player.speed}x, ${player.left} left out` : viewer.shown !== film.frame ? "…" : viewer.problem ? "gray" : viewer.ahead ? "as it will be" : viewer.exact ? "as delivered" : "";
  if (viewer.view === "onion" && viewer.shown === film.frame) by("shown").textContent += `, over it keyframe ${laidOver() ?? "none"}`;
  by("message").textContent = by("message").title = viewer.said || viewer.problem;
  by("zoom").textContent = `${Math.round(viewer.zoom * 100)} %`;
  document.querySelectorAll("[data-view]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === viewer.view));
  by("picture").dataset.frame = viewer.shown;
  by("picture").dataset.exact = viewer.exact;
}

first.addEventListener("change", () => ((viewer.first = first.value), look()));
second.addEventListener("change", () => ((viewer.second = second.value), look()));
by("fit").addEventListener("click", fit);
by("whole").addEventListener("click", everyPixel);
by("frame").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !/^\d+$/.test(event.target.value)) return;
  goTo(Number(event.target.value));
  by("picture").focus();
});
viewer.listeners.push(told);
let shotSeen = "";
let kept = 0;
onMove((frame, how) => {
  const shot = shotAt(frame);
  viewer.said = "";
  if (shot.id !== shotSeen && !how.playing) choices();
  shotSeen = shot.id;
  told();
  clearTimeout(kept);
  kept = setTimeout(() => history.replaceState(null, "", `#${film.frame}`), 300); // the page read anew shows it again
});
onChange(() => {
  counts();
  choices();
});

const events = new EventSource("events");
// what to do with each kind of event
const kinds = {
  ...acted,
  hello: ({ number }) => film.facts && number !== film.facts.number && load(),
  state: ({ number }) => load(number),
  error: ({ text }) => ((viewer.problem = text), told()),
};
events.onmessage = (message) => {
  const event = JSON.parse(message.data);
  if (kinds[event.kind]) kinds[event.kind](event);
};
events.onerror = () => {
  by("work").textContent = SILENT;
};
events.onopen = () => {
  by("work").textContent = "";
};

await load();
goTo(Number(location.hash.slice(1)) || 0);
by("picture").focus();
/** For tests, and for people who look: what the page holds. */
window.vidcolor = { film, viewer, player, goTo, press, look, draw, place, act };
