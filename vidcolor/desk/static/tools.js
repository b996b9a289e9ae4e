// The tools on the picture: a hint, what stays gray, paint and scribble, a colour taken; and the colour they use.

import { approve, askNumber, correct, cut, dissolve, grayShot, mark, merge, note, propose, redo, say, sendPicture, undo, wish } from "./actions.js";
import { button } from "./elements.js";
import { list } from "./list.js";
import { film, json } from "./film.js";
import { closeOutline, corner, discard, dropOutline, outlines, piece, send, stroke, takeCorner, takeMark } from "./sheet.js";
import { draw, place, pointAt, setView, takers, viewer } from "./viewer.js";

/** [name, what it is for], as they lie on the keys 1 to 9 */
export const TOOLS = [
  ["look", "move the picture"],
  ["hint", "a click gives the thing there the colour"],
  ["neutral", "a click leaves the thing there gray"],
  ["paint", "colours the pixels you paint"],
  ["scribble", "thin strokes; the colour fills what they run through"],
  ["rubber", "takes paint away again"],
  ["take", "takes the colour under the pointer"],
  ["piece", "a click paints the whole piece there"],
  ["outline", "clicks set corners; Enter paints what they enclose"],
];
const THIN = 6;
const PLAIN = 60; // L* of a plane of colours that no point was asked for
const POINTS = ["hint", "neutral"]; // tools that show the points said already
const by = (id) => document.getElementById(id);
const planeInk = by("plane").getContext("2d", { willReadFrequently: true });
/** What is in hand: the tool, its colour and that one's name, how wide it is; `listeners` are told of another colour. */
export const tool = { name: "look", color: "8a5a3c", named: "", size: 24, listeners: [] };
let line = null; // the stroke that is being painted
let over = null; // the point under the pointer
let lightness = -1;
let planeImage = null; // all colours of that lightness
let warmed = false; // whether the server was asked to load what previews of hints need

export function useTool(name) {
  tool.name = name;
  document.querySelectorAll("[data-tool]").forEach((b) => b.setAttribute("aria-checked", b.dataset.tool === name));
  by("color").hidden = by("names").hidden = name === "look";
  if (!planeImage && name !== "look") plane(PLAIN).catch(() => {}); // until the film's own light is asked for
  if (["hint", "neutral", "scribble"].includes(name) && !warmed) {
    warmed = true;
    json("warm").catch(() => {});
  }
  if (["hint", "paint", "scribble", "take", "piece", "outline"].includes(name) && viewer.view === "gray") setView("color");
}

export function brush(factor) {
  tool.size = Math.max(1, Math.min(200, tool.size * factor));
  by("size").value = tool.size;
}

export function setColor(code, named = "") {
  if (!/^[0-9a-f]{6}$/i.test(code)) return;
  Object.assign(tool, { color: code.toLowerCase(), named });
  by("hex").value = tool.color;
  by("asked").style.background = `#${tool.color}`;
  by("lit").style.background = `#${tool.color}`;
  tool.listeners.forEach((tell) => tell());
}

/** Takes the colour of a pixel of a canvas. */
export function takePixel(paper, x, y) {
  const [r, g, b] = paper.getImageData(x, y, 1, 1).data;
  setColor([r, g, b].map((value) => value.toString(16).padStart(2, "0")).join(""));
}

const inside = (point) => point.every((share) => share >= 0 && share < 1);

/** What a click does, by the tool. */
const CLICKS = {
  hint: (point) => correct("hint", { at: point, color: tool.named || tool.color }),
  neutral: (point) => correct("neutral", { at: point }),
  take: takeAt,
  piece: (point) => piece(point, tool.color),
  outline: corner,
};
/** What a stroke is, by the tool. */
const STROKES = {
  paint: () => ({ color: tool.color, wide: tool.size }),
  scribble: () => ({ color: tool.color, wide: THIN, kind: "scribble" }),
  rubber: () => ({ color: "000000", wide: tool.size, rubs: true }),
};

