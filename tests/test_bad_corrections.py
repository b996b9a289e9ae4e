"""Bad corrections: one line each that names file, frame and remedy; exit 2; the rest of the film goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main

FRAMES, SIZE, CUTS = 24, (48, 64), (8, 16)
LIST = "start,stop,entry\n0,8,cut\n8,16,cut\n16,24,cut\n"


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of three shots with a picture of frame 1, planned."""
    folder = tmp_path_factory.mktemp("bad") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, CUTS)
    write_picture(folder / "refs" / "000001.png", SIZE, colors[1])
    (folder / "cuts.csv").write_text(LIST)
    more = ["--keyframes", str(folder / "refs"), "--shots", str(folder / "cuts.csv"), "--preset", "draft"]
    assert main(["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), *more]) == 0
    assert main(["plan", str(folder / "p")]) == 0
    return folder


@pytest.fixture
def project(planned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned, tmp_path / "work")) / "p"


def told(project: Path, capsys: pytest.CaptureFixture[str], command: str = "corrections") -> list[str]:
    """The lines that a command ends with, and its exit status is 2."""
    capsys.readouterr()
    assert main([command, str(project)]) == 2
    return capsys.readouterr().err.splitlines()


PAGES: dict[str, tuple[str, str, str]] = {
    "empty": ("", "", "says no kind"),
    "no toml": ("kind = = 3", "", "not valid TOML"),
    "not text": ("\xff\xfe\x00", "", "save the file as UTF-8"),
    "huge": ("#" * 70_000, "", "larger than 64 KiB"),
    "deep": ("a = " + "[" * 20_000, "", "mend that line"),
    "no kind": ("frame = 3", "", "says no kind"),
    "unknown kind": ('kind = "pant"\nframe = 3', "", "did you mean 'paint'?"),
    "a number for a kind": ("kind = 3\nframe = 3", "", "no kind 3"),
    "a list for a kind": ('kind = ["cut"]\nframe = 3', "", "no kind"),
    "no frame": ('kind = "cut"', "", "frame"),
    "a frame that is a list": ('kind = "cut"\nframe = [3]', "", "frame = [3]: must be a frame number, or a timecode"),
    "a frame that is true": ('kind = "cut"\nframe = true', "", "frame"),
    "a frame with a point": ('kind = "cut"\nframe = 3.5', "", "mend that entry"),
    "a frame before the film": ('kind = "cut"\nframe = -1', "", "no frame number"),
    "a frame past the end": ('kind = "cut"\nframe = 24', "24", "outside the film (24 frames, 0 to 23"),
    "a frame of many digits": (f'kind = "cut"\nframe = "{"9" * 5000}"', "", "no frame number"),
    "a frame in other digits": ('kind = "cut"\nframe = "\u0663"', "", "no frame number"),
    "a timecode that no clock shows": ('kind = "cut"\nframe = "00:99:00:00"', "", "no such time"),
    "a timecode past the end": ('kind = "cut"\nframe = "00:00:59:00"', "00:00:59:00", "outside the film"),
    "a name for a frame": ('kind = "cut"\nframe = "the wedding"', "", "no frame number or timecode"),
    "another reel": ('kind = "cut"\nframe = 3\nreel = "r2"', "3", "no reel 'r2'"),
    "a misspelt entry": ('kind = "cut"\nframe = 3\nnotes = "x"', "3", "did you mean 'note'?"),
    "another kind's entry": ('kind = "cut"\nframe = 3\ncolor = "ff0000"', "3", "a cut has no entry 'color'"),
    "a note without words": ('kind = "note"\nframe = 3', "3", "note"),
    "a note that ends before it begins": (
        'kind = "note"\nframe = 3\nnote = "x"\nto = 2',
        "3",
        "frame 2 comes before it",
    ),
    "a note to past the end": (
        'kind = "note"\nframe = 3\nnote = "x"\nto = 24',
        "",
        "in its entry to: frame 24 is outside",
    ),
    "an empty note": ('kind = "note"\nframe = 3\nnote = ""', "3", "mend that entry"),
    "a hint without a colour": ('kind = "hint"\nframe = 3\nat = [1, 2]', "3", "color"),
    "a hint without a point": ('kind = "hint"\nframe = 3\ncolor = "ff0000"', "3", "at"),
    "a colour by name": (
        'kind = "hint"\nframe = 3\nat = [1, 2]\ncolor = "navy"',
        "3",
        "as 1f2a5c, or a name that palette.toml has; mend that",
    ),
    "a point of one number": ('kind = "hint"\nframe = 3\nat = [1]\ncolor = "ff0000"', "3", "at"),
    "a point outside": ('kind = "hint"\nframe = 3\nat = [64, 2]\ncolor = "ff0000"', "3", "64 wide and 48 high"),
    "a point left of it": ('kind = "hint"\nframe = 3\nat = [-1, 2]\ncolor = "ff0000"', "3", "mend that entry"),
    "a point that is no number": ('kind = "hint"\nframe = 3\nat = [nan, 2]\ncolor = "ff0000"', "3", "mend"),
    "an endless radius": ('kind = "hint"\nframe = 3\nat = [1, 2]\ncolor = "ff0000"\nradius = inf', "3", "radius"),
    "neutral of nothing": ('kind = "neutral"\nframe = 3', "3", "write one of mask and at"),
    "neutral of two things": (
        'kind = "neutral"\nframe = 3\nat = [1, 2]\nmask = "m.png"',
        "3",
        "write one of mask and at",
    ),
    "too much saturation": ('kind = "saturation"\nframe = 3\namount = 5', "3", "amount"),
    "saturation without an amount": ('kind = "saturation"\nframe = 3', "3", "amount"),
    "a whole turn": ('kind = "hue"\nframe = 3\ndegrees = 360', "3", "degrees"),
    "a paint that is not there": ('kind = "paint"\nframe = 3\npaint = "p.png"', "3", "put it beside the correction"),
    "a paint outside the folder": ('kind = "paint"\nframe = 3\npaint = "../refs/000001.png"', "3", "paint"),
    "a paint by an absolute path": ('kind = "paint"\nframe = 3\npaint = "/etc/passwd"', "3", "paint"),
    "a picture out of references": ('kind = "keyframe"\nframe = 3\npicture = "../film.mkv"', "3", "is not there"),
    "a deleted reference": ('kind = "reference"\nframe = 3\npicture = "coat.png"', "3", "'coat.png' is not there"),
    "a region without a mask": ('kind = "region"\nframe = 3\npicture = "000001.png"', "3", "mask"),
    "a region of no colours": (
        'kind = "region"\nframe = 3\nmask = "m.png"',
        "3",
        "write one of picture and color",
    ),
    "a region of two colours": (
        'kind = "region"\nframe = 3\nmask = "m.png"\npicture = "000001.png"\ncolor = "1f2a5c"',
        "3",
        "write one of picture and color",
    ),
    "a part of no picture": (
        'kind = "region"\nframe = 3\nmask = "m.png"\npart = "m.png"\ncolor = "1f2a5c"',
        "3",
        "write picture too, or leave part out",
    ),
    "a cut at the film's head": ('kind = "cut"\nframe = 0', "0", "the film begins there"),
    "a merge inside a shot": ('kind = "merge"\nframe = 5', "5", "the nearest that do meet at 8"),
    "a merge at the film's head": ('kind = "merge"\nframe = 0', "0", "no two shots meet there"),
    "a dissolve that is too long": ('kind = "dissolve"\nframe = 8\nlength = 20', "8", "16 is the longest"),
    "a dissolve at the film's head": ('kind = "dissolve"\nframe = 0\nlength = 4', "0", "nothing to dissolve from"),
    "a dissolve of no length": ('kind = "dissolve"\nframe = 8', "8", "length: is missing; it must be a whole number"),
    "a dissolve of less than nothing": (
        'kind = "dissolve"\nframe = 8\nlength = -2',
        "8",
        "length = -2: must be a whole number from 0 to 240; mend that entry",
    ),
    "a shot cut otherwise": ('kind = "exclude"\nframe = 0\nframes = [0, 16]', "0", "now holds 0 to 7"),
    "approval of nothing": (
        f'kind = "approve"\nframe = 0\nversion = "v001"\nseen = "{"0" * 16}"',
        "0",
        "has no v001 that is what was approved",
    ),
    "approval of a version by no name": (
        f'kind = "approve"\nframe = 0\nversion = "best"\nseen = "{"0" * 16}"',
        "0",
        "version",
    ),
}


@pytest.mark.parametrize("name", list(PAGES))
def test_a_bad_page_is_told_in_one_line(name, project, capsys):
    text, frame, words = PAGES[name]
    (project / "corrections").mkdir()
    (project / "corrections" / "0001-bad.toml").write_text(text, encoding="latin-1" if "\xff" in text else "utf-8")
    (project / "corrections" / "0002-note.toml").write_text('kind = "note"\nframe = 3\nnote = "the rest"')
    (line,) = told(project, capsys)
    assert "corrections/0001-bad" in line
    assert words in line
    assert not {"Expected", "Object", "`str`", "regex"} & set(line.split()), "a library's words"
    if frame:
        assert f"frame {frame}" in line
    capsys.readouterr()
    assert main(["corrections", str(project)]) == 2
    assert "0002-note" in capsys.readouterr().out


def test_a_folder_without_a_page(project, capsys):
    (project / "corrections" / "0001-paint").mkdir(parents=True)
    (line,) = told(project, capsys)
    assert "corrections/0001-paint/correction.toml: is not there; put it there, or delete the folder" in line


def test_a_correction_that_leads_out_of_the_project(project, tmp_path, capsys):
    (project / "corrections").mkdir()
    (tmp_path / "outside.toml").write_text('kind = "note"\nframe = 3\nnote = "x"')
    (project / "corrections" / "0001-note.toml").symlink_to(tmp_path / "outside.toml")
    (line,) = told(project, capsys)
    assert "leads out of the project" in line


def test_a_cut_inside_a_dissolve(project, capsys):
    for name, page in (("1", 'kind = "dissolve"\nframe = 8\nlength = 4'), ("2", 'kind = "cut"\nframe = 7')):
        (project / "corrections").mkdir(exist_ok=True)
        (project / "corrections" / f"{name}.toml").write_text(page)
    (line,) = told(project, capsys)
    assert "corrections/2: frame 7: lies in the dissolve of frames 6 to 9" in line
    assert "dissolve 8 --length 0" in line


def test_every_bad_one_has_its_line_and_the_film_is_planned(project, capsys):
    (project / "corrections").mkdir()
    for number, (text, _, _) in enumerate(list(PAGES.values())[5:12]):
        (project / "corrections" / f"{number}.toml").write_text(text)
    (project / "corrections" / "8-cut.toml").write_text('kind = "cut"\nframe = 12')
    lines = told(project, capsys, "plan")
    assert len(lines) == 7
    assert "r1-000012" in (project / "plan" / "shots.csv").read_text()


WRONG_SIZE, HALF = (24, 64), np.s_[:, :32]
Picture = np.ndarray | bytes


def painted(share: float = 1.0, size: tuple[int, int] = SIZE, color: tuple[int, ...] = (0, 0, 255)) -> np.ndarray:
    """(H, W, 4) BGRA of one colour."""
    return np.full((*size, 4), (*color, round(255 * share)), np.uint8)


PICTURES: dict[str, tuple[str, dict[str, Picture], str]] = {
    "a paint of other proportions": ("paint", {"paint.png": painted(size=WRONG_SIZE)}, "has not the proportions"),
    "a paint without paint": ("paint", {"paint.png": painted(0.0)}, "nothing in it is opaque"),
    "a paint that is text": ("paint", {"paint.png": b"paint"}, "not a readable"),
    "a paint that is empty": ("paint", {"paint.png": b""}, "the file is empty"),
    "a paint cut short": ("paint", {"paint.png": painted().tobytes()[:99]}, "not a readable"),
    "a scribble without a stroke": ("scribble", {"paint.png": painted(0.0)}, "nothing in it is opaque"),
    "a mask of other proportions": ("neutral", {"mask.png": painted(size=WRONG_SIZE)}, "has not the proportions"),
    "a black mask": ("neutral", {"mask.png": np.zeros(SIZE, np.uint8)}, "a mask without white"),
    "a mask that is text": ("neutral", {"mask.png": b"mask"}, "not a readable"),
    "a trim's black mask": ("saturation", {"mask.png": np.zeros(SIZE, np.uint8)}, "a mask without white"),
    "a paint's black mask": (
        "paint",
        {"paint.png": painted(), "mask.png": np.zeros(SIZE, np.uint8)},
        "mask.png: a mask without white",
    ),
}


def write_correction(project: Path, name: str, kind: str, files: dict[str, Picture], frame: int = 3) -> Path:
    folder = project / "corrections" / name
    folder.mkdir(parents=True)
    more = "amount = 0.5\n" if kind == "saturation" else ""
    roles = "".join(f'{Path(file).stem} = "{file}"\n' for file in files)
    (folder / "correction.toml").write_text(f'kind = "{kind}"\nframe = {frame}\n{more}{roles}')
    for file, picture in files.items():
        data = picture if isinstance(picture, bytes) else cv2.imencode(".png", picture)[1].tobytes()
        (folder / file).write_bytes(data)
    return folder


@pytest.mark.parametrize("name", list(PICTURES))
def test_a_bad_picture_is_told_in_one_line_and_the_rest_is_rendered(name, project, capsys):
    kind, files, words = PICTURES[name]
    bad = write_correction(project, "0001-bad", kind, files)
    for command in ("render", "corrections"):
        (line,) = told(project, capsys, command)
        assert "corrections/0001-bad: frame 3: " in line
        assert words in line
        assert str(project) not in line.split("frame 3: ")[1]
    assert len(list((project / "shots").glob("*/v001"))) == 3
    assert "corrections" not in (project / "shots" / "r1-000000" / "v001" / "made.json").read_text()
    shutil.rmtree(bad)
    assert main(["render", str(project)]) == 0
    assert not list((project / "shots").glob("*/v002"))


def test_two_paints_of_one_pixel(project, capsys):
    left, right = painted(), painted(color=(255, 0, 0))
    left[HALF] = 0
    write_correction(project, "0001-paint", "paint", {"paint.png": left})
    write_correction(project, "0002-paint", "paint", {"paint.png": right})
    same = painted()
    write_correction(project, "0003-paint", "paint", {"paint.png": same}, frame=4)
    for _ in range(2):
        (line,) = told(project, capsys, "plan")
        assert (
            "corrections/0002-paint: frame 3: paints 1536 pixels that corrections/0001-paint paints in another" in line
        )
    right[:, 32:] = 0
    shutil.rmtree(project / "corrections" / "0002-paint")
    write_correction(project, "0002-paint", "paint", {"paint.png": right})
    assert main(["plan", str(project)]) == 0


def test_two_colours_of_one_point(project, capsys):
    (project / "corrections").mkdir()
    for number, rest in enumerate(('color = "ff0000"', 'color = "FF0000"', 'color = "0000ff"', "")):
        kind = "hint" if rest else "neutral"
        page = f'kind = "{kind}"\nframe = 3\nat = [10, 10]\n{rest}'
        (project / "corrections" / f"{number}-hint.toml").write_text(page)
    lines = told(project, capsys)
    assert [line.partition("corrections/")[2][:15] for line in lines] == ["2-hint: frame 3", "3-hint: frame 3"]
    assert all("gives the point 10,10 another colour than corrections/0-hint does" in line for line in lines)


def test_correct_takes_back_what_it_cannot_use(project, tmp_path, capsys):
    assert cv2.imwrite(str(tmp_path / "p.png"), painted(size=WRONG_SIZE))
    assert main(["correct", str(project), "paint", "3", "--file", str(tmp_path / "p.png")]) == 2
    assert "has not the proportions" in capsys.readouterr().err
    assert list((project / "corrections").iterdir()) == []


LINES: dict[str, tuple[list[str], str]] = {
    "no such shot": (["exclude", "r1-000009"], "no such shot"),
    "past the end": (["cut", "99"], "outside the film"),
    "missing colour": (["hint", "3", "--at", "1,2"], "--color is missing"),
    "an option of another kind": (["cut", "3", "--color", "ff0000"], "a cut takes none"),
    "a version where none belongs": (["exclude", "3", "v001"], "takes no version"),
    "a version that is not there": (["approve", "r1-000000", "v007"], "no version 'v007'; it was never rendered"),
    "nothing to approve": (["approve", "r1-000000"], "r1-000000`, look at it, and approve it then"),
    "a file that is not there": (["paint", "3", "--file", "none.png"], "no such file"),
    "a colour that is none": (["hint", "3", "--at", "1,2", "--color", "navy"], "--color navy: must be a colour in six"),
    "a colour by its name": (["hint", "3", "--at", "1,2", "--color", "red"], "a name that palette.toml has; nothing"),
    "a dissolve too long for any": (
        ["dissolve", "8", "--length", "500"],
        "--length 500: must be a whole number from 0",
    ),
    "a point left of the picture": (["hint", "3", "--at=-1,2", "--color", "ff0000"], "point -1,2 lies outside the"),
    "a point that looks like an option": (
        ["hint", "3", "--at", "-1,2", "--color", "ff0000"],
        "point -1,2 lies outside",
    ),
    "a point below it": (["neutral", "3", "--at", "1,48"], "the point 1,48 lies outside the picture, which is 64 wide"),
    "a shot that is none, by a frame in one": (["exclude", "r1-000003"], "no such shot; frame 3 is in r1-000000"),
    "nothing that stays gray": (["neutral", "3"], "correct neutral: --at or --file is missing; what stays gray is"),
    "two things that stay gray": (
        ["neutral", "3", "--at", "1,2", "--file", __file__],
        "--at and --file are both there",
    ),
    "a cut that is there": (["cut", "8"], "vidcolor: frame 8: a shot begins there by a cut already; nothing"),
    "a merge where no shots meet": (
        ["merge", "3"],
        "vidcolor: frame 3: no two shots meet there; the nearest that do meet",
    ),
    "no frame at all": (["cut", "soon"], "no frame number or timecode; write one, as 134 or 01:00:05:09"),
    "no words": (["note", "3"], "--note is missing"),
    "a range that ends before it begins": (["note", "3", "--note", "x", "--to", "2"], "frame 2 comes before it"),
    "a range past the end": (["note", "3", "--note", "x", "--to", "24"], "outside the film"),
    "a range of a cut": (["cut", "3", "--to", "5"], "--to: a cut takes none"),
}


@pytest.mark.parametrize("name", list(LINES))
def test_a_line_that_cannot_be_meant_writes_nothing(name, project, capsys):
    words, said = LINES[name]
    assert main(["correct", str(project), *words]) == 2
    assert said in capsys.readouterr().err
    assert list((project / "corrections").glob("*")) == []


def test_what_is_wrong_and_what_mends_its_file_are_told_apart(project, capsys):
    """A file that was taken back has nothing to be mended in it."""
    folder = project / "corrections"
    folder.mkdir(exist_ok=True)
    (folder / "0001-a.toml").write_text('kind = "hint"\nframe = 3\nat = [5, 6]\ncolor = "112233"\n')
    assert main(["correct", str(project), "hint", "3", "--at", "5,6", "--color", "445566"]) == 2
    wrong = "frame 3: gives the point 5,6 another colour than corrections/0001-a does"
    assert f"vidcolor: {wrong}; nothing was written\n" in capsys.readouterr().err
    (folder / "0002-b.toml").write_text('kind = "hint"\nframe = 3\nat = [5, 6]\ncolor = "445566"\n')
    assert main(["corrections", str(project)]) == 2
    assert f"vidcolor: corrections/0002-b: {wrong}; delete one of the two\n" in capsys.readouterr().err
