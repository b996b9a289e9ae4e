"""Layered files of image editors: the picture of their layers together, with its alpha."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidcolor.color import rgb_to_lab
from vidcolor.errors import MediaError
from vidcolor.media.images import read_painted

SIZE = (6, 8)
COLOR = (200, 40, 30)


def pixels() -> np.ndarray:
    """(H, W, 4) RGBA: one colour, opaque in the left half."""
    found = np.full((*SIZE, 4), (*COLOR, 0), np.uint8)
    found[:, :4, 3] = 255
    return found


def psd(rgba: np.ndarray, depth: int = 8) -> bytes:
    """A Photoshop file of one layer, after Adobe's file format (2019); raw planes.

    A negative count of layers says that the fourth plane of the merged picture is its transparency, and no selection.
    """
    height, width, channels = rgba.shape
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, height, width, depth, 3)
    planes = (np.moveaxis(rgba, 2, 0).astype(np.uint32) * (257 if depth == 16 else 1)).astype(f">u{depth // 8}")
    each = 2 + planes[0].nbytes
    record = struct.pack(">4iH", 0, 0, height, width, channels)
    record += b"".join(struct.pack(">hI", number, each) for number in (-1, 0, 1, 2))
    record += b"8BIMnorm" + bytes([255, 0, 0, 0]) + struct.pack(">I", 12) + bytes(8) + b"\x01a\x00\x00"
    data = b"".join(struct.pack(">H", 0) + planes[number].tobytes() for number in (3, 0, 1, 2))
    info = struct.pack(">h", -1) + record + data
    info += bytes(len(info) % 2)
    layers = struct.pack(">I", len(info)) + info + bytes(4)
    sections = struct.pack(">III", 0, 0, len(layers)) + layers
    return header + sections + struct.pack(">H", 0) + planes.tobytes()


def ora(rgba: np.ndarray) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("mergedimage.png", cv2.imencode(".png", rgba[..., [2, 1, 0, 3]])[1].tobytes())
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.psd", psd(pixels())), ("deep.psd", psd(pixels(), 16)), ("a.ora", ora(pixels()))],
    ids=["psd", "psd of 16 bits", "openraster"],
)
def test_the_layers_together_count_where_they_are_opaque(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    painted = read_painted(path)
    assert painted.shape == SIZE
    assert painted.box == (slice(0, SIZE[0]), slice(0, 4))
    assert (painted.whole(painted.share) == (np.arange(8) < 4)).all()
    wanted = rgb_to_lab(np.array(COLOR, np.float32)[:, None, None] / 255)[1:, 0, 0]
    assert np.abs(painted.chroma[:, :, 0] - wanted[:, None]).max() < 0.1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("short.psd", psd(pixels())[:60]),
        ("head.psd", b"8BPS"),
        ("short.ora", ora(pixels())[:80]),
        ("other.zip", b"PK\x03\x04" + bytes(40)),
        ("empty.psd", b""),
    ],
    ids=["short psd", "head of a psd", "short ora", "another zip", "empty"],
)
def test_damage_is_the_users_to_mend(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(MediaError, match=name):
        read_painted(path)


@pytest.mark.parametrize(("mode", "kind"), [(4, "CMYK"), (9, "LAB")])
def test_photoshop_files_that_are_not_rgb_are_no_gray_ones(mode, kind, tmp_path):
    channels = len(kind)
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, *SIZE, 8, mode)
    (tmp_path / "a.psd").write_bytes(head + bytes(14) + bytes(range(channels * SIZE[0] * SIZE[1])))
    with pytest.raises(MediaError, match=rf"a\.psd: pixels of the kind {kind} are not read; save the picture as"):
        read_painted(tmp_path / "a.psd")
