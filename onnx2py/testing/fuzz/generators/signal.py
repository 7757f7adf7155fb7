"""Windows, and transforms between time and frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates

_KINDS = (int(TensorProto.FLOAT), int(TensorProto.DOUBLE))


@generates("HannWindow", "HammingWindow", "BlackmanWindow")
def window(draw: Draw, target: Target) -> NodeCase:
    """Periodic and symmetric ones of any length."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["periodic"] = draw.integer(0, 1)
    if draw.chance():
        attributes["output_datatype"] = draw.one_of(_KINDS)
    size = np.array(draw.integer(2, 40), draw.one_of(("int32", "int64")))
    return NodeCase([size], attributes, rtol=1e-5)


@generates("DFT")
def dft(draw: Draw, target: Target) -> NodeCase:
    """Real and complex signals, cut and filled up, along any axis."""
    parts = draw.integer(1, 2)
    shape = [max(d, 1) for d in draw.shape(2, 4)]
    x = draw.array(draw.one_of(("float32", "float32", "float64")), (*shape, parts))
    attributes: dict[str, Any] = {}
    inputs: list[Any] = [x]
    if draw.chance():
        inputs.append(np.array(draw.integer(1, 9), np.int64))
    axis = draw.integer(1, len(shape) - 1)
    if target.since < 20:
        if draw.chance(0.8):
            attributes["axis"] = axis
    elif draw.chance(0.8):
        inputs += [None] * (2 - len(inputs))
        inputs.append(np.array(axis - x.ndim if draw.chance() else axis, np.int64))
    if draw.chance(0.3):
        attributes["inverse"] = draw.integer(0, 1)
    if parts == 1 and not attributes.get("inverse") and draw.chance():
        attributes["onesided"] = draw.integer(0, 1)
    return NodeCase(inputs, attributes, rtol=1e-5)


@generates("STFT")
def stft(draw: Draw, target: Target) -> NodeCase:
    """With and without a window, and with either way to give a frame's length."""
    size = draw.integer(2, 12)
    real = draw.chance(0.7)
    shape = (draw.integer(1, 3), draw.integer(size, 40), 1 if real else 2)
    dtype = draw.one_of(("float32", "float32", "float64"))
    inputs: list[Any] = [
        draw.array(dtype, shape),
        np.array(draw.integer(1, size), np.int64),
    ]
    length = np.array(size, np.int64)
    if draw.chance(0.6):
        inputs.append(draw.array(dtype, (size,), 0, 1))
        if draw.chance():
            inputs.append(length)
    else:
        inputs += [None, length]
    attributes = {}
    if not real:
        attributes["onesided"] = 0
    elif draw.chance():
        attributes["onesided"] = draw.integer(0, 1)
    return NodeCase(inputs, attributes, rtol=1e-5)


@generates("MelWeightMatrix")
def mel(draw: Draw, target: Target) -> NodeCase:
    """Usual filters."""
    rate = draw.one_of((8000, 16000, 22050))
    low = draw.number(0, 500)
    sizes = draw.integer(1, 20), draw.one_of((64, 128, 256, 512)), rate
    inputs = [np.array(value, np.int64) for value in sizes]
    inputs += [np.array(v, np.float32) for v in (low, draw.number(1000, rate / 2))]
    attributes = {"output_datatype": draw.one_of(_KINDS)} if draw.chance() else {}
    return NodeCase(inputs, attributes, rtol=1e-5)
