"""Frames of the film as pictures for the page: frame n is frame n, read from the film and the version in force.

- Ten bits in; what is shown is what is delivered (`colored_frames`), or, at a size that is looked at while one goes
  through the film, the same colours joined at that size.
- A version's file of colours is summed once, not for every frame that is shown of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.cache import Cache
from vidcolor.color import LumaLock, luma_to_lightness
from vidcolor.color.shown import codes_to_rgb
from vidcolor.desk.desk import Moment
from vidcolor.errors import InputError, MediaError
from vidcolor.finish.around_exact import REACH
from vidcolor.media.images import read_rgba
from vidcolor.media.jpeg import jpeg_bytes, read_jpeg
from vidcolor.media.read import Clip, SourceClip
from vidcolor.pipeline.frames import colored_frames, finished, previewed
from vidcolor.pipeline.joined import joined_colors
from vidcolor.pipeline.preview import Preview, previews
from vidcolor.pipeline.sights import sights_of
from vidcolor.project.corrections import path_of
from vidcolor.project.proposals import place_of, proposals_of
from vidcolor.project.versions import still_name, version_named
from vidcolor.review.looks import frames_of
from vidcolor.state.plan import clear_by_id
from vidcolor.state.status import ShotState
from vidcolor.superpixels.segment import segment, superpixel_count
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Reel, SourceFrame
from vidcolor.view import fitted, gray, heat, shown

View = Literal["gray", "color", "doubt"]
VIEWS: tuple[View, ...] = ("gray", "color", "doubt")
KINDS = {"jpg": "image/jpeg", "png": "image/png"}
QUALITY, THUMB_QUALITY = 92, 80
THUMB = 160
"""Width of a thumbnail, in pixels."""
THUMBS_KEPT, AHEAD_KEPT = 4000, 6
REFERENCE, SHELVED = 480, 60
"""Width of a reference beside the frame, and how many are kept"""
LABELS, DENSITY = 960, 1.5
"""Width at which superpixels are found for a person to choose from, and how many: half of what the colours go by"""
LEAST, MOST = 1, 8192
"""Widths of a picture that may be asked for."""
NEUTRAL = np.uint16(512)
OVERLAY = 0.8
"""How much of a pixel of no confidence the overlay covers."""
EIGHT = np.float32(255 / 65535)


@dataclass(frozen=True, slots=True)
class Asked:
    """One picture, as the page asks for it."""

    frame: int
    view: View
    width: int = 0
    """Pixels that it is wanted wide, at most the film's; 0: the film's own size, as it is delivered"""
    version: str = ""
    """Of the frame's shot; empty: the one in force"""
    ahead: bool = False
    """As it will be, where its shot waits and the frame says itself what it will look like"""
    kind: str = "jpg"


