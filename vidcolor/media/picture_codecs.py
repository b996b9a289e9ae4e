"""The table of picture deliveries: a folder with a numbered picture for each frame, in R'G'B' or light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vidcolor.color.colorimetry import ap0_of, between, rgb_to_xyz
from vidcolor.media.delivery import Delivery
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel

SUFFIXES = {"dpx": ".dpx", "tiff": ".tif", "exr": ".exr"}
BT709 = 1
HALF_KEEPS = 12
"""Bits of luma that come back from light in halves, where green is chosen for it (`color/rgb_codes.py`)."""


@dataclass(frozen=True, slots=True)
class PictureDelivery(Delivery):
    """One way to write the film as pictures."""

    kind: Literal["dpx", "tiff", "exr"]
    bits: int
    """Of each sample; 16 of an EXR are a half float."""

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.kind]

    def matrix(self, settings: ExportSettings, reel: Reel) -> np.ndarray | None:
        """(3, 3) from the film's primaries to those of the pictures; None where they stay."""
        if self.kind != "exr" or (settings.exr_primaries == "rec709" and reel.tags.primaries == BT709):
            return None
        if settings.exr_primaries == "ap0":
            return ap0_of(reel.tags.primaries)
        return between(rgb_to_xyz(reel.tags.primaries), rgb_to_xyz(BT709))

    def holds(self, settings: ExportSettings, reel: Reel) -> int:
        """Bits of the film's luma that decode back from these pictures, code for code."""
        if self.kind != "exr":
            return self.bits
        return 0 if self.matrix(settings, reel) is not None else HALF_KEEPS

    def concerns(self, setting: str) -> bool:
        if setting == "exr_primaries":
            return self.kind == "exr"
        # `super()` does not find its class in one with slots
        return setting == "numbering" or Delivery.concerns(self, setting)

    def facts(self, settings: ExportSettings, reel: Reel) -> dict[str, Any]:
        space = {"rec709": "scene-linear Rec.709", "ap0": "ACES 2065-1 (AP0)"}[settings.exr_primaries]
        return {
            "kind": self.kind,
            "bits": self.bits,
            "samples": f"half floats, {space}" if self.kind == "exr" else "R'G'B' codes, full range",
            "lossless": True,
        }


def _delivery(name: str, about: str, kind: Literal["dpx", "tiff", "exr"], bits: int) -> PictureDelivery:
    return PictureDelivery(
        name, about, ("",), "444", kind, bits, lossless=True, deep=True, smallest=(1, 1), interlaced=False
    )


MATTES, GRAY_MATTES = "mattes", "mattes-gray"
"""The deliveries that show no film: where corrections count, a channel or a sequence each (`pipeline/mattes.py`)."""
PICTURES: dict[str, PictureDelivery] = {
    delivery.name: delivery
    for delivery in (
        _delivery("dpx-10", "DPX of 10 bits, R'G'B', a folder of pictures", "dpx", 10),
        _delivery("dpx-12", "DPX of 12 bits, R'G'B', a folder of pictures", "dpx", 12),
        _delivery("dpx-16", "DPX of 16 bits, R'G'B', a folder of pictures", "dpx", 16),
        _delivery("tiff-16", "TIFF of 16 bits, R'G'B', a folder of pictures", "tiff", 16),
        _delivery("exr", "EXR of half floats, light of Rec.709 or ACES AP0, a folder of pictures", "exr", 16),
        _delivery(MATTES, "EXR with a channel for each correction of a part of the picture, a folder", "exr", 16),
        _delivery(GRAY_MATTES, "gray TIFF of 16 bits, a sequence for each such correction, a folder", "tiff", 16),
    )
}
"""Every picture delivery, by name."""


def is_mattes(delivery: Delivery) -> bool:
    """Whether it shows no film."""
    return delivery.name in (MATTES, GRAY_MATTES)
