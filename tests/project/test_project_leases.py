"""Leases on shots: one machine at a time, taken over from the dead by their silence, lost by who was outnumbered."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from vidcolor.errors import DeviceError, ProjectError
from vidcolor.project import Project, ProjectConfig, leases
from vidcolor.project.leases import BEAT, SILENT, Holder, LeaseLostError, Leases, this_process

SHOT = "r1-000000"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(leases, "clock", made)
    # the module's own name for it: other threads of this process sleep by the real one
    monkeypatch.setattr(leases, "time", SimpleNamespace(sleep=lambda seconds: setattr(made, "now", made.now + seconds)))
    monkeypatch.setattr(Leases, "_beat", lambda _: None)  # tests beat themselves
    return made


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path / "film.vidcolor", ProjectConfig(reel="film.mov"))


@pytest.fixture
def machine(project):
    """Makes the leases of another machine each time."""
    opened = []

    def make(name: str, **needs: str) -> Leases:
        opened.append(Leases(project, Holder(name, 1, needs=needs)))
        return opened[-1].__enter__()

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def test_a_shot_is_given_to_one_and_then_to_the_next(machine, project):
    one, other = machine("one"), machine("other")
    held = one.take(SHOT)
    assert held is not None
    assert other.take(SHOT) is None
    assert str(other._highest()[SHOT].holder) == "one, process 1"
    assert other.take("r1-000020") is not None
    held.release()
    assert other.take(SHOT) is not None
    assert len(os.listdir(project.root / "leases")) == 2


@pytest.mark.parametrize("skew", [-60, 0, 60])
def test_a_silent_machine_is_outnumbered_whatever_the_clocks_say(machine, clock, project, skew):
    one, other, third = machine("one"), machine("other"), machine("third")
    held = one.take(SHOT)
    path = project.root / "leases" / f"{SHOT}.000001"
    stat = path.stat()
    os.utime(path, (stat.st_atime + skew, stat.st_mtime + skew))
    assert other.take(SHOT) is None
    clock.now += SILENT - 1
    assert other.take(SHOT) is None
    held.check()
    clock.now += SILENT - 1
    assert other.take(SHOT) is None, "it has changed since"
    clock.now += SILENT + 1
    taken = other.take(SHOT)
    assert taken is not None
    assert taken.number == 2
    with pytest.raises(LeaseLostError):
        held.check()
    held.release()
    taken.check()
    assert third.take(SHOT) is None
    taken.release()
    assert not os.listdir(project.root / "leases"), "the dead machine's goes too"


def test_two_that_find_it_dead_do_not_both_get_it(machine, clock, monkeypatch):
    one, other, third = machine("one"), machine("other"), machine("third")
    one.take(SHOT)
    for looker in (other, third):
        assert looker.take(SHOT) is None
    clock.now += SILENT + 1
    seen = third._highest()
    assert other.take(SHOT) is not None
    monkeypatch.setattr(third, "_highest", lambda: seen)  # it had looked before
    assert third.take(SHOT) is None


def test_a_made_lease_whose_answer_was_lost_is_ones_own(machine, monkeypatch):
    """A server that was asked twice says that the file is there already."""
    link = os.link

    def answers_late(source, place):
        link(source, place)
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(leases.os, "link", answers_late)
    one = machine("one").take(SHOT)
    assert one is not None
    one.check()
    assert machine("other").take(SHOT) is None


def test_a_disk_without_links_will_do(machine, monkeypatch):
    def refuses(source, place):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(leases.os, "link", refuses)
    assert machine("one").take(SHOT) is not None
    assert machine("other").take(SHOT) is None


def test_a_process_that_is_gone_from_this_system_is_dead_at_once(machine, project):
    line = [sys.executable, "-P", "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as child:
        theirs = replace(this_process({}, "here"), process=child.pid, started=leases._started(child.pid))
        with Leases(project, theirs) as gone, Leases(project, this_process({}, "here too")) as ours:
            held = gone.take(SHOT)
            assert ours.take(SHOT) is None
            child.kill()
            child.wait()
            taken = ours.take(SHOT)
            assert taken is not None
            assert taken.number == held.number + 1


def test_a_machine_that_gives_other_bytes_is_refused_by_name(machine, clock, monkeypatch, project):
    one = machine("amd", processor="AMD 25.17 (AVX2)")
    held = one.take(SHOT)
    sleep = leases.time.sleep
    monkeypatch.setattr(leases.time, "sleep", lambda seconds: (sleep(seconds), held.beat()))
    with pytest.raises(
        DeviceError, match=f"amd, process 1 renders shot {SHOT} here with processor AMD.*on intel it is"
    ):
        machine("intel", processor="Intel 6.143 (AVX2)")
    machine("amd too", processor="AMD 25.17 (AVX2)")
    monkeypatch.setattr(leases.time, "sleep", sleep)
    machine("intel", processor="Intel 6.143 (AVX2)")  # the other is silent


def test_of_two_unlike_machines_that_begin_at_once_one_goes_on(machine, clock):
    one, other = machine("amd", processor="AMD"), machine("intel", processor="Intel")
    first, second = sorted((one, other), key=lambda leases: leases.me.token)
    assert first.take(SHOT) is not None
    with pytest.raises(DeviceError, match="gives other bytes"):
        second.take("r1-000020")
    assert first.take("r1-000040") is not None


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"[]", b'{"needs": 3}', b"[" * 4000])
def test_a_damaged_lease_is_somebodys_until_it_is_silent(content, machine, clock, project):
    (project.root / "leases").mkdir()
    (project.root / "leases" / f"{SHOT}.000001").write_bytes(content)
    one = machine("one")
    assert one.take(SHOT) is None
    clock.now += SILENT + 1
    assert one.take(SHOT) is not None


def test_a_server_that_is_away_for_a_while_costs_nothing_and_for_long_the_shot(machine, clock, monkeypatch):
    held = machine("one").take(SHOT)

    def away(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Leases, "renewed", lambda self, lease: away(lease))
    clock.now += SILENT / 2
    held.check()
    clock.now += SILENT
    with pytest.raises(LeaseLostError):
        held.check()


def test_a_project_that_is_gone_is_told(machine, project):
    one = machine("one")
    for path in (project.root / "leases", project.root):
        for inner in path.iterdir():
            inner.unlink() if inner.is_file() else inner.rmdir()
        path.rmdir()
    with pytest.raises(ProjectError, match="the project is gone"):
        one.take(SHOT)
    assert not project.root.exists()


def test_beats_leave_room_for_two_that_fail():
    assert SILENT > 3 * BEAT
