"""What a line that cannot be read was probably meant to say."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path


def no_command(word: str, verbs: Collection[str]) -> str:
    """What to say of a first word that is no command."""
    close = difflib.get_close_matches(word, verbs, n=1)
    if close:
        return f"{word}: no such command; did you mean {close[0]}?"
    if Path(word).exists():
        return f"{word}: a command comes first; did you mean `vidcolor run {_quoted(word)}`?"
    return f"{word}: no such command; they are {', '.join(verbs)}"


def meant(words: Sequence[str], more: Sequence[str], options: Collection[str], spare: str = "") -> str:
    """What to add to the refusal of words that nothing takes; empty where nothing is likely.

    words    the whole line
    more     those of them that nothing takes
    options  every option there is
    spare    the one that a word too many was probably meant for; may be empty
    """
    if name := _parted(words):
        return f" (is {_quoted(name)} one name? Then put quotes around it)"
    if more[0].startswith("-"):
        close = difflib.get_close_matches(more[0].partition("=")[0], options, n=1)
        return f" (did you mean {close[0]}?)" if close else ""
    return f" (did you mean {spare} {more[0]}?)" if spare else ""


def _parted(words: Sequence[str]) -> str:
    """A file's name whose words stand in the line one by one, as they do where it has spaces and no quotes."""
    for first in range(len(words)):
        for stop in range(len(words), first + 1, -1):
            name = " ".join(words[first:stop])
            if not name.startswith("-") and Path(name).exists():
                return name
    return ""


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
