"""Stage 5: colours from the keyframes to every other frame of a shot.

Read shot.py (the order of things), runs.py and keyframes.py (what is held in memory), both_ways.py and by_flow.py (the
carrier), guesses.py, blend.py and held.py (who is believed), window.py (inner loops), halt.py (what is kept, so that a
stopped shot can be gone on with).
"""

from vidcolor.propagate.shot import propagate

__all__ = ["propagate"]
