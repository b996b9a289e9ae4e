"""`vidcolor frames`: what it writes is the frame again when it is given back, painted on or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.colorize import register
from vidcolor.errors import InputError
from vidcolor.media.colors import rgb_luma
from vidcolor.media.encoder import plane_view
from vidcolor.media.images import read_picture, read_rgb
from vidcolor.media.picture_out import is_untouched, write_frame
from vidcolor.media.probe import open_reel
from vidcolor.media.read import Clip, SourceClip
from vidcolor.pipeline.frames import gray_frames
from vidcolor.references.asked import asked_frames
from vidcolor.references.readings import read_stem
from vidcolor.settings import ColorizeSettings, ReelSettings
from vidcolor.timeline import Rate
from vidcolor.types import Reel

SIZE, COUNT, CUT = (96, 128), 30, 15
BT601, BT709 = (6, 6, 6), (1, 1, 1)


def write_tagged(path: Path, form: str, full: bool, tags: tuple[int, int, int]) -> None:
    """Two frames in every code that the format has, over texture; lossless."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = *SIZE, form
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = tags
        context.color_range = 2 if full else 1
        for index in range(2):
            picture = av.VideoFrame(SIZE[1], SIZE[0], form)
            top = 2 ** picture.format.components[0].bits
            light = np.rint(shot_colors(1, index, SIZE).mean(2) * (top - 1))
            light[:8] = np.arange(8 * SIZE[1]).reshape(8, SIZE[1]) % top
            for number in range(3):
                plane_view(picture, number)[:] = light if number == 0 else top // 2
            picture.color_primaries, picture.color_trc, picture.colorspace = tags
            picture.color_range = 2 if full else 1
            picture.pts = index
            out.mux(stream.encode(picture))
        out.mux(stream.encode())


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("tags", [BT601, BT709], ids=["601", "709"])
@pytest.mark.parametrize(
    ("form", "full"), [("yuv444p", False), ("yuv444p", True), ("yuv444p10le", False), ("yuv444p10le", True)]
)
def test_a_gray_frame_given_back_is_the_frame_to_the_code(tmp_path, form, full, tags, suffix):
    write_tagged(tmp_path / "film.mkv", form, full, tags)
    reel = open_reel(tmp_path / "film.mkv", ReelSettings())
    assert (reel.full_range, reel.tags.matrix) == (full, tags[2])
    source, frame = list(SourceClip(reel))[1], Clip(reel)[1]
    ((index, rgb),) = gray_frames(reel, [1])
    path = tmp_path / f"000001{suffix}"
    write_frame(path, rgb)
    assert index == 1
    assert np.array_equal(rgb_luma(read_rgb(path)), np.clip(source.luma, 64, 940))
    picture = read_picture(path)
    assert np.abs(picture.lightness - frame.lightness).max() < 1e-3
    assert np.abs(picture.chroma).max() < 1e-3
    found, _ = register(frame, picture, ColorizeSettings())
    assert (found.kind, found.shift) == ("exact", 0.0)


@pytest.mark.parametrize("tags", [BT601, BT709], ids=["601", "709"])
def test_a_painted_frame_is_laid_without_shift_in_its_colours(tmp_path, tags):
    write_tagged(tmp_path / "film.mkv", "yuv444p", False, tags)
    reel = open_reel(tmp_path / "film.mkv", ReelSettings())
    ((_, rgb),) = gray_frames(reel, [0])
    weights = np.array([1.0, 0.8, 0.5])[:, None, None]
    painted = rgb * weights / (np.array([0.2126, 0.7152, 0.0722]) @ weights[:, 0, 0])
    path = tmp_path / "000000.png"
    path.write_bytes(
        cv2.imencode(".png", np.moveaxis(np.clip(painted, 0, 65535).astype(np.uint16), 0, 2)[..., ::-1])[1].tobytes()
    )
    picture = read_picture(path)
    found, color = register(Clip(reel)[0], picture, ColorizeSettings())
    assert (found.kind, found.shift) == ("exact", 0.0)
    assert np.array_equal(color.chroma, picture.chroma)


# Names.


def reel_of(**changes) -> Reel:
    values = {
        "name": "r1",
        "path": Path("film.mov"),
        "frame_count": 2000,
        "rate": Rate(24),
        "size": SIZE,
        "start": 86400,
    }
    return Reel(**{**values, **changes})


