"""Lists of integers, given as literals or as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def as_ints(values: Any) -> Sequence[int]:
    """Return the ints in a tuple, in a tensor of any rank, or a single number."""
    if isinstance(values, tuple):
        return values
    # list(array) would give NumPy scalars, which are ten times as slow as int.
    flat: Sequence[int] = np.asarray(values).ravel().tolist()
    return flat
