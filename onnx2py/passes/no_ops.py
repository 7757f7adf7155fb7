"""Nodes that do nothing.

N1  Identity; Concat, Sum, Max, Min or Mean of one tensor -> its input.
N2  Dropout at inference whose mask is not read -> its input.
N3  Cast to the type that the input has -> its input.
N4  Transpose that keeps the order -> its input.
N5  Reshape, Flatten, Expand, Squeeze or Unsqueeze to the shape that the input has -> its input.
N6  Pad by nothing -> its input.
N7  And with true, Or with false -> the other operand.
N8  Slice of everything, Split into one part, Tile by ones -> its input.
N9  Integers plus or minus 0, times or divided by 1 -> the other operand. Floats are left alone:
    -0.0 + 0.0 is 0.0.

The node that makes the input, or the first that reads it, stands for the one removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import ELEMENT_TYPES, Dim, TensorType, ValueType
from ..lowering.slicing import FAR
from .rewrite import count_uses, note_also, note_dropped, slice_bounds, substitute


def remove_no_ops(graph: Graph) -> Graph:
    """Remove nodes that do nothing, in subgraphs too."""
    names: dict[str, str] = {}
    removed: dict[str, Node] = {}
    facts = _Facts(graph.types, dict(graph.constants), count_uses(graph))
    cleaned = _remove(graph, facts, names, removed)
    cleaned = note_dropped(cleaned, removed.values())
    return substitute(_noted(cleaned, names, removed), names)


def _noted(graph: Graph, names: Mapping[str, str], removed: dict[str, Node]) -> Graph:
    """Let the node that makes a value, or else the first that reads it, stand for the removed."""
    heirs: dict[str, list[Node]] = {}
    for output, node in removed.items():
        source = output
        while source in names:
            source = names[source]
        heirs.setdefault(source, []).append(node)
    return _inherited(graph, names, removed, heirs)


def _inherited(
    graph: Graph,
    names: Mapping[str, str],
    removed: dict[str, Node],
    heirs: dict[str, list[Node]],
) -> Graph:
    nodes = []
    for node in graph.nodes:
        others = [other for name in node.outputs for other in heirs.pop(name, ())]
        for other in others:
            removed.pop(other.outputs[0], None)
        for name in node.inputs:
            while name in names:
                others += [removed.pop(name)] if name in removed else []
                name = names[name]
        changed = {
            key: _inherited(sub, names, removed, heirs)
            for key, sub in node.subgraphs.items()
        }
        noted = note_also(node, *others) if others else node
        nodes.append(
            replace(noted, attributes={**noted.attributes, **changed})
            if changed
            else noted
        )
    return graph.with_nodes(tuple(nodes))


@dataclass
class _Facts:
    types: Mapping[str, ValueType]
    constants: dict[str, np.ndarray]
    uses: Counter[str]

    def shape(self, name: str) -> tuple[int, ...] | None:
        kind = self.types.get(name)
        return kind.static_shape if isinstance(kind, TensorType) else None

    def rank(self, name: str) -> int | None:
        kind = self.types.get(name)
        return kind.rank if isinstance(kind, TensorType) else None


def _remove(
    graph: Graph, facts: _Facts, names: dict[str, str], removed: dict[str, Node]
) -> Graph:
    facts.constants.update(graph.constants)
    nodes = []
    for node in graph.nodes:
        rule = _RULES.get(node.operator) if not node.domain else None
        if rule and node.outputs and node.outputs[0] and rule(node, facts):
            names[node.outputs[0]] = _kept(node, facts)
            removed[node.outputs[0]] = node
            continue
        changed = {
            key: _remove(sub, facts, names, removed)
            for key, sub in node.subgraphs.items()
        }
        nodes.append(
            replace(node, attributes={**node.attributes, **changed})
            if changed
            else node
        )
    return graph.with_nodes(tuple(nodes))


def _kept(node: Node, facts: _Facts) -> str:
    """Return the input that stands for what does nothing with it: the first, but for N7, N9."""
    if node.operator in _NEUTRAL and node.inputs[0] in facts.constants:
        return node.inputs[1]
    return node.inputs[0]


def _identity(node: Node, facts: _Facts) -> bool:
    """N1."""
    return True


def _one_input(node: Node, facts: _Facts) -> bool:
    """N1."""
    return len(node.inputs) == 1


def _dropout(node: Node, facts: _Facts) -> bool:
    """N2."""
    if any(facts.uses[name] for name in node.outputs[1:] if name):
        return False
    if node.version < 7:
        return bool(node.attributes.get("is_test", 0))
    if node.version < 12 or len(node.inputs) < 3 or not node.inputs[2]:
        return True
    training = facts.constants.get(node.inputs[2])
    return training is not None and not training.any()


def _cast(node: Node, facts: _Facts) -> bool:
    """N3."""
    kind, to = facts.types.get(node.inputs[0]), node.attributes.get("to")
    name = ELEMENT_TYPES.get(to) if isinstance(to, int) else None
    return isinstance(kind, TensorType) and kind.dtype == name


def _transpose(node: Node, facts: _Facts) -> bool:
    """N4."""
    perm = node.attributes.get("perm")
    if perm is None:
        rank = facts.rank(node.inputs[0])
        return rank is not None and rank <= 1
    return isinstance(perm, tuple) and perm == tuple(range(len(perm)))


def _same_shape(node: Node, facts: _Facts) -> bool:
    """N5."""
    before, after = facts.shape(node.inputs[0]), facts.shape(node.outputs[0])
    return before is not None and before == after


def _pad(node: Node, facts: _Facts) -> bool:
    """N6."""
    pads = node.attributes.get("pads", node.attributes.get("paddings"))
    if len(node.inputs) > 1:
        pads = facts.constants.get(node.inputs[1])
    return pads is not None and not np.any(pads)  # type: ignore[arg-type]


_NEUTRAL = {"And": True, "Or": False, "Add": 0, "Sub": 0, "Mul": 1, "Div": 1}


def _neutral(node: Node, facts: _Facts) -> bool:
    """N7."""
    constant = next((n for n in node.inputs if n in facts.constants), None)
    if constant is None or node.version < 7:
        return False
    rank, array = facts.rank(_kept(node, facts)), facts.constants[constant]
    fits = array.size == 1 and rank is not None and array.ndim <= rank
    return fits and bool((array == _NEUTRAL[node.operator]).all())


def _integers(node: Node, facts: _Facts) -> bool:
    """N9."""
    kind = facts.types.get(node.inputs[0])
    is_integer = isinstance(kind, TensorType) and kind.dtype.startswith(("int", "uint"))
    constant = _kept(node, facts) != node.inputs[0]  # the first operand
    return (
        is_integer
        and not (constant and node.operator in ("Sub", "Div"))
        and (_neutral(node, facts))
    )


def _slice(node: Node, facts: _Facts) -> bool:
    """N8: with bounds that leave nothing out."""
    kind, bounds = facts.types.get(node.inputs[0]), slice_bounds(node, facts.constants)
    shape = kind.shape if isinstance(kind, TensorType) else None
    if shape is None or bounds is None:
        return False
    starts, ends, axes, steps = bounds
    count = len(starts)
    parts = (starts, ends, axes or [*range(count)], steps or [1] * count)
    rank = len(shape)
    if {*map(len, parts)} != {count} or not all(-rank <= a < rank for a in parts[2]):
        return False
    return all(_is_whole(i, j, k, shape[axis]) for i, j, axis, k in zip(*parts))


def _is_whole(start: int, end: int, step: int, length: Dim) -> bool:
    """Whether a slice takes all of an axis; an open one ends before :data:`FAR`."""
    far = length if isinstance(length, int) else FAR
    one_by_one = step == 1 or (step > 1 and far <= 1)
    return one_by_one and (start == 0 or start <= -far) and end >= far


def _one_part(node: Node, facts: _Facts) -> bool:
    """N8: where no length is given that might be another."""
    is_given = len(node.inputs) > 1 or "split" in node.attributes
    return len(node.outputs) == 1 and (not is_given or _same_shape(node, facts))


def _tile(node: Node, facts: _Facts) -> bool:
    """N8: before version 6, of one axis."""
    repeats = facts.constants.get(node.inputs[1]) if len(node.inputs) == 2 else None
    return node.version >= 6 and repeats is not None and bool((repeats == 1).all())


_RULES: dict[str, Callable[[Node, _Facts], bool]] = {
    "Identity": _identity,
    "Concat": _one_input, "Sum": _one_input, "Max": _one_input, "Min": _one_input,
    "Mean": _one_input,
    "Dropout": _dropout,
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _same_shape, "Flatten": _same_shape, "Expand": _same_shape,
    "Squeeze": _same_shape, "Unsqueeze": _same_shape,
    "Pad": _pad,
    "And": _neutral, "Or": _neutral,
    "Add": _integers, "Sub": _integers, "Mul": _integers, "Div": _integers,
    "Slice": _slice, "Split": _one_part, "Tile": _tile,
}  # fmt: skip
