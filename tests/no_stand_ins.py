"""Takes away what colour-science leaves where Matplotlib is missing: a module without a spec; diffusers fails on it."""

from __future__ import annotations

import sys

for _name, _module in list(sys.modules.items()):
    if _name.partition(".")[0] == "matplotlib" and getattr(_module, "__spec__", None) is None:
        del sys.modules[_name]
