"""Old film made of clean pictures: lightness in, aged lightness out, the same for the same generator.

- Order of damage is the order of a film's life: lens and print (blur, size), exposure (gamma, contrast, flicker),
  wear (grain, scratches, dust), then the scan's compression.
- Every kind is drawn by itself, so some pictures come out nearly clean and some badly worn.
- Two generators: one for the look of a print, which its frames share, one for what differs from frame to frame.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

EVEN = 1e-6
"""Keeps grain finite in a picture of a few pixels."""
CLEAN = 0.2
"""Share of pictures that are left as they are."""


def age(lightness: Array, look: Generator, wear: Generator) -> Array:
    """(H, W) float32, L* 0..100: the lightness as an old print of it shows it.

    look    draws what the frames of one print share: lens, exposure, size, and which kinds of wear there are
    wear    draws the grain, scratches, dust and flicker of this frame
    """
    if look.random() < CLEAN:
        return lightness.astype(np.float32)
    x = lightness.astype(np.float32) / 100
    for chance, damage in DAMAGES:
        # The look's next numbers must not hang on what came before, or another size would get another look.
        seed = int(look.integers(2**32))
        if look.random() < chance:
            x = damage(x, np.random.default_rng(seed) if damage in LOOKS else wear)
    return (np.clip(x, 0, 1) * 100).astype(np.float32)


def _smaller(x: Array, random: Generator) -> Array:
    height, width = x.shape
    share = 1 / random.uniform(1.2, 2.5)
    small = cv2.resize(x, (max(8, round(width * share)), max(8, round(height * share))), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _blurred(x: Array, random: Generator) -> Array:
    return cv2.GaussianBlur(x, (0, 0), random.uniform(0.4, 1.6))


def _sharpened(x: Array, random: Generator) -> Array:
    return x + random.uniform(0.3, 1.2) * (x - cv2.GaussianBlur(x, (0, 0), random.uniform(0.8, 2.0)))


def _exposed(x: Array, random: Generator) -> Array:
    return np.asarray(np.clip(x, 0, 1) ** np.exp(random.uniform(-0.5, 0.5)), np.float32)


def _flattened(x: Array, random: Generator) -> Array:
    contrast, middle = random.uniform(0.55, 1.25), random.uniform(0.35, 0.6)
    return middle + contrast * (x - 0.5) + random.uniform(-0.05, 0.05)


def _flickered(x: Array, random: Generator) -> Array:
    field = random.normal(0, random.uniform(0.03, 0.12), (3, 4)).astype(np.float32)
    return x * (1 + cv2.resize(field, x.shape[::-1], interpolation=cv2.INTER_CUBIC))


def _grained(x: Array, random: Generator) -> Array:
    grain: Array = random.standard_normal(x.shape, np.float32)
    size = random.uniform(0, 1.2)
    if size > 0.35:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), size))
        grain = grain / (grain.std() + EVEN)
    # Grain of a print is strongest in the middle tones.
    return x + random.uniform(0.008, 0.07) * grain * (0.4 + 2.4 * np.clip(x, 0, 1) * (1 - np.clip(x, 0, 1)))


def _scratched(x: Array, random: Generator) -> Array:
    height, width = x.shape
    x = x.copy()
    for _ in range(random.integers(1, 5)):
        first, thick = random.uniform(0, width), int(random.integers(1, 3))
        drift, light = random.uniform(-4, 4), random.choice([0.0, 1.0])
        top, bottom = sorted(random.uniform(-0.3, 1.3, 2) * height)
        layer = np.zeros_like(x)
        cv2.line(layer, (round(first), round(top)), (round(first + drift), round(bottom)), 1.0, thick, cv2.LINE_AA)
        x += random.uniform(0.3, 1.0) * layer * (light - x)
    return x


def _dusty(x: Array, random: Generator) -> Array:
    x = x.copy()
    for _ in range(random.integers(1, 12)):
        place = tuple(int(random.integers(0, n)) for n in x.shape[::-1])
        axes = tuple(int(n) for n in random.integers(1, 4, 2))
        cv2.ellipse(x, place, axes, random.uniform(0, 180), 0, 360, float(random.choice([0.02, 0.98])), -1, cv2.LINE_AA)
    return x


def _compressed(x: Array, random: Generator) -> Array:
    codes = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(12, 75))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float32) / 255


DAMAGES = (
    (0.35, _smaller),
    (0.35, _blurred),
    (0.15, _sharpened),
    (0.6, _exposed),
    (0.6, _flattened),
    (0.4, _flickered),
    (0.7, _grained),
    (0.25, _scratched),
    (0.25, _dusty),
    (0.45, _compressed),
)
"""Each kind of damage and how often it is done."""
LOOKS = (_smaller, _blurred, _sharpened, _exposed, _flattened, _compressed)
"""Kinds that the frames of one print share."""
