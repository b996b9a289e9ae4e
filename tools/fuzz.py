"""Feeds spoilt scans, pictures and lists to their readers, and tells what is neither read nor refused in one line.

    python tools/fuzz.py --minutes 20 --kinds dpx exr edl xml otio psd csv --keep DIR

- A spoilt file is named by its kind and a number, and made again from them: nothing else is drawn.
- Every batch runs in a process of its own, with bounded memory and time: a crash or a hang there is a finding.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import OpenImageIO

from vidcolor.errors import VidcolorError
from vidcolor.media.images import read_picture, read_rgba
from vidcolor.media.scan import read_header
from vidcolor.media.sequence import read_picture_frame
from vidcolor.shots.edl import edl_text
from vidcolor.shots.lists import csv_text, read_list
from vidcolor.shots.otio import otio_text
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot

REEL = Reel("r1", Path("film.mov"), 240, Rate.of(Fraction(24)), (48, 64), start=86_400, timecoded=True, tape="REEL07")
SHOTS = [Shot("r1", FrameRange(start, start + 60)) for start in range(0, 240, 60)]
SIZE = (6, 9)
NUMBERS = (b"0", b"-1", b"99999999999", b"1e400", b"NaN", b"24000/1001", b"1/0", b"\xff\xfe", b"", b"00:00:00:99")
"""What is put in the place of a number of a text."""
WORDS = (b"<", b">", b"&x;", b"{", b"}", b"[", b'"', b"\0", b"\r", b"\xf0", b"  ", b"null", b"A" * 4096)
MEMORY, PATIENCE, BATCH = 6 << 30, 60, 100
"""Bytes of a process; seconds of a batch's last file; files of a batch."""


def _picture(kind: str, setup: Callable[[OpenImageIO.ImageSpec], None] = lambda spec: None) -> bytes:
    spec = OpenImageIO.ImageSpec(SIZE[1], SIZE[0], 3, "half" if kind == "exr" else "uint16")
    setup(spec)
    values = np.linspace(0, 1, SIZE[0] * SIZE[1] * 3, dtype=np.float32).reshape(*SIZE, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"seed.{kind}")
        out = OpenImageIO.ImageOutput.create(str(path))
        out.open(str(path), spec)
        out.write_image(values)
        out.close()
        return path.read_bytes()


def _photoshop() -> bytes:
    height, width = SIZE
    head = b"8BPS" + (1).to_bytes(2, "big") + bytes(6) + (3).to_bytes(2, "big")
    head += height.to_bytes(4, "big") + width.to_bytes(4, "big") + (8).to_bytes(2, "big") + (3).to_bytes(2, "big")
    return head + bytes(12) + bytes(2) + bytes(range(height * width * 3))


XML = """<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="5"><sequence><name>cut</name><duration>240</duration>
<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><timecode><frame>86400</frame><displayformat>NDF</displayformat>
<rate><timebase>24</timebase></rate></timecode><media><video><track>
<clipitem id="a"><name>film.mov</name><start>0</start><end>100</end><in>0</in><out>100</out>
<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><file id="f"><name>film.mov</name>
<pathurl>file://localhost/film.mov</pathurl></file></clipitem>
<transitionitem><start>95</start><end>105</end><alignment>center</alignment></transitionitem>
<clipitem id="b"><name>film.mov</name>
<start>100</start><end>240</end><in>100</in><out>240</out><file id="f"/></clipitem>
</track></video></media></sequence></xmeml>"""


def seeds(kind: str) -> list[bytes]:
    """Whole files of a kind, made here."""
    if kind == "dpx":
        return [_picture("dpx", lambda spec, n=n: spec.attribute("oiio:BitsPerSample", n)) for n in (10, 12, 16)]
    if kind == "exr":
        names = ("none", "zip", "piz", "b44", "dwaa")
        return [_picture("exr", lambda spec, n=n: spec.attribute("compression", n)) for n in names]
    texts = {
        "edl": edl_text(SHOTS, REEL),
        "otio": otio_text(SHOTS, REEL),
        "csv": csv_text(SHOTS, REEL),
        "xml": XML,
    }
    return [_photoshop()] if kind == "psd" else [texts[kind].encode()]


