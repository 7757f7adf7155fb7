"""oneDNN in place of NumPy's kernels: the same functions, computed by ``libdnnl``.

Packages contain these files as they are. Nothing is loaded or changed until a model asks.
"""

from .active import accelerated

__all__ = ["accelerated"]
