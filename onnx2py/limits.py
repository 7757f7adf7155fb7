"""Limits on the size of a model, checked before anything is computed."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from .errors import LimitError

if TYPE_CHECKING:
    from .ir.graph import Graph

MAX_ELEMENTS = 2**34
"""Maximum number of elements of a tensor, computed or given: 64 GB of float32."""

MAX_NODES = 200_000
"""Maximum number of nodes of a model, including functions and subgraphs."""

MOST_NAMED = 20
"""Maximum number of values listed in an error."""


def check_count(count: int, most: int) -> None:
    """Check the number of nodes, of the file and again after functions are inlined.

    Raises
    ------
    LimitError
        If there are too many.
    """
    if count > most:
        raise LimitError(
            f"the graph: expected at most {most:,} nodes, got {count:,}; "
            "--max-nodes allows more"
        )


def check_limits(graph: Graph, elements: int, nodes: int) -> None:
    """Check the number of nodes of a graph and the size of its values.

    Raises
    ------
    LimitError
        If a limit is exceeded; it names the values.
    """
    from .ir.types import TensorType  # here, since --help needs no NumPy

    makers = {}
    count = 0
    for node in graph.walk():
        count += 1
        makers.update(dict.fromkeys(node.outputs, node.label))
    check_count(count, nodes)
    large = []
    for name, kind in graph.types.items():
        shape = kind.static_shape if isinstance(kind, TensorType) else None
        if shape is None or name in graph.constants or prod(shape) <= elements:
            continue
        if name in makers or name in graph.inputs:
            where = f"{makers[name]}: " if name in makers else "input "
            large.append(f"{where}{name!r} of {prod(shape):,} elements")
    if large:
        more = [f"and {len(large) - MOST_NAMED} more"] * (len(large) > MOST_NAMED)
        raise LimitError(
            f"tensors: expected at most {elements:,} elements, got",
            [*large[:MOST_NAMED], *more],
            "--max-elements allows more",
        )
