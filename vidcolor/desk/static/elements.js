// Parts of the page as they are made.

/** An element with a text, and what else lies in it. */
export function element(tag, text = "", ...inside) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...inside);
  return made;
}

export function button(text, title, does) {
  const made = element("button", text);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", does);
  return made;
}

/** Gives a canvas as many pixels as the screen has there: [width, height]. */
export function sized(canvas) {
  const size = [Math.round(canvas.clientWidth * devicePixelRatio), Math.round(canvas.clientHeight * devicePixelRatio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  return size;
}
