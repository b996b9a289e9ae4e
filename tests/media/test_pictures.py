"""Colours come back as they were written: from films of every pixel format, from folders, from pictures."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from made_films import gray_frame, noise, plane, write_film
from PIL import Image, ImageCms

from vidcolor.errors import InputError, MediaError
from vidcolor.media import decode
from vidcolor.media.images import read_picture
from vidcolor.media.luma import components_of, layout_of
from vidcolor.media.pictures import ColorClip, open_colors
from vidcolor.settings import ReelSettings

BT709, BT601 = (0.2126, 0.0722), (0.299, 0.114)
PATCHES = np.array([[0.8, 0.3, 0.2], [0.1, 0.6, 0.3], [0.25, 0.2, 0.9], [0.5, 0.5, 0.5], [0.95, 0.9, 0.1]])
SIDE = 16
"""Pixels of a patch; they lie side by side."""
LOSSLESS = [name for name in (f.name for f in av.Codec("ffv1", "w").video_formats or []) if layout_of(name)]


def levels(bits: int, full: bool) -> tuple[float, float, float, float]:
    """Black, span, neutral and span of chroma, as ITU-R BT.709 and BT.2100 have them."""
    unit = 2 ** (bits - 8)
    return (0, 2**bits - 1, 128 * unit, 2**bits - 1) if full else (16 * unit, 219 * unit, 128 * unit, 224 * unit)


def to_codes(rgb: np.ndarray, bits: int, *, full: bool = False, weights: tuple[float, float] = BT709) -> np.ndarray:
    """(N, 3) Y', Cb, Cr codes of (N, 3) R'G'B'."""
    red, blue = weights
    black, span, neutral, chroma = levels(bits, full)
    light = red * rgb[:, 0] + (1 - red - blue) * rgb[:, 1] + blue * rgb[:, 2]
    cb, cr = (rgb[:, 2] - light) / (2 - 2 * blue), (rgb[:, 0] - light) / (2 - 2 * red)
    return np.rint(np.stack([black + span * light, neutral + chroma * cb, neutral + chroma * cr], 1)).astype(int)


def to_rgb(codes: np.ndarray, bits: int, *, full: bool = False, weights: tuple[float, float] = BT709) -> np.ndarray:
    """(N, 3) R'G'B' of (N, 3) codes, by the equations, in double precision."""
    red, blue = weights
    black, span, neutral, chroma = levels(bits, full)
    light, cb, cr = (codes[:, 0] - black) / span, (codes[:, 1] - neutral) / chroma, (codes[:, 2] - neutral) / chroma
    r, b = light + 2 * (1 - red) * cr, light + 2 * (1 - blue) * cb
    return np.clip(np.stack([r, (light - red * r - blue * b) / (1 - red - blue), b], 1), 0, 1)


