// The list of shots: only the rows that are seen are made, so that thousands cost no more than a few.

import { film, goTo, onChange, onMove, shotAt } from "./film.js";
import { thumb } from "./thumbs.js";
import { sign } from "./timeline.js";

const list = document.getElementById("shots");
const rows = document.getElementById("rows");
const made = new Map();

function tall() {
  return Math.round(parseFloat(getComputedStyle(document.documentElement).fontSize) * 4.7);
}

function row(shot) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "row";
  button.dataset.shot = shot.id;
  button.title = `${shot.id}: frames ${shot.start} to ${shot.stop - 1}`;
  const image = document.createElement("img");
  image.alt = "";
  const put = (came) => {
    image.src = came.src;
  };
  const here = thumb(shot, put);
  if (here) put(here);
  const lines = [
    ["b", "", shot.id],
    ["span", "word", `${sign(shot)}${shot.version ? `  ${shot.version}` : ""}`],
    ["span", "", `${shot.timecode}  ${shot.stop - shot.start}`],
  ];
  button.append(image);
  for (const [tag, name, text] of lines) {
    const line = document.createElement(tag);
    line.className = name;
    line.textContent = text;
    button.append(line);
  }
  button.addEventListener("click", () => goTo(shot.keyframes.find((frame) => frame >= shot.start) ?? shot.start));
  return button;
}

function draw() {
  const high = tall();
  rows.style.height = `${high * film.shots.length}px`;
  const first = Math.max(0, Math.floor(list.scrollTop / high) - 1);
  const last = Math.min(film.shots.length, Math.ceil((list.scrollTop + list.clientHeight) / high) + 1);
  const here = shotAt(film.frame);
  const seen = new Set();
  for (let place = first; place < last; place += 1) {
    const shot = film.shots[place];
    const key = `${shot.id} ${shot.mark} ${sign(shot)} ${shot.version}`;
    seen.add(key);
    if (!made.has(key)) {
      made.set(key, row(shot));
      rows.append(made.get(key));
    }
    const button = made.get(key);
    button.style.top = `${place * high}px`;
    button.style.height = `${high}px`;
    button.setAttribute("aria-current", shot === here);
  }
  for (const [key, button] of made) {
    if (!seen.has(key)) {
      button.remove();
      made.delete(key);
    }
  }
}

/** Brings the shot looked at into sight. */
function follow() {
  const high = tall();
  const top = shotAt(film.frame).place * high;
  if (top < list.scrollTop || top + high > list.scrollTop + list.clientHeight) {
    list.scrollTop = top - list.clientHeight / 2 + high / 2;
  }
  draw();
}

list.addEventListener("scroll", draw, { passive: true });
new ResizeObserver(() => film.facts && draw()).observe(list);
onMove(follow);
onChange(follow);
