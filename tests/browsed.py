"""What tests do with the review page in a real browser: go to a frame, point at the picture, read what it shows."""

from __future__ import annotations

import shutil

from served import Served

BROWSER = shutil.which("chromium")
NONE_HERE = "no chromium here: the page is not looked at by a real browser"
PATIENCE = 180_000
"""Milliseconds; a busy machine is no fault of what is tested"""
REFUSED = "status of 409"
"""What Chromium writes into its console of an answer that refuses; the page says why"""


def opened(window, page: Served, frame: int = 0):
    window.goto(page.address)
    window.wait_for_selector('#picture[data-frame="0"]')
    if frame:
        seek(window, frame)
    return window


def seek(window, frame: int) -> None:
    window.evaluate(f"vidcolor.goTo({frame})")
    window.wait_for_selector(f'#picture[data-frame="{frame}"][data-exact="true"]')


def until(window, asked: str) -> None:
    """Waits until what is asked of the page is so. Playwright's own waiting evaluates text, which the page's policy
    forbids."""
    while not window.evaluate(asked):
        window.wait_for_timeout(30)


def color_at(window, x: float, y: float) -> list[int]:
    """What the canvas shows at a point of the picture, in fractions of it."""
    return window.evaluate(
        """([x, y]) => {
          const at = vidcolor.place();
          const paper = document.getElementById("picture").getContext("2d");
          return [...paper.getImageData(at.left + x * at.width, at.top + y * at.height, 1, 1).data.slice(0, 3)];
        }""",
        [x, y],
    )


def at(window, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture is on the screen."""
    box = window.locator("#picture").bounding_box()
    place = window.evaluate("vidcolor.place()")
    return box["x"] + place["left"] + x * place["width"], box["y"] + place["top"] + y * place["height"]


def waits_for(window, kind: str) -> str:
    """The line of the correction that was just made."""
    line = window.locator("#lines code", has_text=kind).first
    line.wait_for()
    return line.inner_text()
