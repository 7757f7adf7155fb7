"""onnx2py: compile ONNX models to standalone NumPy packages."""

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
from .pipeline import Report, compile_model

__version__ = "0.1.0"

__all__ = [
    "DecodeError",
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
]
