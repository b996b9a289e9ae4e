"""What `open_reel` says of good films, and the one line it says of bad ones."""

import shutil
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from made_films import gray_frame, moving, noise, write_film
from PIL import Image

from vidcolor.errors import MediaError
from vidcolor.media import decode
from vidcolor.media.digest import END
from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.settings import ReelSettings
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import ColorTags

PLAIN = ReelSettings()
DATA = Path(__file__).parents[2] / "../shared/data"
NTSC = Fraction(24000, 1001)


def prores(path: Path, count: int = 3, size: tuple[int, int] = (64, 96), **more: object) -> Path:
    return write_film(path, "prores_ks", [gray_frame(p, "yuv422p10le") for p in moving(count, size, 900)], **more)


def tagged(primaries: int, transfer: int, matrix: int, color_range: int = 1):
    def setup(stream) -> None:
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = primaries, transfer, matrix
        context.color_range = color_range

    return setup


def test_reel_tells_all_of_a_master(tmp_path):
    def setup(stream):
        tagged(9, 14, 9)(stream)
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    path = prores(
        tmp_path / "reel 1 ü.mov",
        rate=NTSC,
        metadata={"timecode": "01:00:05:09", "reel_name": "REEL07"},
        setup=setup,
        sound=True,
    )
    reel = open_reel(path, PLAIN, "r2")
    assert (reel.name, reel.path, reel.frame_count, reel.rate) == ("r2", path, 3, Rate(24000, 1001))
    assert (reel.size, reel.pixel_aspect) == ((64, 96), Fraction(4, 3))
    assert (reel.timecoded, reel.drop_frame, reel.timecode(1)) == (True, False, "01:00:05:10")
    assert (reel.tape, reel.codec, reel.pixel_format, reel.bits) == ("REEL07", "prores", "yuv422p10le", 10)
    assert (reel.full_range, reel.tags, reel.scan) == (False, ColorTags(9, 14, 9), "progressive")
    assert (reel.luma_source, reel.has_color, reel.luma_reversible) == ("luma", False, True)
    assert (reel.sound_tracks, len(reel.hash), reel.notes) == (1, 64, ())


def test_drop_frame_timecode(tmp_path):
    path = prores(tmp_path / "f.mov", rate=Fraction(30000, 1001), metadata={"timecode": "01:00:00;02"})
    reel = open_reel(path, PLAIN)
    assert (reel.drop_frame, reel.timecode(0), reel.timecode(1)) == (True, "01:00:00;02", "01:00:00;03")


@pytest.mark.parametrize(
    ("size", "expected"),
    [((576, 720), (5, 1, 6)), ((480, 720), (6, 1, 6)), ((486, 720), (6, 1, 6)), ((720, 1280), (1, 1, 1))],
)
def test_tags_of_an_untagged_film_follow_its_raster(tmp_path, size, expected):
    path = write_film(tmp_path / "f.mkv", "ffv1", [gray_frame(np.full(size, 90), "yuv420p")])
    assert open_reel(path, PLAIN).tags == ColorTags(*expected)


def test_incomplete_tags_are_those_of_the_raster(tmp_path):
    path = prores(tmp_path / "f.mov", setup=tagged(9, 2, 9))
    assert open_reel(path, PLAIN).tags == ColorTags(1, 1, 1)


def test_hdr_is_refused(tmp_path):
    path = prores(tmp_path / "f.mov", setup=tagged(9, 16, 9))
    with pytest.raises(MediaError, match=r"f\.mov: the film is HDR \(transfer 16\); give its version in BT\.709"):
        open_reel(path, PLAIN)


def test_range_is_the_tags_unless_a_setting_says_otherwise(tmp_path):
    frames = [gray_frame(p, "yuv420p") for p in moving(2)]
    path = write_film(tmp_path / "f.mkv", "ffv1", frames, setup=tagged(1, 1, 1, color_range=2))
    assert open_reel(path, PLAIN).full_range
    assert not open_reel(path, ReelSettings(levels="limited")).full_range
    path = write_film(tmp_path / "g.mkv", "ffv1", frames)
    assert not open_reel(path, PLAIN).full_range
    assert open_reel(path, ReelSettings(levels="full")).full_range


