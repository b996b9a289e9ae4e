"""A network that proposes, of random numbers: for tests of what goes on around it."""

from __future__ import annotations

from pathlib import Path

import torch

from vidcolor.networks.proposer_net import ProposerConfig
from vidcolor.research.networks.files import save_proposer
from vidcolor.research.networks.ours import ProposerNet


def random_proposer(path: Path) -> Path:
    """A tiny network with random numbers, in a file."""
    torch.manual_seed(3)
    net = ProposerNet(ProposerConfig((16, 16, 32)))
    for weight in (net.leave.weight, net.attention.joined.weight, net.outs[0].second.weight):
        torch.nn.init.normal_(weight, std=0.05)
    net.get_buffer("spread").fill_(15.0)
    save_proposer(path, net, {"step": 0})
    return path