/** Does at a point what the tool does; the stroke that it began, if it did. */
function begin(point) {
  if (STROKES[tool.name]) return stroke(point, STROKES[tool.name]());
  CLICKS[tool.name]?.(point);
  return null;
}

/** Takes the colour that the picture shows at a point; of two side by side the one in colour. */
function takeAt([x, y]) {
  const at = place(viewer.view === "side" ? 1 : 0);
  takePixel(by("picture").getContext("2d"), at.left + x * at.width, at.top + y * at.height);
}

let aiming = false; // whether the point is moved by keys
/** Moves the point by keys, in shares of the picture's width and height. */
export function aim(right, down) {
  aiming = true;
  const [x, y] = over || [0.5, 0.5];
  over = [x + right, y + down].map((share) => Math.max(0, Math.min(0.9999, share)));
  if (tool.name !== "look") feel(over);
  draw();
}

/** Does at that point what a click does. */
export function strike() {
  if (!over) aim(0, 0);
  begin(over);
}

takers.push((kind, event) => {
  if (kind === "move") aiming = false;
  if (tool.name === "look") return false;
  const point = pointAt(event);
  if (kind === "move" && !line) {
    over = inside(point) ? point : null;
    if (over) feel(point);
    if (STROKES[tool.name]) draw(); // the brush is seen
    return false;
  }
  if (kind === "down") {
    if (!inside(point)) return false;
    line = begin(point);
    return true;
  }
  if (!line) return false;
  over = point;
  if (kind === "up") line = null;
  else line.to(point);
  return true;
});

by("picture").addEventListener("pointerleave", () => {
  over = null;
  if (STROKES[tool.name]) draw();
});

viewer.overlays.push((paper, at) => {
  const made = over && STROKES[tool.name]?.();
  if (!made) return;
  const radius = Math.max(1.5, (made.wide / 2) * at.scale);
  for (const [color, more] of [["#000", 1], ["#fff", 0]]) {
    paper.strokeStyle = color;
    paper.lineWidth = devicePixelRatio;
    paper.beginPath();
    paper.arc(at.left + over[0] * at.width, at.top + over[1] * at.height, radius + more * devicePixelRatio, 0, 7);
    paper.stroke();
  }
});

viewer.overlays.push((paper, at) => {
  if (!aiming || !over) return;
  const [x, y] = [at.left + over[0] * at.width, at.top + over[1] * at.height].map(Math.round);
  const long = 12 * devicePixelRatio;
  for (const [color, wide] of [["#000", 3], ["#fff", 1]]) {
    paper.fillStyle = color;
    const thick = wide * devicePixelRatio;
    paper.fillRect(x - long, y - thick / 2, 2 * long, thick);
    paper.fillRect(x - thick / 2, y - long, thick, 2 * long);
  }
});

viewer.overlays.push((paper, at) => {
  if (!POINTS.includes(tool.name)) return;
  const [height, wide] = film.size;
  for (const one of film.facts.corrections.filter(({ frame, at: point }) => point && frame === film.frame)) {
    const [x, y] = [at.left + (one.at[0] / wide) * at.width, at.top + (one.at[1] / height) * at.height];
    for (const [color, radius] of [["#000", 6], ["#fff", 5]]) {
      paper.strokeStyle = color;
      paper.lineWidth = devicePixelRatio;
      paper.beginPath();
      paper.arc(x, y, radius * devicePixelRatio, 0, 7);
      paper.stroke();
    }
  }
});

/** Enter: closes the outline, or sends the paint. */
export const finish = () => (outlines() ? closeOutline(tool.color) : send());
/** Escape: forgets the outline, or the paint. */
export const forget = () => (outlines() ? dropOutline() : discard());
/** Backspace: one corner of the outline. */
export const back = () => outlines() && takeCorner();
/** Undoes the last of what is not sent yet, else the last correction. */
export function undoLast() {
  if (outlines()) takeCorner();
  else if (!takeMark()) undo();
}

