"""Which tensors of the file the weights of a program are: themselves, or moved by nodes.

Exporters turn the matrices of linear layers, so folding leaves constants with other names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ...ir.graph import Graph, Node
from .paths import weight_path

MOVES = frozenset(
    [
        "Cast", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Transpose",
        "Unsqueeze",
    ]
)  # fmt: skip
"""Operators that leave the numbers of a weight as they are."""
_MOST = 8
"""The nodes that may move a weight, one after the other."""


@dataclass
class Origins:
    """The tensors of a file; without a file each weight is itself."""

    graph: Graph | None = None
    makers: dict[str, Node] = field(init=False, default_factory=dict)
    names: list[str] = field(init=False, default_factory=list)
    """The paths of the file's tensors."""

    def __post_init__(self) -> None:
        if self.graph is None:
            return
        self.makers = {o: node for node in self.graph.nodes for o in node.outputs}
        self.names = [*filter(None, map(weight_path, self.graph.constants))]

    def of(self, value: str) -> str:
        """Return the name of the tensor that a weight is, or the weight's own."""
        name = value
        for _ in range(_MOST):
            node = self.makers.get(name)
            if node is None or node.operator not in MOVES:
                break
            name = node.inputs[0]
        is_known = self.graph is not None and name in self.graph.constants
        return name if is_known else value

    def name(self, value: str, array: np.ndarray) -> str:
        """Return the path that the file has for a parameter with these numbers, or ""."""
        origin = self.of(value)
        whole = self.graph.constants.get(origin) if self.graph is not None else None
        if whole is None or not np.array_equal(whole, array):
            return ""
        return weight_path(origin)

    def is_leaf(self, module: str, keys: Iterable[str]) -> bool:
        """Whether the file has no other tensors in a module than those of a layer."""
        own = {f"{module}.{key}" for key in keys}
        return all(n in own for n in self.names if n.startswith(f"{module}."))
