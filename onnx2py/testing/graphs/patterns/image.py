"""Convolutional networks: convolution, normalization, sums, activations, pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fuzz.draw import Draw
from ...fuzz.generators._windows import is_same, lengths, sprinkle, window
from ..registry import draws
from ..sketch import Sketch
from ._parts import activated, new


class _Image:
    """A value of the shape ``(N, C, lengths)``, of which the shape is known."""

    def __init__(self, s: Sketch, name: str, shape: list[int]) -> None:
        self.s, self.name, self.shape = s, name, shape

    @property
    def draw(self) -> Draw:
        return self.s.draw

    @property
    def sides(self) -> list[int]:
        return self.shape[2:]

    def with_name(self, name: str) -> _Image:
        return _Image(self.s, name, self.shape)


def _start(draw: Draw, rank: int | None = None, least: int = 9) -> _Image:
    s = new(draw, least)
    rank = rank or draw.one_of((2, 2, 2, 2, 1, 3))
    longest = (40, 24, 7)[rank - 1] if draw.chance(0.2) else (12, 9, 4)[rank - 1]
    channels = draw.one_of((1, 2, 3, 4, 6, 8, draw.integer(1, 40)))
    batch = 0 if draw.chance(0.02) else draw.one_of((1, 1, 2, 3))
    shape = [batch, channels, *(draw.integer(1, longest) for _ in range(rank))]
    array = draw.array(s.dtype, shape, -1, 1)
    if draw.chance(0.05):
        sprinkle(draw, array)
    return _Image(s, s.input(array), shape)


def _conv(x: _Image, results: int | None = None, *, keep: bool = False) -> _Image:
    """Any convolution; ``keep``: the lengths remain."""
    s, draw, channels = x.s, x.draw, x.shape[1]
    group = draw.one_of((1, 1, 1, channels, channels, _divisor(draw, channels)))
    if results is None:
        results = group * (draw.one_of((1, 1, 2, draw.integer(1, 12))))
    elif results % group:
        group = 1
    shortest = [min(side, 5) for side in x.sides]
    kernel = draw.one_of(
        (
            [min(3, side) for side in shortest],
            [1] * len(shortest),
            [draw.integer(1, side) for side in shortest],
        )
    )
    if keep:
        attributes = _keeping(draw, kernel)
    else:
        attributes = window(draw, kernel, wide=True)
    if not _fits(x.sides, kernel, attributes):
        attributes = {}
    if "auto_pad" in attributes:  # onnxruntime wants it so
        attributes.pop("dilations", None)
    weight = s.floats(results, channels // group, *kernel)
    bias = [s.floats(results)] if draw.chance(0.6) else []
    sides = _lengths(x.sides, kernel, attributes)
    if group != 1:
        attributes["group"] = group
    if draw.chance():
        attributes["kernel_shape"] = list(kernel)
    name = s("Conv", x.name, weight, *bias, **attributes)
    return _Image(s, name, [x.shape[0], results, *sides])


def _keeping(draw: Draw, kernel: list[int]) -> dict[str, Any]:
    if draw.chance(0.3):
        return {"auto_pad": draw.one_of(("SAME_UPPER", "SAME_LOWER"))}
    if any(k % 2 == 0 for k in kernel):
        return {"pads": [(k - 1) // 2 for k in kernel] + [k // 2 for k in kernel]}
    dilation = draw.one_of((1, 1, 2))
    pads = [dilation * (k // 2) for k in kernel]
    found: dict[str, Any] = {"pads": pads * 2}
    return {**found, "dilations": [dilation] * len(kernel)} if dilation > 1 else found


def _divisor(draw: Draw, number: int) -> int:
    return draw.one_of([d for d in range(1, number + 1) if number % d == 0])


def _fits(sides: list[int], kernel: list[int], attributes: dict[str, Any]) -> bool:
    return is_same(attributes) or min(_lengths(sides, kernel, attributes)) > 0


def _lengths(
    sides: list[int], kernel: list[int], attributes: dict[str, Any]
) -> list[int]:
    if is_same(attributes):
        strides = attributes.get("strides", [1] * len(kernel))
        return [-(-side // step) for side, step in zip(sides, strides)]
    return lengths(sides, kernel, attributes)


def _normalized(x: _Image) -> _Image:
    s, channels = x.s, x.shape[1]
    scale, bias, mean = (s.floats(channels) for _ in range(3))
    variance = s.floats(channels, low=0.2, high=2)
    epsilon = x.draw.one_of((None, 1e-3, 0.1))
    if s.dtype == "float64" or s.dtype == "float16":
        epsilon = epsilon or 1e-3
    return x.with_name(
        s("BatchNormalization", x.name, scale, bias, mean, variance, epsilon=epsilon)
    )


def _shifted(x: _Image) -> _Image:
    """Multiply by and add what has one number for a channel, or for each image, or for all."""
    s, draw, rank = x.s, x.draw, len(x.sides)
    shape = draw.one_of(
        (
            [x.shape[1]] + [1] * rank,
            [1, x.shape[1]] + [1] * rank,
            [1],
            x.sides[-1:],
            x.sides,
        )
    )
    return x.with_name(s.swapped(draw.one_of(("Add", "Mul")), x.name, s.floats(*shape)))


def _added(x: _Image, other: _Image) -> _Image:
    if other.shape == x.shape:
        kind = x.draw.one_of(("Add", "Add", "Add", "Mul", "Sub", "Sum"))
        pair = (x.name, other.name) if x.draw.chance() else (other.name, x.name)
        return x.with_name(x.s(kind, *pair))
    if [*other.shape[:1], *other.sides] == [*x.shape[:1], *x.sides]:
        joined = x.s(
            "Concat", x.name, other.name, axis=x.draw.one_of((1, 1 - len(x.shape)))
        )
        channels = x.shape[1] + other.shape[1]
        return _Image(x.s, joined, [x.shape[0], channels, *x.sides])
    return x


def _pooled(x: _Image) -> _Image:
    s, draw = x.s, x.draw
    kernel = [draw.integer(1, min(3, side)) for side in x.sides]
    attributes = window(draw, kernel, dilated=False)
    if is_same(attributes) or not _fits(x.sides, kernel, attributes):
        attributes = {}
    kind = draw.one_of(("MaxPool", "AveragePool"))
    if kind == "AveragePool" and draw.chance():
        attributes["count_include_pad"] = 1
    sides = _lengths(x.sides, kernel, attributes)
    name = s(kind, x.name, kernel_shape=kernel, **attributes)
    return _Image(s, name, [*x.shape[:2], *sides])


def _block(x: _Image) -> _Image:
    """Convolution, and what networks let follow, each of it only some of the time."""
    draw = x.draw
    x = _conv(x)
    if draw.chance(0.4):
        x = _normalized(x)
    if draw.chance(0.2):
        x = _shifted(x)
    if draw.chance(0.8):
        x = x.with_name(activated(x.s, x.name))
    if draw.chance(0.1):
        x = _normalized(x)
    return x


@draws("conv_block")
def conv_block(draw: Draw) -> Sketch:
    """A convolution with all that may follow it."""
    x = _block(_start(draw))
    x.s.finish(x.name)
    return x.s


@draws("conv_chain")
def conv_chain(draw: Draw) -> Sketch:
    """Several blocks, of which some skip: sums of two branches, concatenation, pooling."""
    x = _start(draw)
    for _ in range(draw.integer(2, 4)):
        kept = x
        how = draw.one_of(("block", "block", "residual", "pool", "gate"))
        if how == "block":
            x = _block(x)
        elif how == "pool":
            x = _pooled(x)
        elif how == "gate":
            x = _gated(x)
        else:
            results = x.shape[1] if draw.chance(0.8) else draw.integer(1, 5)
            x = _conv(x, results, keep=True)
            x = _normalized(x) if draw.chance() else x
            x = _conv(x, results, keep=True) if draw.chance() else x
            x = _added(x, kept)
            x = x.with_name(activated(x.s, x.name))
    x.s.finish(x.name)
    return x.s


def _gated(x: _Image) -> _Image:
    """Squeeze and excite."""
    s, draw = x.s, x.draw
    axes = list(range(2, len(x.shape)))
    mean = (
        s("GlobalAveragePool", x.name)
        if draw.chance()
        else s.reduce("ReduceMean", x.name, axes)
    )
    few = draw.integer(1, 4)
    ones = [1] * len(axes)
    narrow = s("Conv", mean, s.floats(few, x.shape[1], *ones), s.floats(few))
    wide = s("Conv", activated(s, narrow), s.floats(x.shape[1], few, *ones))
    return x.with_name(s.swapped("Mul", x.name, s("Sigmoid", wide)))


@draws("conv_wide")
def conv_wide(draw: Draw) -> Sketch:
    """3 x 3 over many channels: Winograd's algorithm."""
    s = new(draw)
    channels = draw.integer(30, 36)
    shape = [draw.one_of((1, 1, 2)), channels, *(draw.integer(8, 24) for _ in range(2))]
    array = draw.array(s.dtype, shape, -1, 1)
    if draw.chance(0.1):
        sprinkle(draw, array)
    x = _Image(s, s.input(array), shape)
    for _ in range(draw.integer(1, 2)):
        kept, results = x, draw.one_of((channels, draw.integer(30, 34)))
        weight = s.floats(results, x.shape[1], 3, 3, low=-0.1, high=0.1)
        pads = draw.one_of(([1] * 4, [0] * 4, [draw.integer(0, 2) for _ in range(4)]))
        bias = [s.floats(results)] if draw.chance() else []
        name = s("Conv", x.name, weight, *bias, pads=pads)
        x = _Image(
            s, name, [shape[0], results, *lengths(x.sides, [3, 3], {"pads": pads})]
        )
        x = _normalized(x) if draw.chance(0.3) else x
        x = _added(x, kept) if draw.chance(0.3) else x
        x = x.with_name(activated(s, x.name))
    s.finish(x.name)
    return s


