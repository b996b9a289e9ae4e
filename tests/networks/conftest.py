"""What tests of others' text-to-image models share: tiny ones, and a wall in front of the network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a base model, its ControlNet and a CLIP; tests add to it, and change nothing in it."""
    from made_diffusion import save_clip, save_models

    folder = tmp_path_factory.mktemp("models")
    save_models(folder)
    save_clip(folder)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
