"""The luma lock: Cb, Cr codes that show wanted colours under a film's own Y', which is not changed.

- For each pixel the lightness is solved at which Lab (L*, a, b) has exactly the film's Y': a and b, and so hue
  and chroma, are kept. A colour outside the gamut is shrunk towards neutral along its line of constant hue.
- The edge of the gamut is a small table over luma and hue, made in a blink for each set of primaries and
  matrix. The solve is Newton's, on whole rows; a 3-D table of answers is no faster and is wrong at that edge.
- A last closed-form scaling of Cb, Cr makes sure that codes, after rounding too, decode inside the cube.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from vidcolor.color import colorimetry, kernels
from vidcolor.color.colorimetry import LUMA_WEIGHTS, check_tags, rgb_to_xyz
from vidcolor.color.lab import BLACK, CODES, WHITE, decode_exactly
from vidcolor.color.scale import TEN, Scale
from vidcolor.compiled import kept_table
from vidcolor.errors import InputError
from vidcolor.machine import computed_on
from vidcolor.types import ColorTags

Subsampling = Literal["444", "422"]

LUMA_NODES = 220
"""Luma nodes of the gamut's edge: every fourth code."""
HUE_NODES = 1024
"""Hue nodes; a multiple of 4, so that the axes are nodes."""
STEPS = 2
"""Newton steps of a frame."""
SETTLE = 3
"""Newton steps at each try of the gamut's edge; each starts from the one before."""
SEARCHES = 48
"""Steps along a line of constant hue, in search of its last part inside the gamut."""
BISECTIONS = 10
"""Halvings of the last of those steps: the edge is then known to 0.005."""
SLACK = np.float32(0.006)
"""A colour outside the cube by less is not shrunk in Lab; the closed-form limit mends it."""
STRIP = 1 << 14
"""About so many pixels are worked at once: what is known of them stays in the processor's cache."""
CHROMA_LIMIT = 128.0
"""|a| and |b| beyond this do not occur (types.py)."""
HALF_CODE = 0.5 / 896
"""Largest rounding error of Cb or Cr."""


def _numbers(values: np.ndarray) -> tuple[np.float32, ...]:
    return tuple(np.float32(v) for v in np.ravel(values))


@cache
def _gray_curve() -> np.ndarray:
    """(1024,) float32: (L* + 16) / 116 of every luma code, going on beyond black and white."""
    light = decode_exactly((np.arange(CODES) - BLACK) / (WHITE - BLACK))
    f = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    return f.astype(np.float32)