let feeling = false;
/** What the colour will be under the film's light at a point, and the plane of all colours there are at that light. */
async function feel(point) {
  if (feeling) return;
  feeling = true;
  try {
    const query = new URLSearchParams({ frame: film.frame, x: point[0].toFixed(5), y: point[1].toFixed(5), color: tool.color });
    const found = await json(`color?${query}`);
    by("lit").style.background = `#${found.under}`;
    if (Math.abs(found.lightness - lightness) > 2) await plane(found.lightness);
    spot(found.place);
  } catch {
    // the next move asks again
  }
  feeling = false;
}

async function plane(light) {
  lightness = Math.round(light);
  const image = new Image();
  image.src = `plane.png?lightness=${lightness}`;
  await image.decode();
  planeImage = image;
  planeInk.drawImage(planeImage, 0, 0);
}

function spot([x, y]) {
  if (planeImage) planeInk.drawImage(planeImage, 0, 0);
  planeInk.strokeStyle = lightness > 55 ? "#000" : "#fff";
  planeInk.strokeRect(x * 128 - 3, y * 128 - 3, 6, 6);
}

by("plane").addEventListener("click", (event) => {
  if (!planeImage) return;
  planeInk.drawImage(planeImage, 0, 0);
  takePixel(planeInk, event.offsetX, event.offsetY);
  spot([event.offsetX / 128, event.offsetY / 128]);
});
by("hex").addEventListener("change", () => setColor(by("hex").value.replace("#", "")));
by("hex").addEventListener("keydown", (event) => event.key === "Enter" && by("picture").focus());
/** To type a colour; Enter goes back to the picture. */
export function typeColor() {
  if (tool.name === "look") useTool("hint");
  by("hex").select();
}
by("size").addEventListener("input", () => {
  tool.size = Number(by("size").value);
});
by("send").addEventListener("click", finish);
by("drop").addEventListener("click", forget);

function add(place, ...words) {
  const made = button(...words);
  by(place).append(made);
  return made;
}

TOOLS.forEach(([name, words], k) => {
  const made = add("tool", name, `${words} (${k + 1})`, () => useTool(name));
  made.dataset.tool = name;
  made.setAttribute("role", "radio");
});
add("does", "approve", "deliver this version (A)", approve);
add("does", "leave gray", "the shot is delivered gray (X)", grayShot);
add("does", "cut here", "a shot begins at this frame (B)", cut);
add("does", "merge", "the shot is one with the shot before (M)", merge);
add("does", "dissolve", "how long the dissolve is that the shot enters by (Shift D)", dissolve);
const number = (kind, name, question, value) => () => askNumber(question, (found) => correct(kind, { [name]: found }), value);
add("does", "saturation", "more or less colour in the whole shot", number("saturation", "amount", "the shot's colours times (0 to 4)", "1.2"));
add("does", "hue", "turns the colours of the whole shot", number("hue", "degrees", "the shot's colours turned by degrees (-180 to 180)", "10"));
add("does", "propose", "colourings of this frame to choose from (P)", () => propose());
add("does", "in words", "colourings of this frame by your own models, as you say in words (Shift P)", wish);
add("does", "note", "words on this frame, or on the range (T)", note);
add("does", "range", "a range begins at this frame, for a note (I)", mark);
add("does", "list", "what to look at: notes, doubt, figures too high (Q)", list);
add("history", "undo", "take back the last stroke, or the last correction (Ctrl Z)", undoLast);
add("history", "redo", "put it back (Ctrl Y)", redo);

const zone = by("picture");
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  const file = event.dataTransfer.files[0];
  if (!file) return;
  try {
    const upload = await sendPicture(file);
    await correct(event.shiftKey ? "reference" : "keyframe", { upload });
  } catch (error) {
    say(error.message);
  }
});

setColor(tool.color);
useTool("look");
