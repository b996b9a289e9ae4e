"""The benchmark: quality beside baselines and other programs, speed and memory, and what each part is worth.

python tools/bench.py table CLIPS --out DIR     the published table: every clip with one, two and every-25 keyframes,
                                                every preset, the baselines; speed at 480p, 1080p and 2160p
python tools/bench.py study CLIPS --out DIR     each part left out in turn, quality by distance, where errors sit
python tools/bench.py folds CLIPS... --out DIR  variants beside today's on training clips that their networks never saw
python tools/bench.py clicks CLIPS --out DIR    what hints are worth, where the tool asks for them and by chance
python tools/bench.py speed FILM --keyframes D  seconds and memory of one film by stage, beside plain transcoding
python tools/bench.py floor FILM --keyframes D  where the time goes, as a flame, beside what decoding and encoding take
python tools/bench.py superpixels               milliseconds of SLIC at 854x480 and 1920x1080
python tools/bench.py length                    CPU, memory and open files of a one-minute and a ten-minute film

CLIPS holds a folder of numbered colour pictures for each clip. `table` and `study` write benchmarks.md or study.md,
and the same as JSON, into DIR, `folds` folds.txt, folds.csv and clips.csv; killed, they go on where they were when run
again, and do again only what changed.

Another program beside ours, on the same gray frames and keyframes (`table --help` has the contract):

python tools/bench.py table CLIPS --out DIR --peer 'other=python other.py {frames} {keyframes} {out}'
"""

from __future__ import annotations

import argparse
import platform
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import av

from vidcolor import __version__
from vidcolor.errors import VidcolorError
from vidcolor.settings import Settings, load_settings, parse_assignment, preset_tables

PARTS = ("quality", "speed")
STUDY = """Each part of the method left out in turn (flow, camera, superpixel, attention, blend, filling), quality by
distance to the nearest keyframe, and where the errors sit: by predicted confidence, by kind of place, and beside the
truly best choice among the candidates."""
PRESETS = "draft,standard,archive"
SIZES = "480,1080,2160"


def main(words: list[str] | None = None) -> int:
    args = parser().parse_args(words)
    args.line = shlex.join(["python", "tools/bench.py", *(sys.argv[1:] if words is None else words)])
    try:
        args.run(args)
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"{shlex.join(map(str, error.cmd))}: failed with {error.returncode}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    from benchmark import methods

    plain = partial(argparse.ArgumentParser, formatter_class=argparse.RawDescriptionHelpFormatter)
    top = plain(description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="COMMAND")
    table = verbs.add_parser("table", description=methods.__doc__, formatter_class=top.formatter_class)
    table.set_defaults(run=run_table)
    study = verbs.add_parser("study", description=STUDY, formatter_class=top.formatter_class)
    study.set_defaults(run=run_study)
    for verb, rules in ((table, "first,both,every:25"), (study, "first,both")):
        verb.add_argument("clips", type=Path, help="the folder of clips")
        verb.add_argument("--out", type=Path, required=True, metavar="DIR", help="where results and tables are kept")
        verb.add_argument("--keys", default=rules, help=f"rules of keyframes: first, both, every:N (default: {rules})")
        verb.add_argument("--only", default="", help="names of clips, with commas between")
        verb.add_argument("--weights", type=Path, action="append", default=[], help="network weights: LPIPS, FID too")
    table.add_argument("--presets", default=PRESETS, help=f"ours, with commas between (default: {PRESETS})")
    table.add_argument("--set", dest="assignments", action="append", default=[], metavar="SECTION.NAME=VALUE",
                       help="a setting of ours to try, under every preset")  # fmt: skip
    table.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help="an outside program")
    table.add_argument("--parts", default=",".join(PARTS), help="quality, speed or both")
    table.add_argument("--sizes", default=SIZES, help=f"heights for speed (default: {SIZES})")
    table.add_argument("--film", type=Path, help="a film to rescale for speed, instead of a made one")
    study.add_argument("--preset", default="standard")
    _add_folds(verbs)
    _add_clicks(verbs)
    _add_speed(verbs)
    verbs.add_parser("superpixels").set_defaults(run=run_superpixels)
    length = verbs.add_parser("length")
    length.set_defaults(run=run_length)
    length.add_argument("minutes", type=float, nargs="*", help="of each film (default: .05, which compiles, 1, 10)")
    return top


