// The viewer: one frame, gray, in colour, wiped, side by side or with its doubt; zoom and pan go in step.

import { sized } from "./elements.js";
import { film, onChange, onMove, picture, shotAt } from "./film.js";

export const VIEWS = [
  ["gray", "G", "the film as it is"],
  ["color", "C", "in colour", "colour"],
  ["wipe", "W", "left of the line A, right of it B"],
  ["side", "S", "A and B side by side"],
  ["doubt", "D", "colour, and over it where it is in doubt"],
  ["onion", "O", "the keyframe before laid thinly over the frame; again: the one behind"],
];
const KEPT = 48;
const REST = 300; // milliseconds after which the frame is asked for as it is delivered
const LARGEST = 32;
const NEAR = 10; // pixels from the wipe's line within which it is dragged
const canvas = document.getElementById("picture");
const paper = canvas.getContext("2d");
const kept = new Map();

export const viewer = {
  view: "color",
  first: "gray", // A: gray, or a version's name; "" is the version in force
  second: "", // B
  zoom: 1,
  middle: [0.5, 0.5],
  wipe: 0.5,
  side: -1, // from which the onion view takes a keyframe: before, or behind
  shown: -1, // the frame whose picture is on the canvas
  timecode: "",
  exact: false,
  problem: "", // with the picture
  said: "", // of what was done last
  overlays: [], // drawn last, each (paper, place) => void
  listeners: [],
};
let asked = 0;
let layers = [];
let resting = 0;
let asking = new AbortController();
let under = ""; // what is asked for, and did not come yet

/** What the view is made of, bottom first: each as a picture is asked for. */
function parts() {
  const shot = shotAt(film.frame);
  const says = shot.waits && [...shot.keyframes, ...film.facts.corrections.filter((one) => one.colors).map((one) => one.frame)].includes(film.frame);
  const colored = shot.version !== null || shot.excluded || says;
  const color = (version) => (version === "gray" || !colored ? { view: "gray" } : { view: "color", version, ahead: says && !version });
  if (viewer.view === "gray") return [{ view: "gray" }];
  if (viewer.view === "color") return [color(viewer.second)];
  if (viewer.view === "doubt") return colored ? [color(viewer.second), ...(shot.version ? [{ view: "doubt", version: viewer.second }] : [])] : [color("gray")];
  if (viewer.view === "onion") {
    const near = laidOver();
    return near === undefined ? [color(viewer.second)] : [color(viewer.second), { ...color(viewer.second), ahead: false, frame: near }];
  }
  return [color(viewer.first), color(viewer.second)];
}

/** The keyframe that the onion view lays over the frame: on the side that is asked for, else on the other. */
export function laidOver() {
  const away = shotAt(film.frame).keyframes.map((frame) => (frame - film.frame) * viewer.side).filter(Boolean);
  const nearest = away.sort((a, b) => (a < 0) - (b < 0) || Math.abs(a) - Math.abs(b))[0];
  return nearest === undefined ? undefined : film.frame + nearest * viewer.side;
}

function key(part, width) {
  const shot = shotAt(film.frame);
  const mark = part.view === "gray" ? "" : `${shot.mark} ${part.version || ""} ${shot.waits ? film.facts.number : ""}`;
  return `${part.frame ?? film.frame} ${part.view} ${mark} ${width}`;
}

async function part(one, width, signal) {
  const name = key(one, width);
  if (kept.has(name)) return kept.get(name);
  const made = await picture(one.frame ?? film.frame, { ...one, width }, { signal });
  kept.set(name, made);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return made;
}

/** At most the film's width: so many pixels, in steps, so that few sizes are decoded. */
export const inSteps = (pixels) => Math.min(film.size[1], Math.max(160, Math.ceil(pixels / 160) * 160));

/** The width that pictures are asked for: what is seen of them. */
const width = () => inSteps(canvas.clientWidth * devicePixelRatio * (viewer.view === "side" ? 0.5 : 1));

/** What was asked for before is no longer wanted: a browser has six ways to the server, which are free again. */
function overtake() {
  clearTimeout(resting);
  under = "";
  asking.abort();
  asking = new AbortController();
  return (asked += 1);
}

/** Asks for the frame and draws it; a later ask overtakes. */
export async function look({ whole = false } = {}) {
  const frame = film.frame;
  const wide = whole || viewer.zoom > 1.5 ? 0 : width();
  const wish = parts().map((one) => key(one, wide)).join();
  if (wish === under) return;
  const mine = overtake();
  const { signal } = asking;
  under = wish;
  try {
    const made = [];
    let problem = "";
    for (const one of parts()) {
      try {
        made.push(await part(one, one.view === "doubt" ? width() : wide, signal));
      } catch (error) {
        if (mine !== asked || one.view === "gray") throw error;
        problem = error.message; // it has no colours to show: gray, and why
        if (one.view === "color") made.push(await part({ ...one, view: "gray" }, wide, signal));
      }
      if (mine !== asked) return;
    }
    layers = made;
    viewer.shown = frame;
    viewer.timecode = made[0].timecode;
    viewer.exact = wide === 0;
    viewer.ahead = made.some((one) => one.ahead);
    viewer.problem = problem;
    if (wide !== 0) resting = setTimeout(() => look({ whole: true }), REST);
  } catch (error) {
    if (mine !== asked) return;
    viewer.problem = error.message;
  }
  under = "";
  draw();
}

