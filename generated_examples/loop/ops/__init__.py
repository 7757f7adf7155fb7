"""The operators of this model that NumPy lacks."""

from .arithmetic import divide
from .control_flow import iterations, stack_scans
from .shape import size

__all__: list[str] = ["divide", "iterations", "size", "stack_scans"]