def _add_folds(verbs: argparse._SubParsersAction) -> None:
    from benchmark import compared, cross, trials

    words, kind = f"{cross.__doc__}\n{compared.__doc__}\n{trials.__doc__}", argparse.RawDescriptionHelpFormatter
    folds = verbs.add_parser("folds", description=words, formatter_class=kind)
    folds.set_defaults(run=run_folds)
    folds.add_argument("clips", type=Path, nargs="+", help="folders of training clips")
    folds.add_argument("--out", type=Path, required=True, metavar="DIR", help="where results and tables are kept")
    folds.add_argument(
        "--variant", type=Path, action="append", default=[], metavar="FILE", help="a variant (see above)"
    )
    folds.add_argument("--today", type=Path, metavar="FILE", help="what all are compared with (default: standard)")
    folds.add_argument("--choose", action="append", default=[], metavar="NAME=A,B,...",
                       help="a row more: of these, or today, each fold's best by the other folds")  # fmt: skip
    folds.add_argument("--keys", default="first,both", help="rules of keyframes (default: first,both)")
    folds.add_argument("--only", default="", metavar="N,N", help="folds to measure (default: all)")
    folds.add_argument("--clips", type=int, default=0, metavar="N", dest="count", help="a sample of N clips")
    folds.add_argument("--frames", type=int, default=0, metavar="N", help="the first N frames of each clip")
    folds.add_argument("--folds", type=Path, metavar="FILE", help="another division (default: configs/folds.toml)")


def run_folds(args: argparse.Namespace) -> None:
    from benchmark import compared, cross, tables, trials
    from benchmark.jobs import keys_of

    from vidcolor.research.training.folds import load_folds

    folds = load_folds(args.folds)
    only = [int(text) for text in args.only.split(",")] if args.only else range(folds.count)
    for fold in only:
        folds.clips(fold)
    rules = tuple(args.keys.split(","))
    choices = {name: among.split(",") for name, _, among in (text.partition("=") for text in args.choose)}
    for rule in rules:
        keys_of(1, rule)
    clips = cross.chosen_clips(args.clips, folds, only, args.count)
    today = replace(trials.load_variant(args.today), name=trials.TODAY) if args.today else trials.Variant(trials.TODAY)
    variants = (today, *(trials.load_variant(path) for path in args.variant))
    plan = cross.Plan(folds, clips, rules, variants, args.frames)
    cross.check_choices(plan, choices)
    measured = cross.run(plan, args.out, say)
    found = [*measured, *(f for name, among in choices.items() for f in cross.with_choice(measured, name, among))]
    compared.write_csvs(found, args.out)
    page = tables.page("Folds", args.line, tables.machine.facts(), compared.text_of(found, args.frames))
    tables.write_page(args.out / "folds.txt", page)
    say(page)
    say(f"written: {args.out / 'folds.txt'}, {args.out / 'folds.csv'}, {args.out / 'clips.csv'}")


