// The tools on the picture: a hint, what stays gray, paint and scribble, a colour taken; and the colour they use.

import { approve, ask, correct, cut, grayShot, merge, note, propose, redo, say, sendPicture, undo } from "./actions.js";
import { button } from "./elements.js";
import { fetched, film, json, onChange, onMove, shotAt } from "./film.js";
import { draw, pointAt, setView, takers, viewer } from "./viewer.js";

/** [name, what it is for], as they lie on the keys 1 to 8 */
export const TOOLS = [
  ["look", "move the picture"],
  ["hint", "a click gives the thing there the colour"],
  ["neutral", "a click leaves the thing there gray"],
  ["paint", "colours the pixels you paint"],
  ["scribble", "thin strokes; the colour fills what they run through"],
  ["rubber", "takes paint away again"],
  ["take", "takes the colour under the pointer"],
  ["piece", "a click paints the whole piece there"],
];
const LARGEST = 4096; // pixels along the long side of a paint
const THIN = 6;
const by = (id) => document.getElementById(id);
const sheet = document.createElement("canvas");
const ink = sheet.getContext("2d");
const planeInk = by("plane").getContext("2d", { willReadFrequently: true });
const tool = { name: "look", color: "8a5a3c", named: "", size: 24 };
let painted = null; // {frame, kind} of what is on the sheet
let last = null;
let lightness = -1;
let warmed = false; // whether the server was asked to load what previews of hints need

export function useTool(name) {
  tool.name = name;
  document.querySelectorAll("[data-tool]").forEach((b) => b.setAttribute("aria-checked", b.dataset.tool === name));
  by("color").hidden = name === "look";
  if (["hint", "neutral", "scribble"].includes(name) && !warmed) {
    warmed = true;
    json("warm").catch(() => {});
  }
  if (["hint", "paint", "scribble", "take", "piece"].includes(name) && viewer.view === "gray") setView("color");
}

export function brush(factor) {
  tool.size = Math.max(1, Math.min(200, tool.size * factor));
  by("size").value = tool.size;
}

export function setColor(code, named = "") {
  if (!/^[0-9a-f]{6}$/i.test(code)) return;
  Object.assign(tool, { color: code.toLowerCase(), named });
  by("hex").value = tool.color;
  by("palette").value = named;
  by("asked").style.background = `#${tool.color}`;
  by("lit").style.background = `#${tool.color}`;
}

/** Takes the colour of a pixel of a canvas. */
export function takePixel(paper, x, y) {
  const [r, g, b] = paper.getImageData(x, y, 1, 1).data;
  setColor([r, g, b].map((value) => value.toString(16).padStart(2, "0")).join(""));
}

const scale = () => Math.min(1, LARGEST / Math.max(...film.size));

function stroke(from, to) {
  const kind = tool.name === "rubber" ? painted?.kind : tool.name;
  const wide = (kind === "scribble" ? THIN : tool.size) * scale();
  ink.globalCompositeOperation = tool.name === "rubber" ? "destination-out" : "source-over";
  ink.strokeStyle = `#${tool.color}`;
  ink.lineCap = ink.lineJoin = "round";
  ink.lineWidth = wide;
  ink.beginPath();
  ink.moveTo(from[0] * sheet.width, from[1] * sheet.height);
  ink.lineTo(to[0] * sheet.width + 0.01, to[1] * sheet.height);
  ink.stroke();
}

function begin() {
  if (painted && painted.frame !== film.frame) {
    say(`send (Enter) or forget (Esc) the paint of frame ${painted.frame} first`);
    return false;
  }
  if (!painted) {
    [sheet.height, sheet.width] = film.size.map((side) => Math.round(side * scale()));
    painted = { frame: film.frame, kind: tool.name === "scribble" ? "scribble" : "paint" };
    buttons();
  }
  return true;
}

const inside = (point) => point.every((share) => share >= 0 && share < 1);

takers.push((kind, event) => {
  const point = pointAt(event);
  if (kind === "move" && !last) {
    if (tool.name !== "look" && inside(point)) feel(point);
    return false;
  }
  if (tool.name === "look") return false;
  if (kind === "down") {
    if (!inside(point)) return false;
    if (tool.name === "hint") correct("hint", { at: point, color: tool.named || tool.color });
    else if (tool.name === "neutral") correct("neutral", { at: point });
    else if (tool.name === "take") takePixel(by("picture").getContext("2d"), event.offsetX * devicePixelRatio, event.offsetY * devicePixelRatio);
    else if (tool.name === "piece") {
      if (begin()) piece(point);
    }
    else if ((tool.name !== "rubber" || painted) && begin()) {
      last = point;
      stroke(point, point);
      draw();
    }
    return true;
  }
  if (!last) return false;
  if (kind === "up") last = null;
  else {
    stroke(last, point);
    last = point;
    draw();
  }
  return true;
});

