"""Which frame a picture is the picture of: beside the frames near the one it was named for, small and gray.

- Its R'G'B' is mixed to gray as this film shows it (`_as_filmed`): no two stocks, and no two standards of luma, see
  red alike. It is made small as R'G'B' too: of L*a*b* the mean across an edge between two colours is another gray than
  the film's, and the edge seems to lie elsewhere. Then local contrast is compared, so tones do not matter.
- Two frames differ in what moves; a picture is asked of those pixels alone how far it has gone from the one frame to
  the other (`_gone`), so its own noise does not matter either.
- A picture is looked at as it lies, and laid on the frame by one affine map, as models change the framing. The map
  would hide a moving camera, so both must be asked.
On frames of seven training clips, unchanged and redrawn, and nine of a model's pictures, named right and 1 to 16 frames
wrong: no right name was doubted; every wrong name of an unchanged picture was found, of redrawn ones those where more
than the camera moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb
from vidcolor.colorize.align import affine_between, laid_along, local_contrast
from vidcolor.features import LUMA, lightness_of
from vidcolor.media.read import resized
from vidcolor.timeline import FrameRange
from vidcolor.types import Reference

SIDE = 192
"""Long side of the small pictures."""
NEAR, WIDE = 8, 24
"""Frames looked at on either side of the named one, and where those leave a doubt."""
BORDER = 0.03
"""Share of the width left out along the edges."""
VISIBLE = 0.001
"""Mean squared difference of local contrast from which two frames differ."""
GONE = 0.75
"""Share of the way to another frame from which the picture is rather that frame's."""
DOUBT = 0.35
"""Share of the way to the frames two before and behind from which it may be a frame's further on."""
GAIN, NEXT_GAIN = 0.8, 0.5
"""What is left of the error, at most, where another frame fits better; and where the very next one does."""
ALIKE = 0.8
"""Correlation of local contrast of a picture with its frame."""
FITS = 0.6
"""The same, laid on or not, from which a picture shows what a frame shows; redrawn pictures reach .86 to .96."""

TURNS: dict[str, Callable[[Array], Array]] = {
    "mirrored": lambda picture: picture[..., ::-1],
    "turned by a quarter": lambda picture: np.rot90(picture, 1, (1, 2)),
}
"""How pictures may lie, and what turns them back, but for half a turn: what is upside down is laid on its frame."""


@dataclass(frozen=True, slots=True)
class FrameMatch:
    """A picture beside a frame and its neighbours."""

    fits: float
    """Correlation of local contrast with the frame it was named for, at best 1."""
    best: int
    """The frame it fits best; the one it was named for unless another is clearly better."""
    open: bool
    """True: the best may lie outside the frames looked at."""
    lies: str = ""
    """How it lies against the frame, where it shows it but for that; else empty."""


def small_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the small pictures of a film."""
    scale = min(1.0, SIDE / max(size))
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def small_picture(picture: Reference, size: tuple[int, int]) -> Array:
    """(3, h, w): R'G'B' of the picture, at the size of small frames."""
    rgb = lab_to_rgb(np.concatenate([picture.lightness[None], picture.chroma]))
    return np.stack([resized(plane, size) for plane in rgb])


def find_frame(
    picture: Array, frame_at: Callable[[int], Array], named: int, within: FrameRange, wide: int = WIDE
) -> FrameMatch:
    """The picture beside frame `named` and its neighbours in `within`; beside more of them where those leave a doubt.

    picture   (3, h, w), as `small_picture` gives it
    frame_at  (h, w) L* of a frame, small; asked in rising order
    """
    looks: dict[int, Array] = {}
    frame = frame_at(named)
    match = FrameMatch(0.0, named, False)
    for reach in (NEAR, wide):
        frames = range(max(within.start, named - reach), min(within.stop, named + reach + 1))
        looks |= {frame: _look(frame_at(frame)) for frame in frames if frame not in looks}
        match = compare(picture, frame, looks, named)
        if not match.open or len(frames) == len(within):
            break
    return match if match.fits >= FITS else replace(match, lies=_lies(picture, _look(frame)))


