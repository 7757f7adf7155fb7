"""Processors on which onnxruntime's products of bytes are not exact."""

from __future__ import annotations

import numpy as np

from tests.support import saturates

from .case import Case
from .deviations import deviates


def is_inexact(case: Case) -> bool:
    """Whether onnxruntime may not compute a case exactly here."""
    dtypes = {value.dtype for value in case.inputs if isinstance(value, np.ndarray)}
    named = any(word in case.operator for word in ("Q", "Quantize", "Integer"))
    return named and np.dtype(np.int8) in dtypes and saturates()


@deviates(
    *("MatMulInteger", "ConvInteger", "QLinearConv"),
    reason="without VNNI, onnxruntime's sums of products of bytes saturate; of these "
    "operators, its setting for exact ones does not reach every case",
)
def _no_exact_setting(case: Case) -> bool:
    return is_inexact(case)