def test_gray_trusts_its_tag_else_is_full(tmp_path):
    frames = [gray_frame(p, "gray") for p in moving(2)]
    limited = open_reel(write_film(tmp_path / "f.mkv", "ffv1", frames, setup=tagged(1, 1, 1, 1)), PLAIN)
    assert not limited.full_range
    untold = open_reel(write_film(tmp_path / "g.avi", "rawvideo", frames), PLAIN)
    assert untold.full_range


def test_colour_is_seen_and_noise_is_not(tmp_path):
    draw = np.random.default_rng(1)
    frames = []
    for picture in moving(8):
        frame = gray_frame(picture, "yuv444p")
        for k in (1, 2):
            view = np.frombuffer(frame.planes[k], np.uint8)
            view[:] = np.clip(128 + draw.normal(0, 1.2, view.shape), 0, 255)
        frames.append(frame)
    assert not open_reel(write_film(tmp_path / "noise.mkv", "ffv1", frames), PLAIN).has_color
    np.frombuffer(frames[5].planes[1], np.uint8)[:3000] = 160
    np.frombuffer(frames[4].planes[1], np.uint8)[:3000] = 160
    reel = open_reel(write_film(tmp_path / "color.mkv", "ffv1", frames), PLAIN)
    assert reel.has_color
    assert "only its luma is used" in " ".join(reel.notes)


