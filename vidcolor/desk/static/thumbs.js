// Thumbnails of shots: fetched when they are seen, the last wanted first, few at once.

const KEPT = 800;
const TOGETHER = 3;
const there = new Map();
const tellers = new Map();
let wanted = [];
let under = 0;

/** The thumbnail of a shot, if it is here; else it is fetched, and `tell` called when it came. */
export function thumb(shot, tell) {
  const key = `${shot.id} ${shot.mark}`;
  const image = there.get(key);
  if (image) {
    there.delete(key);
    there.set(key, image);
    if (image.complete && image.naturalWidth) return image;
  }
  tellers.set(key, (tellers.get(key) || new Set()).add(tell));
  if (image) return null;
  wanted = wanted.filter((one) => one.key !== key).slice(-120);
  wanted.push({ key, shot });
  fetchMore();
  return null;
}

function fetchMore() {
  while (under < TOGETHER && wanted.length) {
    const { key, shot } = wanted.pop();
    if (there.has(key)) continue;
    const image = new Image();
    under += 1;
    const done = (came) => {
      under -= 1;
      if (came) (tellers.get(key) || []).forEach((tell) => tell(image));
      else there.delete(key); // asked for again when it is seen again
      tellers.delete(key);
      fetchMore();
    };
    image.onload = () => done(true);
    image.onerror = () => done(false);
    image.src = `thumb/${shot.id}?m=${shot.mark}`;
    there.set(key, image);
    if (there.size > KEPT) there.delete(there.keys().next().value);
  }
}
