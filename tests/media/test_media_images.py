"""Artists' pictures: every depth and profile gives its true colours; what cannot be trusted is refused."""

import hashlib
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from vidcolor.color import rgb_to_lab
from vidcolor.errors import InputError, MediaError
from vidcolor.media.icc import SRGB_D50, read_profile
from vidcolor.media.images import read_picture, read_rgb, write_image
from vidcolor.media.load import MAX_PIXELS, picture_size

SIZE = (21, 34)
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
"""Adobe RGB (1998) colorants, D50."""


def random_rgb(top: int, seed: int = 0) -> np.ndarray:
    """(3, H, W)"""
    kind = np.uint16 if top > 255 else np.uint8
    return np.random.default_rng(seed).integers(0, top + 1, (3, *SIZE)).astype(kind)


def lab_of(path: Path) -> np.ndarray:
    found = read_picture(path)
    assert found.lightness.dtype == found.chroma.dtype == np.float32
    return np.concatenate([found.lightness[None], found.chroma])


def profile(curves: list[bytes], matrix: np.ndarray, space: bytes = b"RGB ", **more: bytes) -> bytes:
    """An ICC profile of curves and colorants, made by hand (ICC.1:2022, 7 and 8)."""
    tags = {name.encode(): data for name, data in more.items()}
    if space == b"RGB ":
        for k, c in enumerate("rgb"):
            xyz = struct.pack(">iii", *(round(v * 65536) for v in matrix[:, k]))
            tags[f"{c}XYZ".encode()] = b"XYZ \0\0\0\0" + xyz
            tags[f"{c}TRC".encode()] = curves[k]
    elif curves:
        tags[b"kTRC"] = curves[0]
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    body, table = b"", b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", 0, b"lcms", 0x02400000, more.get("kind", b"mntr"), space, more.get("pcs", b"XYZ ")
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    head = head.ljust(128, b"\0")
    data = head + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(data)) + data[4:]


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def adobe() -> bytes:
    return profile([gamma(563 / 256)] * 3, ADOBE)


def png_with_profile(path: Path, rgb: np.ndarray, icc: bytes) -> Path:
    """A PNG of any depth with an iCCP chunk."""
    write_image(path, rgb)
    data = path.read_bytes()
    body = b"iCCP" + b"p\0\0" + zlib.compress(icc)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(data[:33] + chunk + data[33:])
    return path


# --- depths and kinds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("top", [255, 65535])
def test_rgb_of_both_depths_is_exact(tmp_path, suffix, top):
    rgb = random_rgb(top)
    path = tmp_path / f"r.{suffix}"
    cv2.imwrite(str(path), np.moveaxis(rgb, 0, 2)[..., ::-1])
    assert np.allclose(lab_of(path), rgb_to_lab(rgb.astype(np.float32) / top), atol=1e-3)


@pytest.mark.parametrize("top", [255, 65535])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_gray_has_no_chroma(tmp_path, suffix, top):
    gray = random_rgb(top)[0]
    path = tmp_path / f"g.{suffix}"
    cv2.imwrite(str(path), gray)
    lab = lab_of(path)
    assert np.allclose(lab, rgb_to_lab(np.repeat(gray[None], 3, axis=0).astype(np.float32) / top), atol=1e-3)
    assert np.abs(lab[1:]).max() < 1e-3


def test_sixteen_bits_are_not_cut_to_eight(tmp_path):
    rgb = np.full((3, *SIZE), 257 * 100, np.uint16)
    rgb[:, 0] += 60
    path = tmp_path / "r.png"
    write_image(path, rgb)
    lightness = read_picture(path).lightness
    assert 0.05 < lightness[0, 0] - lightness[1, 0] < 0.15


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
def test_tiff_compressions(tmp_path, compression):
    rgb = random_rgb(255)
    path = tmp_path / "r.tif"
    Image.fromarray(np.moveaxis(rgb, 0, 2)).save(path, compression=compression)
    assert np.allclose(lab_of(path), rgb_to_lab(rgb.astype(np.float32) / 255), atol=1e-3)


OTHER_TIFFS: list[dict[str, object]] = [
    {},
    {"planarconfig": "separate"},
    {"byteorder": ">"},
    {"compression": "zlib", "predictor": True},
]


@pytest.mark.parametrize("options", OTHER_TIFFS)
def test_sixteen_bit_tiffs_of_other_programs(tmp_path, options):
    tifffile = pytest.importorskip("tifffile")
    rgb = random_rgb(65535)
    path = tmp_path / "r.tif"
    pixels = rgb if options.get("planarconfig") == "separate" else np.ascontiguousarray(np.moveaxis(rgb, 0, 2))
    tifffile.imwrite(path, pixels, photometric="rgb", **options)
    assert np.allclose(lab_of(path), rgb_to_lab(rgb.astype(np.float32) / 65535), atol=1e-3)


