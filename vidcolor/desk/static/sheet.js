// The sheet over a frame: what is painted on it lies there as marks until it is sent, as a picture or as a mask.

import { correct, say, sendPicture } from "./actions.js";
import { fetched, film, onMove } from "./film.js";
import { draw, viewer } from "./viewer.js";

const LARGEST = 4096; // pixels along the long side of a paint
const box = document.getElementById("paint");
const paper = document.createElement("canvas");
const ink = paper.getContext("2d");
let sheet = null; // {frame, kind, marks} of what is on the paper; a mark is {draw} that puts it there
let sending = false; // while what is on the sheet is under way, it is left as it is
let corners = []; // of an outline that is not closed yet, in fractions of the picture
let labels = null; // {frame, width, height, pixels}: the superpixels of a frame

const scale = () => Math.min(1, LARGEST / Math.max(...film.size));
/** Whether there is paint that was not sent. */
export const keepsPaint = () => Boolean(sheet?.marks.length);
/** Whether an outline is being drawn. */
export const outlines = () => corners.length > 0;

/** Takes a sheet for this frame, where there is none; whether there is one now. `kind` is of what it is sent as. */
function begin(kind) {
  if (sending) {
    say("the paint is being written; a moment");
    return false;
  }
  if (sheet && sheet.frame !== film.frame) {
    say(`send (Enter) or forget (Esc) the paint of frame ${sheet.frame} first`);
    return false;
  }
  if (!sheet) {
    [paper.height, paper.width] = film.size.map((side) => Math.round(side * scale()));
    sheet = { frame: film.frame, kind, marks: [] };
    box.hidden = false;
  }
  return true;
}

function lay(mark) {
  sheet.marks.push(mark);
  mark.draw();
  draw();
}

/** Begins a stroke of a brush, `wide` pixels of the film; null where there is no sheet to be had. */
export function stroke(point, { color, wide, rubs = false, kind = "paint" }) {
  if ((rubs && !sheet) || !begin(kind)) return null;
  const points = [point];
  const line = (from) => {
    ink.globalCompositeOperation = rubs ? "destination-out" : "source-over";
    ink.strokeStyle = `#${color}`;
    ink.lineCap = ink.lineJoin = "round";
    ink.lineWidth = wide * scale();
    ink.beginPath();
    points.slice(from).forEach(([x, y]) => ink.lineTo(x * paper.width, y * paper.height));
    if (points.length - from === 1) ink.lineTo(points[from][0] * paper.width + 0.01, points[from][1] * paper.height);
    ink.stroke();
  };
  lay({ draw: () => line(0) });
  return {
    to(next) {
      points.push(next);
      line(points.length - 2);
      draw();
    },
  };
}

/** Sets a corner of an outline. */
export function corner(point) {
  if (!begin("paint")) return;
  corners.push(point);
  say(corners.length < 3 ? "click corner after corner" : "Enter closes the outline, Esc forgets it");
  draw();
}

export function takeCorner() {
  corners.pop();
  if (!corners.length) dropOutline();
  draw();
}

/** Fills the outline. */
export function closeOutline(color) {
  if (corners.length < 3) {
    say("an outline has three corners or more");
    return;
  }
  const points = corners;
  corners = [];
  say("");
  lay({
    draw() {
      ink.globalCompositeOperation = "source-over";
      ink.fillStyle = `#${color}`;
      trace(ink, points, { left: 0, top: 0, width: paper.width, height: paper.height });
      ink.fill();
    },
  });
}

export function dropOutline() {
  corners = [];
  if (sheet && !sheet.marks.length) discard();
  say("");
  draw();
}

export function trace(onto, points, at) {
  onto.beginPath();
  points.forEach(([x, y]) => onto.lineTo(at.left + x * at.width, at.top + y * at.height));
  onto.closePath();
}

