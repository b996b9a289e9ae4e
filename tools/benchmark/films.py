"""Gray films for the benchmark: of given frames, made ones, and a film rescaled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.media.encoder import plane_view

RATE = Fraction(24)
BLACK, SPAN = 64, 876
"""10-bit luma codes: black, and from there to white."""
GRAIN = 0.012
"""Deviation of the made film's grain, as a share of white: about 3 codes of 8 bits, a clean 35 mm scan."""
GRAINS = 7
"""Different fields of grain, each shifted anew every frame."""
PAN = 0.004
"""The made film's camera moves so many widths a frame; its discs two to four times that."""
TINTS = np.array([[0.85, 0.75, 0.55], [0.9, 0.4, 0.35], [0.35, 0.5, 0.9], [0.4, 0.8, 0.45]])
"""Colours of ground and discs, as shares of R', G', B' at full light."""
LUMA = np.array([0.2126, 0.7152, 0.0722])


def write_film(path: Path, frames: Iterable[Array], codec: str = "ffv1") -> None:
    """Luma frames (H, W) uint16, 10-bit codes, as a gray film: `ffv1` (lossless) or `prores` (422 HQ)."""
    name, pixels = {"ffv1": ("ffv1", "gray10le"), "prores": ("prores_ks", "yuv422p10le")}[codec]
    with av.open(str(path.absolute()), "w") as out:
        stream = out.add_stream(name, rate=RATE, options={"profile": "hq"} if codec == "prores" else {})
        context = stream.codec_context
        context.thread_type = "AUTO"
        context.color_range = context.color_primaries = context.color_trc = context.colorspace = 1
        for number, luma in enumerate(frames):
            if number == 0:
                stream.height, stream.width, stream.pix_fmt = *luma.shape, pixels
            frame = av.VideoFrame(luma.shape[1], luma.shape[0], pixels)
            plane_view(frame, 0)[:] = luma
            for chroma in range(1, len(frame.planes)):
                plane_view(frame, chroma)[:] = 512
            frame.color_range = 1
            frame.pts, frame.time_base = number, 1 / RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def made_frames(size: tuple[int, int], count: int) -> Iterator[Array]:
    """(H, W, 3) R'G'B' 0..1: a textured ground under a moving camera, textured discs passing over it, and grain."""
    height, width = size
    rng = np.random.default_rng(0)
    step = max(1, round(PAN * width))
    surfaces = [_texture(rng, (height, width + step * count if n == 0 else width // 3)) for n in range(len(TINTS))]
    grains = [rng.normal(0, GRAIN, size).astype(np.float32) for _ in range(GRAINS)]
    for number in range(count):
        light, tint = surfaces[0][:, step * number : step * number + width].copy(), np.zeros(size, np.uint8)
        for disc in range(1, len(TINTS)):
            _draw_disc(light, tint, surfaces[disc], disc, number * step * (disc + 1))
        grain = np.roll(grains[number % GRAINS], tuple(rng.integers(0, size)), (0, 1))
        yield np.clip(light[..., None] * TINTS[tint] + grain[..., None], 0, 1).astype(np.float32)


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """(H, W) light 0.15..0.95 with detail from a fifth of the height down to two pixels."""
    total = np.zeros(size, np.float32)
    cell, amount = max(2.0, size[0] / 5), 1.0
    while cell >= 2:
        coarse = rng.uniform(-1, 1, (int(size[0] / cell) + 2, int(size[1] / cell) + 2)).astype(np.float32)
        total += np.float32(amount) * cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        cell, amount = cell / 3, amount * 0.6
    return np.clip(0.55 + 0.25 * total, 0.15, 0.95)


def _draw_disc(light: Array, tint: Array, surface: Array, disc: int, moved: int) -> None:
    height, width = light.shape
    radius = height // 6
    side = 2 * radius + 1
    left, top = (disc * width // 5 + moved) % (width - side), disc * height // 5 - radius // 2
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    inside = x * x + y * y < radius * radius
    where = (slice(top, top + side), slice(left, left + side))
    light[where][inside] = surface[:side, :side][inside]
    tint[where][inside] = disc


def luma_of(rgb: Array) -> Array:
    """(H, W) uint16 10-bit codes of (H, W, 3) R'G'B'."""
    return np.rint(BLACK + SPAN * (rgb @ LUMA)).astype(np.uint16)


def rescaled_frames(film: Path, size: tuple[int, int], count: int) -> Iterator[Array]:
    """The film's first frames at another size, as (H, W) luma codes; a gray picture is read from colour."""
    with av.open(str(film)) as source:
        for number, frame in enumerate(source.decode(video=0)):
            if number == count:
                return
            gray = frame.to_ndarray(format="gray16le").astype(np.float32) / 65535
            how = cv2.INTER_AREA if size[0] < gray.shape[0] else cv2.INTER_CUBIC
            scaled = np.clip(cv2.resize(gray, size[::-1], interpolation=how), 0, 1)
            yield np.rint(BLACK + SPAN * scaled).astype(np.uint16)


def write_key(path: Path, rgb: Array) -> None:
    """(H, W, 3) R'G'B' 0..1 as an 8-bit PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.rint(255 * rgb[..., ::-1]).astype(np.uint8))


def tinted(luma: Array) -> Array:
    """(H, W, 3) R'G'B' of luma codes: warm shadows, cool lights, for speed where no colours are known."""
    light = np.clip((luma.astype(np.float32) - BLACK) / SPAN, 0, 1)[..., None]
    return np.clip(light * (TINTS[0] * (1 - light) + TINTS[2] * light + 0.2), 0, 1).astype(np.float32)
