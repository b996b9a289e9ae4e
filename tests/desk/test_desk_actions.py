"""What the page may do: each action is a command line and leaves what that line leaves; hostile ones get no farther."""

from __future__ import annotations

import json
import shlex
import shutil
import struct
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from served import SIZE, Served, make_project, served
from tiny import write_picture

from vidcolor.cli.parser import main
from vidcolor.desk import uploads
from vidcolor.hashes import sha256_of
from vidcolor.project import versions


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A film of two rendered shots."""
    folder = tmp_path_factory.mktemp("desk")
    make_project(folder)
    (folder / "p" / "palette.toml").write_text('"coat navy" = "1f2a5c"\n')
    return folder


@pytest.fixture
def page(made: Path, tmp_path: Path):
    shutil.copytree(made, tmp_path / "work")
    with served(tmp_path / "work" / "p") as found:
        yield found


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def paint() -> bytes:
    """A red square on nothing."""
    picture = np.zeros((*SIZE, 4), np.uint8)
    picture[20:60, 30:80] = (40, 40, 200, 255)
    return png(picture)


def files(folder: Path) -> dict[str, bytes]:
    """The corrections as they lie, but for the minute they were written in."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            lines = path.read_bytes().split(b"\n") if path.suffix == ".toml" else [path.read_bytes()]
            found[str(path.relative_to(folder))] = b"\n".join(x for x in lines if not x.startswith(b"when"))
    return found


def words(page: Served) -> list[str]:
    return [shot["word"] for shot in page.state()["shots"]]


ACTIONS = [
    {"kind": "hint", "frame": 6, "at": [0.5, 0.25], "color": "1f2a5c"},
    {"kind": "hint", "frame": 6, "at": [1, 1], "color": "coat navy", "radius": 20.0},
    {"kind": "neutral", "frame": 14, "at": [0.25, 0.5]},
    {"kind": "saturation", "frame": 14, "amount": 1.5},
    {"kind": "hue", "frame": 3, "degrees": -20.0},
    {"kind": "exclude", "frame": 13},
    {"kind": "approve", "frame": 2},
    {"kind": "approve", "frame": 2, "version": "v001"},
    {"kind": "cut", "frame": 18},
    {"kind": "merge", "frame": 12},
    {"kind": "dissolve", "frame": 12, "length": 4},
    {"kind": "note", "frame": 5, "to": 14, "note": "flickers"},
    {"kind": "note", "frame": 5, "note": "--device=cuda; $(reboot) 'and' \"so\" on"},
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: f"{a['kind']}-{len(a)}")
def test_an_action_leaves_what_its_line_leaves(page: Served, made, tmp_path, action):
    status, done = page.act("correct", **action)
    assert status == 200, done
    theirs = tmp_path / "work" / "p"
    ours = shutil.copytree(made, tmp_path / "typed") / "p"
    line = shlex.split(done["line"])
    assert line[0] == "vidcolor"
    assert main([str(ours) if word == str(theirs) else word for word in line[1:]]) == 0
    assert files(ours / "corrections") == files(theirs / "corrections")
    assert done["name"] in {one["name"] for one in page.state()["corrections"]}


def test_the_very_same_again_is_told_and_changes_nothing(page: Served, tmp_path):
    said = {"kind": "hint", "frame": 3, "at": [0.5, 0.25], "color": "c03020"}
    assert page.act("correct", **said)[0] == 200
    before = files(tmp_path / "work" / "p" / "corrections")
    status, done = page.act("correct", **said)
    assert (status, before) == (409, files(tmp_path / "work" / "p" / "corrections"))
    assert "says the same already" in str(done)


@pytest.mark.parametrize("kind", ["paint", "scribble", "keyframe", "reference", "neutral"])
def test_a_picture_that_is_sent_is_written_anew_and_taken(page: Served, made, tmp_path, kind):
    whole = np.full((*SIZE, 3), (30, 90, 160), np.uint8)
    mask = np.zeros(SIZE, np.uint8)
    mask[10:40, 10:60] = 255
    data = {"paint": paint(), "scribble": paint(), "neutral": png(mask)}.get(kind, png(whole))
    hidden = data + b"PK\x03\x04 a file behind the picture"
    status, sent = page.send(hidden)
    assert (status, sent["size"]) == (200, list(SIZE))
    status, done = page.act("correct", kind=kind, frame=8, upload=sent["upload"])
    assert status == 200, done
    line = shlex.split(done["line"])
    (copy,) = [word.partition("=")[2] for word in line if word.startswith("--file=")]
    assert Path(copy).is_file()
    assert b"PK\x03\x04" not in Path(copy).read_bytes()
    ours = shutil.copytree(made, tmp_path / "typed") / "p"
    assert main([str(ours) if word == str(tmp_path / "work" / "p") else word for word in line[1:]]) == 0
    assert files(ours / "corrections") == files(tmp_path / "work" / "p" / "corrections")
    assert words(page)[0] == "stale"


