"""Feeds spoilt scans, pictures and lists to their readers, and tells what is neither read nor refused in one line.

    python tools/fuzz.py --minutes 20 --kinds dpx exr edl xml otio psd csv ale index otioz aaf heic mkv mov

- A spoilt file is named by its kind and a number, and made again from them: nothing else is drawn.
- Every batch runs in a process of its own, with bounded memory and time: a crash or a hang there is a finding.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import OpenImageIO

from vidcolor.errors import VidcolorError
from vidcolor.media.images import read_picture, read_rgba
from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.media.samples import sampled_light
from vidcolor.media.scan import read_header
from vidcolor.media.sequence import read_picture_frame
from vidcolor.settings import ReelSettings
from vidcolor.shots.bars import DARK
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
LOOKS = 3
MEMORY, PATIENCE, BATCH = 6 << 30, 60, 100
"""Bytes of a process; seconds of a batch's last file; files of a batch."""
SLOW = 10
"""Times as long for a file that is read by a program of its own"""


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


ALE = """Heading
FIELD_DELIM\tTABS
VIDEO_FORMAT\t1080
FPS\t24

Column
Name\tTracks\tStart\tEnd\tTape

Data
one\tV\t01:00:00:00\t01:00:04:00\tREEL07
two\tVA1\t01:00:04:00\t01:00:10:00\tREEL07
"""
INDEX = """#,Reel,V,C,Source In,Source Out,Record In,Record Out,Name
1,REEL07,V1,C,01:00:00:00,01:00:04:00,01:00:00:00,01:00:04:00,one
2,REEL07,V1,C,01:00:04:00,01:00:10:00,01:00:04:00,01:00:10:00,two
"""
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
FILMS = {"mkv": ("ffv1", "yuv420p", Fraction(30000, 1001)), "mov": ("prores_ks", "yuv422p10le", Fraction(24))}
SUFFIXES = {"index": "csv", "heic": "png"}
"""Of kinds that are called otherwise than their files"""


def _bundle() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("content.otio", otio_text(SHOTS, REEL))
    return out.getvalue()


def _avid() -> bytes:
    """Four clips of a tape as AAF, as OpenTimelineIO's adapter writes it."""
    import opentimelineio as otio

    line = otio.adapters.read_from_string(otio_text(SHOTS, REEL), "otio_json")
    for track in line.video_tracks():
        for number, clip in enumerate(track.find_clips()):
            clip.media_reference = otio.schema.ExternalReference(f"file:///{number}.mov", clip.source_range)
            umid = f"urn:smpte:umid:060a2b34.01010105.01010f20.13000000.{number:08x}{'.00000000' * 3}"
            clip.metadata["AAF"] = {"SourceID": umid}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seed.aaf")
        otio.adapters.write_to_file(line, str(path))
        return path.read_bytes()


def _film(kind: str) -> bytes:
    """A gray film: with timecode and black bars (mov), or by 3:2 pulldown of twelve frames (mkv)."""
    codec, form, rate = FILMS[kind]
    draw = np.random.default_rng(1)
    ground = draw.integers(40, 200, (96, 160)).astype(np.uint8)
    frames = [np.roll(ground, 9 * k, 1) for k in range(12)]
    if kind == "mkv":
        fields = [k for k in range(12) for _ in range(2 + k % 2)]
        frames = [
            np.where(np.arange(96)[:, None] % 2 == 0, frames[a], frames[b])
            for a, b in zip(fields[::2], fields[1::2], strict=True)
        ]
    else:
        for frame in frames:
            frame[:16] = frame[-16:] = 16
    out = io.BytesIO()
    with av.open(out, "w", format={"mkv": "matroska"}.get(kind, kind)) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = 96, 160, form
        stream.metadata["timecode"] = "01:00:00:00"
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="gray").reformat(format=form)
            picture.pts = number
            file.mux(stream.encode(picture))
        file.mux(stream.encode())
    return out.getvalue()


@cache
def seeds(kind: str) -> list[bytes]:
    """Whole files of a kind, made here."""
    if kind == "dpx":
        return [_picture("dpx", lambda spec, n=n: spec.attribute("oiio:BitsPerSample", n)) for n in (10, 12, 16)]
    if kind == "exr":
        names = ("none", "zip", "piz", "b44", "dwaa")
        return [_picture("exr", lambda spec, n=n: spec.attribute("compression", n)) for n in names]
    if kind in FILMS:
        return [_film(kind)]
    texts = {
        "edl": edl_text(SHOTS, REEL),
        "otio": otio_text(SHOTS, REEL),
        "csv": csv_text(SHOTS, REEL),
        "xml": XML,
        "ale": ALE,
        "index": INDEX,
    }
    made = {"psd": _photoshop, "otioz": _bundle, "aaf": _avid, "heic": lambda: HEIC}
    return [made[kind]()] if kind in made else [texts[kind].encode()]


def spoilt(kind: str, number: int, whole: list[bytes]) -> bytes:
    """The file of a kind that a number stands for."""
    draw = np.random.default_rng([number, sum(kind.encode())])
    data = bytearray(whole[int(draw.integers(len(whole)))])
    for _ in range(int(draw.integers(1, 5))):
        place = int(draw.integers(len(data))) if data else 0
        if kind == "aaf":  # nine tenths of it are empty
            place = next((at for at in range(place, len(data)) if data[at]), place)
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
    if kind in FILMS:
        for settings in (ReelSettings(pulldown="reverse"), ReelSettings(pulldown="carry", damaged="repeat")):
            with suppress(VidcolorError):
                _decode(path, settings)
        _decode(path, ReelSettings())
    elif kind in ("dpx", "exr", "psd", "heic"):
        read_picture(path)
        read_rgba(path)
    else:
        read_list(path, REEL)


def _decode(path: Path, settings: ReelSettings) -> None:
    reel = open_reel(path, settings)
    for _ in SourceClip(reel):
        pass
    list(sampled_light(reel, LOOKS, DARK))  # what bars are looked for by


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
        path = folder / f"spoilt.{SUFFIXES.get(kind, kind)}"
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
        told, errors = made.communicate(timeout=(PATIENCE + BATCH) * (SLOW if kind == "aaf" else 1))
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
