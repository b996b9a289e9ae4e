"""How well pictures are coloured from references: the shipped network beside what needs no training.

    python tools/measure_stills.py STILLS [--clips DIR] [--people DIR [--known DIR]] [--limit 100] [--out FOLDER]

STILLS holds colour photographs; each is made gray and coloured from itself seen and toned otherwise, from that among
three others, from the one that looks most alike, and from none. CLIPS holds folders of numbered colour frames: frames
10 and 25 from frame 0. PEOPLE holds images/ and masks/ of people; those whose pictures lie in KNOWN (SOURCE/*.webp)
are left out. Figures are R'G'B' under the true L*: PSNR in dB, mean CIEDE2000, SSIM, dHIS (difference of histogram
similarity to the reference), and seconds of CPU. FOLDER gets figures.json, reliability.svg and samples.png.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.colorize.by_references import color_from_references
from vidcolor.colorize.by_super_attention import Colorizer
from vidcolor.colorize.by_transfer import transfer
from vidcolor.confidence import confidence_of, error_of
from vidcolor.features import PatchFeatures, gray_of
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.shipped import COLORIZER, FEATURES
from vidcolor.references.choose import choose_references, describe
from vidcolor.research.metrics.histograms import ab_histogram, his
from vidcolor.research.metrics.image import difference, psnr, ssim
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import TWIN, look_of, toned, viewed, viewed_mask
from vidcolor.research.training.views import Camera, draw_view
from vidcolor.settings import ColorizeSettings, ReferenceSettings
from vidcolor.types import ColorFrame, Frame, Guidance, Reference, Region

CAMERA = Camera(scales=(0.8, 1.1), turn=8.0, apart=30.0)
BEND = 5.0
SETTINGS = ColorizeSettings()
BINS = 10
APART = (10, 25)
Method = Callable[[Frame, list[Guidance]], ColorFrame]


@dataclass(frozen=True)
class Trial:
    """A gray picture, its truth, and what it is coloured from."""

    row: str
    truth: np.ndarray
    """(3, H, W) R'G'B'"""
    guidance: list[Guidance]
    mask: np.ndarray | None = None
    """(H, W) bool: where it is measured"""
    there: np.ndarray | None = None
    """(H, W) bool: the same thing in the reference"""


def floats(rgb: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255)


def picture(rgb: np.ndarray, name: str = "") -> Reference:
    lab = rgb_to_lab(rgb)
    return Reference(name, name, lab[0], lab[1:])


def in_color(rgb: np.ndarray) -> bool:
    """False for gray photographs, whose PSNR without colour is without end."""
    return bool(np.hypot(*rgb_to_lab(rgb)[1:]).mean() > 2)


def warped(rgb: np.ndarray, random: np.random.Generator, mask: np.ndarray | None = None):
    """The picture seen and toned otherwise, and the mask with it."""
    view = draw_view(rgb.shape[:2], min(rgb.shape[:2]), CAMERA, random, bend=BEND)
    return toned(viewed(rgb, view), random), None if mask is None else viewed_mask(mask, view)


def of_stills(files: Sequence[Path], features: NetworkFeatures) -> Iterator[Trial]:
    pictures = [read_rgb(f) for f in files]
    looks = np.stack([look_of(rgb, features) for rgb in pictures])
    alike = looks @ looks.T
    alike[alike > TWIN] = -1
    for n, rgb in enumerate(pictures):
        random = np.random.default_rng(n)
        same = Guidance(picture(warped(rgb, random)[0], "same"))
        others = [
            Guidance(picture(floats(pictures[k]), str(k)))
            for k in random.choice(len(files), 3, replace=False)
            if k != n
        ]
        truth = floats(rgb)
        if not in_color(truth):
            continue
        yield Trial("same picture, warped and toned", truth, [same])
        yield Trial("the same among others", truth, chosen(truth, [*others, same]))
        yield Trial("look-alike", truth, [Guidance(picture(floats(pictures[int(alike[n].argmax())])))])
        yield Trial("no reference", truth, [])


def chosen(truth: np.ndarray, guidance: list[Guidance]) -> list[Guidance]:
    """In order, with scores, as the pipeline has them."""
    features, references = PatchFeatures(), {str(n): g.reference for n, g in enumerate(guidance)}
    described = [(name, describe(gray_of(reference), features)) for name, reference in references.items()]
    settings = ReferenceSettings(least=0.0, most=len(guidance))
    found = choose_references(describe(gray_of(picture(truth)), features), described, settings)
    return [Guidance(references[name], score) for name, score in found]


def of_clips(folder: Path) -> Iterator[Trial]:
    for clip in sorted(p for p in folder.iterdir() if p.is_dir()):
        frames = sorted(clip.iterdir())
        for apart in APART:
            if apart < len(frames):
                first, later = (floats(read_rgb(frames[k])) for k in (0, apart))
                yield Trial(f"frame {apart} from frame 0", later, [Guidance(picture(first))])


