"""Transformers: normalization, dense layers, attention, in the spellings of exporters."""

from __future__ import annotations

from math import sqrt

import numpy as np

from ...fuzz.draw import Draw
from ..registry import draws
from ..sketch import Sketch
from ._parts import activated, gelu, hard_swish, new


def _start(draw: Draw, least: int = 9) -> tuple[Sketch, str, list[int]]:
    s = new(draw, least)
    shape = [draw.one_of((1, 2, 3)), draw.integer(1, 9), draw.one_of((4, 8, 12, 5))]
    if draw.chance(0.03):
        shape[draw.integer(0, 1)] = 0
    return s, s.input(draw.array(s.dtype, shape, -1, 1)), shape


def _root(s: Sketch, variance: str, x: str) -> str:
    """Divide by the root of variance and epsilon, in one of several ways."""
    small = s.number(s.draw.one_of((1e-3, 1e-2)))
    sum_ = s.swapped("Add", variance, small)
    if s.draw.chance(0.2):
        return s.swapped("Mul", x, s("Pow", sum_, s.number(-0.5)))
    root = s("Sqrt", sum_) if s.draw.chance(0.8) else s("Pow", sum_, s.number(0.5))
    if s.draw.chance(0.6):
        return s("Div", x, root)
    over = s("Reciprocal", root) if s.draw.chance() else s("Div", s.number(1), root)
    return s.swapped("Mul", x, over)


def _square(s: Sketch, x: str) -> str:
    return s("Pow", x, s.number(2)) if s.draw.chance() else s("Mul", x, x)


def normalized(s: Sketch, x: str, shape: list[int]) -> str:
    """Layer or RMS normalization, written out or not, or almost that."""
    draw, last = s.draw, shape[-1]
    rank = len(shape)
    axes = [draw.one_of((-1, -1, -1, rank - 1))]
    if draw.chance(0.07):
        axes = draw.one_of(([-2], [-2, -1], [rank - 2, rank - 1]))
    if s.opset >= 17 and axes == [-1] and draw.chance(0.2):
        return s("LayerNormalization", x, s.floats(last), s.floats(last), axis=-1)
    wanted = draw.one_of(([last], [last], [last], [1], [1, 1, last], [1, last]))
    scale = s.floats(*wanted)
    if draw.chance(0.3):
        y = _root(s, s.reduce("ReduceMean", _square(s, x), axes), x)
    else:
        centered = s("Sub", x, s.reduce("ReduceMean", x, axes))
        other = s("Sub", x, s.reduce("ReduceMean", x, axes))
        source = centered if draw.chance(0.9) else other
        y = _root(s, s.reduce("ReduceMean", _square(s, source), axes), centered)
    y = s.swapped("Mul", y, scale) if draw.chance(0.9) else y
    return s.swapped("Add", y, s.floats(*wanted)) if draw.chance(0.8) else y


def _dense(s: Sketch, x: str, width: int, results: int) -> str:
    """MatMul and the bias, or Gemm over rows."""
    weight, bias = s.floats(width, results), s.floats(results)
    if s.draw.chance(0.2):
        rows = s("Reshape", x, s.integers(-1, width))
        y = s("Gemm", rows, weight, bias)
        return s("Reshape", y, s.integers(*_lengths_of(s, x)[:-1], results))
    y = s("MatMul", x, weight)
    return s.swapped("Add", y, bias) if s.draw.chance(0.8) else y


def _lengths_of(s: Sketch, x: str) -> list[int]:
    """Return the shape that the first input has; all values here have its first two."""
    return list(next(iter(s.inputs.values())).shape)


@draws("norm")
def norm(draw: Draw) -> Sketch:
    """One or two normalizations, of a sum perhaps."""
    s, x, shape = _start(draw)
    if draw.chance(0.3):
        x = s("Add", x, s.input(draw.array(s.dtype, shape, -1, 1)))
    y = normalized(s, x, shape)
    y = normalized(s, s("Add", x, y), shape) if draw.chance(0.3) else y
    s.finish(y)
    return s


@draws("activation")
def activation(draw: Draw) -> Sketch:
    """Activations one after another; special numbers among the inputs."""
    s = new(draw)
    shape = draw.shape(1, 4)
    chosen = draw.special if draw.chance(0.1) else draw.array
    x = s.input(chosen(s.dtype, shape))
    for _ in range(draw.integer(1, 2)):
        x = draw.one_of((gelu, gelu, hard_swish, activated))(s, x)
        x = s.swapped("Mul", x, s.number(0.125))  # so that the next sees both its sides
    s.finish(x)
    return s


@draws("dense")
def dense(draw: Draw) -> Sketch:
    """A dense layer, an activation, a dense layer, and around it perhaps."""
    s, x, shape = _start(draw)
    width = shape[-1]
    wide = draw.one_of((width, 2 * width, 7))
    y = activated(s, _dense(s, x, width, wide))
    if draw.chance(0.3):
        y = s("Mul", y, _dense(s, x, width, wide))
    y = _dense(s, y, wide, width)
    y = s.swapped("Add", x, y) if draw.chance(0.6) else y
    y = normalized(s, y, shape) if draw.chance(0.4) else y
    s.finish(y)
    return s


# ------------------------------------------------------------------------- attention


