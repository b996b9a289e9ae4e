// Playing: each picture shown is one the server made of that very frame; what comes late is left out, and counted.

import { film, goTo, onMove, picture, shotAt } from "./film.js";
import { inSteps, look, show, viewer } from "./viewer.js";

const WIDEST = 960;
const AHEAD = 10; // frames fetched before they are due
const TOGETHER = 2;
export const player = { speed: 0, left: 0, shownFrames: 0 };
let run = 0;

onMove((frame, how) => how.playing || !player.speed || play(player.speed)); // on from where it was sent

/** Plays at a speed: 1 as filmed, -1 backwards, 0 stands still. */
export function play(speed) {
  run += 1;
  const mine = run;
  player.speed = speed;
  if (!speed) {
    look();
    return;
  }
  Object.assign(player, { left: 0, shownFrames: 0 });
  const start = film.frame;
  const step = Math.sign(speed);
  const end = step > 0 ? film.frames - 1 : 0;
  const ready = new Map();
  const began = performance.now();
  let next = start;
  let under = 0;
  let last = start;
  const due = () => start + step * Math.floor(((performance.now() - began) / 1000) * film.rate * Math.abs(speed));
  const width = Math.min(WIDEST, inSteps(document.getElementById("picture").clientWidth));

  async function fetchOne(frame) {
    under += 1;
    const shot = shotAt(frame);
    const view = viewer.view === "gray" || (shot.version === null && !shot.excluded) ? "gray" : "color";
    try {
      const made = await picture(frame, { view, width });
      if (mine === run) ready.set(frame, made);
    } catch (error) {
      viewer.problem = error.message;
    }
    under -= 1;
  }

  function more() {
    const now = due();
    if ((next - now) * step < 0) next = now;
    while (under < TOGETHER && (next - now) * step < AHEAD && (end - next) * step >= 0) {
      fetchOne(next);
      next += step;
    }
  }

  function tick() {
    if (mine !== run) return;
    more();
    const now = due();
    const here = [...ready.keys()].filter((frame) => (now - frame) * step >= 0);
    if (here.length) {
      const frame = here.reduce((a, b) => ((b - a) * step > 0 ? b : a));
      show(ready.get(frame));
      here.forEach((one) => ready.delete(one));
      player.left += Math.max(0, Math.abs(frame - last) - 1);
      player.shownFrames += 1;
      last = frame;
      goTo(frame, { playing: true });
    }
    if ((end - now) * step > 0 || ((end - last) * step > 0 && (under || ready.size))) {
      requestAnimationFrame(tick);
    } else {
      goTo(end, { playing: true });
      play(0);
    }
  }
  tick();
}
