// The timeline: doubt over time, the shots with their state and thumbnails, keyframes, and where one more would help.

import { sized } from "./elements.js";
import { film, goTo, onChange, onMove, shotAt } from "./film.js";
import { thumb } from "./thumbs.js";

const canvas = document.getElementById("timeline");
const paper = canvas.getContext("2d");
const CURVE = 0.34; // of the height
const WIDE = 46; // pixels from which a shot shows a thumbnail
const LEAST = 24; // frames seen at least
const STATES = { fresh: "#474747", approved: "#6e6e6e", "approved, stale": "#6e6e6e", stale: "#353535", new: "#282828", excluded: "#282828" };
const SIGNS = { fresh: "● fresh", approved: "✓ approved", "approved, stale": "✓ approved, stale", stale: "◐ stale", new: "○ new", excluded: "– gray" };
let from = 0;
let to = 1;
let due = false;

export const sign = (shot) => (film.rendering && film.rendering.has(shot.id) ? "… rendering" : SIGNS[shot.word] || shot.word);

function later() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    draw();
  });
}

const x = (frame) => ((frame - from) / (to - from)) * canvas.width;

function draw() {
  const pixel = devicePixelRatio;
  const [width, height] = sized(canvas);
  if (!film.facts) return;
  const foot = Math.round(height * CURVE);
  paper.fillStyle = "#1d1d1d";
  paper.fillRect(0, 0, width, height);
  curve(width, foot);
  shots(width, height, foot, pixel);
  marks(height, foot, pixel);
  const here = x(film.frame + 0.5);
  paper.fillStyle = "#fff";
  paper.fillRect(Math.round(here - pixel), 0, 2 * pixel, height);
}

function curve(width, foot) {
  const { doubt } = film.facts;
  paper.fillStyle = "#a5a5a5";
  paper.beginPath();
  paper.moveTo(0, foot);
  for (let column = 0; column < width; column += 1) {
    const first = Math.max(0, Math.floor(from + ((to - from) * column) / width));
    const last = Math.min(film.frames, Math.max(first + 1, Math.floor(from + ((to - from) * (column + 1)) / width)));
    let most = 0;
    for (let frame = first; frame < last; frame += 1) most = Math.max(most, doubt[frame]);
    paper.lineTo(column, foot - (foot - 4) * (most / 100));
  }
  paper.lineTo(width, foot);
  paper.fill();
  paper.fillStyle = "#5a5a5a";
  paper.fillRect(0, foot, width, 1);
}

function shots(width, height, foot, pixel) {
  const top = foot + 2;
  const tall = height - top - Math.round(parseFloat(getComputedStyle(canvas).fontSize) * 1.5 * pixel);
  let painted = -1;
  for (let place = shotAt(Math.max(0, Math.floor(from))).place; place < film.shots.length; place += 1) {
    const shot = film.shots[place];
    if (shot.start >= to) break;
    const left = Math.round(x(shot.start));
    const right = Math.round(x(shot.stop));
    if (right <= painted) continue; // narrower than a pixel, and one is drawn there
    painted = right;
    paper.fillStyle = STATES[shot.word] || "#555";
    paper.fillRect(left, top, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), tall);
    if (right - left < WIDE * pixel) continue;
    const image = thumb(shot, later);
    if (image) {
      const high = tall - 4 * pixel;
      const wide = Math.min(right - left - 4 * pixel, (high * image.naturalWidth) / image.naturalHeight);
      paper.save();
      paper.beginPath();
      paper.rect(left + 2 * pixel, top + 2 * pixel, wide, high);
      paper.clip();
      paper.drawImage(image, left + 2 * pixel, top + 2 * pixel, (high * image.naturalWidth) / image.naturalHeight, high);
      paper.restore();
    }
    paper.fillStyle = "#d0d0d0";
    paper.font = `${parseFloat(getComputedStyle(canvas).fontSize) * pixel}px system-ui, sans-serif`;
    paper.save();
    paper.beginPath();
    paper.rect(left, top + tall, right - left - 4 * pixel, height);
    paper.clip();
    const words = [`${sign(shot)}  ${shot.id}`, sign(shot), sign(shot)[0]].find((text) => paper.measureText(text).width < right - left - 7 * pixel) || "";
    paper.fillText(words, left + 3 * pixel, height - 6 * pixel);
    paper.restore();
  }
}

function marks(height, foot, pixel) {
  const many = film.shots.length > 1500 && to - from > 20000;
  paper.fillStyle = "#fff";
  for (const shot of many ? [] : film.shots) {
    if (shot.stop <= from || shot.start >= to) continue;
    if (x(shot.stop) - x(shot.start) < 8 * pixel) continue; // they would be one white band
    for (const frame of shot.keyframes) triangle(x(frame + 0.5), foot + 2, 4 * pixel);
  }
  paper.strokeStyle = "#fff";
  paper.lineWidth = pixel;
  for (const { frame } of film.facts.status.suggestions) {
    if (frame >= from && frame < to) diamond(x(frame + 0.5), 7 * pixel, 5 * pixel);
  }
  paper.fillStyle = "#fff";
  for (const { frame, last } of film.facts.corrections) {
    if (last < from || frame >= to) continue;
    const left = x(frame + 0.5) - 2 * pixel;
    paper.fillRect(left, foot - 7 * pixel, Math.max(4 * pixel, x(last + 0.5) + 2 * pixel - left), 4 * pixel);
  }
  if (film.mark !== null) {
    const [first, last] = [film.mark, film.frame].sort((a, b) => a - b);
    paper.fillStyle = "rgba(255,255,255,.25)";
    paper.fillRect(x(first), 0, x(last + 1) - x(first), height);
  }
}

function triangle(middle, top, size) {
  paper.beginPath();
  paper.moveTo(middle - size, top);
  paper.lineTo(middle + size, top);
  paper.lineTo(middle, top + 1.6 * size);
  paper.fill();
}

function diamond(middle, high, size) {
  paper.beginPath();
  paper.moveTo(middle, high - size);
  paper.lineTo(middle + size, high);
  paper.lineTo(middle, high + size);
  paper.lineTo(middle - size, high);
  paper.closePath();
  paper.stroke();
}

const frameAt = (event) => Math.floor(from + ((to - from) * event.offsetX) / canvas.clientWidth);

let dragging = false;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  dragging = true;
  goTo(frameAt(event));
});
canvas.addEventListener("pointermove", (event) => dragging && goTo(frameAt(event)));
canvas.addEventListener("pointerup", () => {
  dragging = false;
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const held = from + ((to - from) * event.offsetX) / canvas.clientWidth;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      shift(((event.deltaX || event.deltaY) / canvas.clientWidth) * (to - from));
    } else {
      const span = Math.max(LEAST, Math.min(film.frames, (to - from) * Math.exp(event.deltaY / 300)));
      from = held - ((held - from) * span) / (to - from);
      to = from + span;
      shift(0);
    }
  },
  { passive: false },
);

function shift(by) {
  const span = to - from;
  from = Math.max(0, Math.min(film.frames - span, from + by));
  to = from + span;
  later();
}

/** Keeps the frame looked at in sight. */
function follow() {
  if (film.frame < from || film.frame >= to) shift(film.frame - (from + to) / 2);
  canvas.setAttribute("aria-valuenow", film.frame);
  later();
}

onMove(follow);
onChange(() => {
  const whole = to <= 1;
  if (whole || to > film.frames) [from, to] = [0, film.frames];
  canvas.setAttribute("aria-valuemax", film.frames - 1);
  follow();
});
new ResizeObserver(later).observe(canvas);