def test_tiles_are_read_in_8_bits_and_in_16(tmp_path):
    """FFmpeg gives a tiled TIFF as black, and raises nothing."""
    tifffile = pytest.importorskip("tifffile")
    rgb = random_rgb(255)
    tifffile.imwrite(tmp_path / "8.tif", np.moveaxis(rgb, 0, 2).copy(), photometric="rgb", tile=(16, 16))
    tifffile.imwrite(tmp_path / "16.tif", np.moveaxis(rgb, 0, 2) * np.uint16(257), photometric="rgb", tile=(16, 16))
    for name in ("8.tif", "16.tif"):
        assert np.allclose(lab_of(tmp_path / name), rgb_to_lab(rgb.astype(np.float32) / 255), atol=1e-3), name


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_gray_whose_zero_is_white(tmp_path, kind):
    tifffile = pytest.importorskip("tifffile")
    top = np.iinfo(kind).max
    light = np.linspace(0, top, SIZE[0] * SIZE[1]).astype(kind).reshape(SIZE)
    tifffile.imwrite(tmp_path / "white.tif", top - light, photometric="miniswhite")
    assert np.allclose(read_rgb(tmp_path / "white.tif")[0], light / top, atol=1e-4)


def test_jpeg_indexed_bilevel_and_opaque_alpha(tmp_path):
    rgb = np.moveaxis(random_rgb(255), 0, 2)
    smooth = Image.fromarray(cv2.GaussianBlur(rgb, (0, 0), 4))
    smooth.save(tmp_path / "r.jpg", quality=100, subsampling=0)
    expected = rgb_to_lab(np.moveaxis(np.asarray(smooth), 2, 0).astype(np.float32) / 255)
    assert np.abs(lab_of(tmp_path / "r.jpg") - expected).mean() < 0.6
    smooth.convert("RGBA").save(tmp_path / "a.png")
    assert np.allclose(lab_of(tmp_path / "a.png"), expected, atol=1e-3)
    indexed = smooth.quantize(200)
    indexed.save(tmp_path / "p.png")
    table = np.moveaxis(np.asarray(indexed.convert("RGB")), 2, 0).astype(np.float32) / 255
    assert np.allclose(lab_of(tmp_path / "p.png"), rgb_to_lab(table), atol=1e-3)
    smooth.convert("1").save(tmp_path / "b.png")
    assert set(np.unique(lab_of(tmp_path / "b.png")[0]).round()) == {0, 100}


def test_reference_carries_name_and_hash(tmp_path):
    path = tmp_path / "bild ä.png"
    write_image(path, random_rgb(255))
    reference = read_picture(path, "refs/bild ä.png")
    assert reference.name == "refs/bild ä.png"
    assert reference.hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_picture(path).name == "bild ä.png"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, orientation):
    picture = Image.fromarray(np.moveaxis(random_rgb(255), 0, 2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "r.png", exif=exif)
    with Image.open(tmp_path / "r.png") as opened:
        upright = np.moveaxis(np.asarray(ImageOps.exif_transpose(opened)), 2, 0).astype(np.float32) / 255
    lab = lab_of(tmp_path / "r.png")
    assert lab.shape == upright.shape
    assert np.allclose(lab, rgb_to_lab(upright), atol=1e-3)


# --- profiles ---------------------------------------------------------------------------------------------------


def by_lcms(rgb8: np.ndarray, icc: bytes) -> np.ndarray:
    """(3, H, W) sRGB in 8 bits, by LittleCMS: the independent truth, to half a code."""
    converted = ImageCms.profileToProfile(
        Image.fromarray(np.moveaxis(rgb8, 0, 2)),
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    return np.moveaxis(np.asarray(converted), 2, 0)


@pytest.mark.parametrize("curve", ["gamma", "table", "parametric"])
def test_curves_and_matrix_agree_with_littlecms(curve):
    x = np.linspace(0, 1, 1024)
    curves = {
        "gamma": gamma(1.8),
        "table": b"curv\0\0\0\0" + struct.pack(">I", 1024) + np.rint(65535 * x**2.6).astype(">u2").tobytes(),
        "parametric": b"para\0\0\0\0"
        + struct.pack(">HH5i", 3, 0, *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))),
    }
    icc = profile([curves[curve]] * 3, ADOBE)
    rgb = random_rgb(255, 5)
    found = read_profile(icc).to_srgb(np.moveaxis(rgb, 0, 2)) * 255
    truth = by_lcms(rgb, icc)
    inside = (np.minimum(truth, 255 - truth) > 0).all(axis=0)  # it clips what sRGB does not have
    assert inside.mean() > 0.3
    assert np.abs(found - truth)[:, inside].max() < 1.6
    assert np.abs(found - truth)[:, inside].mean() < 0.4


