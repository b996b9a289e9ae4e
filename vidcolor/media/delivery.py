"""What every way to write the film says of itself: the films of codecs.py, and the pictures of picture_codecs.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from vidcolor.color.scale import TEN, Scale
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way to write the film."""

    name: str
    about: str
    suffixes: tuple[str, ...]
    """What the file may be called; the first is the usual one."""
    subsampling: Literal["422", "444"]
    """What the chroma of `DeliveryFrame` must be."""
    lossless: bool = field(default=False, kw_only=True)
    deep: bool = field(default=False, kw_only=True)
    """True if luma is handed on at 16 bits, limited or full range as the film has it; else at 10, limited."""
    smallest: tuple[int, int] = field(default=(2, 2), kw_only=True)
    """(height, width) of the smallest picture it takes."""
    interlaced: bool = field(default=True, kw_only=True)

    @property
    def is_proxy(self) -> bool:
        """True if pictures are reduced to 8 bits 4:2:0 and carry burnt-in labels."""
        return False

    def concerns(self, setting: str) -> bool:
        """Whether a setting of the section `export` has a part in what is delivered this way."""
        if setting.startswith("proxy_") or setting == "ocio_config":
            return self.is_proxy
        return setting not in ("exr_primaries", "numbering")

    def facts(self, settings: ExportSettings, reel: Reel) -> dict[str, Any]:
        """How the film is coded, for its manifest."""
        raise NotImplementedError

    def scale_of(self, reel: Reel) -> Scale:
        """What the codes of a `DeliveryFrame` of that film stand for."""
        return Scale(16, reel.full_range) if self.deep else TEN
