"""The state of a film's project as values: what is planned, what is rendered, what is stale and why.

Read `plan.py` (the values), `film.py` (what travels), `cuts.py`, `corrected.py`, `made_of.py`, `findings.py`,
`read.py`, `status.py`, then `unused.py`. Nothing here decodes or computes colours, so a page, a farm or a script may
read a project without loading what only a render needs.
"""
