"""Propagation on a graphics device: made where the line asks for one, and else not there at all.

Networks and flow are made for the device and stay there. A shot's frames go up at chroma size, its colours come down;
keyframes are coloured on the processor, and so are corrections.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vidcolor.errors import DeviceError
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.machine import GRAPHICS
from vidcolor.planes.kinds import Device
from vidcolor.settings import PropagateSettings, Settings
from vidcolor.types import ColorFrame
from vidcolor.weights import first_line, library, pick_device

INSTALL = "run pip install 'vidcolor[torch]', or use --device cpu"


@dataclass(frozen=True, slots=True, eq=False)
class OnDevice:
    """What propagation works with there."""

    device: Device
    flow: FlowEstimator
    network: Any
    """Propagator's like, of tensors"""


def check_device(settings: Settings, device: str) -> None:
    """Refuses, before any work, a device that is not there, or that the settings have no use for."""
    if device not in GRAPHICS:
        return
    if settings.propagate.network != "shipped" and settings.propagate.flow != "raft":
        raise DeviceError(
            f"device {device}: propagate.network = {settings.propagate.network} works on the processor; "
            "use --device cpu, or --set propagate.network=shipped"
        )
    pick_device(library("torch", INSTALL), device)


def on_device(settings: Settings, name: str, flow: FlowEstimator) -> OnDevice | None:
    """Propagation on the device of this name; None where it works on the processor.

    flow  on the processor, or RAFT wherever it is: that takes what is on a device
    """
    if name not in GRAPHICS or settings.propagate.network != "shipped":
        return None
    torch = library("torch", INSTALL)
    device = torch.device(pick_device(torch, name))
    try:
        return made_for(device, settings.propagate, flow)
    except RuntimeError as error:
        raise DeviceError(f"device {device}: {first_line(error)}; use --device cpu") from error


def free_there(device: Device) -> int | None:
    """Bytes of a device's own memory that are free; None where it has none, or does not tell."""
    if device.type != "cuda":
        return None
    return int(library("torch", INSTALL).cuda.mem_get_info(device.index)[0])


def told(colors: Iterator[ColorFrame], first: int, device: Device) -> Iterator[ColorFrame]:
    """The colours of frames from `first` on; where the device fails, by too little memory most often, that is told."""
    here = first
    try:
        for color in colors:
            here = color.index + 1
            yield color
    except RuntimeError as error:
        raise DeviceError(
            f"frame {here}: device {device} failed ({first_line(error)}); what was done is kept; "
            "use a smaller propagate.chroma_side, or --device cpu"
        ) from error


def made_for(device: Device, settings: PropagateSettings, flow: FlowEstimator) -> OnDevice:
    """Networks and flow for a device of PyTorch's, the processor's own (`cpu`) among them."""
    from vidcolor.flow.search import for_carrying
    from vidcolor.networks.propagator_on_device import DevicePropagator

    network = DevicePropagator(device, things=settings.things)
    return OnDevice(device, flow if settings.flow == "raft" else for_carrying(), network)
