"""The shipped colorizer in the pipeline: free references colour a shot, and its weights are among the ingredients."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from made_scenes import chroma, gray, off, redrawn, reference, scene
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.colorize import align as aligning
from vidcolor.colorize import by_registration as registering
from vidcolor.colorize.align import align
from vidcolor.features import PatchFeatures, gray_of
from vidcolor.media.store import ChromaReader
from vidcolor.networks.features import NetworkFeatures
from vidcolor.pipeline.keyframes import KeyframeMaker, load_colorizer
from vidcolor.references.choose import describe
from vidcolor.settings import ColorizeSettings, Settings
from vidcolor.state.made_of import network_ingredients
from vidcolor.state.plan import Picture, Plan, PlannedKeyframe, ShotPlan
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import ColorFrame, Guidance, Reel, Shot

SIZE, FRAMES, CUT = (96, 128), 24, 12
NONE = Settings(colorize=ColorizeSettings(network="none"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A film of two shots, each with a free reference of its own, run once; (folder, true colours)."""
    folder = tmp_path_factory.mktemp("network")
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, (CUT,))
    for name, frame in (("r1-000000/ground.png", 9), ("r1-000012/ground.png", 22)):
        (folder / "refs" / name).parent.mkdir(parents=True)
        write_picture(folder / "refs" / name, SIZE, np.ascontiguousarray(np.roll(colors[frame], 9, 1)))
    assert main(line(folder)) == 0
    return folder, colors


def line(folder: Path, *extra: str) -> list[str]:
    refs, out = str(folder / "refs"), str(folder / "out.mkv")
    return ["run", str(folder / "film.mkv"), "--keyframes", refs, "-o", out, "--delivery", "ffv1", *extra]


def test_free_references_colour_every_frame(made):
    folder, colors = made
    for shot, start in (("r1-000000", 0), ("r1-000012", CUT)):
        version = folder / "film.vidcolor" / "shots" / shot / "v001"
        assert {k["how"] for k in json.loads((version / "report.json").read_text())["keyframes"]} == {"transfer"}
        with ChromaReader(version / "chroma.avi", start) as store:
            for frame in (start, start + 11):
                found = store.read(frame).chroma
                true = chroma(np.ascontiguousarray(colors[frame].transpose(2, 0, 1)))
                small = np.stack([cv2.resize(p, found.shape[:0:-1], interpolation=cv2.INTER_AREA) for p in true])
                assert off(found, small) < 0.6 * off(0 * found, small)


def test_the_weights_are_among_the_ingredients(made, capsys):
    assert set(network_ingredients(Settings())) >= {"weights.features", "weights.colorizer"}
    assert not any(n == "weights.colorizer" for n in network_ingredients(NONE))
    folder = made[0]
    made_of = (folder / "film.vidcolor" / "shots" / "r1-000000" / "v001" / "made.json").read_text()
    assert json.dumps(network_ingredients(Settings())["weights.colorizer"]) in made_of
    assert main(["status", str(folder / "film.vidcolor")]) == 0
    assert "2 shots: 2 fresh\n" in capsys.readouterr().out