let labels = null; // {frame, image} of the superpixels of a frame
/** Paints the superpixel at a point. */
async function piece(point) {
  try {
    if (labels?.frame !== film.frame) {
      const frame = film.frame;
      const { bitmap } = await fetched(frame, `labels/${frame}.png`);
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
      const paper = canvas.getContext("2d", { willReadFrequently: true });
      paper.drawImage(bitmap, 0, 0);
      labels = { frame, data: paper.getImageData(0, 0, canvas.width, canvas.height) };
    }
  } catch (error) {
    say(error.message);
    return;
  }
  const { width, height, data } = labels.data;
  const pixels = new Uint32Array(data.buffer);
  const label = pixels[Math.floor(point[1] * height) * width + Math.floor(point[0] * width)];
  const part = new ImageData(width, height);
  const filled = new Uint32Array(part.data.buffer);
  const [r, g, b] = [0, 2, 4].map((k) => parseInt(tool.color.slice(k, k + 2), 16));
  const color = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  for (let k = 0; k < pixels.length; k += 1) if (pixels[k] === label) filled[k] = color;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(part, 0, 0);
  ink.globalCompositeOperation = "source-over";
  ink.drawImage(canvas, 0, 0, sheet.width, sheet.height);
  draw();
}

const sendCanvas = async (canvas) => sendPicture(await new Promise((done) => canvas.toBlob(done, "image/png")));

/** Whether there is paint on this frame that was not sent. */
export const keepsPaint = () => painted !== null;

/** Sends where there is paint, as a mask; what comes back says its number, its frame, and forgets the paint. */
export async function sendMask() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [sheet.width, sheet.height];
  const paper = canvas.getContext("2d");
  paper.drawImage(sheet, 0, 0);
  paper.globalCompositeOperation = "source-in";
  paper.fillStyle = "#fff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.globalCompositeOperation = "destination-over";
  paper.fillStyle = "#000";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  try {
    return { upload: await sendCanvas(canvas), frame: painted.frame, done: discard };
  } catch (error) {
    say(error.message);
    return null;
  }
}

viewer.overlays.push((paper, at) => {
  if (!painted || painted.frame !== film.frame || viewer.view === "gray") return;
  paper.save();
  paper.globalCompositeOperation = "color"; // the film's light stays, as it will in the render
  paper.drawImage(sheet, at.left, at.top, at.width, at.height);
  paper.restore();
});

/** Writes the paint down as a correction. */
export async function send() {
  if (!painted) return;
  const { frame, kind } = painted;
  try {
    const upload = await sendCanvas(sheet);
    if (await correct(kind === "scribble" ? "scribble" : "paint", { frame, upload })) discard();
  } catch (error) {
    say(error.message);
  }
}

export function discard() {
  painted = null;
  buttons();
  draw();
}

function buttons() {
  by("paint").hidden = !painted;
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

let planeImage = null;
async function plane(light) {
  lightness = Math.round(light);
  const image = new Image();
  image.src = `plane.png?lightness=${lightness}`;
  await image.decode();
  planeImage = image;
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
by("palette").addEventListener("change", () => setColor(film.facts.palette[by("palette").value] || tool.color, by("palette").value));
by("size").addEventListener("input", () => {
  tool.size = Number(by("size").value);
});
by("send").addEventListener("click", send);
by("drop").addEventListener("click", discard);

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
add("does", "note", "words on this frame (T)", note);
const number = (kind, name, question, value) => () =>
  ask(question, (words) => Number.isFinite(Number(words)) ? correct(kind, { [name]: Number(words), ...(kind === "dissolve" ? { frame: shotAt(film.frame).start } : {}) }) : say(`${words}: write a number`), value);
add("does", "dissolve", "how the shot enters", number("dissolve", "length", "the shot enters by a dissolve of so many frames (0: a cut)", "12"));
add("does", "saturation", "more or less colour in the whole shot", number("saturation", "amount", "the shot's colours times (0 to 4)", "1.2"));
add("does", "hue", "turns the colours of the whole shot", number("hue", "degrees", "the shot's colours turned by degrees (-180 to 180)", "10"));
add("does", "propose", "colourings of this frame to choose from (P)", propose);
add("history", "undo", "take the last correction back (Ctrl Z)", undo);
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

onMove(draw);
onChange(() => {
  const names = Object.keys(film.facts.palette);
  by("named").hidden = !names.length;
  by("palette").replaceChildren(new Option("", ""), ...names.map((name) => new Option(name, name)));
  by("palette").value = tool.named;
  buttons();
});
setColor(tool.color);
useTool("look");
