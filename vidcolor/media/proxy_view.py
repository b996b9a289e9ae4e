"""What reviewers see of a frame in a proxy: beside or wiped with its gray, through a LUT or a view of OpenColorIO.

OpenColorIO is the one within OpenImageIO, which is loaded where it is first needed. No other delivery goes through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.color.scale import TEN
from vidcolor.errors import MediaError
from vidcolor.media.codecs import even_size
from vidcolor.media.encoder import padded
from vidcolor.settings import ExportSettings
from vidcolor.types import ColorTags, DeliveryFrame

if TYPE_CHECKING:
    from numpy import ndarray as Array

LINE = 2
"""Columns of the white line of a wipe."""


class ProxyView:
    """How the settings ask for proxies of a film with these tags."""

    def __init__(self, settings: ExportSettings, tags: ColorTags) -> None:
        self._settings = settings
        self._weights = LUMA_WEIGHTS[tags.matrix]

    def check(self) -> None:
        """Refuses a LUT or a view that cannot be used."""
        if self._is_viewed:
            self._viewed(np.zeros((1, 1, 3), np.float32))

    @property
    def _is_viewed(self) -> bool:
        return bool(self._settings.proxy_lut or self._settings.proxy_view)

    def shown(self, frame: DeliveryFrame) -> DeliveryFrame:
        """The frame (10 bits, 4:2:2) as the proxy shows it: the same, or wider, or another luma; without labels."""
        luma, cb, cr = frame.luma, frame.cb, frame.cr
        if self._settings.proxy_compare == "side":
            luma = padded(luma, (luma.shape[0], even_size(luma.shape)[1]))
            gray = np.full_like(cb, TEN.neutral)
            luma, cb, cr = np.hstack([luma, luma]), np.hstack([gray, cb]), np.hstack([gray, cr])
        elif self._settings.proxy_compare == "wipe":
            luma, cb, cr = luma.copy(), cb.copy(), cr.copy()
            middle = cb.shape[1] // 2
            luma[:, max(0, 2 * middle - LINE) : 2 * middle] = TEN.white
            cb[:, :middle] = cr[:, :middle] = TEN.neutral
        if not self._is_viewed:
            return DeliveryFrame(frame.index, luma, cb, cr)
        return DeliveryFrame(frame.index, *self._coded(self._viewed(self._rgb(luma, cb, cr))))

    def _rgb(self, luma: Array, cb: Array, cr: Array) -> Array:
        """(H, W, 3) float32 R'G'B' of 4:2:2 codes; chroma between samples is their mean."""
        red, blue = self._weights
        y = (luma.astype(np.float32) - TEN.black) / TEN.span
        wide = []
        for plane in (cb, cr):
            samples = (plane.astype(np.float32) - TEN.neutral) / TEN.chroma_span
            between = 0.5 * (samples + np.hstack([samples[:, 1:], samples[:, -1:]]))
            wide.append(np.stack([samples, between], 2).reshape(len(plane), -1)[:, : luma.shape[1]])
        b, r = y + wide[0] * (2 - 2 * blue), y + wide[1] * (2 - 2 * red)
        return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], 2).astype(np.float32)

    def _coded(self, rgb: Array) -> tuple[Array, Array, Array]:
        """Y', Cb, Cr codes of R'G'B', 4:2:2 on the even columns."""
        red, blue = self._weights
        rgb = np.clip(rgb, 0, 1)
        y = rgb @ np.array([red, 1 - red - blue, blue], np.float32)
        planes = []
        for channel, weight in ((2, blue), (0, red)):
            wide = np.pad((rgb[..., channel] - y) / (2 - 2 * weight), ((0, 0), (1, 1)), mode="edge")
            planes.append(0.25 * wide[:, 0:-2:2] + 0.5 * wide[:, 1:-1:2] + 0.25 * wide[:, 2::2])
        codes = [np.rint(TEN.neutral + TEN.chroma_span * plane).astype(np.uint16) for plane in planes]
        return np.rint(TEN.black + TEN.span * y).astype(np.uint16), codes[0], codes[1]

    def _viewed(self, rgb: Array) -> Array:
        """R'G'B' through the LUT, then through the view."""
        import OpenImageIO

        asked, config = self._settings, self._settings.ocio_config
        picture: Any = OpenImageIO.ImageBuf(np.ascontiguousarray(rgb))
        if asked.proxy_lut:
            picture = OpenImageIO.ImageBufAlgo.ociofiletransform(picture, asked.proxy_lut, unpremult=False)
            if picture.has_error:
                raise MediaError(
                    f"{asked.proxy_lut}: is no LUT that can be used ({_said(picture)}); set export.proxy_lut"
                )
        if asked.proxy_view:
            display, _, view = asked.proxy_view.partition("/")
            picture = OpenImageIO.ImageBufAlgo.ociodisplay(
                picture, display, view, asked.proxy_space, unpremult=False, colorconfig=config
            )
            if picture.has_error:
                raise MediaError(
                    f"export.proxy_view {asked.proxy_view!r}: OpenColorIO cannot show it ({_said(picture)}); set it to "
                    f"DISPLAY/VIEW: {_some_views(config)}"
                )
        return np.asarray(picture.get_pixels(OpenImageIO.FLOAT)).reshape(rgb.shape)


def _said(picture: Any) -> str:
    return str(picture.geterror()).strip().splitlines()[0][:160]


def _some_views(config: str) -> str:
    """A few views of a configuration, to name in a message."""
    import OpenImageIO

    colors = OpenImageIO.ColorConfig(config) if config else OpenImageIO.ColorConfig()
    names = [f"{d}/{v}" for d in colors.getDisplayNames()[:2] for v in colors.getViewNames(d)[:2]]
    return f"such as {', '.join(map(repr, names))}" if names else "the configuration has none (export.ocio_config)"
