"""Makes tiny films whose colour, flow, labels and cuts are known exactly.

- In each shot a textured ground slides by, and a disc and a box, textured too, cross: the box passes in front of
  the disc. All move by whole pixels a frame, so a pixel's surface is found again exactly in every other frame.
- No random state: the same arguments give the same film.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np

from vidcolor.color import rgb_to_lab

RATE = Fraction(24000, 1001)
HERTZ = 48000
WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
GROUND, DISC, BOX = 0, 1, 2
GOLDEN = 2.4
"""Radians from one surface's hue to the next: all far apart."""
TEXTURE = 256
"""Pixels after which a surface begins again."""
CODECS = {".mkv": ("ffv1", "yuv444p10le"), ".mov": ("prores_ks", "yuv422p10le"), ".mp4": ("libx264", "yuv420p")}
"""Encoder and pixel format by suffix, where none is asked for."""


@dataclass(frozen=True)
class TinyShot:
    """One shot: where its surfaces are at any moment, and how they move."""

    number: int
    size: tuple[int, int]
    frames: range
    still: bool = False

    @property
    def velocities(self) -> dict[int, tuple[int, int]]:
        """Pixels (x, y) a frame of ground, disc and box."""
        if self.still:
            return {GROUND: (0, 0), DISC: (0, 0), BOX: (0, 0)}
        turn = -1 if self.number % 2 else 1
        return {GROUND: (turn, 0), DISC: (-turn, 0), BOX: (2 * turn, 0)}

    def labels(self, frame: int) -> np.ndarray:
        """(H, W) GROUND, DISC or BOX."""
        height, width = self.size
        y, x = np.mgrid[:height, :width]
        middle = frame - (self.frames.start + self.frames.stop) // 2
        place = {k: (vx * middle, vy * middle) for k, (vx, vy) in self.velocities.items()}
        dx, dy = place[DISC]
        bx, by = place[BOX]
        disc = np.hypot(x - width // 2 - dx, y - height // 2 - dy) < height * 0.28
        box = (abs(x - width // 2 - bx) < width * 0.11) & (abs(y - height * 0.6 - by) < height * 0.24)
        return np.where(box, BOX, np.where(disc, DISC, GROUND))

    def colors(self, frame: int) -> np.ndarray:
        """(H, W, 3) coded R'G'B' 0..1."""
        labels = self.labels(frame)
        y, x = np.mgrid[: self.size[0], : self.size[1]]
        out = np.zeros((*self.size, 3), np.float32)
        for label, (vx, vy) in self.velocities.items():
            here = labels == label
            surface = _surface(self.number, label)
            out[here] = surface[(y - vy * frame)[here] % TEXTURE, (x - vx * frame)[here] % TEXTURE]
        return out


@dataclass(frozen=True)
class TinyFilm:
    """Shots, and what is true of every frame."""

    shots: tuple[TinyShot, ...]
    dissolve: range | None = None
    """Frames in which the last shot appears over the one before."""

    @property
    def size(self) -> tuple[int, int]:
        return self.shots[0].size

    @property
    def frame_count(self) -> int:
        return self.shots[-1].frames.stop

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of the shots after the first (a dissolve's lies in its middle)."""
        return tuple(shot.frames.start for shot in self.shots[1:])

    def shot_of(self, frame: int) -> TinyShot:
        return next(shot for shot in self.shots if frame in shot.frames)

    @cached_property
    def colors(self) -> np.ndarray:
        """(N, H, W, 3) coded R'G'B' 0..1."""
        return np.stack([self._colors(frame) for frame in range(self.frame_count)])

    def _colors(self, frame: int) -> np.ndarray:
        if self.dissolve is None or frame not in self.dissolve:
            return self.shot_of(frame).colors(frame)
        weight = (frame - self.dissolve.start + 1) / (len(self.dissolve) + 1)
        old, new = self.shots[-2].colors(frame), self.shots[-1].colors(frame)
        return (old * (1 - weight) + new * weight).astype(np.float32)

    @cached_property
    def luma(self) -> np.ndarray:
        """(N, H, W) uint16: 10-bit limited BT.709 codes."""
        return np.rint(64 + 876 * (self.colors @ WEIGHTS)).astype(np.uint16)

    @cached_property
    def lab(self) -> np.ndarray:
        """(N, 3, H, W) L*, a*, b*."""
        return np.stack([rgb_to_lab(np.moveaxis(rgb, 2, 0)) for rgb in self.colors])

    @cached_property
    def lightness(self) -> np.ndarray:
        """(N, H, W) L* of the gray picture, from its luma codes."""
        gray = (self.luma.astype(np.float32) - 64) / 876
        return np.stack([rgb_to_lab(np.stack([y, y, y]))[0] for y in gray])

    @cached_property
    def labels(self) -> np.ndarray:
        """(N, H, W) GROUND, DISC or BOX of the frame's own shot."""
        return np.stack([self.shot_of(frame).labels(frame) for frame in range(self.frame_count)])

    def flow(self, first: int, other: int) -> np.ndarray:
        """(2, H, W) pixels, x then y: where the surface under each pixel of `first` lies in `other`.

        Across shots there is no such place; the flow is 0 and `occluded` is true everywhere.
        """
        shot = self.shot_of(first)
        out = np.zeros((2, *self.size), np.float32)
        if other in shot.frames:
            for label, velocity in shot.velocities.items():
                here = self.labels[first] == label
                for axis in (0, 1):
                    out[axis][here] = velocity[axis] * (other - first)
        return out

    def occluded(self, first: int, other: int) -> np.ndarray:
        """(H, W) bool: seen in `first`; in `other` hidden, or outside the picture."""
        if other not in self.shot_of(first).frames:
            return np.ones(self.size, bool)
        height, width = self.size
        y, x = np.mgrid[:height, :width]
        flow = self.flow(first, other).astype(int)
        to_x, to_y = x + flow[0], y + flow[1]
        inside = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
        there = self.labels[other][to_y.clip(0, height - 1), to_x.clip(0, width - 1)]
        return ~inside | (there != self.labels[first])


def make_film(
    size: tuple[int, int] = (48, 64), shots: Sequence[int] = (12, 12, 12), *, dissolve: int = 0, still: bool = False
) -> TinyFilm:
    """A film of shots of so many frames; the last enters by a dissolve of `dissolve` frames, the rest by cuts."""
    starts = np.cumsum([0, *shots]).tolist()
    made = tuple(
        TinyShot(number, size, range(start, stop), still) for number, (start, stop) in enumerate(pairwise(starts))
    )
    middle = made[-1].frames.start
    mixed = range(middle - dissolve // 2, middle - dissolve // 2 + dissolve) if dissolve else None
    return TinyFilm(made, mixed)


def true_flow(film: TinyFilm) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A flow estimator that knows the truth: it looks up which frames it was given."""

    def frame_of(lightness: np.ndarray) -> int:
        errors = np.abs(film.lightness - lightness).mean((1, 2))
        assert errors.min() < 1, "not a frame of this film"
        return int(errors.argmin())

    return lambda first, other: film.flow(frame_of(first), frame_of(other))


def write_film(
    path: Path,
    film: TinyFilm,
    *,
    codec: str = "",
    pixel_format: str = "",
    gray: bool = True,
    sound: bool = False,
    timecode: str = "",
    rate: Fraction = RATE,
) -> Path:
    """The film as a file; codec and pixel format by suffix (.mkv, .mov, .mp4) unless said."""
    usual_codec, usual_format = CODECS[path.suffix]
    with av.open(str(path), "w", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream(codec or usual_codec, rate=rate)
        stream.height, stream.width = film.size
        stream.pix_fmt = pixel_format or usual_format
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        if timecode:
            stream.metadata["timecode"] = timecode
        track = out.add_stream("pcm_s16le" if path.suffix != ".mp4" else "aac", rate=HERTZ) if sound else None
        for index in range(film.frame_count):
            picture = av.VideoFrame(film.size[1], film.size[0], stream.pix_fmt)
            _fill(picture, film.colors[index], film.luma[index], gray)
            picture.pts, picture.time_base = index, 1 / rate
            picture.color_primaries = picture.color_trc = picture.colorspace = picture.color_range = 1
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
        if track is not None:
            _write_sound(out, track, film.frame_count / rate)
    return path


def write_picture(path: Path, colors: np.ndarray, bits: int = 8) -> Path:
    """(H, W, 3) R'G'B' 0..1 as a picture of 8 or 16 bits."""
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.rint(np.clip(colors, 0, 1) * np.iinfo(kind).max).astype(kind)
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(pixels[..., ::-1]))[1].tobytes())
    return path


@cache
def _surface(shot: int, label: int) -> np.ndarray:
    """(TEXTURE, TEXTURE, 3) a textured surface with a hue of its own; begins again at its edges."""
    draw = np.random.default_rng(1000 * shot + label + 1)
    hue = GOLDEN * (3 * shot + label) + np.array([0, 2, 4]) * np.pi / 3
    base = 0.45 + 0.2 * np.cos(hue)
    tone = np.zeros((TEXTURE, TEXTURE))
    for cell, amount in ((16, 0.2), (8, 0.16), (2, 0.08)):
        grid = np.tile(draw.uniform(-1, 1, (TEXTURE // cell,) * 2), (3, 3))
        full = cv2.resize(grid, (3 * TEXTURE, 3 * TEXTURE), interpolation=cv2.INTER_CUBIC)
        tone += amount * full[TEXTURE : 2 * TEXTURE, TEXTURE : 2 * TEXTURE]
    stripes = 0.06 * np.sin(2 * np.pi * np.arange(TEXTURE) * (4 + 4 * label) / TEXTURE)
    return np.clip(base * (1 + tone + stripes)[..., None], 0.04, 0.96).astype(np.float32)


def _fill(picture: av.VideoFrame, colors: np.ndarray, luma: np.ndarray, gray: bool) -> None:
    bits = picture.format.components[0].bits
    scale = 2.0 ** (bits - 10)
    light = (luma - 64.0) / 876
    blue, red = ((colors[..., k] - light) / (2 - 2 * WEIGHTS[k]) for k in (2, 0))
    values = [luma * scale] + [(512 + 896 * part * (not gray)) * scale for part in (blue, red)]
    for plane, value in zip(picture.planes, values, strict=False):
        kind = np.uint8 if bits == 8 else np.uint16
        small = cv2.resize(np.asarray(value, np.float32), (plane.width, plane.height), interpolation=cv2.INTER_AREA)
        padded = np.zeros((plane.height, plane.line_size // np.dtype(kind).itemsize), kind)
        padded[:, : plane.width] = np.rint(small)
        plane.update(padded.tobytes())


def _write_sound(out: av.container.OutputContainer, track: av.AudioStream, seconds: Fraction) -> None:
    count = round(seconds * HERTZ)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(count) / HERTZ)
    if track.codec_context.name == "aac":
        frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]).astype(np.float32), format="fltp", layout="stereo")
    else:
        both = np.rint(np.stack([tone, tone], 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = HERTZ, 0, Fraction(1, HERTZ)
    out.mux(track.encode(frame))
    out.mux(track.encode(None))
