"""Films for the tests of the reading side, encoded with PyAV from luma that the test knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

RATE = Fraction(24)


def plane(frame: Any, number: int = 0) -> np.ndarray:
    """Writable (rows, samples) view of a plane, padding included."""
    source = frame.planes[number]
    name = frame.format.name
    bits = max((c.bits for c in frame.format.components), default=8)
    wide = bits > 8 or name.startswith(("p0", "p2", "p4", "y2"))
    dtype = np.dtype((">u2" if name.endswith("be") else "<u2") if wide else "u1")
    return np.frombuffer(source, dtype).reshape(-1, source.line_size // dtype.itemsize)


def gray_frame(luma: np.ndarray, pixel_format: str, chroma: int | None = None) -> Any:
    """A frame of a planar format with these luma codes and neutral (or constant) chroma; alpha is opaque."""
    height, width = luma.shape
    frame = av.VideoFrame(width, height, pixel_format)
    for component in frame.format.components:
        view = plane(frame, component.plane)
        if component.is_alpha:
            view[...] = 2**component.bits - 1
        elif component.is_luma or frame.format.name.startswith("gray"):
            view[:height, :width] = luma
        else:
            view[...] = 2 ** (component.bits - 1) if chroma is None else chroma
    return frame


def write_film(
    path: Path,
    codec: str,
    frames: Sequence[Any],
    *,
    rate: Fraction = RATE,
    options: Mapping[str, str] | None = None,
    container: Mapping[str, str] | None = None,
    times: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    metadata: Mapping[str, str] | None = None,
    setup: Callable[[Any], None] | None = None,
    sound: bool = False,
    format: str | None = None,
) -> Path:
    """Encodes av.VideoFrames into `path`; `times` are in `time_base` (one frame a tick of the rate if None)."""
    time_base = time_base or 1 / rate
    with av.open(str(path), "w", format=format, container_options=dict(container or {})) as file:
        stream = file.add_stream(codec, rate=rate, options=dict(options or {}))
        context = stream.codec_context
        context.width, context.height = frames[0].width, frames[0].height
        context.pix_fmt = frames[0].format.name
        context.time_base = time_base
        context.thread_count = 1
        stream.metadata.update(metadata or {})
        if setup:
            setup(stream)
        beep = file.add_stream("pcm_s16le", rate=48000, layout="mono") if sound else None
        for place, frame in enumerate(frames):
            frame.pts = place if times is None else times[place]
            frame.time_base = time_base
            for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
                setattr(frame, name, getattr(context, name))
            file.mux(stream.encode(frame))
            if beep is not None:
                tone = av.AudioFrame.from_ndarray(np.zeros((1, 2000), np.int16), layout="mono")
                tone.sample_rate, tone.pts = 48000, place * 2000
                file.mux(beep.encode(tone))
        file.mux(stream.encode(None))
        if beep is not None:
            file.mux(beep.encode(None))
    return path


def noise(count: int, size: tuple[int, int], low: int, high: int, seed: int = 0) -> list[np.ndarray]:
    """`count` pictures of random codes low..high."""
    draw = np.random.default_rng(seed)
    return [draw.integers(low, high + 1, size).astype(np.uint16) for _ in range(count)]


def moving(count: int, size: tuple[int, int] = (96, 128), top: int = 255) -> list[np.ndarray]:
    """`count` pictures of smooth texture that moves, every one different: for codecs that predict."""
    y, x = np.mgrid[: size[0], : size[1]]
    return [
        (top * (0.5 + 0.2 * np.sin((x + 2 * t) / 7) + 0.2 * np.cos((y - t) / 5 + t / 9))).astype(np.uint16)
        for t in range(count)
    ]


def decoded_luma(path: Path) -> list[np.ndarray]:
    """The first plane of every frame in order, by one thread from the head: the truth for exact access."""
    with av.open(str(path)) as file:
        stream = next(s for s in file.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        return [plane(f)[: f.height, : f.width].copy() for f in file.decode(stream)]
