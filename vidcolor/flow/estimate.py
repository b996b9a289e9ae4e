"""Flow between two frames: what an estimator is, and the table of those there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from numpy import ndarray as Array

from vidcolor.errors import SettingsError
from vidcolor.flow.dis import Dis, for_carrying, for_little
from vidcolor.flow.raft import Raft
from vidcolor.planes.kinds import of
from vidcolor.settings import PropagateSettings


class FlowEstimator(Protocol):
    """Answers the flow from one lightness picture to another; may be called by several threads at once."""

    def __call__(self, lightness_a: Array, lightness_b: Array) -> Array:
        """(2, H, W) float32, x then y, in pixels, from a to b; both (H, W), L* 0..100."""
        ...


def _dis(settings: PropagateSettings, device: str) -> FlowEstimator:
    return for_carrying()


def _raft(settings: PropagateSettings, device: str) -> FlowEstimator:
    return Raft(settings.raft_size, settings.raft_weights, device)


FLOWS: dict[str, Callable[[PropagateSettings, str], FlowEstimator]] = {"dis": _dis, "raft": _raft}
"""Name to factory (settings, device)."""


def build_flow(name: str, settings: PropagateSettings, device: str = "auto") -> FlowEstimator:
    """The estimator called `name`. Refuses an unknown name, missing weights, and a device that is not there."""
    if name not in FLOWS:
        raise SettingsError(f"propagate.flow = {name!r}: no such flow estimator; known: {', '.join(FLOWS)}")
    return FLOWS[name](settings, device)


def both_ways(flow: FlowEstimator, earlier: Array, later: Array) -> tuple[Array, Array]:
    """The flows from earlier pictures (B, H, W) to later ones and back, (B, 2, H, W) each, on the pictures' device."""
    together = getattr(flow, "both", None)
    if together is not None:
        return together(earlier, later)  # type: ignore[no-any-return]
    pairs = list(zip(earlier, later, strict=True))
    stack = of(earlier).stack
    return stack([flow(a, b) for a, b in pairs]), stack([flow(b, a) for a, b in pairs])


def little_flow(flow: FlowEstimator) -> FlowEstimator:
    """The estimator for pictures that are nearly in place, where `flow` is the one for all others."""
    if isinstance(flow, Dis):
        return for_little()
    own = getattr(flow, "little", None)
    return own() if own is not None else flow
