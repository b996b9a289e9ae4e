"""Luma out equals luma in, in every pixel format; clips give any frame in any order, at any size."""

import struct
import threading
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from made_films import gray_frame, moving, noise, plane, write_film

from vidcolor.color import luma_to_lightness
from vidcolor.errors import InputError, MediaError
from vidcolor.media.luma import layout_of, luma_codes
from vidcolor.media.probe import open_reel
from vidcolor.media.read import KEPT, Clip, SourceClip
from vidcolor.settings import ReelSettings
from vidcolor.timeline import FrameRange

LIMITED, FULL = ReelSettings(levels="limited"), ReelSettings(levels="full")
WEIGHTS = (0.2126, 0.0722)
SIZE = (35, 51)
PLANAR = [
    name
    for codec in ("ffv1", "rawvideo", "libx264", "prores_ks")
    for name in [f.name for f in av.Codec(codec, "w").video_formats or []]
    if (layout := layout_of(name)) and layout.kind in ("luma", "gray") and layout.packing is None
]


def limited(codes: np.ndarray, bits: int) -> np.ndarray:
    """The rule, written apart from the product: shift up, or round to ten bits."""
    codes = codes.astype(np.int64)
    return codes << (10 - bits) if bits <= 10 else np.minimum(np.floor(codes / 2 ** (bits - 10) + 0.5), 1023)


def full(codes: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(64 + 876 * codes.astype(float) / (2**bits - 1))


def test_enough_formats_are_tested():
    assert len(set(PLANAR)) > 35


@pytest.mark.parametrize("name", sorted(set(PLANAR)))
def test_luma_out_is_luma_in(tmp_path, name):
    """Random codes over the whole range, odd sizes, through a lossless file."""
    bits = layout_of(name).bits
    pictures = noise(2, SIZE, 0, 2**bits - 1)
    path = tmp_path / "film.nut"
    if name in [f.name for f in av.Codec("ffv1", "w").video_formats]:
        write_film(path, "ffv1", [gray_frame(p, name) for p in pictures])
    else:
        write_film(path, "rawvideo", [gray_frame(p, name) for p in pictures])
    for settings, rule in ((LIMITED, limited), (FULL, full)):
        reel = open_reel(path, settings)
        assert reel.pixel_format in (name, name.replace("yuvj", "yuv"))
        assert (reel.bits, reel.size) == (bits, SIZE)
        assert not reel.has_color
        for frame, picture in zip(SourceClip(reel), pictures, strict=True):
            assert frame.luma.dtype == np.uint16
            assert np.array_equal(frame.luma, rule(picture, bits)), settings


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 16])
@pytest.mark.parametrize("settings", [LIMITED, FULL])
def test_reversible_only_if_every_code_comes_back(tmp_path, bits, settings):
    name = "gray" if bits == 8 else f"gray{bits}le"
    codes = np.arange(2**bits).reshape(-1, 32)
    path = write_film(tmp_path / "film.nut", "ffv1", [gray_frame(codes, name)])
    reel = open_reel(path, settings)
    found = next(iter(SourceClip(reel))).luma
    assert reel.luma_reversible == (len(np.unique(found)) == 2**bits)


PACKED = ["nv12", "nv16", "nv24", "nv21", "p010le", "p210le", "p410le", "p012le", "p016le", "p216le", "yuyv422"]
PACKED += ["uyvy422", "yvyu422", "y210le", "y212le", "vuya", "vuyx", "ayuv", "uyva", "vyu444", "xv36le", "ayuv64le"]
PACKED += ["ya8", "ya16le", "ya16be", "gray10be", "gray16be", "yuv422p10be", "yuv444p16be"]


@pytest.mark.parametrize("name", PACKED)
def test_packed_formats_hold_the_same_luma(name):
    """Placed by FFmpeg's own converter, which keeps luma where neither depth nor range changes."""
    bits = layout_of(name).bits
    luma = noise(1, (32, 48), 0, 2**bits - 1)[0]
    start = {8: "yuv444p", 10: "yuv444p10le", 12: "yuv444p12le", 16: "yuv444p16le"}[bits]
    if name.startswith(("ya", "gray")) and bits != 8:
        start = f"gray{bits}le"
    elif name == "ya8":
        start = "gray"
    picture = gray_frame(luma, start).reformat(format=name)
    assert picture.format.name == name
    assert np.array_equal(luma_codes(picture, full_range=False, weights=WEIGHTS), limited(luma, bits))