def _lies(picture: Array, look: Array) -> str:
    """How the picture, (3, h, w) R'G'B', has to be turned back to show a frame of this local contrast."""
    for lies, turn in TURNS.items():
        planes = np.stack([resized(np.ascontiguousarray(plane), look.shape) for plane in turn(picture)])
        affine = affine_between(look, _look(_gray(planes)))
        if _correlation(_look(_gray(np.stack([laid_along(affine, plane) for plane in planes]))), look) >= FITS:
            return lies
    return ""


def compare(picture: Array, frame: Array, looks: Mapping[int, Array], named: int) -> FrameMatch:
    """The picture, (3, h, w) R'G'B', beside frame `named`, (h, w) L*, and others.

    looks  local contrast of each frame, that of `named` among them
    """
    seen = [picture]
    affine = affine_between(looks[named], _look(_gray(picture)))
    if not np.array_equal(affine, np.eye(2, 3)):
        seen.append(np.stack([laid_along(affine, plane) for plane in picture]))
    fits, best, unsure = 0.0, named, False
    for lies, planes in zip((True, False), seen, strict=False):
        look = _look(_as_filmed(planes, frame))
        if _correlation(look, looks[named]) < FITS:  # another scene says nothing of the film's grays
            look = _look(_gray(planes))
        errors = {other: _difference(look, theirs) for other, theirs in looks.items()}
        alike = _correlation(look, looks[named])
        fits = max(fits, alike)
        nearest = min(errors, key=lambda other: (errors[other], abs(other - named)))
        gain = NEXT_GAIN if abs(nearest - named) == 1 else GAIN
        far = _gone(errors, looks, named, nearest) >= GONE and errors[nearest] <= gain * errors[named]
        found = far and (lies or abs(nearest - named) > 1) and _correlation(look, looks[nearest]) >= ALIKE
        best = nearest if found and best == named else best
        unsure |= alike >= ALIKE and any(
            _gone(errors, looks, named, named + step) >= DOUBT for step in (-2, 2) if named + step in looks
        )
        unsure |= far and nearest in (min(looks), max(looks))
    return FrameMatch(fits, best, bool(best in (min(looks), max(looks)) if best != named else unsure or fits < ALIKE))


def _gone(errors: Mapping[int, float], looks: Mapping[int, Array], named: int, other: int) -> float:
    """How far the picture has gone from one frame to another: 0 the first, 1 the second; 0 for frames that look alike.

    Where the picture is neither, about one half.
    """
    between = _difference(looks[named], looks[other])
    return (errors[named] - errors[other] + between) / (2 * between) if between > VISIBLE else 0.0


def _as_filmed(planes: Array, frame: Array) -> Array:
    """(h, w) L*: the picture's R'G'B' mixed to what comes nearest to the frame's luma, in the frame's spread."""
    wanted = _inner(lab_to_rgb(np.stack([frame, *np.zeros((2, *frame.shape))]))[0]).ravel().astype(np.float64)
    flat = np.stack([_inner(plane).ravel() for plane in planes], 1).astype(np.float64)
    middle = flat.mean(0)
    weights = np.linalg.lstsq(flat - middle, wanted - wanted.mean(), rcond=1e-6)[0]
    gray = np.tensordot(weights, planes - middle[:, None, None], 1)
    spread = float(_inner(gray).std())
    luma = wanted.mean() + gray * (float(wanted.std()) / spread if spread > 0 else 0.0)
    return lightness_of(np.asarray(luma, np.float32))


def _gray(planes: Array) -> Array:
    return lightness_of(np.tensordot(LUMA, planes, 1))


def _look(lightness: Array) -> Array:
    return local_contrast(cv2.GaussianBlur(lightness, (0, 0), 0.8))


def _inner(plane: Array) -> Array:
    edge = max(1, round(BORDER * plane.shape[1]))
    inner = plane[edge:-edge, edge:-edge]
    return inner if inner.size else plane


def _difference(a: Array, b: Array) -> float:
    return float(np.mean(_inner(a - b) ** 2))


def _correlation(a: Array, b: Array) -> float:
    a, b = (_inner(x) - _inner(x).mean() for x in (a, b))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale else 0.0
