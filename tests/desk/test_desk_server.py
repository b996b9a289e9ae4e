"""The server of the review page: who is let in, what it tells, and that its pictures are the delivered frames."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import cv2
import numpy as np
import pytest
from served import COUNT, CUT, SIZE, TOKEN, Served, served

from vidcolor.cli.parser import main
from vidcolor.desk.guard import POLICY, Guard
from vidcolor.desk.server import HOME, MOST_TOGETHER


def decoded(data: bytes) -> np.ndarray:
    """(H, W, 3 or 4) of a PNG or JPEG, red first."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    order = [2, 1, 0, 3][: picture.shape[2]]
    return picture[..., order]


def test_the_page_and_its_files_are_served_with_a_policy_that_lets_nothing_else_run(page):
    status, headers, body = page.ask("/")
    assert status == 200
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert headers["referrer-policy"] == "no-referrer"
    assert b"<script>" not in body
    assert b" style=" not in body
    assert b" on" + b"click" not in body
    for name in ("app.js", "page.css", "icon.svg"):
        status, headers, _ = page.ask(f"/static/{name}")
        assert status == 200
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("case", "path", "told", "token"),
    [
        ("no token", "/state", {}, ""),
        ("no token, the head", "/", {}, ""),
        ("another token", "/state", {}, "another"),
        ("a token cut short", "/state", {}, TOKEN[:-1]),
        ("a token in the query", f"/state?token={TOKEN}", {}, ""),
        ("a foreign name", "/state", {"Host": "evil.example"}, TOKEN),
        ("a foreign name and our port", "/state", {"Host": "evil.example:80"}, TOKEN),
        ("a name that begins as ours", "/state", {"Host": "127.0.0.1.evil.example"}, TOKEN),
        ("a name that rebinds", "/state", {"Host": "localhost.evil.example"}, TOKEN),
        ("a name with a user before it", "/state", {"Host": "127.0.0.1@evil.example"}, TOKEN),
        ("a name behind ours", "/state", {"Host": "evil.example:80@127.0.0.1"}, TOKEN),
        ("the address of every net", "/state", {"Host": "0.0.0.0"}, TOKEN),
        ("our number written otherwise", "/state", {"Host": "2130706433"}, TOKEN),
        ("no name", "/state", {"Host": ""}, TOKEN),
        ("a foreign page", "/state", {"Origin": "https://evil.example"}, TOKEN),
        ("a page of no origin", "/state", {"Origin": "null"}, TOKEN),
        ("a page of another port", "/state", {"Origin": "http://127.0.0.1:1"}, TOKEN),
        ("a page of another site", "/state", {"Sec-Fetch-Site": "cross-site"}, TOKEN),
        ("a page of another port, as browsers say it", "/state", {"Sec-Fetch-Site": "same-site"}, TOKEN),
    ],
)
def test_nobody_else_is_let_in(page: Served, case, path, told, token):
    status, _, body = page.ask(path, token=token, **told)
    assert status == 403, case
    assert b"r1-000000" not in body
    assert page.ask("/state", Origin=f"http://{page.host}", Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../desk.py",
        "/static/..%2fdesk.py",
        "/static/%2e%2e/desk.py",
        "/static/..%5cdesk.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/thumb/..",
        "/thumb/..%2f..%2fproject.toml",
        "/shot/..%2fproject.toml",
        "/shot/r1-000000%00",
        "/frame/0.toml",
        "/frame/..%2f..%2fproject.toml",
        "/project.toml",
        "/reference/000004.png",
        "/reference/..%2f..%2fproject.toml",
        "/labels/4.toml",
        "/proposal/%2e%2e%2fproject",
        "/remarks.csv/../project.toml",
        "/remarks/..%2fproject.toml",
        "/plane.png/..%2f..%2fproject.toml",
        "/color/..%2fproject.toml",
        "/warm/../project.toml",
        "/events/../project.toml",
        "/state/..%2fproject.toml",
        "/upload/..%2fproject.toml",
        "/palette/..%2fpalette.toml",
        "//etc/passwd",
    ],
)
def test_no_path_climbs(page: Served, path):
    status, _, body = page.ask(path)
    assert status == 404
    assert b"root:" not in body
    assert b"reel" not in body


