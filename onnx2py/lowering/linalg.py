"""Einsum, determinants and inverses."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import linalg
from .context import NodeContext
from .registry import lowers


@lowers("Einsum", since=12)
def einsum(node: NodeContext) -> Call:
    """12, 28: only types were added."""
    equation = node.string("equation").replace(" ", "")
    inputs = [node.input(index) for index in range(len(node.inputs))]
    explicit = _explicit(node, equation)
    if explicit and node.dtype(0) in ("float32", "float64"):
        return node.call(linalg.contract, explicit, *inputs)
    return node.call(linalg.einsum, explicit or equation, *inputs)


def _explicit(node: NodeContext, equation: str) -> str | None:
    """Spell a product of two tensors without ``...`` and with ``->``, where possible.

    None is also for letters that occur twice in a term, and for lengths of 1 that might
    be broadcast.
    """
    terms, arrow, result = equation.partition("->")
    parts = terms.split(",")
    if len(parts) != 2:
        return None
    letters = set(terms + result) - {*".,"}
    spare = [k for k in "zyxwvutsrqponmlkjihgfedcba" if k not in letters]
    count = 0
    for index, part in enumerate(parts):
        rank = node.rank(index)
        if "..." in part:
            if rank is None:
                return None
            count = max(count, rank - len(part) + 3)
    if "..." in terms and ("..." in parts[0]) != ("..." in parts[1]):
        pass  # the other tensor has no such axes at all
    if count > len(spare):
        return None
    names = "".join(spare[:count][::-1])
    for index, part in enumerate(parts):
        if "..." in part:
            own = (node.rank(index) or 0) - len(part) + 3
            parts[index] = part.replace("...", names[count - own :])
    if not arrow:
        joined = "".join(parts)
        once = sorted(k for k in letters if joined.count(k) == 1)
        result = names + "".join(once)
    result = result.replace("...", names)
    spelt = f"{parts[0]},{parts[1]}->{result}"
    return spelt if _is_plain(node, parts, result) else None


def _is_plain(node: NodeContext, parts: list[str], result: str) -> bool:
    """Whether no letter is doubled, and lengths that must agree are known to do so."""
    if any(len(set(part)) < len(part) for part in (*parts, result)):
        return False
    kinds = [node.type(index) for index in range(2)]
    shapes = [kind.shape if kind else None for kind in kinds]
    if shapes[0] is None or shapes[1] is None:
        return False
    if any(len(part) != len(shape or ()) for part, shape in zip(parts, shapes)):
        return False
    of_a = dict(zip(parts[0], shapes[0]))
    of_b = dict(zip(parts[1], shapes[1]))
    shared = set(of_a) & set(of_b)
    return all((of_a[k] == 1) == (of_b[k] == 1) for k in shared)


@lowers("Det", since=11)
def det(node: NodeContext) -> Call:
    """11, 22: only types were added."""
    return node.call(linalg.det, node.input(0))


@lowers("Inverse", domain="com.microsoft")
def inverse(node: NodeContext) -> Call:
    """onnxruntime's own."""
    return node.call(linalg.inverse, node.input(0))
