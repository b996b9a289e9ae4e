"""What code values of luma and chroma stand for: how many bits, and whether black and white are their ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Codes of Y', Cb and Cr by ITU-T H.273, of limited range or full."""

    bits: int = 10
    full: bool = False

    @property
    def top(self) -> int:
        """The highest code."""
        return (1 << self.bits) - 1

    @property
    def black(self) -> int:
        return 0 if self.full else 16 << (self.bits - 8)

    @property
    def white(self) -> int:
        return self.top if self.full else 235 << (self.bits - 8)

    @property
    def span(self) -> int:
        """Luma codes from black to white."""
        return self.white - self.black

    @property
    def neutral(self) -> int:
        """Cb and Cr of gray."""
        return 1 << (self.bits - 1)

    @property
    def chroma_span(self) -> int:
        """Chroma codes from end to end of what R'G'B' reaches."""
        return self.top if self.full else 224 << (self.bits - 8)


TEN = Scale()
"""What the stages and most deliveries use: 10 bits, limited range."""
