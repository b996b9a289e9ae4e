"""`vidcolor measure`, typed as people type it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import film
import numpy as np
import pytest

from vidcolor.cli.parser import main

NO_NETWORKS = ("--weights", "none")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """truth.mkv and truth/, faded.mkv (half the colour), gray.mkv, refs/ of frames 0 and 9; films that do not fit."""
    folder = tmp_path_factory.mktemp("cli")
    made = film.make_film(shots=(10, 6))
    film.write_film(folder / "truth.mkv", made, gray=False)
    film.write_film(folder / "gray.mkv", made)
    film.write_film(folder / "short.mkv", film.make_film(shots=(10,)), gray=False)
    film.write_film(folder / "large.mkv", film.make_film((96, 128), shots=(10, 6)), gray=False)
    half = type("Half", (), {})()
    half.size, half.frame_count, half.luma = made.size, made.frame_count, made.luma
    half.colors = (made.colors + (made.colors @ film.WEIGHTS)[..., None]) / 2
    film.write_film(folder / "faded.mkv", half, gray=False)
    for name, frames in (("truth", range(16)), ("refs", (0, 9))):
        (folder / name).mkdir()
        for frame in frames:
            film.write_picture(folder / name / f"{frame:06d}.png", made.colors[frame], bits=16)
    return folder


def run(capsys, *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["measure", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *words: object) -> str:
    code, out, err = run(capsys, *words)
    assert code == 2, out
    (line,) = err.strip().splitlines()
    return line


def cells(out: str, name: str) -> list[str]:
    (line,) = [line for line in out.splitlines() if line.startswith(name + "  ")]
    return line.removeprefix(name).split()


def test_the_table(place, capsys):
    code, out, err = run(capsys, place / "faded.mkv", place / "truth.mkv", *NO_NETWORKS)
    assert (code, err) == (0, "")
    heads = next(line for line in out.splitlines() if line.startswith("figure"))
    assert heads.split() == ["figure", "unit", "better", "result", "gray", "frame", "static", "copy", "truth"]
    unit, better, result, gray, copy = cells(out, "PSNR")
    assert (unit, better) == ("dB", "higher")
    assert float(result) > float(gray) > 0
    assert float(copy) > 0
    assert cells(out, "Luma change")[-1] == "0"
    assert "measured   16 frames; 1 cut (10)" in out
    assert "LPIPS" not in out


def test_a_gray_film_scores_as_the_gray_frame(place, capsys):
    """The figures are those of a film coded in 10 bits, so the last digit may differ."""
    _, out, _ = run(capsys, place / "gray.mkv", place / "truth.mkv", *NO_NETWORKS)
    for name, digit in (("PSNR", 0.01), ("CIEDE2000, mean", 0.01), ("SSIM", 0.0001)):
        result, gray = cells(out, name)[-3:-1]
        assert abs(float(result) - float(gray)) <= 1.001 * digit, name


def test_everything_at_once(place, tmp_path, capsys):
    words = [place / "faded.mkv", place / "truth", "--keyframes", place / "refs", *NO_NETWORKS]
    words += ["--reference", place / "refs" / "000000.png", "--json", tmp_path / "m.json", "--csv", tmp_path / "m.csv"]
    words += ["--report", tmp_path / "report"]
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert "14 frames, 2 keyframes left out of the means (0, 9); 1 cut (10)" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith("written")] == ["written"] * 3
    assert cells(out, "from keyframe")[0] == "frames"
    for name in ("Keyframe error", "Keyframe jump", "Never-seen error", "Never-seen share", "HIS", "dHIS"):
        assert cells(out, name)
    document = json.loads((tmp_path / "m.json").read_text())
    assert document["keyframes"] == {"folder": str(place / "refs"), "frames": [0, 9]}
    assert f"{document['figures']['psnr']['values']['result']:.2f}" == cells(out, "PSNR")[2]
    with (tmp_path / "m.csv").open() as file:
        rows = list(csv.DictReader(file))
    means = [float(row["ciede2000.result"]) for row in rows if row["keyframe"] == "0"]
    assert np.mean(means) == pytest.approx(document["figures"]["ciede2000"]["values"]["result"], rel=1e-5)
    assert "<h2>Worst frames</h2>" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert run(capsys, *words)[0] == 0, "the second run replaces the first one's files"


def test_two_pictures(place, capsys):
    code, out, _ = run(capsys, place / "refs" / "000009.png", place / "truth" / "000009.png", *NO_NETWORKS)
    assert code == 0
    assert cells(out, "PSNR, as delivered")[2] == "100.00"
    assert "CDC, Warp error       needs neighbouring frames of one shot" in out


def test_without_weights_the_rest_is_computed(place, capsys, monkeypatch):
    from vidcolor.networks.pretrained import Missing
    from vidcolor.research.metrics import inception, perceptual

    def missing(*_: object) -> None:
        raise Missing("needs a network: it is not here")

    monkeypatch.setattr(perceptual, "build_lpips", missing)
    monkeypatch.setattr(inception, "build_inception", missing)
    code, out, _ = run(capsys, place / "faded.mkv", place / "truth.mkv")
    assert code == 0
    assert "LPIPS, FID, FIDinf    needs a network: it is not here" in out
    assert cells(out, "PSNR")


def test_refusals_are_one_line_and_come_before_the_work(place, tmp_path, capsys):
    truth = place / "truth.mkv"
    line = refused(capsys, place / "large.mkv", truth, *NO_NETWORKS)
    assert "128x96" in line
    assert "64x48" in line
    assert "10 frames, but" in refused(capsys, place / "short.mkv", truth, *NO_NETWORKS)
    assert "nowhere.mkv" in refused(capsys, place / "nowhere.mkv", truth, *NO_NETWORKS)
    assert "no such folder of keyframes" in refused(capsys, truth, truth, "--keyframes", place / "no", *NO_NETWORKS)
    assert "is one picture" in refused(capsys, truth, truth, "--reference", place / "truth", *NO_NETWORKS)
    (tmp_path / "m.json").write_text("{}")
    assert "not by vidcolor measure" in refused(capsys, truth, truth, "--json", tmp_path / "m.json", *NO_NETWORKS)
    assert "is named twice" in refused(capsys, truth, place / "truth", "--json", truth, *NO_NETWORKS)


def test_folders_say_what_was_left_out(place, capsys):
    _, out, _ = run(capsys, place / "refs", place / "truth", *NO_NETWORKS)
    assert "truth: 14 of its 16 frames left out (1-8, 10-15)" in out


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["measure", "--help"])
    said = capsys.readouterr().out
    assert said.count("  vidcolor measure ") == 3
    for option in ("--reference", "--keyframes", "--weights", "--json", "--csv", "--report"):
        assert option in said
