"""`vidcolor transfer`: what is kept, what is refused, and that large pictures are joined as small ones are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from made_scenes import scene

from vidcolor.cli.parser import main
from vidcolor.color import rgb_to_lab
from vidcolor.colorize.by_transfer import Transferred
from vidcolor.errors import MediaError, WeightsError
from vidcolor.features import LUMA
from vidcolor.media.images import read_rgb
from vidcolor.pipeline import picture
from vidcolor.pipeline.picture import PictureOptions, color_picture, is_gray, joined

KEPT = 0.002
"""L* by which a gray target's lightness may differ in the file: 16 bits near black are a third of that."""
RULES = pytest.mark.parametrize("rule", ["ours", "published"])
SIZE = (120, 160)


def write(path: Path, rgb: np.ndarray, top: int = 65535) -> Path:
    kind = np.uint16 if top > 255 else np.uint8
    cv2.imwrite(str(path), np.moveaxis(np.rint(rgb * top).astype(kind), 0, 2)[..., ::-1])
    return path


def write_gray(path: Path, rgb: np.ndarray, top: int = 65535) -> Path:
    kind = np.uint16 if top > 255 else np.uint8
    cv2.imwrite(str(path), np.rint(np.tensordot(LUMA, rgb, 1) * top).astype(kind))
    return path


def made(target: Path, reference: Path, out: Path, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """L*a*b* of the target and of what was made of it."""
    color_picture(target, reference, out, PictureOptions(features="own", **options), lambda *_: None)  # type: ignore[arg-type]
    return rgb_to_lab(read_rgb(target)), rgb_to_lab(read_rgb(out))


@pytest.mark.parametrize(("name", "top"), [("t.png", 65535), ("t.png", 255), ("t.tif", 65535), ("t.jpg", 255)])
def test_a_gray_targets_lightness_is_kept_in_every_pixel(name, top, tmp_path):
    """With saturated colours over black and white, which leave the cube and must be shrunk."""
    rgb = scene(1, size=SIZE)
    rgb[:, :40], rgb[:, 40:60] = rgb[:, :40] ** 4, rgb[:, 40:60] ** 0.1
    reference = write(tmp_path / "r.png", np.clip(3 * scene(1, size=SIZE) - 1, 0, 1))
    before, after = made(write_gray(tmp_path / name, rgb, top), reference, tmp_path / "out.png")
    assert np.abs(after[0] - before[0]).max() < KEPT
    assert np.hypot(*after[1:]).mean() > 5


@RULES
def test_a_picture_from_itself_has_nearly_its_own_colours(rule, tmp_path):
    rgb = scene(2, size=SIZE)
    reference = write(tmp_path / "r.png", rgb)
    truth = rgb_to_lab(rgb)
    _, from_gray = made(write_gray(tmp_path / "g.png", rgb), reference, tmp_path / "a.png", rule=rule)
    _, from_color = made(write(tmp_path / "c.png", rgb), reference, tmp_path / "b.png", rule=rule)
    colored = np.hypot(*truth[1:]).mean()
    assert np.hypot(*(from_gray - truth)[1:]).mean() < (0.2 if rule == "ours" else 0.5) * colored
    assert np.sqrt(((from_color - truth) ** 2).sum(0)).mean() < 0.2 * colored


@RULES
def test_a_gray_reference_gives_gray(rule, tmp_path):
    reference = write_gray(tmp_path / "r.png", scene(3, size=SIZE))
    rgb = scene(4, size=SIZE)
    _, gray = made(write_gray(tmp_path / "g.png", rgb), reference, tmp_path / "a.png", rule=rule)
    _, color = made(write(tmp_path / "c.png", rgb), reference, tmp_path / "b.png", rule=rule)
    assert np.abs(gray[1:]).max() < 0.1
    assert np.abs(color[1:]).mean() < 0.35 * np.abs(rgb_to_lab(rgb)[1:]).mean()


def test_a_tinted_picture_is_brought_to_the_references_palette(tmp_path):
    """The same scene graded another way: nearer to the reference's grade than before, in lightness too."""
    rgb = scene(5, size=SIZE)
    graded = np.clip(rgb ** np.array([1.6, 1.1, 0.9], np.float32)[:, None, None] * 0.8, 0, 1)
    before, after = made(write(tmp_path / "t.png", graded), write(tmp_path / "r.png", rgb), tmp_path / "a.png")
    truth = rgb_to_lab(rgb)
    for planes in (slice(0, 1), slice(1, 3)):
        assert np.abs(after - truth)[planes].mean() < 0.5 * np.abs(before - truth)[planes].mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5), (3, 900)])
