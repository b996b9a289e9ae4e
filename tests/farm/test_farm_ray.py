"""A film on a cluster by Ray: the bytes of one machine, whatever becomes of workers, nodes, disks and the driver.

A node's fault stands in the environment of its workers: they import a `vidcolor` that does it, and is ours else. Their
clocks are a minute ahead.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import write_gray_film, write_picture

import vidcolor
from vidcolor.cli.parser import main

pytest.importorskip("ray", reason="Ray is not installed: pip install 'vidcolor[cluster]'")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="Ray's clusters run on Linux"),
    pytest.mark.filterwarnings("default"),  # Ray's own
]
STARTS = (0, 10, 18, 24, 32)
SHOTS = tuple(f"r1-{start:06d}" for start in STARTS)
STORE = 80 << 20
"""Bytes of a node's object store; nothing of ours goes through it."""
FAULTY = """
import os, time
time.time = lambda now=time.time: now() + 60
__version__, __path__ = os.environ["VERSION"], [os.environ["HOUSE"]]
from pathlib import Path
marker = Path(os.environ["MARKER"])
import vidcolor.media.store as store
def writes(self, color, write=store.ChromaWriter.write):
    exec(os.environ["FAULT"])
    marker.touch()
    write(self, color)
store.ChromaWriter.write = writes
"""
OURS = vidcolor.__version__
SLOW = "time.sleep(.3)"
DIES = "marker.exists() and color.index % 2 and os.kill(os.getpid(), 9)"
FULL = "raise OSError(28, 'No space left on device', '/scratch')"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that is a good node of one core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        made = new_cluster(1)
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()


def new_cluster(cores: int) -> Any:
    """A head with so many cores."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": cores, "include_dashboard": False, "object_store_memory": STORE}
    for tries_left in (3, 2, 1, 0):
        try:
            return Cluster(initialize_head=True, head_node_args=head)
        except Exception as error:  # Ray gives its processes 30 s to start: too few on a busy machine
            if not tries_left or "timed out during startup" not in str(error):
                raise
    raise AssertionError("tried for the last time")


@pytest.fixture
def node(cluster, tmp_path):
    """Adds a node of one core with a fault; gives it with the file that its worker makes when it has begun to write.

    `told`: to Ray on the node; `to`: its cluster.
    """
    package = tmp_path / "faulty" / "vidcolor"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(FAULTY)
    added = []

    def add(fault: str, version: str = OURS, to: Any = cluster, **told: str) -> tuple[Any, Path]:
        told |= {"HOUSE": vidcolor.__path__[0], "VERSION": version, "FAULT": fault, "MARKER": str(tmp_path / "begun")}
        told["PYTHONPATH"] = str(package.parent)
        added.append(to.add_node(num_cpus=1, object_store_memory=STORE, env_vars=told))
        return added[-1], tmp_path / "begun"

    yield add
    for one in added:
        if one in cluster.worker_nodes:
            cluster.remove_node(one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The film, planned; and its colours as one machine makes them."""
    folder = tmp_path_factory.mktemp("ray")
    (folder / "planned" / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "planned" / "film.mkv", 40, cuts=STARTS[1:])
    for start in STARTS:
        write_picture(folder / "planned" / "refs" / f"{start + 3:06d}.png", colors=colors[start + 3])
    project = folder / "planned" / "film.vidcolor"
    line = ["new", str(project), "--reel", str(folder / "planned" / "film.mkv"), "--keyframes"]
    assert main([*line, str(folder / "planned" / "refs"), "--preset", "draft"]) == 0
    assert main(["plan", str(project)]) == 0
    shutil.copytree(folder / "planned", folder / "made")
    assert main(["render", str(folder / "made" / "film.vidcolor")]) == 0
    return folder


@pytest.fixture
def project(whole, tmp_path):
    return shutil.copytree(whole / "planned", tmp_path / "film") / "film.vidcolor"