class LumaLock:
    """Turns chroma into Cb, Cr codes for one set of colour tags. Holds no state that changes; threads may share it."""

    def __init__(self, tags: ColorTags) -> None:
        check_tags(tags)
        red, blue = LUMA_WEIGHTS[tags.matrix]
        self.weights = _numbers(np.array([red, 1 - red - blue, blue]))
        white = rgb_to_xyz(tags.primaries)
        self.matrix = _numbers(np.linalg.inv(white / white.sum(axis=1, keepdims=True)))
        self.margin = np.float32(2 * (1 - min(red, blue)) * HALF_CODE)
        self.edge, self.start = _tables(self.matrix, self.weights, self.margin)

    def chroma_codes(
        self, luma: np.ndarray, chroma: np.ndarray, subsampling: Subsampling, scale: Scale = TEN
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cb and Cr codes, uint16.

        luma         (H, W) uint16; beyond black and white the colour is neutral
        chroma       (2, H, W) float32, a*b* wanted
        subsampling  444: (H, W); 422: (H, ceil(W / 2)), co-sited with even columns
        scale        of the luma's codes and of those that come out
        At every delivered sample R'G'B' of (Y', Cb, Cr) lies in 0..1. Refuses arrays that do not fit.
        Source: constant luma as F. Pierre et al., SIAM J. Imaging Sciences 8, 2015; the solve in Lab is ours.
        """
        if luma.dtype != np.uint16 or luma.ndim != 2 or chroma.shape != (2, *luma.shape):
            raise InputError(f"luma {luma.dtype} {luma.shape} and chroma {chroma.shape} do not fit each other")
        height, width = luma.shape
        shape = (height, width if subsampling == "444" else (width + 1) // 2)
        cb, cr = np.empty(shape, np.uint16), np.empty(shape, np.uint16)
        chroma = np.ascontiguousarray(chroma, np.float32)
        codes = _numbers(np.array([scale.black, 1 / scale.span, scale.neutral + 0.5, scale.chroma_span / 2]))
        rows = max(1, STRIP // width)
        for top in range(0, height, rows):
            strip = slice(top, top + rows)
            y = (luma[strip].astype(np.float32) - codes[0]) * codes[1]
            self._code(y, chroma[:, strip], codes, cb[strip], cr[strip])
        return cb, cr

    def _code(
        self, luma: np.ndarray, chroma: np.ndarray, codes: tuple[np.float32, ...], cb: np.ndarray, cr: np.ndarray
    ) -> None:
        """Fills a strip of cb and cr, (h, w) or (h, ceil(w / 2)).

        luma    (h, w) float32, 0..1 from black to white
        chroma  (2, h, w)
        codes   black, one over luma's span; chroma's neutral and a half, half of chroma's span
        """
        y, a, b = luma.reshape(-1), chroma[0].reshape(-1), chroma[1].reshape(-1)
        blue, red = self._differences(y, a, b)
        out = np.empty(y.shape, np.bool_)
        if kernels.outside(y, blue, red, self.weights, SLACK, out):
            far = np.flatnonzero(out)
            y_far, a_far, b_far = y[far], a[far], b[far]
            kernels.shrink(y_far, a_far, b_far, self.edge)
            blue[far], red[far] = self._differences(y_far, a_far, b_far)
        if cb.shape != luma.shape:
            blue, red = (_even(rows.reshape(luma.shape), cb.shape) for rows in (blue, red))
            y = luma[:, ::2].reshape(-1)
        kernels.limit_and_code(y, blue, red, self.weights, self.margin, codes, cb.reshape(-1), cr.reshape(-1))

    def _differences(self, y: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows B' - Y' and R' - Y' of colours (a, b) under the luma y, 0..1."""
        f, blue, red = np.empty_like(y), np.empty_like(y), np.empty_like(y)
        kernels.guess(y, a, b, self.start, f)
        for _ in range(STEPS):
            kernels.newton_step(f, y, a, b, self.matrix, self.weights)
        kernels.differences(f, y, a, b, self.matrix, blue, red)
        return blue, red


