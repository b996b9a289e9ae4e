"""Which reel a reference is of, where a film has several. Looks at names only.

r2/000134.png, r2-000134.png, reel2_000134.png     of reel r2, whose file is reel2.mov: its frame 134
r2-000134/coat.png, r2/coat.png                    offered to one shot of r2, and to all of them
01-00-05-09.png                                    of the reel that has that timecode
coat.png                                           offered to the shots of every reel
000134.png                                         refused: every reel has such a frame
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from vidcolor.errors import InputError
from vidcolor.timeline import TIMECODE
from vidcolor.types import Reel

JOINTS = ("-", "_", "@", " ", ".")
OTHER_REEL = re.compile(r"(r[1-9][0-9]{0,2})(?:/|[-@][0-9])", re.IGNORECASE)
"""How a path begins, or the name at its end, that names a reel which the film may not have"""


@dataclass(frozen=True, slots=True)
class Reels:
    """The reels of a film, and the one whose references are read."""

    own: str
    words: Mapping[str, str]
    """What stands for a reel, in lower case, and the reel's name"""

    def named(self, path: str) -> tuple[str, str]:
        """The reel that a path names, and the path without that name; no reel where it names none.

        Refuses the name of a reel that the film does not have.
        """
        folder, below, rest = path.partition("/")
        if below and (reel := self.words.get(folder.lower())):
            return reel, rest
        if below and (begun := self._begins(folder)):
            return begun[0], path
        base, name = posixpath.split(path)
        if begun := self._begins(name):
            return begun[0], posixpath.join(base, name[begun[1] :])
        if other := OTHER_REEL.match(path) or OTHER_REEL.match(name):
            have = ", ".join(sorted(set(self.words.values())))
            raise InputError(f"{path}: the film has no reel {other[1]}, it has {have}; rename it or move it out")
        return "", path

    def _begins(self, name: str) -> tuple[str, int] | None:
        """The reel that a name begins with, and where the rest of it begins."""
        for word in sorted(self.words, key=len, reverse=True):
            if name.lower().startswith(word) and name[len(word) :].startswith(JOINTS):
                return self.words[word], len(word) + 1
        return None

    def which(self, path: str) -> InputError:
        """The refusal of a picture of a frame that every reel may have."""
        name = posixpath.basename(path)
        return InputError(
            f"{path}: a frame of which reel? Rename it {self.own}-{name}, or put it into a folder {self.own}, if it is "
            f"of {self.own}"
        )


def has_timecode(text: str, reel: Reel) -> bool:
    """Whether a name's timecode says which reel it is of: then it is this one's if that has it."""
    return reel.timecoded and TIMECODE.search(text) is not None