def test_the_palette_is_edited_as_its_line_does(page: Served, made, tmp_path):
    page.act("correct", kind="hint", frame=6, at=[0.5, 0.5], color="coat navy")
    theirs, ours = tmp_path / "work" / "p", shutil.copytree(tmp_path / "work", tmp_path / "typed") / "p"
    asked = ({"name": "--remove", "color": "203040"}, {"name": "coat navy", "color": "a03020"},
             {"name": "coat navy", "rename": "coat red"}, {"name": "--remove", "remove": True})  # fmt: skip
    for one, waits in zip(asked, ([], ["r1-000000"], [], []), strict=True):
        status, done = page.act("palette", **one)
        assert (status, done["waits"]) == (200, waits), done
        line = shlex.split(done["line"])
        assert main([str(ours) if word == str(theirs) else word for word in line[1:]]) == 0
        assert (ours / "palette.toml").read_bytes() == (theirs / "palette.toml").read_bytes()
    assert page.state()["palette"] == {"coat red": "a03020"}
    assert files(ours / "corrections") == files(theirs / "corrections")
    assert page.state()["status"]["left_out"] == [], "the hint follows the name"
    for wrong in ({}, {"name": "x"}, {"name": "coat red", "color": "no"}, {"name": "coat red", "remove": True},
                  {"name": "x", "color": "102030", "remove": True}, {"name": "\n", "color": "102030"}):  # fmt: skip
        assert page.act("palette", **wrong)[0] == 409
    assert page.state()["palette"] == {"coat red": "a03020"}


def test_the_list_for_quality_control_is_what_report_writes(page: Served, tmp_path):
    page.act("correct", kind="note", frame=5, to=14, note="=flickers")
    page.act("correct", kind="saturation", frame=14, amount=1.5)
    told = json.loads(page.ask("/remarks")[2])["rows"]
    assert [(one["first"], one["last"], one["what"]) for one in told if one["what"] != "doubt"] == [
        (5, 14, "note"), (12, 23, "waits"),
    ]  # fmt: skip
    status, headers, body = page.ask("/remarks.csv")
    assert (status, headers["content-disposition"]) == (200, 'attachment; filename="remarks.csv"')
    out = tmp_path / "list.csv"
    assert main(["report", str(page.desk.root), "--csv", str(out)]) == 0
    page.desk.refresh()
    assert out.read_bytes() == page.ask("/remarks.csv")[2]
    assert b"5,14,00:00:00:05,00:00:00:15,r1-000000,note,'=flickers," in body, "no formula for a spreadsheet"
    out.write_text("somebody's own")
    assert main(["report", str(page.desk.root), "--csv", str(out)]) == 2
    assert out.read_text() == "somebody's own"