def of_people(folder: Path, known: Path | None, limit: int, features: NetworkFeatures) -> Iterator[Trial]:
    """People from themselves seen otherwise, from that person in other colours, and from other people."""
    left_out = {p.stem.split("__")[-1] for p in known.glob("*.webp")} if known else set()
    files = [p for p in sorted((folder / "images").iterdir()) if p.stem not in left_out][:limit]
    files = [p for p in files if in_color(floats(read_rgb(p)))]
    pictures = [read_rgb(p) for p in files]
    masks = [read_rgb(folder / "masks" / f"{p.stem}.png")[..., 0] > 127 for p in files]
    looks = np.stack([look_of(rgb, features) for rgb in pictures])
    alike = looks @ looks.T
    alike[alike > TWIN] = -1
    for n, (rgb, mask) in enumerate(zip(pictures, masks, strict=True)):
        other = int(alike[n].argmax())
        near, inside = warped(rgb, np.random.default_rng(n), mask)
        for name, seen, there in (("the same", near, inside), ("another", floats(pictures[other]), masks[other])):
            truth = floats(rgb)
            if there is None or not there.any() or not mask.any():
                continue
            regions = (Region(mask, there), Region(~mask, ~there)) if not there.all() and not mask.all() else ()
            yield Trial(f"people from {name}, whole", truth, [Guidance(picture(seen), 1.0, ())], mask, there)
            yield Trial(f"people from {name}, masked", truth, [Guidance(picture(seen), 1.0, regions)], mask, there)


def statistics(target: Frame, guidance: list[Guidance]) -> ColorFrame:
    """Global statistics (Reinhard 2001, on a*b*): what a*b* are on the mean at this L* once L* statistics agree."""
    size = target.lightness.shape
    chroma = np.zeros((2, *size), np.float32)
    if guidance:
        reference = guidance[0].reference
        own = gray_of(reference)
        known = (own - own.mean()) / max(float(own.std()), 1.0)
        place = (target.lightness - target.lightness.mean()) / max(float(target.lightness.std()), 1.0)
        for k, plane in enumerate(reference.chroma):
            chroma[k] = plane.mean() + (known * plane).mean() * place
    return ColorFrame(0, chroma, np.ones(size, np.float32))


def no_color(target: Frame, guidance: list[Guidance]) -> ColorFrame:
    return ColorFrame(
        0, np.zeros((2, *target.lightness.shape), np.float32), np.zeros(target.lightness.shape, np.float32)
    )


def methods_of(colorizer: Colorizer) -> dict[str, Method]:
    patches = PatchFeatures()
    return {
        "gray": no_color,
        "statistics": statistics,
        "transfer": lambda t, g: transfer(t, [(x.reference, x.score) for x in g], patches, SETTINGS),
        "before": lambda t, g: color_from_references(t, [(x.reference, x.score) for x in g], patches, SETTINGS),
        "network": lambda t, g: colorizer(t, g, SETTINGS),
    }


def figures_of(trial: Trial, color: ColorFrame, truth: np.ndarray) -> dict[str, float]:
    """Under the true L*; of the mask's pixels where there is one."""
    lab = np.concatenate([truth[:1], color.chroma]).astype(np.float32)
    made = np.clip(lab_to_rgb(lab), 0, 1)
    mean, errors = difference(lab, truth)
    out = {"ssim": ssim(made, trial.truth)}
    if trial.mask is None:
        out |= {"psnr": psnr(made, trial.truth), "de": mean}
    else:
        square = np.square(made - trial.truth)[:, trial.mask].mean()
        out = {"psnr": float(-10 * np.log10(square)), "de": float(errors[trial.mask].mean())}
    if trial.guidance:
        parts = [trial.guidance[0].reference.chroma, lab[1:], truth[1:]]
        if trial.mask is not None:
            masks = (trial.there, trial.mask, trial.mask)
            parts = [p[:, mask][:, None] for p, mask in zip(parts, masks, strict=True)]
        theirs, mine, true = (ab_histogram(np.ascontiguousarray(p)) for p in parts)
        out |= {"his": his(mine, theirs), "dhis": abs(his(true, theirs) - his(mine, theirs))}
    return out


class Reliability:
    """Expected error against measured, over pixels."""

    def __init__(self) -> None:
        self.expected: list[np.ndarray] = []
        self.measured: list[np.ndarray] = []

    def add(self, color: ColorFrame, truth: np.ndarray) -> None:
        self.expected.append(error_of(color.confidence[::5, ::5]).ravel())
        self.measured.append(np.hypot(*(color.chroma - truth[1:]))[::5, ::5].ravel())

    def table(self) -> list[dict[str, float]]:
        """Ten bins of equally many pixels, by expected error."""
        expected, measured = np.concatenate(self.expected), np.concatenate(self.measured)
        order = np.argsort(expected, kind="stable")
        return [
            {
                "confidence": round(float(confidence_of(expected[part]).mean()), 3),
                "expected": round(float(expected[part].mean()), 2),
                "measured": round(float(measured[part].mean()), 2),
            }
            for part in np.array_split(order, BINS)
        ]