def spoilt(kind: str, number: int, whole: list[bytes]) -> bytes:
    """The file of a kind that a number stands for."""
    draw = np.random.default_rng([number, sum(kind.encode())])
    data = bytearray(whole[int(draw.integers(len(whole)))])
    for _ in range(int(draw.integers(1, 5))):
        place = int(draw.integers(len(data))) if data else 0
        way = int(draw.integers(7))
        if way == 0:
            data = data[:place]
        elif way == 1:
            data[place : place + int(draw.integers(1, 9))] = draw.bytes(int(draw.integers(0, 9)))
        elif way == 2 and data:
            data[place] ^= 1 << int(draw.integers(8))
        elif way == 3:
            data[place : place + 4] = int(draw.choice([0, 1, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])).to_bytes(
                4, "big"
            )
        elif way == 4:
            stop = place + int(draw.integers(1, 200))
            data[place:place] = data[place:stop] * int(draw.integers(1, 4))
        elif way == 5:
            digits = [k for k, value in enumerate(data) if 48 <= value <= 57] or [place]
            at = digits[int(draw.integers(len(digits)))]
            end = at
            while end < len(data) and 48 <= data[end] <= 57:
                end += 1
            data[at:end] = NUMBERS[int(draw.integers(len(NUMBERS)))]
        else:
            data[place:place] = WORDS[int(draw.integers(len(WORDS)))]
    return bytes(data)


def read(kind: str, path: Path) -> None:
    """All that reads a file of the kind."""
    if kind in ("dpx", "exr"):
        read_header(path)
        for transfer in ("auto", "log"):
            read_picture_frame(path, transfer)  # type: ignore[arg-type]
    if kind in ("dpx", "exr", "psd"):
        read_picture(path)
        read_rgba(path)
    else:
        read_list(path, REEL)


def outcome(kind: str, path: Path) -> str:
    """`read`, `refused`, or what went wrong."""
    try:
        read(kind, path)
    except VidcolorError as error:
        words = str(error)
        return "refused" if path.name in words and "\n" not in words else f"unclear: {words}"
    except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
        return f"{type(error).__name__}: {error}"
    return "read"


def batch(kind: str, first: int, count: int, folder: Path) -> None:
    """Reads the files of `count` numbers; prints each number before, and what is wrong after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    whole = seeds(kind)
    for number in range(first, first + count):
        print(number, flush=True)
        path = folder / f"spoilt.{kind}"
        path.write_bytes(spoilt(kind, number, whole))
        if (found := outcome(kind, path)) not in ("read", "refused"):
            print(f"! {found}".replace("\n", " "), flush=True)


def main() -> None:
    """Batches of each kind in turn until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="how long")
    parser.add_argument(
        "--kinds", nargs="+", default=["dpx", "exr", "edl", "xml", "otio", "psd", "csv"], help="of what"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--batch", nargs=2, metavar=("KIND", "FIRST"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if args.batch:
            batch(args.batch[0], int(args.batch[1]), BATCH, Path(name))
            return
        end, first, count = time.monotonic() + 60 * args.minutes, args.first, 0
        while time.monotonic() < end:
            for kind in args.kinds:
                _watch(kind, first)
                count += BATCH
            first += BATCH
    print(f"{count} files read, numbers {args.first} to {first - 1}")


def _watch(kind: str, first: int) -> None:
    line = [sys.executable, __file__, "--batch", kind, str(first)]
    made = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        told, errors = made.communicate(timeout=PATIENCE + BATCH)
        ended = made.returncode
    except subprocess.TimeoutExpired:
        made.kill()
        told, errors = made.communicate()
        ended = "hangs"
    lines = told.splitlines()
    for before, after in pairwise(lines):
        if after.startswith("!"):
            print(f"{kind} {before} {after}", flush=True)
    if ended:
        print(f"{kind} {lines[-1] if lines else first} ! ended {ended} {errors[-300:]}", flush=True)


if __name__ == "__main__":
    main()