def _heads(s: Sketch, x: str, shape: list[int], heads: int, *, turned: bool) -> str:
    """``[B, T, C]`` to ``[B, H, T, D]``, or ``[B, H, D, T]``."""
    lengths = s.draw.one_of(((0, 0, heads, -1), (*shape[:2], heads, shape[2] // heads)))
    if 0 in shape:
        lengths = (*shape[:2], heads, shape[2] // heads)
        if s.opset < 14:
            lengths = (0, 0, heads, shape[2] // heads)
    split = s("Reshape", x, s.integers(*lengths))
    if turned and s.draw.chance():
        return s("Transpose", split, perm=[0, 2, 3, 1])
    split = s("Transpose", split, perm=[0, 2, 1, 3])
    return s("Transpose", split, perm=[0, 1, 3, 2]) if turned else split


def _mask(s: Sketch, batch: int, steps: int, heads: int) -> str:
    """A mask that is added: of few axes or all, constant or not, minus infinity or a number."""
    draw = s.draw
    shape = draw.one_of(
        (
            (steps, steps),
            (1, 1, steps, steps),
            (batch, 1, 1, steps),
            (batch, 1, steps, steps),
            (batch, heads, steps, steps),
            (1, heads, 1, 1),
            (steps, 1),
            (1,),
        )
    )
    low = -np.inf if draw.chance(0.2) else -10000.0
    array = np.where(draw.rng.random(shape) < 0.3, low, 0).astype(s.dtype)
    if draw.chance(0.4):
        array = draw.array(s.dtype, shape, -2, 2)
    return s.weight(array, "m") if draw.chance() else s.input(array)


def attention(s: Sketch, x: str, shape: list[int]) -> str:
    """Self-attention, or almost that."""
    draw, (batch, steps, width) = s.draw, shape
    heads = draw.one_of([h for h in (1, 2, 4) if width % h == 0])
    q, k, v = (_dense(s, x, width, width) for _ in range(3))
    scale = s.number(1 / sqrt(width // heads))
    where = draw.one_of(("q", "scores", "scores", "division", "both", "none"))
    q = _heads(s, q, shape, heads, turned=False)
    k = _heads(s, k, shape, heads, turned=draw.chance(0.97) or steps != width // heads)
    v = _heads(s, v, shape, heads, turned=False)
    if where == "q":
        q = s.swapped("Mul", q, scale)
    if where == "both":
        root = s.number((width // heads) ** -0.25)
        q, k = s.swapped("Mul", q, root), s.swapped("Mul", k, root)
    scores = s("MatMul", q, k)
    if where == "scores":
        scores = s.swapped("Mul", scores, scale)
    if where == "division":
        scores = s("Div", scores, s.number(sqrt(width // heads)))
    if draw.chance(0.5):
        scores = s.swapped("Add", scores, _mask(s, batch, steps, heads))
    if draw.chance(0.1):
        hidden = draw.rng.random((1, 1, steps, steps)) < 0.3
        low = s.constant(np.array(-1e4, s.dtype))
        scores = s("Where", s.constant(hidden), low, scores)
    axis = draw.one_of((-1, -1, -1, 3)) if draw.chance(0.95) or s.opset < 13 else -2
    weights = s("Softmax", scores, axis=axis)
    if draw.chance(0.15) and s.dtype != "float64":
        zero = s.constant(np.array(0, s.dtype))
        weights = s("Where", s("IsNaN", weights), zero, weights)
    y = s("Transpose", s("MatMul", weights, v), perm=[0, 2, 1, 3])
    if 0 in shape:
        return s("Reshape", y, s.integers(0, 0, width))
    return s(
        "Reshape", y, s.integers(*draw.one_of(((0, 0, width), (*shape[:2], width))))
    )


@draws("attention")
def attention_graph(draw: Draw) -> Sketch:
    """Attention, with what is around it in a transformer, perhaps."""
    s, x, shape = _start(draw)
    y = attention(s, x, shape)
    if draw.chance():
        y = s.swapped("Add", x, _dense(s, y, shape[-1], shape[-1]))
        y = normalized(s, y, shape)
    if draw.chance(0.3):
        y = s("Add", y, gelu(s, _dense(s, y, shape[-1], shape[-1])))
    s.finish(y)
    return s


@draws("cross_attention")
def cross_attention(draw: Draw) -> Sketch:
    """Products of batches: queries, keys and values that are inputs, of 2 to 4 axes."""
    s = new(draw)
    lead = [draw.integer(1, 3) for _ in range(draw.integer(0, 2))]
    m, n, d, e = (draw.integer(1, 6) for _ in range(4))
    few = [draw.one_of((length, 1)) for length in lead]
    q, k, v = (
        s.input(draw.array(s.dtype, shape, -1, 1))
        for shape in ([*lead, m, d], [*few, d, n], [*lead, n, e])
    )
    scores = s("MatMul", q, k)
    if draw.chance(0.7):
        scores = s(draw.one_of(("Mul", "Div")), scores, s.number(draw.number(0.2, 3)))
    if draw.chance(0.4):
        shape = draw.one_of(([m, n], [n], [m, 1], [*lead, m, n], [1, 1, 1, m, n]))
        scores = s.swapped("Add", scores, s.input(draw.array(s.dtype, shape, -2, 2)))
    weights = s("Softmax", scores, axis=-1)
    rank = draw.chance(0.1)
    y = s("MatMul", weights, v)
    s.finish(s("Transpose", y) if rank else y)
    return s
