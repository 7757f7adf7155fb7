"""PyTorch: ``model.py`` is an ``nn.Module``, whose functions are in ``kernels/``."""

from __future__ import annotations

from pathlib import Path

from ..target import Target, rules_of
from .dialect import TorchDialect
from .literals import DTYPES

TARGET = Target(
    name="torch",
    title="PyTorch",
    requires=("torch",),
    kernels=Path(__file__).parent / "kernels",
    dtypes=frozenset(DTYPES),
    rules=rules_of("A1", "Q2", "H1"),
    left_out=frozenset(["fold_batch_norm", "widen_halves"]),
    dialect=TorchDialect(),
    blocks=False,
)