def test_pictures_of_any_size(size, tmp_path):
    random = np.random.default_rng(1)
    small = write(tmp_path / "s.png", random.random((3, *size)))
    scenes = write(tmp_path / "r.png", scene(6, size=(60, 80)))
    for target, reference in ((small, scenes), (scenes, small), (small, small)):
        before, after = made(target, reference, tmp_path / "out.tif", gray=True)
        assert after.shape == before.shape
        assert np.abs(after[0] - before[0]).max() < KEPT


def test_toned_prints_count_as_gray_if_said_so(tmp_path):
    rgb = scene(7, size=SIZE)
    toned = (np.tensordot(LUMA, rgb, 1) * np.array([1, 0.85, 0.6], np.float32)[:, None, None]).astype(np.float32)
    target, reference = write(tmp_path / "t.png", toned), write(tmp_path / "r.png", rgb)
    assert not is_gray(rgb_to_lab(toned)[1:])
    before, after = made(target, reference, tmp_path / "out.png", gray=True)
    assert np.abs(after[0] - before[0]).max() < KEPT
    truth = rgb_to_lab(rgb)
    assert np.hypot(*(after - truth)[1:]).mean() < 0.5 * np.hypot(*(before - truth)[1:]).mean()


def test_a_noisy_scan_is_gray_and_a_small_red_coat_is_not():
    random = np.random.default_rng(3)
    scan = random.normal(0, 0.7, (2, 100, 100)).astype(np.float32)
    assert is_gray(scan)
    scan[0, 40:45, 40:45] = 50
    assert not is_gray(scan)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shrink", [1, 2, 5])
def test_bands_join_as_the_whole_picture_would(channels, shrink, monkeypatch):
    random = np.random.default_rng(2)
    planes = rgb_to_lab(random.random((3, 83, 57)).astype(np.float32))[:channels]
    small = picture._reduced(planes, shrink)
    colors = cv2.GaussianBlur(random.normal(size=(*small.shape[1:], 3)) * 90, (0, 0), 2).transpose(2, 0, 1)
    sure = random.random(small.shape[1:]).astype(np.float32)
    found = Transferred(colors[: max(2, channels)].astype(np.float32), sure)
    whole = np.concatenate([lab for _, lab in joined(planes, small, found, shrink)], 1)
    monkeypatch.setattr(picture, "BAND", 6)
    banded = np.concatenate([lab for _, lab in joined(planes, small, found, shrink)], 1)
    assert whole.shape == (3, 83, 57)
    assert np.abs(banded - whole).max() < 0.01
    assert np.array_equal(picture._reduced(planes, shrink), small)


@pytest.mark.parametrize("color", [False, True])
def test_a_large_picture_is_coloured_at_a_reduced_size(color, tmp_path, monkeypatch):
    """Three times reduced, in both ways: colours as near, and a colour target's fine detail kept."""
    monkeypatch.setattr(picture, "SIDE", 120)
    rgb = np.stack([cv2.resize(p, (361, 271), interpolation=cv2.INTER_CUBIC) for p in scene(8)]).clip(0, 1)
    target = (write if color else write_gray)(tmp_path / "t.png", rgb)
    before, after = made(target, write(tmp_path / "r.jpg", rgb, 255), tmp_path / "out.png")
    truth = rgb_to_lab(rgb.astype(np.float32))
    assert np.hypot(*(after - truth)[1:]).mean() < 0.25 * np.hypot(*truth[1:]).mean()
    if color:
        fine = [plane - cv2.blur(plane, (5, 5)) for plane in (before[0], after[0])]
        assert np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1] > 0.95
    else:
        assert np.abs(after[0] - before[0]).max() < KEPT


