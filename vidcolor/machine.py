"""What this machine computes with, as far as that changes what comes out; told without loading what computes.

- OpenVINO, PyTorch, OpenBLAS, OpenCV and compiled loops choose their kernels by the processor. Sums then run in
  another order, and colours differ in last digits: by 0.5 of a*b* at most, in fewer than one pixel in a hundred. So
  does bfloat16 from float32.
  A version therefore says what it was computed on: another kind of processor gives it another fingerprint.
- A processor is told by its maker, family and model and by what it can do: a virtual machine may hide some of that.
- On Linux the kernel tells; elsewhere NumPy does, so that status there loads NumPy for it.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

CPUINFO = Path("/proc/cpuinfo")
TORCH_VERSION = "version.py"
ABILITIES = {
    "sse4_2": "SSE4.2",
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA",
    "avx_vnni": "VNNI",
    "avx512f": "AVX-512",
    "avx512bw": "BW",
    "avx512vl": "VL",
    "avx512vbmi": "VBMI",
    "avx512_vnni": "VNNI-512",
    "avx512_bf16": "BF16",
    "avx512_fp16": "FP16",
    "amx_tile": "AMX",
    "amx_bf16": "AMX-BF16",
    "asimd": "NEON",
    "asimddp": "DOT",
    "fphp": "FP16",
    "bf16": "BF16",
    "i8mm": "I8MM",
    "sve": "SVE",
    "sve2": "SVE2",
}
"""What kernels are chosen by: the Linux kernel's word and ours, in the order they are told."""
NUMPY_WORDS = {
    "SSE42": "sse4_2",
    "AVX": "avx",
    "AVX2": "avx2",
    "FMA3": "fma",
    "AVX512F": "avx512f",
    "AVX512_SKX": "avx512bw avx512vl",
    "AVX512_CNL": "avx512vbmi",
    "AVX512_CLX": "avx512_vnni",
    "AVX512_SPR": "avx512_fp16 avx512_bf16",
    "ASIMD": "asimd",
    "ASIMDDP": "asimddp",
    "ASIMDHP": "fphp",
    "SVE": "sve",
}
"""NumPy's words for the same."""
LIMITS = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "NUMBA_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENCV_CPU_DISABLE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)
"""Variables of the environment that have the libraries use less, or more, than the processor can do."""
GRAPHICS = ("cuda", "mps")
"""Devices on which propagation works if they are asked for by name; with `auto` it stays on the processor, whose
answers are the same bytes on every machine like it."""
DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
NAME_LENGTH = 256
KIB = 1024


@dataclass(frozen=True, slots=True)
class Processor:
    """A kind of processor."""

    name: str
    """`AMD 25.17`: maker, family and model"""
    abilities: tuple[str, ...]
    """The kernel's words of `ABILITIES`"""

    def __str__(self) -> str:
        """`AMD 25.17 (AVX2, FMA, AVX-512, BF16)`; what AVX2 takes for granted is not told."""
        implied = ("sse4_2", "avx") if "avx2" in self.abilities else ()
        told = ", ".join(ABILITIES[word] for word in self.abilities if word not in implied)
        return f"{self.name} ({told or 'nothing beyond the basics'})"


