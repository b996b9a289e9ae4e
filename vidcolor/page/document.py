"""A page as one HTML file: no script, no outside file, and it forbids itself anything else."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from numpy import ndarray as Array

from vidcolor.media.jpeg import QUALITY, jpeg_bytes

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, mark: str, style: str, parts: Iterable[str]) -> str:
    """The whole page of these parts, which are HTML; the title is text. `mark` says who wrote it, in its head."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            mark,
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style></head><body><main>",
            *parts,
            "</main></body></html>",
            "",
        ]
    )


def image_data(picture: Array, quality: int = QUALITY) -> str:
    """A picture, (3, h, w) uint8, as the address of an image in the page itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg_bytes(picture, quality)).decode('ascii')}"
