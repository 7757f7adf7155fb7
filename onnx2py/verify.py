"""A package against onnxruntime, or against onnx's reference evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .options import Options


@dataclass(frozen=True)
class Verification:
    """How a package compares with its model."""

    agrees: bool = True


def verify_package(
    folder: Path, model: Any, beside: Path | None, options: Options
) -> Verification:
    """Compare."""
    return Verification()
