"""A picture of the review page, for the README: a frame of a project wiped from gray to colour, by Debian's chromium.

python tools/make_review_picture.py film.vidcolor 64 examples/review.jpg
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, sync_playwright

WIDTH, HEIGHT = 1366, 768
QUALITY = 80


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help="a project that is rendered")
    parser.add_argument("frame", type=int, help="the frame to show")
    parser.add_argument("out", type=Path, help="the JPEG to write")
    args = parser.parse_args()
    words = [sys.executable, "-m", "vidcolor", "review", str(args.project), "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        with sync_playwright() as playing:
            browser = playing.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            data = picture(browser, address, args.frame)
            browser.close()
        server.terminate()
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    cv2.imwrite(str(args.out), pixels, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))


def picture(browser: Browser, address: str, frame: int) -> bytes:
    """A PNG of the page at a frame, wiped."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(address)
    page.wait_for_selector('#picture[data-frame="0"]')
    page.keyboard.press("w")
    page.evaluate(f"vidcolor.goTo({frame})")
    page.wait_for_selector(f'#picture[data-frame="{frame}"][data-exact="true"]')
    page.wait_for_timeout(1000)  # thumbnails come behind
    data = page.screenshot()
    page.close()
    return data


if __name__ == "__main__":
    main()
