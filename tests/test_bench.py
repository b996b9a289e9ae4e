"""tools/bench.py: outside programs scored like ours, failures told, tables written, killed runs gone on with."""

from __future__ import annotations

import json
import math
import shlex
import sys
import threading
import time
from pathlib import Path

import film
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import bench
from benchmark import costs, errors, films, floor, jobs, methods, parts, quality, speed, study, tables

from vidcolor.errors import InputError
from vidcolor.settings import PropagateSettings

SIZE = (48, 64)
COUNT = 6
COPIER = """
import shutil, sys
from pathlib import Path
frames, keyframes, out = map(Path, sys.argv[1:4])
keys = {int(p.stem): p for p in keyframes.iterdir()}
for frame in frames.iterdir():
    nearest = min(keys, key=lambda k: (abs(k - int(frame.stem)), k))
    shutil.copy(keys[nearest], out / f"colored_{frame.name}")
Path(sys.argv[4]).open("a").write("x")
"""
"""A program that gives every frame the nearest keyframe's colours, and counts its runs."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of six frames; one of them counts from 7, and is called by a name with a space."""
    root = tmp_path_factory.mktemp("clips")
    for name, first, number in (("one", 0, 1), ("an other", 7, 2)):
        shot = film.TinyShot(number, SIZE, range(COUNT))
        (root / name).mkdir()
        for n in range(COUNT):
            film.write_picture(root / name / f"{first + n:05d}.png", shot.colors(n))
    (root / "no clip").mkdir()
    return root


@pytest.fixture
def copier(tmp_path: Path) -> tuple[str, Path]:
    """The copying program as a peer, and the file that counts its runs."""
    script, counter = tmp_path / "copier.py", tmp_path / "runs"
    script.write_text(COPIER)
    counter.write_text("")
    words = [sys.executable, str(script), "{frames}", "{keyframes}", "{out}", str(counter)]
    return f"copier={shlex.join(words)}", counter


@pytest.fixture
def no_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "baselines", lambda: [methods.Gray()])


def run_table(clips: Path, out: Path, *more: str) -> dict:
    assert bench.main(["table", str(clips), "--out", str(out), "--parts", "quality", "--presets", "", *more]) == 0
    return json.loads((out / "benchmarks.json").read_text())


@pytest.mark.usefixtures("no_baselines")
def test_a_peer_gets_the_same_frames_and_is_scored_the_same_way(clips, copier, tmp_path):
    """What copies the nearest keyframe is the static copy, in every figure of colour."""
    made = run_table(clips, tmp_path / "out", "--keys", "first,both", "--peer", copier[0])["quality"]
    assert [(r["clip"], r["rule"], r["method"]) for r in made] == [
        (clip, rule, method)
        for clip in ("an other", "one")
        for rule in ("first", "both")
        for method in ("gray", "copier")
    ]
    assert not [r["failed"] for r in made if r["failed"]]
    for gray, peer in zip(made[::2], made[1::2], strict=True):
        for key in ("psnr", "ciede2000", "ssim", "colorfulness_ratio"):
            assert peer["figures"][key]["result"] == pytest.approx(gray["figures"][key]["copy"], abs=0.02), key
        assert peer["figures"]["luma_change"]["result"] > 0
        assert gray["figures"]["luma_change"]["result"] == 0
        assert peer["cost"]["cpu"] > 0
    page = (tmp_path / "out" / "benchmarks.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| copier")]
    assert len(rows) == 2
    assert f"{np.mean([r['figures']['psnr']['result'] for r in made[1::4]]):.2f}" in rows[0]
    assert "PSNR by clip: first and last" in page
    assert "cores" in page


