"""The number type networks run in: bfloat16 where the processor multiplies it by itself, else float32."""

from __future__ import annotations

import torch


def working_dtype() -> torch.dtype:
    """bfloat16 on processors with AMX or AVX-512 BF16, where it is several times faster; float32 on all others, where
    it is emulated and several times slower."""
    native = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")  # private names: absent in other releases of torch
    return torch.bfloat16 if any(getattr(torch.cpu, name, bool)() for name in native) else torch.float32


def run_alone() -> None:
    """Has networks run on one thread each: answers then do not hang on the number of threads, and frames run side by
    side anyway. To be called by every thread that runs one: OpenMP keeps the number for each."""
    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)