def _even(rows: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Rows (h, w) reduced to their even columns, of `size`, as one row."""
    even, wide = np.empty(size, np.float32), np.empty((len(rows), rows.shape[1] + 6), np.float32)
    wide[:, 3:-3], wide[:, :3], wide[:, -3:] = rows, rows[:, :1], rows[:, -1:]
    kernels.keep_even(wide, even)
    return even.reshape(-1)


@cache
def _tables(matrix: tuple, weights: tuple, margin: np.float32) -> tuple[np.ndarray, np.ndarray]:
    """The gamut's edge and the guesses: see `kernels.shrink` and `kernels.guess`. Kept on disk: they take a third of a
    second, which is much of a short command."""
    files = [Path(file).stat() for file in (__file__, str(kernels.__file__), str(colorimetry.__file__))]
    of = repr((computed_on(), matrix, weights, margin, [(file.st_size, file.st_mtime_ns) for file in files]))
    count = LUMA_NODES * (HUE_NODES + 1)
    table = kept_table("lock", (count + CODES * 6,), of, lambda: _made_tables(matrix, weights, margin))
    return table[:count].reshape(LUMA_NODES, HUE_NODES + 1), table[count:].reshape(CODES, 6)


def _made_tables(matrix: tuple, weights: tuple, margin: np.float32) -> np.ndarray:
    """Both on end."""
    turn = np.arange(HUE_NODES + 1) * (4 / HUE_NODES)
    a = np.where(turn <= 2, 1 - turn, turn - 3)
    b = np.copysign(1 - np.abs(a), 2 - turn)
    nodes = np.linspace(BLACK, WHITE, LUMA_NODES)
    shape = (LUMA_NODES, HUE_NODES + 1)
    y, a, b = (
        np.ascontiguousarray(np.broadcast_to(v, shape), np.float32)
        for v in (((nodes - BLACK) / (WHITE - BLACK))[:, None], a, b)
    )
    edge = np.zeros_like(y)
    outside = (CHROMA_LIMIT / np.maximum(np.abs(a), np.abs(b))).astype(np.float32)
    gray = np.interp(nodes, np.arange(CODES), _gray_curve()).astype(np.float32)[:, None]
    f = np.broadcast_to(gray, y.shape).copy()
    for top in range(0, LUMA_NODES, rows := STRIP // (HUE_NODES + 1)):
        strip = slice(top, top + rows)
        lines = tuple(each[strip].reshape(-1) for each in (y, a, b, outside))
        _find_edge(lines, edge[strip].reshape(-1), f[strip].reshape(-1), matrix, weights, margin)
    start = np.zeros((CODES, 6), np.float32)
    start[:, 0] = _gray_curve()
    start[:, 1:] = _fit(nodes, a * edge, b * edge, f - gray)
    return np.concatenate([edge.ravel(), start.ravel()])


def _find_edge(
    lines: tuple[np.ndarray, ...], edge: np.ndarray, f: np.ndarray, matrix: tuple, weights: tuple, margin: np.float32
) -> None:
    """Largest multiple, up to a bound, of directions that is in the gamut, into `edge`, which starts at 0.

    lines  rows: luma; a and b of the directions; their bounds
    f      (L* + 16) / 116, of gray as it is given, of what is found as it comes out
    Lines of constant hue leave the gamut by a hair and come back (dark reds do), so each is searched from end to end
    before it is bisected.
    """
    y, a, b, bound = lines
    blue, red, out = np.empty_like(y), np.empty_like(y), np.empty(y.shape, np.bool_)

    def keep_inside(scale: np.ndarray, trial: np.ndarray) -> None:
        """Settles `trial`, and takes it and `scale` over where the colours lie inside."""
        p, q = scale * a, scale * b
        for _ in range(SETTLE):
            kernels.newton_step(trial, y, p, q, matrix, weights)
        kernels.differences(trial, y, p, q, matrix, blue, red)
        kernels.outside(y, blue, red, weights, -margin, out)
        inside = ~out
        np.copyto(edge, scale, where=inside)
        np.copyto(f, trial, where=inside)

    stride, trial = bound * np.float32(1 / SEARCHES), f.copy()
    for k in range(1, SEARCHES + 1):
        keep_inside(np.float32(k) * stride, trial)
    trial = f.copy()
    for _ in range(BISECTIONS):
        stride *= np.float32(0.5)
        keep_inside(edge + stride, trial)


def _fit(nodes: np.ndarray, a: np.ndarray, b: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """(1024, 5): least squares of `gain` on a, b, a a, a b, b b at each luma node, between nodes interpolated."""
    terms = np.stack([a, b, a * a, a * b, b * b], axis=-1).astype(np.float64)
    size = np.sqrt(np.mean(terms**2, axis=1, keepdims=True)) + 1e-12
    terms /= size
    square = np.einsum("nhi,nhj->nij", terms, terms) + 1e-6 * np.eye(5)
    found = np.linalg.solve(square, np.einsum("nhi,nh->ni", terms, gain)[..., None])[..., 0] / size[:, 0]
    found[[0, -1]] = found[[1, -2]]  # black and white have no colours to learn from
    return np.stack([np.interp(np.arange(CODES), nodes, column) for column in found.T], axis=-1)
