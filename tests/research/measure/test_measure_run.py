"""A whole result against its truth: the columns, what counts, and that memory does not grow."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import film
import numpy as np
import pytest
from made_pairs import QUICK, SIZE, faded, gray, write_folder

from vidcolor.color import rgb_to_lab
from vidcolor.errors import MediaError
from vidcolor.research.measure import measure
from vidcolor.research.measure.measurement import Measurement
from vidcolor.research.metrics.histograms import jensen_shannon, rgb_histograms
from vidcolor.research.metrics.image import Truth
from vidcolor.research.metrics.temporal import find_motion, reduced, warp_error


@pytest.fixture(scope="module")
def made():
    """Two shots of eight frames."""
    return film.make_film(shots=(8, 8))


@pytest.fixture(scope="module")
def place(tmp_path_factory, made):
    folder = tmp_path_factory.mktemp("measured")
    write_folder(folder / "truth", made.colors)
    write_folder(folder / "faded", faded(made.colors))
    return folder


@pytest.fixture(scope="module")
def found(place) -> Measurement:
    """The film faded, measured with keyframes 2 and 11."""
    return measure(place / "faded", place / "truth", replace(QUICK, keyframes=(2, 11), worst=3))


def planes(pictures: np.ndarray, frame: int) -> np.ndarray:
    """(3, H, W) as it is read from 16 bits."""
    return np.rint(pictures[frame].transpose(2, 0, 1) * 65535).astype(np.float32) / np.float32(65535)


def test_the_truth_measured_against_itself(place):
    found = measure(place / "truth", place / "truth", QUICK)
    assert found.value("psnr_delivered") == 100
    assert found.value("psnr") > 90
    assert found.value("ssim") == pytest.approx(1, abs=1e-6)
    assert found.value("ciede2000") < 0.01
    assert found.value("colorfulness_ratio") == 1
    assert found.value("cdc") == found.value("cdc", "truth")
    assert found.value("warp_error") == found.value("warp_error", "truth")
    assert found.value("luma_change") == 0


def test_a_gray_result_is_the_gray_column(place, made, tmp_path):
    write_folder(tmp_path / "gray", gray(made.colors))
    found = measure(tmp_path / "gray", place / "truth", replace(QUICK, reference=place / "truth" / "000003.png"))
    for key in ("psnr", "psnr_ab", "ssim", "ciede2000", "ciede2000_p90", "his", "dhis"):
        assert found.value(key) == pytest.approx(found.value(key, "gray"), rel=1e-4), key
    assert found.value("colorfulness") < 0.01
    assert found.value("luma_change") <= 1, "16-bit rounding of the gray picture"


def test_every_row_of_one_frame_is_the_metric_s_own(found, made):
    frame = 5
    truth = Truth(planes(made.colors, frame))
    expected = {
        "result": truth.figures(planes(faded(made.colors), frame)),
        "gray": truth.figures_of_gray(),
        "copy": truth.figures_of_chroma(rgb_to_lab(planes(made.colors, 2))[1:]),
    }
    for column, figures in expected.items():
        for key, name in (("psnr", "psnr"), ("ssim", "ssim"), ("ciede2000", "delta_e"), ("psnr_ab", "psnr_ab")):
            assert found.series[key, column][frame] == getattr(figures, name), (key, column)


def test_means_leave_keyframes_out(found):
    counted = [k for k in range(16) if k not in (2, 11)]
    values = found.series["psnr", "result"]
    assert found.value("psnr") == pytest.approx(np.mean([values[k] for k in counted]))
    errors = found.series["ciede2000", "result"]
    assert found.value("keyframe_error") == pytest.approx((errors[2] + errors[11]) / 2)
    assert list(found.distance[:8]) == [2, 1, 0, 1, 2, 3, 4, 4]


def test_the_copy_is_of_the_nearest_keyframe(found, made):
    for frame, key in ((6, 2), (7, 11)):
        copied = Truth(planes(made.colors, frame)).figures_of_chroma(rgb_to_lab(planes(made.colors, key))[1:])
        assert found.series["ciede2000", "copy"][frame] == copied.delta_e
    assert np.isnan(found.series["ciede2000", "copy"][2]), "there the copy is the truth"


def test_without_keyframes_the_copy_is_of_the_first_frame_which_does_not_count(place, made):
    found = measure(place / "faded", place / "truth", QUICK)
    copied = Truth(planes(made.colors, 9)).figures_of_chroma(rgb_to_lab(planes(made.colors, 0))[1:])
    assert found.series["psnr", "copy"][9] == copied.psnr
    assert np.isnan(found.series["psnr", "copy"][0])
    assert found.value("psnr", "copy") == pytest.approx(np.mean(found.series["psnr", "copy"][1:]))
    with pytest.raises(KeyError):
        found.row("keyframe_error")


def test_nothing_is_compared_across_the_cut(found, made):
    assert found.cuts == (8,)
    assert np.isnan(found.series["warp_error", "truth"][8])
    histograms = [rgb_histograms(planes(made.colors, frame)) for frame in range(16)]
    inside = [
        [jensen_shannon(histograms[k - lag], histograms[k]) for k in range(lag, 16) if (k < 8) == (k - lag < 8)]
        for lag in (1, 2, 4)
    ]
    assert [len(pairs) for pairs in inside] == [14, 12, 8]
    assert found.value("cdc", "truth") == pytest.approx(np.mean([np.mean(pairs) for pairs in inside]), rel=1e-9)


def test_warp_error_of_a_pair(found, made):
    light = [rgb_to_lab(np.stack([y, y, y]))[0] for y in (made.luma[4:6].astype(np.float32) - 64) / 876]
    from vidcolor.flow.dis import Dis

    motion = find_motion(light[0], light[1], Dis())
    before, now = (np.stack([reduced(p, SIZE) for p in planes(made.colors, k)]) for k in (4, 5))
    expected = warp_error(now, before, motion.back, ~motion.hidden)
    assert found.series["warp_error", "truth"][5] == pytest.approx(expected, rel=1e-3)


def test_colour_that_steps_beside_a_keyframe_shows_in_the_jump(place, made, tmp_path):
    stepping = faded(made.colors)
    stepping[4] = made.colors[4]  # the keyframe alone has its full colour
    write_folder(tmp_path / "stepping", stepping)
    options = replace(QUICK, keyframes=(4,))
    stepped = measure(tmp_path / "stepping", place / "truth", options)
    steady = measure(place / "truth", place / "truth", options)
    assert stepped.value("keyframe_jump") > 1
    assert steady.value("keyframe_jump") == 0
    jumps = [k for k, value in enumerate(stepped.series["keyframe_jump", "result"]) if not np.isnan(value)]
    assert jumps == [4, 5]


def test_pixels_that_no_keyframe_shows(found):
    assert 0 < found.value("unseen_share", "truth") < 100
    assert found.value("unseen_error", "gray") > found.value("unseen_error") > 0


def test_their_psnr_is_that_of_their_errors(made, tmp_path):
    """Where nothing of the keyframe is seen again, it is the PSNR of the whole film."""
    noise = np.random.default_rng(0).uniform(0.3, 0.7, made.colors.shape)
    write_folder(tmp_path / "noise", noise)
    write_folder(tmp_path / "halved", (noise + noise.mean(-1, keepdims=True)) / 2)
    found = measure(tmp_path / "halved", tmp_path / "noise", replace(QUICK, keyframes=(0,)))
    assert found.value("unseen_share", "truth") > 99
    frames = np.array(found.series["psnr", "result"][1:])
    assert found.value("unseen_psnr") == pytest.approx(-10 * np.log10(np.mean(10 ** (-frames / 10))), abs=0.05)
    assert found.value("unseen_psnr") > found.value("unseen_psnr", "gray")


def test_distances(found):
    assert [p.distance for p in found.distances] == [1, 2, 3, 4]
    assert found.distances[0].frames == 4
    psnr = found.series["psnr", "gray"]
    assert found.distances[0].values["psnr"]["gray"] == pytest.approx(np.mean([psnr[k] for k in (1, 3, 10, 12)]))


def test_the_worst_frames_come_with_their_pictures(found):
    errors = found.series["ciede2000", "result"]
    counted = [k for k in range(16) if k not in (2, 11)]
    frames = [worst.frame for worst in found.worst]
    assert 2 <= len(frames) <= 3
    assert min(abs(a - b) for a in frames for b in frames if a != b) >= 5, "a third of the film apart"
    assert found.worst[0].frame == max(counted, key=lambda k: errors[k])
    assert found.worst[0].error == errors[found.worst[0].frame]
    assert found.worst[0].result.shape == found.worst[0].truth.shape == (3, *SIZE)
    assert found.worst[0].errors.mean() == pytest.approx(found.worst[0].error, rel=1e-5)


def test_the_number_of_threads_changes_nothing(place, found, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again = measure(place / "faded", place / "truth", replace(QUICK, keyframes=(2, 11)))
    assert again.rows == found.rows


def test_luma_of_the_result(place, made, tmp_path):
    shifted = made.luma.copy()
    shifted[3, 20, 30] += 7
    path = film.write_film(tmp_path / "film.mkv", made, gray=False)
    changed = type("Changed", (), {"luma": shifted, "colors": made.colors})()
    for name in ("size", "frame_count"):
        setattr(changed, name, getattr(made, name))
    other = film.write_film(tmp_path / "other.mkv", changed, gray=False)
    assert measure(path, path, QUICK).value("luma_change") == 0
    assert measure(other, path, QUICK).value("luma_change") == 7
    assert measure(path, place / "truth", QUICK).value("luma_change") == 0, "luma rounded from R'G'B' by another"


def test_frames_that_are_not_neighbours_have_no_motion(place, made, tmp_path):
    write_folder(tmp_path / "some", made.colors[::5], range(0, 16, 5))
    found = measure(tmp_path / "some", place / "truth", QUICK)
    assert list(found.frames) == [0, 5, 10, 15]
    assert found.row("warp_error").needs == found.row("cdc").needs == "needs neighbouring frames of one shot"


def test_one_picture_alone(place):
    found = measure(place / "faded" / "000003.png", place / "truth" / "000003.png", QUICK)
    assert found.value("psnr") > found.value("psnr", "gray")
    assert "copy" not in found.row("psnr").values, "no other frame to take colours from"


def test_a_damaged_picture_is_named_and_the_threads_end(place, tmp_path, made):
    folder = write_folder(tmp_path / "damaged", made.colors)
    whole = (folder / "000006.png").read_bytes()
    (folder / "000006.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"000006\.png"):
        measure(folder, place / "truth", QUICK)
    (folder / "000006.png").write_bytes(whole)
    film.write_picture(folder / "000009.png", made.colors[9][:40], bits=16)
    with pytest.raises(MediaError, match=r"000009\.png: 64x40 pixels"):
        measure(folder, place / "truth", QUICK)


def test_a_gray_truth_is_noticed(place, made, tmp_path):
    write_folder(tmp_path / "gray", gray(made.colors[:3]))
    found = measure(place / "faded", tmp_path / "gray", QUICK)
    assert "no colour to speak of" in found.notes[-1]


def test_progress_counts_every_frame(place):
    told: list[tuple] = []
    measure(place / "faded", place / "truth", QUICK, lambda *step: told.append(step))
    assert told == [("measure", k, 16) for k in range(1, 17)]


def test_memory_does_not_grow_with_length(tmp_path):
    """Peak of traced allocations, NumPy's arrays among them: 120 frames more cost numbers, and no picture."""
    peaks = []
    for count in (30, 150):
        path = film.write_film(tmp_path / f"{count}.mkv", film.make_film(shots=(count,)), gray=False)
        options = replace(QUICK, keyframes=(0,), worst=2)
        found = []
        for _ in range(2):  # how many frames wait their turn hangs on the machine: the least tells what is kept
            tracemalloc.start()
            try:
                measure(path, path, options)
                found.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        peaks.append(min(found))
    picture = 3 * 4 * SIZE[0] * SIZE[1]
    ahead = 16 * picture  # on a busy machine more frames wait their turn
    assert peaks[1] - peaks[0] < 120 * 2000 + ahead, f"{peaks}: a few numbers a frame, no pictures"
