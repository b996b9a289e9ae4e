"""What people look at to judge a film: sheets of its shots, a report, two versions side by side.

Read `looks.py` (frames before, after and in doubt), `draw.py`, `sheet.py`; then `quality.py` (what is measured),
`checked.py`, `quality_table.py`, `report.py`; then `compare.py`. Nothing here changes a project but its `sheets/` and
its report.
"""
