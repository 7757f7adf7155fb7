"""``trace``, which is in ``tools/watch.py``."""

from .tools.watch import Call, Step, Trace, python_name, trace, value_names

__all__ = ["Call", "Step", "Trace", "python_name", "trace", "value_names"]