def test_status_loads_no_torch(made):
    code = (
        "import sys; from vidcolor.cli.parser import main; main(sys.argv[1:]);"
        "heavy = [m for m in ('torch', 'numba', 'cv2', 'av') if m in sys.modules]; assert not heavy, heavy"
    )
    command = [sys.executable, "-P", "-c", code, "status", str(made[0] / "film.vidcolor")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Marked:
    """A colorizer that answers one colour, surely, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple] = []

    def __call__(self, target, guidance, settings, laid=None) -> ColorFrame:
        self.given.append((guidance, laid))
        size = target.lightness.shape
        return ColorFrame(target.index, np.full((2, *size), 99, np.float32), np.full(size, 0.5, np.float32))


class Shelf:
    """A library without files: pictures by name."""

    features = PatchFeatures()

    def __init__(self, pictures: dict) -> None:
        self.read = pictures.__getitem__

    def described(self, name: str) -> np.ndarray:
        return describe(gray_of(self.read(name)), self.features)


def maker(pictures: dict, colorizer, keys: tuple[PlannedKeyframe, ...] = (), **more) -> KeyframeMaker:
    """Of a film of two shots of ten frames, with these keyframes; `more` is said of the first."""
    keys = keys or (PlannedKeyframe(0, "person", ("own.png",)),)
    shots = [
        ShotPlan(Shot("r1", run), run, tuple(k for k in keys if k.frame in run), **(more if not n else {}))
        for n, run in enumerate((FrameRange(0, 10), FrameRange(10, 20)))
    ]
    plan = object.__new__(Plan)
    object.__setattr__(plan, "pictures", ())
    object.__setattr__(plan, "shots", tuple(shots))
    object.__setattr__(plan, "reel", Reel("r1", Path("film.mkv"), 20, Rate(24), SIZE))
    made = KeyframeMaker(plan, Shelf(pictures), Settings(), colorizer)  # type: ignore[arg-type]
    made.pictures = {name: name for name in pictures}  # type: ignore[misc]
    return made


def test_what_registration_cannot_lay_is_the_networks():
    """A redrawn picture of which one half shows something else: that half alone comes from the network."""
    truth = scene(5, size=(180, 240))
    picture = redrawn(truth, 1)
    other = redrawn(scene(8, size=(180, 240)), 2)
    picture[:, :, 150:] = other[:, :, 150:]
    network = Marked()
    key = maker({"own.png": reference(picture)}, network).make(PlannedKeyframe(0, "person", ("own.png",)), gray(truth))
    assert key.how == "near"
    ((guidance, laid),) = network.given
    assert [type(g) for g in guidance] == [Guidance]
    taken = np.isclose(key.color.chroma[0], 99)
    assert taken[:, 170:].mean() > 0.3
    assert taken[:, :120].mean() < 0.2
    sure = laid.confidence > 0.7
    assert np.array_equal(key.color.chroma[:, sure], laid.chroma[:, sure])


def test_what_lies_beyond_the_pictures_framing_is_the_networks():
    """Registration fills it from what lies near by; the network guesses better, and knows better how well."""
    truth = scene(5, size=(180, 240))
    part = redrawn(truth, 1)[:, 22:-22, 30:-30]
    picture = np.stack([cv2.resize(p, (240, 180), interpolation=cv2.INTER_LINEAR) for p in part])
    key = maker({"own.png": reference(picture)}, Marked()).make(PlannedKeyframe(0, "person", ("own.png",)), gray(truth))
    assert key.how == "near"
    taken = np.isclose(key.color.chroma[0], 99)
    beyond = np.ones(taken.shape, bool)
    beyond[18:-18, 24:-24] = False
    assert taken[beyond].mean() > 0.9
    assert taken[30:-30, 40:-40].mean() < 0.2


def apart(shift: int) -> tuple[np.ndarray, np.ndarray]:
    """A scene moved, and a picture of its middle alone."""
    truth = scene(5, move=(shift, 0), size=(180, 240))
    part = redrawn(truth, 1)[:, 22:-22, 30:-30]
    return truth, np.stack([cv2.resize(p, (240, 180), interpolation=cv2.INTER_LINEAR) for p in part])


def test_what_its_own_picture_does_not_show_is_asked_of_its_shots_other_pictures():
    """Of its shot alone, so that a picture given for one shot changes no other; and never of one inside a dissolve."""
    truth, picture = apart(0)
    pictures = {f"{n}.png": reference(picture if n == 0 else redrawn(truth, 2), f"{n}.png") for n in (0, 4, 9, 12)}
    keys = tuple(PlannedKeyframe(n, "person", (f"{n}.png",)) for n in (0, 4, 9, 12))
    network = Marked()
    maker(pictures, network, keys, dissolves=(FrameRange(8, 10),)).make(keys[0], gray(truth))
    ((guidance, _),) = network.given
    assert [g.reference.name for g in guidance] == ["0.png", "4.png"]
    shown = maker(pictures, load_colorizer(NetworkFeatures()), keys).make(keys[0], gray(truth))
    alone = maker(pictures, load_colorizer(NetworkFeatures()), keys[:1]).make(keys[0], gray(truth))
    beyond = np.ones(truth.shape[1:], bool)
    beyond[18:-18, 24:-24] = False
    errors = [off(made.color.chroma[:, beyond], chroma(truth)[:, beyond]) for made in (shown, alone)]
    assert errors[0] < 0.7 * errors[1]


def test_a_frame_without_its_own_picture_is_the_networks():
    truth = scene(5)
    network = Marked()
    pictures = {"one.png": reference(scene(5, (30, 0)), "one.png"), "two.png": reference(scene(6), "two.png")}
    planned = PlannedKeyframe(3, "coverage", ("one.png", "two.png"), scores=(0.9, 0.7))
    key = maker(pictures, network).make(planned, gray(truth, 3))
    assert key.how == "transfer"
    assert (key.color.chroma == 99).all()
    assert [(g.reference.name, g.score) for g in network.given[0][0]] == [("one.png", 0.9), ("two.png", 0.7)]


def test_a_far_picture_is_no_surer_than_it_fits_without_the_network():
    """Its colours are transferred from what looks alike, which another scene's does too."""
    picture = reference(scene(5, size=(90, 120))[:, :, ::-1], "own.png")
    planned = PlannedKeyframe(0, "person", ("own.png",))
    key = maker({"own.png": picture}, None).make(planned, gray(scene(5, size=(90, 120))))
    assert key.how == "far"
    assert key.color.confidence.max() > 0
    assert key.color.confidence.max() <= np.float32(key.registration.fits)


def test_a_picture_that_does_not_fit_is_aligned_once(monkeypatch):
    """What little was laid is handed on; the network does not lay the picture again."""
    aligned = []

    def counted(frame, picture):
        aligned.append(frame.lightness.shape)
        return align(frame, picture)

    monkeypatch.setattr("vidcolor.colorize.by_registration.align", counted)
    picture = reference(scene(5, size=(90, 120))[:, :, ::-1], "own.png")
    planned = PlannedKeyframe(0, "person", ("own.png",))
    key = maker({"own.png": picture}, load_colorizer(NetworkFeatures())).make(planned, gray(scene(5, size=(90, 120))))
    assert key.how == "far"
    assert key.color is not None
    assert len(aligned) == 1


def test_references_are_made_ready_once_a_film():
    """Two frames in the colours of two pictures: the features of four pictures, not of six."""
    colorizer, looked = load_colorizer(NetworkFeatures()), []
    features = colorizer.features

    def counted(lightness):
        looked.append(lightness.shape)
        return features(lightness)

    colorizer.features = counted
    guides = [Guidance(reference(scene(n, size=(90, 120)))) for n in (1, 2)]
    first = [colorizer(gray(scene(n, size=(90, 120))), guides, ColorizeSettings()) for n in (1, 2)]
    assert len(looked) == 4
    colorizer = load_colorizer(NetworkFeatures())
    alone = colorizer(gray(scene(2, size=(90, 120))), guides, ColorizeSettings())
    assert np.array_equal(first[1].chroma, alone.chroma)


def test_key_points_are_found_once_a_film(monkeypatch):
    """Of two frames and two pictures, each once; and what does not fit is not fetched."""
    found, fetched = watched(monkeypatch, aligning, "_key_points"), watched(monkeypatch, registering, "attend")
    colorizer = load_colorizer(NetworkFeatures())
    guides = [Guidance(reference(picture)) for picture in (scene(1, size=(90, 120)), scene(7, size=(90, 120))[:, ::-1])]
    for n in (1, 2):
        colorizer(gray(scene(n, size=(90, 120))), guides, ColorizeSettings())
    assert len(found) == 4
    assert len(fetched) < 4


def watched(monkeypatch, module, name: str) -> list[tuple]:
    """Filled with what the module's function of that name is asked."""
    asked: list[tuple] = []
    inner = getattr(module, name)

    def counted(*given):
        asked.append(given)
        return inner(*given)

    monkeypatch.setattr(module, name, counted)
    return asked


def test_without_the_network_nothing_of_it_is_asked():
    truth = scene(5)
    key = maker({"one.png": reference(scene(5, (30, 0)))}, None).make(
        PlannedKeyframe(0, "coverage", ("one.png",), scores=(0.8,)), gray(truth)
    )
    assert off(key.color.chroma, chroma(truth)) < 0.5 * off(0 * key.color.chroma, chroma(truth))


def test_the_shipped_network_colours_better_than_gray():
    truth = scene(2)
    made = load_colorizer(NetworkFeatures())(
        gray(truth), [Guidance(reference(scene(2, move=(30, 10))))], ColorizeSettings()
    )
    assert off(made.chroma, chroma(truth)) < 0.4 * off(0 * made.chroma, chroma(truth))
    assert replace(Settings(), colorize=ColorizeSettings()).colorize.network == "shipped"


def test_a_picture_is_let_go_with_the_last_shot_that_uses_it():
    class Pictures:
        def __init__(self) -> None:
            self.gone = list[set[str]]()

        def let_go(self, names: set[str]) -> None:
            self.gone.append(names)

    shots = []
    for start, names in ((0, ("a", "both")), (10, ("b", "both"))):
        frames = FrameRange(start, start + 10)
        shots.append(ShotPlan(Shot("r1", frames), frames, (PlannedKeyframe(start, "person", names),)))
    library, colorizer = Pictures(), Pictures()
    plan = SimpleNamespace(pictures=[Picture(name, f"hash of {name}") for name in ("a", "b", "both")], shots=shots)
    maker = KeyframeMaker(plan, library, Settings(), colorizer)
    maker.will_make(shots)
    maker.done(shots[1])
    maker.done(shots[1])
    maker.done(shots[0])
    assert library.gone == [{"b"}, {"a", "both"}]
    assert colorizer.gone == [{"hash of b"}, {"hash of a", "hash of both"}]
