"""What graphs of several families share: activations in all their spellings, types, sizes."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt

from ...fuzz.draw import Draw
from ..sketch import OPSETS, Sketch


def new(draw: Draw, least: int = 9) -> Sketch:
    """Start a graph of a random type and version."""
    dtype = draw.one_of(("float32",) * 6 + ("float64", "float16"))
    opsets = [o for o in OPSETS if o >= least]
    return Sketch(draw, dtype, draw.one_of(opsets))


def activated(s: Sketch, x: str) -> str:
    """Return an activation of ``x``, or ``x``."""
    chosen = s.draw.one_of(ACTIVATIONS)
    return chosen(s, x)


def _relu(s: Sketch, x: str) -> str:
    return s("Relu", x)


def _relu6(s: Sketch, x: str) -> str:
    return s.clip(x, 0, 6)


def _none(s: Sketch, x: str) -> str:
    return x


def _leaky(s: Sketch, x: str) -> str:
    return s("LeakyRelu", x, alpha=s.draw.number(-0.3, 1.2))


def _bent(s: Sketch, x: str) -> str:
    return s(s.draw.one_of(("Sigmoid", "Tanh", "Softplus", "Elu", "HardSigmoid")), x)


def _swish(s: Sketch, x: str) -> str:
    inner = x
    if s.draw.chance(0.3):
        inner = s.swapped("Mul", x, s.number(s.draw.one_of((1.702, 1.0, -0.5))))
    return s.swapped("Mul", x, s("Sigmoid", inner))


def hard_swish(s: Sketch, x: str) -> str:
    """HardSwish as exporters spell it."""
    if s.opset >= 14 and s.draw.chance(0.2):
        return s("HardSwish", x)
    if s.draw.chance(0.3):
        alpha = s.draw.one_of((1 / 6, 1 / 6, 0.2, 0.1666))
        return s.swapped("Mul", x, s("HardSigmoid", x, alpha=alpha, beta=0.5))
    low, high = s.draw.one_of(((0, 6), (0, 6), (0, 6), (0, 5), (1, 6)))
    clipped = s.clip(s.swapped("Add", x, s.number(3)), low, high)
    spellings: list[Callable[[], str]] = [
        lambda: s("Div", s.swapped("Mul", x, clipped), s.number(6)),
        lambda: s.swapped("Mul", x, s("Div", clipped, s.number(6))),
        lambda: s.swapped("Mul", x, s.swapped("Mul", clipped, s.number(1 / 6))),
        lambda: s.swapped("Mul", s.swapped("Mul", x, clipped), s.number(1 / 6)),
    ]
    return s.draw.one_of(spellings)()


def gelu(s: Sketch, x: str) -> str:
    """GELU as exporters spell it, exact or by tanh, or almost that."""
    if s.opset >= 20 and s.draw.chance(0.15):
        return s("Gelu", x, approximate=s.draw.one_of(("none", "tanh")))
    bend = _erf(s, x) if s.draw.chance() else _tanh(s, x)
    one = s.swapped("Add", bend, s.number(1))
    other = x if s.draw.chance(0.95) else s("Abs", x)
    spellings: list[Callable[[], str]] = [
        lambda: s.swapped("Mul", s.swapped("Mul", other, one), s.number(0.5)),
        lambda: s.swapped("Mul", s.swapped("Mul", other, s.number(0.5)), one),
        lambda: s.swapped("Mul", other, s.swapped("Mul", one, s.number(0.5))),
        lambda: s("Div", s.swapped("Mul", other, one), s.number(2)),
        lambda: s.swapped("Mul", s("Div", other, s.number(2)), one),
    ]
    return s.draw.one_of(spellings)()


def _erf(s: Sketch, x: str) -> str:
    if s.draw.chance():
        return s("Erf", s("Div", x, s.number(sqrt(2))))
    return s("Erf", s.swapped("Mul", x, s.number(sqrt(0.5))))


def _tanh(s: Sketch, x: str) -> str:
    a, b = s.number(0.044715), s.number(sqrt(2 / pi))
    if s.draw.chance():
        if s.draw.chance():
            cube = s("Pow", x, s.number(3))
        else:
            cube = s.swapped("Mul", s("Mul", x, x), x)
        inner = s.swapped("Add", x, s.swapped("Mul", cube, a))
        return s("Tanh", s.swapped("Mul", inner, b))
    square = (
        s.swapped("Mul", s.swapped("Mul", x, a), x)
        if s.draw.chance()
        else s.swapped("Mul", s("Mul", x, x), a)
    )
    inner = s.swapped("Add", square, s.number(1))
    return s("Tanh", s.swapped("Mul", s.swapped("Mul", x, b), inner))


ACTIVATIONS = (*(_relu, _relu, _relu6, _none, _leaky, _bent, _swish, hard_swish, gelu),)
