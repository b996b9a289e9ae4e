"""Every kind of picture an artist hands over: its true colours, upright, at its own depth; or a line that names it."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, features
from test_media_layered import pixels as layered
from test_media_layered import psd

from vidcolor.color import rgb_to_lab
from vidcolor.errors import MediaError
from vidcolor.media.deep import read_stored
from vidcolor.media.images import read_painted, read_picture
from vidcolor.media.load import load
from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.settings import ReelSettings

oiio = pytest.importorskip("OpenImageIO")
colour = pytest.importorskip("colour")
SIZE = (24, 32)
D65 = np.array([0.3127, 0.3290])
DEEP = np.random.default_rng(1).integers(4000, 60000, (*SIZE, 3)).astype(np.uint16)
"""(H, W, 3)"""


def written(path: Path, samples: np.ndarray, kind: str, **more: object) -> Path:
    """A picture by OpenImageIO."""
    spec = oiio.ImageSpec(samples.shape[1], samples.shape[0], samples.shape[2], kind)
    for name, value in more.items():
        if name == "chromaticities":
            spec.attribute(name, oiio.TypeDesc("float[8]"), value)
        else:
            spec[name.replace("__", ":")] = value
    file = oiio.ImageOutput.create(path.suffix[1:])
    assert file.open(str(path), spec), oiio.geterror()
    assert file.write_image(samples), file.geterror()
    file.close()
    return path


def lab_of(path: Path) -> np.ndarray:
    """(H, W, 3)"""
    picture = read_picture(path)
    return np.moveaxis(np.concatenate([picture.lightness[None], picture.chroma]), 0, 2)


def srgb_lab(codes: np.ndarray) -> np.ndarray:
    return np.moveaxis(rgb_to_lab(np.moveaxis(codes, 2, 0).astype(np.float32) / np.iinfo(codes.dtype).max), 0, 2)


def light_of(codes: np.ndarray) -> np.ndarray:
    return np.asarray(colour.cctf_decoding(codes / 65535, function="sRGB"), np.float32)


def test_codes_of_16_bits_come_back_from_every_kind(tmp_path):
    light = light_of(DEEP)
    paths = [
        written(tmp_path / "float.exr", light, "float"),
        written(tmp_path / "half.exr", np.dstack([light, np.ones(SIZE, np.float32)]), "half"),
        written(tmp_path / "float.tif", light, "float"),
        written(tmp_path / "a.jxl", DEEP, "uint16", compression="jpegxl:100"),
        written(tmp_path / "video.dpx", DEEP, "uint16", dpx__Transfer="ITU-R 709-4"),
        written(tmp_path / "linear.dpx", np.rint(light * 65535).astype(np.uint16), "uint16", dpx__Transfer="Linear"),
    ]
    for path in paths:
        assert np.abs(lab_of(path) - srgb_lab(DEEP)).max() < 0.15, path.name
        assert len(np.unique(load(path).samples)) > 1000, path.name


def test_log_dpx_is_shown_as_a_film_of_it_is(tmp_path):
    codes = np.full((*SIZE, 3), (520, 430, 350), np.uint16)
    path = written(tmp_path / "a.dpx", codes * 64, "uint16", oiio__BitsPerSample=10, dpx__Transfer="Printing density")
    light = colour.models.log_decoding_Cineon(codes[0, 0] / 1023)
    truth = colour.XYZ_to_Lab(colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ @ light, D65)
    assert np.abs(lab_of(path)[3, 3] - truth).max() < 0.3


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_pictures_of_the_web(tmp_path, kind):
    if not features.check(kind):
        pytest.skip(f"this Pillow has no {kind}")
    flat = np.full((*SIZE, 3), (200, 100, 50), np.uint8)
    options = {"lossless": True} if kind == "webp" else {"quality": 100, "subsampling": "4:4:4"}
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(flat).save(tmp_path / f"a.{kind}", exif=exif, **options)
    found = lab_of(tmp_path / f"a.{kind}")
    assert found.shape == (SIZE[1], SIZE[0], 3)
    assert np.abs(found - srgb_lab(flat)[0, 0]).max() < 1


def test_a_jpeg_xl_of_few_bytes(tmp_path):
    """OpenImageIO takes one under 128 bytes for damaged."""
    flat = np.zeros((*SIZE, 3), np.uint8)
    path = written(tmp_path / "a.jxl", flat, "uint8")
    data = path.read_bytes()
    while len(data) > 60 and data.endswith(b"\0"):
        data = data[:-1]
    path.write_bytes(data)
    assert len(data) < 128
    assert np.abs(lab_of(path)).max() < 0.5


@pytest.mark.parametrize("depth", [8, 16])
def test_a_layered_file_is_a_reference_where_it_is_opaque(tmp_path, depth):
    opaque = layered()
    opaque[..., 3] = 255
    (tmp_path / "a.psd").write_bytes(psd(opaque, depth))
    assert np.abs(lab_of(tmp_path / "a.psd") - srgb_lab(opaque[..., :3])).max() < 0.05
    (tmp_path / "b.psd").write_bytes(psd(layered(), depth))
    with pytest.raises(MediaError, match=r"b\.psd: the picture has transparent pixels; flatten it"):
        read_picture(tmp_path / "b.psd")
    painted = read_painted(tmp_path / "b.psd")
    assert painted.whole(painted.share).mean() == 0.5


def test_exr_of_other_corners_and_brighter_than_white(tmp_path):
    p3 = colour.RGB_COLOURSPACES["Display P3"]
    corners = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.3290)
    light = np.empty((*SIZE, 3), np.float32)
    light[:, :16], light[:, 16:] = (0.03, 0.36, 0.1), (4.0, 2.0, 0.4)
    found = lab_of(written(tmp_path / "a.exr", light, "float", chromaticities=corners))
    for column, value in ((3, light[0, 0]), (20, light[0, 20])):
        truth = colour.XYZ_to_Lab(p3.matrix_RGB_to_XYZ @ (value / max(1, value.max())), D65)
        hues = np.degrees([np.arctan2(v[2], v[1]) for v in (found[3, column], truth)])
        assert abs(hues[0] - hues[1]) < 2
        assert found[3, column, 0] > 40


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_tiff_is_upright_at_every_depth(tmp_path, orientation):
    found = []
    for name, codes in (("a.tif", (DEEP >> 8).astype(np.uint8)), ("b.tif", (DEEP >> 8) * 257), ("c.tif", None)):
        light = light_of((DEEP >> 8) * 257) if codes is None else codes
        turn = [(274, "H", 1, orientation, True)]
        tifffile.imwrite(tmp_path / name, light, photometric="rgb", extratags=turn)
        found.append(lab_of(tmp_path / name))
    assert found[0].shape == (SIZE if orientation < 5 else SIZE[::-1]) + (3,)
    assert np.abs(found[0] - found[1]).max() < 0.01
    assert np.abs(found[0] - found[2]).max() < 0.05


def layers(path: Path, *names: str) -> Path:
    exr = pytest.importorskip("OpenEXR")
    light = np.full(SIZE, 0.18, np.float16)
    channels = {f"{name}{c}": light for name in names for c in ("RGB" if name.endswith((".", "-")) else "")}
    channels |= {name: light for name in names if not name.endswith(".")}
    exr.File({"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}, channels).write(str(path))
    return path


@pytest.mark.parametrize("parts", [("mask", "beauty"), ("beauty", "mask"), ("beauty", "light")])
def test_the_part_of_an_exr_that_holds_colours_is_read(parts, tmp_path):
    """As compositing programs write them: mattes are parts of their own, and may come first."""
    path, colors = tmp_path / "parts.exr", np.full((6, 9, 3), (0.5, 0.1, 0.2), np.float32)
    specs = [oiio.ImageSpec(9, 6, 1 if name == "mask" else 3, "half") for name in parts]
    for spec, name in zip(specs, parts, strict=True):
        spec.channelnames = ("Y",) if name == "mask" else ("R", "G", "B")
        spec.attribute("oiio:subimagename", name)
    out = oiio.ImageOutput.create(str(path))
    out.open(str(path), specs)
    for number, spec in enumerate(specs):
        if number:
            out.open(str(path), spec, "AppendSubimage")
        out.write_image(np.ascontiguousarray(colors[..., : spec.nchannels]))
    out.close()
    if "light" in parts:
        with pytest.raises(MediaError, match=r"parts\.exr: several parts hold colours \(beauty, light\)"):
            read_stored(path)
    else:
        assert np.allclose(read_stored(path).samples, colors, atol=1e-3)


def test_the_one_layer_of_an_exr_is_read(tmp_path):
    layers(tmp_path / "f.0001.exr", "beauty.", "depth.Z")
    reel = open_reel(tmp_path / "f.0001.exr", ReelSettings())
    assert next(iter(SourceClip(reel))).luma[0, 0] == round(64 + 876 * 0.46135)
    assert abs(read_picture(tmp_path / "f.0001.exr").lightness[0, 0] - 49.5) < 0.1


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["beauty.", "key."], r"several layers hold colours \(beauty, key\); write one of them alone"),
        (["depth.Z", "N.X"], r"no channels R, G and B, or Y \(it has N\.X, depth\.Z\); write the picture with them"),
    ],
)
def test_channels_that_are_no_picture_are_named(tmp_path, names, words):
    path = layers(tmp_path / "f.0001.exr", *names)
    for read in (read_picture, lambda given: open_reel(given, ReelSettings())):
        with pytest.raises(MediaError, match=words):
            read(path)
