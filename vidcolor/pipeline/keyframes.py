"""Keyframes in colour: from the frame's own picture by registration, from other references by the shipped network.

Without the network (`colorize.network = "none"`), other references are transferred.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize import color_from_references, register, transfer
from vidcolor.colorize.by_registration import resized
from vidcolor.colorize.harmonize import harmonized
from vidcolor.colorize.tones import in_tones_of
from vidcolor.colorize.which_frame import COMPOSED, LIES, FrameMatch, find_frame, small_picture, small_size
from vidcolor.colorize.which_frame import FITS as FITS_FRAME
from vidcolor.media.read import Clip
from vidcolor.pipeline.bars import around, inside, picture_inside, with_bars_around
from vidcolor.pipeline.library import Library
from vidcolor.references.choose import choose_references, colorfulness_of, describe, holds_color, similarity
from vidcolor.settings import ColorizeSettings, Settings
from vidcolor.state.plan import Plan, PlannedKeyframe, ShotPlan
from vidcolor.types import ColorFrame, Frame, Guidance, Reference, Region, Registration

if TYPE_CHECKING:
    from vidcolor.networks.features import NetworkFeatures

FITS = (0.5, 0.7)
"""Confidence of what registration lays up to which the network's colour is taken, and from which none of it is. What
is filled (at most .5) is never laid over the network's: on 80 training frames beside pictures of another framing the
network's colours are nowhere farther off where registration's confidence is below .7, and know better how far."""


FAINT = 0.25
"""Share of the colour of the pictures before and behind it in its shot with which a picture is told to be faint."""
OTHER_TONES = (
    "is its frame in other contrast or brightness, so its colours were brought to the frame's; "
    "colorize.tones=picture takes them as they are"
)
Regions = Mapping[str, tuple[Region, ...]]
"""Of each picture, by its name"""


@dataclass(frozen=True, slots=True)
class MadeKeyframe:
    """One keyframe as it was made."""

    frame: int
    color: ColorFrame | None
    """None: nothing matched."""
    how: str
    """exact, near, far, unused (far, and nothing matches), gray (without colour), transfer (from other pictures) or
    regions (likewise, with masks)"""
    pictures: tuple[str, ...]
    registration: Registration | None = None
    full_size: np.ndarray | None = None
    """(2, H, W) the artist's own chroma at the reel's size, when the picture is the frame, maybe of another size."""
    notes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        facts: dict[str, Any] = {"frame": self.frame, "how": self.how, "pictures": list(self.pictures)}
        if self.registration is not None:
            facts |= {"shift": round(self.registration.shift, 2), "fits": round(self.registration.fits, 4)}
        return facts


@dataclass(frozen=True, slots=True)
class Beside:
    """What is there beside a keyframe: its shot's other keyframes, and its frames."""

    planned: ShotPlan
    clip: Clip
    """The frames that the shot renders, at working size"""


class Colorizer(Protocol):
    """Colours a frame from references (`colorize/by_super_attention.py`)."""

    def __call__(
        self, target: Frame, guidance: Sequence[Guidance], settings: ColorizeSettings, laid: ColorFrame | None = None
    ) -> ColorFrame: ...

    def let_go(self, pictures: Collection[str]) -> None:
        """Forgets what it has kept of pictures, by their hashes."""


def load_colorizer(features: NetworkFeatures) -> Colorizer:
    """The shipped network, seeing by the features network."""
    from vidcolor.colorize.by_super_attention import Colorizer as Shipped  # loads what runs networks

    return Shipped(features)


