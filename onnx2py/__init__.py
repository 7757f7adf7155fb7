"""onnx2py: compile ONNX models to standalone NumPy packages."""

from typing import TYPE_CHECKING, Any

from .errors import (
    DecodeError,
    InternalError,
    LoadError,
    Onnx2pyError,
    OptionError,
    OutputError,
    Problem,
    UnsupportedError,
    VerifyError,
)

if TYPE_CHECKING:
    from .inspection import Inspection, inspect_model
    from .load_package import load_model
    from .pipeline import Report, compile_model

__version__ = "0.1.0"

__all__ = [
    "DecodeError",
    "Inspection",
    "InternalError",
    "LoadError",
    "Onnx2pyError",
    "OptionError",
    "OutputError",
    "Problem",
    "Report",
    "UnsupportedError",
    "VerifyError",
    "__version__",
    "compile_model",
    "inspect_model",
    "load_model",
]


def __getattr__(name: str) -> Any:
    """Import the compiler when it is first used: ``onnx2py --help`` does not wait for it."""
    if name in ("Report", "compile_model"):
        from . import pipeline

        return getattr(pipeline, name)
    if name in ("Inspection", "inspect_model"):
        from . import inspection

        return getattr(inspection, name)
    if name == "load_model":
        from .load_package import load_model

        return load_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
