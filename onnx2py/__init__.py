"""onnx2py: compile ONNX models to standalone NumPy packages."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    DecodeError,
    InternalError,
    InvalidModelError,
    LimitError,
    LoadError,
    ModelErrors,
    Onnx2pyError,
    OptionError,
    OutputError,
    Problem,
    UnsupportedError,
    VerifyError,
)

if TYPE_CHECKING:
    from .custom import implements
    from .inspection import Inspection, inspect_model
    from .load_package import load_model
    from .pipeline import Report, compile_model
    from .shim import ShimReport, compile_shim
    from .verify import Verification, verify_existing

__version__ = "0.1.0"

__all__ = [
    "DecodeError",
    "Inspection",
    "InternalError",
    "InvalidModelError",
    "LimitError",
    "LoadError",
    "ModelErrors",
    "Onnx2pyError",
    "OptionError",
    "OutputError",
    "Problem",
    "Report",
    "ShimReport",
    "UnsupportedError",
    "Verification",
    "VerifyError",
    "__version__",
    "compile_model",
    "compile_shim",
    "implements",
    "inspect_model",
    "load_model",
    "verify_existing",
]


_LAZY = {
    "Inspection": "inspection",
    "Report": "pipeline",
    "ShimReport": "shim",
    "Verification": "verify",
    "compile_model": "pipeline",
    "compile_shim": "shim",
    "implements": "custom",
    "inspect_model": "inspection",
    "load_model": "load_package",
    "verify_existing": "verify",
}
"""The modules of public names that need the whole compiler."""


def __getattr__(name: str) -> Any:
    """Import the compiler on first use, so that ``onnx2py --help`` is fast."""
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
