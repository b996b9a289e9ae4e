"""OpenCV works on one thread, whichever command runs and whoever asks for flow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vidcolor.cli import commands
from vidcolor.cli.parser import main
from vidcolor.flow.dis import Dis

LINES = ["run f", "example d", "plan p", "render p", "export p", "transfer a b -o c.png", "measure a b"]


@pytest.fixture(autouse=True)
def three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split()[0])
def test_every_command_that_computes_runs_alike(line, monkeypatch):
    seen = []
    name = f"{line.split()[0]}_command"
    monkeypatch.setattr(commands, name, lambda args, terminal: seen.append(cv2.getNumThreads()))
    assert main(line.split()) == 0
    assert seen == [1]


def test_flow_is_searched_in_one_stripe_whoever_asks(monkeypatch):
    """OpenCV 4 searches in as many stripes as it has threads, and finds other flow for each number."""
    seen = []

    class Engine:
        def calc(self, a, b, flow):
            seen.append(cv2.getNumThreads())
            return flow

    monkeypatch.setattr(cv2, "DISOpticalFlow_create", lambda preset: Engine())
    Dis()(*np.zeros((2, 32, 32), np.float32))
    assert seen == [1]
