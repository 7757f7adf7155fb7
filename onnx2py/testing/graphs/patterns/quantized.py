"""Quantized networks: chains that quantizers of onnxruntime write.

Most scales are powers of two and most weights few bits wide, so that sums are exact and the
outputs can be compared to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fuzz.draw import Draw
from ...fuzz.generators._windows import lengths
from ..registry import draws
from ..sketch import Sketch

_SCALES = tuple(2.0**-i for i in range(3, 8))
NARROW = 64
"""Signed weights are this small: onnxruntime's sums of pairs saturate on some processors."""


class _Quantized(Sketch):
    """A graph with the scales of quantizers."""

    def __init__(self, draw: Draw) -> None:
        super().__init__(draw, "float32", draw.one_of((13, 14, 17, 20, 21)))
        self.kind = draw.one_of(("uint8", "int8"))
        self.rtol, self.atol = 1e-6, 1e-6

    def scale(self, count: int | None = None) -> str:
        """Add one scale, or one for each channel."""
        if count is None:
            return self.constant(np.float32(self.draw.one_of(_SCALES)))
        return self.constant(np.array(self.draw.rng.choice(_SCALES, count), np.float32))

    def zero(self, kind: str, count: int | None = None, *, middle: bool = False) -> str:
        """Add a zero point; in the middle for weights."""
        low, high = (100, 156) if kind == "uint8" else (-20, 20)
        value = 0 if middle else self.draw.integer(low, high)
        if middle and kind == "uint8":
            value = 128
        shape = () if count is None else (count,)
        return self.constant(np.full(shape, value, kind))

    def through(self, x: str) -> str:
        """Quantize and dequantize."""
        scale, zero = self.scale(), self.zero(self.kind)
        narrow = self("QuantizeLinear", x, scale, zero)
        if self.draw.chance(0.1):
            zero = self.zero(self.kind)
        return self("DequantizeLinear", narrow, scale, zero)

    def narrow(self, shape: tuple[int, ...], axis: int | None) -> str:
        """Add weights of 8 bits, dequantized, by channel or at once."""
        array = self.draw.rng.integers(-NARROW, NARROW, shape).astype("int8")
        count = None if axis is None else shape[axis]
        name = self.weight(array)
        scale = self.scale(count)
        zero = [self.zero("int8", count, middle=True)] if self.draw.chance(0.7) else []
        return self("DequantizeLinear", name, scale, *zero, axis=axis)

    def bias(self, count: int) -> str:
        """Add a bias of 32 bits, or of floats."""
        if self.draw.chance(0.3):
            return self.constant(np.float32(self.draw.rng.integers(-8, 8, count)) / 8)
        array = self.draw.rng.integers(-500, 500, count).astype("int32")
        return self("DequantizeLinear", self.weight(array), self.scale(), axis=0)


def _exact(draw: Draw, *shape: int) -> Any:
    return draw.rng.integers(-64, 64, shape).astype(np.float32) / 32


def _bent(s: _Quantized, x: str) -> str:
    how = s.draw.one_of(("none", "Relu", "clip", "none"))
    return s.clip(x, 0, 6) if how == "clip" else s("Relu", x) if how == "Relu" else x


