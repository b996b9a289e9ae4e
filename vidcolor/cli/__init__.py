"""The command line. Read `parser.py` (what can be typed), `commands.py` (what it does, with
`working.py`, `prune.py`, `transfer.py`), `show.py`, `terminal.py`.
"""

from vidcolor.cli.parser import main

__all__ = ["main"]
