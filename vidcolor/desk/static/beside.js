// Beside the frame: the references that speak for its shot, and colourings that were proposed for it.

import { act, correct, say } from "./actions.js";
import { button, element } from "./elements.js";
import { film, goTo } from "./film.js";
import { drawPart } from "./part.js";
import { keepsPaint, sendMask } from "./sheet.js";
import { takePixel } from "./tools.js";

function figure(source, words, ...buttons) {
  const image = document.createElement("img");
  image.src = source;
  image.alt = words;
  image.loading = "lazy";
  image.title = "a click takes the colour there";
  image.addEventListener("click", (event) => takeFrom(image, event));
  const row = element("div", "", ...buttons);
  row.className = "group wrap";
  return element("figure", "", image, element("figcaption", words), row);
}

/** Takes the colour of the pixel that was clicked. */
function takeFrom(image, event) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const paper = canvas.getContext("2d");
  paper.drawImage(image, 0, 0);
  const x = Math.floor((event.offsetX / image.clientWidth) * canvas.width);
  const y = Math.floor((event.offsetY / image.clientHeight) * canvas.height);
  takePixel(paper, x, y);
}

/** The paint takes its colours from a picture; `part` draws where in it, and answers what that adds to the action. */
async function asRegion(place, part = async () => ({})) {
  if (!keepsPaint()) {
    say("paint the part of the frame first (tools 4, 8 and 9), then take its colours from the picture");
    return;
  }
  const more = await part();
  if (more) await sendMask((frame, upload) => correct("region", { frame, upload, reference: place, ...more }));
}

export function references(facts) {
  return facts.references.map((one) =>
    figure(
      `reference/${one.place}?m=${one.mark}`,
      one.frame === null ? one.name : `${one.name}, frame ${one.frame}`,
      ...(one.frame === null ? [] : [button("go there", `go to frame ${one.frame}`, () => goTo(one.frame))]),
      button("for this frame", "this frame takes its colours from this picture", () => correct("reference", { reference: one.place })),
      button("for the paint", "what you have painted takes its colours from this picture", () => asRegion(one.place)),
      button("a part of it", "what you have painted takes its colours from a part of this picture, which you draw", () => asRegion(one.place, () => drawPart(`reference/${one.place}?m=${one.mark}`))),
    ),
  );
}

export function proposals(facts) {
  return facts.proposals.map((name) =>
    figure(`proposal/${name}?n=${film.facts.number}`, name, button("accept", "make it the keyframe of its frame", () => act("accept", { name }))),
  );
}