def test_rgb_film_is_noted(tmp_path):
    picture = np.repeat(moving(1)[0].astype(np.uint8)[..., None], 3, axis=2)
    reel = open_reel(
        write_film(
            tmp_path / "f.mkv", "ffv1", [av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")]
        ),
        PLAIN,
    )
    assert (reel.luma_source, reel.has_color, reel.full_range, reel.luma_reversible) == ("rgb", False, True, True)
    assert "luma is computed" in " ".join(reel.notes)


def test_one_frame_film(tmp_path):
    reel = open_reel(prores(tmp_path / "f.mov", 1, rate=Fraction(25)), PLAIN)
    assert (reel.frame_count, reel.rate) == (1, Rate(25))
    assert len(list(SourceClip(reel))) == 1


def test_hash_sees_length_and_bytes(tmp_path):
    path = prores(tmp_path / "f.mov")
    first = open_reel(path, PLAIN).hash
    copy = tmp_path / "elsewhere.mov"
    shutil.copy(path, copy)
    assert open_reel(copy, PLAIN).hash == first
    data = bytearray(path.read_bytes())
    place = data.index(b"icpf") + 400
    data[place] ^= 1
    copy.write_bytes(data)
    assert len(data) < END
    assert open_reel(copy, PLAIN).hash != first


# --- interlaced and variable rate -------------------------------------------------------------------------------


def interlaced(order: int):
    def setup(stream):
        stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct
        stream.codec_context.field_order = order

    return setup


@pytest.mark.parametrize(("order", "scan"), [(2, "top"), (3, "bottom")])
def test_interlaced_is_refused_or_carried(tmp_path, order, scan):
    path = prores(tmp_path / "f.mov", setup=interlaced(order))
    with pytest.raises(MediaError, match=rf"interlaced \({scan} field first\).*reel.interlaced=carry"):
        open_reel(path, PLAIN)
    assert open_reel(path, ReelSettings(interlaced="carry")).scan == scan
    taken = open_reel(path, ReelSettings(interlaced="progressive"))
    assert (taken.scan, "taken as progressive" in taken.notes[-1]) == ("progressive", True)


def test_interlaced_frames_are_seen_without_a_flag_in_the_container(tmp_path):
    options = {"preset": "ultrafast", "x264-params": "tff=1"}
    path = write_film(tmp_path / "f.mkv", "libx264", [gray_frame(p, "yuv420p") for p in moving(6)], options=options)
    with pytest.raises(MediaError, match="interlaced"):
        open_reel(path, PLAIN)


def test_variable_rate_is_refused_or_conformed(tmp_path):
    times = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    frames = [gray_frame(p, "gray") for p in moving(10)]
    path = write_film(tmp_path / "f.mkv", "ffv1", frames, times=times, time_base=Fraction(1, 24))
    with pytest.raises(MediaError, match=r"f\.mkv: frame rate changes at frame 5 .*reel\.variable_rate=conform"):
        open_reel(path, PLAIN)
    reel = open_reel(path, ReelSettings(variable_rate="conform"))
    assert abs(reel.frame_count / reel.rate.fraction - Fraction(11, 24)) < Fraction(1, 24)
    assert "conformed" in " ".join(reel.notes)


# --- image sequences --------------------------------------------------------------------------------------------


def pictures(folder: Path, numbers: list[int], name: str = "scan_{:05d}.png", size=(24, 32), deep=False) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        pixels = np.full(size, number % 200 + 20, np.uint16 if deep else np.uint8)
        assert cv2.imwrite(str(folder / name.format(number)), pixels)
    return folder


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_folder_or_any_of_its_pictures_is_the_reel(tmp_path, suffix):
    folder = pictures(tmp_path / "100% scans", list(range(5, 15)), f"scan_%d_{{:d}}.{suffix}")
    for given in (folder, folder / f"scan_%d_9.{suffix}"):
        reel = open_reel(given, ReelSettings(sequence_rate=23.976))
        assert (reel.frame_count, reel.rate, reel.size) == (10, Rate(24000, 1001), (24, 32))
        assert reel.path == folder / f"scan_%d_5.{suffix}"
        values = [int(f.luma[0, 0]) for f in SourceClip(reel, FrameRange(2, 9))]
        assert values == [round(64 + 876 * (20 + n) / 255) for n in range(7, 14)]


def test_sixteen_bit_sequence(tmp_path):
    reel = open_reel(pictures(tmp_path / "s", [0, 1], deep=True), PLAIN)
    assert (reel.bits, reel.full_range, reel.luma_reversible) == (16, True, False)


def test_numbers_from_an_hour_on_are_timecode(tmp_path):
    reel = open_reel(pictures(tmp_path / "s", [86400, 86401], "S.{:07d}.png"), PLAIN)
    assert reel.timecode(0) == "01:00:00:00"
    assert not reel.timecoded


@pytest.mark.parametrize("half", [True, False])
def test_exr_sequence_is_linear_light(tmp_path, half):
    exr = pytest.importorskip("OpenEXR")
    light = np.full((24, 32, 3), 0.18, np.float16 if half else np.float32)
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    for number in (1, 2):
        exr.File(header, {"RGB": light}).write(str(tmp_path / f"f.{number:04d}.exr"))
    reel = open_reel(tmp_path, PLAIN)
    assert (reel.size, reel.luma_source, reel.luma_reversible) == ((24, 32), "rgb", False)
    assert next(iter(SourceClip(reel))).luma[0, 0] == round(64 + 876 * 0.46135)


def test_exr_of_luminance_with_a_timecode(tmp_path):
    oiio = pytest.importorskip("OpenImageIO")
    spec = oiio.ImageSpec(32, 24, 1, "half")
    spec.channelnames = ("Y",)
    spec.attribute("smpte:TimeCode", "timecode", (0x01020304, 0))
    file = oiio.ImageOutput.create("exr")
    assert file.open(str(tmp_path / "f.0001.exr"), spec)
    assert file.write_image(np.full((24, 32, 1), 0.18, np.float16))
    file.close()
    reel = open_reel(tmp_path, PLAIN)
    assert reel.timecode(0) == "01:02:03:04"
    assert next(iter(SourceClip(reel))).luma[0, 0] == round(64 + 876 * 0.46135)


def dpx(path: Path, codes: np.ndarray, *, width: int | None = None) -> Path:
    """A 10-bit RGB DPX of equal channels, filled method A, big-endian (SMPTE 268M)."""
    height, columns = codes.shape
    header = bytearray(2048)
    struct.pack_into(">4sI8sII", header, 0, b"SDPX", 2048, b"V1.0", 2048 + 4 * codes.size, 1)
    struct.pack_into(">HHII", header, 768, 0, 1, width or columns, height)
    struct.pack_into(">IIfIfBBBBHHI", header, 780, 0, 0, 0.0, 1023, 2.0, 50, 6, 6, 10, 1, 0, 2048)
    value = codes.astype(">u4")
    path.write_bytes(bytes(header) + ((value << 22) | (value << 12) | (value << 2)).astype(">u4").tobytes())
    return path


def test_dpx_sequence(tmp_path):
    codes = noise(3, (24, 32), 0, 1023)
    for number, picture in enumerate(codes):
        dpx(tmp_path / f"f.{number:04d}.dpx", picture)
    reel = open_reel(tmp_path, PLAIN)
    assert (reel.frame_count, reel.bits, reel.size) == (3, 10, (24, 32))
    for frame, picture in zip(SourceClip(reel), codes, strict=True):
        assert np.array_equal(frame.luma, np.rint(64 + 876 * picture.astype(float) / 1023))


@pytest.mark.parametrize("channels", [1, 3])
def test_dpx_of_samples_packed_on_end(tmp_path, channels):
    """As OpenImageIO writes gray of 10 bits by itself; FFmpeg refuses it as not permitted."""
    oiio = pytest.importorskip("OpenImageIO")
    codes = np.repeat(noise(1, (24, 33), 0, 1023)[0][..., None], channels, axis=2)
    spec = oiio.ImageSpec(33, 24, channels, "uint16")
    spec["oiio:BitsPerSample"], spec["dpx:Packing"], spec["dpx:Transfer"] = 10, "Packed", "ITU-R 709-4"
    file = oiio.ImageOutput.create("scan.dpx")
    assert file.open(str(tmp_path / "f.0001.dpx"), spec)
    assert file.write_image((codes << 6) | (codes >> 4))
    file.close()
    reel = open_reel(tmp_path, PLAIN)
    assert (reel.bits, reel.size) == (10, (24, 33))
    assert np.array_equal(next(iter(SourceClip(reel))).luma, np.rint(64 + 876 * codes[..., 0].astype(float) / 1023))
    path = tmp_path / "f.0001.dpx"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(MediaError, match=r"f\.0001\.dpx: the picture is damaged or cut short"):
        open_reel(tmp_path, PLAIN)


@pytest.mark.parametrize("compression", ["DWAA", "DWAB", "HTJ2K32", "HTJ2K256", "LJ2K", "ZSTD"])
def test_compressions_of_exr_that_ffmpeg_reads_as_black_or_not(tmp_path, compression):
    exr = pytest.importorskip("OpenEXR")
    if not hasattr(exr, f"{compression}_COMPRESSION"):
        pytest.skip("this OpenEXR has it not")
    header = {"compression": getattr(exr, f"{compression}_COMPRESSION"), "type": exr.scanlineimage}
    light = (0.05 + 0.4 * np.add.outer(np.arange(48) / 48, np.arange(64) / 64) / 2).astype(np.float16)
    exr.File(header, {"Y": light}).write(str(tmp_path / "f.0001.exr"))
    value = light.astype(float)
    coded = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    found = next(iter(SourceClip(open_reel(tmp_path, PLAIN)))).luma
    assert np.abs(found - (64 + 876 * coded)).max() < 6


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("YCbCr", "this kind of picture is not read; save it as"),
        ("CMYK", "pixels of the kind CMYK are not read; save the picture as"),
        ("LAB", "this kind of picture is not read; save it as"),
    ],
)
def test_tiffs_that_would_be_read_wrongly_are_refused(tmp_path, mode, said):
    Image.new(mode, (32, 24), 100).save(tmp_path / "f.tif")
    with pytest.raises(MediaError, match=rf"f\.tif: {said}"):
        open_reel(tmp_path, PLAIN)


