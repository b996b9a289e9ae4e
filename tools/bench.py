"""Speed of each stage and quality of the carried colours.

python tools/bench.py speed FILM --keyframes DIR        CPU and wall seconds a frame by stage, peak memory, beside a
                                                        plain decode and ProRes encode of the same film in this run
python tools/bench.py quality CLIPS --keys first        PSNR of gray, static copy, plain flow warping and ours, for
                                                        folders of numbered colour pictures; --keys first|both|every:N
python tools/bench.py superpixels                       milliseconds of SLIC at 854x480 and 1920x1080
python tools/bench.py memory                            peak memory of a one-minute and a ten-minute film
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np

from vidcolor import __version__
from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.flow.estimate import build_flow
from vidcolor.media.codecs import CODECS
from vidcolor.media.encoder import plane_view
from vidcolor.media.read import Clip, SourceClip
from vidcolor.pipeline.deliver import deliver
from vidcolor.pipeline.plan import make_plan
from vidcolor.pipeline.planned import load_plan
from vidcolor.pipeline.render import load_models, render
from vidcolor.project import Project, ProjectConfig
from vidcolor.propagate.shot import propagate
from vidcolor.settings import Settings, load_settings, parse_assignment, preset_tables
from vidcolor.superpixels.segment import segment
from vidcolor.types import ColorFrame, Frame, working_size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    speed = verbs.add_parser("speed")
    speed.add_argument("film", type=Path)
    speed.add_argument("--keyframes", type=Path, required=True)
    speed.set_defaults(run=run_speed)
    quality = verbs.add_parser("quality")
    quality.add_argument("clips", type=Path)
    quality.add_argument("--keys", default="first")
    quality.add_argument("--only", default="", help="names of clips, with commas between")
    quality.set_defaults(run=run_quality)
    verbs.add_parser("superpixels").set_defaults(run=run_superpixels)
    verbs.add_parser("memory").set_defaults(run=run_memory)
    for sub in (speed, quality):
        sub.add_argument("--preset", default="standard")
        sub.add_argument("--set", dest="assignments", action="append", default=[])
        sub.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(f"vidcolor {__version__}, Python {platform.python_version()}, PyAV {av.__version__}, {platform.machine()}")
    args.run(args)
    return 0


def settings_of(args: argparse.Namespace) -> Settings:
    return load_settings(
        [("preset", preset_tables(args.preset)), *(("--set", parse_assignment(t)) for t in args.assignments)]
    )


# Speed.


def run_speed(args: argparse.Namespace) -> None:
    settings = settings_of(args)
    with tempfile.TemporaryDirectory() as folder:
        warm_up(Path(folder), args, settings)
        rows, frames = stages(Path(folder), args, settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'stage':34}{'CPU ms/frame':>14}{'wall ms/frame':>15}")
    for name, (cpu, wall) in rows.items():
        print(f"{name:34}{1000 * cpu / frames:14.1f}{1000 * wall / frames:15.1f}")
    total, plain = rows["end to end"], rows["plain decode + ProRes encode"]
    print(f"CPU of end to end over plain: {total[0] / plain[0]:.2f}; {frames / total[1]:.2f} frames a second; "
          f"peak memory {peak:.2f} GiB")  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps({"frames": frames, "peak_gib": peak, "stages": rows}, indent=1))


def warm_up(folder: Path, args: argparse.Namespace, settings: Settings) -> None:
    """Compiles the kernels outside the figures: a user pays that once, not a film."""
    from vidcolor.example import make_example

    make_example(folder / "warm")
    config = ProjectConfig(reel=str(folder / "warm/film.mov"), keyframes=str(folder / "warm/refs"))
    whole(Project.create(folder / "warm.vidcolor", config), settings, folder / "warm.mov")


def whole(project: Project, settings: Settings, out: Path) -> dict[str, tuple[float, float]]:
    rows: dict[str, tuple[float, float]] = {}
    models = load_models(settings, "auto")
    quiet: Callable[..., None] = lambda *_: None  # noqa: E731
    plan = timed(rows, "plan (shots, keyframes, matches)", lambda: make_plan(project, settings, quiet))
    timed(rows, "render (colorize, propagate, store)", lambda: render(project, plan, settings, models, quiet))
    timed(
        rows, "export (join, luma lock, encode)", lambda: deliver(project, plan, settings, out, "prores-422hq", quiet)
    )
    return rows


def stages(folder: Path, args: argparse.Namespace, settings: Settings) -> tuple[dict[str, tuple[float, float]], int]:
    config = ProjectConfig(reel=str(args.film.resolve()), keyframes=str(args.keyframes.resolve()))
    project = Project.create(folder / "film.vidcolor", config)
    rows = whole(project, settings, folder / "out.mov")
    rows["end to end"] = tuple(sum(r[i] for r in rows.values()) for i in (0, 1))  # type: ignore[assignment]
    reel = load_plan(project, settings).reel
    size = working_size(reel.size, settings.propagate.chroma_side)
    timed(rows, "  of which: decode to working size", lambda: exhaust(Clip(reel, size=size)))
    timed(rows, "  of which: decode to luma codes", lambda: exhaust(SourceClip(reel)))
    timed(rows, "plain decode + ProRes encode", lambda: transcode(args.film, folder / "plain.mov"))
    return rows, reel.frame_count


def timed(rows: dict[str, tuple[float, float]], name: str, work: Callable):
    cpu, wall = time.process_time(), time.monotonic()
    result = work()
    rows[name] = (time.process_time() - cpu, time.monotonic() - wall)
    return result


def exhaust(frames: Iterator) -> None:
    for _ in frames:
        pass


def transcode(film: Path, out: Path) -> None:
    """What any tool must at least do: decode the film and encode it as ProRes 422 HQ with neutral chroma."""
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        made = target.add_stream("prores_ks", rate=stream.average_rate, options={"profile": "hq"})
        context = made.codec_context
        context.width, context.height, context.pix_fmt = stream.width, stream.height, "yuv422p10le"
        context.thread_type, context.qscale, context.global_quality = "AUTO", True, CODECS["prores-422hq"].quantiser
        for number, frame in enumerate(source.decode(stream)):
            given = av.VideoFrame(stream.width, stream.height, "yuv422p10le")
            luma = plane_view(frame, 0)
            plane_view(given, 0)[:] = luma.astype(np.uint16) << (2 if luma.dtype == np.uint8 else 0)
            plane_view(given, 1)[:] = 512
            plane_view(given, 2)[:] = 512
            given.pts, given.time_base = number, 1 / stream.average_rate
            target.mux(made.encode(given))
        target.mux(made.encode())


# Quality.


def run_quality(args: argparse.Namespace) -> None:
    settings = settings_of(args)
    names = args.only.split(",") if args.only else sorted(p.name for p in args.clips.iterdir() if p.is_dir())
    rows: dict[str, dict[str, float]] = {}
    heads = ("gray", "copy", "plain", "ours")
    print(f"{'clip':24}" + "".join(f"{h:>8}" for h in heads) + f"{'CPU s/f':>9}")
    for name in names:
        rows[name] = score(args.clips / name, args.keys, settings)
        print(
            f"{name:24}" + "".join(f"{rows[name][h]:8.2f}" for h in heads) + f"{rows[name]['seconds']:9.3f}", flush=True
        )
    mean = {h: float(np.mean([r[h] for r in rows.values()])) for h in (*heads, "seconds")}
    print(f"{'mean':24}" + "".join(f"{mean[h]:8.2f}" for h in heads) + f"{mean['seconds']:9.3f}")
    if args.json:
        args.json.write_text(json.dumps({"clips": rows, "mean": mean}, indent=1))


def keys_of(count: int, rule: str) -> list[int]:
    if rule in ("first", "both"):
        return [0] if rule == "first" else [0, count - 1]
    return sorted({*range(0, count, int(rule.split(":")[1])), count - 1})


def score(folder: Path, rule: str, settings: Settings) -> dict[str, float]:
    """PSNR in dB under the true lightness, keyframes left out."""
    pictures = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png", ".webp"))
    truth = [rgb_to_lab(cv2.imread(str(p))[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 255) for p in pictures]
    keys = keys_of(len(truth), rule)
    frames, colored = gray_frames(truth, keys, settings)
    flow = build_flow(settings.propagate.flow, settings.propagate, "auto")
    cpu = time.process_time()
    ours = list(propagate(frames, colored, flow, settings.propagate))
    seconds = (time.process_time() - cpu) / len(frames)
    plain = list(propagate(frames, colored, flow, replace(settings.propagate, method="plain")))
    rows = []
    for n, lab in enumerate(truth):
        if n in keys:
            continue
        nearest = min(keys, key=lambda k: abs(k - n))
        given = (np.zeros_like(lab[1:]), truth[nearest][1:], enlarged(plain[n], lab), enlarged(ours[n], lab))
        true_rgb = lab_to_rgb(lab)
        rows.append([psnr(lab_to_rgb(np.concatenate([lab[:1], ab])), true_rgb) for ab in given])
    return dict(zip(("gray", "copy", "plain", "ours"), np.mean(rows, 0).tolist(), strict=True), seconds=seconds)


def gray_frames(truth: list[np.ndarray], keys: list[int], settings: Settings) -> tuple[list[Frame], list[ColorFrame]]:
    """What the pipeline would see: the lightness of the luma, and the keyframes' chroma."""
    height, width = working_size(truth[0].shape[1:], settings.propagate.chroma_side)
    frames = []
    for n, lab in enumerate(truth):
        luma = np.tensordot(np.array([0.2126, 0.7152, 0.0722], np.float32), lab_to_rgb(lab), 1)
        gray = rgb_to_lab(np.stack([luma] * 3))[0]
        frames.append(Frame(n, cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA)))
    ones = np.ones(truth[0].shape[1:], np.float32)
    return frames, [ColorFrame(k, truth[k][1:], ones) for k in keys]


