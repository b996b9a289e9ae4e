"""The delivered files as Final Cut Pro 7 XML (xmeml 5), for Premiere and Resolve.

Written by us: OpenTimelineIO's adapter gives silent files sound tracks, and a clip the length that is seen of it in
place of its file's. Where two clips meet in a transition, both say -1 for the end there, and their in and out points
take the transition in.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from vidcolor.conform.pieces import Conform, Piece
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'
UNSAID = "-1"
FIELDS = {"progressive": "none", "top": "upper", "bottom": "lower"}
PIXEL_ASPECTS = {
    (486, 720): "NTSC-601",
    (480, 720): "NTSC-601",
    (576, 720): "PAL-601",
    (720, 960): "HD-(960x720)",
    (1080, 1280): "HD-(1280x1080)",
    (1080, 1440): "HD-(1440x1080)",
}
"""The format's words for pixels that are not square, by (height, width); it has no others."""
WIDE = Fraction(3, 2)
"""Standard-definition pictures wider than this are anamorphic."""


def fcp7_text(conform: Conform) -> str:
    """The list as one sequence."""
    reel = conform.clock
    root = Element("xmeml", version="5")
    sequence = SubElement(root, "sequence", id="sequence-1")
    _add(sequence, name=conform.title, duration=conform.frame_count)
    _rate(sequence, reel)
    _timecode(sequence, reel, 0)
    video = SubElement(SubElement(sequence, "media"), "video")
    _format(SubElement(video, "format"), reel)
    track = SubElement(video, "track")
    files = {name: number for number, name in enumerate(dict.fromkeys(piece.path for piece in conform.pieces), 1)}
    told: set[str] = set()
    for number, (piece, following) in enumerate(conform.followed(), 1):
        if piece.dissolve:
            _transition(track, reel, piece.dissolve.moved(conform.offset(piece)), conform.listed(piece).start)
        item = _clip(track, conform, piece, following, number)
        file = SubElement(item, "file", id=f"file-{files[piece.path]}")
        if piece.path not in told:  # told of once, named afterwards
            _file(file, conform, piece)
        told.add(piece.path)
    _add(track, enabled="TRUE", locked="FALSE")
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: Element, **values: str | int) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = str(value)


def _rate(parent: Element, reel: Reel) -> None:
    _add(SubElement(parent, "rate"), timebase=reel.rate.base, ntsc=str(reel.rate.denominator == 1001).upper())


def _timecode(parent: Element, reel: Reel, frame: int) -> None:
    timecode = SubElement(parent, "timecode")
    _rate(timecode, reel)
    _add(timecode, string=reel.timecode(frame), frame=reel.start + frame)
    _add(timecode, displayformat="DF" if reel.drop_frame else "NDF")
    if reel.tape and parent.tag == "file":
        _add(SubElement(timecode, "reel"), name=reel.tape)


def _format(parent: Element, reel: Reel) -> None:
    height, width = reel.size
    about = SubElement(parent, "samplecharacteristics")
    square = reel.pixel_aspect == 1
    standard = PIXEL_ASPECTS.get(reel.size, "").endswith("601")
    anamorphic = standard and reel.pixel_aspect * Fraction(width, height) > WIDE
    _add(about, width=width, height=height, anamorphic=str(anamorphic).upper())
    if square or reel.size in PIXEL_ASPECTS:
        _add(about, pixelaspectratio="square" if square else PIXEL_ASPECTS[reel.size])
    _add(about, fielddominance=FIELDS[reel.scan])
    _rate(about, reel)


def _transition(track: Element, reel: Reel, frames: FrameRange, meet: int) -> None:
    """A dissolve. The format knows clips that meet at its ends or in its middle; what lies between is told as that."""
    item = SubElement(track, "transitionitem")
    alignment = {frames.start: "start", frames.stop: "end"}.get(meet, "center")
    _add(item, start=frames.start, end=frames.stop, alignment=alignment)
    _rate(item, reel)
    effect = SubElement(item, "effect")
    _add(effect, name="Cross Dissolve", effectid="Cross Dissolve", effectcategory="Dissolve")
    _add(effect, effecttype="transition", mediatype="video")


def _clip(track: Element, conform: Conform, piece: Piece, following: Piece | None, number: int) -> Element:
    after, listed = following.dissolve if following else None, conform.listed(piece)
    item = SubElement(track, "clipitem", id=f"clipitem-{number}")
    _add(item, name=piece.file, duration=len(piece.media))
    _rate(item, conform.reel_of(piece))
    _add(item, start=UNSAID if piece.dissolve else listed.start, end=UNSAID if after else listed.stop)
    stop = after.stop if after else piece.frames.stop
    _add(item, enabled="TRUE")
    _add(item, **{"in": piece.first - piece.media.start, "out": stop - piece.media.start})
    return item


def _file(file: Element, conform: Conform, piece: Piece) -> None:
    reel = conform.reel_of(piece)
    _add(
        file, name=piece.file, pathurl=(conform.folder.absolute() / piece.path).as_uri().replace("///", "//localhost/")
    )
    _rate(file, reel)
    _add(file, duration=len(piece.media))
    _timecode(file, reel, piece.media.start)
    _format(SubElement(SubElement(file, "media"), "video"), reel)