REELS = {
    "film": reel_of(),
    "drop frame": reel_of(rate=Rate(30000, 1001), drop_frame=True, start=107892),
    "pictures": reel_of(path=Path("scan/scan.1001.dpx"), codec="dpx", start=0),
    "past a million": reel_of(path=Path("scan/scan.0999999.dpx"), codec="dpx", start=0),
}


@pytest.mark.parametrize("name", list(REELS))
@pytest.mark.parametrize("coded", [False, True])
def test_a_picture_is_called_what_the_references_folder_takes_for_its_frame(name, coded):
    reel = REELS[name]
    for frame in (0, 7, 134, 1798, 1800, 1999):
        (one,) = asked_frames(reel.timecode(frame) if coded else str(frame), reel)
        assert one.frame == frame
        reading = read_stem(one.stem, reel)
        assert (reading.frames[0], reading.sure) == (frame, True)


def test_runs_hold_both_their_ends():
    reel = REELS["film"]
    assert [one.frame for one in asked_frames("100-103", reel)] == [100, 101, 102, 103]
    assert [one.stem for one in asked_frames("01:00:01:23-01:00:02:00", reel)] == ["01-00-01-23", "01-00-02-00"]
    assert [one.frame for one in asked_frames("01-00-00-05", reel)] == [5]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("2000", "frame 2000 is past the film's end"),
        ("99999999999999999999", r"frame 999999999999\.\.\. is past the film's end \(2000 frames, 0 to 1999\)"),
        ("0-99999999999", r"frame 99999999999 is past the film's end \(2000 frames, 0 to 1999\)"),
        ("9" * 5000, "is past the film's end"),
        ("-3", "no frame"),
        ("coat", "write a number, a run"),
        ("20-10", "ends before it begins; write 10-20"),
        ("02:00:00:00", "outside the film, which runs from 01:00:00:00"),
        ("01:00:00:24", "no such time"),
        ("5-2000", "frame 2000 is past"),
        ("\u0661\u0662", "no frame"),
        ("", "no frame"),
    ],
)
def test_what_is_no_frame_of_the_film_is_refused(word, said):
    with pytest.raises(InputError, match=said):
        list(asked_frames(word, REELS["film"]))