@draws("conv_transpose")
def conv_transpose(draw: Draw) -> Sketch:
    """ConvTranspose, what may follow it, and a skipped connection as U-Nets have it."""
    x = _start(draw)
    s, rank = x.s, len(x.sides)
    group = _divisor(draw, x.shape[1]) if draw.chance(0.3) else 1
    results = draw.integer(1, 4)
    kernel = [draw.integer(1, 4) for _ in range(rank)]
    strides = [draw.integer(1, 3) for _ in range(rank)]
    pads = [draw.integer(0, (k - 1) // 2) for k in kernel] * 2
    weight = s.floats(x.shape[1], results, *kernel)
    bias = [s.floats(results * group)] if draw.chance() else []
    name = s(
        "ConvTranspose", x.name, weight, *bias, strides=strides, pads=pads, group=group
    )
    sides = [
        t * (n - 1) + k - 2 * p for n, k, t, p in zip(x.sides, kernel, strides, pads)
    ]
    if min(sides) < 1:
        return conv_transpose(draw)
    y = _Image(s, name, [x.shape[0], results * group, *sides])
    y = _normalized(y) if draw.chance() else y
    y = y.with_name(activated(s, y.name))
    y = _conv(y) if draw.chance() else y
    s.finish(y.name)
    return s


@draws("classifier")
def classifier(draw: Draw) -> Sketch:
    """A convolution, the mean of the image or all of it, and a dense layer."""
    x = _block(_start(draw))
    s = x.s
    axes = list(range(2, len(x.shape)))
    count = x.shape[1] * int(np.prod(x.sides))
    how = draw.one_of(("global", "mean", "max", "flatten", "reshape"))
    if how in ("flatten", "reshape"):
        flat = s("Flatten", x.name)
        if how == "reshape":
            flat = s(
                "Reshape", x.name, s.integers(*draw.one_of(((0, -1), (-1, count))))
            )
    else:
        count = x.shape[1]
        kind = "GlobalMaxPool" if how == "max" else "GlobalAveragePool"
        if how == "mean":
            negative = [a - len(x.shape) for a in axes] if draw.chance() else axes
            flat = s.reduce("ReduceMean", x.name, negative, draw.integer(0, 1))
        else:
            flat = s(kind, x.name)
        flat = s("Flatten", flat)
    classes = draw.integer(1, 5)
    weight = s.floats(classes, count)
    y = s("Gemm", flat, weight, s.floats(classes), transB=1)
    s.finish(s("Softmax", y, axis=1) if draw.chance() else y)
    return s