def patch_frame(values: np.ndarray, name: str) -> Any:
    """A frame of planar format `name`: patches of (N, 3) codes, in the planes' own order."""
    frame = av.VideoFrame(SIDE * len(values), SIDE, name)
    for component in frame.format.components:
        view = plane(frame, component.plane)[:, : component.width]
        if component.is_alpha:
            view[...] = 2**component.bits - 1
        else:
            view[...] = np.repeat(values[:, component.plane], component.width // len(values))
    return frame


def middles(planes: np.ndarray) -> np.ndarray:
    """(N, ...) the pixel in the middle of each patch of (..., H, W)."""
    return np.moveaxis(planes[..., SIDE // 2, SIDE // 2 :: SIDE], -1, 0)


def tagged(matrix: int, full: bool = False) -> Any:
    def setup(stream: Any) -> None:
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = (1, 1, matrix)
        context.color_range = 2 if full else 1

    return setup


def only(clip: ColorClip) -> Any:
    return clip[clip.frames[0]]


# --- films ------------------------------------------------------------------------------------------------------


def test_enough_formats_are_tested():
    assert {"yuv420p", "yuv422p10le", "yuv444p12le", "yuv444p16le", "gray10le", "gbrp12le", "bgr0"} <= set(LOSSLESS)


@pytest.mark.parametrize("name", [n for n in LOSSLESS if layout_of(n).kind == "luma"])
@pytest.mark.parametrize(("full", "weights"), [(False, BT709), (True, BT601)])
def test_colours_of_a_film_come_back(tmp_path, name, full, weights):
    bits = layout_of(name).bits
    codes = to_codes(PATCHES, bits, full=full, weights=weights)
    setup = tagged(1 if weights == BT709 else 6, full)
    path = write_film(tmp_path / "film.mkv", "ffv1", [patch_frame(codes, name)], setup=setup)
    picture = only(open_colors(path))
    assert picture.rgb.dtype == np.float32
    assert picture.rgb.shape == (3, SIDE, SIDE * len(PATCHES))
    assert picture.rgb.flags.c_contiguous
    found = middles(picture.rgb)
    assert np.allclose(found, to_rgb(codes, bits, full=full, weights=weights), atol=2e-6)
    assert np.abs(found - PATCHES).max() < 0.5 / 2 ** (bits - 8) * (1 / 219 + 1.9 / 224)
    assert picture.luma.dtype == np.uint16
    if not full:
        shifted = codes[:, 0] * 2 ** (10 - bits) if bits <= 10 else np.floor(codes[:, 0] / 2 ** (bits - 10) + 0.5)
        assert np.array_equal(middles(picture.luma), shifted)


@pytest.mark.parametrize(
    ("codec", "suffix", "name", "within"),
    [
        ("prores_ks", "mov", "yuv422p10le", 0.006),
        ("prores_ks", "mov", "yuv444p10le", 0.006),
        ("dnxhd", "mov", "yuv422p10le", 0.006),
        ("libx264", "mp4", "yuv420p", 0.02),
    ],
)
def test_colours_of_a_delivery_come_back(tmp_path, codec, suffix, name, within):
    frame = patch_frame(to_codes(np.tile(PATCHES, (4, 1)), layout_of(name).bits), name)
    tall = av.VideoFrame(frame.width, 192, name)
    for number in range(3):
        view = plane(tall, number)
        view[...] = plane(frame, number)[0]
    options = {"profile": "dnxhr_hqx"} if codec == "dnxhd" else {}
    path = write_film(tmp_path / f"film.{suffix}", codec, [tall] * 2, setup=tagged(1), options=options)
    clip = open_colors(path)
    assert (clip.name, clip.frames, clip.size, clip.rate) == ("film", range(2), (192, 320), 24)
    for _, picture in clip.read():
        assert np.abs(middles(picture.rgb) - np.tile(PATCHES, (4, 1))).max() < within


@pytest.mark.parametrize("name", [n for n in LOSSLESS if layout_of(n).kind == "gray" and layout_of(n).packing is None])
def test_gray_films_are_neutral(tmp_path, name):
    bits = layout_of(name).bits
    codes = to_codes(PATCHES, bits)[:, :1]
    path = write_film(tmp_path / "film.nut", "ffv1", [patch_frame(codes, name)])
    rgb = middles(only(open_colors(path, ReelSettings(levels="limited"))).rgb)
    light = (codes - 16 * 2 ** (bits - 8)) / (219 * 2 ** (bits - 8))
    assert np.allclose(rgb, np.repeat(light, 3, 1), atol=1e-6)


@pytest.mark.parametrize("name", [n for n in LOSSLESS if layout_of(n).kind == "rgb" and n.startswith("gbr")])
def test_rgb_films_are_taken_as_they_are(tmp_path, name):
    top = 2 ** layout_of(name).bits - 1
    codes = np.rint(PATCHES * top).astype(int)
    path = write_film(tmp_path / "film.nut", "ffv1", [patch_frame(codes[:, [1, 2, 0]], name)])  # stored G, B, R
    picture = only(open_colors(path))
    assert np.allclose(middles(picture.rgb), codes / top, atol=1e-7)
    light = (codes / top) @ [0.2126, 0.7152, 0.0722]
    assert np.abs(middles(picture.luma) - (64 + 876 * light)).max() <= 0.51


PACKED = {
    "yuv420p": ["nv12", "nv21"],
    "yuv422p": ["nv16", "yuyv422", "uyvy422", "yvyu422"],
    "yuv444p": ["nv24", "vuyx", "vyu444"],
    "yuva444p": ["ayuv", "vuya", "uyva"],
    "yuv422p10le": ["p210le", "y210le"],
    "yuv420p10le": ["p010le"],
    "yuv444p12le": ["xv36le", "p412le"],
    "yuv444p16le": ["p416le"],
    "yuva444p16le": ["ayuv64le"],
}


@pytest.mark.parametrize(("planar", "name"), [(planar, name) for planar, names in PACKED.items() for name in names])
def test_packed_formats_hold_cb_and_cr_where_we_look(planar, name):
    """Placed by FFmpeg's own repacking, which changes no code where depth and subsampling are the same."""
    frame = patch_frame(to_codes(PATCHES, layout_of(planar).bits), planar)
    packed = frame.reformat(format=name)
    assert packed.format.name == name
    for found, wanted in zip(components_of(packed), components_of(frame), strict=True):
        assert np.array_equal(found, wanted)


def cb_of(rgb: np.ndarray) -> np.ndarray:
    """Cb in 8-bit codes from neutral, of colours inside the cube."""
    light = np.tensordot([0.2126, 0.7152, 0.0722], rgb, 1)
    return 224 * (rgb[2] - light) / 1.8556


def test_chroma_lies_on_even_columns_and_between_rows(tmp_path):
    """4:2:0 of MPEG-2 and H.264: co-sited across, in the middle down."""
    frame = gray_frame(np.full((8, 8), 128, np.uint16), "yuv420p", 128)
    plane(frame, 1)[:4, :4] = 128 + np.array([[0, 8, 8, 40]] * 2 + [[16, 24, 24, 56]] * 2)
    path = write_film(tmp_path / "film.mkv", "ffv1", [frame], setup=tagged(1))
    cb = cb_of(only(open_colors(path)).rgb)
    across, down = [0, 4, 8, 8, 8, 24, 40, 40], [0, 0, 0, 4, 12, 16, 16, 16]
    assert np.allclose(cb, np.add.outer(down, across), atol=1e-3)


@pytest.mark.parametrize("name", ["yuv422p", "yuv440p", "yuv411p", "yuv410p"])
def test_each_subsampling_has_its_places(tmp_path, name):
    size, frame = 16, gray_frame(np.full((16, 16), 128, np.uint16), name, 128)
    (across, down) = {"yuv422p": (2, 1), "yuv440p": (1, 2), "yuv411p": (4, 1), "yuv410p": (4, 4)}[name]
    rows, columns = np.mgrid[: size // down, : size // across]
    plane(frame, 1)[: size // down, : size // across] = 128 + 2 * columns * across + rows * down
    path = write_film(tmp_path / "film.mkv", "ffv1", [frame], setup=tagged(1))
    cb = cb_of(only(open_colors(path)).rgb)
    x = np.minimum(np.arange(size), size - across)
    y = np.clip(np.arange(size) - (down - 1) / 2, 0, size - down)
    assert np.allclose(cb, np.add.outer(y, 2 * x), atol=2e-3)


def test_odd_sizes_keep_their_last_column_and_row(tmp_path):
    frame = gray_frame(np.full((7, 9), 128, np.uint16), "yuv420p", 128)
    plane(frame, 1)[:4, :5] = 128 + np.array([0, 4, 8, 12, 16])
    path = write_film(tmp_path / "film.mkv", "ffv1", [frame], setup=tagged(1))
    assert np.allclose(cb_of(only(open_colors(path)).rgb), np.arange(0, 18, 2), atol=1e-3)


def test_motion_jpeg_has_chroma_between_columns(tmp_path):
    frame = gray_frame(np.full((16, 32), 128, np.uint16), "yuvj420p", 128)
    plane(frame, 1)[:8, :8], plane(frame, 1)[:8, 8:16] = 120, 152  # whole blocks: coded without loss
    frame.color_range = 2
    path = write_film(tmp_path / "film.mkv", "mjpeg", [frame], options={"qmin": "1", "qmax": "1"})
    rgb = only(open_colors(path)).rgb
    light = np.tensordot([*BT601[:1], 0.587, 0.114], rgb, 1)
    cb = 255 * (rgb[2] - light)[8] / 1.772
    assert np.allclose(cb[[0, 14, 15, 16, 17, 31]], [-8, -8, 0, 16, 24, 24], atol=0.6)


def test_a_matrix_tag_counts_alone(tmp_path):
    """Programs often tag the matrix and nothing else."""
    codes = to_codes(PATCHES, 8, weights=BT601)

    def setup(stream: Any) -> None:
        stream.codec_context.colorspace = 5

    path = write_film(tmp_path / "film.mkv", "ffv1", [patch_frame(codes, "yuv444p")], setup=setup)
    assert np.allclose(middles(only(open_colors(path)).rgb), to_rgb(codes, 8, weights=BT601), atol=2e-6)


def test_a_matrix_that_is_no_plain_one_is_refused(tmp_path):
    frames = [patch_frame(to_codes(PATCHES, 8), "yuv444p")]
    path = write_film(tmp_path / "film.mkv", "ffv1", frames, setup=tagged(8))
    with pytest.raises(MediaError, match=r"film\.mkv: colour matrix 8 .*convert the film to BT\.709"):
        only(open_colors(path))


def test_upright(tmp_path):
    frame = patch_frame(to_codes(PATCHES[:4], 8), "yuv420p")
    options = {"preset": "ultrafast", "qp": "0"}
    path = write_film(tmp_path / "film.mp4", "libx264", [frame] * 2, options=options, setup=tagged(1))
    lying = only(open_colors(path))
    path = write_film(
        tmp_path / "up.mp4",
        "libx264",
        [frame] * 2,
        options=options,
        setup=lambda stream: (tagged(1)(stream), stream.set_display_rotation(90)),
    )
    standing = open_colors(path)
    assert standing.size == (64, 16)
    assert np.array_equal(only(standing).rgb, np.rot90(lying.rgb, axes=(1, 2)))
    assert np.array_equal(only(standing).luma, np.rot90(lying.luma))


# --- frames in any order ----------------------------------------------------------------------------------------


def colored(number: int) -> Any:
    """A frame that tells its number by its colour, with something that moves."""
    luma = np.full((48, 64), 120, np.uint16)
    luma[8:24, number % 40 : number % 40 + 16] = 150
    frame = gray_frame(luma, "yuv420p", 128)
    plane(frame, 1)[...] = 90 + number
    return frame


@pytest.fixture(scope="module", params=["ffv1.mkv", "prores.mov", "h264.mp4", "h264.h264"])
def film(request, tmp_path_factory) -> ColorClip:
    """75 frames: all key frames, or with B-frames and a key frame every 12; the last without times."""
    path = tmp_path_factory.mktemp("films") / request.param
    frames = [colored(number) for number in range(75)]
    if "ffv1" in request.param:
        write_film(path, "ffv1", frames, setup=tagged(1))
    elif "prores" in request.param:
        write_film(path, "prores_ks", [frame.reformat(format="yuv422p10le") for frame in frames], setup=tagged(1))
    else:
        write_film(path, "libx264", frames, options={"qp": "4", "bf": "3", "g": "12"}, setup=tagged(1))
    return open_colors(path)


def test_random_access_is_streaming(film):
    streamed = dict(film.read())
    assert list(streamed) == list(film.frames) == list(range(75))
    blue = [float(streamed[number].rgb[2].mean()) for number in range(75)]
    assert blue == sorted(blue), "each frame is the one asked for"
    assert len(set(blue)) > 65
    for number in (74, 0, 41, 40, 13, 74):
        picture = film[number]
        assert np.array_equal(picture.rgb, streamed[number].rgb)
        assert np.array_equal(picture.luma, streamed[number].luma)
    for chosen in (range(0, 75, 4), [0, 2, 3, 70], range(30, 75, 40), [74]):
        found = dict(film.read(chosen))
        assert list(found) == list(chosen)
        for number, picture in found.items():
            assert np.array_equal(picture.rgb, streamed[number].rgb), number


def test_any_order_comes_rising_and_once(film):
    assert [number for number, _ in film.read([7, 3, 3, 5])] == [3, 5, 7]
    assert list(film.read([])) == []


def test_frames_that_are_not_there_are_named(film):
    for frames in ([0, 75], [-1], [3, 900]):
        with pytest.raises(InputError, match=r"holds no frame (75|-1|900); it holds 75, from 0 to 74"):
            film.read(frames)


def test_frames_between_are_decoded_only_where_they_must_be(tmp_path, monkeypatch):
    frames = [colored(number) for number in range(60)]
    path = write_film(tmp_path / "film.mkv", "ffv1", frames, options={"g": "1"}, setup=tagged(1))
    clip = open_colors(path)
    decoded = []
    original = decode._decoded

    def counted(*args):
        for picture in original(*args):
            decoded.append(picture.pts)
            yield picture

    monkeypatch.setattr(decode, "_decoded", counted)
    assert len(list(clip.read(range(0, 60, 4)))) == 15
    assert len(decoded) == 15


def test_long_gaps_are_sought(tmp_path, monkeypatch):
    options = {"qp": "4", "g": "10", "bf": "2"}
    path = write_film(tmp_path / "f.mp4", "libx264", [colored(k) for k in range(90)], options=options, setup=tagged(1))
    clip = open_colors(path)
    taken = []
    original = decode._decoded
    monkeypatch.setattr(decode, "_decoded", lambda *args: (taken.append(1) or p for p in original(*args)))
    assert [frame for frame, _ in clip.read([0, 45, 89])] == [0, 45, 89]
    assert len(taken) < 45


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_files_are_closed(film):
    def opened() -> int:
        links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        return sum(os.path.realpath(link) == str(film.path) for link in links if os.path.exists(link))

    pictures = film.read()
    next(pictures)
    next(pictures)
    assert opened() == 1
    pictures.close()
    assert opened() == 0
    assert film[5].rgb.shape == (3, 48, 64)
    assert opened() == 0


def test_a_conformed_film_repeats_frames(tmp_path):
    frames = [colored(number) for number in range(30)]
    times = [k * 10 for k in range(10)] + [100 + k * 20 for k in range(20)]
    path = write_film(
        tmp_path / "f.mkv", "ffv1", frames, times=times, time_base=Fraction(1, 240), options={"g": "1"}, setup=tagged(1)
    )
    with pytest.raises(MediaError, match="variable rate"):
        open_colors(path)
    clip = open_colors(path, ReelSettings(variable_rate="conform"))
    blue = [float(picture.rgb[2].mean()) for _, picture in clip.read()]
    assert len(blue) == len(clip)
    assert blue == sorted(blue)
    for frame in (0, 7, len(clip) - 1):
        assert float(clip[frame].rgb[2].mean()) == blue[frame]
    assert [float(picture.rgb[2].mean()) for _, picture in clip.read(range(0, len(clip), 3))] == blue[::3]


# --- folders and pictures ---------------------------------------------------------------------------------------


def random_pixels(deep: bool = False, size: tuple[int, int] = (12, 20), seed: int = 0) -> np.ndarray:
    kind = np.uint16 if deep else np.uint8
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max, (*size, 3), endpoint=True).astype(kind)


def save(path: Path, pixels: np.ndarray) -> Path:
    """(H, W, 3) RGB"""
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.suffix == ".webp" else []
    path.write_bytes(cv2.imencode(path.suffix, np.ascontiguousarray(pixels[..., ::-1]), options)[1].tobytes())
    return path


@pytest.mark.parametrize(
    ("suffix", "deep"), [("png", False), ("png", True), ("tif", False), ("tif", True), ("webp", False)]
)
def test_a_picture_is_its_samples(tmp_path, suffix, deep):
    pixels = random_pixels(deep)
    clip = open_colors(save(tmp_path / f"any name 7.{suffix}", pixels))
    assert (clip.name, list(clip.frames), clip.size, clip.rate) == ("picture", [0], (12, 20), None)
    picture = clip[0]
    rgb = pixels / np.iinfo(pixels.dtype).max
    assert picture.rgb.dtype == np.float32
    assert np.allclose(np.moveaxis(picture.rgb, 0, 2), rgb, atol=1e-7)
    assert np.array_equal(picture.luma, np.rint(64 + 876 * (rgb @ [0.2126, 0.7152, 0.0722])).astype(np.uint16))


def test_a_photograph_comes_back_by_any_way(tmp_path):
    pixels = np.repeat(np.rint(255 * PATCHES).astype(np.uint8), SIDE, 0)[None].repeat(SIDE, 0)
    deep = open_colors(save(tmp_path / "d.png", pixels.astype(np.uint16) * 257))[0]
    for name, within in (("a.png", 1e-7), ("a.jpg", 0.02)):
        picture = open_colors(save(tmp_path / name, pixels))[0]
        assert np.abs(middles(picture.rgb) - middles(deep.rgb)).max() < within


def test_gray_and_indexed_pictures(tmp_path):
    gray = np.arange(240, dtype=np.uint8).reshape(12, 20)
    Image.fromarray(gray).save(tmp_path / "g.png")
    picture = open_colors(tmp_path / "g.png")[0]
    assert np.allclose(picture.rgb, np.stack([gray / 255] * 3), atol=1e-7)
    assert np.array_equal(picture.luma, np.rint(64 + 876 * (gray / 255)))
    Image.fromarray(gray).convert("P").save(tmp_path / "p.png")
    assert np.allclose(open_colors(tmp_path / "p.png")[0].rgb, picture.rgb)


def test_profile_and_turn_of_a_picture_are_honoured(tmp_path):
    pixels = random_pixels()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "t.png", icc_profile=profile, exif=exif)
    clip = open_colors(tmp_path / "t.png")
    assert clip.size == (20, 12)
    turned = np.rot90(np.moveaxis(pixels, 2, 0) / 255, 3, axes=(1, 2))
    assert np.abs(clip[0].rgb - turned).max() < 0.002, "the profile is sRGB's, nearly"


def test_a_folder_is_read_by_its_numbers(tmp_path):
    names = {0: "00000.jpg", 7: "clip2_0007_final.png", 134: "ref_000134.png", 9: "9.tif"}
    pixels = {number: random_pixels(seed=number) for number in names}
    for number, name in names.items():
        save(tmp_path / name, pixels[number])
    (tmp_path / "notes 3.txt").write_text("no picture")
    (tmp_path / ".000005.png").write_bytes(b"hidden")
    (tmp_path / "000006.png").mkdir()
    clip = open_colors(tmp_path)
    assert (clip.name, clip.frames, clip.size, clip.rate, len(clip)) == ("folder", (0, 7, 9, 134), (12, 20), None, 4)
    streamed = dict(clip.read())
    assert list(streamed) == [0, 7, 9, 134]
    for number in (134, 9, 7):
        assert np.allclose(np.moveaxis(streamed[number].rgb, 0, 2), pixels[number] / 255, atol=1e-7)
        assert np.array_equal(clip[number].rgb, streamed[number].rgb)
    assert [number for number, _ in clip.read([134, 7])] == [7, 134]
    with pytest.raises(InputError, match="holds no frame 8; it holds 4, from 0 to 134"):
        clip[8]


def test_names_that_do_not_say_a_frame_are_refused(tmp_path):
    save(tmp_path / "000134.png", random_pixels())
    for name, told in (
        ("ref_134.jpg", r"ref_134\.jpg: the same frame number as 000134\.png \(134\); remove or rename one"),
        ("coat.png", r"coat\.png: no frame number in its name; name it as 000134\.png"),
        ("01-00-05-09.png", r"01-00-05-09\.png: named by timecode; name it by its frame number"),
    ):
        path = save(tmp_path / name, random_pixels())
        with pytest.raises(MediaError, match=told):
            open_colors(tmp_path)
        path.unlink()
    assert list(open_colors(tmp_path).frames) == [134]


@pytest.mark.parametrize("deep", [False, True])
def test_a_png_that_is_cut_short_is_told_of_once(tmp_path, capfd, deep):
    path = tmp_path / "cut.png"
    save(path, random_pixels().astype(np.uint16) * 257 if deep else random_pixels())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(MediaError, match=r"cut\.png: the picture is damaged or cut short"):
        read_picture(path)
    assert capfd.readouterr().err == "", "libpng would say so too"


def test_pictures_of_a_folder_are_looked_at_when_they_are_read(tmp_path):
    for number in range(4):
        save(tmp_path / f"{number:05d}.png", random_pixels())
    save(tmp_path / "00004.png", random_pixels(size=(12, 21)))
    (tmp_path / "00005.png").write_bytes((tmp_path / "00001.png").read_bytes()[:300])
    (tmp_path / "00006.jpg").write_text("no picture")
    clip = open_colors(tmp_path)
    pictures = clip.read()
    assert [next(pictures)[0] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(MediaError, match=r"00004\.png: 21x12 pixels where the first picture has 20x12; make all"):
        next(pictures)
    with pytest.raises(MediaError, match=r"00005\.png: the picture is damaged or cut short"):
        clip[5]
    with pytest.raises(MediaError, match=r"00006\.jpg: not a readable PNG, TIFF, JPEG, PSD"):
        clip[6]


# --- what cannot be read ----------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_refused(tmp_path):
    whole = write_film(tmp_path / "whole.mkv", "ffv1", [colored(number) for number in range(12)]).read_bytes()
    (tmp_path / "none").mkdir()
    (tmp_path / "empty.mov").touch()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.mov").write_text("no film")
    (tmp_path / "short.mkv").write_bytes(whole[: len(whole) // 2])
    Image.new("RGBA", (9, 9), (1, 2, 3, 100)).save(tmp_path / "clear.png")
    for name, told in (
        ("missing.mov", "no such file or folder; check the path"),
        ("missing.png", "cannot be opened .*; check the path"),
        ("none", "no pictures in this folder"),
        ("empty.mov", "the file is empty"),
        ("empty.png", "the file is empty"),
        ("text.mov", "cannot be read as a film"),
        ("short.mkv", "cut short"),
        ("clear.png", "transparent pixels; flatten"),
    ):
        with pytest.raises(MediaError, match=f"{name}: .*{told}"):
            open_colors(tmp_path / name)


def test_an_enormous_picture_is_refused_before_it_is_decoded(tmp_path):
    path = save(tmp_path / "bomb.png", random_pixels())
    data = bytearray(path.read_bytes())
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"bomb\.png: "):
        open_colors(path)


def test_interlaced_films_are_refused_or_carried(tmp_path):
    def setup(stream: Any) -> None:
        stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        stream.codec_context.field_order = 2

    frames = [colored(number).reformat(format="yuv422p10le") for number in range(3)]
    path = write_film(tmp_path / "f.mov", "prores_ks", frames, setup=setup)
    with pytest.raises(MediaError, match="interlaced .*reel.interlaced=carry"):
        open_colors(path)
    assert len(list(open_colors(path, ReelSettings(interlaced="carry")).read())) == 3


def test_a_film_that_changes_its_size_is_refused_there(tmp_path):
    """Every picture of a PNG film is a whole file, so any other can stand among them."""
    path = tmp_path / "film.mov"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=24)
        stream.width, stream.height, stream.pix_fmt = 20, 12, "rgb24"
        for number in range(9):
            size = (12, 21) if number == 4 else (12, 20)
            data = save(tmp_path / "one.png", random_pixels(size=size)).read_bytes()
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, number, number, True
            packet.time_base, packet.duration = Fraction(1, 24), 1
            file.mux(packet)
    clip = open_colors(path)
    pictures = clip.read()
    assert [next(pictures)[0] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(MediaError, match="frame 4: 21x12 pixels where the film has 20x12"):
        next(pictures)


def test_a_damaged_frame_is_named_and_the_others_are_read(tmp_path):
    frames = [gray_frame(picture, "yuv422p10le") for picture in noise(9, (96, 128), 60, 900)]
    path = write_film(tmp_path / "f.mov", "prores_ks", frames)
    clip = open_colors(path)
    data = bytearray(path.read_bytes())
    start = [at for at in range(len(data)) if data[at : at + 4] == b"icpf"][4]
    data[start + 8 : start + 700] = bytes(692)
    path.write_bytes(data)
    assert [frame for frame, _ in clip.read([1, 3, 5, 8])] == [1, 3, 5, 8]
    with pytest.raises(MediaError, match="frame 4 is damaged or missing"):
        list(clip.read([3, 4, 6]))
