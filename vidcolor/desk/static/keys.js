// The keys, in one table: what the page does by them, and what its help says of them.

import { button, element } from "./elements.js";
import { film, goTo, shotAt } from "./film.js";
import { approve, correct, cut, dissolve, grayShot, mark, merge, note, propose, redo, renderAll, wish } from "./actions.js";
import { list, listBy } from "./list.js";
import { play, player } from "./play.js";
import { aim, back, brush, finish, forget, strike, typeColor, TOOLS, undoLast, useTool } from "./tools.js";
import { everyPixel, fit, setView, VIEWS, viewer, zoomBy } from "./viewer.js";

const STEP = 0.02; // of the picture, that keys move the point by
const dialog = document.getElementById("keys");

function shotBy(step) {
  const shot = shotAt(film.frame);
  const other = film.shots[shot.place + step];
  if (step < 0 && film.frame > shot.start) goTo(shot.start);
  else if (other) goTo(other.start);
}

function helpBy(step) {
  const frames = film.facts.status.suggestions.map((one) => one.frame).sort((a, b) => a - b);
  const next = step > 0 ? frames.find((f) => f > film.frame) ?? frames[0] : frames.findLast((f) => f < film.frame) ?? frames.at(-1);
  if (next !== undefined) goTo(next);
}

async function nudge(by) {
  const { start } = shotAt(film.frame);
  if (await correct("cut", { frame: start + by })) await correct("merge", { frame: start });
}

const faster = (sign) => play(player.speed * sign > 0 ? Math.max(-8, Math.min(8, player.speed * 2)) : sign);
const by = (step) => () => (play(0), goTo(film.frame + step));

/** [keys, what they do in words, what they do] */
const KEYS = [
  [["j"], "play backwards; again: faster", () => faster(-1)],
  [["k"], "stop", () => play(0)],
  [["l"], "play; again: faster", () => faster(1)],
  [[" "], "play, or stop", () => play(player.speed ? 0 : 1)],
  [[",", "ArrowLeft"], "one frame back", by(-1)],
  [[".", "ArrowRight"], "one frame on", by(1)],
  [["Shift+ArrowLeft"], "ten frames back", by(-10)],
  [["Shift+ArrowRight"], "ten frames on", by(10)],
  [["ArrowUp"], "to the shot before, or its head", () => shotBy(-1)],
  [["ArrowDown"], "to the next shot", () => shotBy(1)],
  [["Home"], "to the first frame", () => goTo(0)],
  [["End"], "to the last frame", () => goTo(film.frames - 1)],
  [["n"], "to the next frame where a picture would help", () => helpBy(1)],
  [["Shift+N"], "to the one before", () => helpBy(-1)],
  ...VIEWS.map(([view, letter, words]) => [[letter.toLowerCase()], `view: ${words}`, () => setView(view)]),
  [["z"], "every pixel, or the whole picture", () => (viewer.zoom > 1 ? fit() : everyPixel())],
  [["+", "="], "nearer", () => zoomBy(1.5)],
  [["-"], "farther", () => zoomBy(1 / 1.5)],
  ...TOOLS.map(([name, words], k) => [[`${k + 1}`], `tool: ${words}`, () => useTool(name)]),
  [["h"], "type a colour; Enter goes back to the picture", typeColor],
  [["Ctrl+ArrowLeft"], "the point to the left", () => aim(-STEP, 0)],
  [["Ctrl+ArrowRight"], "the point to the right", () => aim(STEP, 0)],
  [["Ctrl+ArrowUp"], "the point up", () => aim(0, -STEP)],
  [["Ctrl+ArrowDown"], "the point down", () => aim(0, STEP)],
  [["Ctrl+Enter"], "at the point what a click does", strike],
  [["["], "a smaller brush", () => brush(1 / 1.25)],
  [["]"], "a larger brush", () => brush(1.25)],
  [["Enter"], "close the outline; send the paint", finish],
  [["Escape"], "forget the outline; forget the paint", forget],
  [["Backspace"], "take a corner of the outline back", back],
  [["a"], "approve the shot's version", approve],
  [["x"], "leave the shot gray", grayShot],
  [["b"], "a shot begins at this frame", cut],
  [["m"], "the shot is one with the shot before", merge],
  [["<"], "the shot begins a frame earlier", () => nudge(-1)],
  [[">"], "the shot begins a frame later", () => nudge(1)],
  [["Shift+D"], "how long the dissolve is that the shot enters by; 0: a cut", dissolve],
  [["i"], "a range begins at this frame; again: no range", mark],
  [["t"], "a note on this frame, or on the range", note],
  [["q"], "the list for quality control: notes, doubt, figures too high", list],
  [["e"], "to the next row of that list", () => listBy(1)],
  [["Shift+E"], "to the row before", () => listBy(-1)],
  [["p"], "have colours proposed for this frame", () => propose()],
  [["Shift+P"], "the same by your own models, as you say in words", wish],
  [["r"], "render all that waits", renderAll],
  [["Ctrl+z"], "undo: the last stroke that was not sent, or else the last correction", undoLast],
  [["Ctrl+Shift+Z", "Ctrl+y"], "redo", redo],
  [["?"], "this list", help],
];

const shown = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", " ": "space" };
const told = (name) => name.split("+").map((part) => shown[part] || (part.length === 1 ? part.toUpperCase() : part)).join(" ").trim() || "+";

function help() {
  const table = element("dl");
  for (const [names, words] of KEYS) {
    table.append(element("div", "", element("dt", names.map(told).join(" or ")), element("dd", words)));
  }
  dialog.replaceChildren(button("close (Esc)", "", () => dialog.close()), table);
  dialog.showModal();
}

const BY_NAME = new Map(KEYS.flatMap(([names, , act]) => names.map((name) => [name, act])));

/** Does what a key stands for; whether it stands for anything. */
export function press(name) {
  const act = BY_NAME.get(name);
  if (act) act();
  return Boolean(act);
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (document.querySelector("dialog[open]") || event.altKey) return;
  if (target.matches("input, textarea, select") || (target.matches("button") && event.key === " ")) return;
  const single = event.key.length === 1;
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const name = `${control}${event.shiftKey && (!single || /^[A-Z]$/.test(event.key)) ? `Shift+${event.key}` : event.key}`;
  if (press(name) || (!control && press(single && !event.shiftKey ? event.key.toLowerCase() : name))) event.preventDefault();
});
document.getElementById("help").addEventListener("click", help);
document.querySelectorAll("[data-key]").forEach((button) => button.addEventListener("click", () => press(button.dataset.key.toLowerCase())));
