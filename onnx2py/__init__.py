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

__version__ = "0.1.0"