@pytest.mark.parametrize("options", [{"compression": "jpeg"}, {"tile": (16, 16)}], ids=["jpeg", "tiles"])
def test_tiffs_that_ffmpeg_gives_as_black_are_read(tmp_path, options):
    tifffile = pytest.importorskip("tifffile")
    gray = cv2.GaussianBlur(noise(1, (48, 64), 0, 255)[0], (0, 0), 3).astype(np.uint8)
    if "tile" in options:
        tifffile.imwrite(tmp_path / "f.tif", gray, photometric="minisblack", **options)
    else:
        Image.fromarray(gray).save(tmp_path / "f.tif", quality=100, **options)
    found = next(iter(SourceClip(open_reel(tmp_path / "f.tif", PLAIN)))).luma
    assert np.abs(found - (64 + 876 * gray.astype(float) / 255)).max() < 12


def test_tiffs_of_either_byte_order(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    picture = noise(1, (24, 32), 0, 255)[0].astype(np.uint8)
    for name, order in (("little", "<"), ("big", ">")):
        tifffile.imwrite(tmp_path / f"{name}.tif", picture, byteorder=order, compression="zlib")
        found = next(iter(SourceClip(open_reel(tmp_path / f"{name}.tif", PLAIN))))
        assert np.array_equal(found.luma, np.rint(64 + 876 * picture.astype(float) / 255))


def test_gap_in_a_sequence_is_named(tmp_path):
    folder = pictures(tmp_path / "s", [1, 2, 4, 5, 9, 12, 20])
    with pytest.raises(MediaError, match=r"scan_00001\.png: pictures are missing.*: 3, 6-8, 10-11 and 1 more;"):
        open_reel(folder, PLAIN)


def test_bad_folders(tmp_path):
    with pytest.raises(MediaError, match="no pictures in this folder"):
        open_reel(tmp_path, PLAIN)
    (tmp_path / "reel1.MOV").touch()
    with pytest.raises(MediaError, match=r"a folder of films, and no film; name the films themselves, as .*reel1\.MOV"):
        open_reel(tmp_path, PLAIN)
    pictures(tmp_path, [1, 2])
    pictures(tmp_path, [1, 2], "other{:03d}.png")
    with pytest.raises(MediaError, match="several image sequences"):
        open_reel(tmp_path, PLAIN)
    assert open_reel(tmp_path / "other002.png", PLAIN).frame_count == 2
    pictures(tmp_path, [2], "other{:04d}.png")
    with pytest.raises(MediaError, match="the same number as"):
        open_reel(tmp_path / "other002.png", PLAIN)


def test_damaged_pictures_are_named(tmp_path):
    folder = pictures(tmp_path / "s", [1, 2, 3], size=(100, 100))
    good = (folder / "scan_00002.png").read_bytes()
    noisy = noise(1, (100, 100), 0, 255)[0].astype(np.uint8)
    cv2.imwrite(str(folder / "scan_00002.png"), noisy)
    whole = (folder / "scan_00002.png").read_bytes()
    for data, words in (
        (b"", "empty"),
        (b"no picture at all", "not a readable"),
        (whole[: len(whole) // 2], "damaged or cut short|cannot be read"),
    ):
        (folder / "scan_00002.png").write_bytes(data)
        with pytest.raises(MediaError, match=rf"scan_00002\.png: .*({words})"):
            list(SourceClip(open_reel(folder, PLAIN)))
    (folder / "scan_00002.png").write_bytes(good)
    assert len(list(SourceClip(open_reel(folder, PLAIN)))) == 3


@pytest.mark.parametrize("kind", ["jpg", "dpx", "tif", "exr none", "exr zip", "exr piz"])
@pytest.mark.parametrize("part", [0.5, 0.95])
def test_pictures_cut_short_are_refused(tmp_path, kind, part):
    """FFmpeg by itself shows gray or black where a JPEG or EXR is cut."""
    smooth = cv2.GaussianBlur(noise(1, (120, 160), 0, 255)[0], (0, 0), 2)
    path = tmp_path / f"f.0001.{kind[:3]}"
    if kind.startswith("exr"):
        exr = pytest.importorskip("OpenEXR")
        packing = {"none": exr.NO_COMPRESSION, "zip": exr.ZIP_COMPRESSION, "piz": exr.PIZ_COMPRESSION}[kind[4:]]
        light = np.repeat(smooth[..., None], 3, axis=2).astype(np.float16) / 255
        exr.File({"compression": packing, "type": exr.scanlineimage}, {"RGB": light}).write(str(path))
    elif kind == "dpx":
        dpx(path, smooth * 4)
    else:
        cv2.imwrite(str(path), smooth.astype(np.uint8))
    assert len(list(SourceClip(open_reel(path, PLAIN)))) == 1
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(MediaError, match=rf"f\.0001\.{kind[:3]}: .*(damaged|cannot be read|not a readable)"):
        open_reel(path, PLAIN)


def test_bombs_in_a_sequence_are_refused_before_decoding(tmp_path):
    with pytest.raises(MediaError, match="claims a 10299 MB image"):
        open_reel(dpx(tmp_path / "f.0001.dpx", np.zeros((30_000, 2), np.uint16), width=60_000), PLAIN)


# --- files that are no film -------------------------------------------------------------------------------------


def test_no_film(tmp_path):
    cases: list[tuple[str, bytes | None, str]] = [
        ("none.mov", None, "no such file"),
        ("empty.mov", b"", "the file is empty"),
        ("words.txt", b"a text is no film\n" * 50, "cannot be read as a film"),
        ("words.mov", b"a text is no film\n" * 50, "cannot be read as a film"),
        (
            "small.gif",
            b"GIF89a\1\0\1\0\0\0\0," + bytes(4) + b"\1\0\1\0\0\2\2D\1\0;",
            r"film \(of a kind that is not read here\)",
        ),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfilm.ts\n#EXT-X-ENDLIST\n", "cannot be read as a film"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile 'film.mov'\n", "cannot be read as a film"),
        ("random.mkv", np.random.default_rng(0).bytes(5000), "cannot be read as a film"),
        ("random.mov", np.random.default_rng(0).bytes(5000), "cannot be read as a film"),
    ]
    for name, data, words in cases:
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(MediaError, match=words) as caught:
            open_reel(path, PLAIN)
        message = str(caught.value)
        assert message.startswith(str(path)), name
        assert "\n" not in message
        assert ";" in message, "the remedy"


def test_a_pipe_is_no_film(tmp_path):
    import os

    os.mkfifo(tmp_path / "f.mov")
    with pytest.raises(MediaError, match="neither a file nor a folder"):
        open_reel(tmp_path / "f.mov", PLAIN)


def test_titles_in_old_encodings_do_no_harm(tmp_path):
    frames = [gray_frame(p, "gray") for p in moving(2)]
    path = write_film(tmp_path / "f.mkv", "ffv1", frames, metadata={"title": "Schoener Film"})
    assert b"Schoener" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"Schoener", b"Sch\xf6ner "))
    assert open_reel(path, PLAIN).frame_count == 2


def test_sound_only_is_refused(tmp_path):
    path = tmp_path / "sound.mov"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=48000, layout="mono")
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), layout="mono")
        tone.sample_rate = 48000
        file.mux(stream.encode(tone))
        file.mux(stream.encode(None))
    with pytest.raises(MediaError, match="no video stream"):
        open_reel(path, PLAIN)


