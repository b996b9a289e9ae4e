"""Who renders a shot: a lease, a small file that a machine makes, changes while it lives, and takes away last.

- It is made by a hard link, which a file server grants to one alone; no lock of the system is asked for.
- A lease is dead when it has not changed for `SILENT` seconds of the looker's own clock (no two machines' clocks are
  compared), or when its process is gone from the looker's own system.
- A dead lease is not taken away but outnumbered: the next number is again granted to one alone, and the highest holds.
  Who is outnumbered learns it before it writes anything that counts, and gives the shot up.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from vidcolor.errors import DeviceError, ProjectError
from vidcolor.project.folder import Project

FOLDER = "leases"
SILENT = 60.0
"""Seconds without a change after which a lease is dead."""
BEAT = 5.0
"""Seconds between two changes of a lease."""
RECORD = 4096
"""Bytes of a lease, always: it is changed in place, at once."""
LONGEST = 150
"""Characters told of one thing that machines must have alike."""
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)
"""What disks without hard links answer."""
clock = time.monotonic


class LeaseLostError(Exception):
    """Another machine has taken the shot over, as this one was silent for too long."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that renders shots."""

    machine: str
    process: int
    system: str = ""
    """The running system in which the number of the process means something; empty where that is not known"""
    started: str = ""
    """When the process began, as the system counts; tells it from a later one of the same number"""
    needs: Mapping[str, str] = field(default_factory=dict)
    """What machines that render one film together must have alike, by its name"""
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __str__(self) -> str:
        return f"{self.machine}, process {self.process}"


def this_process(needs: Mapping[str, str], machine: str = "") -> Holder:
    """The holder that this process is; `machine`: its name, where it has another than its own."""
    process = os.getpid()
    short = {name: value[:LONGEST] for name, value in needs.items()}
    return Holder(machine or platform.node(), process, _system(), _started(process), short)


@cache
def _system() -> str:
    """Linux: the boot and the realm of process numbers (containers have their own); other POSIX: the machine."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return "" if sys.platform == "win32" else f"{platform.node()} {uuid.getnode()}"


def _started(process: int) -> str:
    try:
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        )
    except (OSError, IndexError):
        return ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as it was read."""

    shot_id: str
    number: int
    content: bytes
    holder: Holder


class Lease:
    """A shot that this process renders alone, until it is released or lost."""

    def __init__(self, leases: Leases, shot_id: str, number: int) -> None:
        self._leases, self.shot_id, self.number, self.machine = leases, shot_id, number, leases.me.machine
        self.beaten = clock()
        self.lost = False

    def check(self) -> None:
        """Refuses, as `LeaseLostError`, a shot that another machine has taken over."""
        self.beat()
        if self.lost:
            raise LeaseLostError(self.shot_id)

    def beat(self) -> None:
        """Shows that this process lives; notes it where the lease is lost."""
        try:
            self.lost = self.lost or not self._leases.renewed(self)
            self.beaten = clock()
        except FileNotFoundError:
            self.lost = True
        except OSError:  # the server is away for a while
            self.lost = self.lost or clock() - self.beaten > SILENT - 2 * BEAT

    def release(self) -> None:
        """Lets go of the shot: for others, or for good."""
        self._leases.released(self)