@pytest.mark.usefixtures("no_baselines")
def test_peers_that_fail_are_rows_that_say_why(clips, tmp_path):
    one = ["--keys", "first", "--only", "one"]
    peers = {
        "gone": "/no/such/program {out}",
        "angry": "sh -c 'echo the roof is on fire; exit 3' {out}",
        "idle": "true {out}",
        "short": "sh -c 'cp {frames}/000000.png {frames}/000001.png {out}'",
        "killed": "sh -c 'kill -9 $$' {out}",
    }
    more = [word for name, command in peers.items() for word in ("--peer", f"{name}={command}")]
    made = run_table(clips, tmp_path / "out", *one, *more)["quality"]
    said = {r["method"]: r["failed"] for r in made}
    assert not said["gray"]
    assert "cannot be started" in said["gone"]
    assert said["angry"] == "ended with 3: the roof is on fire"
    assert "no pictures" in said["idle"]
    assert "4 of 6 frames did not come back, the first 2" in said["short"]
    assert "ended with" in said["killed"]
    page = (tmp_path / "out" / "benchmarks.md").read_text()
    assert "| angry (failed) | – |" in page
    assert "- one, first, angry: ended with 3: the roof is on fire" in page


@pytest.mark.usefixtures("no_baselines")
def test_a_killed_run_goes_on_and_only_what_changed_is_done_again(clips, copier, tmp_path):
    peer, counter = copier
    given = ["--keys", "first", "--peer", peer]
    first = run_table(clips, tmp_path / "out", *given)
    assert len(counter.read_text()) == 2
    assert run_table(clips, tmp_path / "out", *given)["quality"] == first["quality"]
    assert len(counter.read_text()) == 2, "all was there"
    (tmp_path / "out/runs/one--first--copier.json").write_text('{"clip": "o')
    (tmp_path / "out/under-way/made").mkdir(parents=True)
    run_table(clips, tmp_path / "out", *given)
    assert len(counter.read_text()) == 3, "half a record is none"
    run_table(clips, tmp_path / "out", "--keys", "first", "--peer", f"{peer} more")
    assert len(counter.read_text()) == 5, "another command is another method"
    assert not (tmp_path / "out/under-way").exists()


@pytest.mark.usefixtures("no_baselines")
def test_what_failed_is_tried_again(clips, tmp_path):
    """The command stays the same, the program is mended."""
    script = tmp_path / "peer.sh"
    given = ["--keys", "first", "--only", "one", "--peer", f"x=sh {script} {{frames}} {{out}}"]
    assert run_table(clips, tmp_path / "out", *given)["quality"][1]["failed"]
    script.write_text('cp "$1"/* "$2"')
    assert not run_table(clips, tmp_path / "out", *given)["quality"][1]["failed"]


