"""The example on disk: gray film with sound and timecode, true colours, pictures, shot list, a page to read.

- The same bytes at every writing.
- A folder that holds other things is left alone; so is a whole example: an artist may have painted on its pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.errors import InputError
from vidcolor.example.facts import FRAME_COUNT, RATE, SHOTS, START, TAPE, ExampleFacts
from vidcolor.example.film import NEUTRAL, Film
from vidcolor.example.paint import SIZE, Picture
from vidcolor.example.sound import HERTZ, soundtrack
from vidcolor.media.codecs import CODECS
from vidcolor.media.encoder import PictureTrack, timescale
from vidcolor.media.images import write_image
from vidcolor.media.place import told, write_text
from vidcolor.partial import grown
from vidcolor.settings import ExportSettings
from vidcolor.timeline import parse_timecode
from vidcolor.types import Reel

TITLE = "The example film of vidcolor"
"""First line of README.txt: by it a folder is known as ours."""
README = f"""{TITLE}

film.mov              the gray film: ProRes 422 HQ, 640x360, 24000/1001 frames a second, {FRAME_COUNT} frames,
                      timecode from 01:00:00:00, sound
refs/                 the artist's pictures:
  000012 000046       frames of the street, exactly
  000072 000102       frames of the harbour, exactly
  000142              a frame of the room, repainted: some pixels off, other tones
  hillside            the hillside from another place: no frame of the film
                      (the clockwork, from frame 224, has none: it stays gray)
truth/film_color.mkv  the true colours of every frame: the film's luma, grain and flicker included, with the
                      chroma of the clean picture
truth/shots.csv       the true shots, the frames of their fade or dissolve, and what the artist gave

Next:

vidcolor run film.mov --keyframes refs
"""
SOUND_FORMAT = "pcm_s24le"


def make_example(folder: Path, progress: Callable[[float], None] | None = None) -> ExampleFacts:
    """Writes the example film into `folder` (made if missing) and tells where everything is.

    `progress` is called with the share done, 0..1. An example that is whole stays as it is. Refuses a folder that holds
    other things.
    """
    facts = ExampleFacts(folder)
    _claim(facts)
    if facts.film.exists():
        return facts
    film = Film()
    _write_lists(facts)
    _write_films(facts, film, progress or (lambda share: None))
    return facts


def _claim(facts: ExampleFacts) -> None:
    """Makes the folders; refuses a file in their place, and a folder that is not an example's."""
    folder = facts.folder
    with told(folder):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: a file of that name is there; name a folder that is new or empty")
        if folder.is_dir() and any(folder.iterdir()) and not _is_ours(facts.readme):
            raise InputError(f"{folder}: already holds other things; name a folder that is new or empty")
        for place in (folder, facts.references, facts.truth.parent):
            place.mkdir(parents=True, exist_ok=True)


def _is_ours(readme: Path) -> bool:
    if not readme.is_file():
        return False
    with readme.open("rb") as file:
        return file.read(len(TITLE)) == TITLE.encode()


def _write_lists(facts: ExampleFacts) -> None:
    rows = ["shot,start,stop,entry,transition_start,transition_stop,given"]
    for shot in facts.shots:
        mixed = (shot.transition.start, shot.transition.stop) if shot.transition else ("", "")
        values = (shot.id, shot.frames.start, shot.frames.stop, shot.entry, *mixed, shot.given)
        rows.append(",".join(map(str, values)))
    write_text(facts.readme, README)
    write_text(facts.shot_list, "\n".join([*rows, ""]))


def _write_films(facts: ExampleFacts, film: Film, progress: Callable[[float], None]) -> None:
    """Gray film and true colours side by side, and each picture when its frame comes by. The film is named last."""
    exact = {int(Path(name).stem): name for name, given in facts.pictures.items() if given == "exact"}
    near = {int(Path(name).stem): name for name, given in facts.pictures.items() if given == "near"}
    gray = np.full((SIZE[0], SIZE[1] // 2), NEUTRAL, np.uint16)
    with _output(facts.film, "mov") as gray_out, _output(facts.truth, "matroska") as true_out:
        pictures = PictureTrack(gray_out, CODECS["prores-422hq"], _reel(facts.film, TAPE), ExportSettings(), START)
        true = PictureTrack(true_out, CODECS["ffv1"], _reel(facts.truth, ""), ExportSettings(), START)
        sound = _Sound(gray_out)
        for frame in range(FRAME_COUNT):
            planes = film.planes(frame)
            gray_out.mux(pictures.encode((planes.luma, gray, gray))[0])
            true_out.mux(true.encode((planes.luma, planes.cb, planes.cr))[0])
            sound.write_until((frame + 1) / RATE.fraction)
            if frame in exact:
                write_image(facts.references / exact[frame], film.exact_picture(frame))
            if frame in near:
                write_image(facts.references / near[frame], film.near_picture(frame))
            progress((frame + 1) / FRAME_COUNT)
        for shot in SHOTS:
            if shot.given == "free":
                write_image(facts.references / shot.pictures[0], film.free_picture())
        gray_out.mux(pictures.flush())
        true_out.mux(true.flush())
        sound.finish()


def _reel(path: Path, tape: str) -> Reel:
    start = parse_timecode(START, RATE)
    return Reel("r1", path, FRAME_COUNT, RATE, SIZE, start=start, timecoded=True, tape=tape, bits=10)


@contextmanager
def _output(path: Path, container: str) -> Iterator[Any]:
    """A container that gets its name when it is whole."""
    ticks = str(timescale(RATE.fraction))
    options = {"fflags": "+bitexact"}
    if container == "mov":
        options |= {"movie_timescale": ticks, "video_track_timescale": ticks, "movflags": "+write_colr"}
    with told(path), grown(path) as partial:
        with av.open(str(partial.absolute()), "w", format=container, container_options=options) as out:
            yield out


class _Sound:
    """The soundtrack, muxed in step with the pictures."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self._samples = _packed(soundtrack())
        self._stream = output.add_stream(SOUND_FORMAT, rate=HERTZ, layout="stereo")
        self._stream.metadata["handler_name"] = "vidcolor sound"
        self._done = 0

    def write_until(self, seconds: Fraction) -> None:
        """All that sounds before `seconds`."""
        stop = min(len(self._samples), round(seconds * HERTZ))
        if stop <= self._done:
            return
        run = self._samples[self._done : stop]
        frame = av.AudioFrame.from_ndarray(run.reshape(1, -1), format="s32", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = HERTZ, self._done, Fraction(1, HERTZ)
        self._output.mux(self._stream.encode(frame))
        self._done = stop

    def finish(self) -> None:
        self._output.mux(self._stream.encode(None))


def _packed(track: Picture) -> Picture:
    """-1..1 as 24-bit samples in the upper bytes of 32, which is what the encoder takes."""
    return np.rint(track.astype(np.float64) * (2**23 - 1)).astype(np.int32) << 8
