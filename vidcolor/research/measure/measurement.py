"""What measuring answers: rows of figures by column, a few numbers for each frame, and what they were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from numpy import ndarray as Array

Column = Literal["result", "gray", "copy", "truth"]
COLUMNS: tuple[Column, ...] = ("result", "gray", "copy", "truth")
COLUMN_NAMES: dict[str, str] = {"result": "result", "gray": "gray frame", "copy": "static copy", "truth": "truth"}
MADE: tuple[Column, ...] = ("result", "gray", "copy")
"""The columns that are compared with the truth."""


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What `measure` is asked for besides the two films."""

    reference: Path | None = None
    """A colour picture, for HIS, dHIS and LPIPS_R."""
    keyframes: Path | Sequence[int] | None = None
    """The frames that were given in colour: their numbers, or a folder whose names say them."""
    weights: Sequence[Path] = ()
    """Files of ImageNet weights."""
    networks: bool = True
    """False: the rows that need a network are left out without a word."""
    device: str = "auto"
    worst: int = 0
    """How many of the worst frames to keep small pictures of, for a report."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the whole film, for each column that has it."""

    key: str
    values: Mapping[str, float]
    """By column; a column without this figure is left out."""
    spread: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation over draws, for figures that are drawn."""
    needs: str = ""
    """Why there is no figure: "needs ...", and where to have it."""


@dataclass(frozen=True, slots=True)
class DistancePoint:
    """Means over the frames that lie so many frames from the nearest keyframe."""

    distance: int
    frames: int
    values: Mapping[str, Mapping[str, float]]
    """Figure, then column."""


@dataclass(frozen=True, slots=True, eq=False)
class WorstFrame:
    """One of the frames furthest from the truth: small pictures for people."""

    frame: int
    error: float
    """Mean CIEDE2000."""
    result: Array
    """(3, h, w) uint8"""
    truth: Array
    """(3, h, w) uint8"""
    errors: Array
    """(h, w) float32: CIEDE2000."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two films compared, as it was given."""

    path: Path
    kind: str
    """film, folder or picture"""
    frames: int
    left_out: tuple[int, ...] = ()
    """Its frames that the other does not have."""


@dataclass(frozen=True, slots=True)
class NetworkUsed:
    """A network that took part, and the file it came from."""

    name: str
    file: str
    sha256: str
    licence: str
    published: bool
    """False: not the file its makers published."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """Everything `vidcolor measure` found."""

    result: Side
    truth: Side
    size: tuple[int, int]
    """(height, width)"""
    frames: Sequence[int]
    """The frame numbers measured, rising."""
    keyframes: tuple[int, ...]
    """Those of them that are keyframes: left out of means."""
    cuts: tuple[int, ...]
    """First frame after each cut of the truth."""
    rows: tuple[Row, ...]
    series: Mapping[tuple[str, str], Sequence[float]]
    """(figure, column): a number for each of `frames`, NaN where there is none."""
    distance: Sequence[int] = ()
    """For each of `frames`: how far the nearest keyframe is; -1 without keyframes."""
    distances: tuple[DistancePoint, ...] = ()
    networks: tuple[NetworkUsed, ...] = ()
    notes: tuple[str, ...] = ()
    worst: tuple[WorstFrame, ...] = ()
    keyframes_given: Path | Sequence[int] | None = None
    """As they were asked for."""
    reference: Path | None = None

    def row(self, key: str) -> Row:
        """The row called `key`. Raises KeyError for a figure that was not asked for."""
        for row in self.rows:
            if row.key == key:
                return row
        raise KeyError(key)

    def value(self, key: str, column: Column = "result") -> float:
        """One figure. Raises KeyError where there is none."""
        return self.row(key).values[column]
