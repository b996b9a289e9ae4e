"""palette.toml: names that corrections give colours by; changing one makes stale the shots that use it alone."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_pipeline_corrections import correct, run, versions
from test_pipeline_layers import (
    AT,
    CUT,
    SIZE,
    WANTED,
    chroma,
    disc,
    inside,
    made,
    off,
    work,
    write_mask,
    write_paint,
)

from vidcolor.cli.parser import main

__all__ = ["made", "work"]
POINT = f"{int(SIZE[1] * 0.2 + 1.5 * AT)},{SIZE[0] // 2}"


def palette(work: Path, **colors: str) -> None:
    text = "".join(f'"{name.replace("_", " ")}" = "{color}"\n' for name, color in colors.items())
    (work / "film.vidcolor" / "palette.toml").write_text(text)


def test_a_named_colour_is_that_colour_and_changing_it_makes_its_shots_anew_alone(work, tmp_path, capsys):
    palette(work, coat_red="cc1a1a", floor="808080")
    share = disc(AT).astype(np.float32)
    paint = write_paint(tmp_path / "coat.png", share, (0.1, 0.6, 0.1))
    correct(work, "paint", str(AT), "--file", str(paint), "--color", "coat red")
    correct(work, "hint", str(CUT + 2), "--at", POINT, "--color", "floor")
    assert run(work) == 0
    well = inside(AT, SIZE)[0]
    well = cv2.resize(well.astype(np.uint8), SIZE[::-1], interpolation=cv2.INTER_NEAREST)[::2, ::2] > 0
    assert np.hypot(*(chroma(work, 0, 2)[AT][:, well] - WANTED[:, None])).mean() < 3, (
        "red as named, not the paint's green"
    )
    capsys.readouterr()
    assert main(["corrections", str(work / "film.vidcolor")]) == 0
    told = capsys.readouterr().out
    assert "paint, coat red" in told
    assert "hint, floor" in told
    before = versions(work)
    palette(work, floor="808080", coat_red="#CC1A1A", spare="123456")
    assert run(work) == 0
    assert set(versions(work)) == set(before), "the same colours"
    palette(work, floor="808080", coat_red="1a1acc")
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v003"}


@pytest.mark.parametrize("by_hand", [False, True], ids=["typed", "by hand"])
def test_a_region_takes_a_named_colour(by_hand, work, tmp_path, capsys):
    palette(work, coat_red="cc1a1a")
    mask = write_mask(tmp_path / "coat.png", disc(AT))
    if by_hand:
        folder = work / "film.vidcolor" / "corrections" / "1-region"
        folder.mkdir(parents=True)
        write_mask(folder / "coat.png", disc(AT))
        page = f'kind = "region"\nframe = {AT}\nmask = "coat.png"\ncolor = "coat red"\n'
        (folder / "correction.toml").write_text(page)
    else:
        correct(work, "region", str(AT), "--file", str(mask), "--color", "coat red")
    before = versions(work)
    assert run(work) == 0
    assert set(versions(work)) - set(before) == {"r1-000000/v002"}
    new, old = chroma(work, 0, 2), chroma(work, 0, 1)
    for frame in (AT, CUT - 1):
        well, outside = inside(frame, new[frame].shape[1:])
        assert off(new[frame][:, well]) < 3, frame
        assert (new[frame][:, outside] != old[frame][:, outside]).mean() < 0.01, frame
    capsys.readouterr()
    assert main(["corrections", str(work / "film.vidcolor")]) == 0
    assert "region, coat red" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--picture or --color is missing; its colours come from --picture FILE, or are --color COLOR"),
        (("--picture", "m.png", "--color", "coat red"), "--picture and --color are both there"),
        (("--part", "m.png", "--color", "coat red"), "part"),
        (("--color", "coat blue"), "has no colour 'coat blue'"),
    ],
    ids=["nothing", "both", "a part of no picture", "unknown"],
)
def test_a_region_that_says_no_colour_or_two_is_refused(words, said, work, capsys, monkeypatch):
    palette(work, coat_red="cc1a1a")
    monkeypatch.chdir(work)
    write_mask(work / "m.png", disc(AT))
    capsys.readouterr()
    assert main(["correct", "film.vidcolor", "region", str(AT), "--file", "m.png", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert list((work / "film.vidcolor" / "corrections").glob("*")) == []


def test_a_palette_of_no_colours_is_listed_and_refused(work, capsys):
    project = work / "film.vidcolor"
    (project / "palette.toml").write_text('coat = "navy"\nwall = "1f2a5c"\nsky = 123456\n')
    capsys.readouterr()
    assert main(["palette", str(project)]) == 2
    done = capsys.readouterr()
    assert "1f2a5c" in done.out
    assert [line.partition(" must be")[0] for line in done.err.splitlines()] == [
        f"vidcolor: palette.toml: {said}" for said in ("coat = 'navy'", "sky = 123456")
    ]


@pytest.mark.parametrize(
    ("page", "name", "said"),
    [
        ('"coat navy" = "1f2a5c"', "coat nav", "palette.toml has no colour 'coat nav'; did you mean 'coat navy'?"),
        ('"coat navy" = "navy"', "coat navy", "palette.toml: coat navy = 'navy' must be a colour in six hexadecimal"),
        ('"coat navy" = 7', "coat navy", "palette.toml: coat navy = 7 must be a colour in six hexadecimal digits"),
        ("coat navy", "coat navy", "palette.toml: not valid TOML"),
    ],
    ids=["unknown", "no colour", "a number", "no toml"],
)
def test_names_that_say_no_colour_are_told_in_a_line(work, capsys, page, name, said):
    project = work / "film.vidcolor"
    (project / "palette.toml").write_text(page)
    capsys.readouterr()
    assert main(["correct", str(project), "hint", str(AT), "--at", POINT, "--color", name]) == 2
    typed = capsys.readouterr().err
    assert said in typed
    assert "nothing was written" in typed
    assert list((project / "corrections").glob("*")) == []
    (project / "corrections").mkdir(exist_ok=True)
    (project / "corrections" / "1-hint.toml").write_text(
        f'kind = "hint"\nframe = {AT}\nat = [3, 4]\ncolor = "{name}"\n'
    )
    assert main(["corrections", str(project)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"corrections/1-hint.toml: frame {AT}: color: " in line
    assert said in line
    assert main(["status", str(project)]) == 2
    shown = capsys.readouterr()
    assert "r1-000000" in shown.out, "the shots are told all the same"
    assert shown.err.splitlines() == [line]
    main(["status", str(project), "--json"])
    (left_out,) = json.loads(capsys.readouterr().out)["left_out"]
    assert line.endswith(left_out)


@pytest.fixture
def edited(work) -> Path:
    """A project's palette as a person wrote it, and a hint that names one of its colours."""
    place = work / "film.vidcolor" / "palette.toml"
    place.write_text("# the coats\n'coat red' = 'cc1a1a' # from still 12\n\nfloor = \"808080\"\n")
    correct(work, "hint", str(CUT + 2), "--at", POINT, "--color", "coat red")
    return place