def test_unfinished_mov_is_told_from_no_film(tmp_path):
    path = prores(tmp_path / "f.mov")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"moov") - 4])
    with pytest.raises(MediaError, match=r"no table of frames \(moov\)"):
        open_reel(path, PLAIN)


def test_film_without_frames_is_refused(tmp_path):
    path = tmp_path / "f.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "gray"
        file.start_encoding()
    with pytest.raises(MediaError, match=r"f\.mkv: .*(no frames|no picture|cannot be read)"):
        open_reel(path, PLAIN)


def test_enormous_film_is_refused(tmp_path):
    path = write_film(tmp_path / "f.mkv", "ffv1", [gray_frame(np.zeros((16, 16400)), "gray")])
    with pytest.raises(MediaError, match=r"f\.mkv: 16400x16 pixels is more than 16384 a side"):
        open_reel(path, PLAIN)


def test_absurd_size_is_refused_before_decoding(tmp_path):
    """A MOV whose sample description claims 65,000 columns."""
    path = write_film(tmp_path / "f.mov", "rawvideo", [gray_frame(p, "yuv420p") for p in moving(2, (24, 32))])
    data = bytearray(path.read_bytes())
    place = data.index(b"stsd") + 16
    width = data.index(struct.pack(">HH", 32, 24), place)
    struct.pack_into(">HH", data, width, 65000, 65000)
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"f\.mov: (65000x65000 pixels is more than 16384|cannot be read|the video)"):
        open_reel(path, PLAIN)


