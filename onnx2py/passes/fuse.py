"""What exporters write out for want of an operator -> ONNX's own operator of a later version.

P1  x * Sigmoid(a * x), a being a constant -> Swish.
P2  x * HardSigmoid(x), or x * Clip(x + 3, 0, 6) / 6 -> HardSwish.
P3  0.5 * x * (1 + Erf(x / sqrt(2))), multiplied in any order -> Gelu.
P4  0.5 * x * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))), likewise -> Gelu, tanh.
P5  (x - mean) / sqrt(variance + epsilon) * scale + bias, over the last axis -> LayerNormalization.
P6  x / sqrt(mean square + epsilon) * scale, over the last axis -> RMSNormalization.
P7  x with its channels in groups -> InstanceNormalization by ones and zeros -> the shape of x
    again, times a scale plus a bias for each channel -> GroupNormalization.

Only in float32 and float64, of which the kernels make the same numbers but for rounding; and
only where nothing else reads what lies between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import Any, Optional

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.patterns import Match, Pattern
from ..ir.types import Dim, TensorType
from .rewrite import note_also
from .values import Values

Made = Optional[tuple[tuple[str, ...], dict[str, Any]]]
"""The inputs and attributes of the operator, None if the match is not what is meant."""


@dataclass(frozen=True)
class Rule:
    """A pattern, and the operator that does the same."""

    pattern: Pattern
    operator: str
    version: int
    make: Callable[[Values, Match[Node]], Made]


def fuse_patterns(graph: Graph) -> Graph:
    """Let one node stand for each pattern of the main graph."""
    for rules in (RULES, LATER_RULES):
        graph = _fused(graph, rules)
    return graph


def _fused(graph: Graph, rules: tuple[Rule, ...]) -> Graph:
    values = Values.of(graph, GUARDS)
    by_operator: dict[str, list[Rule]] = {}
    for rule in rules:
        by_operator.setdefault(rule.pattern[0], []).append(rule)
    made: dict[int, Node] = {}
    gone: set[int] = set()
    for node in reversed(graph.nodes):
        if id(node) in gone or node.domain or len(node.outputs) != 1:
            continue
        for rule in by_operator.get(node.operator, ()):
            match = values.find(rule.pattern, node)
            if match is None or gone.intersection(map(id, match.steps)):
                continue
            fused = _node(rule, match, node, values)
            if fused is not None:
                made[id(node)] = fused
                gone.update(id(n) for n in match.steps if n is not node)
                break
    nodes = (made.get(id(n), n) for n in graph.nodes if id(n) not in gone)
    return graph.with_nodes(tuple(nodes))


def _node(rule: Rule, match: Match[Node], root: Node, values: Values) -> Node | None:
    x, y = values.type(match["x"]), values.type(root.outputs[0])
    if x is None or x.dtype not in ("float32", "float64") or y is None:
        return None
    made = rule.make(values, match)
    if made is None or y.dtype != x.dtype or not _same_rank(x, y):
        return None
    inputs, attributes = made
    fused = replace(
        root,
        operator=rule.operator,
        version=rule.version,
        inputs=inputs,
        attributes=attributes,
        also=(),
    )
    order = [*(n for n in match.steps if n is not root)][::-1]
    return note_also(replace(fused, also=(root.label, *root.also)), *order)


def _same_rank(x: TensorType, y: TensorType) -> bool:
    """Whether the constants, of one axis or none, added no axis to ``x``."""
    return bool(x.shape) and y.shape is not None and len(x.shape or ()) == len(y.shape)


def _plain(**attributes: Any) -> Callable[[Values, Match[Node]], Made]:
    return lambda values, match: ((match["x"],), attributes)


def _swish(values: Values, match: Match[Node]) -> Made:
    alpha = values.number(match["alpha"])
    return None if alpha is None else ((match["x"],), {"alpha": alpha})


def _normalization(values: Values, match: Match[Node]) -> Made:
    """With numbers for each element of the last axis, so that these do not enlarge ``x``."""
    epsilon = values.number(match["epsilon"])
    names = [match[key] for key in ("scale", "bias") if key in match.values]
    kind = values.type(match["x"])
    last = kind.shape[-1] if kind is not None and kind.shape else None
    wanted = kind and TensorType(kind.dtype, (last,))
    fits = all(values.type(name) == wanted for name in names)
    if epsilon is None or epsilon < 0 or not fits or not isinstance(last, int):
        return None
    return (match["x"], *names), {"axis": -1, "epsilon": epsilon}


def _group_normalization(values: Values, match: Match[Node]) -> Made:
    """Where only the groups are normalized, and the shape is that of ``x`` again."""
    found = match.values
    x, one = values.type(found["x"]), values.constants.get(found["ones"])
    grouped = values.constants.get(found["grouped"])
    shape = x.shape if x is not None else None
    if shape is None or len(shape) < 3 or one is None or grouped is None:
        return None
    count, channels = len(one), shape[1]
    zeros = values.constants.get(found["zeros"], one)
    if not isinstance(channels, int) or not channels or channels % max(count, 1):
        return None
    if (one != 1).any() or zeros.any() or not _are_groups(grouped, shape[0], count):
        return None
    if "shape" in found and not _is_shape(found["shape"], shape, values):
        return None
    each = (channels, *[1] * (len(shape) - 2))
    numbers = [found["scale"], found["bias"]]
    for kind in map(values.type, numbers):
        if kind is None or kind.shape not in (each, (1, *each)):
            return None
    if any(name not in values.constants for name in numbers):
        return None
    (norm,) = (n for n in match.steps if n.operator == "InstanceNormalization")
    epsilon = norm.attributes.get("epsilon", 1e-5)
    return (found["x"], *numbers), {"num_groups": count, "epsilon": epsilon}


def _are_groups(grouped: np.ndarray, batch: Dim, count: int) -> bool:
    """Whether Reshape makes of [N, C, D...] the shape [N, count, all the rest]."""
    first, *rest = grouped.tolist()
    return rest == [count, -1] and first in (0, batch)


def _is_shape(name: str, shape: tuple[Dim, ...], values: Values) -> bool:
    """Whether Reshape makes of [N, count, all the rest] the shape that ``x`` had."""
    array = values.constants.get(name)
    if array is None or array.ndim != 1 or len(array) != len(shape):
        return False
    first, *rest = array.tolist()
    known = [w == s if isinstance(s, int) else w == -1 for w, s in zip(rest, shape[1:])]
    return first in (0, shape[0]) and all(known) and rest.count(-1) < 2


def _reshape(values: Values, node: Node) -> tuple[str, ...] | None:
    """Reshape to what is an input, in which 0 does not mean a length of 0."""
    fits = len(node.inputs) == 2 and not node.attributes.get("allowzero", 0)
    return node.inputs if fits else None


def _shape(values: Values, node: Node) -> tuple[str, ...] | None:
    """All of the shape."""
    part = node.attributes.get("start", 0) or "end" in node.attributes
    return None if part else node.inputs


def _mean(values: Values, node: Node) -> tuple[str, ...] | None:
    """ReduceMean over the last axis, which it keeps."""
    axes: Any = node.attributes.get("axes")
    if len(node.inputs) > 1 and node.inputs[1] in values.constants:
        axes = tuple(values.constants[node.inputs[1]].tolist())
    kind = values.type(node.inputs[0])
    last = (-1, len(kind.shape) - 1) if kind is not None and kind.shape else (-1,)
    kept = node.attributes.get("keepdims", 1)
    return node.inputs[:1] if kept and axes in [(a,) for a in last] else None


def _clip(values: Values, node: Node) -> tuple[str, ...] | None:
    """Clip to 0 ... 6."""
    limits: list[Any] = [values.number(name) for name in node.inputs[1:]]
    if node.version < 11:
        limits = [node.attributes.get("min"), node.attributes.get("max")]
    return node.inputs[:1] if limits == [0, 6] else None


def _hard_sigmoid(values: Values, node: Node) -> tuple[str, ...] | None:
    """HardSigmoid as HardSwish has it."""
    alpha: Any = node.attributes.get("alpha", 0.2)
    fits = abs(alpha - 1 / 6) < 1e-7 and node.attributes.get("beta", 0.5) == 0.5
    return node.inputs if fits else None


GUARDS = {
    "ReduceMean": _mean,
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "Reshape": _reshape,
    "Shape": _shape,
}


def _products(*factors: Pattern) -> list[Pattern]:
    """Return three factors multiplied in any order."""
    a, b, c = factors
    pairs = ((a, b, c), (a, c, b), (b, c, a))
    return [("Mul", ("Mul", first, second), third) for first, second, third in pairs]


_ERF = ("Erf", [("Div", "x", sqrt(2)), ("Mul", "x", sqrt(0.5))])
_CUBE = [("Pow", "x", 3), ("Mul", ("Mul", "x", "x"), "x")]
_TANH = (
    "Tanh",
    [
        ("Mul", ("Add", "x", ("Mul", _CUBE, 0.044715)), sqrt(2 / pi)),
        *_products(
            "x",
            sqrt(2 / pi),
            (
                "Add",
                [
                    ("Mul", ("Mul", "x", 0.044715), "x"),
                    ("Mul", ("Mul", "x", "x"), 0.044715),
                ],
                1,
            ),
        ),
    ],
)


def _halves(bend: Pattern) -> list[Pattern]:
    """Return ``0.5 * x * (1 + bend)``, multiplied in any order."""
    whole = ("Mul", "x", ("Add", bend, 1))
    half = ("Mul", ("Div", "x", 2), ("Add", bend, 1))
    return [*_products("x", ("Add", bend, 1), 0.5), ("Div", whole, 2), half]


def _over_root(x: Pattern, square: Pattern) -> list[Pattern]:
    """Return ``x / sqrt(mean(square) + epsilon)``, divided in one of several ways."""
    variance = ("Add", ("ReduceMean", square), "epsilon")
    root = [("Sqrt", variance), ("Pow", variance, 0.5)]
    inverse = [("Reciprocal", root), ("Div", 1, root), ("Pow", variance, -0.5)]
    return [("Div", x, root), ("Mul", x, inverse)]


def _square(x: Pattern) -> list[Pattern]:
    return [("Pow", x, 2), ("Mul", x, x)]


_CENTRED = ("Sub", "x", ("ReduceMean", "x"))
_SCALED = ("Mul", _over_root(_CENTRED, _square(_CENTRED)), "scale")

_GROUPS = (
    "Reshape",
    ("InstanceNormalization", ("Reshape", "x", "grouped"), "ones", "zeros"),
    [("Shape", "x"), "shape"],
)

RULES = (
    Rule(("Mul", "x", ("Sigmoid", "x")), "Swish", 24, _plain()),
    Rule(("Mul", "x", ("Sigmoid", ("Mul", "x", "alpha"))), "Swish", 24, _swish),
    Rule(("Mul", "x", ("HardSigmoid", "x")), "HardSwish", 14, _plain()),
    *(
        Rule(pattern, "HardSwish", 14, _plain())
        for clipped in [("Clip", ("Add", "x", 3))]
        for pattern in [
            ("Div", ("Mul", "x", clipped), 6),
            ("Mul", "x", ("Div", clipped, 6)),
            *_products("x", clipped, 1 / 6),
        ]
    ),
    *(Rule(p, "Gelu", 20, _plain()) for p in _halves(_ERF)),
    *(Rule(p, "Gelu", 20, _plain(approximate="tanh")) for p in _halves(_TANH)),
    Rule(("Add", _SCALED, "bias"), "LayerNormalization", 17, _normalization),
    Rule(
        ("Add", ("Mul", _GROUPS, "scale"), "bias"),
        "GroupNormalization",
        21,
        _group_normalization,
    ),
)
LATER_RULES = (
    Rule(_SCALED, "LayerNormalization", 17, _normalization),
    Rule(
        ("Mul", _over_root("x", _square("x")), "scale"),
        "RMSNormalization",
        23,
        _normalization,
    ),
)
"""After the others: what these find is also found in what those make one call of."""
