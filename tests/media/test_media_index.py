"""The frame index and exact access: every range of every kind of file equals a linear decode from its head."""

import random
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_films import decoded_luma, gray_frame, moving, noise, plane, write_film

from vidcolor.errors import MediaError
from vidcolor.media.decode import read_frames
from vidcolor.media.index import Rows, find_frames
from vidcolor.media.timing import conform, find_rate

NTSC = Fraction(24000, 1001)
X264 = {"preset": "ultrafast", "g": "10", "bf": "3", "x264-params": "open-gop=1:b-pyramid=normal:scenecut=0"}
X265 = {"preset": "ultrafast", "x265-params": "keyint=10:bframes=3:open-gop=1:log-level=none"}
MPEG2 = {"g": "9", "bf": "2"}
FILMS = [
    ("mp4", "libx264", "yuv420p", X264),
    ("mkv", "libx264", "yuv420p", X264),
    ("ts", "libx264", "yuv420p", X264),
    ("avi", "libx264", "yuv420p", X264),
    ("mxf", "libx264", "yuv420p", X264),
    ("mkv", "libx265", "yuv420p10le", X265),
    ("mov", "mpeg2video", "yuv420p", MPEG2),
    ("mxf", "mpeg2video", "yuv420p", MPEG2),
    ("avi", "mpeg4", "yuv420p", MPEG2),
    ("mkv", "ffv1", "yuv422p10le", {"level": "3", "g": "5"}),
    ("avi", "ffv1", "yuv420p", {}),
    ("mov", "prores_ks", "yuv422p10le", {}),
    ("mxf", "prores_ks", "yuv422p10le", {}),
    ("mov", "v210", "yuv422p10le", {}),
    ("avi", "v210", "yuv422p10le", {}),
    ("mkv", "mjpeg", "yuvj420p", {}),
    ("webm", "libvpx", "yuv420p", {"g": "10", "auto-alt-ref": "1", "lag-in-frames": "8", "deadline": "realtime"}),
]


def planes_from(path: Path, first: int, count: int) -> list[np.ndarray]:
    """The luma of `count` frames from `first` on, by the index."""
    with closing(read_frames(find_frames(path), first)) as pictures:
        found = [next(pictures) for _ in range(count)]
    return [plane(f)[: f.height, : f.width].copy() for f in found]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("suffix", "codec", "pixels", "options"), FILMS)
def test_any_range_equals_a_linear_decode(tmp_path, suffix, codec, pixels, options):
    pictures = moving(31, top=1000 if "10" in pixels else 250)
    rate = Fraction(25) if (suffix, codec) == ("mxf", "mpeg2video") else NTSC
    path = tmp_path / f"film.{suffix}"
    write_film(path, codec, [gray_frame(p, pixels) for p in pictures], rate=rate, options=options)
    truth = decoded_luma(path)
    index = find_frames(path)
    assert (len(index.pts), index.rate, index.change) == (31, rate, None)
    assert len(truth) == 31
    assert len({t.tobytes() for t in truth}) == 31, "the test needs frames that differ"
    draw = random.Random(codec + suffix)
    ranges = [(0, 31), (30, 1), *((a, draw.randint(1, 31 - a)) for a in draw.sample(range(31), 6))]
    for first, count in ranges:
        assert same(planes_from(path, first, count), truth[first : first + count]), (first, count)


def test_dnxhr_in_mxf_is_exact(tmp_path):
    path = tmp_path / "film.mxf"
    frames = [gray_frame(p, "yuv422p10le") for p in moving(6, (144, 256), 1000)]
    write_film(path, "dnxhd", frames, options={"profile": "dnxhr_hqx"})
    truth = decoded_luma(path)
    for first in (0, 3, 5):
        assert same(planes_from(path, first, 6 - first), truth[first:])


def test_table_of_an_intra_film_equals_its_packets(tmp_path, monkeypatch):
    path = write_film(tmp_path / "f.mov", "prores_ks", [gray_frame(p, "yuv422p10le") for p in moving(9, top=1000)])
    by_table = find_frames(path)
    monkeypatch.setattr("vidcolor.media.index._from_table", lambda *_: Rows())
    by_packets = find_frames(path.rename(tmp_path / "g.mov"))
    assert by_table.pts.tolist() == by_packets.pts.tolist()
    assert by_table.keys.tolist() == by_packets.keys.tolist()


