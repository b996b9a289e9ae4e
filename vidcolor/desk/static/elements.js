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
