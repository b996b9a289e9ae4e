// Beside the picture: what is so of the shot, why it waits, its keyframes, corrections and notes.

import { button, element } from "./elements.js";
import { film, goTo, json, onChange, onMove, shotAt } from "./film.js";
import { act } from "./actions.js";
import { proposals, references } from "./beside.js";
import { sign } from "./timeline.js";

const panel = document.getElementById("panel");
let seen = "";
let facts = null; // of the shot looked at; those it had before a correction stay until they are read anew
let factsOf = "";

const jump = (frame) => button(`${frame}`, `go to frame ${frame}`, () => goTo(frame));
const backButton = ({ name }) => button("take back", `take ${name} back`, () => act("undo", { name }));

function quality(facts) {
  if (!facts.quality.length) return facts.versions.length ? ["not measured; the list (Q) has it done"] : [];
  return facts.quality.map(({ name, value, off }) => `${name} ${value}${off ? ": worth a look" : ""}`);
}

function pictures(head, figures) {
  return figures.length ? [element("h2", head), element("div", "", ...figures)] : [];
}

function section(head, lines) {
  if (!lines.length) return [];
  return [element("h2", head), element("ul", "", ...lines.map((line) => element("li", "", ...[line].flat())))];
}

function draw(shot) {
  const sure = shot.confidence === null ? "" : `, confidence ${shot.confidence.toFixed(2)}`;
  const inShot = ({ frame }) => frame >= shot.start && frame < shot.stop;
  const keys = facts ? facts.keyframes : [];
  const children = [
    element("h2", shot.id),
    element("p", `${sign(shot)}${shot.version ? `, ${shot.version}` : ""}${sure}`),
    element("p", `frames ${shot.start} to ${shot.stop - 1}, enters by a ${shot.entry}`),
    ...section("Why it waits", facts && shot.waits ? facts.why : []),
    ...section("Keyframes", keys.map((key) => [jump(key.frame), ` ${key.pictures[0] || "no picture"}`])),
    ...section("A picture would help", film.facts.status.suggestions.filter(inShot).map((one) => [jump(one.frame), ` makes known as much as ${one.gain.toFixed(1)} whole frames show`])),
    ...section("Corrections", film.facts.corrections.filter((one) => inShot(one)).map((one) => [jump(one.frame), `${one.last > one.frame ? ` to ${one.last}` : ""} ${one.kind}${one.note ? `: ${one.note}` : ""} `, backButton(one)])),
    ...section("Quality", facts ? quality(facts) : []),
    ...pictures("Proposed", facts ? proposals(facts) : []),
    ...pictures("References", facts ? references(facts) : []),
    ...section("Notes", facts ? facts.notes : []),
    ...section("Left out", film.facts.status.left_out),
  ];
  panel.replaceChildren(...children);
}

async function refresh() {
  const shot = shotAt(film.frame);
  const key = `${shot.id} ${film.facts.number}`;
  if (key === seen) return;
  seen = key;
  if (factsOf !== shot.id) facts = null;
  draw(shot);
  const found = await json(`shot/${shot.id}`).catch(() => null); // it may be cut otherwise by now: that is told, too
  if (!found || seen !== key) return;
  facts = found;
  factsOf = shot.id;
  draw(shot);
}

onMove(refresh);
onChange(refresh);
