"""The operators of this model that NumPy lacks."""

from .arithmetic import div
from .control_flow import iterations, stack_scan_outputs
from .shape import size

__all__: list[str] = ["div", "iterations", "size", "stack_scan_outputs"]
