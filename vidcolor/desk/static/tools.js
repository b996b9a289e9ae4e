// The tools on the picture: a hint, what stays gray, paint and scribble, a colour taken; and the colour they use.

import { approve, ask, correct, cut, grayShot, merge, note, propose, redo, say, sendPicture, undo } from "./actions.js";
import { button } from "./elements.js";
import { film, json, onChange, shotAt } from "./film.js";
import { closeOutline, corner, discard, dropOutline, outlines, piece, send, stroke, takeCorner, takeMark } from "./sheet.js";
import { draw, pointAt, setView, takers, viewer } from "./viewer.js";

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
const POINTS = ["hint", "neutral"]; // tools that show the points said already
const by = (id) => document.getElementById(id);
const planeInk = by("plane").getContext("2d", { willReadFrequently: true });
const tool = { name: "look", color: "8a5a3c", named: "", size: 24 };
let line = null; // the stroke that is being painted
let over = null; // the point under the pointer
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
  by("palette").value = named;
  by("asked").style.background = `#${tool.color}`;
  by("lit").style.background = `#${tool.color}`;
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
  take: (point, event) => takePixel(by("picture").getContext("2d"), event.offsetX * devicePixelRatio, event.offsetY * devicePixelRatio),
  piece: (point) => piece(point, tool.color),
  outline: corner,
};
/** What a stroke is, by the tool. */
const STROKES = {
  paint: () => ({ color: tool.color, wide: tool.size }),
  scribble: () => ({ color: tool.color, wide: THIN, kind: "scribble" }),
  rubber: () => ({ color: "000000", wide: tool.size, rubs: true }),
};

takers.push((kind, event) => {
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
    if (CLICKS[tool.name]) CLICKS[tool.name](point, event);
    else line = stroke(point, STROKES[tool.name]());
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
add("does", "note", "words on this frame (T)", note);
const number = (kind, name, question, value) => () =>
  ask(question, (words) => Number.isFinite(Number(words)) ? correct(kind, { [name]: Number(words), ...(kind === "dissolve" ? { frame: shotAt(film.frame).start } : {}) }) : say(`${words}: write a number`), value);
add("does", "dissolve", "how the shot enters", number("dissolve", "length", "the shot enters by a dissolve of so many frames (0: a cut)", "12"));
add("does", "saturation", "more or less colour in the whole shot", number("saturation", "amount", "the shot's colours times (0 to 4)", "1.2"));
add("does", "hue", "turns the colours of the whole shot", number("hue", "degrees", "the shot's colours turned by degrees (-180 to 180)", "10"));
add("does", "propose", "colourings of this frame to choose from (P)", propose);
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

onChange(() => {
  const names = Object.keys(film.facts.palette);
  by("named").hidden = !names.length;
  by("palette").replaceChildren(new Option("", ""), ...names.map((name) => new Option(name, name)));
  by("palette").value = tool.named;
});
setColor(tool.color);
useTool("look");
