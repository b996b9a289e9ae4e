"""Review proxies beside or wiped with the gray film, through a LUT, through a view; and as AV1."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from delivered import COUNT, SIZE, decoded, make_frames, make_reel

from vidcolor.color import LumaLock
from vidcolor.errors import MediaError
from vidcolor.media.destination import check_destination
from vidcolor.media.encoder import PictureTrack
from vidcolor.media.proxy_view import ProxyView
from vidcolor.media.write import Writer
from vidcolor.settings import ExportSettings
from vidcolor.types import ColorTags, DeliveryFrame


def cube(path: Path, change: Any) -> str:
    """A .cube of eight corners, which `change` makes of R'G'B'."""
    corners = [(r, g, b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    lines = [" ".join(map(str, change(*corner))) for corner in corners]
    path.write_text("\n".join(["LUT_3D_SIZE 2", *lines, ""]))
    return str(path)


def colored(width: int = 32) -> DeliveryFrame:
    luma = np.full((16, width), 500, np.uint16)
    chroma = np.full((2, 16, width), 20, np.float32)
    return DeliveryFrame(0, luma, *LumaLock(ColorTags()).chroma_codes(luma, chroma, "422"))


def shown(frame: DeliveryFrame, **settings: Any) -> DeliveryFrame:
    return ProxyView(ExportSettings(**settings), ColorTags()).shown(frame)


def test_a_lut_is_applied_to_the_r_g_b_codes(tmp_path: Path) -> None:
    frame = colored()
    same = shown(frame, proxy_lut=cube(tmp_path / "same.cube", lambda r, g, b: (r, g, b)))
    for one, other in ((same.luma, frame.luma), (same.cb, frame.cb), (same.cr, frame.cr)):
        assert np.abs(one.astype(int) - other).max() <= 1
    turned = shown(frame, proxy_lut=cube(tmp_path / "negative.cube", lambda r, g, b: (1 - r, 1 - g, 1 - b)))
    assert np.abs(turned.luma.astype(int) - (1004 - frame.luma)).max() <= 1
    assert np.abs(turned.cb.astype(int) - (1024 - frame.cb)).max() <= 1
    swapped = shown(frame, proxy_lut=cube(tmp_path / "swapped.cube", lambda r, g, b: (b, g, r)))
    assert (int(swapped.cb[8, 8]) > 512) == (int(frame.cr[8, 8]) > 512)


def test_a_view_of_opencolorio_is_shown() -> None:
    frame = colored()
    plain = shown(frame, proxy_view="sRGB - Display/Raw")
    view = shown(frame, proxy_view="sRGB - Display/ACES 2.0 - SDR 100 nits (Rec.709)")
    assert np.abs(plain.luma.astype(int) - frame.luma).max() <= 1
    assert np.abs(view.luma.astype(int) - frame.luma).min() > 10


@pytest.mark.parametrize("width", [32, 31])
def test_gray_stands_beside_or_wipes(width: int) -> None:
    frame = colored(width)
    side = shown(frame, proxy_compare="side")
    even = width + width % 2
    assert side.luma.shape == (16, 2 * even)
    assert (side.cb[:, : even // 2] == 512).all()
    assert np.array_equal(side.cb[:, even // 2 :], frame.cb)
    assert np.array_equal(side.luma[:, even : even + width], frame.luma)
    wipe = shown(frame, proxy_compare="wipe")
    middle = 2 * (frame.cb.shape[1] // 2)
    assert (wipe.cb[:, : middle // 2] == 512).all()
    assert np.array_equal(wipe.cb[:, middle // 2 :], frame.cb[:, middle // 2 :])
    assert (wipe.luma[:, middle - 2 : middle] == 940).all()
    assert np.array_equal(np.delete(wipe.luma, [middle - 2, middle - 1], 1), frame.luma[:, 2:])


def write(path: Path, delivery: str, **settings: Any) -> Path:
    reel = make_reel()
    with Writer(path, reel, delivery, ExportSettings(**settings)) as writer:
        for frame in make_frames(reel, delivery):
            writer.write(frame)
    return path


@pytest.mark.parametrize("delivery", ["proxy", "proxy-av1"])
def test_the_film_is_as_wide_as_what_is_shown(tmp_path: Path, delivery: str) -> None:
    path = write(tmp_path / "out.mp4", delivery, proxy_compare="side", proxy_labels="none")
    planes = decoded(path)
    assert len(planes) == COUNT
    assert planes[0][0].shape == (SIZE[0], 2 * SIZE[1])
    assert np.abs(planes[0][1][:, : SIZE[1] // 2].astype(int) - 128).max() <= 6
    given = next(make_frames(make_reel(), delivery))
    assert np.abs(planes[0][0][:, SIZE[1] :].astype(float) - given.luma / 4).mean() < 3  # down to its foot


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not tell a program's threads")
def test_av1_takes_no_real_time_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root its library takes it, for all threads that begin later as well: they would starve all else."""
    policies: list[set[int]] = []
    whole = PictureTrack.__init__

    def opened(*given: Any, **named: Any) -> None:
        whole(*given, **named)
        policies.append({os.sched_getscheduler(int(task)) for task in os.listdir("/proc/self/task")})

    monkeypatch.setattr(PictureTrack, "__init__", opened)
    write(tmp_path / "a.mp4", "proxy-av1")
    assert policies == [{os.SCHED_OTHER}]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_av1_is_av1_and_the_same_each_time(tmp_path: Path) -> None:
    one, two = (write(tmp_path / f"{name}.mp4", "proxy-av1").read_bytes() for name in "ab")
    assert one == two
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.streams.video[0].codec_context.name in ("libdav1d", "av1")
        assert film.streams.video[0].average_rate == make_reel().rate.fraction


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"proxy_lut": "/no/such.cube"}, r"/no/such.cube: is no LUT that can be used .*; set export.proxy_lut"),
        ({"proxy_view": "nothing/Raw"}, r"cannot show it .*set it to DISPLAY/VIEW: such as 'sRGB - Display/"),
        ({"proxy_view": "sRGB - Display/Raw", "proxy_space": "nonsense"}, "nonsense"),
        ({"proxy_view": "sRGB - Display/Raw", "ocio_config": "/no.ocio"}, "/no.ocio"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_the_work(tmp_path: Path, settings: Any, told: str) -> None:
    with pytest.raises(MediaError, match=told) as caught:
        check_destination(tmp_path / "out.mov", "proxy", make_reel(), ExportSettings(**settings))
    assert "\n" not in str(caught.value)
    check_destination(tmp_path / "out.mov", "prores-422hq", make_reel(), ExportSettings(**settings))