def test_turn_that_is_no_quarter_is_refused(tmp_path):
    def turn(stream):
        stream.set_display_rotation(30)

    options = {"preset": "ultrafast"}
    path = write_film(
        tmp_path / "f.mp4", "libx264", [gray_frame(p, "yuv420p") for p in moving(2)], options=options, setup=turn
    )
    with pytest.raises(MediaError, match=r"asks to be turned by -?\d+ degrees"):
        open_reel(path, PLAIN)


def test_unreadable_file_is_named(tmp_path, monkeypatch):
    path = prores(tmp_path / "f.mov")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaError, match=r"f\.mov: cannot be opened \(Permission denied\)"):
        open_reel(path, PLAIN)


# --- real films -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not (DATA / "film").exists(), reason="shared/data is absent")
def test_real_films():
    reel = open_reel(DATA / "film/officers/film.mp4", PLAIN)
    assert (reel.frame_count, reel.size, reel.rate, reel.has_color) == (526, (672, 920), Rate(25), False)
    with pytest.raises(MediaError, match="frame rate changes at frame 2 "):
        open_reel(DATA / "shots/goldeneye-vfr-drop3.mp4", PLAIN)
    assert open_reel(DATA / "shots/goldeneye-vfr-drop3.mp4", ReelSettings(variable_rate="conform")).frame_count == 160
    anamorphic = open_reel(DATA / "shots/issue-195-aspect-ratio.mp4", PLAIN)
    assert (anamorphic.frame_count, anamorphic.pixel_aspect, anamorphic.tags) == (
        628,
        Fraction(16, 11),
        ColorTags(5, 1, 6),
    )
    assert open_reel(DATA / "shots/big_buck_bunny_0_30.webm", PLAIN).frame_count == 720


