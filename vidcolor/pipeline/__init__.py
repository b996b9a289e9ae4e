"""The whole film: plan, render, export. The only room that knows the order of the stages.

Read `planned.py` (the values, light), `plan.py`, `render.py`, `deliver.py`, then `status.py` and `summary.py`.
Nothing is imported here, so that `vidcolor status` need not load what only a render needs.
"""
