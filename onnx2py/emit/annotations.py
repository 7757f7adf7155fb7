"""Annotations of values in generated source: ``NDArray[np.float32]``."""

from __future__ import annotations

from ..ir.types import DTYPES, EXTENSION_DTYPES, TensorType, ValueType
from .literals import dtype_literal, literal
from .uses import Uses


def annotation(kind: ValueType | None, uses: Uses) -> str:
    """Return the annotation of a value: ``NDArray[np.float32]``."""
    if not isinstance(kind, TensorType):
        return uses.typing("Any")
    is_extension = kind.dtype in EXTENSION_DTYPES
    scalar = uses.typing("Any") if is_extension else dtype_literal(DTYPES[kind.dtype])
    return f"NDArray[{scalar}]"


def shaped_annotation(kind: ValueType | None, uses: Uses) -> str:
    """Return the annotation of an input or output, with its shape: as jaxtyping writes it."""
    if not isinstance(kind, TensorType):
        return annotation(kind, uses)
    text = '"..."'
    if kind.shape is not None:
        dims = ("_" if d is None else str(d).replace(" ", "") for d in kind.shape)
        text = literal(" ".join(dims))
    return f"{uses.typing('Annotated')}[{annotation(kind, uses)}, {text}]"