class Pictures:
    """Makes pictures; threads may share it. Holds the film open where it was read last."""

    def __init__(self) -> None:
        self._proven: dict[str, set[str]] = {}
        self._eye, self._thumb_eye = threading.Lock(), threading.Lock()
        self._clips: dict[tuple[str, int], Clip] = {}
        self._thumbs, self._shelf = Cache[bytes](THUMBS_KEPT, _one), Cache[bytes](SHELVED, _one)
        self._luma: tuple[tuple[str, int], Array] | None = None
        self._warming, self._warm = threading.Lock(), False
        self._made: dict[tuple[int, int], Preview | None] = {}

    def frame(self, now: Callable[[], Moment], asked: Asked) -> tuple[bytes, bool]:
        """The picture asked for, and whether it shows the frame as it will be. Refuses a frame that the film does not
        have, and colours of what was not rendered.

        now  the newest moment, once it is this picture's turn: what was asked for before a correction, and waited
             behind others, is made once and not as it would have been
        """
        with self._eye:
            moment = now()
            reel = moment.film.plan.reel
            _check(asked.frame, reel)
            width = min(asked.width, reel.size[1])
            if asked.view == "doubt":
                return png_bytes(_overlay(self._color(moment, asked), width or reel.size[1])), False
            if not width:
                picture = self._gray(moment, asked.frame) if asked.view == "gray" else self._finished(moment, asked)
            else:
                picture = self._quick(moment, asked, width)
            ahead = asked.ahead and asked.view == "color" and self._made.get((moment.number, asked.frame)) is not None
        return png_bytes(picture) if asked.kind == "png" else jpeg_bytes(picture, QUALITY), ahead

    def thumb(self, moment: Moment, state: ShotState) -> bytes:
        """A small picture of a shot: of the still that its version keeps, else gray from the film."""
        shot, version = state.planned.shot, state.version
        key = (shot.id, version.seen if version and not state.planned.excluded else "")
        return self._thumbs.get(key, lambda: jpeg_bytes(self._small(moment, state), THUMB_QUALITY))

    def warm(self, moment: Moment) -> None:
        """Has the libraries loaded that the first preview of a hint would wait for, where the settings use any."""
        with self._warming:
            if not self._warm:
                self._warm = True
                sights_of(moment.film.settings, None)(0, np.full((64, 64), 50, np.float32))

    def point(self, moment: Moment, frame: int, at: tuple[float, float]) -> float:
        """L* of the film in a frame at a point, given as shares of its width and height."""
        reel = moment.film.plan.reel
        _check(frame, reel)
        with self._eye:
            if self._luma is None or self._luma[0] != (reel.hash, frame):
                lightness = luma_to_lightness(self._source(moment, frame).luma, reel.tags)
                self._luma = ((reel.hash, frame), lightness)
            lightness = self._luma[1]
        row, column = (min(int(share * side), side - 1) for share, side in zip(at[::-1], lightness.shape, strict=True))
        near = lightness[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        return float(near.mean())

    def reference(self, moment: Moment, place: int) -> bytes:
        """A picture of the film's references, small, by its place among them."""
        pictures = moment.film.plan.pictures
        if place >= len(pictures):
            raise InputError("that reference is no longer there; look at the list again")
        picture = pictures[place]
        return self._shelved(picture.hash, path_of(moment.film.project, picture.name))

    def proposal(self, moment: Moment, name: str) -> bytes:
        """A proposed picture, small."""
        if name not in proposals_of(moment.film.project):
            raise InputError(f"no proposal {name:.60}; have colours proposed anew")
        path = place_of(moment.film.project, name)
        return self._shelved(f"{name} {path.stat().st_mtime_ns}", path)

    def labels(self, moment: Moment, frame: int) -> bytes:
        """A PNG of the superpixels of a frame, at most LABELS wide: the number of each as a colour, red highest."""
        _check(frame, moment.film.plan.reel)
        with self._eye:
            lightness = self._clip(moment, LABELS)[frame].lightness
            found = segment(lightness, superpixel_count(lightness.shape, DENSITY))
        return png_bytes(np.stack([found >> 16, found >> 8, found]).astype(np.uint8))

    def _shelved(self, key: str, path: Path) -> bytes:
        """A picture from disk, small, as a JPEG; read as hostile, once."""

        def make() -> bytes:
            with self._thumb_eye:
                rgb = np.rint(np.clip(read_rgba(path)[:3], 0, 1) * 255).astype(np.uint8)
            return jpeg_bytes(fitted(rgb, min(REFERENCE, rgb.shape[2])), QUALITY)

        return self._shelf.get(key, make)

    def close(self) -> None:
        for clip in self._clips.values():
            clip.close()

    def _small(self, moment: Moment, state: ShotState) -> Array:
        shot = state.planned.shot
        clear = clear_by_id([shot])[shot.id]
        (frame,) = frames_of(state, clear, 1)[:1] or [shot.frames.start]
        if state.version is not None and not state.planned.excluded:
            place = moment.film.project.path("shots", shot.id, state.version.name, still_name(frame))
            still = read_jpeg(place)
            if still is not None:
                return fitted(still, THUMB)
        with self._thumb_eye:
            return gray(self._clip(moment, THUMB)[frame].lightness)

    def _clip(self, moment: Moment, width: int) -> Clip:
        """The film at one width; those of other sizes of the window are let go of."""
        reel = moment.film.plan.reel
        width = min(width, reel.size[1])
        key = (reel.hash, width)
        if key not in self._clips:
            for other in [k for k in self._clips if k[1] != THUMB and width != THUMB]:
                self._clips.pop(other).close()
            size = (max(1, round(width * reel.size[0] / reel.size[1])), width)
            self._clips[key] = Clip(reel, size=size, quick=True)
        return self._clips[key]

    def _gray(self, moment: Moment, frame: int) -> Array:
        """(3, H, W) uint8 of the film's own luma."""
        source = self._source(moment, frame)
        flat = np.full_like(source.luma, NEUTRAL)
        rgb = codes_to_rgb(source.luma, flat, flat, moment.film.plan.reel.tags)
        return np.rint(rgb * np.float32(255)).astype(np.uint8)

    def _source(self, moment: Moment, frame: int) -> SourceFrame:
        return next(iter(SourceClip(moment.film.plan.reel, FrameRange(frame, frame + 1))))

    def _finished(self, moment: Moment, asked: Asked) -> Array:
        """(3, H, W) uint8 of the frame as it is delivered."""
        states = self._versions(moment, asked)
        found = self._ahead(moment, asked)
        if found is not None and any(
            asked.frame in s.planned.reach and not (s.version or s.planned.excluded) for s in states
        ):
            source = self._source(moment, asked.frame)
            rgb = finished(moment.film, source, previewed(found), LumaLock(moment.film.plan.reel.tags))
            return np.rint(rgb * EIGHT).astype(np.uint8)
        ahead = {} if found is None else {asked.frame: found}
        ((frame, rgb),) = colored_frames(moment.film, states, [asked.frame], ahead)
        _same(frame, asked.frame)
        return np.rint(rgb * EIGHT).astype(np.uint8)

    def _quick(self, moment: Moment, asked: Asked, width: int) -> Array:
        found = self._clip(moment, width)[asked.frame]
        _same(found.index, asked.frame)
        if asked.view == "gray":
            return gray(found.lightness)
        chroma = fitted(self._color(moment, asked).chroma, width)
        if chroma.shape[1:] != found.lightness.shape:
            size = found.lightness.shape[::-1]
            chroma = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma])
        return shown(found.lightness, chroma)

    def _color(self, moment: Moment, asked: Asked) -> ColorFrame:
        """The frame's colours as they are stored, or as they will be."""
        film = moment.film
        found = self._ahead(moment, asked)
        if found is not None:
            return previewed(found)
        versions = [state.version for state in self._versions(moment, asked)]
        with closing(joined_colors(film, versions, FrameRange(asked.frame, asked.frame + 1))) as colors:
            color = next(colors).color
        _same(color.index, asked.frame)
        return color

    def _ahead(self, moment: Moment, asked: Asked) -> Preview | None:
        """The frame as it will be; None where that is not asked for, or not known."""
        if not asked.ahead:
            return None
        key = (moment.number, asked.frame)
        if key not in self._made:
            found = previews(moment.film, moment.shown, [asked.frame])
            self._made = {key: found.get(asked.frame), **dict(list(self._made.items())[:AHEAD_KEPT])}
        return self._made[key]

    def _versions(self, moment: Moment, asked: Asked) -> Sequence[ShotState]:
        """The state of every shot, with the version asked for, whose files are summed; those of its neighbours are when
        they are read. What was summed once is not summed again."""
        states, near = list(moment.shown), FrameRange(max(0, asked.frame - REACH), asked.frame + REACH + 1)
        for place, state in enumerate(states):
            if state.planned.excluded or not state.planned.reach.overlap(near):
                continue
            version, here = state.version, asked.frame in state.planned.reach
            if asked.version and asked.frame in state.planned.shot.frames:
                version = version_named(moment.film.project, state.planned.shot.id, asked.version)
            if version is not None:
                version = replace(version, proven=self._proven.setdefault(version.seen, set()))
                for name in version.stores if here else ():
                    version.checked(name)
            states[place] = replace(state, version=version)
        return states


