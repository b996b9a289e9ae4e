"""Lists the loops that a command has called, with their types, as `vidcolor/loops.py` has them.

python tools/list_loops.py run FILM --keyframes DIR     any command of vidcolor; what it says goes before the list
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from numba import types
from numba.core.dispatcher import Dispatcher

from vidcolor.cli import main

WORDS = {"float": "f", "int": "i", "uint": "u", "bool": "b1"}


def called() -> dict[str, list[str]]:
    """Of every module loaded: what it has compiled or loaded, `name(types)`. What only loops call is left out."""
    found = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith("vidcolor."):
            lines = sorted({line for value in vars(module).values() for line in lines_of(name, value)})
            if lines:
                found[name] = lines
    return found


def lines_of(module: str, value: object) -> Iterator[str]:
    if isinstance(value, Dispatcher) and value.__module__ == module and "forceinline" not in value.targetoptions:
        for signature in value.signatures:
            yield f"{value.__name__}({', '.join(map(text_of, signature))})"


def text_of(kind: types.Type) -> str:
    """The name of a type: `f4[:, ::1]`, `readonly(f4[::1])`, `Tuple(i8, i8)`, `Runs(i4[::1], ...)`."""
    if isinstance(kind, types.Array):
        axes = [":"] * kind.ndim
        if kind.layout != "A":
            axes[-1 if kind.layout == "C" else 0] = "::1"
        text = f"{text_of(kind.dtype)}[{', '.join(axes)}]"
        return text if kind.mutable else f"readonly({text})"
    if isinstance(kind, types.BaseTuple):
        name = kind.instance_class.__name__ if isinstance(kind, types.BaseNamedTuple) else "Tuple"
        return f"{name}({', '.join(map(text_of, kind))})"
    word = str(kind).rstrip("0123456789")
    return WORDS[word] + (str(kind.bitwidth // 8) if word != "bool" else "")


if __name__ == "__main__":
    code = main(sys.argv[1:])
    for room, loops in called().items():
        print("", room, *(f"    {line}" for line in loops), sep="\n")
    sys.exit(code)
