"""JAX: ``model.py`` is pure functions of a tree of parameters."""

from __future__ import annotations

from pathlib import Path

from ...ir.types import DTYPES
from ..target import Target, rules_of

TARGET = Target(
    name="jax",
    title="JAX",
    requires=("jax", "numpy"),
    kernels=Path(__file__).parent / "kernels",
    dtypes=frozenset(DTYPES) - {"string", "float6e2m3", "float6e3m2"},
    rules=rules_of("A1", "Q2", "H1"),
    left_out=frozenset(
        ["fold_batch_norm", "pool_before_activation", "scale_tables", "widen_halves"]
    ),
    blocks=False,
)