def _one(picture: bytes) -> int:
    """Pictures are kept by their number."""
    return 1


def _check(frame: int, reel: Reel) -> None:
    """Refuses a frame that the film does not have."""
    if not 0 <= frame < reel.frame_count:
        raise InputError(f"frame {frame} is outside the film (0 to {reel.frame_count - 1})")


def _same(made: int, asked: int) -> None:
    if made != asked:
        raise MediaError(f"frame {asked}: the film gave frame {made}; start `vidcolor review` again")


def _overlay(color: ColorFrame, width: int) -> Array:
    """(4, h, w) uint8: heat of confidence, as opaque as the colour is unsure."""
    confidence = fitted(color.confidence[None], width)[0]
    opaque = np.rint(np.clip(1 - confidence, 0, 1) * np.float32(255 * OVERLAY)).astype(np.uint8)
    return np.concatenate([heat(confidence), opaque[None]])


def png_bytes(picture: Array) -> bytes:
    """A PNG of (3 or 4, h, w) uint8, quickly packed."""
    order = [2, 1, 0, 3][: len(picture)]
    pixels = np.ascontiguousarray(np.moveaxis(picture[order], 0, 2))
    done, data = cv2.imencode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    if not done:
        raise MediaError(f"a picture of {picture.shape} cannot be written as PNG; make it smaller")
    return bytes(data)