def drawing(table: list[dict[str, float]]) -> str:
    """The reliability curve as SVG; the dashed line is what it should be."""
    most = 1.1 * max(max(row["expected"], row["measured"]) for row in table)
    at = [(40 + 340 * row["expected"] / most, 360 - 340 * row["measured"] / most) for row in table]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#06c"/>' for x, y in at)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400" font-family="sans-serif" font-size="12">'
        '<rect width="400" height="400" fill="#fff"/>'
        '<path d="M40 360 L380 360 M40 360 L40 20" stroke="#000" fill="none"/>'
        '<path d="M40 360 L380 20" stroke="#999" stroke-dasharray="4"/>'
        f'<polyline points="{line}" fill="none" stroke="#06c"/>{dots}'
        '<text x="120" y="390">expected error, a*b*</text>'
        '<text x="14" y="260" transform="rotate(-90 14 260)">measured error, a*b*</text>'
        f'<text x="360" y="376">{most:.0f}</text><text x="14" y="24">{most:.0f}</text></svg>\n'
    )


def shown(lightness: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    rgb = np.clip(lab_to_rgb(np.concatenate([lightness[None], chroma]).astype(np.float32)), 0, 1)
    bytes_ = np.rint(rgb.transpose(1, 2, 0)[..., ::-1] * 255).astype(np.uint8)
    return cv2.resize(bytes_, (240, 160), interpolation=cv2.INTER_AREA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stills", type=Path)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--people", type=Path)
    parser.add_argument("--known", type=Path, help="folder of pictures that were trained on, by name")
    parser.add_argument("--limit", type=int, default=100, help="stills, and people")
    parser.add_argument("--only", default="", help="methods, with commas")
    parser.add_argument("--rows", default="", help="only rows whose name holds this")
    parser.add_argument("--weights", type=Path, default=COLORIZER)
    parser.add_argument("--features", type=Path, default=FEATURES)
    parser.add_argument("--out", type=Path, default=Path("stills"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    features = NetworkFeatures(args.features)
    methods = methods_of(Colorizer(features, args.weights))
    if args.only:
        methods = {name: methods[name] for name in args.only.split(",")}
    trials = [of_stills(sorted(args.stills.iterdir())[: args.limit], features)]
    trials += [of_clips(args.clips)] if args.clips else []
    trials += [of_people(args.people, args.known, args.limit, features)] if args.people else []
    sums: dict[str, dict[str, list[dict[str, float]]]] = {}
    reliability, rows = Reliability(), []
    for trial in (t for source in trials for t in source if args.rows in t.row):
        truth, row = rgb_to_lab(trial.truth), []
        gray = Frame(0, gray_of(Reference("", "", truth[0], truth[1:])))
        for name, method in methods.items():
            began = time.process_time()
            color = method(gray, trial.guidance)
            seconds = time.process_time() - began
            found = figures_of(trial, color, truth) | {"seconds": seconds}
            sums.setdefault(trial.row, {}).setdefault(name, []).append(found)
            row.append(shown(truth[0], color.chroma))
            if name == "network" and trial.guidance and not trial.guidance[0].regions:
                reliability.add(color, truth)
        count = len(sums[trial.row][next(iter(methods))])
        if count <= 3:
            last = trial.guidance[0].reference if trial.guidance else None
            row += [shown(truth[0], truth[1:]), shown(last.lightness, last.chroma) if last else 0 * row[0]]
            rows.append(np.concatenate(row, 1))
    args.out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(args.out / "samples.png"), np.concatenate(rows))
    table = {
        row: {m: {k: float(np.mean([f[k] for f in found])) for k in found[0]} for m, found in of.items()}
        for row, of in sums.items()
    }
    report = {"rows": table, "count": {row: len(next(iter(of.values()))) for row, of in sums.items()}}
    if reliability.expected:
        report["reliability"] = reliability.table()
        (args.out / "reliability.svg").write_text(drawing(report["reliability"]))
    (args.out / "figures.json").write_text(json.dumps(report, indent=1) + "\n")
    for row, of in table.items():
        print(f"{row} ({report['count'][row]})")
        for name, found in of.items():
            print(f"  {name:<12}" + "  ".join(f"{k} {v:.3f}" for k, v in found.items()))
    for line in report.get("reliability", []):
        print(line)


if __name__ == "__main__":
    main()