@pytest.mark.parametrize("version", ["../../../film", "v001/../../..", "v9", "/etc", "v001\0"])
def test_no_version_climbs(page: Served, version):
    from urllib.parse import quote

    status, _, body = page.ask(f"/frame/4.png?view=color&version={quote(version, safe='')}")
    assert status == 409
    assert "no version" in json.loads(body)["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/frame/24.png",
        "/frame/99999999999999999999.png",
        "/frame/4.png?width=99999999",
        "/frame/4.png?width=-1",
        "/frame/4.png?view=all",
        "/frame/20.png?view=color",
        "/reference/2",
        "/proposal/000004",
        "/proposal/..",
        "/labels/24.png",
    ],
)
def test_what_there_is_not_is_refused_in_words(page: Served, path):
    status, _, body = page.ask(path)
    assert status == 409
    assert len(json.loads(body)["error"]) > 5


def test_only_reads_are_answered(page: Served):
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert page.ask("/state", method)[0] == 405
    assert page.ask("/state", "POST", b"{}")[0] == 403, "a change that does not say its origin"


def test_the_state_is_what_status_tells_programs(page: Served, made, capsys):
    told = page.state()
    assert main(["status", str(made / "p"), "--json"]) == 0
    assert told["status"] == json.loads(capsys.readouterr().out)
    assert [shot["word"] for shot in told["shots"]] == ["fresh", "new"]
    assert len(told["doubt"]) == COUNT
    assert set(told["doubt"][CUT:]) == {-1}


def test_a_picture_is_its_frame_as_it_is_delivered(page: Served, made, tmp_path):
    """To half a step of 8 bits what `vidcolor frames` writes in 16, gray and in colour; the keyframe's own too."""
    for frame, view, more in ((9, "color", ["--color"]), (4, "color", ["--color"]), (20, "gray", [])):
        folder = tmp_path / f"{frame}{view}"
        assert main(["frames", str(made / "p"), str(frame), "-o", str(folder), *more]) == 0
        (path,) = folder.iterdir()
        truth = decoded(path.read_bytes()).astype(float) / 257
        status, headers, body = page.ask(f"/frame/{frame}.png?view={view}&width=0")
        assert (status, headers["x-frame"], headers["content-type"]) == (200, str(frame), "image/png")
        assert np.abs(decoded(body) - truth).max() <= 0.51