def _convolved(s: _Quantized, x: str, shape: list[int]) -> tuple[str, list[int]]:
    draw, channels = s.draw, shape[1]
    group = draw.one_of((1, 1, channels))
    results = group * draw.integer(1, 4)
    kernel = [draw.integer(1, min(3, side)) for side in shape[2:]]
    pads = [draw.integer(0, k - 1) for k in kernel] * 2
    strides = [draw.integer(1, 2) for _ in kernel]
    axis = draw.one_of((0, None))
    weight = s.narrow((results, channels // group, *kernel), axis)
    bias = [s.bias(results)] if draw.chance(0.6) else []
    y = s("Conv", x, weight, *bias, pads=pads, strides=strides, group=group)
    sides = lengths(shape[2:], kernel, {"pads": pads, "strides": strides})
    return y, [shape[0], results, *sides]


@draws("quantized_conv")
def quantized_conv(draw: Draw) -> Sketch:
    """Quantize, dequantize, convolve, once or twice; a sum and a pool between."""
    s = _Quantized(draw)
    shape = [
        draw.integer(1, 2),
        draw.integer(1, 4),
        draw.integer(3, 7),
        draw.integer(3, 7),
    ]
    x = s.input(_exact(draw, *shape))
    for _ in range(draw.integer(1, 2)):
        kept = s.through(x)
        y, after = _convolved(s, kept, shape)
        y = s.through(_bent(s, y))
        if after == shape and draw.chance(0.7):
            y = s.through(s.swapped("Add", y, kept))
        if draw.chance(0.2):
            y = s("MaxPool", y, kernel_shape=[1, 1])
        x, shape = y, after
    if draw.chance(0.2):
        x = s.through(s("GlobalMaxPool", x))
    s.finish(x)
    return s


@draws("quantized_dense")
def quantized_dense(draw: Draw) -> Sketch:
    """Quantize, dequantize, MatMul or Gemm."""
    s = _Quantized(draw)
    width, results = draw.integer(1, 40), draw.integer(1, 9)
    lead = [draw.integer(1, 4) for _ in range(draw.integer(1, 2))]
    x = s.through(s.input(_exact(draw, *lead, width)))
    if len(lead) == 1 and draw.chance():
        turned = draw.integer(0, 1)
        shape = (results, width) if turned else (width, results)
        axis = draw.one_of((None, 0 if turned else 1))
        y = s("Gemm", x, s.narrow(shape, axis), s.bias(results), transB=turned)
    else:
        y = s("MatMul", x, s.narrow((width, results), draw.one_of((None, 1))))
        y = s.swapped("Add", y, s.bias(results)) if draw.chance(0.6) else y
    y = s.through(_bent(s, y)) if draw.chance(0.8) else y
    s.finish(y)
    return s


@draws("dynamic")
def dynamic(draw: Draw) -> Sketch:
    """DynamicQuantizeLinear, MatMulInteger or ConvInteger, Cast, scales, a bias."""
    s = Sketch(draw, "float32", draw.one_of((11, 13, 17, 20)))
    width, results = draw.integer(1, 40), draw.integer(1, 9)
    convolved = draw.chance(0.3)
    shape = (
        (1, width, 4, 4)
        if convolved
        else (draw.integer(1, 3), draw.integer(1, 4), width)
    )
    array = draw.array("float32", shape, -1, 1)
    # With these ends the scale is exact, and rounding never a tie.
    array.reshape(-1)[:1] = -1.0
    array.reshape(-1)[-1:] = 1.0
    x = s.input(array)
    narrow, scale, zero = s.many("DynamicQuantizeLinear", x, outputs=3)
    kind = draw.one_of(("int8", "uint8"))
    low = -NARROW if kind == "int8" else 0
    wide = (results, width, 2, 2) if convolved else (width, results)
    numbers = draw.rng.integers(low, low + 2 * NARROW, wide)
    weight = s.weight(numbers.astype(kind))
    zeros = np.array(draw.integer(low, low + 2 * NARROW - 1), kind)
    if not convolved and draw.chance(0.3):
        zeros = np.full(results, zeros, kind)
    operator = "ConvInteger" if convolved else "MatMulInteger"
    if convolved:
        zeros = np.zeros((), kind)
    y = s("Cast", s(operator, narrow, weight, zero, s.weight(zeros, "z")), to=1)
    own = s.floats(
        *draw.one_of(((), (1,), (results,)) if not convolved else ((), (1,)))
    )
    if draw.chance(0.8):
        y = s.swapped("Mul", y, s.swapped("Mul", scale, own))
    else:
        y = s.swapped("Mul", s.swapped("Mul", y, scale), own)
    if draw.chance(0.6):
        count = (results, 1, 1) if convolved else (results,)
        y = s.swapped("Add", y, s.floats(*count))
    s.finish(y)
    # A step of the scale may round the other way: one unit of 255, times a weight.
    s.rtol, s.atol = 1e-5, 1e-4
    return s


@draws("qlinear")
def qlinear(draw: Draw) -> Sketch:
    """QLinearConv upon QLinearConv, QLinearMatMul, and from floats to floats."""
    s = _Quantized(draw)
    shape = [1, draw.integer(1, 4), draw.integer(3, 6), draw.integer(3, 6)]
    x_scale, x_zero = s.scale(), s.zero("uint8")
    narrow = s("QuantizeLinear", s.input(_exact(draw, *shape)), x_scale, x_zero)
    for _ in range(draw.integer(1, 2)):
        channels = shape[1]
        group = draw.one_of((1, 1, channels))
        results = group * draw.integer(1, 3)
        kernel = [draw.integer(1, min(3, side)) for side in shape[2:]]
        pads = [draw.integer(0, k - 1) for k in kernel] * 2
        numbers = draw.rng.integers(
            -NARROW, NARROW, (results, channels // group, *kernel)
        )
        weight = s.weight(numbers.astype("int8"))
        count = results if draw.chance() else None
        y_scale, y_zero = s.scale(), s.zero("uint8")
        more = [s.weight(draw.rng.integers(-999, 999, results).astype("int32"))]
        narrow = s(
            "QLinearConv",
            *(narrow, x_scale, x_zero, weight, s.scale(count)),
            *(s.zero("int8", count, middle=True), y_scale, y_zero),
            *(more if draw.chance(0.7) else []),
            pads=pads,
            group=group,
        )
        x_scale, x_zero = y_scale, y_zero
        shape = [1, results, *lengths(shape[2:], kernel, {"pads": pads})]
    narrow = s("MaxPool", narrow, kernel_shape=[1, 1]) if draw.chance(0.2) else narrow
    s.finish(s("DequantizeLinear", narrow, x_scale, x_zero))
    return s
