"""The numbers that element types have."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

_finfo: Any = jnp.finfo
_iinfo: Any = jnp.iinfo


def finite_range(dtype: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest finite number of a dtype."""
    if jnp.issubdtype(dtype, jnp.bool_):
        return False, True
    is_float = jnp.issubdtype(dtype, jnp.floating)
    info = _finfo(dtype) if is_float else _iinfo(dtype)
    return info.min, info.max
