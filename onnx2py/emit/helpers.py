"""The variables of the templates of the modules that ``model.py`` imports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..ir.types import ELEMENT_TYPES, EXTENSION_DTYPES, NUMPY_DTYPES
from .literals import dtype_literal
from .uses import Uses

NUMPY = {
    "accelerated": False,
    "arrays": False,
    "compiler": "",
    "entry": "__call__",
    "functions": (),
    "library": "NumPy",
    "numpy_checks": ".._checks",
    "threads": "limits the number\n        of BLAS threads while the session runs, unless it is 0.",
}
"""What templates say of a model that computes with arrays itself."""


def helpers_context(
    requires: Iterable[str], large: bool, *, own: bool = True, as_array: bool = True
) -> dict[str, Any]:
    """Return the variables of the templates of ``_calls.py``, ``_checks.py``, ``_weights.py``.

    Without ``own``, all outputs are known to be new arrays; without ``as_array``, none is a
    NumPy scalar.
    """
    return {
        **NUMPY,
        "own": own,
        "as_array": as_array,
        "ml_dtypes": "ml_dtypes" in requires,
        "large": large,
        "extension_dtypes": [
            (k, dtype_literal(v, Uses())) for k, v in EXTENSION_DTYPES.items()
        ],
        "element_types": [
            (number, name)
            for number, name in ELEMENT_TYPES.items()
            if name in NUMPY_DTYPES or "ml_dtypes" in requires
        ],
    }