# The command.


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A film of two shots, the first with a picture, run once."""
    folder = tmp_path_factory.mktemp("frames") / "made"
    folder.mkdir()
    colors = write_gray_film(folder / "film.mkv", COUNT, SIZE, (CUT,))
    (folder / "refs").mkdir()
    write_picture(folder / "refs" / "000005.png", SIZE, colors[5])
    line = ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main([*line, "-o", str(folder / "out.mkv"), "--delivery", "ffv1", "--preset", "draft"]) == 0
    return folder


@pytest.fixture
def work(run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run, tmp_path / "work")


def delivered(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [np.stack([plane_view(f, n).astype(float) for n in range(3)]) for f in film.decode(video=0)]


def test_a_colour_frame_shows_what_was_delivered(work):
    assert main(["frames", str(work / "film.vidcolor"), "3", "5", "9-10", "--color", "-o", str(work / "paint")]) == 0
    assert sorted(p.name for p in (work / "paint").iterdir()) == [f"{n:06d}.png" for n in (3, 5, 9, 10)]
    film = delivered(work / "out.mkv")
    for frame in (3, 5, 9, 10):
        rgb = read_rgb(work / "paint" / f"{frame:06d}.png").astype(float)
        luma = np.tensordot([0.2126, 0.7152, 0.0722], rgb, 1)
        assert np.abs(64 + 876 * luma - film[frame][0]).max() < 0.1
        assert np.abs(512 + 896 * (rgb[2] - luma) / 1.8556 - film[frame][1]).max() < 0.1
        assert np.abs(512 + 896 * (rgb[0] - luma) / 1.5748 - film[frame][2]).max() < 0.1


def test_a_colour_frame_given_back_is_exact_and_keeps_its_colours(work):
    assert main(["frames", str(work / "film.vidcolor"), "9", "--color", "-o", str(work / "refs")]) == 0
    before = delivered(work / "out.mkv")[9]
    assert main(["run", str(work / "film.mkv"), "-o", str(work / "out.mkv"), "--delivery", "ffv1"]) == 0
    version = work / "film.vidcolor" / "shots" / "r1-000000" / "v002"
    keys = {key["frame"]: key for key in json.loads((version / "report.json").read_text())["keyframes"]}
    assert (keys[9]["how"], keys[9]["shift"]) == ("exact", 0.0)
    off = np.abs(delivered(work / "out.mkv")[9] - before)
    assert off[0].max() == 0
    assert off[1:].max() <= 1  # chroma is stored in steps of 0.25 in a*b*


def test_what_was_painted_on_is_never_written_over(work, capsys):
    project, paint = str(work / "film.vidcolor"), work / "paint"
    line = ["frames", project, "3", "4", "-o", str(paint)]
    assert main(line) == 0
    first = (paint / "000003.png").read_bytes()
    assert main([*line, "--color"]) == 0, "what nobody changed is replaced"
    assert (paint / "000003.png").read_bytes() != first
    pixels = cv2.imread(str(paint / "000004.png"), cv2.IMREAD_UNCHANGED)
    pixels[10, 10] = 0
    head, rest = (paint / "000004.png").read_bytes()[:1024], cv2.imencode(".png", pixels)[1].tobytes()
    mark = head[33 : head.index(b"vidcolor frame") + 64 + 15 + 4]
    painted = rest[:33] + mark + rest[33:]  # an editor that keeps the file's texts
    (paint / "000004.png").write_bytes(painted)
    kept = (paint / "000003.png").read_bytes()
    assert not is_untouched(paint / "000004.png")
    capsys.readouterr()
    assert main(line) == 2
    assert "000004.png: is there already, painted on" in capsys.readouterr().err
    assert (paint / "000004.png").read_bytes() == painted
    assert (paint / "000003.png").read_bytes() == kept, "nothing is written where something is refused"


def test_suggested_are_the_frames_that_the_plan_would_have_painted(tmp_path, capsys):
    write_gray_film(tmp_path / "film.mkv", COUNT, SIZE, (CUT,))
    project = tmp_path / "film.vidcolor"
    assert main(["new", str(project), "--reel", str(tmp_path / "film.mkv"), "--preset", "draft"]) == 0
    assert main(["plan", str(project)]) == 0
    assert main(["frames", str(project), "--suggested"]) == 0
    frames = sorted(int(path.stem) for path in (project / "frames").iterdir())
    assert len(frames) == 2
    assert frames[0] < CUT <= frames[1], "one for each shot"
    capsys.readouterr()
    assert main(["frames", str(project), "--suggested", "--most", "1", "-o", str(tmp_path / "one")]) == 0
    assert len(list((tmp_path / "one").iterdir())) == 1
    assert "1 more would help" in capsys.readouterr().out


def test_suggested_of_a_rendered_film_are_those_that_would_help_much(work, capsys):
    report = work / "film.vidcolor" / "shots" / "r1-000015" / "v001" / "report.json"
    said = json.loads(report.read_text())
    where = {"box": [0, 0, 9, 9], "places": [[4, 4]]}
    said["suggestions"] = [{"frame": 20, "gain": 5.0, **where}, {"frame": 25, "gain": 0.5, **where}]
    report.write_text(json.dumps(said))
    assert main(["frames", str(work / "film.vidcolor"), "--suggested", "-o", str(work / "paint")]) == 0
    assert [path.name for path in (work / "paint").iterdir()] == ["000020.png"]


def test_colours_of_a_shot_without_a_version_are_refused(tmp_path, capsys):
    write_gray_film(tmp_path / "film.mkv", COUNT, SIZE, (CUT,))
    project = tmp_path / "film.vidcolor"
    assert main(["new", str(project), "--reel", str(tmp_path / "film.mkv"), "--preset", "draft"]) == 0
    assert main(["plan", str(project)]) == 0
    assert main(["frames", str(project), "3", "--color"]) == 2
    assert "frame 3: shot r1-000000 was never rendered; run `vidcolor render" in capsys.readouterr().err
    assert main(["frames", str(project)]) == 2
    assert "which frames?" in capsys.readouterr().err
    assert main(["frames", str(project), "3", "-o", str(tmp_path / "film.mkv")]) == 2
    assert "film.mkv: is a file; name a folder with -o" in capsys.readouterr().err