# The command.


@pytest.fixture
def place(tmp_path) -> Path:
    """A gray target, a colour reference."""
    write_gray(tmp_path / "t.png", scene(9, size=(60, 80)))
    write(tmp_path / "r.png", scene(9, size=(60, 80)))
    return tmp_path


def line(place: Path, *more: str) -> list[str]:
    return ["transfer", str(place / "t.png"), str(place / "r.png"), "-o", str(place / "out.png"), *more]


def test_the_command_says_what_it_made(place, capsys):
    assert main(line(place, "--features", "own")) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in ("80x60", "its L* is kept", "training-free", "out.png (16 bits, sRGB)", "confidence"):
        assert words in said
    first = (place / "out.png").read_bytes()
    assert main(line(place, "--features", "own")) == 0, "its own file is replaced"
    assert (place / "out.png").read_bytes() == first, "twice gives the same bytes"


def test_the_usual_features_are_named_and_fetch_nothing(place, capsys, monkeypatch):
    def fetched(url: str) -> Path:
        raise AssertionError(f"asked for {url}")

    monkeypatch.setattr("vidcolor.networks.pretrained.fetch", fetched)
    monkeypatch.setattr(picture, "_have_vgg", lambda: False)
    assert main(line(place)) == 0
    assert "VGG-19's weights are not here" in " ".join(capsys.readouterr().out.split())


def test_progress_is_told_to_the_end(place):
    told: list[tuple[str, int, int]] = []
    options = PictureOptions(features="own")
    color_picture(place / "t.png", place / "r.png", place / "o.png", options, lambda *step: told.append(step))
    assert told == [("transfer", n + 1, picture.STEPS) for n in range(picture.STEPS)]


REFUSED = {
    "no such target": (lambda p: (p / "t.png").unlink(), [], "t.png"),
    "no such reference": (lambda p: (p / "r.png").unlink(), [], "r.png"),
    "text": (lambda p: (p / "r.png").write_text("no picture"), [], "r.png"),
    "cut short": (lambda p: (p / "t.png").write_bytes((p / "t.png").read_bytes()[:3000]), [], "t.png"),
    "another's file": (lambda p: (p / "out.png").write_text("mine"), [], "not by vidcolor transfer"),
    "weights that are none": (lambda p: (p / "w.pth").write_text("x"), ["--weights", "w.pth"], "w.pth"),
    "no such weights": (lambda p: None, ["--weights", "none.pth"], "none.pth"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_the_users_mistakes_are_one_line(name, place, capsys, monkeypatch):
    damage, more, told = REFUSED[name]
    if more:
        pytest.importorskip("torchvision", reason="needs torchvision")
    damage(place)
    monkeypatch.chdir(place)
    features = [] if more else ["--features", "own"]
    kept = (place / "out.png").read_bytes() if (place / "out.png").exists() else None
    assert main(line(place, *more, *features)) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
    assert (place / "out.png").exists() == (kept is not None)
    assert kept is None or (place / "out.png").read_bytes() == kept


def test_networks_that_cannot_be_had_are_named(place, capsys, monkeypatch):
    def none(url: str) -> Path:
        raise WeightsError(f"could not be fetched from {url}")

    pytest.importorskip("torchvision", reason="needs torchvision")
    monkeypatch.setattr("vidcolor.networks.pretrained.fetch", none)
    assert main(line(place, "--features", "vgg19")) == 2
    assert "needs VGG-19" in capsys.readouterr().err


def test_refusals_come_before_the_work(place, monkeypatch):
    def fail(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(picture, "read_picture", fail)
    with pytest.raises(MediaError, match="name it out.png"):
        color_picture(place / "t.png", place / "r.png", place / "out.webp", PictureOptions(), lambda *_: None)