def test_edit_list_hides_frames(tmp_path):
    """An MP4 whose edit list starts at the fourth frame has four frames fewer than its track claims."""
    path = write_film(tmp_path / "film.mp4", "libx264", [gray_frame(p, "yuv420p") for p in moving(24)], options=X264)
    data = bytearray(path.read_bytes())
    place = data.index(b"elst")
    assert int.from_bytes(data[place + 8 : place + 12], "big") == 1  # one edit
    start = int.from_bytes(data[place + 16 : place + 20], "big")
    ticks = 12288 // 24  # the muxer's time base
    data[place + 16 : place + 20] = (start + 4 * ticks).to_bytes(4, "big")
    data[place + 12 : place + 16] = (20 * 1000 // 24).to_bytes(4, "big")
    whole = decoded_luma(path)
    path = tmp_path / "edited.mp4"
    path.write_bytes(data)
    index = find_frames(path)
    assert index.change is None
    assert len(index.pts) == 20
    assert same(planes_from(path, 0, 20), whole[4:])
    assert same(planes_from(path, 13, 3), whole[17:20])


def test_cover_art_is_not_the_film(tmp_path):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as file:
        cover = file.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 64
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        film = file.add_stream("libx264", rate=24, options={"qp": "0"})
        film.width, film.height, film.pix_fmt = 40, 30, "yuv420p"
        picture = gray_frame(np.zeros((64, 64)), "yuvj420p")
        picture.pts, picture.time_base = 0, Fraction(1)
        file.mux(cover.encode(picture))
        file.mux(cover.encode(None))
        for place in range(3):
            frame = gray_frame(np.full((30, 40), 50 + 10 * place), "yuv420p")
            frame.pts, frame.time_base = place, Fraction(1, 24)
            file.mux(film.encode(frame))
        file.mux(film.encode(None))
    with av.open(str(path)) as file:
        assert len(file.streams.video) == 2, "the test needs a cover"
    index = find_frames(path)
    assert len(index.pts) == 3
    assert [int(p[0, 0]) for p in planes_from(path, 0, 3)] == [50, 60, 70]


@pytest.mark.parametrize(("suffix", "codec", "pixels", "options"), [FILMS[k] for k in (0, 1, 6, 7, 9, 10, 11, 13)])
@pytest.mark.parametrize("part", [0.5, 0.85])
def test_film_cut_short_is_refused(tmp_path, suffix, codec, pixels, options, part):
    path = tmp_path / f"film.{suffix}"
    rate = Fraction(25)
    write_film(path, codec, [gray_frame(p, pixels) for p in noise(12, (96, 128), 60, 200)], rate=rate, options=options)
    data = path.read_bytes()
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(MediaError, match=r"cut\.\w+: cut short.*copy it again"):
        find_frames(path)


@pytest.mark.parametrize("length", [b"1e400:00:00.0000000", b"ab:cd:ef.ghijklmnop", b"nan:00:00.000000000"])
def test_a_length_that_is_no_time_says_nothing(length, tmp_path):
    path = write_film(tmp_path / "film.mkv", "ffv1", [gray_frame(p, "gray") for p in moving(6)])
    data = path.read_bytes()
    at = data.index(b"DURATION") + data[data.index(b"DURATION") :].index(b"00:00:00.")
    path.write_bytes(data[:at] + length.ljust(18, b"0")[:18] + data[at + 18 :])
    assert len(find_frames(path).pts) == 6


def test_faststart_film_cut_short_is_refused(tmp_path):
    path = tmp_path / "film.mov"
    frames = [gray_frame(p, "yuv422p10le") for p in noise(12, (96, 128), 60, 900)]
    write_film(path, "prores_ks", frames, container={"movflags": "faststart"}, sound=True)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(MediaError, match=r"film\.mov: cut short.*bytes are missing"):
        find_frames(path)


def test_corrupt_frame_is_named(tmp_path):
    path = write_film(
        tmp_path / "film.mov", "prores_ks", [gray_frame(p, "yuv422p10le") for p in noise(8, (96, 128), 60, 900)]
    )
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"icpf"]
    data[starts[5] + 8 : starts[5] + 700] = bytes(692)
    path.write_bytes(data)
    assert len(planes_from(path, 0, 5)) == 5
    with pytest.raises(MediaError, match=r"film\.mov: frame 5 is damaged"):
        planes_from(path, 0, 8)
    with pytest.raises(MediaError, match=r"film\.mov: frame 5 is damaged"):
        planes_from(path, 5, 1)
    assert len(planes_from(path, 6, 2)) == 2


