"""Element types of parameters."""

from __future__ import annotations

FLOATS = frozenset(["float16", "bfloat16", "float32", "float64"])
"""The types of what can be trained."""
