"""The ONNX operators of this graph that NumPy does not have under another name."""

from .arithmetic import divide
from .control_flow import iterations, stack_scans
from .shape import size

__all__: list[str] = ["divide", "iterations", "size", "stack_scans"]