def enlarged(color: ColorFrame, lab: np.ndarray) -> np.ndarray:
    size = lab.shape[:0:-1]
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in color.chroma])


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(1 / max(np.mean((np.clip(a, 0, 1).astype(np.float64) - b) ** 2), 1e-12)))


# Superpixels.


def run_superpixels(args: argparse.Namespace) -> None:
    for (height, width), count in (((480, 854), 1900), ((1080, 1920), 4300)):
        rng = np.random.default_rng(0)
        rough = cv2.resize(
            rng.uniform(0, 100, (height // 12, width // 12)), (width, height), interpolation=cv2.INTER_CUBIC
        )
        picture = np.clip(rough + rng.normal(0, 2, rough.shape), 0, 100).astype(np.float32)
        segment(picture, count)
        walls, cpus = [], []
        for _ in range(25):
            wall, cpu = time.perf_counter(), time.process_time()
            segment(picture, count)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        print(f"{width}x{height} into {count}: wall {1000 * min(walls):.1f} ms (median {1000 * np.median(walls):.1f}), "
              f"CPU {1000 * np.median(cpus):.1f} ms")  # fmt: skip


# Memory.

PEAK = "import resource, sys; from vidcolor.cli import main; code = main(sys.argv[1:]); " \
       "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"  # fmt: skip


def run_memory(args: argparse.Namespace) -> None:
    """A drifting picture of 320x240, one shot, one keyframe; the whole job in a process of its own."""
    for minutes in (1, 1, 10):  # the first also compiles, which takes memory of its own
        with tempfile.TemporaryDirectory() as folder:
            film, refs = Path(folder, "film.mkv"), Path(folder, "refs")
            refs.mkdir()
            drifting_film(film, 24 * 60 * minutes, refs / "000010.png")
            command = [sys.executable, "-c", PEAK, "run", str(film), "--keyframes", str(refs)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        peak = int(done.stdout.split()[-1]) / 2**10
        print(f"{minutes:3d} min, {24 * 60 * minutes} frames: peak {peak:.0f} MiB", flush=True)


def drifting_film(path: Path, frames: int, picture: Path) -> None:
    rng = np.random.default_rng(0)
    wide = cv2.resize(rng.uniform(300, 700, (30, 200)), (1600, 240), interpolation=cv2.INTER_CUBIC).astype(np.uint16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "gray10le"
        stream.codec_context.color_range = 1
        for number in range(frames):
            left = abs(number % 2000 - 1000)
            frame = av.VideoFrame(320, 240, "gray10le")
            plane_view(frame, 0)[:] = wide[:, left : left + 320]
            frame.color_range = 1
            out.mux(stream.encode(frame))
            if number == 10:
                gray = np.clip((wide[:, left : left + 320].astype(np.float32) - 64) / 876, 0, 1)
                colors = np.rint(255 * gray[..., None] * np.array([0.7, 0.8, 1.0]))
                cv2.imwrite(str(picture), colors.astype(np.uint8))
        out.mux(stream.encode())


if __name__ == "__main__":
    sys.exit(main())
