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

COLOR_WINDOW, SOFT = 8.0, 1.5
"""Deviation of the window in which a frame is made of a picture's colours, and of the blur before, in small pixels."""
NOISE = 1e-4
"""Variance of R'G'B' and luma, 0..1, that is noise."""
BY_CHANCE = 0.1
"""Share that three colours make of any frame, or of one in which things have moved."""

COMPOSED = ("two pictures side by side", "two pictures one above the other")
"""What lends no colours: half of it is gray."""
LIES: dict[str, tuple[str, Callable[[Array], list[Array]]]] = {
    COMPOSED[0]: ("cut it to the one in colour", lambda picture: np.array_split(picture, 2, 2)),
    COMPOSED[1]: ("cut it to the one in colour", lambda picture: np.array_split(picture, 2, 1)),
    "mirrored": ("turn it back", lambda picture: [picture[..., ::-1]]),
    "turned by a quarter": ("turn it back", lambda picture: [np.rot90(picture, 1, (1, 2))]),
}
"""How pictures may lie, the remedy, and the pictures they then are, each of the frame; but for half a turn: what is
upside down is laid on its frame."""


@dataclass(frozen=True, slots=True)
class FrameMatch:
    """A picture beside a frame and its neighbours."""

    fits: float
    """Correlation of local contrast with the frame it was named for, or of the frame with what its colours make of it
    around each place; at best 1."""
    best: int
    """The frame it fits best; the one it was named for unless another is clearly better."""
    open: bool
    """True: the best may lie outside the frames looked at."""
    lies: str = ""
    """How it lies against the frame, where it shows it but for that, one of LIES; else empty."""


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
        looks |= {frame: look_of(frame_at(frame)) for frame in frames if frame not in looks}
        match = compare(picture, frame, looks, named)
        if not match.open or len(frames) == len(within):
            break
    return match if match.fits >= FITS else replace(match, lies=_lies(picture, look_of(frame)))


def _lies(picture: Array, look: Array) -> str:
    """How the picture, (3, h, w) R'G'B', lies against the frame of this local contrast."""
    for lies, (_, parts) in LIES.items():
        if all(_shows(look, part) for part in parts(picture)):
            return lies
    return ""


def _shows(look: Array, picture: Array) -> bool:
    planes = np.stack([resized(np.ascontiguousarray(plane), look.shape) for plane in picture])
    return any(correlation_of(look_of(gray_mix(laid)), look) >= FITS for laid in laid_on(look, planes))


def compare(picture: Array, frame: Array, looks: Mapping[int, Array], named: int) -> FrameMatch:
    """The picture, (3, h, w) R'G'B', beside frame `named`, (h, w) L*, and others.

    looks  local contrast of each frame, that of `named` among them
    """
    seen, fits, best, unsure = laid_on(looks[named], picture), 0.0, named, False
    for lies, planes in zip((True, False), seen, strict=False):
        look = look_of(_as_filmed(planes, frame))
        if correlation_of(look, looks[named]) < FITS:  # another scene says nothing of the film's grays
            look = look_of(gray_mix(planes))
        errors = {other: _difference(look, theirs) for other, theirs in looks.items()}
        alike = correlation_of(look, looks[named])
        fits = max(fits, alike)
        nearest = min(errors, key=lambda other: (errors[other], abs(other - named)))
        gain = NEXT_GAIN if abs(nearest - named) == 1 else GAIN
        far = _gone(errors, looks, named, nearest) >= GONE and errors[nearest] <= gain * errors[named]
        found = far and (lies or abs(nearest - named) > 1) and correlation_of(look, looks[nearest]) >= ALIKE
        best = nearest if found and best == named else best
        unsure |= alike >= ALIKE and any(
            _gone(errors, looks, named, named + step) >= DOUBT for step in (-2, 2) if named + step in looks
        )
        unsure |= far and nearest in (min(looks), max(looks))
    if fits < FITS:  # colours of other lightness hide it, or grain, where things are even
        fits = max(fits, *(_explained(frame, planes) for planes in seen))
    return FrameMatch(fits, best, bool(best in (min(looks), max(looks)) if best != named else unsure or fits < ALIKE))