class KeyframeMaker:
    """Makes the planned keyframes of one film, in any order, by several threads at once."""

    def __init__(self, plan: Plan, library: Library, settings: Settings, colorizer: Colorizer | None = None) -> None:
        """Without a colorizer the library's features transfer."""
        self.plan, self.library, self.settings = plan, library, settings
        self.colorizer = colorizer
        self.pictures = {p.name: p for p in plan.pictures}
        self._shots = {key.frame: planned for planned in plan.shots for key in planned.keyframes}
        self._colorfulness: dict[str, float] = {}
        self._uses: Counter[str] = Counter()
        self._left: set[str] = set()
        """Of the shots that were told of, those with keyframes still to make"""
        self._guard = threading.Lock()

    def will_make(self, shots: Sequence[ShotPlan]) -> None:
        """Told before the shots are rendered: what none of them uses any more is let go as they are done."""
        self._uses = Counter(name for planned in shots for name in _pictures_of(planned))
        self._left = {planned.shot.id for planned in shots}

    def done(self, planned: ShotPlan) -> None:
        """Told behind the last keyframe of such a shot; more than once, too."""
        with self._guard:
            if planned.shot.id not in self._left:
                return
            self._left.remove(planned.shot.id)
            pictures = _pictures_of(planned)
            self._uses.subtract(pictures)
            gone = {name for name in pictures if self._uses[name] <= 0}
        self.library.let_go(gone)
        if self.colorizer is not None:
            self.colorizer.let_go({self.pictures[name].hash for name in gone})

    def make(self, key: PlannedKeyframe, target: Frame, beside: Beside | None = None) -> MadeKeyframe:
        """The keyframe's colours at working size; without a colorizer its regions are left out, and a note says so.

        beside  what a frame's own picture is compared with; None: it is taken at its word
        """
        if self.colorizer is None and key.regions:
            made = self.make(replace(key, regions=()), target, beside)
            return replace(made, notes=(*made.notes, _left_out(key)))
        bars, film = self.plan.reel.bars_at(key.frame), self.plan.reel.size
        if bars is None:
            return self._made(key, target, beside)
        made, size = self._made(key, self._inside(target), beside), target.lightness.shape
        return replace(
            made,
            color=made.color and with_bars_around(made.color, bars, film, size),
            full_size=None if made.full_size is None else around(made.full_size, bars, film, film),
        )

    def _inside(self, target: Frame) -> Frame:
        """The frame without its bars."""
        reel = self.plan.reel
        return replace(target, lightness=inside(target.lightness, reel.bars_at(target.index), reel.size))

    def over(self, key: PlannedKeyframe, target: Frame, below: ColorFrame) -> tuple[ColorFrame, Array] | None:
        """The key's regions in the colours of their pictures, and how far they count, (H, W) 0..1, at working size.

        below    what the frame is coloured in without them
        returns  None where there is no colorizer to fill them
        """
        if self.colorizer is None:
            return None
        planes = resized(np.concatenate([below.chroma, below.confidence[None]]), target.lightness.shape)
        bars, film, size = self.plan.reel.bars_at(key.frame), self.plan.reel.size, target.lightness.shape
        planes = inside(planes, bars, film)
        laid = ColorFrame(below.index, planes[:2], np.clip(planes[2], 0, 1))
        filled, share = self._filled(self.colorizer, key, self._inside(target), self._read(key), laid)
        if bars is None:
            return filled, share
        return with_bars_around(filled, bars, film, size), around(share, bars, film, size)

    def laid_over(self, key: PlannedKeyframe) -> MadeKeyframe:
        """What is said of a keyframe whose regions are laid over the shot's colours."""
        notes = () if self.colorizer is not None else (_left_out(key),)
        return MadeKeyframe(key.frame, None, "regions", key.pictures, notes=notes)

    def _read(self, key: PlannedKeyframe) -> list[Reference]:
        """The key's pictures; the frame's own without bars."""
        pictures = [self.library.read(self.pictures[name]) for name in key.pictures]
        if key.reason == "person":
            pictures[0] = picture_inside(pictures[0], self.plan.reel, key.frame)
        return pictures

    def _made(self, key: PlannedKeyframe, target: Frame, beside: Beside | None) -> MadeKeyframe:
        references = self._read(key)
        if key.reason == "person":
            match = FrameMatch(1.0, key.frame, False) if beside is None else self._match(key, references[0], beside)
            made = self._from_own_picture(key, target, references[0], match)
            if beside is not None and made.color is not None and (faint := self._faint(key, beside.planned)):
                made = replace(made, notes=(*made.notes, f"{references[0].name}: {faint}"))
            return self._painted(key, target, references, made) if key.regions else made
        color = self._from_references(key, target, references)
        return MadeKeyframe(key.frame, color, "regions" if key.regions else "transfer", key.pictures)

    def _regions(self, key: PlannedKeyframe, target: Frame, references: Sequence[Reference]) -> Regions:
        """The keyframe's regions by the picture they take from, their masks read."""
        found: dict[str, list[Region]] = {}
        sizes = {reference.name: reference.lightness.shape for reference in references}
        bars, film = self.plan.reel.bars_at(target.index), self.plan.reel.size
        for region in key.regions:
            mask = inside(self.library.mask(region.path, self.plan.hashes[region.path], film), bars, film)
            part = np.ones((1, 1), np.bool_)
            if region.part:
                whole = self.library.read(self.pictures[region.picture]).lightness.shape
                part = self.library.mask(region.part, self.plan.hashes[region.part], whole)
                part = part if whole == sizes[region.picture] else inside(part, bars, film)
            found.setdefault(region.picture, []).append(Region(mask, part))
        return {name: tuple(regions) for name, regions in found.items()}

    def _from_references(self, key: PlannedKeyframe, target: Frame, references: Sequence[Reference]) -> ColorFrame:
        """Colours of the references, weighed by how well each matches; the plan has chosen them already."""
        scores = key.scores + (0.0,) * (len(references) - len(key.scores))
        if self.colorizer is None:
            matched = list(zip(references, scores, strict=True))
            made = color_from_references(target, matched, self.library.features, self.settings.colorize)
            return harmonized(target, made, matched, self.library.features, self.settings.colorize)
        regions, least = self._regions(key, target, references), self.settings.references.least
        guides = []
        for reference, score in zip(references, scores, strict=True):
            parts = regions.get(reference.name, ())
            # what matches nowhere but was given for a region serves that region alone
            guides.append(Guidance(reference, 0.0 if parts and score < least else score, parts))
        return self.colorizer(target, guides, self.settings.colorize)

    def _painted(
        self, key: PlannedKeyframe, target: Frame, references: Sequence[Reference], made: MadeKeyframe
    ) -> MadeKeyframe:
        """The keyframe as it was made, its regions in the colours of their pictures."""
        assert self.colorizer is not None, "asked before"
        other, share = self._filled(self.colorizer, key, target, references, made.color)
        other = replace(other, confidence=np.maximum(other.confidence, share))  # a person said so
        color = other if made.color is None else mixed(other, made.color, share)
        return replace(made, color=color, full_size=None)

    def _filled(
        self,
        colorizer: Colorizer,
        key: PlannedKeyframe,
        target: Frame,
        references: Sequence[Reference],
        laid: ColorFrame | None,
    ) -> tuple[ColorFrame, Array]:
        """The frame as the key's regions would have it, and how far they count, (H, W) 0..1."""
        regions = self._regions(key, target, references)
        guides = [Guidance(r, 1.0, regions.get(r.name, ())) for r in references]
        masks = [region.target for found in regions.values() for region in found]
        shares = [resized(mask[None].astype(np.float32), target.lightness.shape)[0] for mask in masks]
        filled = colorizer(target, guides, self.settings.colorize, laid)
        return filled, np.clip(np.max(shares, axis=0), 0, 1)

    def _from_own_picture(
        self, key: PlannedKeyframe, target: Frame, picture: Reference, match: FrameMatch
    ) -> MadeKeyframe:
        if not holds_color(picture.chroma):
            note = f"{picture.name}: holds no colour, so frame {key.frame} takes its colours from elsewhere"
            return MadeKeyframe(key.frame, None, "gray", key.pictures, notes=(note,))
        if match.lies in COMPOSED:
            note = f"{picture.name}: {_misfit(key, match)} It is not used."
            return MadeKeyframe(key.frame, None, "unused", key.pictures, notes=(note,))
        toned = in_tones_of(target.lightness, picture) if self.settings.colorize.tones == "frame" else None
        picture = toned or picture
        registration, color = register(target, picture, self.settings.colorize, may_be_exact=match.best == key.frame)
        if registration.kind == "far" or match.lies:
            return self._from_far_picture(key, target, picture, registration, color, match)
        if registration.kind == "near" and self.colorizer is not None:
            color = self._completed(key, target, picture, color, self.colorizer)
        exact = registration.kind == "exact"
        full_size = resized(picture.chroma, self.plan.reel.picture_size(key.frame)) if exact else None
        told = ("" if exact else _misfit(key, match), OTHER_TONES if toned else "")
        notes = tuple(f"{picture.name}: {text}" for text in told if text)
        return MadeKeyframe(key.frame, color, registration.kind, key.pictures, registration, full_size, notes)

    def _match(self, key: PlannedKeyframe, picture: Reference, beside: Beside) -> FrameMatch:
        """The frame's own picture beside that frame and its neighbours in the shot."""
        clip, bars, film = beside.clip, self.plan.reel.bars_at(key.frame), self.plan.reel.size
        size = small_size(self.plan.reel.picture_size(key.frame) if bars else clip.size)

        def frame_at(frame: int) -> Array:
            lightness = inside(clip[frame - clip.frames.start].lightness, bars, film)
            return resized(lightness[None], size)[0]

        return find_frame(small_picture(picture, size), frame_at, key.frame, beside.planned.shot.frames)

    def _faint(self, key: PlannedKeyframe, planned: ShotPlan) -> str:
        """What to say of a picture that holds far less colour than those beside it; empty for any other."""
        own = [k for k in planned.keyframes if k.reason == "person"]
        before, behind = ([k for k in own if k.frame < key.frame], [k for k in own if k.frame > key.frame])
        sides = (map(self._color_of, keys) for keys in (reversed(before), behind))
        colored = [color for side in sides if (color := next(filter(None, side), 0.0))]
        if not colored or self._color_of(key) >= FAINT * min(colored):
            return ""
        return (
            f"holds far less colour than the pictures beside it (mean chroma {self._color_of(key):.0f} against "
            f"{min(colored):.0f}), so colours fade towards frame {key.frame}; is that meant?"
        )

    def _color_of(self, key: PlannedKeyframe) -> float:
        """Mean chroma of the frame's own picture; 0 where it holds no colour."""
        name = key.pictures[0]
        if name not in self._colorfulness:
            chroma = self.library.read(self.pictures[name]).chroma
            self._colorfulness[name] = colorfulness_of(chroma) if holds_color(chroma) else 0.0
        return self._colorfulness[name]

    def _completed(
        self, key: PlannedKeyframe, target: Frame, picture: Reference, laid: ColorFrame, colorizer: Colorizer
    ) -> ColorFrame:
        """What is laid, and the network's colours where the picture does not fit."""
        share = np.clip((laid.confidence - FITS[0]) / (FITS[1] - FITS[0]), 0, 1)
        if share.min() == 1:
            return laid
        others = self._others(key, describe(target.lightness, self.library.features))
        other = colorizer(target, [Guidance(picture), *others], self.settings.colorize, laid)
        return mixed(laid, other, share)

    def _others(self, key: PlannedKeyframe, seen: Array) -> list[Guidance]:
        """Pictures of the shot's other keyframes that match the frame: they may show what its own does not.

        Of its shot alone, so that a picture of one shot changes no other.
        """
        planned = self._shots[key.frame]
        own = {
            k.pictures[0]: k
            for k in planned.keyframes
            if k.reason == "person" and k.frame not in {key.frame, *planned.mixed}
        }
        library = [(name, self.library.described(self.pictures[name])) for name in own]
        chosen = choose_references(seen, library, self.settings.references)
        guides = [Guidance(self._read(own[name])[0], score) for name, score in chosen]
        return [guide for guide in guides if holds_color(guide.reference.chroma)]

    def _from_far_picture(
        self,
        key: PlannedKeyframe,
        target: Frame,
        picture: Reference,
        registration: Registration,
        laid: ColorFrame,
        match: FrameMatch,
    ) -> MadeKeyframe:
        seen = describe(target.lightness, self.library.features)
        score = similarity(seen, self.library.described(self.pictures[picture.name]))
        matches = score >= self.settings.references.least
        what = _misfit(key, match, laid=False)
        use = "Here it is used as a free reference." if matches else "Nothing in it matches, so it is not used."
        note = f"{picture.name}: {what} {use}"
        if not matches:
            return MadeKeyframe(key.frame, None, "unused", key.pictures, registration, None, (note,))
        if self.colorizer is not None:
            guides = [Guidance(picture, score), *self._others(key, seen)]
            color = self.colorizer(target, guides, self.settings.colorize, laid)
        else:
            color = transfer(target, [(picture, score)], self.library.features, self.settings.colorize)
            # what is transferred is as sure of a wrong scene's colours as of the right one's
            color = replace(color, confidence=np.minimum(color.confidence, np.float32(registration.fits)))
        return MadeKeyframe(key.frame, color, "far", key.pictures, registration, None, (note,))


