"""Rules of QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear."""

import io
from contextlib import redirect_stdout
from functools import lru_cache

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

from onnx2py import UnsupportedError
from onnx2py.ir.types import DTYPES, TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

SCALE = {"s": np.array(0.02, np.float32)}
BYTES = (np.uint8, np.int8)


def number(value, dtype=np.float32):
    return np.asarray(value).astype(dtype)


def normal(*shape):
    return number(np.random.default_rng(0).normal(size=shape) * 40)


@pytest.mark.parametrize(
    "inputs, constants, call",
    [
        (["x", "s"], SCALE, "ops.quantize_linear(x, 0.02)"),
        (
            ["x", "s", "z"],
            SCALE | {"z": number(-3, np.int8)},
            "ops.quantize_linear(x, 0.02, -3, dtype=np.int8)",
        ),
        (["x", "s", "z"], {}, "ops.quantize_linear_per_axis(x, s, z)"),
        (
            ["x", "s", "z"],
            {"s": number([0.5, 1.5]), "z": number([1, 2], np.int8)},
            "ops.quantize_linear_per_axis(x, s, z, axis=0)",
        ),
    ],
)
def test_quantize_linear(inputs, constants, call):
    attributes = {"axis": 0} if "axis=" in call else {}
    assert (
        lowered("QuantizeLinear", inputs, opset=13, constants=constants, **attributes)
        == call
    )


def test_a_scalar_that_is_not_constant():
    types = {"s": TensorType("float32", ()), "z": TensorType("int8", ())}
    assert (
        lowered("QuantizeLinear", ["x", "s", "z"], opset=10, types=types)
        == "ops.quantize_linear(x, s, z, dtype=np.int8)"
    )


def test_four_bits_are_another_kernel():
    assert (
        lowered("QuantizeLinear", ["x", "s"], opset=21, output_dtype=22)
        == "ops.quantize_linear_narrow(x, s, dtype=ml_dtypes.int4)"
    )


def test_float8_is_another_kernel():
    assert (
        lowered("QuantizeLinear", ["x", "s"], opset=21, output_dtype=17, saturate=0)
        == "ops.quantize_linear_to_float(x, s, dtype=ml_dtypes.float8_e4m3fn,"
        " saturate=False)"
    )


def test_dequantize_linear_leaves_a_zero_point_of_zero_out():
    constants = SCALE | {"z": number(0, np.int8)}
    assert (
        lowered("DequantizeLinear", ["x", "s", "z"], opset=13, constants=constants)
        == "ops.dequantize_linear(x, 0.02)"
    )


def test_dequantize_linear_with_an_output_dtype():
    assert (
        lowered(
            "DequantizeLinear", ["x", "s"], opset=23, constants=SCALE, output_dtype=10
        )
        == "ops.dequantize_linear(x, 0.02, dtype=np.float16)"
    )


def test_an_unknown_element_type_is_reported():
    with pytest.raises(UnsupportedError, match="output_dtype"):
        lowered("QuantizeLinear", ["x", "s"], opset=21, output_dtype=99)


@pytest.mark.parametrize("dtype", [*BYTES, np.uint16, np.int16])
@pytest.mark.parametrize("shape", [(), (0,), (5, 7)])
def test_one_scale_agrees(dtype, shape):
    zero_point = number(3, dtype)
    for scale in (0.37, 0.5):
        arrays = [normal(*shape), number(scale), zero_point]
        check_against_onnxruntime("QuantizeLinear", arrays, opset=21)


@pytest.mark.parametrize("opset", [10, 13, 19, 21, 23, 25])
def test_versions_agree(opset):
    x = normal(4, 5)
    q = [x, number(0.37), number(-3, np.int8)]
    check_against_onnxruntime("QuantizeLinear", q, opset=opset)
    check_against_onnxruntime("QuantizeLinear", q[:2], opset=opset)
    d = [x.astype(np.int8), number(0.37), number(-3, np.int8)]
    check_against_onnxruntime("DequantizeLinear", d, opset=opset)
    check_against_onnxruntime("DequantizeLinear", d[:2], opset=opset)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", BYTES)