def test_ours_runs_as_a_user_types_it_and_keeps_the_luma(clips, tmp_path):
    """One clip through `vidcolor run`; nearer to the truth than the static copy."""
    job = jobs.open_job(clips / "an other", "both", tmp_path / "job")
    record = quality.Bench(tmp_path, tell=lambda _: None).run_one(job, methods.presets("draft")[0], tmp_path / "m", "")
    assert not record["failed"]
    figures = record["figures"]
    assert figures["luma_change"]["result"] == 0
    assert figures["psnr"]["result"] > figures["psnr"]["copy"]
    assert record["cost"]["peak_mib"] > 50


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--peer", "noequals"], "NAME=COMMAND"),
        (["--peer", "a/b=x {out}"], "NAME=COMMAND"),
        (["--peer", "a=x"], "with {out}"),
        (["--peer", "a=x '{out}"], "quotes"),
        (["--peer", "gray=x {out}"], "two methods are called gray"),
        (["--keys", "every:0"], "first, both or every:N"),
        (["--only", "two"], "no clip two"),
        (["--presets", "swift"], "no preset 'swift'"),
    ],
)
def test_mistakes_are_told_before_any_work(words, message, clips, tmp_path, capsys):
    assert bench.main(["table", str(clips), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_clip_of_nothing_but_keyframes_is_refused(clips, tmp_path):
    with pytest.raises(InputError, match="leave none to measure"):
        jobs.open_job(clips / "one", "every:1", tmp_path)


def test_rules_of_keyframes():
    assert jobs.keys_of(50, "first") == (0,)
    assert jobs.keys_of(50, "both") == (0, 49)
    assert jobs.keys_of(60, "every:25") == (0, 25, 50, 59)
    assert jobs.keys_of(51, "every:25") == (0, 25, 50)


def test_costs_are_the_commands_own(tmp_path):
    """The benchmark's own memory does not count, though it is the greater."""
    ballast = np.ones(20_000_000)
    busy = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    cost = costs.run_measured([sys.executable, "-S", "-c", busy], tmp_path / "log")
    assert cost.cpu == pytest.approx(0.3, abs=0.25)
    assert cost.seconds >= 0.3
    assert 1 < cost.peak_mib < 60 < ballast.nbytes / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_open_files_are_counted(tmp_path):
    holding = "import time\nheld = [open('/dev/null') for _ in range(40)]\ntime.sleep(1)"
    assert costs.run_measured([sys.executable, "-S", "-c", holding], tmp_path / "log").files == 43


def record(clip: str, title: str, psnr: float, **more: object) -> dict:
    """A record as the benchmark keeps it, of one figure."""
    figures = {"psnr": {"result": psnr, "gray": 20.0, "copy": 22.0}, "ciede2000": {"result": 40 - psnr}}
    points = [
        {"distance": d, "frames": n, "values": {"psnr": {"result": psnr - d, "gray": 20.0, "copy": 22.0}}}
        for d, n in ((1, 2), (2, 2), (4, 1))
    ]
    name = title if title == "gray" else f"m-{title}"
    kept = {"clip": clip, "rule": "first", "method": name, "title": title, "failed": "", "figures": figures}
    cost = {"seconds": 1.0, "cpu": 4.0, "peak_mib": 1.0}
    return {**kept, "distances": points, "made_of": {"frames": 8}, "cost": cost, "commit": "x", **more}


def cells(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_leaving_out_is_told_as_a_difference_clip_by_clip():
    made = [record(c, study.FULL, p) for c, p in (("a", 30.0), ("b", 34.0))]
    made += [record(c, "without flow", p) for c, p in (("a", 26.0), ("b", 35.0))]
    table = cells(study.leave_out_table([record("a", "gray", 20.0), *made], "first"))
    assert table["without flow"][:3] == ["-1.50", "+1.50", "1 of 2"]
    assert table[study.FULL][3] == "32.00"
    assert table["without flow"][-1] == "0.500"


def test_distances_count_frames():
    table = cells(study.distance_table([record("a", "gray", 20.0), record("a", "ours", 30.0)], "first", "psnr"))
    assert table["PSNR, first"] == ["1–2", "3–5"]
    assert table["frames"] == ["4", "1"]
    assert table["ours"] == ["28.50", "26.00"]


def test_means_leave_out_what_is_not_known():
    whole, failed = record("a", "ours", 30.0), record("b", "ours", 0.0, failed="ended with 1: x")
    table = cells(tables.quality_table([record("a", "gray", 20.0, cost=None), whole, failed], "first"))
    assert table["ours (1 of 2 clips)"][:2] == ["30.00", "10.00"]
    assert table["static copy"][0] == "22.00"
    assert tables.failures([whole, failed]) == "- b, first, ours: ended with 1: x\n"
    assert tables.number(math.nan, 2) == "–"


def test_errors_are_looked_at_where_they_are(clips, tmp_path):
    """The truly best candidate is nowhere worse than any; kinds and distances are those of the frames."""
    told: list[str] = []
    settings = PropagateSettings()
    (found,) = errors.sample_all([clips / "one"], "both", settings, tmp_path, told.append)
    assert len(told) == 1
    (again,) = errors.sample_all([clips / "one"], "both", settings, tmp_path, told.append)
    assert len(told) == 1, "kept"
    assert np.array_equal(found.error, again.error)
    pixels = len(found.error)
    assert pixels == (COUNT - 2) * 8 * 11
    assert found.true_errors.shape == found.expected.shape == (5, pixels)
    oracle = found.choices[errors.ORACLES.index("best candidate (oracle)")]
    assert np.allclose(oracle, found.true_errors.min(0), atol=1e-4)
    assert set(found.distance.tolist()) == {1, 2}
    assert found.kind.max() < len(errors.KINDS)
    assert found.psnr.shape == (len(errors.ORACLES), COUNT - 2)
    text = errors.confidence_table([found], "both") + errors.kind_table([found], "both")
    shares = [int(row[3].rstrip(" %")) for name, row in cells(text).items() if name.endswith(("quarter", "second"))]
    assert sum(shares) <= 100
    names = errors._carriers("both", 5)
    trust = cells(errors.trust_table([found], "both"))
    assert sum(int(trust[name][0].rstrip(" %")) for name in names) in range(97, 104)
    assert "best candidate (oracle)" in errors.oracle_table([found], "both")


def test_a_variant_leaves_a_part_out_in_a_project_of_its_own(clips, tmp_path):
    job = jobs.open_job(clips / "one", "first", tmp_path / "job")
    made = {}
    for name in ("", "plain-warp"):
        folder = tmp_path / f"made-{name}"
        folder.mkdir()
        out, cost = methods.Ours("ours", "ours", "draft", variant=name).make(job, folder)
        assert cost is not None
        made[name] = out.read_bytes()
        assert (folder / "project" / "project.toml").exists()
    assert made[""] != made["plain-warp"]


@pytest.mark.parametrize("given", [True, False], ids=["given film", "made film"])
def test_speed_of_a_small_size(given, tmp_path, monkeypatch):
    """In this process, where the benchmark takes one of its own."""
    source = None
    if given:
        source = tmp_path / "given.mkv"
        films.write_film(source, film.make_film(shots=(8,)).luma)
    monkeypatch.setattr(speed, "FRAMES", 5)
    monkeypatch.setattr(
        speed.subprocess, "run", lambda command, **_: bench.main(command[command.index("speed") :]) and None
    )
    made = speed.run_sizes(tmp_path / "out", [64], ["draft"], source, lambda _: None)
    assert (made[0]["frames"], made[0]["size"]) == (5, [64, 114])
    assert {speed.PLAN, speed.RENDER, speed.EXPORT, speed.WHOLE, speed.PLAIN} < set(made[0]["stages"])
    row = cells(speed.speed_table(made))["114x64"]
    assert row[0] == "draft"
    assert float(row[-1].removesuffix(" GiB")) > 0.05
    monkeypatch.setattr(speed.subprocess, "run", None)
    assert speed.run_sizes(tmp_path / "out", [64], ["draft"], source, lambda _: None) == made


def test_the_made_film_moves_is_textured_and_has_grain():
    frames = [films.luma_of(rgb).astype(float) for rgb in films.made_frames((60, 106), 3)]
    assert frames[0].std() > 50
    assert np.abs(frames[1] - frames[0]).mean() > 5
    assert films.luma_of(np.ones((2, 2, 3))).max() == 940


def test_help_shows_the_contract_and_an_example(capsys):
    for words in (["--help"], ["table", "--help"], ["study", "--help"]):
        with pytest.raises(SystemExit):
            bench.main(words)
    said = capsys.readouterr().out
    assert "--peer 'other=python other.py {frames} {keyframes} {out}'" in said
    for name in methods.PLACEHOLDERS:
        assert f"{{{name}}}" in said


def test_the_older_commands_still_measure(monkeypatch, capsys):
    monkeypatch.setattr(parts, "ROUNDS", 1)
    assert bench.main(["superpixels"]) == bench.main(["length", "0.005"]) == 0
    said = capsys.readouterr().out
    assert "1920x1080 into 4300" in said
    for verb in parts.VERBS:
        row = said.split(f"{verb:6}: ")[1]
        assert int(row.split("peak ")[1].split(" MiB")[0]) > 50
        assert sys.platform != "linux" or int(row.split("MiB, ")[1].split(" files")[0]) >= 3


def works(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_a_flame_tells_whose_time_it_was():
    """Of two threads that work, and one that sleeps."""
    with floor.Sampler() as sampler:
        threads = [threading.Thread(target=f, args=(a,)) for f, a in ((works, 0.3), (time.sleep, 0.3))]
        for thread in threads:
            thread.start()
        works(0.3)
        for thread in threads:
            thread.join()
    spent = sum(seconds for stack, seconds in sampler.seconds.items() if any("works" in name for name in stack))
    assert spent == pytest.approx(0.6, abs=0.25)
    lines = floor.folded({"plan (shots)": sampler.seconds}).splitlines()
    assert any(line.startswith("plan;") and "works" in line and int(line.split()[-1]) > 1000 for line in lines)
