"""People's cuts over the machine's shots: the frames in which the film fades out stay with its last shot."""

import pytest

from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Cut, Dissolve, Merge, Said
from vidcolor.state.cuts import apply_cuts
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot

SHOTS = [Shot("r1", FrameRange(0, 40)), Shot("r1", FrameRange(40, 100), exit=FrameRange(80, 100))]


def corrected(kind: type[Said], frame: int, **more: int) -> Correction:
    said = kind(kind=kind.__name__.lower(), frame=frame, **more)
    return Correction(f"0001-{frame}", said, frame, {}, "")


@pytest.mark.parametrize(
    ("correction", "shots"),
    [
        (corrected(Cut, 20), [(0, 20, None), (20, 40, None), (40, 100, (80, 100))]),
        (corrected(Cut, 60), [(0, 40, None), (40, 60, None), (60, 100, (80, 100))]),
        (corrected(Cut, 90), [(0, 40, None), (40, 90, None), (90, 100, (90, 100))]),
        (corrected(Merge, 40), [(0, 100, (80, 100))]),
    ],
)
def test_the_films_end_stays_with_its_last_shot(correction, shots):
    found, problems = apply_cuts(SHOTS, [correction])
    assert not problems
    runs = [(shot.frames.start, shot.frames.stop, shot.exit) for shot in found]
    assert runs == [(start, stop, FrameRange(*end) if end else None) for start, stop, end in shots]
    assert all(shot.may_end(last=shot is found[-1]) for shot in found)


def test_a_dissolve_does_not_reach_into_the_films_end():
    found, problems = apply_cuts(SHOTS, [corrected(Dissolve, 70, length=30)])
    assert found == SHOTS
    assert "only frames 40 to 79 are of its two shots" in problems[0].what
