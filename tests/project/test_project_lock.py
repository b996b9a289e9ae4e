"""The project's lock: one program at a time, and free again after each, however it ended."""

from __future__ import annotations

import pytest

from vidcolor.errors import ProjectError
from vidcolor.project import Project, ProjectConfig


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path / "film.vidcolor", ProjectConfig(reel="film.mov"))


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_lock_is_given_back_at_the_blocks_end(project, error):
    held = project.lock()  # kept, so that no garbage collection gives the lock back by chance
    try:
        with held:
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    with project.lock():
        pass


def test_held_it_is_refused(project):
    with project.lock(), pytest.raises(ProjectError, match="another vidcolor"), project.lock():
        pass
