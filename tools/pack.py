"""Packs what a training needs into one file for a machine with CUDA that has no more than PyTorch and a few others.

    python tools/pack.py DATA -o pack.zip --for features            at most 55 MiB (--mib)
    python -m zipfile -e pack.zip pack                              there: no program of ours is needed to unpack
    python pack/train.py pack/vidcolor/configs/train/20-features-cuda.toml --data pack/data --out run --device cuda

DATA holds stills/train, clips/train, clips/train2, stills/people-masks and teachers, as the recipes' heads say. In the
file are the program (vidcolor/, train.py, export_network.py), pictures made smaller, networks that the training
starts from or learns from, in half precision, and pack.json: what was kept and what left out. Sizes are chosen by
measuring: the first rung of a ladder (short side, WebP quality, every n-th frame) at which all fits. The same DATA and
options give the same bytes with the same OpenCV.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from vidcolor.errors import InputError, VidcolorError
from vidcolor.networks.shipped import FOLDER, NAMES
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.teachers import RESNET_FILE, VGG_FILE

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
MOST_MIB = 55.0
SETS = ("train", "train2")
"""Folders of clips."""
LADDER = tuple((side, quality) for side in (224, 192, 176, 160) for quality in (85, 75, 65))
"""Short side and WebP quality, best first; a picture that is smaller than the side stays as it is."""
THINNER = (1, 2, 3, 4, 6, 8, 12)
"""Then clips are thinned: every n-th of the frames that the training asks for."""
SAMPLE = 150
"""Pictures of a kind that sizes are reckoned from."""
PER_FILE = 2 * 60 + 76
"""Bytes that a zip file spends on a file: two names of some 60 letters, two heads."""
STAMP = (1980, 1, 1, 0, 0, 0)


SEEING = tuple(name for name in NAMES if name not in ("colorizer", "propagator", "proposer"))
"""Networks that what is trained looks through."""


@dataclass(frozen=True)
class Wanted:
    """What a training needs."""

    stills: int = 10**9
    """At most so many, the same for the same names."""
    every: int = 1
    """Every n-th frame of clips; 0: no clips."""
    people: bool = False
    teachers: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    """Of the networks that the program carries."""


KINDS = {
    "features": Wanted(every=2, teachers=(VGG_FILE, RESNET_FILE)),
    "propagator": Wanted(stills=1200, people=True, weights=SEEING),
    "colorizer": Wanted(every=4, people=True, weights=SEEING),
    "published": Wanted(every=0, people=True, teachers=(VGG_FILE,), weights=("features",)),
}
"""What follows motion needs neighbouring frames, before stills; features and colorizer look at frames far apart."""


@dataclass(frozen=True)
class Rung:
    """How pictures are made smaller."""

    side: int
    quality: int
    every: int
    """Of the frames that the training asks for, every n-th is kept."""


@dataclass(frozen=True)
class Parts:
    """Files by their names in the pack, as they are, and pictures that are made smaller."""

    plain: Mapping[str, Path]
    stills: Mapping[str, Path]
    clips: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Folder in the pack to its frames."""

    def frames(self, every: int) -> dict[str, Path]:
        """Every n-th frame of each clip, by the numbers they have; at least two of each."""
        kept = {}
        for folder, files in self.clips.items():
            step = min(every, max(1, len(files) - 1))
            kept |= {f"{folder}/{path.name}": path for path in files[::step]}
        return kept


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the pack, a .zip file")
    parser.add_argument("--for", dest="kind", choices=KINDS, required=True, help="what is to be trained")
    parser.add_argument("--mib", type=float, default=MOST_MIB, help=f"most MiB ({MOST_MIB:g})")
    parser.add_argument("--stills", type=int, help="at most so many stills")
    parser.add_argument("--every", type=int, help="every n-th frame of clips, before thinning (0: no clips)")
    parser.add_argument("--with", dest="more", type=Path, action="append", default=[], metavar="FILE",
                        help="a file more: .safetensors go to data/teachers, others beside train.py")  # fmt: skip
    args = parser.parse_args(words)
    wanted = KINDS[args.kind]
    told = {"stills": args.stills, "every": args.every}
    wanted = replace(wanted, **{name: value for name, value in told.items() if value is not None})
    try:
        print(pack(args.data, args.out, args.kind, wanted, int(args.mib * MIB), args.more))
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def pack(data: Path, out: Path, kind: str, wanted: Wanted, most: int, more: Sequence[Path] = ()) -> str:
    """Writes the pack, whole or not at all; answers what it holds, in lines. Refuses what cannot be made to fit."""
    parts = gathered(data, wanted, more)
    stills, frames = len(_stills(data)), sum(1 for name in SETS for _ in (data / "clips" / name).glob("*/*.webp"))
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_suffix(".part")
    for rung in rungs(parts, most):  # the first fits, but for rare bad luck in the reckoning
        kept = parts.frames(rung.every)
        told = {
            "kind": kind,
            **asdict(rung),
            "stills": len(parts.stills),
            "stills_left_out": stills - len(parts.stills),
            "clips": len(parts.clips),
            "frames": len(kept),
            "frames_left_out": frames - len(kept),
            "opencv": cv2.__version__,
        }
        _write(beside, sorted(_contents(parts, kept, rung, told)))
        if beside.stat().st_size <= most:
            beside.replace(out)
            size = f"{out}: {out.stat().st_size / MIB:.2f} MiB of {most / MIB:g}"
            return "\n".join([size, *(f"{name}: {value}" for name, value in told.items())])
        beside.unlink()
    fixed = _fixed(parts) / MIB
    raise InputError(
        f"{most / MIB:.1f} MiB are too few: {fixed:.1f} are networks and the program; give more --mib or fewer --stills"
    )


def _write(path: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, content in contents:
            entry = zipfile.ZipInfo(name, STAMP)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            file.writestr(entry, content)


def gathered(data: Path, wanted: Wanted, more: Sequence[Path] = ()) -> Parts:
    """What goes into the pack, by name. Refuses data that lacks what is wanted."""
    plain = {str(path.relative_to(ROOT)): path for path in sorted((ROOT / "vidcolor").rglob("*.py"))}
    for path in sorted((ROOT / "configs").rglob("*")):
        if path.suffix in (".toml", ".py"):
            plain[f"vidcolor/{path.relative_to(ROOT)}"] = path
    for name in ("train.py", "export_network.py", "prepare_dataset.py"):
        plain[name] = ROOT / "tools" / name
    for name in wanted.weights:
        for path in sorted(FOLDER.glob(f"{name}[.-]*")):  # with its licence, where it has one of its own
            plain[f"vidcolor/networks/weights/{path.name}"] = path
    plain |= {f"data/teachers/{name}": data / "teachers" / name for name in wanted.teachers}
    plain |= {(f"data/teachers/{p.name}" if p.suffix == ".safetensors" else p.name): p for p in more}
    stills = {f"data/stills/train/{p.parent.name}/{p.name}": p for p in _some(_stills(data), wanted.stills)}
    if wanted.people:
        masks = data / "stills/people-masks"
        plain |= {f"data/{p.relative_to(data)}": p for p in sorted(masks.rglob("*")) if p.is_file()}
    missing = sorted(str(path) for path in plain.values() if not path.is_file())
    if missing or not stills:
        raise InputError(f"{missing[0] if missing else data / 'stills/train'}: not there; give the folder of the data")
    clips = {}
    for name in SETS if wanted.every else ():
        for folder in sorted(p for p in (data / "clips" / name).glob("*") if p.is_dir()):
            clips[f"data/clips/{name}/{folder.name}"] = tuple(sorted(folder.glob("*.webp"))[:: wanted.every])
    return Parts(plain, stills, clips)


def rungs(parts: Parts, most: int) -> Iterator[Rung]:
    """The rungs at which all is reckoned to fit, best first."""
    for every in THINNER if parts.clips else (1,):
        frames = parts.frames(every)
        for side, quality in LADDER:
            pictures = (parts.stills, frames)
            size = sum(len(p) * (PER_FILE + _mean_size(tuple(p.values()), side, quality)) for p in pictures if p)
            if _fixed(parts) + size < most:
                yield Rung(side, quality, every)


def _fixed(parts: Parts) -> int:
    return sum(path.stat().st_size + PER_FILE for path in parts.plain.values())


@cache
def _mean_size(files: tuple[Path, ...], side: int, quality: int) -> float:
    """Bytes of a picture, two standard errors more than those looked at."""
    sizes = [len(smaller(path, side, quality)) for path in _some(files, SAMPLE)]
    return float(np.mean(sizes) + 2 * np.std(sizes) / len(sizes) ** 0.5)


def smaller(path: Path, side: int, quality: int) -> bytes:
    """A picture as WebP with this short side, or its own bytes where those are no more; a picture is not enlarged."""
    rgb, own = read_rgb(path), path.read_bytes()
    scale = side / min(rgb.shape[:2])
    if scale < 1:
        size = tuple(max(1, round(n * scale)) for n in rgb.shape[1::-1])
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    made = cv2.imencode(".webp", rgb[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
    return own if scale >= 1 and path.suffix == ".webp" and len(own) <= len(made) else made


def _contents(parts: Parts, frames: Mapping[str, Path], rung: Rung, told: dict) -> Iterator[tuple[str, bytes]]:
    for name, path in parts.plain.items():
        yield name, path.read_bytes()
    for name, path in {**parts.stills, **frames}.items():
        yield name, smaller(path, rung.side, rung.quality)
    yield "pack.json", (json.dumps(told, indent=1) + "\n").encode()


def _stills(data: Path) -> list[Path]:
    return sorted((data / "stills/train").glob("*/*.webp"))


def _some(files: Sequence[Path], count: int) -> list[Path]:
    """At most so many files, chosen by their names, in order."""
    kept = sorted(files, key=lambda path: (zlib.crc32(f"{path.parent.name}/{path.name}".encode()), path))[:count]
    return sorted(kept)


if __name__ == "__main__":
    sys.exit(main())