class Leases:
    """The leases on a project's shots, as one process makes and sees them. `with Leases(...) as leases:`"""

    def __init__(self, project: Project, me: Holder) -> None:
        self._root, self._folder, self.me = project.root, project.path(FOLDER), me
        self._held: dict[str, Lease] = {}
        self._looked: dict[str, tuple[bytes, float]] = {}
        """By the name of a lease: its content when it was last seen to change, and when that was"""
        self._alike: set[str] = {me.token, ""}
        """Holders that were found to have alike what they must; a lease under way says nothing of its holder"""
        self._beats = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.RLock()

    def __enter__(self) -> Leases:
        self._make_folder()
        self._refuse_unlike()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        for lease in list(self._held.values()):
            lease.release()

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            reason = "the project is gone" if isinstance(error, FileNotFoundError) else error.strerror
            raise ProjectError(f"{self._folder}: cannot be made: {reason}; mend that and run it again") from error

    def take(self, shot_id: str) -> Lease | None:
        """The shot, for this process alone; None while another holds it that is not known to be dead.

        Refuses, by name, to render beside a machine that would give other bytes.
        """
        seen = self._highest()
        self._give_way(seen.values())
        if (top := seen.get(shot_id)) is not None and not self._is_dead(top):
            return None
        number = top.number + 1 if top else 1
        with self._guard:
            if not self._make(self._path(shot_id, number)):
                return None
            lease = self._held[shot_id] = Lease(self, shot_id, number)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
                self._thread.start()
        return lease

    def _is_dead(self, seen: Seen) -> bool:
        holder, me = seen.holder, self.me
        if holder.system and holder.system == me.system and not _lives(holder):
            return True
        name = self._path(seen.shot_id, seen.number).name
        content, since = self._looked.setdefault(name, (seen.content, clock()))
        if content != seen.content:
            self._looked[name] = (seen.content, clock())
            return False
        return clock() - since > SILENT

    def _refuse_unlike(self) -> None:
        """Looks, before any work, whether a living machine renders here that would give other bytes."""
        found = self._highest().items()
        unlike = {name: seen for name, seen in found if seen.holder.token and self._unlike(seen)}
        until = clock() + 2.5 * BEAT
        while unlike and clock() < until:
            time.sleep(BEAT / 5)
            now = self._highest()
            for name, seen in unlike.items():
                if name in now and now[name].holder.token == seen.holder.token and now[name].content != seen.content:
                    raise DeviceError(self._unlike(seen))

    def _give_way(self, seen: Iterable[Seen]) -> None:
        """Two machines that began at once and are unlike: one of them stops, the same for both."""
        for other in seen:
            if other.holder.token in self._alike:
                continue
            if not self._unlike(other):
                self._alike.add(other.holder.token)
            elif other.holder.token < self.me.token and not self._is_dead(other):
                raise DeviceError(self._unlike(other))

    def _unlike(self, seen: Seen) -> str:
        """How a holder differs from this process, and what mends it; empty where it does not."""
        theirs, ours = seen.holder.needs, self.me.needs
        name = unlike(theirs, ours)
        return name and (
            f"{self._root}: {seen.holder} renders shot {seen.shot_id} here with {name} "
            f"{theirs.get(name, 'none')}; on {self.me.machine} it is {ours.get(name, 'none')}, which gives "
            "other bytes: render on machines that have it alike"
        )

    def _path(self, shot_id: str, number: int) -> Path:
        return self._folder / f"{shot_id}.{number:06d}"

    def _numbers(self) -> dict[str, list[int]]:
        """The numbers of all leases, by their shots."""
        found: dict[str, list[int]] = {}
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError as error:
            raise ProjectError(f"{self._root}: the project is gone; bring it back and run it again") from error
        for name in names:
            shot_id, dot, number = name.rpartition(".")
            if dot and number.isdecimal() and name[0] != ".":
                found.setdefault(shot_id, []).append(int(number))
        return found

    def _highest(self) -> dict[str, Seen]:
        found = {}
        for shot_id, numbers in self._numbers().items():
            number = max(numbers)
            with suppress(OSError):  # taken away since
                with self._path(shot_id, number).open("rb") as file:
                    found[shot_id] = _parsed(shot_id, number, file.read(RECORD))
        return found

    def _make(self, path: Path) -> bool:
        """Whether this process alone has made the file."""
        mine = path.with_name(f".{self.me.token}.{threading.get_ident()}")
        try:
            mine.write_bytes(self._record())
            try:
                os.link(mine, path)
            except FileExistsError:
                # an answer that was lost on its way is asked for again, and refused
                return os.stat(mine).st_nlink == 2
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                return self._make_without_links(path)
            return True
        except OSError as error:
            raise ProjectError(f"{path}: cannot be made: {error.strerror}; mend that and run it again") from error
        finally:
            with suppress(OSError):
                mine.unlink()

    def _make_without_links(self, path: Path) -> bool:
        try:
            with path.open("xb") as file:
                file.write(self._record())
        except FileExistsError:
            return False
        return True

    def _record(self) -> bytes:
        self._beats += 1
        return json.dumps({**asdict(self.me), "beat": self._beats}).encode()[:RECORD].ljust(RECORD)

    def renewed(self, lease: Lease) -> bool:
        """Whether a lease of this process still holds; if so, it has been changed. Raises OSError."""
        with self._guard:
            if self._held.get(lease.shot_id) is not lease:
                return True
            numbers = [int(name.rpartition(".")[2]) for name in self._names_of(lease.shot_id)]
            if max(numbers, default=0) != lease.number:
                return False
            with self._path(lease.shot_id, lease.number).open("r+b") as file:
                if self.me.token.encode() not in file.read(RECORD):
                    return False
                file.seek(0)
                file.write(self._record())
            return True

    def _names_of(self, shot_id: str) -> list[str]:
        start = f"{shot_id}."
        names = (name for name in os.listdir(self._folder) if name.startswith(start))
        return [name for name in names if name[len(start) :].isdecimal()]

    def released(self, lease: Lease) -> None:
        """Takes a lease away, and first the dead ones below it."""
        with self._guard:
            if self._held.get(lease.shot_id) is not lease:
                return
            del self._held[lease.shot_id]
        with suppress(OSError):
            for name in sorted(self._names_of(lease.shot_id)):
                number = int(name.rpartition(".")[2])
                if number < lease.number or (number == lease.number and not lease.lost):
                    (self._folder / name).unlink()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            for lease in list(self._held.values()):
                lease.beat()


def unlike(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """The first thing, by name, that two machines do not have alike; empty where there is none."""
    return next((name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)), "")


def _parsed(shot_id: str, number: int, content: bytes) -> Seen:
    """A lease as it says; of one that is damaged, or under way, only that it is there."""
    try:
        told = json.loads(content)
        needs = {str(name): str(value) for name, value in told["needs"].items()}
        system, started = str(told["system"]), str(told["started"])
        holder = Holder(str(told["machine"]), int(told["process"]), system, started, needs, str(told["token"]))
        return Seen(shot_id, number, content, holder)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Seen(shot_id, number, content, Holder("an unknown machine", 0, token=""))


def _lives(holder: Holder) -> bool:
    """Whether a process of this very system still runs."""
    if holder.started:
        return _started(holder.process) == holder.started
    try:
        os.kill(holder.process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