@cache
def processor() -> Processor:
    """This machine's."""
    try:
        return parse_cpuinfo(CPUINFO.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return _told_by_numpy()


def parse_cpuinfo(text: str) -> Processor:
    """The first processor of Linux's /proc/cpuinfo."""
    rows = [line.partition(":") for line in text.strip().split("\n\n")[0].splitlines()]
    facts = {name.strip(): value.strip() for name, _, value in rows}
    able = set((facts.get("flags") or facts.get("Features") or "").split())
    if "vendor_id" in facts:
        maker = {"AuthenticAMD": "AMD", "GenuineIntel": "Intel"}.get(facts["vendor_id"], facts["vendor_id"])
        name = f"{maker} {facts.get('cpu family', '?')}.{facts.get('model', '?')}"
    else:
        name = f"{platform.machine()} {facts.get('CPU implementer', '?')}.{facts.get('CPU part', '?')}"
    return Processor(name, tuple(word for word in ABILITIES if word in able))


def _told_by_numpy() -> Processor:
    # no public name: a NumPy that has moved it leaves the processor's name alone to tell by
    module = importlib.import_module("numpy._core._multiarray_umath")
    table: Mapping[str, bool] = getattr(module, "__cpu_features__", {})
    able = {word for name, words in NUMPY_WORDS.items() if table.get(name) for word in words.split()}
    name = _name_elsewhere()
    if "avx512f" in able and "AMD" in name:
        able.add("avx512_bf16")  # every AMD processor with the one has the other; NumPy has no word for it
    return Processor(name, tuple(word for word in ABILITIES if word in able))


def _name_elsewhere() -> str:
    """Windows: `AMD64 Family 25 Model 17 Stepping 1, AuthenticAMD`; macOS: `Apple M2`."""
    if sys.platform == "darwin":
        size, library = ctypes.c_size_t(NAME_LENGTH), ctypes.CDLL(None)
        text = ctypes.create_string_buffer(NAME_LENGTH)
        if library.sysctlbyname(b"machdep.cpu.brand_string", text, ctypes.byref(size), None, 0) == 0:
            return text.value.decode(errors="replace")
    told = platform.processor() or platform.machine()
    found = re.search(r"Family (\d+) Model (\d+).*?(AMD|Intel)", told)
    return f"{found[3]} {found[1]}.{found[2]}" if found else told


def number_type() -> Literal["bfloat16", "float32"]:
    """What the shipped networks compute in: bfloat16 where the processor multiplies it itself and is several times
    faster with it, else float32."""
    return "bfloat16" if {"amx_tile", "avx512_bf16"} & set(processor().abilities) else "float32"


def networks_compute_in() -> str:
    """By what, and in which number type, the shipped networks compute."""
    return f"{number_type()} by OpenVINO"


def flow_number_type() -> Literal["bfloat16", "float32"]:
    """What RAFT computes in on the processor; the gain is measured with AMX only."""
    return "bfloat16" if "amx_tile" in processor().abilities else "float32"


def computed_on(device: str = "auto") -> str:
    """The processor, and what in the environment has libraries use it otherwise; before it the graphics device, if one
    is named, on which propagation works then."""
    limits = [f"{name}={os.environ[name]}" for name in LIMITS if os.environ.get(name)]
    own = " with ".join([str(processor()), *([" ".join(limits)] if limits else [])])
    if device not in GRAPHICS:
        return own
    return f"{graphics_named(device)} by PyTorch {version_of('torch') or '(not installed)'}, and {own}"


def graphics_named(device: str) -> str:
    """What a device of GRAPHICS is called."""
    return (graphics() or "no CUDA device") if device == "cuda" else "Metal"


def peak_memory() -> int:
    """The most bytes of memory that this process has taken so far; 0 where the system does not tell."""
    try:
        import resource  # Windows has none
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else KIB)


@cache
def graphics() -> str:
    """The name of the GPU that PyTorch would use; empty where it would use none.

    Asked of NVIDIA's driver, and of the text of PyTorch's version: one made without CUDA has no use for a GPU.
    """
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None or sys.platform not in DRIVERS:
        return ""
    version = Path(found.origin).with_name(TORCH_VERSION)
    text = version.read_text(encoding="utf-8") if version.is_file() else ""
    needs = re.search(r"^cuda\b[^=]*= *'(\d+)", text, re.MULTILINE)
    if needs is None:
        return ""
    try:
        driver = ctypes.CDLL(DRIVERS[sys.platform])
    except OSError:
        return ""
    device, name, offers = ctypes.c_int(), ctypes.create_string_buffer(NAME_LENGTH), ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0):
        return ""
    if driver.cuDriverGetVersion(ctypes.byref(offers)) or offers.value // 1000 < int(needs[1]):
        return ""  # too old a driver for this PyTorch
    return name.value.decode(errors="replace") if driver.cuDeviceGetName(name, NAME_LENGTH, device) == 0 else ""


def version_of(package: str) -> str:
    """The version of an installed package; empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # a tenth of what status loads, which does not ask

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
