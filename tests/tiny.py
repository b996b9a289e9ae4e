"""Tiny films and pictures for the tests of the whole program: textured shots, exact colours, made in a blink."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np


def shot_colors(seed: int, frame: int, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) R'G'B' 0..1 of one frame of a shot: a textured ground that drifts under a textured disc."""
    height, width = size
    rng = np.random.default_rng(seed)
    ground = cv2.resize(rng.uniform(0.2, 0.8, (height // 4 + 8, width // 4 + 40)), (width + 160, height + 32))
    fine = rng.uniform(-0.1, 0.1, ground.shape)
    tint, other = rng.uniform(0.6, 1.0, 3), rng.uniform(0.3, 1.0, 3)
    left = frame
    light = (ground + fine)[16 : 16 + height, left : left + width]
    picture = light[..., None] * tint
    y, x = np.mgrid[:height, :width]
    disc = np.hypot(y - height / 2, x - (width * 0.2 + 1.5 * frame) % width) < height / 5
    stripes = 0.55 + 0.25 * np.sin(0.9 * y + seed)
    picture[disc] = (stripes[..., None] * other)[disc]
    return np.clip(picture, 0, 1).astype(np.float32)


def luma_of(rgb: np.ndarray) -> np.ndarray:
    """10-bit limited BT.709 luma codes."""
    return np.rint(64 + 876 * (rgb @ np.array([0.2126, 0.7152, 0.0722]))).astype(np.uint16)


def write_gray_film(
    path: Path, frames: int, size: tuple[int, int] = (48, 64), cuts: Sequence[int] = (), rate: int = 24
) -> list[np.ndarray]:
    """A gray lossless film (FFV1, 10 bits) of `frames` frames with hard `cuts`; its true colours, a frame each."""
    starts = [0, *cuts]
    colors = []
    for frame in range(frames):
        seed = max(i for i, start in enumerate(starts) if start <= frame)
        colors.append(shot_colors(seed + 1, frame - starts[seed], size))
    write_frames(path, colors, rate)
    return colors


def write_frames(path: Path, colors: Sequence[np.ndarray], rate: int = 24) -> None:
    """A gray lossless film (FFV1, 10 bits) of these pictures, (H, W, 3) R'G'B' each."""
    size = colors[0].shape[:2]
    with av.open(str(path.absolute()), "w", format="matroska", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("ffv1", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *size, "gray10le"
        stream.codec_context.color_range = 1
        for rgb in colors:
            frame_out = av.VideoFrame(size[1], size[0], "gray10le")
            plane = frame_out.planes[0]
            padded = np.zeros((size[0], plane.line_size // 2), np.uint16)
            padded[:, : size[1]] = luma_of(rgb)
            plane.update(padded.tobytes())
            frame_out.color_range = 1
            out.mux(stream.encode(frame_out))
        out.mux(stream.encode())


def write_picture(path: Path, size: tuple[int, int] = (48, 64), colors: np.ndarray | None = None) -> None:
    """An 8-bit colour picture: `colors`, or frame 0 of the first shot."""
    rgb = shot_colors(1, 0, size) if colors is None else colors
    done = cv2.imencode(path.suffix, np.rint(rgb[..., ::-1] * 255).astype(np.uint8))[1]
    path.write_bytes(done.tobytes())