def test_own_models_are_asked_in_words(page: Served, monkeypatch):
    asked: list[list[str]] = []
    monkeypatch.setattr(page.actions.renders, "work", lambda words, then: asked.append(list(words)))
    line = page.act("propose", frame=6, words=True, prompt="--accept=first")[1]["line"]
    assert shlex.split(line)[1:] == asked[0]
    assert asked[0][2:] == ["6", "--seed=1", "--with=controlnet", "--prompt=--accept=first"]
    assert page.act("propose", frame=24)[0] == 409


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 black pixels in few bytes."""
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    data = b"IDAT" + zlib.compress(b"\0" * 1_000_000)
    parts = [len(part[4:]).to_bytes(4, "big") + part + zlib.crc32(part).to_bytes(4, "big") for part in (head, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff_bomb() -> bytes:
    """A TIFF whose head says 60,000 x 60,000 pixels, and that holds none."""
    entries = [
        (256, 4, 60_000),
        (257, 4, 60_000),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (279, 4, 3_600_000_000),
    ]
    body = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
    )
    return b"II*\0\x08\0\0\0" + body + bytes(4)


def psd_bomb() -> bytes:
    """The head of a Photoshop picture of 30,000 x 30,000 pixels in four channels."""
    return b"8BPS" + struct.pack(">H6xHIIHH", 1, 4, 30_000, 30_000, 8, 3) + bytes(14)


BROKEN = {
    "empty": b"", "text": b"no picture", "cut short": paint()[:200], "bomb": bomb(), "tiff bomb": tiff_bomb(),
    "psd bomb": psd_bomb(), "gif": b"GIF89a" + bytes(100), "svg": b"<svg onload='alert(1)'/>", "zeros": bytes(5000),
    "a film": b"\x1aE\xdf\xa3\x93B\x82\x88matroska" + bytes(500), "a program": b"\x7fELF" + bytes(500),
}  # fmt: skip


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_uploads_are_refused_in_words_and_leave_nothing(page: Served, data):
    folder = page.actions.uploads._folder
    status, said = page.send(data)
    assert status == 409
    assert str(folder) not in said["error"]
    assert "the picture that was sent" in said["error"]
    assert list(folder.iterdir()) == []
    assert page.ask("/state")[0] == 200


def test_a_picture_that_a_camera_turned_is_upright(page: Served):
    """EXIF orientation 6: stored lying on its side; written anew without it, as it is seen."""
    about = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    data = cv2.imencode(".jpg", np.full((*SIZE[::-1], 3), 90, np.uint8))[1].tobytes()
    part = b"Exif\0\0" + about
    turned = data[:2] + b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part + data[2:]
    status, sent = page.send(turned)
    assert (status, sent["size"]) == (200, list(SIZE))
    assert b"Exif" not in page.actions.uploads.path(sent["upload"]).read_bytes()


def test_huge_uploads_are_refused_before_they_are_read(page: Served, monkeypatch):
    origin = f"http://{page.host}"
    status, _, body = page.ask("/upload", "POST", b"x", Origin=origin, Content_Length=str(uploads.LARGEST + 1))
    assert (status, b"larger than" in body) == (413, True)
    status, _, _ = page.ask("/correct", "POST", b"[" * (70 << 10), Origin=origin)
    assert status == 413
    assert page.ask("/state")[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b"[" * 50_000, b'{"kind": "hint"}', b'{"kind": "rm", "frame": 1}',
     b'{"kind": "hint", "frame": 6, "at": [0.5, 2], "color": "1f2a5c"}',
     b'{"kind": "hint", "frame": 6, "at": [0.5, 0.5], "color": "no such name"}',
     b'{"kind": "hint", "frame": 99, "at": [0.5, 0.5], "color": "1f2a5c"}',
     b'{"kind": "hint", "frame": -1, "at": [0.5, 0.5], "color": "1f2a5c"}',
     b'{"kind": "paint", "frame": 6, "upload": "../../project.toml"}',
     b'{"kind": "paint", "frame": 6, "upload": "77"}',
     b'{"kind": "paint", "frame": 6, "file": "/etc/passwd"}',
     b'{"kind": "note", "frame": 6}',
     b'{"kind": "approve", "frame": 6, "version": "v009"}'],
)  # fmt: skip
def test_actions_that_are_none_are_refused_and_write_nothing(page: Served, body):
    status, _, said = page.ask("/correct", "POST", body, Origin=f"http://{page.host}")
    assert status == 409, said
    assert not list((page.desk.root / "corrections").glob("[!.]*"))
    assert page.ask("/state")[0] == 200


@pytest.mark.parametrize("name", ["../project", "..", ".undone", "0001-note-r1-000005/..", "/etc/passwd", "0009"])
def test_nothing_but_corrections_is_taken_back(page: Served, name):
    page.act("correct", kind="note", frame=5, note="a word")
    assert page.act("undo", name=name)[0] == 409
    assert (page.desk.root / "project.toml").is_file()


def test_foreign_pages_change_nothing(page: Served):
    body = b'{"kind": "exclude", "frame": 1}'
    for told in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert page.ask("/correct", "POST", body, **told)[0] == 403
    assert page.ask("/correct")[0] == 405
    assert words(page) == ["fresh", "fresh"]


def test_undo_and_redo_are_files(page: Served):
    corrections = page.desk.root / "corrections"
    page.act("correct", kind="saturation", frame=3, amount=2.0)
    page.act("correct", kind="note", frame=3, note="more of it")
    number = page.send(paint())[1]["upload"]
    page.act("correct", kind="paint", frame=3, upload=number)
    there = files(corrections)
    assert words(page) == ["stale", "fresh"]
    taken = [page.act("undo")[1]["name"] for _ in range(3)]
    assert [name[:4] for name in taken] == ["0003", "0002", "0001"]
    assert words(page) == ["fresh", "fresh"], "the version is found again"
    assert page.act("undo")[0] == 409
    back = [page.act("redo")[1]["name"] for _ in range(3)]
    assert back == taken[::-1]
    assert files(corrections) == there
    assert page.act("redo")[0] == 409
    assert page.act("undo", name=taken[2])[1]["name"] == taken[2]
    assert page.act("redo")[0] == 409, "others have come since"
    assert len(list((corrections / ".undone").iterdir())) == 1, "and it is not lost"


def test_two_pages_at_once_lose_nothing(page: Served):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda k: page.act("correct", kind="note", frame=k, note=f"word {k}"), range(12)))
    assert {status for status, _ in done} == {200}
    assert sorted(one["note"] for one in page.state()["corrections"]) == sorted(f"word {k}" for k in range(12))
    assert len({answer["name"] for _, answer in done}) == 12


def test_a_preview_comes_before_the_render_and_the_render_shows_the_same(page: Served):
    before = page.ask("/frame/3.png?view=color&ahead")
    assert "x-ahead" not in before[1]
    number = page.send(paint())[1]["upload"]
    _, done = page.act("correct", kind="paint", frame=3, upload=number)
    assert done["waits"] == ["r1-000000"]
    status, headers, ahead = page.ask("/frame/3.png?view=color&ahead")
    assert (status, headers.get("x-ahead")) == (200, "1")
    assert page.ask("/frame/3.png?view=color")[2] == before[2], "the version is as it was"
    told: list[dict] = []
    page.desk.listen(told.append)
    status, done = page.act("render", shots=done["waits"])
    assert done["line"].startswith("vidcolor render ")
    while not any(event["kind"] == "rendered" for event in told):
        time.sleep(0.05)
    (ended,) = [event for event in told if event["kind"] == "rendered"]
    assert (ended["shots"], ended["error"], ended["stopped"]) == (["r1-000000"], "", False)
    assert max(event["share"] for event in told if event["kind"] == "render") > 0.5
    assert [s["version"] for s in page.state()["shots"]] == ["v002", "v001"]
    after = page.ask("/frame/3.png?view=color")[2]
    pictures = [cv2.imdecode(np.frombuffer(d, np.uint8), 1).astype(int) for d in (before[2], ahead, after)]
    inside = np.s_[30:50, 40:70]
    assert np.abs(pictures[1] - pictures[0])[inside].mean() > 5
    assert np.abs(pictures[2] - pictures[1]).mean() < 2


def test_a_second_correction_ends_the_render_of_the_first(page: Served):
    told: list[dict] = []
    page.desk.listen(told.append)
    page.act("correct", kind="saturation", frame=3, amount=2.0)
    page.act("render", shots=["r1-000000"])
    assert page.actions.renders.under_way == ("r1-000000",)
    page.act("correct", kind="hue", frame=3, degrees=40.0)
    while not any(event["kind"] == "rendered" for event in told):
        time.sleep(0.05)
    assert [e["stopped"] for e in told if e["kind"] == "rendered"] == [True]
    assert words(page) == ["stale", "fresh"]
    page.act("render")
    while len([e for e in told if e["kind"] == "rendered"]) < 2:
        time.sleep(0.05)
    assert words(page) == ["fresh", "fresh"]


def test_a_correction_that_is_killed_in_mid_write_leaves_no_half_of_one(page: Served):
    """What a kill leaves: a hidden folder with a part in it. It is no correction, and the next one is written."""
    partial = page.desk.root / "corrections" / ".0001-paint-r1-000003.partial"
    partial.mkdir(parents=True)
    (partial / "paint.png").write_bytes(paint()[:100])
    page.desk.refresh()
    assert page.state()["corrections"] == []
    number = page.send(paint())[1]["upload"]
    assert page.act("correct", kind="paint", frame=3, upload=number)[0] == 200
    assert [one["kind"] for one in page.state()["corrections"]] == ["paint"]


def test_the_picker_shows_what_a_colour_will_be_under_the_films_light(page: Served):
    query = "/color?frame=8&x=0.5&y=0.5&color=d02020"
    found = json.loads(page.ask(query)[2])
    under = [int(found["under"][k : k + 2], 16) for k in (0, 2, 4)]
    from vidcolor.color import rgb_to_lab

    lab = rgb_to_lab((np.array(under, np.float32) / 255)[:, None, None])
    assert lab[0, 0, 0] == pytest.approx(found["lightness"], abs=0.6)
    assert lab[1, 0, 0] > 20
    plane = cv2.imdecode(np.frombuffer(page.ask(f"/plane.png?lightness={found['lightness']}")[2], np.uint8), 1)
    light = rgb_to_lab(np.moveaxis(plane[..., ::-1], 2, 0).astype(np.float32) / 255)[0]
    assert np.abs(light - found["lightness"]).max() < 1
    assert page.ask("/color?frame=8&x=nan&y=0.5")[0] == 409
    assert page.ask("/plane.png?lightness=1e9")[0] == 409


def test_a_proposal_is_accepted_as_a_keyframe(page: Served, made, tmp_path):
    """A proposal that lies in the project; how they are made is another test's."""
    folder = page.desk.root / "proposals"
    folder.mkdir()
    write_picture(folder / "r1-000008-1-2.png", SIZE)
    (folder / "r1-000008-1-2.json").write_text('{"schema": "vidcolor.proposal/1", "frame": 8}')
    (folder / "r1-000008-1-3.png").symlink_to("/etc/passwd")
    told = page.ask("/shot/r1-000000")[2]
    assert b'"proposals":["r1-000008-1-2","r1-000008-1-3"]' in told
    assert page.ask("/proposal/r1-000008-1-2")[0] == 200
    assert page.ask("/proposal/r1-000008-1-3")[0] == 409, "it leads out of the project"
    status, done = page.act("accept", name="r1-000008-1-2")
    assert status == 200, done
    assert shlex.split(done["line"])[1:] == ["accept", str(page.desk.root), "r1-000008-1-2"]
    assert [one["kind"] for one in page.state()["corrections"]] == ["keyframe"]
    for name in ("../r1-000008-1-2", "--help", "r1-000009-1-1", ""):
        assert page.act("accept", name=name)[0] == 409


