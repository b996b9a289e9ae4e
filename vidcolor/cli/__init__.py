"""The command line. Read `parser.py` (what can be typed, over `options.py` and `epilogs.py`), `commands.py` (what it
does, with `working.py`, `correct.py`, `prune.py`, `transfer.py`, `about.py`), `show.py`, `terminal.py`.
"""

from vidcolor.cli.parser import main

__all__ = ["main"]