def test_a_scale_per_slice_agrees(axis, dtype):
    x = normal(3, 4, 3)
    length = x.shape[axis]
    scale = np.linspace(0.1, 1, length, dtype=np.float32)
    zero_point = np.arange(length).astype(dtype)
    arrays = [x, scale, zero_point]
    check_against_onnxruntime("QuantizeLinear", arrays, opset=13, axis=axis)
    arrays = [np.abs(x).astype(dtype), scale, zero_point]
    check_against_onnxruntime("DequantizeLinear", arrays, opset=13, axis=axis)


def test_a_scale_per_block_agrees():
    x = normal(3, 8)
    scale = np.linspace(0.1, 1, 12, dtype=np.float32).reshape(3, 4)
    zero_point = np.arange(12, dtype=np.int8).reshape(3, 4)
    options = {"opset": 21, "axis": 1, "block_size": 2}
    check_against_onnxruntime("QuantizeLinear", [x, scale, zero_point], **options)
    arrays = [x.astype(np.int8), scale, zero_point]
    check_against_onnxruntime("DequantizeLinear", arrays, **options)


@pytest.mark.parametrize("dtype", [*BYTES, np.int16])
def test_float16_agrees(dtype):
    x, scale = normal(100).astype(np.float16), number(0.37, np.float16)
    zero_point = number(5, dtype)
    check_against_onnxruntime("QuantizeLinear", [x, scale, zero_point], opset=21)
    arrays = [np.abs(x).astype(dtype), scale, zero_point]
    # rtol 0: the one rounding to float16 has to be the same
    check_against_onnxruntime("DequantizeLinear", arrays, opset=21, rtol=0, atol=0)


def test_division_in_float16_agrees():
    arrays = [normal(2000), number(0.37), number(0, np.int8)]
    check_against_onnxruntime("QuantizeLinear", arrays, opset=23, precision=10)


def test_int32_agrees():
    x = np.array([2**31 - 1, -(2**31), 16777217, 5], np.int32)
    check_against_onnxruntime("DequantizeLinear", [x, number(0.37)], opset=13)


@pytest.mark.parametrize("operator", ["QuantizeLinear", "DequantizeLinear"])
def test_the_domain_com_microsoft_agrees(operator):
    x = normal(2, 3)
    x = x if operator == "QuantizeLinear" else np.abs(x).astype(np.uint8)
    arrays = [x, number([0.5, 0.3]), number([1, 2], np.uint8)]
    options = {"opset": 1, "domain": "com.microsoft", "axis": 0}
    check_against_onnxruntime(operator, arrays, **options)


@pytest.mark.parametrize(
    "x",
    [normal(3, 4), -np.abs(normal(9)), np.abs(normal(9)), normal(0), np.zeros(3, "f")],
)
def test_dynamic_quantization_agrees(x):
    check_against_onnxruntime("DynamicQuantizeLinear", [x], opset=11, outputs=3)


@lru_cache(maxsize=None)
def official_cases(operator):
    with redirect_stdout(io.StringIO()):
        cases = collect_testcases(None)
    return [c for c in cases if [n.op_type for n in c.model.graph.node] == [operator]]


def array(value):
    return (
        numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    )


@pytest.mark.filterwarnings("ignore:::onnx")
@pytest.mark.parametrize("operator", ["QuantizeLinear", "DequantizeLinear"])
def test_the_official_cases_agree(operator):
    """Above all for types of eight bits and less, which onnxruntime does not return."""
    for case in official_cases(operator):
        (node,) = case.model.graph.node
        attributes = {
            a.name: onnx.helper.get_attribute_value(a) for a in node.attribute
        }
        ((inputs, outputs),) = case.data_sets
        (opset,) = (o.version for o in case.model.opset_import if not o.domain)
        actual = compute(operator, list(map(array, inputs)), opset=opset, **attributes)
        expected = array(outputs[0])
        assert actual[0].dtype == expected.dtype, case.name
        assert_same(actual[0].astype("f"), expected.astype("f"))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
@pytest.mark.parametrize("zero", [0, 2])
def test_nan_becomes_the_smallest_number(dtype, zero):
    x = number([np.nan, np.inf, -np.inf, 1.2, -1e30, np.nan])
    arrays = [x, number(0.5), np.array(zero, DTYPES[dtype])]
    check_against_onnxruntime("QuantizeLinear", arrays, opset=21)
    # one element, and none
    check_against_onnxruntime("QuantizeLinear", [number(np.nan), *arrays[1:]], opset=21)
    check_against_onnxruntime("QuantizeLinear", [x[:0], *arrays[1:]], opset=21)