def laid_on(frame_look: Array, picture: Array) -> list[Array]:
    """The picture, (3, h, w) R'G'B', as it lies, and, where one is found, laid on the frame by an affine map.

    frame_look  (h, w): the frame's local contrast
    """
    affine = affine_between(frame_look, look_of(gray_mix(picture)))
    moved = [] if np.array_equal(affine, np.eye(2, 3)) else [np.stack([laid_along(affine, p) for p in picture])]
    return [picture, *moved]


def _gone(errors: Mapping[int, float], looks: Mapping[int, Array], named: int, other: int) -> float:
    """How far the picture has gone from one frame to another: 0 the first, 1 the second; 0 for frames that look alike.

    Where the picture is neither, about one half.
    """
    between = _difference(looks[named], looks[other])
    return (errors[named] - errors[other] + between) / (2 * between) if between > VISIBLE else 0.0


def _explained(frame: Array, picture: Array) -> float:
    """The share, 0..1, of a frame's structure, (h, w) L*, that the picture's R'G'B' makes by a line around each place.

    Of 18 pictures and made scenes in other colours and tones, on grainy film: .73 at least beside their own frame, .36
    at most beside others.
    """
    soft = [cv2.GaussianBlur(plane.astype(np.float32), (0, 0), SOFT) for plane in (*picture, luma_of(frame))]
    middle = [_around(plane) for plane in soft]
    spread = np.empty((*frame.shape, 4, 4))
    for i, j in np.ndindex(4, 4):
        spread[..., i, j] = _around(soft[i] * soft[j]) - middle[i] * middle[j]
    colors, shared = spread[..., :3, :3] + NOISE * np.eye(3), spread[..., :3, 3:]
    made = (shared * np.linalg.solve(colors, shared)).sum((2, 3))
    own = np.maximum(spread[..., 3, 3], 0)
    weight = inner(np.sqrt(own))
    share = inner(np.clip(made / (own + NOISE), 0, 1))
    return max(0.0, float((share * weight).sum() / max(float(weight.sum()), 1e-9)) - BY_CHANCE)


def _around(plane: Array) -> Array:
    return cv2.GaussianBlur(plane, (0, 0), COLOR_WINDOW)


def _as_filmed(planes: Array, frame: Array) -> Array:
    """(h, w) L*: the picture's R'G'B' mixed to what comes nearest to the frame's luma, in the frame's spread."""
    wanted = inner(luma_of(frame)).ravel().astype(np.float64)
    flat = np.stack([inner(plane).ravel() for plane in planes], 1).astype(np.float64)
    middle = flat.mean(0)
    weights = np.linalg.lstsq(flat - middle, wanted - wanted.mean(), rcond=1e-6)[0]
    gray = np.tensordot(weights, planes - middle[:, None, None], 1)
    spread = float(inner(gray).std())
    luma = wanted.mean() + gray * (float(wanted.std()) / spread if spread > 0 else 0.0)
    return lightness_of(np.asarray(luma, np.float32))


def luma_of(lightness: Array) -> Array:
    """(h, w) 0..1: luma of L* (h, w)."""
    return lab_to_rgb(np.stack([lightness, *np.zeros((2, *lightness.shape), np.float32)]))[0]


def gray_mix(planes: Array) -> Array:
    """(h, w) L*: R'G'B' (3, h, w) by its luma."""
    return lightness_of(np.tensordot(LUMA, planes, 1))


def look_of(lightness: Array) -> Array:
    """(h, w): local contrast of a small picture's L*."""
    return local_contrast(cv2.GaussianBlur(lightness, (0, 0), 0.8))


def inner(plane: Array) -> Array:
    """The plane (h, w) without its edges, where pictures carry dark or soft lines."""
    edge = max(1, round(BORDER * plane.shape[1]))
    rest = plane[edge:-edge, edge:-edge]
    return rest if rest.size else plane


def _difference(a: Array, b: Array) -> float:
    return float(np.mean(inner(a - b) ** 2))


def correlation_of(a: Array, b: Array) -> float:
    """The correlation of two small pictures of local contrast, without their edges."""
    a, b = (inner(x) - inner(x).mean() for x in (a, b))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale else 0.0
