"""What no file may exceed: recursion and size of functions, axes of values."""

from __future__ import annotations

import onnx

from ..errors import DecodeError, LimitError
from ..limits import MAX_NODES
from .walk import MAX_DEPTH, nodes_of


def check_functions(proto: onnx.ModelProto) -> None:
    """Reject functions that call themselves, directly or not, or whose expansion is too large.

    Raises
    ------
    DecodeError
        If there is one. ONNX's own inference would not terminate.
    """
    Key = tuple[str, str, str]
    calls: dict[Key, list[Key]] = {
        (f.domain, f.name, f.overload): [_key(n) for n in nodes_of(f)]
        for f in proto.functions
    }
    sizes: dict[Key, int] = {}
    depths: dict[Key, int] = {}
    while len(sizes) < len(calls):
        ready = [
            name
            for name, callees in calls.items()
            if name not in sizes and all(c in sizes for c in callees if c in calls)
        ]
        if not ready:
            name = min(set(calls) - set(sizes))[1]
            raise DecodeError(
                f"local function {name!r}: expected no recursion, but it calls itself"
            )
        for key in ready:
            sizes[key] = sum(sizes.get(callee, 1) for callee in calls[key])
            depths[key] = 1 + max((depths.get(c, 0) for c in calls[key]), default=0)
    total = sum(sizes.get(_key(n), 0) for n in nodes_of(proto.graph))
    if total > MAX_NODES or max(depths.values(), default=0) > MAX_DEPTH:
        raise DecodeError(
            f"functions: expected at most {MAX_NODES:,} nodes in all calls together, and "
            f"at most {MAX_DEPTH} calls inside each other"
        )


def _key(node: onnx.NodeProto) -> tuple[str, str, str]:
    """Return the key of the function that a node calls: domain, name and overload."""
    return (node.domain, node.op_type, node.overload)


MAX_RANK = 64
"""Maximum number of axes of a NumPy array."""


def check_ranks(proto: onnx.ModelProto) -> None:
    """Reject values with more axes than NumPy supports.

    Raises
    ------
    LimitError
        Which names the first of them.
    """
    values = (*proto.graph.input, *proto.graph.output, *proto.graph.value_info)
    ranks = [(v.name, len(v.type.tensor_type.shape.dim)) for v in values]
    for name, rank in (
        *ranks,
        *((t.name, len(t.dims)) for t in proto.graph.initializer),
    ):
        if rank > MAX_RANK:
            raise LimitError(f"{name!r}: expected at most {MAX_RANK} axes, got {rank}")
