"""What JAX compiled for a test is of no use to others, and takes gigabytes in the end."""

from collections.abc import Iterator

import jax
import pytest

EACH = 100
"""Tests between which the functions that JAX compiled are kept: many are alike."""

_count = 0


@pytest.fixture(autouse=True)
def few_compiled_functions() -> Iterator[None]:
    """Forget from time to time what was compiled."""
    global _count
    yield
    _count += 1
    if _count % EACH == 0:
        jax.clear_caches()