/** Paints the superpixel at a point. */
export async function piece(point, color) {
  if (!begin("paint")) return;
  const { frame } = sheet;
  try {
    if (labels?.frame !== frame) labels = await labelsOf(frame);
  } catch (error) {
    say(error.message);
    return;
  }
  if (sheet?.frame !== frame) return; // sent or forgotten meanwhile
  const { width, height, pixels } = labels;
  const label = pixels[Math.floor(point[1] * height) * width + Math.floor(point[0] * width)];
  const part = new ImageData(width, height);
  const filled = new Uint32Array(part.data.buffer);
  const [r, g, b] = [0, 2, 4].map((k) => parseInt(color.slice(k, k + 2), 16));
  const whole = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  for (let k = 0; k < pixels.length; k += 1) if (pixels[k] === label) filled[k] = whole;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(part, 0, 0);
  lay({
    draw() {
      ink.globalCompositeOperation = "source-over";
      ink.drawImage(canvas, 0, 0, paper.width, paper.height);
    },
  });
}

async function labelsOf(frame) {
  const { bitmap } = await fetched(frame, `labels/${frame}.png`);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const onto = canvas.getContext("2d", { willReadFrequently: true });
  onto.drawImage(bitmap, 0, 0);
  const { width, height, data } = onto.getImageData(0, 0, canvas.width, canvas.height);
  return { frame, width, height, pixels: new Uint32Array(data.buffer) };
}

/** Takes the last mark back that was not sent; whether there was one. */
export function takeMark() {
  if (!sheet) return false;
  if (sending) return true;
  sheet.marks.pop();
  if (!sheet.marks.length) discard();
  else {
    ink.globalCompositeOperation = "source-over";
    ink.clearRect(0, 0, paper.width, paper.height);
    sheet.marks.forEach((mark) => mark.draw());
    draw();
  }
  return true;
}

export const sendCanvas = async (canvas) => sendPicture(await new Promise((done) => canvas.toBlob(done, "image/png")));

/** Writes the paint down as a correction. */
export async function send() {
  if (!sheet?.marks.length || sending) return;
  const { frame, kind } = sheet;
  await written(paper, (upload) => correct(kind, { frame, upload }));
}

/** Sends a canvas and has it written down by `write`, which answers whether it was: then the paint is done with. */
async function written(canvas, write) {
  sending = true;
  let done = false;
  try {
    done = await write(await sendCanvas(canvas));
  } catch (error) {
    say(error.message);
  }
  sending = false;
  if (done) discard();
}

/** Sends where there is paint, as a mask, and has it written down by `write(frame, upload)`. */
export async function sendMask(write) {
  if (sending) return;
  const { frame } = sheet;
  await written(maskOf(paper), (upload) => write(frame, upload));
}

/** White where a canvas is painted, black elsewhere. */
export function maskOf(painted) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [painted.width, painted.height];
  const onto = canvas.getContext("2d");
  onto.drawImage(painted, 0, 0);
  onto.globalCompositeOperation = "source-in";
  onto.fillStyle = "#fff";
  onto.fillRect(0, 0, canvas.width, canvas.height);
  onto.globalCompositeOperation = "destination-over";
  onto.fillStyle = "#000";
  onto.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

export function discard() {
  if (sending) return;
  sheet = null;
  corners = [];
  box.hidden = true;
  draw();
}

viewer.overlays.push((onto, at) => {
  if (!sheet || sheet.frame !== film.frame) return;
  if (viewer.view !== "gray") {
    onto.save();
    onto.globalCompositeOperation = "color"; // the film's light stays, as it will in the render
    onto.drawImage(paper, at.left, at.top, at.width, at.height);
    onto.restore();
  }
  if (!corners.length) return;
  trace(onto, corners, at);
  dashed(onto, devicePixelRatio);
});

/** Draws what was traced as a line of dashes. */
export function dashed(onto, pixel) {
  for (const [color, dash] of [["#000", []], ["#fff", [6, 6]]]) {
    onto.strokeStyle = color;
    onto.lineWidth = 1.5 * pixel;
    onto.setLineDash(dash.map((long) => long * pixel));
    onto.stroke();
  }
  onto.setLineDash([]);
}

onMove(draw);
box.hidden = true;
