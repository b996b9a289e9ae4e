// A part of a reference is drawn on it, large: where a region's colours come from.

import { say } from "./actions.js";
import { button, element } from "./elements.js";
import { dashed, maskOf, sendCanvas, trace } from "./sheet.js";

const NEAR = 3; // pixels that a drawn line goes on by at least
const dialog = document.getElementById("part");

/** Has a part of a picture drawn: {part: its number as a mask that was sent}, or null where it was let be. */
export async function drawPart(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const points = await outlineOn(image);
  if (!points) return null;
  const painted = document.createElement("canvas");
  [painted.width, painted.height] = [image.naturalWidth, image.naturalHeight];
  const ink = painted.getContext("2d");
  trace(ink, points, { left: 0, top: 0, width: painted.width, height: painted.height });
  ink.fill();
  try {
    return { part: await sendCanvas(maskOf(painted)) };
  } catch (error) {
    say(error.message);
    return null;
  }
}

/** The corners of an outline that is clicked or drawn on a picture, in shares of it; null where it was let be. */
function outlineOn(image) {
  const canvas = element("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  const paper = canvas.getContext("2d");
  const points = [];
  const draw = () => {
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    if (!points.length) return;
    trace(paper, points, { left: 0, top: 0, width: canvas.width, height: canvas.height });
    dashed(paper, 1);
  };
  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    const point = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    points.push(point.map((share) => Math.max(0, Math.min(1, share))));
    draw();
  };
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = event;
    add(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons || !last || Math.hypot(event.clientX - last.clientX, event.clientY - last.clientY) < NEAR) return;
    last = event;
    add(event);
  });
  return new Promise((done) => {
    const take = () => (points.length < 3 ? undefined : dialog.close("taken"));
    const buttons = element(
      "div",
      "",
      button("take its colours (Enter)", "the paint takes its colours from inside the outline", take),
      button("begin anew", "no outline yet", () => {
        points.length = 0;
        draw();
      }),
      button("let it be (Esc)", "the paint stays as it is", () => dialog.close("")),
    );
    buttons.className = "group wrap";
    dialog.returnValue = "";
    dialog.replaceChildren(element("h2", "draw around the part, or click its corners"), buttons, canvas);
    dialog.onkeydown = (event) => {
      if (event.key !== "Enter" || event.target.matches("button")) return;
      event.preventDefault();
      event.stopPropagation(); // the page's own Enter sends the paint
      take();
    };
    dialog.onclose = () => done(dialog.returnValue === "taken" ? points : null);
    draw();
    dialog.showModal();
    canvas.tabIndex = 0;
    canvas.focus();
  });
}