def palette_says(work, *words: str) -> int:
    return main(["palette", str(work / "film.vidcolor"), *words])


def test_what_a_person_wrote_in_the_palette_stays(work, edited):
    assert palette_says(work, "--name", "floor", "--color", "#7F8182") == 0
    assert palette_says(work, "--name", "coat red", "--color", "cc1a1b") == 0
    assert palette_says(work, "--name", 'a "new" one', "--color", "102030") == 0
    before = "# the coats\n'coat red' = 'cc1a1a' # from still 12\n\n"
    assert edited.read_text() == before.replace("cc1a1a", "cc1a1b") + 'floor = "7f8182"\n"a \\"new\\" one" = "102030"\n'
    assert palette_says(work, "--name", "floor", "--remove") == 0
    assert edited.read_text() == before.replace("cc1a1a", "cc1a1b") + '"a \\"new\\" one" = "102030"\n'


def test_corrections_follow_a_colour_to_its_new_name_also_after_a_kill(work, edited, capsys, monkeypatch):
    """Killed after any of its writes, the same line again ends it, and no correction ever names what there is not."""
    from vidcolor.project import Project

    real, left = Project.write_text, [0]

    def killed(self, name, text):
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        real(self, name, text)

    corrections = ["corrections", str(work / "film.vidcolor")]
    monkeypatch.setattr(Project, "write_text", killed)
    for writes in range(3):
        left[0] = writes
        assert palette_says(work, "--name", "coat red", "--rename", "coat crimson") == 130
        assert main(corrections) == 0, "none is left out"
    monkeypatch.setattr(Project, "write_text", real)
    assert palette_says(work, "--name", "coat red", "--rename", "coat crimson") == 0
    capsys.readouterr()
    assert main(corrections) == 0
    assert "hint, coat crimson" in capsys.readouterr().out
    assert "coat red" not in edited.read_text()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--name", "coat red", "--remove"), "names 'coat red'; delete that first, or rename it"),
        (("--name", "coat red", "--rename", "floor"), "names another colour already"),
        (("--name", "coat blue", "--rename", "sky"), "has no colour 'coat blue'"),
        (("--name", "facade", "--color", "102030"), "is no name for a colour"),
        (("--name", "x", "--color", "blue"), "must be a colour in six hexadecimal digits"),
        (("--name", "x"), "takes one of --color RRGGBB, --rename NAME and --remove"),
        (("--color", "102030"), "--name is missing"),
    ],
)
def test_what_would_harm_the_palette_is_refused(work, edited, capsys, words, why):
    before = edited.read_text()
    capsys.readouterr()
    assert palette_says(work, *words) == 2
    assert why in capsys.readouterr().err
    assert edited.read_text() == before


def test_a_palette_that_is_no_line_each_is_left_alone(work, edited, capsys):
    edited.write_text('floor = """808080"""\n[more]\n')
    assert palette_says(work, "--name", "x", "--color", "102030") == 2
    assert "mend it by hand" in capsys.readouterr().err
    assert edited.read_text() == 'floor = """808080"""\n[more]\n'
