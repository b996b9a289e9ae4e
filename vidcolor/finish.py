"""Stage 6: full-size chroma under the film's own luma, as codes to deliver.

- Enlarging: cubic, of slightly sharpened chroma (each stored value is the mean of an area). To it is added the
  luma's fine detail times the slope of colour over luma, as a guided filter has it, but only as far as luma and
  colour go together around that place: there a colour edge is drawn on the luma's edge at full resolution.
  Where they do not, a plain guided or joint bilateral filter paints luma texture into the colour; on photographs
  every one that was tried was worse than cubic enlarging, and most worse than bilinear.
- The low-resolution luma that the detail is measured against is made here from the full-size one.
- Then the luma lock of `color`. Chroma that is full size already goes to it as it is.

Source of the slope: K. He, J. Sun, X. Tang, "Guided Image Filtering", PAMI 2013, equations 5 and 8; the weight by
squared correlation is ours.
"""

import cv2
import numpy as np
from numba import njit

from vidcolor.color import LumaLock
from vidcolor.color.lock import Subsampling
from vidcolor.errors import InputError
from vidcolor.settings import FinishSettings
from vidcolor.types import ColorFrame, DeliveryFrame, SourceFrame

STAGE = 1
SHARPEN = 0.1
"""Gives area means back their contrast; 0.1 to 0.2 is best on photographs reduced 2 to 4 times."""
WINDOW, SPREAD = (5, 5), 1.0
"""Window of the slope and its Gaussian's deviation, in chroma pixels."""
LUMA_FLOOR = 1e-3
"""Variance of luma (0..1) below which it tells nothing about colour."""
CHROMA_FLOOR = 1.0
"""Variance of a* and b* that counts as noise."""
CODE_SPAN = 876.0
"""Luma codes from black to white."""


def finish(
    source: SourceFrame, color: ColorFrame, lock: LumaLock, settings: FinishSettings, subsampling: Subsampling
) -> DeliveryFrame:
    """The frame to deliver: the source's luma, the same array, with 10-bit Cb, Cr codes of the colours.

    source       full size
    color        chroma of the same frame, at any size up to full size
    subsampling  444, or 422 (co-sited, an odd width rounded up)
    Refuses colours of another frame or larger than the film.
    """
    if source.index != color.index:
        raise InputError(f"frame {source.index}: was given the colours of frame {color.index}")
    chroma = enlarge(color.chroma, source.luma, settings.detail)
    cb, cr = lock.chroma_codes(source.luma, chroma, subsampling)
    return DeliveryFrame(source.index, source.luma, cb, cr)


def mix(outgoing: ColorFrame, incoming: ColorFrame, ramp: float) -> ColorFrame:
    """The colours of one frame of a dissolve, between those its two shots gave it.

    ramp    how much of the incoming shot shows, 0..1
    Refuses two different frames or sizes.
    """
    if outgoing.index != incoming.index or outgoing.chroma.shape != incoming.chroma.shape:
        raise InputError(
            f"dissolve: frame {outgoing.index} {outgoing.chroma.shape} cannot be mixed with "
            f"frame {incoming.index} {incoming.chroma.shape}"
        )
    if not 0 <= ramp <= 1:
        raise InputError(f"frame {outgoing.index}: a dissolve's ramp is 0 to 1, not {ramp}")
    new, old = np.float32(ramp), np.float32(1 - ramp)
    chroma = old * outgoing.chroma + new * incoming.chroma
    confidence = old * outgoing.confidence + new * incoming.confidence
    return ColorFrame(outgoing.index, chroma, confidence)


def enlarge(chroma: np.ndarray, luma: np.ndarray, detail: float) -> np.ndarray:
    """Chroma at the luma's size: (2, H, W) float32.

    chroma  (2, h, w) float32, h <= H and w <= W
    luma    (H, W) uint16 codes
    detail  how much of the luma's detail is added, 0..1; 0 is cubic enlarging
    """
    height, width = luma.shape
    low = chroma.shape[1:]
    if low == luma.shape:
        return np.asarray(chroma)
    if low[0] > height or low[1] > width or 0 in low:
        raise InputError(f"colours of size {low} do not fit a film of size {luma.shape}")
    reduced = cv2.resize(luma, low[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
    result = np.stack([_resize(c + np.float32(SHARPEN) * (c - _mean3(c)), luma.shape, cv2.INTER_CUBIC) for c in chroma])
    if detail > 0:
        weight = np.float32(detail / CODE_SPAN)
        slopes = [_resize(s, luma.shape, cv2.INTER_LINEAR) for s in _slopes(chroma, reduced / CODE_SPAN)]
        _add_detail(result, slopes[0], slopes[1], luma, _resize(reduced, luma.shape, cv2.INTER_CUBIC), weight)
    return result


def _slopes(chroma: np.ndarray, luma: np.ndarray) -> list[np.ndarray]:
    """Change of a* and of b* with luma around each pixel, weighted by the square of how far they go together."""
    mean = _local(luma)
    spread = _local(luma * luma) - mean * mean + np.float32(LUMA_FLOOR)
    means = [_local(c) for c in chroma]
    together = [_local(luma * c) - mean * m for c, m in zip(chroma, means, strict=True)]
    own = sum(np.maximum(_local(c * c) - m * m, 0) for c, m in zip(chroma, means, strict=True))
    explained = sum(t * t for t in together) / (spread * (own + np.float32(CHROMA_FLOOR)))
    weight = np.minimum(explained, 1) ** 2 / spread
    return [t * weight for t in together]


def _local(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(plane, WINDOW, SPREAD, borderType=cv2.BORDER_REPLICATE))


def _mean3(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE))


def _resize(plane: np.ndarray, size: tuple[int, int], how: int) -> np.ndarray:
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=how))


@njit(cache=True, nogil=True, fastmath=True)
def _add_detail(chroma, slope_a, slope_b, luma, smooth, weight):  # type: ignore[no-untyped-def]
    """Adds weight * slope * (luma - smooth) to chroma, in place."""
    a, b = chroma[0], chroma[1]
    for j in range(np.uint32(luma.shape[0])):
        for i in range(np.uint32(luma.shape[1])):
            step = weight * (np.float32(luma[j, i]) - smooth[j, i])
            a[j, i] += slope_a[j, i] * step
            b[j, i] += slope_b[j, i] * step