def test_a_picture_of_the_windows_size_shows_the_same(page: Served):
    whole, small = (decoded(page.ask(f"/frame/9.png?view=color&width={w}")[2]).astype(float) for w in (0, 64))
    halves = whole.reshape(SIZE[0] // 2, 2, SIZE[1] // 2, 2, 3).mean((1, 3))
    assert small.shape == (48, 64, 3)
    assert np.abs(small - halves).mean() < 4


def test_doubt_covers_what_is_unsure(page: Served):
    overlay = decoded(page.ask("/frame/9.png?view=doubt&width=128")[2])
    assert overlay.shape == (*SIZE, 4)
    at_key = decoded(page.ask("/frame/4.png?view=doubt&width=128")[2])
    assert at_key[..., 3].mean() < overlay[..., 3].mean()


def test_every_shot_has_a_thumbnail(page: Served):
    for shot in ("r1-000000", "r1-000012"):
        status, headers, body = page.ask(f"/thumb/{shot}")
        assert (status, headers["content-type"]) == (200, "image/jpeg")
        assert decoded(body).shape[1] <= 160
    assert page.ask("/thumb/r1-000001")[0] == 404


def test_a_damaged_version_is_told_of_and_the_page_goes_on(made, tmp_path):
    shutil.copytree(made, tmp_path / "work")
    store = tmp_path / "work" / "p" / "shots" / "r1-000000" / "v001" / "chroma.avi"
    data = bytearray(store.read_bytes())
    data[-200] ^= 255
    store.write_bytes(data)
    with served(tmp_path / "work" / "p") as found:
        status, _, body = found.ask("/frame/9.png?view=color")
        assert status == 409
        assert "damaged since it was rendered" in json.loads(body)["error"]
        assert found.ask("/frame/9.png?view=gray")[0] == 200


def test_what_changes_beside_it_is_read_anew(made, tmp_path):
    shutil.copytree(made, tmp_path / "work")
    with served(tmp_path / "work" / "p") as found:
        told: list[dict] = []
        end = found.desk.listen(told.append)
        assert main(["correct", str(tmp_path / "work" / "p"), "exclude", "r1-000012"]) == 0
        while not told:
            time.sleep(0.02)
        end()
        assert told[0]["kind"] == "state"
        assert [shot["word"] for shot in found.state()["shots"]] == ["fresh", "excluded"]


def test_a_port_that_is_taken_is_told_of_and_nothing_is_left(page: Served, made, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["review", str(made / "p"), "--port", str(page.port), "--no-browser"]) == 2
    assert f"port {page.port}: cannot be opened" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_its_libraries_one_line_says_what_to_install(made):
    code = (
        "import sys, importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *more: None if name == 'starlette' else find(name, *more);"
        "from vidcolor.cli.parser import main; sys.exit(main(['review', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(made / "p")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "vidcolor: the review page needs starlette: run pip install 'vidcolor[review]'"
    ]


def test_references_are_shown_by_their_place_alone(page: Served, made):
    for place, name in ((0, "000004.png"), (1, "000016.png")):
        assert page.desk.moment.film.plan.pictures[place].name == name
        status, headers, body = page.ask(f"/reference/{place}")
        assert (status, headers["content-type"]) == (200, "image/jpeg")
        truth = decoded((made / "refs" / name).read_bytes()).astype(float)
        assert np.abs(decoded(body).astype(float) - truth).mean() < 5
    told = json.loads(page.ask("/shot/r1-000000")[2])
    assert [one["name"] for one in told["references"]] == ["000004.png"]


def test_superpixels_cover_the_frame(page: Served):
    labels = decoded(page.ask("/labels/9.png")[2]).astype(int)
    number = labels[..., 0] * 65536 + labels[..., 1] * 256 + labels[..., 2]
    assert number.shape == SIZE
    assert sorted(set(number.flat)) == list(range(number.max() + 1))
    assert number.max() > 50


def test_floods_of_headers_are_bounded(page: Served):
    """More than a browser sends is refused before the page is asked; and the page goes on."""
    for told in ({"X_Long": "a" * 200_000}, {f"X_{k}": "a" * 200 for k in range(2000)}):
        try:
            status = page.ask("/state", **told)[0]
        except ConnectionError:  # closed before all of it was read
            status = 400
        assert status in (400, 431)
    assert page.ask("/state")[0] == 200


def test_streams_that_are_held_open_are_bounded_and_the_page_comes_back(page: Served):
    with ExitStack() as held:
        answers = []
        for _ in range(MOST_TOGETHER + 16):
            door = held.enter_context(socket.create_connection((HOME, page.port)))
            door.sendall(f"GET /{TOKEN}/events HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode())
            answers.append(door.recv(12).split()[-1])
        assert answers.count(b"200") <= MOST_TOGETHER
        assert answers.count(b"503") >= 16
        assert page.ask("/state")[0] == 503, "no more than that at once"
    while page.ask("/state")[0] == 503:
        time.sleep(0.05)
    assert page.ask("/state")[0] == 200


def test_a_server_that_ends_before_it_has_answered_says_so_without_a_traceback():
    """Ctrl-C while a large frame is made: uvicorn cancels what it no longer waits for."""

    async def waits(scope, receive, send):
        raise asyncio.CancelledError

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": f"/{TOKEN}/state", "headers": [(b"host", b"127.0.0.1:1")]}
    with ThreadPoolExecutor(1) as pool:  # a browser of other tests has its loop in this thread
        pool.submit(lambda: asyncio.run(Guard(waits, TOKEN)(scope, None, send))).result()
    assert [message.get("status") for message in sent] == [503, None]