def _misfit(key: PlannedKeyframe, match: FrameMatch, *, laid: bool = True) -> str:
    """What is wrong with a frame's own picture, laid on it or too far for that; empty where nothing is."""
    if match.lies:
        return f"is {match.lies}, beside frame {key.frame}; {LIES[match.lies][0]}."
    if match.best != key.frame:
        return f"fits frame {match.best} better than {key.frame}; is its number right?"
    if match.fits >= FITS_FRAME:
        return "" if laid else f"shows frame {key.frame}, but in shades or details too unlike it to be laid on it."
    if laid:
        return f"hardly fits frame {key.frame}; where it does not, colours are guessed. Is its number right?"
    return f"does not fit frame {key.frame}; is its number right?"


def _pictures_of(planned: ShotPlan) -> set[str]:
    return {name for key in planned.keyframes for name in key.pictures}


def _left_out(key: PlannedKeyframe) -> str:
    return (
        f"frame {key.frame}: its regions are left out, as only a network fills regions; --set colorize.network=shipped"
    )


def mixed(first: ColorFrame, second: ColorFrame, share: np.ndarray) -> ColorFrame:
    """The first's colours, (H, W) 0..1 of them, and the second's."""
    chroma, confidence = (
        (a * share + b * (1 - share)).astype(np.float32)
        for a, b in ((first.chroma, second.chroma), (first.confidence, second.confidence))
    )
    return ColorFrame(first.index, chroma, confidence)
