"""Lists of integers, given as literals or as arrays."""

from __future__ import annotations

import jax
from collections.abc import Sequence
from typing import Any

import numpy as np


def as_ints(values: Any) -> Sequence[int]:
    """Return the ints in a sequence, in an array of any rank, or a single number.

    Raises
    ------
    jax.errors.TracerArrayConversionError
        If an array is traced: it decides a shape.
    """
    if isinstance(values, (jax.Array, np.ndarray)):
        numbers: Sequence[int] = np.asarray(values).reshape(-1).tolist()
        return numbers
    return list(values) if isinstance(values, Sequence) else [values]
