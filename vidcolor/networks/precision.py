"""How networks run: in which number type, on how many threads."""

from __future__ import annotations

import torch

from vidcolor.machine import number_type


def working_dtype() -> torch.dtype:
    """The number type of `machine.number_type`; versions are fingerprinted with it."""
    return torch.bfloat16 if number_type() == "bfloat16" else torch.float32


def run_alone() -> None:
    """Has networks run on one thread each: answers then do not hang on the number of threads, and frames run side by
    side anyway. To be called by every thread that runs one: OpenMP keeps the number for each."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
