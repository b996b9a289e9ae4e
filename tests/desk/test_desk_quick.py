"""A page that answers at once: nothing is made that nobody looks at any more, and no picture is read twice."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from browsed import BROWSER, NONE_HERE, opened
from served import SIZE, served

from vidcolor.desk.pictures import Asked, Pictures
from vidcolor.pipeline import library


def stroke(left: int) -> bytes:
    """A small paint that begins `left` pixels from the left edge."""
    picture = np.zeros((*SIZE, 4), np.uint8)
    picture[20:40, left : left + 20] = (40, 40, 200, 255)
    return bytes(cv2.imencode(".png", picture)[1])


def test_a_paint_reads_none_of_those_before_it_again(work, monkeypatch):
    read: list[str] = []

    def counted(path):
        read.append(path.parent.name)
        return counted.real(path)

    counted.real = library.read_painted
    monkeypatch.setattr(library, "read_painted", counted)
    work.actions.renders.want = lambda shots: None
    for left in (0, 30, 60):
        upload = work.send(stroke(left))[1]["upload"]
        status, done = work.act("correct", kind="paint", frame=9, upload=upload)
        assert status == 200, done
        _, headers, _ = work.ask("/frame/9.jpg?view=color&width=128&ahead")
        assert "x-ahead" in headers
    assert len(read) == 3, "each once, for its check and for the previews"


def test_what_waited_is_made_as_it_is_by_then(work):
    """Three asks wait while a correction comes: none is made as it was before it."""
    pictures, numbers = Pictures(), []

    def now():
        numbers.append(work.desk.moment.number)
        return work.desk.moment

    asks = [threading.Thread(target=lambda: pictures.frame(now, Asked(9, "color", 128))) for _ in range(3)]
    with pictures._eye:
        for ask in asks:
            ask.start()
        newest = work.desk.refresh().number
    for ask in asks:
        ask.join()
    pictures.close()
    assert numbers == [newest] * 3


@pytest.mark.skipif(not BROWSER, reason=NONE_HERE)
def test_frames_that_were_passed_by_are_not_waited_for(made, window, monkeypatch):
    """As many frames as a browser asks for at once are still being made when the page goes on to the next."""
    frame, ended, held = Pictures.frame, [], threading.Event()

    def slow(self, now, what):
        if 2 <= what.frame < 8:
            held.wait(60)
            ended.append(what.frame)
        return frame(self, now, what)

    monkeypatch.setattr(Pictures, "frame", slow)
    with served(made / "p") as page:
        opened(window, page, 0)
        for passed in range(2, 10):
            window.evaluate(f"vidcolor.goTo({passed})")
            window.wait_for_timeout(50)
        window.wait_for_selector('#picture[data-frame="9"][data-exact="true"]')
        waited_for = list(ended)
        held.set()
        window.goto("about:blank")
    assert waited_for == []
