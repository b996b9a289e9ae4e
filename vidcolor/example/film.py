"""The example film's frames: scenes joined by cut, fade and dissolve, then flicker and grain.

- `colors` is the clean picture. The gray film's luma is its Y' (BT.709, of coded R'G'B') with flicker and grain.
- Its true colours keep the clean picture's Cb and Cr beside that luma: what a perfect colourist would give.
  Flicker and grain thus do not touch a*b*. Where the two leave the colour cube, Cb and Cr shrink at equal hue.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidcolor.example.facts import FRAME_COUNT, SHOTS, ExampleShot
from vidcolor.example.paint import SIZE, Camera, Picture, Scene, noise
from vidcolor.example.scenes import SCENES

SATURATION = 0.86
"""Colour film of the time is quieter than paint."""
TO_YCC = np.array(
    [
        [0.2126, 0.7152, 0.0722],
        [-0.2126 / 1.8556, -0.7152 / 1.8556, 0.5],
        [0.5, -0.7152 / 1.5748, -0.0722 / 1.5748],
    ]
)
"""ITU-R BT.709: Y', Cb and Cr of R'G'B'."""
TO_RGB = np.linalg.inv(TO_YCC)
BLACK, LUMA_SPAN, NEUTRAL, CHROMA_SPAN = 64, 876, 512, 896
"""10-bit limited range."""
FLICKER = 0.022
"""Deviation of the film's brightness from frame to frame."""
GRAIN = 0.008
"""Deviation of the grain in the middle grays."""
INSIDE = (0.002, 0.998)
"""R'G'B' of the true colours stay in here: half a code from the edge of the cube."""
FREE_VIEW = (Camera(46, -6, 1.1), 47.0)
"""Standpoint and moment of the picture that shows the hillside from elsewhere."""
NEAR_ZOOM, NEAR_SHIFT, NEAR_SWELL, NEAR_TONE = 1.014, (4.6, -3.2), 1.4, 0.87
"""The near picture: enlarged, shifted (pixels), swollen unevenly (pixels), and its luma to this power."""


@dataclass(frozen=True, slots=True)
class Planes:
    """One frame as 10-bit codes at full size: the film's luma and the true chroma."""

    luma: Picture
    cb: Picture
    cr: Picture


