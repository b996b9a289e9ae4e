// The palette: the names that colours have, chosen from, given, changed and taken away.

import { act, ask } from "./actions.js";
import { button } from "./elements.js";
import { film, onChange } from "./film.js";
import { setColor, tool } from "./tools.js";

const row = document.getElementById("names");
const select = document.getElementById("palette");

/** A name that was asked for: the film's facts may tell of it before the answer comes, or only after it. */
let given = "";

async function give(words, request) {
  const color = tool.color;
  given = words;
  if (await act("palette", request)) setColor(color, words);
  else given = "";
}

function name() {
  const color = tool.color;
  ask(`a name for the colour ${color}`, (words) => give(words, { name: words, color }), tool.named);
}

function rename() {
  ask(`another name for ${tool.named}`, (words) => give(words, { name: tool.named, rename: words }), tool.named);
}

async function remove() {
  if (await act("palette", { name: tool.named, remove: true })) setColor(tool.color);
}

const renames = button("rename", "give the chosen colour another name; corrections that name it follow", rename);
const removes = button("remove", "take the chosen name out of the palette", remove);
row.append(button("name it", "give this colour a name, or the chosen name this colour", name), renames, removes);

select.addEventListener("change", () => setColor(film.facts.palette[select.value] || tool.color, select.value));
function chosen() {
  select.value = tool.named;
  renames.disabled = removes.disabled = !tool.named;
}

tool.listeners.push(chosen);
onChange(() => {
  const names = Object.keys(film.facts.palette);
  select.replaceChildren(new Option(names.length ? "none" : "none yet", ""), ...names.map((one) => new Option(one, one)));
  const known = given in film.facts.palette;
  if (known && !(tool.named in film.facts.palette)) tool.named = given;
  if (known) given = "";
  const now = film.facts.palette[tool.named];
  if (now !== undefined && now !== tool.color) setColor(now, tool.named); // it was given another colour meanwhile
  if (now === undefined && tool.named !== given) tool.named = "";
  chosen();
});
