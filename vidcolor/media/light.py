"""Pictures whose codes stand for light, linear or the log of a film's density, as float pictures of linear light.

Log is Cineon's, as a scan's printing densities are: 300 codes of 10 bits to a factor of ten, 95 black and 685 white
(Kennel and Snider 1993, as OpenColorIO and Colour have it). What is above white is more light than a display's 1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import av
import numpy as np

from vidcolor.media.luma import channels_of, layout_of, linear_of, look_up

TOP, BLACK, WHITE, DECADE = 1023, 95, 685, 300
"""Codes of 10 bits: the highest, of black, of white, and how many are a factor of ten."""
FORMATS = {1: "grayf32le", 3: "gbrpf32le"}


HIGHEST = 2.0
"""Of a log code as 0..1, in float samples: far more light than any film holds."""


def as_light(picture: Any, transfer: str) -> Any:
    """The picture (av.VideoFrame) with its codes as linear light, white at 1, in float samples.

    transfer  what its codes stand for: `linear`, `log` or `video`; `auto` leaves the picture as it is, for float
              samples are light and others are video
    """
    layout = layout_of(picture.format.name)
    floats = layout is not None and layout.kind == "float"
    if transfer in ("auto", "linear" if floats else "video"):
        return picture
    if not floats:
        channels = channels_of(picture)  # refuses other layouts
        table = _table(layout.bits if layout is not None else 8, transfer)
        values = [look_up(channel, table) for channel in channels]
        return _picture(values, FORMATS[len(values)])
    values = [channel.astype(np.float32) for channel in linear_of(picture)]
    if transfer == "log":
        values = [from_log(value) for value in values]
    elif transfer == "video":
        codes = [np.rint(np.clip(np.nan_to_num(value), 0, 1) * 65535).astype(np.uint16) for value in values]
        return _picture(codes, "gray16le" if len(codes) == 1 else "rgb48le")
    return _picture(values, FORMATS[len(values)])


@lru_cache(maxsize=8)
def _table(bits: int, transfer: str) -> np.ndarray:
    """(2^bits,) float32: the light of every code."""
    values = np.arange(2**bits, dtype=np.float32) / np.float32(2**bits - 1)
    table = from_log(values) if transfer == "log" else values
    table.setflags(write=False)
    return table


def _picture(channels: list[np.ndarray], name: str) -> Any:
    samples = channels[0] if len(channels) == 1 else np.stack(channels, axis=2)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(samples), format=name)


def from_log(values: np.ndarray) -> np.ndarray:
    """float32 linear light, 0 at black and 1 at white, of Cineon codes as 0..1."""
    black = 10.0 ** ((BLACK - WHITE) / DECADE)
    codes = np.clip(np.nan_to_num(values.astype(np.float64)), -1, HIGHEST)
    light = (np.power(10.0, (codes * TOP - WHITE) / DECADE) - black) / (1 - black)
    return light.astype(np.float32)


def above_white(picture: Any) -> float:
    """The share of a float picture's samples that are lighter than 1; 0 of other pictures."""
    layout = layout_of(picture.format.name)
    if layout is None or layout.kind != "float":
        return 0.0
    return float(np.mean([np.mean(channel > 1) for channel in linear_of(picture)]))