@pytest.mark.parametrize("top", [255, 65535])
def test_profile_changes_the_colours_it_should(tmp_path, top):
    """Adobe RGB by its own definition: gamma 563/256, its matrix, white to white."""
    rgb = (random_rgb(top) // 2 + top // 4).astype(np.uint16 if top > 255 else np.uint8)
    path = png_with_profile(tmp_path / "r.png", rgb, adobe())
    white = SRGB_D50.sum(axis=1) / ADOBE.sum(axis=1)
    light = np.tensordot(np.linalg.inv(SRGB_D50) @ (ADOBE * white[:, None]), (rgb / top) ** (563 / 256), axes=1)
    inside = ((light > 0) & (light < 1)).all(axis=0)  # the others: test_media_gamut.py
    light = light.clip(0, 1)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    lab = lab_of(path)
    assert inside.mean() > 0.5
    assert np.abs(lab - rgb_to_lab(coded.astype(np.float32)))[:, inside].max() < 0.02
    assert np.abs(lab - rgb_to_lab(rgb.astype(np.float32) / top)).mean() > 1, "the test needs a profile that matters"


def test_neutral_stays_neutral_under_any_matrix(tmp_path):
    gray = np.repeat(np.linspace(0, 65535, SIZE[0] * SIZE[1]).astype(np.uint16).reshape(1, *SIZE), 3, axis=0)
    lab = lab_of(png_with_profile(tmp_path / "r.png", gray, adobe()))
    assert np.abs(lab[1:]).max() < 0.02


def test_srgb_profile_is_no_change(tmp_path):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgb = random_rgb(65535)
    lab = lab_of(png_with_profile(tmp_path / "r.png", rgb, icc))
    assert np.abs(lab - rgb_to_lab(rgb.astype(np.float32) / 65535)).max() < 0.1


def test_profiles_of_jpeg_and_tiff_are_honoured(tmp_path):
    flat = np.full((*SIZE, 3), (40, 200, 60), np.uint8)
    for name in ("r.jpg", "r.tif", "r.png"):
        Image.fromarray(flat).save(tmp_path / name, icc_profile=adobe())
    reference = lab_of(tmp_path / "r.png")
    assert np.abs(reference - rgb_to_lab(np.moveaxis(flat, 2, 0).astype(np.float32) / 255)).max() > 5
    assert np.abs(lab_of(tmp_path / "r.tif") - reference).max() < 1e-3
    assert np.abs(lab_of(tmp_path / "r.jpg") - reference).max() < 2


def test_gray_profile(tmp_path):
    gray = np.full(SIZE, 128, np.uint8)
    Image.fromarray(gray).save(tmp_path / "g.png", icc_profile=profile([gamma(1.0)], ADOBE, b"GRAY"))
    lab = lab_of(tmp_path / "g.png")
    assert np.allclose(lab[0], 116 * np.cbrt(128 / 255) - 16, atol=0.05)
    assert np.abs(lab[1:]).max() < 0.01


def table_profile() -> bytes:
    """An RGB profile of tables (lut8, grid of two) that swaps red for blue: the corners' Lab, 8 bits."""
    grid = b""
    for r in (0, 1):
        for g in (0, 1):
            for b in (0, 1):
                lab = rgb_to_lab(np.array([b, g, r], np.float32).reshape(3, 1, 1)).ravel()
                grid += bytes([round(lab[0] * 2.55), *(int(np.clip(round(float(v)) + 128, 0, 255)) for v in lab[1:])])
    ramp = bytes(range(256)) * 3
    identity = struct.pack(">9i", *(65536 if k % 4 == 0 else 0 for k in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + identity + ramp + grid + ramp
    return profile([gamma(1.0)] * 3, ADOBE, A2B0=lut, pcs=b"Lab ", kind=b"scnr")


@pytest.mark.parametrize("top", [255, 65535])
def test_profile_of_tables_goes_through_littlecms(tmp_path, top):
    red = np.zeros((3, *SIZE), np.uint16 if top > 255 else np.uint8)
    red[0] = top
    lab = lab_of(png_with_profile(tmp_path / "r.png", red, table_profile()))
    blue = rgb_to_lab(np.array([0, 0, 1], np.float32).reshape(3, 1, 1))
    assert np.abs(lab - blue).max() < 8


def test_profiles_that_cannot_be_used_are_refused(tmp_path):
    gray_kind, cut = profile([gamma(2.2)], ADOBE, b"GRAY"), adobe()[:200]
    for icc, words in ((gray_kind, "profile is for GRAY"), (b"not a profile", "damaged"), (cut, "cannot be used")):
        path = png_with_profile(tmp_path / "r.png", random_rgb(255), icc)
        with pytest.raises(MediaError, match=words):
            read_picture(path)


# --- refusals ---------------------------------------------------------------------------------------------------


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def jpeg_header(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "JPEG")
    data = bytearray(stream.getvalue())
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def tiff_header(width: int, height: int) -> bytes:
    rows = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    rows += [(277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100)]
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + b"".join(struct.pack("<HHII", *r) for r in rows) + bytes(4)


@pytest.mark.parametrize("make", [png_header, jpeg_header, tiff_header])
@pytest.mark.parametrize("side", [65_000, 13_300, 10_001])
def test_bombs_are_refused_before_decoding(tmp_path, make, side, monkeypatch):
    path = tmp_path / "bomb.png"
    path.write_bytes(make(side, side))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    for look in (picture_size, read_picture):
        with pytest.raises(MediaError, match=r"bomb\.png: .*more than 100 megapixels; reduce the picture"):
            look(path)
    assert side * side > MAX_PIXELS


def test_profile_bomb_is_refused(tmp_path):
    path = png_with_profile(tmp_path / "r.png", random_rgb(255), bytes(200_000_000))
    with pytest.raises(MediaError, match=r"r\.png: "):
        read_picture(path)


def test_size_without_decoding(tmp_path):
    for name in ("r.png", "r.jpg", "r.tif"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
        assert picture_size(tmp_path / name) == (30, 40)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("deep", [False, True])
def test_picture_cut_short_is_refused(tmp_path, suffix, deep):
    if deep and suffix == "jpg":
        pytest.skip("JPEG has no 16 bits")
    path = tmp_path / f"r.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 65536 if deep else 256, (90, 120, 3))
    cv2.imwrite(str(path), pixels.astype(np.uint16 if deep else np.uint8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with pytest.raises(MediaError, match=rf"r\.{suffix}: (the picture is damaged|not a readable)"):
        read_picture(path)


def test_bad_pictures_are_refused(tmp_path):
    def saved(name: str, picture: Image.Image) -> Path:
        picture.save(tmp_path / name)
        return tmp_path / name

    clear = Image.new("RGBA", (9, 9), (1, 2, 3, 100))
    indexed = Image.fromarray(np.arange(81, dtype=np.uint8).reshape(9, 9)).convert("P")
    indexed.info["transparency"] = 3
    cases = [
        (tmp_path / "none.png", "cannot be opened"),
        (tmp_path, "cannot be opened"),
        (saved("clear.png", clear), "transparent pixels; flatten"),
        (saved("indexed.png", indexed), "transparent pixels; flatten"),
        (saved("cmyk.jpg", Image.new("CMYK", (9, 9))), "CMYK without a CMYK profile; convert"),
        (saved("lab.tif", Image.new("LAB", (9, 9))), "pixels of the kind LAB"),
        (saved("animation.gif", Image.new("RGB", (9, 9))), "not a readable PNG, TIFF, JPEG, PSD"),
    ]
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.jpg").write_bytes(b"not a picture")
    (tmp_path / "phone.jpg").write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic")
    cases += [(tmp_path / "phone.jpg", "HEIC is not read; save the picture as PNG")]
    cases += [(tmp_path / "empty.png", "is empty"), (tmp_path / "words.jpg", "not a readable")]
    for path, words in cases:
        with pytest.raises(MediaError, match=words) as caught:
            read_picture(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_transparent_sixteen_bits_are_refused(tmp_path):
    pixels = np.full((9, 9, 4), 60000, np.uint16)
    cv2.imwrite(str(tmp_path / "r.png"), pixels)
    with pytest.raises(MediaError, match="transparent pixels"):
        read_picture(tmp_path / "r.png")
    pixels[..., 3] = 65535
    cv2.imwrite(str(tmp_path / "r.png"), pixels)
    assert read_picture(tmp_path / "r.png").lightness.shape == (9, 9)


# --- writing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [255, 65535])
def test_written_picture_comes_back(tmp_path, top):
    rgb = random_rgb(top)
    path = tmp_path / "w.png"
    write_image(path, rgb)
    assert np.allclose(lab_of(path), rgb_to_lab(rgb.astype(np.float32) / top), atol=1e-3)
    write_image(path, rgb[0])
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), rgb[0])
    assert [p.name for p in tmp_path.iterdir()] == ["w.png"]


def test_writing_refuses_what_is_no_picture(tmp_path):
    for bad in (np.zeros((3, 4), np.float32), np.zeros((0, 4), np.uint8), np.zeros((2, 3, 4, 5), np.uint8)):
        with pytest.raises(InputError, match="cannot be written"):
            write_image(tmp_path / "w.png", bad)
    with pytest.raises(MediaError, match="cannot be written"):
        write_image(tmp_path / "absent" / "w.png", random_rgb(255))


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MediaError, match=r"w\.png: cannot be written: the disk is full; free some space"):
        write_image(tmp_path / "w.png", random_rgb(255))
    assert not list(tmp_path.iterdir())
