"""The files of ``ops/``: the source of kernels, for one model or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .environment import rendered
from .kernel_modules import is_laid_out
from .shake import reached, shaken_source

Kernel = Callable[..., Any]


def operator_files(kernels: Iterable[Kernel]) -> dict[str, str]:
    """Return the files of ``ops/`` for kernels, which the folder exports."""
    called = list(kernels)
    files = {
        f"ops/{module}.py": shaken_source(module, names)
        for module, names in reached(called).items()
    }
    public: dict[str, set[str]] = {}
    for kernel in called:
        module = kernel.__module__.rsplit(".", 1)[1]
        public.setdefault(module, set()).add(kernel.__name__)
    files["ops/__init__.py"] = rendered(
        "ops/__init__.py",
        {
            "modules": [(m, sorted(names)) for m, names in sorted(public.items())],
            "exported": sorted(name for names in public.values() for name in names),
        },
    )
    return files


def laid_out_operators(kernels: Iterable[Kernel]) -> frozenset[str]:
    """Return those of the files that black would not change."""
    return frozenset(f"ops/{name}.py" for name in reached(kernels) if is_laid_out(name))