def test_damaged_long_gop_is_refused_not_shown(tmp_path):
    path = write_film(
        tmp_path / "film.mp4",
        "libx264",
        [gray_frame(p, "yuv420p") for p in noise(30, (96, 128), 20, 200)],
        options=X264,
    )
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(np.random.default_rng(0).integers(0, 256, 3000, np.uint8))
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"film\.mp4: frame \d+ is damaged or missing"):
        planes_from(path, 0, 30)


@pytest.mark.parametrize(
    "rate", [Fraction(16), Fraction(18), NTSC, Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]
)
@pytest.mark.parametrize("tick", [Fraction(1, 1000), Fraction(1, 90000)])
def test_rate_is_exact_through_rounded_times(rate, tick):
    pts = np.array([round(k / rate / tick) for k in range(5000)]) + 77
    assert find_rate(pts, tick, [rate, None]) == (rate, 0)
    assert find_rate(pts, tick, [None]) == (rate, 0), "found without the file's claim"
    assert find_rate(pts, tick, [Fraction(100)]) == (rate, 0), "a false claim is not believed"


@pytest.mark.parametrize("tick", [Fraction(1, 1000), Fraction(1, 90000)])
@pytest.mark.parametrize("pulled", [[3, 2] * 50, [2, 3, 3, 2] * 25], ids=str)
def test_pictures_that_last_two_and_three_fields_are_a_film_at_24(tick, pulled):
    pts = np.array([round(fields * Fraction(1001, 60000) / tick) for fields in np.cumsum([0, *pulled]).tolist()])
    assert find_rate(pts, tick, [Fraction(30000, 1001)]) == (Fraction(24000, 1001), 0)
    video = np.array([round(fields * Fraction(1001, 60000) / tick) for fields in np.cumsum([0, *pulled, *[2] * 50])])
    assert find_rate(video, tick, [Fraction(30000, 1001)])[0] is None, "film, and then video"


def test_odd_rate_that_is_constant_is_kept():
    pts = np.arange(200) * 90000 // 17
    assert find_rate(pts, Fraction(1, 90000), [Fraction(17)]) == (Fraction(17), 0)


@pytest.mark.parametrize("gap", [1, 40, 98])
def test_first_uneven_frame_is_named(gap):
    pts = np.arange(100) * 512
    pts[gap:] += 512
    assert find_rate(pts, Fraction(1, 12288), [Fraction(24)]) == (None, gap)


def test_dropped_frame_is_seen_where_a_tick_is_a_frame():
    pts = np.delete(np.arange(100), 50)
    assert find_rate(pts, Fraction(1, 24), [Fraction(24)]) == (None, 50)


@pytest.mark.parametrize("rate", [NTSC, Fraction(25), Fraction(60000, 1001)])
def test_a_film_that_frames_were_left_out_of_gets_its_own_rate_again(rate):
    """A capture that dropped three frames: what follows stays where it was, and the frames before stand still."""
    kept = np.delete(np.arange(200), [9, 60, 61])
    times = np.rint(kept * float(1000 / rate)).astype(np.int64)
    found, shown = conform(times, Fraction(1, 1000))
    assert found == rate
    assert kept[shown].tolist() == [{9: 8, 60: 59, 61: 59}.get(k, k) for k in range(200)]


def test_conformed_film_keeps_its_length_and_order():
    pts = np.delete(np.arange(240), range(100, 160, 2)) * 100
    rate, shown = conform(pts, Fraction(1, 2400))
    assert abs(len(shown) / rate - 10) < 0.1
    assert np.all(np.diff(shown) >= 0)
    assert shown[0] == 0
    assert shown[-1] == len(pts) - 1
    # each place shows the frame on screen at its middle
    for place in (0, 50, 99, 120, 150):
        middle = (place + 0.5) / rate * 2400
        assert pts[shown[place]] <= middle
        assert shown[place] == len(pts) - 1 or pts[shown[place] + 1] > middle


def test_evenly_thinned_film_shows_each_frame_once():
    """Every third frame was dropped: at two thirds of the rate, each of the rest is shown once."""
    pts = np.array([k for k in range(240) if k % 3 != 2]) * 1001
    rate, shown = conform(pts, Fraction(1, 24000))
    assert abs(rate - NTSC * 2 / 3) < Fraction(1, 10)
    assert shown.tolist() == list(range(160))


def test_telecine_flags_conform_to_the_film_they_came_from():
    """Soft telecine shows frames for 3 and 2 fields in turn: the mean rate gives each frame once, at 24000/1001."""
    fields = np.cumsum([0, *([3, 2] * 50)])
    rate, shown = conform(fields * 1501, Fraction(1, 90000))
    assert rate == NTSC
    assert shown.tolist() == list(range(len(fields)))
