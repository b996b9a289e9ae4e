"""Luma at the film's own depth: every code of 8 to 16 bits, limited or full range, comes back from `ffv1-16`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from delivered import decoded

from vidcolor.color import LumaLock
from vidcolor.color.scale import TEN, Scale
from vidcolor.finish import finish
from vidcolor.media.codecs import find_delivery
from vidcolor.media.probe import open_reel
from vidcolor.media.promise import luma_words, promise
from vidcolor.media.read import SourceClip
from vidcolor.media.write import Writer
from vidcolor.settings import ExportSettings, FinishSettings, ReelSettings
from vidcolor.types import ColorFrame, ColorTags, Reel

SIZE = (64, 1024)
KINDS = [
    ("gray", 8, 2),
    ("gray10le", 10, 2),
    ("gray12le", 12, 2),
    ("gray16le", 16, 2),
    ("gray10le", 10, 1),
    ("yuv420p", 8, 1),
    ("yuv422p10le", 10, 1),
    ("yuv444p12le", 12, 1),
    ("yuv444p16le", 16, 1),
    ("yuv444p12le", 12, 2),
]


def make_film(path: Path, pixel_format: str, bits: int, color_range: int) -> np.ndarray:
    """One picture of every code, lossless; the codes (H, W)."""
    codes = np.resize(np.arange(2**bits), SIZE)
    with av.open(str(path), "w") as film:
        track = film.add_stream("ffv1", rate=24)
        track.height, track.width = SIZE
        track.pix_fmt = pixel_format
        track.codec_context.color_range = color_range
        picture = av.VideoFrame(SIZE[1], SIZE[0], pixel_format)
        for number, plane in enumerate(picture.planes):
            kind = np.uint8 if bits == 8 else np.uint16
            view = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind().itemsize)
            view[: plane.height, : plane.width] = codes if number == 0 else 1 << (bits - 1)
        picture.pts, picture.color_range = 0, color_range
        film.mux(track.encode(picture))
        film.mux(track.encode(None))
    return codes


def delivered(path: Path, reel: Reel, delivery: str) -> tuple[Any, Any]:
    """The source's only frame, and as it comes finished, in saturated colours, out of the file at `path`."""
    codec = find_delivery(delivery)
    (source,) = SourceClip(reel, None, codec.scale_of(reel))
    height, width = SIZE
    turn = np.linspace(0, 2 * np.pi, width // 2, dtype=np.float32) * np.ones((height // 2, 1), np.float32)
    color = ColorFrame(0, 60 * np.stack([np.cos(turn), np.sin(turn)]), np.ones_like(turn))
    frame = finish(source, color, LumaLock(reel.tags), FinishSettings(), codec.subsampling, scale=codec.scale_of(reel))
    with Writer(path, reel, delivery, ExportSettings()) as writer:
        writer.write(frame)
    return frame, writer.written


@pytest.mark.parametrize(("pixel_format", "bits", "color_range"), KINDS)
def test_ffv1_16_gives_the_films_own_codes_back(tmp_path: Path, pixel_format: str, bits: int, color_range: int) -> None:
    codes = make_film(tmp_path / "film.mkv", pixel_format, bits, color_range)
    reel = open_reel(tmp_path / "film.mkv", ReelSettings())
    frame, _ = delivered(tmp_path / "out.mkv", reel, "ffv1-16")
    (planes,) = decoded(tmp_path / "out.mkv")
    assert np.array_equal(planes[0] >> (16 - bits), codes)
    assert all(
        np.array_equal(plane, given) for plane, given in zip(planes, (frame.luma, frame.cb, frame.cr), strict=True)
    )
    with av.open(str(tmp_path / "out.mkv")) as film:
        picture = next(film.decode(video=0))
        assert (picture.format.name, picture.color_range) == ("yuv444p16le", color_range)
    again = open_reel(tmp_path / "out.mkv", ReelSettings())
    assert luma_words(reel, find_delivery("ffv1-16")) == "the film's own, code for code"
    assert (again.bits, again.full_range) == (16, color_range == 2)


@pytest.mark.parametrize(("pixel_format", "bits", "color_range"), [k for k in KINDS if k[1] > 10 or k[1:] == (10, 2)])
def test_ten_bits_of_more_are_called_rounded(tmp_path: Path, pixel_format: str, bits: int, color_range: int) -> None:
    make_film(tmp_path / "film.mkv", pixel_format, bits, color_range)
    reel = open_reel(tmp_path / "film.mkv", ReelSettings())
    kind = "full-range bits" if color_range == 2 else "bits"
    for delivery in ("ffv1", "prores-422hq"):
        said = promise(reel, find_delivery(delivery))
        assert f"rounded from {bits} {kind} to 10" in said
        assert "ffv1-16 delivery keeps more" in said


def test_rgb_and_light_are_computed_at_16_bits(tmp_path: Path) -> None:
    from vidcolor.media.luma import deep_luma

    draw = np.random.default_rng(3)
    rgb = draw.integers(0, 65536, (8, 8, 3)).astype(np.uint16)
    weights = (0.2126, 0.0722)
    for values, full in ((rgb, True), (rgb, False), (np.repeat(rgb[..., :1], 3, 2), True)):
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(values), format="rgb48le")
        luma = values.astype(float) @ [0.2126, 0.7152, 0.0722]
        assert np.abs(deep_luma(picture, full_range=full, weights=weights) - luma).max() <= 0.51
    light = av.VideoFrame.from_ndarray(np.full((4, 4), 0.5, np.float32), format="grayf32le")
    assert deep_luma(light, full_range=True, weights=weights)[0, 0] == round(65535 * (1.055 * 0.5 ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("scale", [Scale(16), Scale(16, True)])
def test_chroma_of_16_bits_is_that_of_10_made_finer(scale: Scale) -> None:
    draw = np.random.default_rng(4)
    ten = draw.integers(64, 941, (32, 64)).astype(np.uint16)
    luma = np.rint(scale.black + (ten - 64.0) / 876 * scale.span).astype(np.uint16)
    chroma = draw.normal(0, 25, (2, 32, 64)).astype(np.float32)
    lock = LumaLock(ColorTags())
    coarse, fine = lock.chroma_codes(ten, chroma, "444"), lock.chroma_codes(luma, chroma, "444", scale)
    for ours, deep in zip(coarse, fine, strict=True):
        in_tens = TEN.neutral + (deep - float(scale.neutral)) / scale.chroma_span * TEN.chroma_span
        assert np.abs(in_tens - ours).max() <= 0.6
        assert len(np.unique(deep)) > len(np.unique(ours))
