"""Seconds, processor seconds and peak memory of each stage, beside plain decoding and encoding of the same film.

Each size runs in a process of its own (`bench.py speed`), after one that compiles the hot loops. Stages are timed
without loading Python and without compiling: a user pays those once, not a film.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmark import films
from benchmark.costs import KIB
from benchmark.quality import Tell, read_record, write_json
from benchmark.tables import table
from vidcolor.media.codecs import CODECS
from vidcolor.media.encoder import plane_view
from vidcolor.media.read import Clip, SourceClip
from vidcolor.pipeline.deliver import deliver
from vidcolor.pipeline.plan import make_plan
from vidcolor.pipeline.render import load_models, render
from vidcolor.project import Project, ProjectConfig
from vidcolor.settings import Settings
from vidcolor.state.read import load_film
from vidcolor.state.status import states, to_render
from vidcolor.types import working_size

SIZES = {480: (480, 854), 1080: (1080, 1920), 2160: (2160, 3840)}
WIDE = 16 / 9
FRAMES = 96
"""Enough for a full run of the propagation, so that its memory is the most it takes."""
WARM = 3
"""Frames of the film that is run first."""
BENCH = Path(__file__).parents[1] / "bench.py"
Rows = dict[str, tuple[float, float]]
"""Stage to (processor, wall) seconds."""
PLAN, RENDER, EXPORT = (
    "plan (shots, keyframes, matches)",
    "render (colorize, propagate, store)",
    "export (join, encode)",
)
WHOLE, PLAIN = "end to end", "plain decode + ProRes encode"


def measure_film(film: Path, keyframes: Path, settings: Settings) -> dict[str, Any]:
    """Frames, size, peak memory in GiB, and the rows of one film."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm_up(folder / "warm", film, settings)
        rows: Rows = {}
        project = project_of(folder / "film.vidcolor", film, keyframes)
        run_stages(project, settings, folder / "out.mov", partial(_timed, rows))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB / 2**20
        rows[WHOLE] = (sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values()))
        reel = load_film(project, settings).plan.reel
        size = working_size(reel.size, settings.propagate.chroma_side)
        _timed(rows, "  of which: decode to working size", lambda: exhaust(Clip(reel, size=size)))
        _timed(rows, "  of which: decode to luma codes", lambda: exhaust(SourceClip(reel)))
        _timed(rows, PLAIN, lambda: transcode(film, folder / "plain.mov"))
        return {"frames": reel.frame_count, "size": list(reel.size), "peak_gib": peak, "stages": rows}


def project_of(root: Path, film: Path, keyframes: Path) -> Project:
    return Project.create(root, ProjectConfig(reel=str(film.resolve()), keyframes=str(keyframes.resolve())))


def warm_up(folder: Path, film: Path, settings: Settings) -> None:
    """The film's first frames through every stage: loads and, where nobody has yet, compiles the hot loops."""
    with av.open(str(film)) as source:
        size = (source.streams.video[0].height, source.streams.video[0].width)
    head = list(films.rescaled_frames(film, size, WARM))
    films.write_key(folder / "keys" / "000000.png", films.tinted(head[0]))
    films.write_key(folder / "keys" / "free.png", films.tinted(head[-1]))
    films.write_film(folder / "head.mkv", head)
    project = project_of(folder / "p.vidcolor", folder / "head.mkv", folder / "keys")
    run_stages(project, settings, folder / "out.mov", lambda _, work: work())


def run_stages(project: Project, settings: Settings, out: Path, timed: Callable[[str, Callable[[], Any]], Any]) -> None:
    """Plan, render, export: `timed` is given the name and the work of each, and hands on what the work gives."""
    models = load_models(settings, "auto")
    quiet: Callable[..., None] = lambda *_: None  # noqa: E731
    film = timed(PLAN, lambda: make_plan(project, settings, quiet))
    timed(RENDER, lambda: render(film, to_render(film, states(film)), models, quiet))
    timed(EXPORT, lambda: deliver(film, states(film), out, "prores-422hq", quiet))


def _timed(rows: Rows, name: str, work: Callable[[], Any]) -> Any:
    cpu, wall = time.process_time(), time.monotonic()
    result = work()
    rows[name] = (time.process_time() - cpu, time.monotonic() - wall)
    return result


def exhaust(frames: Iterator[Any] | Sequence[Any]) -> None:
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
        for place, frame in enumerate(source.decode(stream)):
            given = av.VideoFrame(stream.width, stream.height, "yuv422p10le")
            luma = plane_view(frame, 0)
            plane_view(given, 0)[:] = luma.astype(np.uint16) << (2 if luma.dtype == np.uint8 else 0)
            plane_view(given, 1)[:] = 512
            plane_view(given, 2)[:] = 512
            given.pts, given.time_base = place, 1 / stream.average_rate
            target.mux(made.encode(given))
        target.mux(made.encode())


