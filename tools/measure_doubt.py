"""Whether doubt is listed where colours are wrong, and what the first suggested keyframe gains.

    python tools/measure_doubt.py CLIPS [CLIP ...] [--search N]

CLIPS holds folders of numbered colour frames; CLIP names some of them. Each clip is coloured from its first frame, as
the pipeline does, at chroma size. Told for each: frames whose mean CIEDE2000 is above 6 and how many of them are
listed, those below 3 likewise. With --search, what a second keyframe on every N-th frame would gain, in the clip's
mean CIEDE2000, and the share of the best one's gain that the first suggestion brings; it costs as many renders.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmark.clips import Clip, read
from numpy import ndarray as Array

from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.flow.estimate import build_flow
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.networks.shipped import THINGS
from vidcolor.propagate import propagate
from vidcolor.propagate.doubt import Doubt
from vidcolor.settings import ExportSettings, PropagateSettings
from vidcolor.state.doubt import area_beyond
from vidcolor.types import ColorFrame

WRONG, RIGHT = 6.0, 3.0
"""Mean CIEDE2000 of a frame above which it should be listed, and below which it should not."""


@dataclass(frozen=True)
class Doubted:
    """What a clip's doubt said, beside the truth; arrays of frames without the keyframe."""

    wrong: Array
    right: Array
    listed: Array
    suggested: int | None


def differences(clip: Clip, keys: Sequence[int], settings: PropagateSettings, network: Propagator | None) -> Array:
    """Mean CIEDE2000 of every frame, coloured from the truth's own colours on `keys`."""
    return _colored(clip, keys, settings, network, None)


def _colored(
    clip: Clip, keys: Sequence[int], settings: PropagateSettings, network: Propagator | None, doubt: Doubt | None
) -> Array:
    sure = np.ones(clip.labs[0].shape[1:], np.float32)
    given = {key: ColorFrame(key, clip.labs[key][1:], sure) for key in keys}
    flow = build_flow(settings.flow, settings)
    colors = propagate(clip.frames, given, flow, settings, network=network, doubt=doubt)
    return np.array([_apart(color.chroma, clip.labs[color.index]) for color in colors])


def _apart(chroma: Array, lab: Array) -> float:
    shown = lab_to_rgb(np.concatenate([lab[:1], chroma]).astype(np.float32))
    return float(delta_e(rgb_to_lab(shown), lab).mean())


def doubted(clip: Clip, settings: PropagateSettings, network: Propagator | None, asked: ExportSettings) -> Doubted:
    """The clip coloured from its first frame, and what its doubt lists and suggests."""
    count, size = len(clip.frames), clip.labs[0].shape[1:]
    doubt = Doubt((size[0], size[1]), count)
    off = _colored(clip, [0], settings, network, doubt)[1:]
    areas = np.array(area_beyond({"doubt": doubt.area()}, asked.doubtful))[1:]
    found = doubt.suggestions(0, count, (size[0], size[1]))
    return Doubted(off > WRONG, off < RIGHT, areas >= asked.doubtful_area, found[0].position if found else None)


def share_of_best(off: Callable[[Sequence[int]], float], suggested: int | None, tried: Sequence[int]) -> float:
    """What the suggested second keyframe gains, as a share of what the best of `tried` and itself gains.

    off  mean difference of the clip coloured from these keyframes
    """
    alone = off([0])
    gains = {key: alone - off([0, key]) for key in {*tried, *([suggested] if suggested else [])}}
    best = max(gains.values(), default=0.0)
    return gains[suggested] / best if suggested and best > 0 else 0.0


def share(part: Array, whole: Array) -> str:
    return f"{int((part & whole).sum())} of {int(whole.sum())}"


def measure(clips: Sequence[Path], search: int) -> None:
    """Prints a row for each clip as it is measured, then all together."""
    settings, asked = PropagateSettings(), ExportSettings()
    network = Propagator(NetworkFeatures(), things=THINGS if settings.things else None)
    rows, gained = [], []
    print("| clip | frames off by more than 6 | listed | off by less than 3 | listed | suggested | of the best |")
    print("|---|---|---|---|---|---|---|")
    for path in clips:
        clip = read(path, settings)
        found = doubted(clip, settings, network, asked)
        rows.append(found)
        part = ""
        if search:
            tried = range(search, len(clip.frames), search)
            gain = share_of_best(
                lambda keys, clip=clip: float(differences(clip, keys, settings, network).mean()), found.suggested, tried
            )
            gained.append(gain)
            part = f"{100 * gain:.0f} %"
        print(
            f"| {clip.name} | {found.wrong.sum()} | {(found.listed & found.wrong).sum()} | {found.right.sum()} | "
            f"{(found.listed & found.right).sum()} | {found.suggested} | {part} |",
            flush=True,
        )
    wrong, right, listed = (
        np.concatenate([getattr(row, name) for row in rows]) for name in ("wrong", "right", "listed")
    )
    print(f"Off by more than 6: listed {share(listed, wrong)}; by less than 3: {share(listed, right)}")
    if gained:
        print(f"The first suggestion gains {100 * np.mean(gained):.0f} % of the best, mean over clips")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("names", nargs="*", metavar="CLIP")
    parser.add_argument("--search", type=int, default=0, metavar="N", help="try second keyframes on every N-th frame")
    asked = parser.parse_args()
    chosen = asked.names or sorted(p.name for p in asked.clips.iterdir() if p.is_dir())
    measure([asked.clips / name for name in chosen], asked.search)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
