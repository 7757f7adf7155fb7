"""How JAX compiles for tests: quickly, and for few tests at a time."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest

EACH = 200
"""Tests between which the functions that JAX compiled are kept: many are alike."""
OPTIMIZED = ("test_package", "test_trace", "test_training")
"""Modules whose functions are compiled as those of users are: packages and their gradients."""

_count = 0


@pytest.fixture(autouse=True)
def few_optimizations(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave out what LLVM does to machine code, up to a quarter of the time.

    XLA's own passes, which fuse calls and may round otherwise, stay.
    """
    is_quick = request.module.__name__.rpartition(".")[2] not in OPTIMIZED
    jax.config.update("jax_disable_most_optimizations", is_quick)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(autouse=True)
def few_compiled_functions() -> Iterator[None]:
    """Forget from time to time what was compiled, which takes gigabytes in the end."""
    global _count
    yield
    _count += 1
    if _count % EACH == 0:
        jax.clear_caches()
