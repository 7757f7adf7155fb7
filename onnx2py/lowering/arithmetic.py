"""Arithmetic and elementary functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.program import Argument, Call, Operation
from ..kernels import arithmetic
from ._elementwise import binary, binary_from_axis, unary
from .attributes import short_float
from .context import NodeContext
from .registry import lowers

UNARY: dict[str, Callable[..., Any]] = {
    "Abs": np.absolute,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.rint,  # halves to even, as ONNX has it
    "Sqrt": np.sqrt,
    "Exp": np.exp,
    "Log": np.log,
    "Sign": np.sign,
    "Sin": np.sin,
    "Cos": np.cos,
    "Tan": np.tan,
    "Asin": np.arcsin,
    "Acos": np.arccos,
    "Atan": np.arctan,
    "Sinh": np.sinh,
    "Cosh": np.cosh,
    "Tanh": np.tanh,
    "Asinh": np.arcsinh,
    "Acosh": np.arccosh,
    "Atanh": np.arctanh,
    "Identity": arithmetic.identity,
}
"""What is one function of one tensor in all versions: only types were added."""

for _operator, _function in UNARY.items():
    lowers(_operator)(unary(_function))

for _operator, _function in {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
}.items():
    lowers(_operator)(binary_from_axis(_function, _function.__name__))
    lowers(_operator, since=7)(binary(_function))


def _quotient(node: NodeContext) -> Callable[..., Any]:
    kind = node.dtype(0)
    return np.divide if kind and "float" in kind else arithmetic.div


@lowers("Div")
def div_from_axis(node: NodeContext) -> Operation:
    """1, 6: ``axis`` says which axes the divisor has."""
    return binary_from_axis(_quotient(node), "divide")(node)


@lowers("Div", since=7)
def div(node: NodeContext) -> Call:
    """7, 13, 14: broadcast as in NumPy, integers rounded toward zero."""
    return node.call(_quotient(node), node.input(0), node.input(1))


lowers("Pow")(binary_from_axis(np.power, "power"))


@lowers("Pow", since=7)
def power(node: NodeContext) -> Call:
    """7, 12, 13, 15: since 12 the exponent may be of another type."""
    x, exponent = node.input(0), node.constant(1)
    if exponent is not None and exponent.size == 1 and _keeps_rank(node):
        value = exponent.item()
        if value == 1:
            return node.call(np.positive, x)
        if value == 2:  # np.power takes 20 times as long
            return node.call(np.square, x)
        if value == 3:
            return node.call(arithmetic.cube, x)
    kind = node.dtype(0)
    if kind is not None and "float" in kind and kind == node.dtype(1):
        return node.call(np.power, x, node.input(1))
    return node.call(arithmetic.power, x, node.input(1))


def _keeps_rank(node: NodeContext) -> bool:
    """Whether the second input, of one element, adds no axes to the first."""
    ranks = node.rank(0), node.rank(1)
    return ranks[1] == 0 or None not in ranks and ranks[0] >= ranks[1]  # type: ignore


@lowers("Mod", since=10)
def mod(node: NodeContext) -> Call:
    """10, 13, 28: the sign of the divisor, or with ``fmod`` that of the dividend."""
    function = np.fmod if node.int("fmod", 0) else np.mod
    return node.call(function, node.input(0), node.input(1))


def _variadic(node: NodeContext, pair: Any, kernel: Callable[..., Any]) -> Call:
    node.ignore("consumed_inputs")
    data = [node.input(i) for i in range(len(node.node.inputs))]
    if len(data) == 1:
        return node.call(arithmetic.identity, data[0])
    return node.call(pair if len(data) == 2 and pair else kernel, *data)


@lowers("Max")
def elementwise_max(node: NodeContext) -> Call:
    """1, 6, 8, 12, 13: since 8 the inputs are broadcast."""
    return _variadic(node, np.maximum, arithmetic.elementwise_max)


@lowers("Min")
def elementwise_min(node: NodeContext) -> Call:
    """1, 6, 8, 12, 13: since 8 the inputs are broadcast."""
    return _variadic(node, np.minimum, arithmetic.elementwise_min)


@lowers("Sum")
def elementwise_sum(node: NodeContext) -> Call:
    """1, 6, 8, 13: since 8 the inputs are broadcast."""
    return _variadic(node, np.add, arithmetic.elementwise_sum)


@lowers("Mean")
def elementwise_mean(node: NodeContext) -> Call:
    """1, 6, 8, 13: since 8 the inputs are broadcast."""
    return _variadic(node, None, arithmetic.elementwise_mean)


FLOAT32_MAX = 3.4028235e38


@lowers("Clip")
def clip_by_attributes(node: NodeContext) -> Call:
    """1, 6: the bounds are attributes; those of float32 are beyond float16."""
    node.ignore("consumed_inputs")
    bounds: list[float | None] = []
    for name, default in (("min", -FLOAT32_MAX), ("max", FLOAT32_MAX)):
        bound = node.float(name, default)
        if abs(bound) < FLOAT32_MAX or node.dtype(0) not in ("float16", "float32"):
            bounds.append(bound)
        elif node.dtype(0) == "float16":
            bounds.append(math.copysign(math.inf, bound))
        else:  # the kernel's own default
            bounds.append(None)
    return node.call(arithmetic.clip, node.input(0), *bounds)


@lowers("Clip", since=11)
def clip(node: NodeContext) -> Call:
    """11, 12, 13: the bounds are inputs; since 12 integers are allowed."""
    return node.call(arithmetic.clip, node.input(0), _bound(node, 1), _bound(node, 2))


def _bound(node: NodeContext, index: int) -> Argument:
    """Return a scalar input as a number of few digits, if it is constant."""
    value = node.constant(index)
    if value is None or value.size != 1 or value.dtype.kind not in "iuf":
        return node.optional(index)
    number = value.item()
    return short_float(number) if isinstance(number, float) else int(number)
