"""What versions of JAX call otherwise."""

from __future__ import annotations

from typing import Any

import jax


def enable_x64(is_enabled: bool) -> Any:
    """Return a context in which JAX has types of 64 bits, or has none."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(is_enabled)
    from jax.experimental import enable_x64 as before_0_8

    return before_0_8(is_enabled)
