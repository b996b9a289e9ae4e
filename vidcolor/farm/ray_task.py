"""What a node of a Ray cluster is sent to run, by value: so one without this program, or with another, can say so.

Nothing of the house is imported before its version is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def render_shot(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Renders one shot: first `node`, then what worker.py's `rendered` tells of `asked`, all of it plain and small."""
    import ray

    yield {"node": ray.get_runtime_context().get_node_id()}
    try:
        import vidcolor

        if vidcolor.__version__ != asked["alike"]["vidcolor"]:
            yield {"refused": f"vidcolor is {vidcolor.__version__} there, {asked['alike']['vidcolor']} here"}
            return
        from vidcolor.farm.worker import rendered
    except ImportError as error:
        yield {"refused": f"vidcolor cannot be loaded there ({error}); pip install 'vidcolor[cluster]' on every node"}
        return
    yield from rendered(asked)


def answer() -> Iterator[str]:
    """A word, to learn whether one arrives."""
    yield "here"