RGB = ["rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr", "gbrp", "gbrap"]
RGB_DEEP = ["rgb48le", "rgb48be", "bgr48le", "rgba64le", "bgra64be", "gbrp16le", "gbrp16be", "gbrap16le"]


def colored(shape: tuple[int, int], top: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, top + 1, (*shape, 3)).astype(np.uint16 if top > 255 else np.uint8)


@pytest.mark.parametrize("name", RGB + RGB_DEEP)
def test_luma_of_rgb_is_computed(name):
    top = 255 if name in RGB else 65535
    rgb = colored((32, 48), top)
    picture = av.VideoFrame.from_ndarray(rgb, format="rgb24" if top == 255 else "rgb48le").reformat(format=name)
    expected = 64 + 876 * (rgb / top) @ [0.2126, 0.7152, 0.0722]
    found = luma_codes(picture, full_range=True, weights=WEIGHTS)
    assert np.max(np.abs(found - expected)) <= 0.502


@pytest.mark.parametrize("name", RGB + RGB_DEEP)
def test_neutral_rgb_is_exactly_its_gray(name):
    top = 255 if name in RGB else 65535
    gray = np.linspace(0, top, 48 * 32).astype(np.uint16 if top > 255 else np.uint8).reshape(32, 48)
    rgb = np.repeat(gray[..., None], 3, axis=2)
    picture = av.VideoFrame.from_ndarray(rgb, format="rgb24" if top == 255 else "rgb48le").reformat(format=name)
    found = luma_codes(picture, full_range=True, weights=WEIGHTS)
    assert np.array_equal(found, full(gray, 8 if top == 255 else 16))


def test_bottom_up_pictures_are_turned(tmp_path):
    """AVI stores R'G'B' from the bottom up if its height is positive; the decoder then counts rows backwards."""
    rgb = np.repeat(moving(1, (33, 47))[0].astype(np.uint8)[..., None], 3, axis=2)
    path = write_film(tmp_path / "film.avi", "rawvideo", [av.VideoFrame.from_ndarray(rgb, format="bgr24")])
    data = bytearray(path.read_bytes())
    height = data.index(b"strf") + 16
    (stored,) = struct.unpack_from("<i", data, height)
    struct.pack_into("<i", data, height, abs(stored))
    path = tmp_path / "up.avi"
    path.write_bytes(data)
    with av.open(str(path)) as file:
        flipped = next(file.decode(file.streams.video[0])).planes[0].line_size < 0
    found = next(iter(SourceClip(open_reel(path, ReelSettings())))).luma
    expected = full(rgb[::-1, :, 0] if stored < 0 else rgb[..., 0], 8)
    assert flipped
    assert np.array_equal(found, expected)


def test_palette_is_looked_up(tmp_path):
    gray = moving(1, (33, 47))[0].astype(np.uint8)
    from PIL import Image

    Image.fromarray(gray).convert("P").save(tmp_path / "film.png")
    found = next(iter(SourceClip(open_reel(tmp_path / "film.png", ReelSettings())))).luma
    assert np.array_equal(found, full(gray, 8))


def test_unknown_pixels_are_refused():
    with pytest.raises(MediaError, match="xyz12le is not read; convert"):
        luma_codes(av.VideoFrame(16, 16, "xyz12le"), full_range=False, weights=WEIGHTS)


def test_linear_light_is_coded():
    """Half floats as EXR gives them: 0.18 is mid gray, code 64 + 876 x 0.4613; NaN and negative light are black."""
    picture = av.VideoFrame(16, 2, "gbrpf16le")
    for k in range(3):
        view = np.frombuffer(picture.planes[k], "<f2").reshape(2, -1)
        view[...] = 0.18
        view[1, :3] = np.nan, -1, 7
    found = luma_codes(picture, full_range=True, weights=WEIGHTS)
    assert found[0, 0] == round(64 + 876 * 0.46135)
    assert found[1, :3].tolist() == [64, 64, 940]


# --- clips ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> tuple[Path, list[np.ndarray]]:
    """40 frames of long-GOP H.264, lossless, so that the luma is known."""
    pictures = moving(40, (72, 96), 230)
    path = tmp_path_factory.mktemp("clip") / "film.mp4"
    options = {"preset": "ultrafast", "qp": "0", "g": "15", "bf": "2"}
    return write_film(path, "libx264", [gray_frame(p, "yuv420p") for p in pictures], options=options), pictures


@pytest.fixture
def reel(film):
    return open_reel(film[0], ReelSettings())


def lightness(picture, reel, size):
    full_size = luma_to_lightness(limited(picture, 8).astype(np.uint16), reel.tags)
    return cv2.resize(full_size, size[::-1], interpolation=cv2.INTER_AREA)


def test_source_clip_is_the_films_luma(film, reel):
    found = list(SourceClip(reel, FrameRange(7, 23)))
    assert [f.index for f in found] == list(range(7, 23))
    assert all(np.array_equal(f.luma, p * 4) for f, p in zip(found, film[1][7:23], strict=True))
    assert len(SourceClip(reel)) == 40


def test_clip_is_lightness_at_its_size(film, reel):
    size = (48, 64)
    clip = Clip(reel, FrameRange(3, 9), size)
    for frame, picture in zip(clip, film[1][3:9], strict=True):
        assert frame.lightness.shape == size
        assert frame.lightness.dtype == np.float32
        assert np.allclose(frame.lightness, lightness(picture, reel, size), atol=1e-3)
    assert Clip(reel)[0].lightness.shape == reel.size


@pytest.mark.parametrize("step", [1, -1, 3, -3, 7, 0])
def test_clip_in_any_order(film, reel, step):
    start, stop = 5, 38
    clip = Clip(reel, FrameRange(start, stop))
    places = list(range(len(clip)))[::step] if step else np.random.default_rng(0).permutation(33).tolist()
    for place in places:
        frame = clip[place]
        assert frame.index == start + place
        assert np.allclose(frame.lightness, lightness(film[1][start + place], reel, reel.size), atol=1e-3)
    assert len(clip._kept) <= KEPT