@pytest.mark.parametrize(("between", "most"), [("40", 4), ("150", 121)])
def test_few_pictures_are_decoded(tmp_path, monkeypatch, between, most):
    """Key frames alone where there are some; else no picture twice on the way to the last that is looked at."""
    shown = []
    inner = decode._decoded

    def counted(*given):
        for picture in inner(*given):
            shown.append(picture.pts)
            yield picture

    monkeypatch.setattr(decode, "_decoded", counted)
    options = {"g": between, "keyint_min": between, "sc_threshold": "0", "qp": "20"}
    path = write_film(
        tmp_path / "film.mkv", "libx264", [gray_frame(p, "yuv420p") for p in moving(150)], options=options
    )
    open_reel(path, PLAIN)
    assert 0 < len(shown) <= most


STILL = {"mp4": [], "mkv": ["The file's first picture track is a still, such as cover art: it is passed over."]}


@pytest.mark.parametrize("suffix", list(STILL))
def test_a_still_before_the_film_is_passed_over(tmp_path, suffix):
    """Cover art, flagged so in MP4; MKV as many programs write it does not say what its first picture track is."""
    path = tmp_path / f"film.{suffix}"
    pictures = moving(24, (48, 64))
    with av.open(str(path), "w") as out:
        still, film = out.add_stream("mjpeg", rate=24), out.add_stream("libx264", rate=24)
        for stream, form in ((still, "yuvj420p"), (film, "yuv420p")):
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
        still.disposition = av.stream.Disposition.attached_pic
        cover = av.Packet(cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes())
        cover.stream, cover.pts, cover.dts, cover.is_keyframe = still, 0, 0, True
        out.mux(cover)
        for number, luma in enumerate(pictures):
            frame = gray_frame(luma, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(film.encode(frame))
        out.mux(film.encode(None))
    reel = open_reel(path, ReelSettings())
    assert reel.frame_count == 24
    assert [note for note in reel.notes if "still" in note] == STILL[suffix]
    data = path.read_bytes()
    (tmp_path / "short.mkv").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match="short.mkv: "):
        open_reel(tmp_path / "short.mkv", ReelSettings())


def test_where_the_size_changes_is_said(tmp_path):
    parts = [(48, 64), (96, 128)]
    made = [
        write_film(
            tmp_path / f"{size[0]}.h264",
            "libx264",
            [gray_frame(luma, "yuv420p") for luma in moving(12, size)],
            options={"bf": "0"},
            format="h264",
        ).read_bytes()
        for size in parts
    ]
    (tmp_path / "film.h264").write_bytes(b"".join(made))
    with av.open(str(tmp_path / "film.h264"), format="h264") as raw, av.open(str(tmp_path / "film.ts"), "w") as out:
        stream = out.add_stream_from_template(raw.streams.video[0])
        for time, packet in enumerate(p for p in raw.demux(video=0) if p.size):
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 24), time, time
            out.mux(packet)
    with pytest.raises(MediaError, match=r"film\.ts: frame 12: 128x96 pixels where the film has 64x48; make all"):
        open_reel(tmp_path / "film.ts", ReelSettings())
