"""What plans share: operations whose bodies are changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.program import Body, Call, Operation

_FIELDS = ("then_body", "else_body", "body")


def with_bodies(operation: Operation, change: Callable[[Body], Body]) -> Operation:
    """Return the operation with other bodies; a call has none."""
    if isinstance(operation, Call):
        return operation
    bodies = {
        key: getattr(operation, key) for key in _FIELDS if hasattr(operation, key)
    }
    changed = {key: change(body) for key, body in bodies.items()}
    return replace(operation, **changed)  # type: ignore[arg-type]
