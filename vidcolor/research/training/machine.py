"""Where a training runs: its device and number types, how often it saves, how long it may run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

import torch
from torch import nn

from vidcolor.threads import one_each
from vidcolor.weights import pick_device

SAVE_SECONDS = 120.0
Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Machine:
    """One process on the CPU, or one CUDA device."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    threads: int = 1
    """PyTorch's own, of one operation."""
    readers: int = 1
    """Threads that draw samples ahead of their steps."""
    keeps_data: bool = False
    """Pictures are decoded once and kept on the device, where batches are drawn; so they are with CUDA anyway."""
    eager: bool = False
    """Networks are not compiled."""
    save_seconds: float = SAVE_SECONDS
    """A state is saved at least so often."""
    stop_seconds: float = float("inf")
    """Time after which a run saves its state and ends; counted from `started`."""
    started: float = field(default_factory=time.monotonic)

    @property
    def cuda(self) -> bool:
        """Whether a GPU computes."""
        return self.device.type == "cuda"

    @property
    def keeps(self) -> bool:
        """Whether data are kept on the device."""
        return self.keeps_data or self.cuda

    @property
    def shards(self) -> int:
        """Shares of a batch that are worked on side by side.

        Two on the CPU, each by one thread: torch's own threads wait for each other within every operation, which on
        a busy machine takes most of the time. A GPU takes a batch as one.
        """
        return 1 if self.cuda else 2

    def begin(self) -> None:
        """What holds for the whole process; every run begins with it."""
        torch.set_num_threads(self.threads)
        one_each()
        if self.cuda:
            torch.set_float32_matmul_precision("high")

    def placed(self, net: Net) -> Net:
        """The network on the device, its pictures channels last."""
        return net.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def compiled(self, net: Net) -> Net:
        """The network as it is called: compiled where that is worth its minute. Its weights are the given one's."""
        return cast(Net, torch.compile(net)) if self.cuda and not self.eager else net


def machine_of(
    device: str,
    *,
    threads: int = 1,
    readers: int = 1,
    keeps_data: bool = False,
    eager: bool = False,
    save_minutes: float = SAVE_SECONDS / 60,
    minutes: float = 0,
) -> Machine:
    """The machine that a command asks for: device auto, cpu or cuda; `minutes` 0 for no end. Refuses a GPU that is
    not there."""
    found = torch.device(pick_device(torch, device))
    return Machine(
        found, threads, readers, keeps_data, eager, 60 * save_minutes, 60 * minutes if minutes else float("inf")
    )


@contextlib.contextmanager
def in_bfloat16(device: torch.device) -> Iterator[None]:
    """Networks in bfloat16 inside, on whichever device."""
    with torch.autocast(device.type, torch.bfloat16):
        yield


class Averaged:
    """The running mean of a network's weights, saved and taken up like a network."""

    def __init__(self, net: nn.Module) -> None:
        self.values = {name: value.detach().clone() for name, value in net.state_dict().items()}

    def state_dict(self) -> dict[str, torch.Tensor]:
        """By the network's own names."""
        return dict(self.values)

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Takes the values of a state."""
        for name, value in self.values.items():
            value.copy_(state[name])

    @torch.no_grad()
    def towards(self, net: nn.Module, share: float) -> None:
        """Moves by this share towards the network's weights."""
        for name, value in net.state_dict().items():
            self.values[name].lerp_(value, share)
