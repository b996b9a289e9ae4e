"""What `vidcolor settings` prints: every setting as the page that has them, settings.py, tells of it."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vidcolor import settings
from vidcolor.checked import in_words
from vidcolor.settings import Settings, kinds

WIDTH, INDENT = 116, " " * 4


@dataclass(frozen=True, slots=True)
class Described:
    """One setting, as the manual has it."""

    section: str
    name: str
    default: Any
    takes: str
    """`a whole number from 48 to 384`"""
    text: str

    @property
    def told(self) -> str:
        """What the manual says of it, in lines."""
        words = f"{self.text} Takes {self.takes}.".split()
        return textwrap.fill(" ".join(words), WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def describe() -> Iterator[Described]:
    """Every setting, its text read from the page that has them."""
    page = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    texts = {
        (node.name, target.target.id): ast.literal_eval(text.value)
        for node in page.body
        if isinstance(node, ast.ClassDef)
        for target, text in zip(node.body, node.body[1:], strict=False)
        if isinstance(target, ast.AnnAssign)
        and isinstance(target.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
    for section in fields(Settings):
        values = getattr(Settings(), section.name)
        for name, kind in kinds(section.name).items():
            text = texts.get((type(values).__name__, name), "")
            yield Described(section.name, name, getattr(values, name), in_words(kind), text)
