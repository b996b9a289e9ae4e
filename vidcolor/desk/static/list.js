// The list for quality control: what people noted, what is in doubt, what a report found; gone through row by row.

import { act, say } from "./actions.js";
import { button, element } from "./elements.js";
import { film, goTo, json } from "./film.js";

const dialog = document.getElementById("list");

function row(one) {
  const frames = one.first === one.last ? `${one.first}` : `${one.first}-${one.last}`;
  const made = element("tr");
  const jump = button(frames, `go to frame ${one.first}`, () => {
    dialog.close();
    goTo(one.first);
    say(`${one.what}: ${one.words}`);
  });
  made.append(element("td", "", jump), ...[one.timecode, one.shot, one.what, one.words, one.by].map((text) => element("td", text)));
  return made;
}

async function remarks() {
  try {
    return await json("remarks");
  } catch (error) {
    say(error.message);
    return null;
  }
}

/** Opens the list as it is now. */
export async function list() {
  const found = await remarks();
  if (!found) return;
  const { rows, line } = found;
  const table = element("table");
  const head = element("tr", "", ...["frames", "timecode", "shot", "what", "words", "by"].map((text) => element("th", text)));
  table.append(element("thead", "", head), element("tbody", "", ...rows.map(row)));
  const save = element("a", "save as CSV");
  save.href = "remarks.csv";
  save.download = "remarks.csv";
  const measure = button("measure", "measure the quality of what is rendered, behind the page", async () => {
    dialog.close();
    if (await act("measure", {})) say("the quality is being measured; the list has it then");
  });
  const buttons = element("div", "", save, measure, button("close (Esc)", "", () => dialog.close()));
  buttons.className = "group wrap";
  const words = rows.length ? `${rows.length} to look at` : "nothing to look at: no note, no doubt, nothing measured beyond its limit";
  dialog.replaceChildren(element("h2", words), buttons, table, element("code", line));
  if (!dialog.open) dialog.showModal();
}

/** Goes to the next row of the list, or the one before. */
export async function listBy(step) {
  const rows = (await remarks())?.rows;
  if (!rows) return;
  const ahead = step > 0 ? rows.find((one) => one.first > film.frame) : rows.findLast((one) => one.first < film.frame);
  if (!ahead) {
    say(step > 0 ? "nothing behind this frame in the list" : "nothing before this frame in the list");
    return;
  }
  goTo(ahead.first);
  say(`${ahead.what}: ${ahead.words}`);
}
