// What the page does: each action is one command line, run by the server and shown here; and the renders behind it.

import { button, element } from "./elements.js";
import { film, get, goTo, json, load, shotAt } from "./film.js";
import { play } from "./play.js";
import { look, viewer } from "./viewer.js";

const PAUSE = 1500; // milliseconds from a correction to its render, in which another may come
const MOST_LINES = 30;
const queue = document.getElementById("queue");
const lines = document.getElementById("lines");
let pending = new Set();
let timer = 0;
let auto = true;
let share = 0;
film.rendering = new Set();

export function say(text) {
  viewer.said = text;
  document.getElementById("message").textContent = text;
}

function told(line) {
  if (!lines.firstChild) lines.append(element("h2", "The same as commands"));
  lines.insertBefore(element("code", line), lines.children[1] || null);
  while (lines.children.length > MOST_LINES) lines.lastChild.remove();
}

const post = (path, body) => get(path, { method: "POST", body });

/** Does one action; the server's answer, or null where it refused (which is said). */
export async function act(name, data) {
  play(0);
  say(""); // what comes meanwhile is of this action
  try {
    const done = await (await post(name, JSON.stringify(data))).json();
    if (done.line) told(done.line);
    if (done.number) {
      await load(done.number);
      later(done.waits);
    }
    return done;
  } catch (error) {
    say(error.message);
    return null;
  }
}

/** Writes a correction of the frame looked at, or of the one that `data` names. */
export const correct = (kind, data = {}) => act("correct", { kind, frame: film.frame, ...data });

export async function sendPicture(blob) {
  const answer = await (await post("upload", blob)).json();
  return answer.upload;
}

export function approve() {
  const shot = shotAt(film.frame);
  const version = viewer.second && viewer.second !== "gray" ? { version: viewer.second } : {};
  return correct("approve", { frame: shot.start, ...version });
}

export const grayShot = () => correct("exclude");
export const cut = () => correct("cut");
export const merge = () => correct("merge", { frame: shotAt(film.frame).start });
export const undo = () => act("undo", {});
export const redo = () => act("redo", {});

export async function propose(more = {}) {
  if (await act("propose", { frame: film.frame, ...more })) say(`colours for frame ${film.frame} are being proposed; they come beside the frame`);
}

/** Has colours proposed by the user's own models. */
export function wish() {
  ask("what your own models are to draw (empty: as prompts.toml says)", (words) => propose({ words: true, prompt: words }), "", true);
}

/** Begins a range at this frame, or ends it. */
export function mark() {
  film.mark = film.mark === null ? film.frame : null;
  goTo(film.frame);
  say(film.mark === null ? "no range" : `a range from frame ${film.mark} to the one looked at; T writes a note on it`);
}

export function note() {
  const [first, last] = [film.mark ?? film.frame, film.frame].sort((a, b) => a - b);
  const where = first === last ? `frame ${first}` : `frames ${first} to ${last}`;
  ask(`a note on ${where}`, async (words) => {
    const more = first === last ? {} : { to: last };
    if (!(await correct("note", { frame: first, note: words, ...more }))) return;
    film.mark = null;
    goTo(film.frame);
  });
}

export function dissolve() {
  const shot = shotAt(film.frame);
  askNumber(`${shot.id} enters by a dissolve of so many frames (0: a cut)`, (length) => correct("dissolve", { frame: shot.start, length }), `${shot.length || 12}`);
}

export function askNumber(question, then, value) {
  ask(question, (words) => (Number.isFinite(Number(words)) ? then(Number(words)) : say(`${words}: write a number`)), value);
}

/** A question with one line of text as its answer; none, where `empty` is one too. */
export function ask(question, then, value = "", empty = false) {
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  form.method = "dialog";
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.maxLength = 2000;
  input.value = value;
  label.append(`${question} `, input);
  form.append(label);
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const words = input.value.trim();
    if (words || empty) then(words);
  });
  document.body.append(dialog);
  dialog.showModal();
  input.select();
}

function later(shots) {
  (shots || []).forEach((shot) => pending.add(shot));
  clearTimeout(timer);
  if (auto && pending.size) timer = setTimeout(renderPending, PAUSE);
  draw();
}

function renderPending() {
  clearTimeout(timer);
  const there = new Map(film.shots.map((shot) => [shot.id, shot]));
  const shots = [...pending].filter((id) => there.has(id) && there.get(id).waits);
  pending = new Set();
  if (shots.length) act("render", { shots });
  draw();
}

export const renderAll = () => act("render", {});

const paragraph = (text) => element("p", text);

/** What renders, what waits, and why, before it does. */
async function draw() {
  if (!film.facts) return;
  const waiting = film.shots.filter((shot) => shot.waits);
  if (!waiting.length && !film.rendering.size) {
    queue.replaceChildren();
    return;
  }
  const head = film.rendering.size ? `Rendering ${[...film.rendering].slice(0, 3).join(", ")}${film.rendering.size > 3 ? ` and ${film.rendering.size - 3} more` : ""}` : `${waiting.length} ${waiting.length === 1 ? "shot waits" : "shots wait"} to be rendered`;
  const children = [element("h2", head)];
  if (film.rendering.size) {
    const bar = document.createElement("progress");
    bar.value = share;
    children.push(bar, button("stop", "stop the render; it goes on from there later", () => act("stop", {})));
  }
  const first = [...pending][0];
  if (first) {
    children.push(paragraph(`${[...pending].join(", ")}: ${auto ? "begins at once" : "waits for you"}`));
    const facts = await json(`shot/${first}`).catch(() => null);
    if (facts) children.push(...facts.why.slice(0, 4).map(paragraph));
  }
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = auto;
  box.addEventListener("change", () => {
    auto = box.checked;
    later([]);
  });
  label.append(box, " render after each correction");
  const all = button("render all (R)", "render every shot that waits", renderAll);
  all.disabled = !waiting.length;
  children.push(label, all);
  queue.replaceChildren(...children);
}

/** What the server tells of renders. */
export const events = {
  render: ({ shots, share: done }) => {
    const began = !film.rendering.size;
    film.rendering = new Set(shots);
    share = done;
    const bar = queue.querySelector("progress");
    if (began || !bar) draw();
    else bar.value = share;
  },
  proposed: async ({ frame, error }) => {
    await load();
    say(error ? `no colours were proposed: ${error}` : `colours for frame ${frame} lie beside it`);
  },
  measured: async ({ error }) => {
    await load();
    say(error ? `nothing was measured: ${error}` : "the quality is measured; Q opens the list");
  },
  rendered: async ({ error, stopped, shots }) => {
    film.rendering = new Set();
    await load();
    if (stopped) say(`the render of ${shots.slice(0, 3).join(", ")} was stopped: what it made is outdated, or is not wanted`);
    if (error) say(`the render stopped: ${error}`);
    look();
    draw();
  },
};