/** Shows a picture of the frame that was made elsewhere: by the player. */
export function show(made) {
  overtake();
  layers = [made];
  viewer.shown = made.frame;
  viewer.timecode = made.timecode;
  viewer.exact = false;
  draw();
}

/** Where the picture lies on the canvas, in canvas pixels: of pane 0 or 1. */
export function place(pane = 0) {
  const panes = viewer.view === "side" ? 2 : 1;
  const [height, wide] = film.size;
  const room = [canvas.width / panes, canvas.height];
  const scale = Math.min(room[0] / wide, room[1] / height) * viewer.zoom;
  const [x, y] = viewer.middle;
  return {
    left: room[0] * pane + room[0] / 2 - x * wide * scale,
    top: room[1] / 2 - y * height * scale,
    width: wide * scale,
    height: height * scale,
    pane: [room[0] * pane, 0, room[0], room[1]],
    scale,
  };
}

/** The point of the picture under a pointer, as fractions of its width and height. */
export function pointAt(event) {
  const box = canvas.getBoundingClientRect();
  const x = ((event.clientX - box.left) * canvas.width) / box.width;
  const y = ((event.clientY - box.top) * canvas.height) / box.height;
  const at = place(viewer.view === "side" && x > canvas.width / 2 ? 1 : 0);
  return [(x - at.left) / at.width, (y - at.top) / at.height];
}

function paint(layer, at, clip) {
  paper.save();
  paper.beginPath();
  paper.rect(...clip);
  paper.clip();
  paper.imageSmoothingEnabled = at.scale * devicePixelRatio < 3;
  paper.imageSmoothingQuality = "high";
  paper.drawImage(layer.bitmap, at.left, at.top, at.width, at.height);
  paper.restore();
}

export function draw() {
  const size = sized(canvas);
  paper.clearRect(0, 0, ...size);
  const at = place();
  if (layers.length === 2 && viewer.view === "side") {
    layers.forEach((layer, pane) => paint(layer, place(pane), place(pane).pane));
  } else if (layers.length === 2 && viewer.view === "wipe") {
    const line = Math.round(size[0] * viewer.wipe);
    paint(layers[0], at, [0, 0, line, size[1]]);
    paint(layers[1], at, [line, 0, size[0] - line, size[1]]);
    paper.fillStyle = "#fff";
    paper.fillRect(line - 1, 0, 2, size[1]);
  } else {
    layers.forEach((layer, k) => {
      paper.globalAlpha = viewer.view === "onion" && k ? 0.45 : 1;
      paint(layer, at, at.pane);
      paper.globalAlpha = 1;
    });
  }
  for (const one of viewer.view === "side" ? [at, place(1)] : [at]) {
    paper.save();
    paper.beginPath();
    paper.rect(...one.pane);
    paper.clip();
    viewer.overlays.forEach((over) => over(paper, one));
    paper.restore();
  }
  viewer.listeners.forEach((tell) => tell());
}

export function setView(view) {
  if (view === "onion") viewer.side = viewer.view === "onion" ? -viewer.side : -1;
  viewer.view = view;
  look();
}

/** Zooms by a factor, the point (fractions of the picture) staying where it is. */
export function zoomBy(factor, point = viewer.middle) {
  const before = viewer.zoom;
  viewer.zoom = Math.max(1, Math.min(LARGEST, viewer.zoom * factor));
  const share = before / viewer.zoom;
  viewer.middle = viewer.middle.map((m, k) => (viewer.zoom === 1 ? 0.5 : point[k] + (m - point[k]) * share));
  draw();
  look();
}

export function fit() {
  viewer.zoom = 1;
  viewer.middle = [0.5, 0.5];
  draw();
}

/** One pixel of the film to one of the screen. */
export function everyPixel() {
  fit();
  zoomBy(1 / place().scale);
}

let drag = null;
/** Tools that take the pointer first: each (kind, event) => whether it did. */
export const takers = [];

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  if (event.button === 0 && takers.some((take) => take("down", event))) return;
  const line = canvas.clientWidth * viewer.wipe;
  const onLine = viewer.view === "wipe" && Math.abs(event.offsetX - line) < NEAR;
  drag = { wipe: onLine, x: event.clientX, y: event.clientY, middle: viewer.middle };
});
canvas.addEventListener("pointermove", (event) => {
  if (takers.some((take) => take("move", event))) return;
  if (!drag) return;
  if (drag.wipe) {
    viewer.wipe = Math.max(0, Math.min(1, event.offsetX / canvas.clientWidth));
  } else {
    const at = place();
    const pixel = devicePixelRatio;
    viewer.middle = [
      drag.middle[0] - ((event.clientX - drag.x) * pixel) / at.width,
      drag.middle[1] - ((event.clientY - drag.y) * pixel) / at.height,
    ].map((m) => Math.max(0, Math.min(1, m)));
  }
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  takers.some((take) => take("up", event));
  drag = null;
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 400), pointAt(event));
  },
  { passive: false },
);
new ResizeObserver(() => {
  draw();
  if (film.facts) look();
}).observe(canvas);
onMove((frame, how) => how.playing || look());
onChange(() => look());
