"""The review page: a local server and its page, on which a film is looked at and corrected; no power beyond commands.

Read `server.py` (what is served, over `guard.py`, which lets nobody else in), `desk.py` (the project as it stands),
`facts.py` (that as JSON), `pictures.py` (frames as pictures), then `static/index.html` and its small modules.
"""
