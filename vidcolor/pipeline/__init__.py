"""The whole film: plan, render, export. The only room that knows the order of the stages.

Read `plan.py` (with `look.py` and `looked.py`), `render.py` (with `keyframes.py`, `kept.py`, `fades.py` and
`checkpoint.py`), `corrected.py` (over `painter.py`, `layers.py` and `carried.py`), `deliver.py`, then `summary.py`; the
values are those of `vidcolor.state`. Nothing is imported here, so that `vidcolor status` need not load what only a
render needs.
"""
