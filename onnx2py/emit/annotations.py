"""Annotations of values in generated source."""

from __future__ import annotations

from ..ir.types import ValueType
from .uses import Uses


def annotation(kind: ValueType | None, uses: Uses) -> str:
    """Return the annotation of a value: ``NDArray[np.float32]``."""
    return uses.dialect.annotation(kind, uses)


def shaped_annotation(kind: ValueType | None, uses: Uses) -> str:
    """Return the annotation of an input or output, with its shape."""
    return uses.dialect.signature(kind, uses)
