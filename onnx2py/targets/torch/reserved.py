"""Names that a module or its file has already."""

from __future__ import annotations

from .module_names import MODULE_NAMES

RESERVED = MODULE_NAMES | {"f", "math", "nn", "ops", "tensor", "torch"}
"""Attributes of ``nn.Module``, and what ``model.py`` imports: no value and no method has them."""

CLASSES = frozenset(
    {"file", "model", "outputs", "path", "scope", "tensor", "tensorspec"}
)
"""Classes that ``model.py`` has or imports, in lower case: no block has such a name."""
