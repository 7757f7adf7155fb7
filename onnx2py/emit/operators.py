"""The files of ``ops/``: the source of kernels, for one model or several."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any

from ..ir.symbols import ARRAYS, Symbol
from .environment import rendered
from .kernel_modules import KERNELS, is_laid_out
from .shake import reached, shaken_source

Kernel = Callable[..., Any]

OF_NUMPY = "The operators of this model that NumPy lacks."
OF_OTHERS = "The functions that this model calls."


def operator_files(
    kernels: Iterable[Kernel],
    folder: Path | None = None,
    faster: Container[str] = (),
) -> dict[str, str]:
    """Return the files of ``ops/`` for kernels in ``folder``, which ``ops/`` exports.

    Kernels in ``faster`` call an engine where that is active.
    """
    called = list(kernels)
    files = {
        f"ops/{module}.py": shaken_source(module, names, folder, faster)
        for module, names in reached(called, folder).items()
    }
    public: dict[str, set[str]] = {}
    for kernel in called:
        module = kernel.__module__.rsplit(".", 1)[1]
        if module == ARRAYS and isinstance(kernel, Symbol):
            continue  # called by the module: others have functions of the same names
        public.setdefault(module, set()).add(kernel.__name__)
    own = folder is None or folder == KERNELS
    arrays = not own and f"ops/{ARRAYS}.py" in files
    exported = [name for names in public.values() for name in names]
    files["ops/__init__.py"] = rendered(
        "ops/__init__.py",
        {
            "title": OF_NUMPY if own else OF_OTHERS,
            "arrays": arrays,
            "modules": [(m, sorted(names)) for m, names in sorted(public.items())],
            "exported": sorted([*exported, ARRAYS] if arrays else exported),
        },
    )
    return files


def laid_out_operators(
    kernels: Iterable[Kernel], folder: Path | None = None
) -> frozenset[str]:
    """Return those of the files that black would not change."""
    modules = reached(kernels, folder)
    return frozenset(f"ops/{m}.py" for m in modules if is_laid_out(m, folder))
