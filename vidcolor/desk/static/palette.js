// The palette: the names that colours have, chosen from, given, changed and taken away.

import { act, ask } from "./actions.js";
import { button } from "./elements.js";
import { film, onChange } from "./film.js";
import { setColor, tool } from "./tools.js";

const row = document.getElementById("names");
const select = document.getElementById("palette");

function name() {
  ask(`a name for the colour ${tool.color}`, async (words) => {
    const color = tool.color;
    if (await act("palette", { name: words, color })) setColor(color, words);
  }, tool.named);
}

function rename() {
  ask(`another name for ${tool.named}`, async (words) => {
    if (await act("palette", { name: tool.named, rename: words })) setColor(tool.color, words);
  }, tool.named);
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
  const now = film.facts.palette[tool.named];
  if (now !== undefined && now !== tool.color) setColor(now, tool.named); // it was given another colour meanwhile
  if (now === undefined) tool.named = "";
  chosen();
});
