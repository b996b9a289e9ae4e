"""Stage 1: a reel into shots. Read `detect.py`, then `measure.py` and `transitions.py`; `lists.py` stands apart."""

from vidcolor.shots.detect import find_shots

__all__ = ["find_shots"]