def test_a_region_takes_a_picture_of_the_references(page: Served):
    mask = np.zeros(SIZE, np.uint8)
    mask[10:40, 10:60] = 255
    number = page.send(png(mask))[1]["upload"]
    status, done = page.act("correct", kind="region", frame=8, upload=number, reference=1)
    assert status == 200, done
    assert "000016" not in done["name"]
    part = page.send(png(mask))[1]["upload"]
    status, done = page.act("correct", kind="region", frame=9, upload=number, reference=1, part=part)
    assert status == 200, done
    files_named = dict(word.partition("=")[::2] for word in shlex.split(done["line"]) if word.startswith("--"))
    assert all(Path(files_named[option]).is_file() for option in ("--file", "--picture", "--part"))
    assert len({files_named["--file"], files_named["--part"]}) == 2
    assert page.act("correct", kind="region", frame=8, upload=number, part=part)[0] == 409, "a part of no picture"
    assert page.act("correct", kind="reference", frame=8, reference=9)[0] == 409


def test_what_a_report_measured_is_told_of_the_version_it_measured(page: Served):
    assert json.loads(page.ask("/shot/r1-000000")[2])["quality"] == []
    assert main(["report", str(page.desk.root)]) == 0
    page.desk.refresh()
    told = json.loads(page.ask("/shot/r1-000000")[2])["quality"]
    assert {"Flicker", "Uncoloured area"} <= {one["name"] for one in told}
    page.act("correct", kind="saturation", frame=3, amount=1.5)
    assert json.loads(page.ask("/shot/r1-000000")[2])["quality"] == told, "of the version shown, stale or not"


def test_corrections_are_written_while_another_vidcolor_works(page: Served):
    """Another vidcolor works on the project: corrections are written beside it."""
    project = page.desk.moment.film.project
    with project.lock("run"):
        assert page.act("correct", kind="note", frame=5, note="a word")[0] == 200
        assert page.ask("/frame/3.png?view=color")[0] == 200


def test_a_file_of_colours_is_summed_once(page: Served, monkeypatch):
    """Those of the shot behind too, whose exact keyframe draws the frames before it."""
    summed: list[str] = []
    monkeypatch.setattr(versions, "sha256_of", lambda path: summed.append(str(path)) or sha256_of(path))
    for frame in (9, 10, 9):
        assert page.ask(f"/frame/{frame}.png?view=color&width=0")[0] == 200
    assert {Path(path).parts[-3] for path in summed if path.endswith("chroma.avi")} == {"r1-000000", "r1-000012"}
    assert len(summed) == len(set(summed))
