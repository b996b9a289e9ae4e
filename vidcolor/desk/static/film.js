// The film as the server tells it: shots, frames, doubt; and who is told when it changes.

export const film = {
  facts: null,
  shots: [],
  frames: 0,
  rate: 24,
  size: [1, 1],
  frame: 0,
  mark: null, // where a range begins that a note will be of
};
const listeners = [];
const moved = [];

export const SILENT = "the server does not answer; start `vidcolor review` again";

export async function get(path, options) {
  const answer = await fetch(path, options).catch(() => {
    throw new Error(SILENT);
  });
  if (!answer.ok) {
    const type = answer.headers.get("content-type") || "";
    throw new Error(type.includes("json") ? (await answer.json()).error : await answer.text());
  }
  return answer;
}

export const json = async (path) => (await get(path)).json();

let reading = { number: 0, done: null };

/** Reads the film anew; a state of which the number is known once, however many ask for it. */
export function load(number = 0) {
  if (!number || number > reading.number) reading = { number, done: read() };
  return reading.done;
}

async function read() {
  const facts = await json("state");
  const [over, under = 1] = facts.status.reel.rate.split("/").map(Number);
  Object.assign(film, {
    facts,
    shots: facts.status.shots.map((shot, place) => ({ ...shot, ...facts.shots[place], place })),
    frames: facts.status.reel.frames,
    rate: over / under,
    size: facts.status.reel.size,
  });
  film.frame = Math.min(film.frame, film.frames - 1);
  listeners.forEach((tell) => tell());
}

/** Has `tell` called when the film was read anew. */
export const onChange = (tell) => listeners.push(tell);
/** Has `tell` called when another frame is looked at. */
export const onMove = (tell) => moved.push(tell);

export function shotAt(frame) {
  let low = 0;
  let high = film.shots.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (film.shots[middle].start <= frame) low = middle;
    else high = middle - 1;
  }
  return film.shots[low];
}

/** Goes to a frame: the nearest that the film has. */
export function goTo(frame, how = {}) {
  const there = Math.max(0, Math.min(film.frames - 1, Math.round(frame)));
  film.frame = there;
  moved.forEach((tell) => tell(there, how));
}

/** The address of a frame's picture. */
export function address(frame, { view, width = 0, version = "", ahead = false, kind = "jpg" }) {
  const query = new URLSearchParams({ view, width });
  if (ahead) query.set("ahead", "");
  if (version) query.set("version", version);
  return `frame/${frame}.${kind}?${query}`;
}

/** The picture of exactly this frame, as a bitmap; refuses any other. `options` are those of fetch. */
export const picture = (frame, asked, options) => fetched(frame, address(frame, asked), options);

export async function fetched(frame, place, options) {
  const answer = await get(place, options);
  if (Number(answer.headers.get("x-frame")) !== frame) throw new Error(`the server answered another frame than ${frame}`);
  const bitmap = await createImageBitmap(await answer.blob());
  return { bitmap, frame, timecode: answer.headers.get("x-timecode"), ahead: answer.headers.has("x-ahead") };
}
