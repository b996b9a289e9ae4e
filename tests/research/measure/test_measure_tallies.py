"""What numbers of single frames come to, by hand."""

from __future__ import annotations

import math

import pytest

from vidcolor.research.measure.tallies import Tallies, mean

NAN = math.nan


def tallied(*frames: tuple[int, dict]) -> Tallies:
    tallies = Tallies()
    for number, (distance, values) in enumerate(frames):
        tallies.add(number, distance, values)
    return tallies


def test_keyframes_are_left_out_of_means_and_make_their_own():
    tallies = tallied(
        (0, {("ciede2000", "result"): 0.5, ("cdc_1", "result"): NAN}),
        (1, {("ciede2000", "result"): 2.0, ("cdc_1", "result"): 0.1}),
        (2, {("ciede2000", "result"): 4.0, ("cdc_1", "result"): 0.3}),
    )
    rows = tallies.rows()
    assert rows["ciede2000"] == {"result": 3.0}
    assert rows["keyframe_error"] == {"result": 0.5}
    assert rows["cdc"] == {"result": pytest.approx(0.2)}


def test_without_keyframes_every_frame_counts():
    tallies = tallied((-1, {("ssim", "gray"): 0.2}), (-1, {("ssim", "gray"): 0.4}))
    assert tallies.rows()["ssim"]["gray"] == pytest.approx(0.3)
    assert "keyframe_error" not in tallies.rows()
    assert tallies.by_distance() == ()


def test_a_frame_without_error_counts_a_hundred_decibels():
    tallies = tallied((-1, {("psnr", "result"): math.inf}), (-1, {("psnr", "result"): 40.0}))
    assert tallies.rows()["psnr"]["result"] == 70.0


def test_a_figure_may_be_missing_from_any_frame():
    tallies = tallied((-1, {("psnr", "result"): 30.0}), (-1, {("psnr", "copy"): 20.0}), (-1, {}))
    assert tallies.rows()["psnr"] == {"result": 30.0, "copy": 20.0}
    assert [len(numbers) for numbers in tallies.series.values()] == [3, 3]
    assert math.isnan(tallies.series["psnr", "copy"][0])


def test_cdc_is_the_mean_of_the_lags_means():
    tallies = tallied(
        (-1, {}),
        (-1, {("cdc_1", "truth"): 0.1}),
        (-1, {("cdc_1", "truth"): 0.3, ("cdc_2", "truth"): 0.6}),
    )
    assert tallies.rows()["cdc"]["truth"] == pytest.approx((0.2 + 0.6) / 2), "no two frames are 4 apart"


def test_ratio_of_means_and_none_without_colour():
    tallies = tallied((-1, {("colorfulness", "result"): 3.0, ("colorfulness", "truth"): 6.0}))
    assert tallies.rows()["colorfulness_ratio"] == {"result": 0.5}
    gray = tallied((-1, {("colorfulness", "result"): 3.0, ("colorfulness", "truth"): 0.0}))
    assert "colorfulness_ratio" not in gray.rows()


def test_curves_by_distance():
    frames = [(d, {("psnr", "result"): 30.0 + k, ("ciede2000", "result"): 1.0}) for k, d in enumerate((0, 1, 2, 1))]
    points = tallied(*frames).by_distance()
    assert [(p.distance, p.frames, p.values["psnr"]["result"]) for p in points] == [(1, 2, 32.0), (2, 1, 32.0)]


def test_largest_luma_change():
    tallies = tallied((0, {("luma_change", "result"): 3.0}), (1, {("luma_change", "result"): 1.0}))
    assert tallies.rows()["luma_change"] == {"result": 3.0}, "keyframes count"


def test_mean_of_nothing():
    assert mean([]) is None