def start(project: Path, change: str = "pass") -> subprocess.Popen:
    """`change`: of the driver, in Python"""
    code = f"import sys; from vidcolor.farm import on_ray; {change}; from vidcolor.cli.parser import main; "
    line = [sys.executable, "-P", "-c", f"{code}sys.exit(main(['render', sys.argv[1], '--on', 'ray']))", str(project)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(driver: subprocess.Popen) -> tuple[int, str]:
    out, err = driver.communicate(timeout=300)
    return driver.returncode, err + out


def wait_for(marker: Path, driver: subprocess.Popen) -> None:
    while not marker.exists():
        assert driver.poll() is None, ended(driver)
        time.sleep(0.05)


def files_of(version: Path) -> dict[str, bytes]:
    """All but what says how long it took, and where."""
    paths = [path for path in version.rglob("*") if path.is_file() and path.name != "report.json"]
    return {str(path.relative_to(version)): path.read_bytes() for path in paths}


def same_as_on_one_machine(project: Path, whole: Path) -> None:
    """Each shot has one version, in the same bytes, and no lease is left."""
    for shot in SHOTS:
        assert os.listdir(project / "shots" / shot) == ["v001"]
        theirs = whole / "made" / "film.vidcolor" / "shots" / shot / "v001"
        assert files_of(project / "shots" / shot / "v001") == files_of(theirs)
    assert not os.listdir(project / "leases")


def test_the_bytes_of_one_machine_whatever_becomes_of_nodes(cluster, node, project, whole):
    """Five shots for five nodes: another version, a worker that dies, a full disk, too little memory; one is good."""
    for fault, version in (("", "0.0"), (DIES, OURS), (FULL, OURS)):
        node(fault, version)
    node(SLOW, RAY_memory_usage_threshold="0.01")
    code, said = ended(start(project, "on_ray.FAULTS = 1"))
    assert code == 0, said
    assert f"is left out: vidcolor is 0.0 there, {OURS} here" in said
    assert "goes on elsewhere: its worker on" in said
    assert re.search(r"is left out: 1 shots failed there, the last: .*No space left on device", said), said
    assert re.search(r"goes on with more memory: .* had too little \(.* used / .* limit\)", said), said
    assert "rendered   5 of 5 shots" in said
    same_as_on_one_machine(project, whole)


def test_a_driver_that_was_killed_goes_on_and_does_without_a_slow_node_that_dies(cluster, node, project, whole):
    slow, begun = node(SLOW)
    driver = start(project)
    wait_for(begun, driver)
    driver.kill()
    driver.communicate()
    begun.unlink()
    driver = start(project)
    wait_for(begun, driver)
    cluster.remove_node(slow, allow_graceful=False)
    code, said = ended(driver)
    assert code == 0, said
    assert said.count("goes on elsewhere") == 1
    same_as_on_one_machine(project, whole)


def test_a_head_that_dies_loses_nothing_and_a_machine_that_comes_late_is_used(node, project, whole, monkeypatch):
    good, other = os.environ["RAY_ADDRESS"], new_cluster(0)
    address = other.address
    try:
        monkeypatch.setenv("RAY_ADDRESS", address)
        driver = start(project, "on_ray.GONE = 1")
        while "waiting for a machine" not in driver.stderr.readline():
            assert driver.poll() is None, ended(driver)
        _, begun = node(SLOW, to=other)
        wait_for(begun, driver)
        other.remove_node(other.head_node, allow_graceful=False)
        code, said = ended(driver)
        assert code == 2, said
        assert re.search(rf"vidcolor: the head of the cluster, {address}, is gone .*run the same command", said)
        assert "Traceback" not in said
    finally:
        other.shutdown()
    monkeypatch.setenv("RAY_ADDRESS", good)
    code, said = ended(start(project))
    assert code == 0, said
    same_as_on_one_machine(project, whole)


def test_at_the_end_a_shot_is_moved_away_from_a_slow_node(cluster, node, project, whole):
    node("time.sleep(4)")
    code, said = ended(start(project, "on_ray.SLOW, on_ray.MOVE = 1, 0"))
    assert code == 0, said
    assert re.search(r"shot r1-\d+ goes on elsewhere: .* \(node .{8}\) is slow", said), said
    same_as_on_one_machine(project, whole)


def test_an_interrupt_gives_shots_back(cluster, node, project):
    _, begun = node(SLOW)
    driver = start(project)
    wait_for(begun, driver)
    driver.send_signal(signal.SIGINT)
    code, said = ended(driver)
    assert code == 130, said
    assert "stopped; run the same command again to go on" in said
    assert not os.listdir(project / "leases")


def test_a_deleted_project_stays_deleted(cluster, node, project):
    _, begun = node(SLOW)
    driver = start(project)
    wait_for(begun, driver)
    shutil.rmtree(project.rename(project.with_name("elsewhere")))
    code, said = ended(driver)
    assert code == 2, said
    assert re.search(r"shot r1-\d+ cannot be rendered on .* \(node .{8}\): .* gone", said), said
    assert "Traceback" not in said
    assert not project.exists()


@pytest.mark.parametrize("place", ["rays", "ray://", "ray://a b", "dask://host:1"])
def test_an_engine_that_is_not_known_is_refused(place, whole, capsys):
    assert main(["render", str(whole / "planned" / "film.vidcolor"), "--on", place]) == 2
    assert "ray://HOST:PORT" in capsys.readouterr().err


def test_no_cluster_is_told(whole, capsys, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    assert main(["render", str(whole / "planned" / "film.vidcolor"), "--on", "ray"]) == 2
    assert "ray start --head" in capsys.readouterr().err