# All sizes.


def run_sizes(out: Path, sizes: Sequence[int], presets: Sequence[str], film: Path | None, tell: Tell) -> list[Any]:
    """A record of every size and preset; those already kept in `out/speed` are read."""
    records = []
    for height in sizes:
        source = f"{film.name}, rescaled" if film else "made film"
        wanted = [(preset, out / "speed" / f"{height}--{preset}.json") for preset in presets]
        kept = {preset: read_record(path) for preset, path in wanted}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for preset, path in wanted:
                record = kept[preset]
                if record is None or record.get("source") != source:
                    record = _child(_sized_film(folder, height, film), folder, preset, tell)
                    record.update(height=height, preset=preset, source=source)
                    write_json(path, record)
                    tell(f"[{height}, {preset}] {_told(record)}")
                records.append(record)
    return records


def _sized_film(folder: Path, height: int, film: Path | None) -> Path:
    """The film at one size as ProRes 422 HQ, and its first frame as a keyframe beside it; made once."""
    path, size = folder / "film.mov", SIZES.get(height, (height, round(height * WIDE / 2) * 2))
    if path.exists():
        return path
    if film is None:
        colors = films.made_frames(size, FRAMES)
        first = next(colors)
        films.write_key(folder / "keys" / "000000.png", first)
        films.write_film(path, (films.luma_of(rgb) for rgb in _joined(first, colors)), "prores")
        return path
    lumas = films.rescaled_frames(film, size, FRAMES)
    first = next(lumas)
    films.write_key(folder / "keys" / "000000.png", films.tinted(first))
    films.write_film(path, _joined(first, lumas), "prores")
    return path


def _joined(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _child(film: Path, folder: Path, preset: str, tell: Tell) -> dict[str, Any]:
    """One film in a process of its own, by way of a small one (see costs.py)."""
    report = folder / "report.json"
    command = [str(BENCH), "speed", str(film), "--keyframes", str(folder / "keys"), "--preset", preset]
    code = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    launcher = [sys.executable, "-S", "-E", "-c", code, *command, "--json", str(report)]
    subprocess.run(launcher, check=True, stdout=subprocess.DEVNULL)
    return dict(read_record(report))


def _told(record: dict[str, Any]) -> str:
    (cpu, wall), plain = record["stages"][WHOLE], record["stages"][PLAIN][0]
    count = record["frames"]
    return (
        f"{count / wall:.2f} frames a second, {1000 * cpu / count:.0f} ms CPU a frame, plain {1000 * plain / count:.0f}"
    )


def about(records: Sequence[dict[str, Any]]) -> str:
    """What was timed, in words."""
    sources = ", ".join(dict.fromkeys(r["source"] for r in records))
    return (
        f"Source: {sources} ({records[0]['frames']} frames, gray ProRes 422 HQ), one keyframe; delivery ProRes 422 HQ. "
        "Milliseconds of processor a frame, all cores together; wall clock in brackets. Plain transcode: decoding the "
        "same film and encoding it as ProRes 422 HQ, in the same run. Each row in a process of its own, hot loops "
        "compiled before.\n\n"
    )


def speed_table(records: Sequence[dict[str, Any]]) -> str:
    """CPU (and wall) milliseconds a frame by stage."""
    heads = ["film", "preset", "plan", "render", "export", "end to end", "plain transcode", "× plain", "fps", "peak"]
    rows = []
    for record in records:
        stages, count = record["stages"], record["frames"]
        cells = [
            "{:.0f} ({:.0f})".format(*(1000 * s / count for s in stages[n]))
            for n in (PLAN, RENDER, EXPORT, WHOLE, PLAIN)
        ]
        fold, speed = stages[WHOLE][0] / stages[PLAIN][0], count / stages[WHOLE][1]
        size = "{1}x{0}".format(*record["size"])
        rows.append([size, record["preset"], *cells, f"{fold:.1f}", f"{speed:.1f}", f"{record['peak_gib']:.2f} GiB"])
    return table(heads, rows)


def stage_lines(record: dict[str, Any]) -> str:
    """One film's stages for the terminal."""
    count = record["frames"]
    lines = [f"{'stage':38}{'CPU ms/frame':>14}{'wall ms/frame':>15}"]
    for name, (cpu, wall) in record["stages"].items():
        lines.append(f"{name:38}{1000 * cpu / count:14.1f}{1000 * wall / count:15.1f}")
    (cpu, wall), plain = record["stages"][WHOLE], record["stages"][PLAIN][0]
    lines.append(f"CPU of end to end over plain: {cpu / plain:.2f}; {count / wall:.2f} frames a second; "
                 f"peak memory {record['peak_gib']:.2f} GiB")  # fmt: skip
    return "\n".join(lines)
