"""Names that a module or its file has already."""

from __future__ import annotations

from ..network.module_names import MODULE_NAMES

_LIST = {"append", "extend", "insert", "pop"}
RESERVED = MODULE_NAMES | _LIST | {"f", "math", "nn", "ops", "tensor", "torch"}
"""Attributes of modules and of lists, and what ``model.py`` imports: no value and no method has
them."""

CLASSES = frozenset(
    {"file", "model", "outputs", "path", "scope", "tensor", "tensorspec"}
)
"""Classes that ``model.py`` has or imports, in lower case: no block has such a name."""
