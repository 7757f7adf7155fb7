"""NumPy: what the kernels of onnx2py are written in."""

from __future__ import annotations

from ..emit.kernel_modules import KERNELS
from ..ir.types import DTYPES
from ..plan import RULES
from .target import Target

TARGET = Target(
    name="numpy",
    requires=("numpy",),
    kernels=KERNELS,
    dtypes=frozenset(DTYPES),
    rules=RULES,
    accelerated=False,
)
