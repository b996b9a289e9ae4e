"""A project's state for programs: what `vidcolor status PROJECT --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vidcolor.settings import ExportSettings
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, doubtful, suggested, to_say

SCHEMA = "vidcolor.status/1"


def overview(film: Film, shown: Sequence[ShotState]) -> dict[str, Any]:
    """The film's state as JSON values. Read from the project's small files alone: no frame is decoded.

    Of a film of several reels each reel has such a table: {"reels": {"r1": ...}}.
    Where there is no state to tell (never planned, no project), the command ends with exit status 2 and prints a table
    of one name, `error`: what is wrong and what mends it.

    schema       "vidcolor.status/1"; a later number means that names below changed their meaning
    reel         rate       frames a second, a fraction as text: "24", "24000/1001"
                 timecode   of frame 0: "01:00:00:00"
                 frames     how many there are
                 size       [height, width] in pixels
    shots        every shot in order, each with
                 id         "r1-000134"
                 start      its first frame; frames are counted from 0
                 stop       the frame after its last
                 entry      how it begins: "cut", "dissolve" or "fade"
                 state      "fresh"; "stale": made of other things than today's; "new": never rendered
                 excluded   true: it is delivered gray
                 title      true: gray because it is a title card, not because a correction says so
                 approved   true: its version was approved, and is delivered whatever its state
                 keyframes  frames that are coloured first, rising
                 unseen     those of them that were proposed and accepted by the machine: nobody has looked at them
                 doubtful   frames whose area is in doubt over `export.doubtful_area` and more, rising; of the version
                            in force, or of the newest one where the shot is stale
    suggestions  frames that would help as further keyframes, of all fresh shots together, best first, each with
                 frame      its number
                 gain       doubtful picture area that it would make known, summed over frames: 1 is one whole frame
                 box        [left, top, right, bottom] around the piece of the picture that it would make known most
                            of, in pixels, right and bottom not included
                 places     [{"x": x, "y": y}, ...] pixels in the frame where a point of colour would help, best first
    points       where a hint would put most right, of all fresh shots together, best first, each with
                 frame, x, y  its frame, and the pixel in it
                 gain         squares of expected CIEDE2000 that it would put right, in frames of their whole area
    left_out     of each correction that cannot be used one line that says what mends it
    """
    reel = film.plan.reel
    return {
        "schema": SCHEMA,
        "reel": {
            "rate": str(reel.rate.fraction),
            "timecode": reel.timecode(0),
            "frames": reel.frame_count,
            "size": list(reel.size),
        },
        "shots": [_shot(state, film.settings.export) for state in shown],
        "suggestions": [
            {
                "frame": found.frame,
                "gain": found.gain,
                "box": list(found.box),
                "places": [{"x": x, "y": y} for x, y in found.places],
            }
            for found in suggested(shown)
        ],
        "points": [{"frame": p.frame, "x": p.at[0], "y": p.at[1], "gain": p.gain} for p in to_say(shown)],
        "left_out": [problem.line for problem in film.plan.problems],
    }


def _shot(state: ShotState, settings: ExportSettings) -> dict[str, Any]:
    shot = state.planned.shot
    return {
        "id": shot.id,
        "start": shot.frames.start,
        "stop": shot.frames.stop,
        "entry": shot.entry.kind,
        "state": state.state,
        "excluded": state.planned.excluded,
        "title": state.planned.title,
        "approved": state.approved,
        "keyframes": [key.frame for key in state.planned.keyframes],
        "unseen": list(state.planned.unseen),
        "doubtful": doubtful([state], settings),
    }