class Film:
    """The film, painted when asked for; the same bytes at every asking."""

    def __init__(self) -> None:
        self._scenes: dict[str, Scene] = {}
        draw = np.random.default_rng(1895)
        slow = cv2.GaussianBlur(draw.standard_normal((1, FRAME_COUNT)), (0, 0), 3)[0] * 2.4
        self._gain = 1 + FLICKER * np.clip(0.7 * draw.standard_normal(FRAME_COUNT) + 0.5 * slow, -2.2, 2.2)
        self._grain = noise((SIZE[0] + 97, SIZE[1] + 131), 1.6, 1896, octaves=2) * np.float32(GRAIN)
        self._offsets = draw.integers(0, (97, 131), (FRAME_COUNT, 2)).tolist()

    def scene(self, name: str) -> Scene:
        if name not in self._scenes:
            self._scenes[name] = SCENES[name]()
        return self._scenes[name]

    def colors(self, frame: int) -> Picture:
        """(H, W, 3) clean coded R'G'B' 0..1 of a frame, with its fades and dissolves."""
        picture = np.zeros((*SIZE, 3), np.float32)
        for shot in SHOTS:
            if weight := _weight(shot, frame):
                picture += self._shot(shot, frame) * np.float32(weight)
        return picture

    def planes(self, frame: int) -> Planes:
        """The film's luma of a frame, and its true chroma."""
        ycc = cv2.transform(self.colors(frame), TO_YCC.astype(np.float32))
        clean = ycc[..., 0]
        y0, x0 = self._offsets[frame]
        grain = self._grain[y0 : y0 + SIZE[0], x0 : x0 + SIZE[1]]
        if frame % 2:
            grain = grain[::-1]
        # Grain shows most in the middle grays, and none of it in the black between the shots.
        luma = clean * np.float32(self._gain[frame]) + grain * (4 * clean * (1 - clean)) ** 0.5
        codes = np.rint(BLACK + LUMA_SPAN * np.clip(luma, 0, 1)).astype(np.uint16)
        luma = (codes.astype(np.float32) - BLACK) / LUMA_SPAN
        keep = _inside(luma, ycc[..., 1], ycc[..., 2])
        cb, cr = (np.rint(NEUTRAL + CHROMA_SPAN * ycc[..., k] * keep).astype(np.uint16) for k in (1, 2))
        return Planes(codes, cb, cr)

    def exact_picture(self, frame: int) -> Picture:
        """(3, H, W) 16-bit R'G'B': the film's own luma in its true colours, as if painted over the frame."""
        return _samples(picture_of(self.planes(frame)), np.uint16)

    def near_picture(self, frame: int) -> Picture:
        """(3, H, W) 8-bit R'G'B': that frame repainted: free of grain, some pixels off, lighter in tone."""
        ycc = cv2.transform(self.colors(frame), TO_YCC.astype(np.float32))
        ycc[..., 0] = np.clip(ycc[..., 0], 0, 1) ** NEAR_TONE
        rgb = cv2.transform(ycc, TO_RGB.astype(np.float32))
        y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
        swell = [NEAR_SWELL * noise(SIZE, 130, seed, octaves=2) for seed in (61, 62)]
        map_x = (x - SIZE[1] / 2) / NEAR_ZOOM + SIZE[1] / 2 + NEAR_SHIFT[0] + swell[0]
        map_y = (y - SIZE[0] / 2) / NEAR_ZOOM + SIZE[0] / 2 + NEAR_SHIFT[1] + swell[1]
        moved = cv2.remap(rgb, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return _samples(moved, np.uint8)

    def free_picture(self) -> Picture:
        """(3, H, W) 8-bit R'G'B': the hillside from another standpoint at another moment."""
        camera, moment = FREE_VIEW
        return _samples(_graded(self.scene("hillside").paint(moment, camera)), np.uint8)

    def _shot(self, shot: ExampleShot, frame: int) -> Picture:
        return _graded(self.scene(shot.scene).paint(float(frame - shot.frames.start)))


def picture_of(planes: Planes) -> Picture:
    """(H, W, 3) coded R'G'B' 0..1 of codes."""
    luma = (planes.luma.astype(np.float32) - BLACK) / LUMA_SPAN
    cb, cr = ((plane.astype(np.float32) - NEUTRAL) / CHROMA_SPAN for plane in (planes.cb, planes.cr))
    return np.clip(cv2.transform(np.dstack([luma, cb, cr]), TO_RGB.astype(np.float32)), 0, 1)


def _graded(picture: Picture) -> Picture:
    """As the film stock sees it: quieter, inside the cube."""
    gray = picture @ TO_YCC[0].astype(np.float32)
    return np.clip(gray[..., None] + SATURATION * (picture - gray[..., None]), 0, 1)


def _weight(shot: ExampleShot, frame: int) -> float:
    """How much of a shot a frame shows."""
    after = next((other for other in SHOTS if other.frames.start == shot.frames.stop), None)
    weight = 1.0 if frame in shot.frames else 0.0
    for meeting, comes in ((shot, True), (after, False)):
        if meeting is None or meeting.transition is None or frame not in meeting.transition:
            continue
        if meeting.entry == "dissolve":
            ramp = (frame - meeting.transition.start + 1) / (len(meeting.transition) + 1)
            weight = ramp if comes else 1 - ramp
        elif frame in shot.frames:
            # The last frame before the boundary and the first after it are black.
            weight = (abs(frame - meeting.frames.start + 0.5) - 0.5) / (len(meeting.transition) / 2)
    return weight


def _inside(luma: Picture, cb: Picture, cr: Picture) -> Picture:
    """(H, W) what Cb and Cr must be multiplied by to keep R'G'B' in the cube."""
    blue, red = cb * np.float32(TO_RGB[2, 1]), cr * np.float32(TO_RGB[0, 2])
    green = cb * np.float32(TO_RGB[1, 1]) + cr * np.float32(TO_RGB[1, 2])
    high = np.maximum(np.maximum(blue, red), green)
    low = np.minimum(np.minimum(blue, red), green)
    room_up = np.maximum(INSIDE[1] - luma, 0) / np.maximum(high, 1e-6)
    room_down = np.maximum(luma - INSIDE[0], 0) / np.maximum(-low, 1e-6)
    return np.minimum(1, np.minimum(room_up, room_down))


def _samples(picture: Picture, kind: type[np.uint8] | type[np.uint16]) -> Picture:
    """(H, W, 3) 0..1 as (3, H, W) integers."""
    top = np.iinfo(kind).max
    return np.ascontiguousarray(np.moveaxis(np.rint(np.clip(picture, 0, 1) * top).astype(kind), 2, 0))