@pytest.mark.parametrize("places", [[0], [3, 4, 5], [0, 2, 11, 19]], ids=str)
def test_some_frames_are_those_of_the_clip(reel, places):
    size = (reel.size[0] // 2, reel.size[1] // 2)
    with closing(Clip(reel, FrameRange(2, reel.frame_count), size)) as clip:
        found = clip.some([place for place in places if place < len(clip)])
        assert [frame.index for frame in found] == [place + 2 for place in places if place < len(clip)]
        for frame in found:
            assert np.array_equal(frame.lightness, clip[frame.index - 2].lightness)


def test_clip_is_a_sequence(reel):
    clip = Clip(reel, FrameRange(10, 20))
    assert len(clip) == 10
    assert clip[-1].index == 19
    assert [f.index for f in clip[2:5]] == [12, 13, 14]
    assert [f.index for f in reversed(clip)] == list(range(19, 9, -1))
    with pytest.raises(IndexError):
        clip[10]
    with pytest.raises(InputError, match="the film has 40"):
        Clip(reel, FrameRange(30, 41))


def test_reading_backwards_decodes_each_frame_about_once(reel, monkeypatch):
    import vidcolor.media.read as read

    decoded = []
    original = read.luma_codes
    monkeypatch.setattr(read, "luma_codes", lambda *a, **k: decoded.append(1) or original(*a, **k))
    for _ in reversed(Clip(reel)):
        pass
    assert len(decoded) <= 44


def test_reading_in_order_opens_the_file_once(reel, monkeypatch):
    import vidcolor.media.decode as decode

    opened = []
    original = decode.open_film
    monkeypatch.setattr(decode, "open_film", lambda path: opened.append(path) or original(path))
    clip = Clip(reel)
    for place in range(len(clip)):
        clip[place]
    assert len(opened) == 1
    assert clip._stream is None, "the file is let go of at the end"


def test_files_are_closed(film, reel):
    def still_open() -> int:
        return sum(1 for fd in Path("/proc/self/fd").iterdir() if fd.exists() and fd.resolve() == film[0].resolve())

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc on this system")
    clip = Clip(reel)
    for frame in clip:
        if frame.index == 5:
            break
    for frame in SourceClip(reel):
        if frame.index == 5:
            break
    assert still_open() == 0
    clip[3]
    assert still_open() == 1
    clip.close()
    assert still_open() == 0
    assert clip[4].index == 4


def test_threads_may_share_a_clip(film, reel):
    clip, wrong = Clip(reel), []

    def look(seed: int) -> None:
        for place in np.random.default_rng(seed).integers(0, 40, 25).tolist():
            frame = clip[place]
            if frame.index != place or not np.allclose(
                frame.lightness, lightness(film[1][place], reel, reel.size), atol=1e-3
            ):
                wrong.append(place)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_variable_rate_is_read_through_its_map(tmp_path):
    pictures = moving(30, (48, 64), 230)
    times = [k * 10 for k in range(10)] + [100 + k * 20 for k in range(20)]
    path = tmp_path / "film.mkv"
    frames = [gray_frame(p, "gray") for p in pictures]
    write_film(path, "ffv1", frames, times=times, time_base=Fraction(1, 240), rate=Fraction(24))
    reel = open_reel(path, ReelSettings(variable_rate="conform", levels="limited"))
    assert abs(reel.frame_count / reel.rate.fraction - Fraction(500, 240)) < Fraction(1, 20)
    found = list(SourceClip(reel))
    assert len(found) == reel.frame_count
    order = [next(k for k, p in enumerate(pictures) if np.array_equal(p * 4, f.luma)) for f in found]
    assert order == sorted(order)
    late = list(SourceClip(reel, FrameRange(20, reel.frame_count)))
    assert all(np.array_equal(a.luma, b.luma) for a, b in zip(late, found[20:], strict=True))
    assert Clip(reel)[25].index == 25


def test_film_changed_since_it_was_opened_is_refused(tmp_path):
    path = write_film(tmp_path / "film.nut", "ffv1", [gray_frame(p, "gray") for p in moving(5)])
    reel = open_reel(path, ReelSettings())
    write_film(path, "ffv1", [gray_frame(p, "gray") for p in moving(4)])
    with pytest.raises(MediaError, match="holds 4 frames now, 5 when it was opened"):
        list(SourceClip(reel))


def test_picture_of_another_size_is_named(tmp_path):
    for number, size in enumerate([(20, 30)] * 9 + [(20, 31)]):
        cv2.imwrite(str(tmp_path / f"scan_{number:04d}.png"), np.full(size, 100, np.uint8))
    reel = open_reel(tmp_path, ReelSettings())
    with pytest.raises(MediaError, match="frame 9: 31x20 pixels where the film has 30x20"):
        list(SourceClip(reel))


def test_long_film_needs_no_more_memory_than_a_short_one(reel):
    clip = Clip(reel)
    for place in range(40):
        clip[place]
    assert len(clip._kept) <= KEPT


def test_upright_pictures(tmp_path):
    picture = moving(1, (48, 64), 230)[0]
    path = tmp_path / "film.mp4"

    def turn(stream):
        stream.set_display_rotation(90)

    options = {"preset": "ultrafast", "qp": "0"}
    write_film(path, "libx264", [gray_frame(picture, "yuv420p")] * 2, options=options, setup=turn)
    with av.open(str(path)) as file:
        rotation = next(file.decode(file.streams.video[0])).rotation
    assert rotation % 180 == 90, "the test needs a turned film"
    reel = open_reel(path, ReelSettings())
    assert reel.size == (64, 48)
    assert "upright" in " ".join(reel.notes)
    found = next(iter(SourceClip(reel))).luma
    assert np.array_equal(found, np.rot90(picture * 4, rotation // 90))
    assert plane(gray_frame(picture, "gray"))[0, 0] == picture[0, 0]
