"""Pictures for people as JPEG: 8 bits, without chroma subsampling, since colour is what they show."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.place import whole

QUALITY = 88


def jpeg_bytes(picture: np.ndarray, quality: int = QUALITY) -> bytes:
    """A JPEG of (3, H, W) uint8 R'G'B'."""
    bgr = np.ascontiguousarray(np.moveaxis(picture, 0, 2)[..., ::-1])
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    done, data = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality, *sampling))
    if not done:
        raise MediaError(f"a picture of {picture.shape} cannot be written as JPEG; make it smaller")
    return bytes(data)


def write_jpeg(path: Path, picture: np.ndarray, quality: int = QUALITY) -> None:
    """Writes (3, H, W) uint8 R'G'B', whole or not at all, below the project: a full disk is answered by `--project`."""
    with whole(path, "--project") as partial:
        partial.write_bytes(jpeg_bytes(picture, quality))


def read_jpeg(path: Path) -> np.ndarray | None:
    """(3, H, W) uint8 of a JPEG that `write_jpeg` wrote; None where there is none, or it is damaged."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    return None if bgr is None else np.ascontiguousarray(np.moveaxis(bgr[..., ::-1], 2, 0))
