"""Lists of integers that are literals in one model and tensors in the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def as_ints(values: Any) -> Sequence[int]:
    """Return the numbers of a tuple, of a tensor of any rank, or a single number."""
    if isinstance(values, tuple):
        return values
    # list(array) would make NumPy scalars, each ten times as slow as an int.
    flat: Sequence[int] = np.asarray(values).ravel().tolist()
    return flat
