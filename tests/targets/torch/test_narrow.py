"""Integers of four and two bits: tensors of eight bits hold them, arrays show what they are."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

import onnx2py
from onnx2py.errors import UnsupportedError

from .models import computed, loaded
from .support import kernel, to_torch, twin

TYPES = {
    "int4": (22, ml_dtypes.int4),
    "uint4": (21, ml_dtypes.uint4),
    "int2": (26, ml_dtypes.int2),
    "uint2": (25, ml_dtypes.uint2),
}
RANDOM = np.random.default_rng(0)
HALVES = np.concatenate([np.arange(-9.5, 17, 0.5), RANDOM.normal(size=40) * 8, [-0.0]])
HALVES = HALVES.astype(np.float32)
HEAD = '<ir_version: 10, opset_import: ["" : 25]>'


def assert_holds(found: torch.Tensor, expected: np.ndarray) -> None:
    carrier = np.uint8 if expected.dtype.name.startswith("u") else np.int8
    assert found.numpy().dtype == carrier
    np.testing.assert_array_equal(found.numpy(), expected.astype(carrier))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("source", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_floats_are_rounded_and_lose_high_bits(name: str, source: Any) -> None:
    x, dtype = HALVES.astype(source), TYPES[name][1]
    found = twin("casting.cast_rounded")(to_torch(x), name)
    assert_holds(found, kernel("casting.cast_rounded")(x, dtype))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("source", [np.int8, np.uint8, np.int64, np.bool_])
def test_integers_lose_high_bits(name: str, source: Any) -> None:
    x = np.arange(-130, 140).astype(source)
    assert_holds(twin("arrays.astype")(to_torch(x), name), x.astype(TYPES[name][1]))


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("block_size", [0, 2])
def test_quantization(name: str, block_size: int) -> None:
    x = np.concatenate([HALVES, [np.nan, np.inf]])[:90].reshape(15, 6)
    x = x.astype(np.float32)
    shape = (15, 3) if block_size else (6,)
    scale = RANDOM.uniform(0.2, 2, shape).astype(np.float32)
    zero = RANDOM.integers(0, 2, shape).astype(TYPES[name][1])
    options = {"axis": 1, "block_size": block_size}
    call = "quantization_narrow.quantize_linear_narrow"
    for point in (None, zero):
        expected = kernel(call)(x, scale, point, dtype=TYPES[name][1], **options)
        held = None if point is None else torch.from_numpy(point.astype(np.int8))
        found = twin(call)(to_torch(x), to_torch(scale), held, dtype=name, **options)
        assert_holds(found, expected)


def test_the_meta_device() -> None:
    x = torch.zeros(3, 4, device="meta")
    for y in (
        twin("casting.cast_rounded")(x, "int4"),
        twin("arrays.astype")(x, "uint2"),
    ):
        assert y.device.type == "meta" and y.shape == (3, 4)


def parsed(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(f"{HEAD} {text}")


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", TYPES)
def test_packages_take_and_return_them(name: str, level: int) -> None:
    number, dtype = TYPES[name]
    proto = parsed(
        f"net ({name}[n, 3] x, float[n] f) => ({name}[3, n] y, {name}[n] q, float[n, 2] w) {{"
        f" y = Transpose (x) q = Cast <to = {number}> (f)"
        " s = Constant <value = float {0.5}> ()"
        " a = DequantizeLinear (x, s) b = DequantizeLinear (c, s) w = MatMul (a, b) }"
    )
    c = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    proto.graph.initializer.append(numpy_helper.from_array(c.astype(dtype), "c"))
    module = loaded(proto, level=level)
    x = RANDOM.integers(0, 2, (4, 3)).astype(dtype)
    f = HALVES[:4].copy()
    y, q, w = computed(module, {"x": x, "f": f})
    assert y.dtype == q.dtype == dtype
    np.testing.assert_array_equal(y.astype(int), x.T.astype(int))
    theirs = onnx2py.load_model(proto, level=level)(x, f)
    np.testing.assert_array_equal(q.astype(int), theirs[1].astype(int))
    np.testing.assert_array_equal(w, x.astype(np.float32) / 2 @ c / 2)


def test_what_makes_them_otherwise_is_refused() -> None:
    text = "net (int64[2] s) => (int4[a, b] y) { y = ConstantOfShape <value = int4[1] {3}> (s) }"
    with pytest.raises(UnsupportedError, match="no element type int4"):
        loaded(parsed(text))
