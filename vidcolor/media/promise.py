"""What the luma of a delivery is to the film's own, in words that hold."""

from __future__ import annotations

from dataclasses import dataclass

from vidcolor.color.scale import TEN, Scale
from vidcolor.media.delivery import Delivery
from vidcolor.media.luma import layout_of
from vidcolor.media.picture_codecs import PictureDelivery
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel

PROXY_PROMISE = "For review only: 8 bits, with labels burnt in; its luma is not the film's own."


@dataclass(frozen=True, slots=True)
class Measured:
    """What the luma of delivered pictures, decoded back, is to the film's own."""

    largest_error: float
    """In the film's own codes, before rounding to them, from black to white."""
    changed_samples: int
    """Samples that come back as another code."""
    outside_samples: int
    """Samples blacker than black or whiter than white in the film."""


def own_bits(reel: Reel) -> int:
    """Bits of the film's own luma codes; 16 of luma that is computed."""
    return reel.bits if keeps_codes(reel, Scale(16, reel.full_range)) else 16


def picture_words(reel: Reel, delivery: PictureDelivery, settings: ExportSettings, found: Measured | None) -> str:
    """What the luma of pictures, decoded back, is to the film's own: as measured, or before as it will be."""
    bits, computed = own_bits(reel), _computed_from(reel)
    own = f"that computed from {computed}" if computed else "the film's own"
    if found is None:
        exact = bits <= delivery.holds(settings, reel)
        kept = "code for code, from black to white" if exact else "rounded; the manifest says how near it is"
        return f"{own}, {kept}"
    if not found.changed_samples:
        return f"{own}, code for code"
    if found.changed_samples <= found.outside_samples and found.largest_error < 0.5:
        lost = "rounded" if delivery.kind == "exr" else "clipped"
        return (
            f"{own}, code for code, but for {found.outside_samples} samples blacker than black or whiter than white, "
            f"which are {lost}"
        )
    words = f"{own}, rounded, within {found.largest_error:.2g} of its codes of {bits} bits"
    return words if not found.outside_samples else f"{words} from black to white"


def picture_promise(reel: Reel, delivery: PictureDelivery, settings: ExportSettings, found: Measured) -> str:
    """What a manifest promises of the luma of pictures."""
    way = "R'G'B' weighed with Kr, Kg, Kb of the film's matrix"
    if delivery.kind == "exr":
        space = "AP0" if settings.exr_primaries == "ap0" else "Rec.709"
        way = f"Light of {space} taken to the film's primaries, coded with the sRGB curve, and weighed with Kr, Kg, Kb"
    words = picture_words(reel, delivery, settings, found)
    return f"{way}: the luma that these pictures decode back to is {words}. Measured on every sample."


def _computed_from(reel: Reel) -> str:
    """What luma that the film does not hold is computed from; empty where it holds it."""
    layout = layout_of(reel.pixel_format)
    if layout is not None and layout.kind == "float":
        return "the film's light"
    return "the film's R'G'B'" if reel.luma_source == "rgb" and reel.has_color else ""


def keeps_codes(reel: Reel, scale: Scale) -> bool:
    """Whether codes of that scale give the film's own luma codes back, every one.

    Of a scale of 16 bits the range is the film's own.
    """
    if scale == TEN:
        return reel.luma_reversible
    return not _computed_from(reel) and reel.bits <= scale.bits


def luma_words(reel: Reel, delivery: Delivery) -> str:
    """What the luma codes that are handed on are to the film's own."""
    scale = delivery.scale_of(reel)
    bits = f"{reel.bits} full-range bits" if reel.full_range else f"{reel.bits} bits"
    if reel.luma_source == "luma":
        if keeps_codes(reel, scale):
            return "the film's own, code for code"
        return f"the film's own, rounded from {bits} to {scale.bits}"
    if keeps_codes(reel, scale):
        return "the film's own R'G'B' codes, which are neutral, code for code"
    layout = layout_of(reel.pixel_format)
    if layout is not None and layout.kind == "float":
        return f"computed from the film's light, and rounded to {scale.bits} bits"
    if reel.bits >= scale.bits and scale != TEN:
        return f"computed from the film's R'G'B', at {scale.bits} bits"
    return f"computed from the film's R'G'B', and rounded from {bits} to {scale.bits}"


def promise(reel: Reel, delivery: Delivery) -> str:
    """What a manifest promises of a film's luma."""
    if delivery.is_proxy:
        return PROXY_PROMISE
    words = luma_words(reel, delivery)
    deeper = delivery.scale_of(reel) == TEN and not keeps_codes(reel, TEN)
    if delivery.lossless:
        return f"The luma codes in this file are {words}." + (" The ffv1-16 delivery keeps more." if deeper else "")
    keeper = "ffv1-16 delivery keeps more" if deeper else "ffv1 delivery keeps them"
    return f"The luma codes handed to the encoder are {words}; the encoder itself is lossy. The {keeper}."
