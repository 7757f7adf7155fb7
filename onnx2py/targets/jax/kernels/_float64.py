"""float64 in single functions, whatever the setting of JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.experimental


def with_float64() -> Any:
    """Return a context in which JAX has types of 64 bits."""
    # Version 0.8 moved the function.
    home: Any = jax if hasattr(jax, "enable_x64") else jax.experimental
    return home.enable_x64(True)
