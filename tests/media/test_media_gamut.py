"""Pictures of wider gamuts keep hue and lightness; what a PNG's chunks say of its colours is honoured."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from test_media_images import gamma, profile

from vidcolor.errors import MediaError
from vidcolor.media.images import read_picture, read_rgb

colour = pytest.importorskip("colour")
D65 = np.array([0.3127, 0.3290])
CORNERS = {
    "P3": [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06]],
    "Adobe RGB": [[0.64, 0.33], [0.21, 0.71], [0.15, 0.06]],
    "BT.2020": [[0.708, 0.292], [0.170, 0.797], [0.131, 0.046]],
}


def space(name: str) -> "colour.RGB_Colourspace":
    return colour.RGB_Colourspace(name, np.array(CORNERS[name]), D65)


def true_lab(rgb: np.ndarray, name: str, exponent: float) -> np.ndarray:
    """(n, 3) CIELAB of (n, 3) R'G'B' 0..1, D65, by Colour."""
    return colour.XYZ_to_Lab(rgb**exponent @ space(name).matrix_RGB_to_XYZ.T, D65)


def read_lab(path: Path) -> np.ndarray:
    picture = read_picture(path)
    return np.concatenate([picture.lightness[None], picture.chroma]).reshape(3, -1).T


def hue_error(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    angle = np.arctan2(found[:, 2], found[:, 1]) - np.arctan2(true[:, 2], true[:, 1])
    return np.abs(np.degrees(np.angle(np.exp(1j * angle))))


@pytest.mark.parametrize("name", CORNERS)
def test_saturated_colours_of_a_wide_gamut_keep_hue_and_lightness(tmp_path, name):
    codes = np.array([[40, 160, 90], [250, 20, 30], [10, 250, 20], [5, 30, 240], [0, 200, 220], [250, 200, 5]])
    exponent = 563 / 256
    to_d50 = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        colour.xy_to_XYZ(D65), colour.xy_to_XYZ([0.3457, 0.3585]), "Bradford"
    )
    icc = profile([gamma(exponent)] * 3, to_d50 @ space(name).matrix_RGB_to_XYZ)
    pixels = np.tile((codes * 257).astype(np.uint16)[:, None], (4, 4, 1))
    tifffile.imwrite(tmp_path / "r.tif", pixels, photometric="rgb", iccprofile=icc)
    true = true_lab(pixels.reshape(-1, 3) / 65535, name, exponent)
    found = read_lab(tmp_path / "r.tif")
    assert hue_error(found, true).max() < 0.5
    assert np.abs(found[:, 0] - true[:, 0]).max() < 0.2
    assert (np.hypot(*found[:, 1:].T) <= np.hypot(*true[:, 1:].T) + 0.2).all()
    rgb = read_rgb(tmp_path / "r.tif").reshape(3, -1)
    edge = np.minimum(rgb, 1 - rgb).min(axis=0)
    assert edge.min() >= 0
    assert edge.max() < 0.08, "no more chroma is lost than the gamut asks for"


def png(path: Path, rgb: np.ndarray, **chunks: bytes) -> Path:
    """A PNG by Pillow with chunks of our own behind its header."""
    Image.fromarray(rgb).save(path)
    data = path.read_bytes()
    more = b""
    for name, body in chunks.items():
        named = name.encode() + body
        more += struct.pack(">I", len(body)) + named + struct.pack(">I", zlib.crc32(named))
    path.write_bytes(data[:33] + more + data[33:])
    return path


def corners(name: str) -> bytes:
    return struct.pack(">8I", *(round(v * 1e5) for v in np.ravel([D65, *CORNERS[name]])))


PIXELS = np.random.default_rng(3).integers(60, 200, (12, 16, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("chunks", "name", "exponent"),
    [
        ({"gAMA": struct.pack(">I", 55556), "cHRM": corners("P3")}, "P3", 1e5 / 55556),
        ({"gAMA": struct.pack(">I", 45455), "cHRM": corners("Adobe RGB")}, "Adobe RGB", 2.2),
        ({"cICP": bytes([9, 8, 0, 1])}, "BT.2020", 1.0),
        ({"cICP": bytes([12, 4, 0, 1]), "sRGB": b"\0", "gAMA": struct.pack(">I", 100000)}, "P3", 2.2),
    ],
    ids=["gAMA cHRM", "gAMA of sRGB", "cICP linear", "cICP first"],
)
def test_chunks_of_a_png_are_honoured(tmp_path, chunks, name, exponent):
    true = true_lab(PIXELS.reshape(-1, 3) / 255, name, exponent)
    found = read_lab(png(tmp_path / "r.png", PIXELS, **chunks))
    light = np.linalg.inv(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ) @ space(name).matrix_RGB_to_XYZ
    inside = ((PIXELS.reshape(-1, 3) / 255) ** exponent @ light.T > 0).all(axis=1)
    assert inside.mean() > 0.3
    assert np.abs(found - true)[inside].max() < 0.15
    assert hue_error(found, true)[np.hypot(*true[:, 1:].T) > 10].max() < 0.5


@pytest.mark.parametrize(
    "chunks", [{"sRGB": b"\0"}, {"gAMA": struct.pack(">I", 45455)}, {"cICP": bytes([1, 13, 0, 1])}]
)
def test_chunks_that_say_srgb_change_nothing(tmp_path, chunks):
    assert np.array_equal(
        read_lab(png(tmp_path / "a.png", PIXELS, **chunks)), read_lab(png(tmp_path / "b.png", PIXELS))
    )


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ({"cICP": bytes([9, 16, 0, 1])}, "HDR"),
        ({"cICP": bytes([1, 13, 0, 0])}, "narrow range"),
        ({"cHRM": bytes(32)}, "chromaticities"),
    ],
)
def test_colours_that_are_not_read_are_named(tmp_path, chunks, words):
    with pytest.raises(MediaError, match=rf"r\.png: states .*{words}.*; convert the picture to sRGB"):
        read_picture(png(tmp_path / "r.png", PIXELS, **chunks))