def _add_clicks(verbs: argparse._SubParsersAction) -> None:
    from benchmark import clicks as of_clicks
    from benchmark import clicks_on_stills

    words = f"{of_clicks.__doc__}\nWith --stills:\n\n{clicks_on_stills.__doc__}"
    clicks = verbs.add_parser("clicks", description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    clicks.set_defaults(run=run_clicks)
    clicks.add_argument("clips", type=Path, help="the folder of clips")
    clicks.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the table is written")
    clicks.add_argument("--only", default="", help="names of clips, with commas between")
    clicks.add_argument(
        "--counts", help="clicks to tell figures after (default: 0,1,3,5,10,20; stills 0,1,5,10,50,100)"
    )
    clicks.add_argument("--stills", type=int, metavar="N", help="CLIPS holds photographs: N of them, evenly spread")
    clicks.add_argument("--seed", type=int, default=0, help="what places by chance begin with")
    clicks.add_argument("--set", dest="assignments", action="append", default=[], metavar="SECTION.NAME=VALUE")


def run_clicks(args: argparse.Namespace) -> None:
    from benchmark import clicks, clicks_on_stills, tables
    from benchmark.jobs import clips_in, pictures_in

    counts = [int(text) for text in args.counts.split(",")] if args.counts else []
    settings = settings_of("standard", args.assignments)
    if args.stills is None:
        counts = counts or list(clicks.COUNTS)
        rows = clicks.run(clips_in(args.clips, args.only), settings, counts, args.seed, say)
        text = clicks.text_of(rows, counts)
    else:
        found = pictures_in(args.clips)
        chosen = found[:: max(1, len(found) // max(1, args.stills))][: max(1, args.stills)]
        text = clicks_on_stills.run(chosen, settings, counts or clicks_on_stills.COUNTS, args.seed, say)
    args.out.mkdir(parents=True, exist_ok=True)
    page = tables.page("Clicks", args.line, tables.machine.facts(), [("What a click is worth", text)])
    tables.write_page(args.out / "clicks.txt", page)
    say(page)


def _add_speed(verbs: argparse._SubParsersAction) -> None:
    speed, floor = verbs.add_parser("speed"), verbs.add_parser("floor")
    for verb, run in ((speed, run_speed), (floor, run_floor)):
        verb.set_defaults(run=run)
        verb.add_argument("film", type=Path)
        verb.add_argument("--keyframes", type=Path, required=True)
        verb.add_argument("--preset", default="standard")
        verb.add_argument("--set", dest="assignments", action="append", default=[])
    speed.add_argument("--json", type=Path)
    floor.add_argument(
        "--flame", type=Path, default=Path("flame.txt"), help="the flame, as flame graph programs read it"
    )


def say(line: str) -> None:
    print(line, flush=True)


def settings_of(preset: str, assignments: list[str]) -> Settings:
    return load_settings([("preset", preset_tables(preset)), *(("--set", parse_assignment(t)) for t in assignments)])


def run_table(args: argparse.Namespace) -> None:
    from benchmark import methods, quality, speed, tables
    from benchmark.jobs import clips_in, keys_of

    rules, peers = args.keys.split(","), [methods.peer_of(text) for text in args.peer]
    clips, wanted = clips_in(args.clips, args.only), args.parts.split(",")
    ours = methods.presets(args.presets, tuple(args.assignments))
    for name in args.presets.split(",") if args.presets else []:
        settings_of(name, args.assignments)
    for rule in rules:
        keys_of(1, rule)
    everyone = [*methods.baselines(), *ours, *peers]
    methods.check_names(everyone)
    parts, records, speeds = [], [], []
    if "quality" in wanted:
        records = quality.Bench(args.out, tuple(args.weights), say).run(clips, rules, everyone)
        parts += [(f"Quality: {tables.rule_name(rule)}", tables.quality_table(records, rule)) for rule in rules]
        parts += [(f"PSNR by clip: {tables.rule_name(rule)}", tables.clip_table(records, rule)) for rule in rules]
        parts += [("What failed", tables.failures(records)), ("The figures", tables.legend(records))]
    if "speed" in wanted:
        heights = [int(text) for text in args.sizes.split(",")]
        speeds = speed.run_sizes(args.out, heights, [method.name for method in ours], args.film, say)
        parts.insert(0, ("Speed", speed.about(speeds) + speed.speed_table(speeds)))
    about = tables.facts_of(records)
    tables.write_page(args.out / "benchmarks.md", tables.page("Benchmarks", args.line, about, parts))
    quality.write_json(args.out / "benchmarks.json", {"about": about, "quality": records, "speed": speeds})
    say(f"written: {args.out / 'benchmarks.md'}, {args.out / 'benchmarks.json'}")


def run_study(args: argparse.Namespace) -> None:
    from benchmark import errors, quality, study, tables
    from benchmark.jobs import clips_in

    rules, clips = args.keys.split(","), clips_in(args.clips, args.only)
    records = quality.Bench(args.out, tuple(args.weights), say).run(clips, rules, study.variants(args.preset))
    settings = settings_of(args.preset, []).propagate
    parts = [(f"Left out: {tables.rule_name(rule)}", study.leave_out_table(records, rule)) for rule in rules]
    for key in ("psnr", "ciede2000"):
        parts += [(f"By distance, {key}: {tables.rule_name(r)}", study.distance_table(records, r, key)) for r in rules]
    for rule in rules:
        samples = errors.sample_all(clips, rule, settings, args.out, say)
        tell = (errors.confidence_table, errors.kind_table, errors.oracle_table, errors.trust_table)
        made = "\n".join(f(samples, rule) for f in tell)
        parts.append((f"Where the errors sit: {tables.rule_name(rule)}", made))
    about = tables.facts_of(records)
    tables.write_page(args.out / "study.md", tables.page("Temporal study", args.line, about, parts))
    quality.write_json(args.out / "study.json", {"about": about, "quality": records})
    say(f"written: {args.out / 'study.md'}, {args.out / 'study.json'}")


def run_speed(args: argparse.Namespace) -> None:
    from benchmark import quality, speed

    say(f"vidcolor {__version__}, Python {platform.python_version()}, PyAV {av.__version__}, {platform.machine()}")
    record = speed.measure_film(args.film, args.keyframes, settings_of(args.preset, args.assignments))
    say(speed.stage_lines(record))
    if args.json:
        quality.write_json(args.json, record)


def run_floor(args: argparse.Namespace) -> None:
    from benchmark import floor

    say(floor.measure(args.film, args.keyframes, settings_of(args.preset, args.assignments), args.flame))
    say(f"written: {args.flame}")


def run_superpixels(args: argparse.Namespace) -> None:
    from benchmark import parts

    parts.superpixels(say)


def run_length(args: argparse.Namespace) -> None:
    from benchmark import parts

    parts.length(say, args.minutes or parts.LENGTHS)


if __name__ == "__main__":
    sys.exit(main())
