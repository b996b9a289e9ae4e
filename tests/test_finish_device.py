"""Finishing on a device, here PyTorch's own processor: the codes are the usual way's, its promises hold."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest
from test_color import decoded
from test_finish import colors, luma_codes, made_picture, reduced

from vidcolor.color import LumaLock, rgb_to_lab
from vidcolor.color.scale import TEN, Scale
from vidcolor.errors import DeviceError, InputError
from vidcolor.finish import enlarge, finisher
from vidcolor.finish.around_exact import Drawing, _flow, draw
from vidcolor.settings import FinishSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import Bars, ColorFrame, ColorTags, DeliveryFrame, SourceFrame

torch = pytest.importorskip("torch")

TAGS = [ColorTags(), ColorTags(5, 6, 6), ColorTags(9, 14, 9)]
LOCK, SETTINGS = LumaLock(TAGS[0]), FinishSettings()
SIZE = (135, 241)


@pytest.fixture(scope="module")
def picture() -> tuple[np.ndarray, np.ndarray]:
    """Luma codes and a*b* of a made picture, at SIZE."""
    rgb = made_picture()
    planes = [luma_codes(rgb).astype(np.float32), *rgb_to_lab(rgb)[1:]]
    luma, *chroma = (cv2.resize(plane, SIZE[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes)
    return np.rint(luma).astype(np.uint16), np.stack(chroma)


def doubtful(chroma: np.ndarray) -> ColorFrame:
    confidence = np.random.default_rng(1).random(chroma.shape[1:], np.float32)
    return ColorFrame(7, chroma.astype(np.float32), confidence)


def both(
    source: SourceFrame, color: ColorFrame, subsampling: Any, scale: Scale = TEN, lock: LumaLock = LOCK, **how: Any
) -> tuple[DeliveryFrame, DeliveryFrame]:
    """As the processor finishes a frame, and as a device does."""
    own, there = (finisher(device, lock, SETTINGS, subsampling, scale)(source, color, **how) for device in ("", "cpu"))
    return own, there


def check_alike(own: DeliveryFrame, there: DeliveryFrame, equal: float = 0.998) -> None:
    """At least such a share of the codes are equal, and none is off by more than one."""
    for one, other in ((own.cb, there.cb), (own.cr, there.cr)):
        assert one.shape == other.shape
        assert other.dtype == np.uint16
        away = np.abs(one.astype(int) - other)
        assert away.max() <= 1
        assert (away == 0).mean() >= equal


# Measured: 99.98 % and more of the codes are equal.
@pytest.mark.parametrize("subsampling", ["444", "422"])
@pytest.mark.parametrize("times", [1, 2, 3, 4, 9.5])
@pytest.mark.parametrize("columns", [241, 240])
def test_codes_are_the_processors(picture: Any, times: float, columns: int, subsampling: str) -> None:
    luma, chroma = picture[0][:134, :columns], picture[1][:, :134, :columns]
    for strength in (1, 3):  # three times: half of it lies outside the gamut
        color = doubtful(strength * (reduced(chroma, times) if times > 1 else chroma))
        check_alike(*both(SourceFrame(7, luma), color, subsampling))


@pytest.mark.parametrize("tags", TAGS[1:])
def test_codes_are_the_processors_under_other_tags(picture: Any, tags: ColorTags) -> None:
    luma, chroma = picture
    for subsampling in ("444", "422"):
        color = doubtful(2 * reduced(chroma, 3))
        own, there = both(SourceFrame(7, luma), color, subsampling, lock=LumaLock(tags))
        check_alike(own, there)


# Measured: of 16 bits 99.5 % are equal and the others off by one, of 12 bits 99.8 %.
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_codes_of_other_scales(picture: Any, bits: int, full: bool) -> None:
    luma, chroma = picture
    scale = Scale(bits, full)
    deep = np.rint((luma.astype(np.float64) - 64) / 876 * scale.span + scale.black).clip(0, scale.top).astype(np.uint16)
    for subsampling in ("444", "422"):
        source = SourceFrame(7, luma, deep)
        own, there = both(source, doubtful(2 * reduced(chroma, 4)), subsampling, scale)
        assert there.luma is deep
        check_alike(own, there, {12: 0.995, 16: 0.99}.get(bits, 0.998))


@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_bars_come_out_neutral(picture: Any, subsampling: str) -> None:
    luma, chroma = picture
    bars = Bars(FrameRange(0, 9), top=11, bottom=9, left=7, right=5)
    own, there = both(SourceFrame(7, luma), doubtful(reduced(chroma, 4)), subsampling, bars=bars)
    check_alike(own, there)
    assert (there.cb[:11] == 512).all()
    assert (there.cr[-9:] == 512).all()
    assert (there.cb[11:-9] != 512).any()


def drawing(picture: Any, share: float, spared: np.ndarray | None = None) -> Drawing:
    """An exact keyframe like the picture, two columns further left, darker in a corner, with other colours."""
    luma, chroma = (np.roll(plane, -2, -1) for plane in picture)
    luma[:30, :40] //= 2
    return Drawing(np.ascontiguousarray(luma), np.ascontiguousarray(chroma * np.float32(1.3) + 4), share, spared)


# By the same flow, which is each side's own. Measured: 99.99 % of the codes are equal.
@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_frames_that_keyframes_draw(picture: Any, subsampling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from vidcolor.finish import draw_on_device

    monkeypatch.setattr(draw_on_device, "BAND", 40 * SIZE[1])  # several bands
    monkeypatch.setattr(
        draw_on_device, "_flow", lambda *codes: map(torch.from_numpy, _flow(*(c.numpy() for c in codes)))
    )
    source, color = SourceFrame(7, picture[0]), doubtful(reduced(picture[1], 4))
    spared = np.zeros((20, 30), np.float32)
    spared[5:15, 5:15] = 1
    drawings = [drawing(picture, 0.7), drawing(picture, 0.2, spared)]
    own, there = both(source, color, subsampling, drawings=drawings)
    bare, _ = both(source, color, subsampling)
    check_alike(own, there)
    assert (there.cr != bare.cr).mean() > 0.5
    again = finisher("cpu", LOCK, SETTINGS, subsampling)(source, color, drawings=drawings)  # type: ignore[arg-type]
    assert again.cb.tobytes() == there.cb.tobytes()


# Measured: mean error of a* and b* 7.35 undrawn, 0.06 by OpenCV's flow, 0.20 by the device's; on clips they are equal.
def test_a_device_draws_by_its_own_flow_as_well(picture: Any) -> None:
    from vidcolor.finish.draw_on_device import draw as draw_there
    from vidcolor.finish.draw_on_device import placed
    from vidcolor.finish.on_device import codes_up

    luma, chroma = picture
    shifted = [np.ascontiguousarray(np.roll(plane, -3, -1)) for plane in picture]
    gray = enlarge(0.5 * reduced(chroma, 4), luma, SETTINGS.detail)
    there = placed(Drawing(*shifted, share=1.0), torch.device("cpu"), codes_up)
    by_device = draw_there(torch.from_numpy(gray), codes_up(luma, torch.device("cpu")), [there]).numpy()
    own = draw(gray, luma, [Drawing(*shifted, share=1.0)])
    away, own_away, without = (float(np.abs(made - chroma).mean()) for made in (by_device, own, gray))
    assert own_away < 0.05 * without
    assert away < 0.05 * without


def test_a_keyframes_planes_go_up_once_and_leave_with_it(picture: Any) -> None:
    from vidcolor.finish import draw_on_device

    held = len(draw_on_device._there)
    source, color, one = SourceFrame(7, picture[0]), doubtful(reduced(picture[1], 4)), drawing(picture, 0.7)
    finish = finisher("cpu", LOCK, SETTINGS, "422")
    for share in (0.7, 0.4):
        finish(source, color, drawings=[Drawing(one.luma, one.chroma, share)])
        assert len(draw_on_device._there) == held + 2
    del one
    assert len(draw_on_device._there) == held


def requests(strength: float) -> tuple[np.ndarray, ColorFrame]:
    """Luma codes of more than the whole range, and chroma of every hue."""
    rng = np.random.default_rng(5)
    luma = rng.integers(0, 1024, (121, 203)).astype(np.uint16)
    hue, radius = rng.uniform(0, 2 * np.pi, luma.shape), rng.uniform(0, strength, luma.shape)
    chroma = np.stack([radius * np.cos(hue), radius * np.sin(hue)]).clip(-128, 127)
    return luma, colors(chroma)


@pytest.mark.parametrize("tags", TAGS)
@pytest.mark.parametrize("subsampling", ["444", "422"])
@pytest.mark.parametrize("strength", [40.0, 180.0])
def test_every_code_decodes_inside_the_cube(tags: ColorTags, subsampling: Any, strength: float) -> None:
    luma, color = requests(strength)
    made = finisher("cpu", LumaLock(tags), SETTINGS, subsampling)(SourceFrame(7, luma), color)
    seen = luma if subsampling == "444" else luma[:, ::2]
    rgb = decoded(seen, made.cb, made.cr, tags.matrix)
    picture = (seen >= 64) & (seen <= 940)
    assert rgb[:, picture].min() >= 0
    assert rgb[:, picture].max() <= 1
    assert (made.cb[~picture] == 512).all()
    assert (made.cr[~picture] == 512).all()


@pytest.mark.parametrize("subsampling", ["444", "422"])
def test_luma_is_the_same_array_untouched(subsampling: Any) -> None:
    luma, color = requests(90)
    luma.setflags(write=False)
    before = luma.copy()
    made = finisher("cpu", LOCK, SETTINGS, subsampling)(SourceFrame(7, luma), color)
    assert made.luma is luma
    np.testing.assert_array_equal(luma, before)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 8])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 1)])
def test_gray_stays_gray_and_flat_colour_flat_in_narrow_pictures(width: int, size: tuple[int, int]) -> None:
    luma = np.full((3, width), 500, np.uint16)
    size = (size[0], min(size[1], width))
    finish = finisher("cpu", LOCK, SETTINGS, "422")
    gray = finish(SourceFrame(7, luma), colors(np.zeros((2, *size))))
    assert (gray.cb == 512).all()
    assert (gray.cr == 512).all()
    flat = finish(SourceFrame(7, luma), colors(np.full((2, *size), 20.0)))
    assert flat.cb.shape == (3, (width + 1) // 2)
    assert len(np.unique(flat.cb)) == 1
    assert flat.cr[0, 0] > 520


def test_the_same_bytes_every_time_whichever_threads_and_bands(picture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vidcolor.color import lock_on_device

    luma, chroma = picture
    finish, color = finisher("cpu", LOCK, SETTINGS, "422"), doubtful(2 * reduced(chroma, 2))
    whole = finish(SourceFrame(7, luma), color)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: finish(SourceFrame(7, luma), color), range(6)))
    monkeypatch.setattr(lock_on_device, "BAND", 20 * SIZE[1])
    banded = finish(SourceFrame(7, luma), color)
    for one in made:
        assert one.cb.tobytes() + one.cr.tobytes() == whole.cb.tobytes() + whole.cr.tobytes()
    check_alike(whole, banded, 0.9999)


# A tensor on `meta` has no numbers: whatever looks at some, as every way down from a device does, raises.
@pytest.mark.parametrize("subsampling", ["444", "422"])
@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("scale", [TEN, Scale(16, full=True)])
@pytest.mark.parametrize("drawn", [False, True])
def test_nothing_comes_down_before_the_codes(drawn: bool, times: int, subsampling: Any, scale: Scale) -> None:
    from vidcolor.finish.draw_on_device import Placed
    from vidcolor.finish.on_device import codes_up, finished

    device = torch.device("meta")
    luma = codes_up(np.full((90, 163), 500, np.uint16), device)
    size = (90 // times, 163 // times)
    chroma, confidence = torch.zeros((2, *size), device=device), torch.zeros(size, device=device)
    drawing = Placed(luma, torch.zeros((2, 90, 163), device=device), 0.5, torch.zeros((45, 80), device=device))
    made = finished(luma, luma, chroma, confidence, LOCK, SETTINGS, subsampling, scale, [drawing] if drawn else [])
    assert made.device == device
    assert made.dtype == torch.int16
    assert made.shape == (2, 90, 163 if subsampling == "444" else 82)


def test_refusals_name_the_frame_and_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    from vidcolor.finish import on_device

    source = SourceFrame(7, np.full((8, 8), 500, np.uint16))
    with pytest.raises(InputError, match="do not fit"):
        finisher("cpu", LOCK, SETTINGS, "444")(source, colors(np.zeros((2, 9, 4))))
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="no CUDA device"):
            finisher("cuda", LOCK, SETTINGS, "444")

    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    monkeypatch.setattr(on_device, "finished", full)
    with pytest.raises(DeviceError, match=r"frame 7: device cpu failed at 8x8 \(CUDA out of memory.*use --device cpu"):
        finisher("cpu", LOCK, SETTINGS, "444")(source, colors(np.zeros((2, 4, 4))))
