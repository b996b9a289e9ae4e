"""What the tests of the review page share: its film, served once, and one Chromium for all that look at it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from browsed import BROWSER, PATIENCE, REFUSED
from served import make_project, served


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A film of two shots, the first rendered, the second still to be."""
    return make_project(tmp_path_factory.mktemp("desk"), "r1-000000")


@pytest.fixture(scope="session")
def page(made: Path):
    with served(made / "p") as found:
        yield found


@pytest.fixture
def work(made: Path, tmp_path: Path):
    """A copy of the film's project, to be corrected."""
    shutil.copytree(made, tmp_path / "work")
    with served(tmp_path / "work" / "p") as found:
        yield found


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    with sync_api.sync_playwright() as playing:
        found = playing.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def window(browser):
    """A new page; whatever its console says is wrong, or is refused by the policy, fails the test."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on(
        "console", lambda said: wrong.append(said.text) if said.type == "error" and REFUSED not in said.text else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []
