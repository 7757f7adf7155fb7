"""Rules of the conversion of element types."""

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto

from onnx2py import UnsupportedError
from onnx2py.ir.types import DTYPES, ELEMENT_TYPES, TensorType
from tests.support import check_against_onnxruntime, compute, lowered

CODES = {name: code for code, name in ELEMENT_TYPES.items()}
NUMBERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NUMBERS += ["float16", "float32", "float64", "bool"]


def cast_source(source, target, **attributes):
    types = {"x": TensorType(source)} if source else {}
    code = CODES[target]
    return lowered("Cast", ["x"], opset=24, types=types, to=code, **attributes)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("float32", "float16", "x.astype(np.float16)"),
        ("float32", "int64", "x.astype(np.int64)"),
        ("int64", "bool", "x.astype(np.bool_)"),
        ("float32", "bfloat16", "x.astype(ml_dtypes.bfloat16)"),
        ("float32", "float32", "ops.identity(x)"),
        (None, "float32", "ops.cast(x, np.float32)"),
        (None, "string", "ops.cast(x, np.object_)"),
        ("float32", "string", "ops.cast_to_strings(x)"),
        ("string", "float32", "ops.cast_from_strings(x, np.float32)"),
        (
            "float32",
            "float8e4m3fn",
            "ops.cast_saturated(x, ml_dtypes.float8_e4m3fn, largest=448.0)",
        ),
        ("float8e4m3fn", "float32", "x.astype(np.float32)"),
        ("float32", "int4", "ops.cast_rounded(x, ml_dtypes.int4)"),
        ("int8", "int4", "x.astype(ml_dtypes.int4)"),
        ("uint4", "int2", "ops.cast_rounded(x, ml_dtypes.int2)"),
        (
            "int4",
            "float6e2m3",
            "ops.cast_through_float32(x, ml_dtypes.float6_e2m3fn)",
        ),
        (
            "float32",
            "float8e8m0",
            "ops.cast_to_exponents(x, ml_dtypes.float8_e8m0fnu)",
        ),
    ],
)
def test_cast(source, target, expected):
    assert cast_source(source, target) == expected


def test_attributes_of_cast():
    source = cast_source("float32", "float8e5m2", saturate=0)
    assert source == "x.astype(ml_dtypes.float8_e5m2)"
    source = cast_source("float32", "float8e8m0", round_mode="down", saturate=0)
    assert source == (
        "ops.cast_to_exponents(x, ml_dtypes.float8_e8m0fnu, saturate=False, "
        "round_mode='down')"
    )
    with pytest.raises(UnsupportedError, match="round_mode: expected up or down"):
        cast_source("float32", "float8e8m0", round_mode="even")


def test_opset_1_spells_the_type():
    for name, dtype in [
        ("FLOAT", "float32"),
        ("DOUBLE", "float64"),
        ("INT64", "int64"),
    ]:
        types = {"x": TensorType("bool")}
        source = lowered("Cast", ["x"], opset=1, types=types, to=name)
        assert source == f"x.astype(np.{dtype})"
    with pytest.raises(UnsupportedError, match="expected an element type, got 'HALF'"):
        lowered("Cast", ["x"], opset=1, to="HALF")


@pytest.mark.parametrize(("source", "target"), [(None, "float8e5m2"), (None, "int4")])
def test_what_cannot_be_known_is_reported(source, target):
    with pytest.raises(UnsupportedError, match="cast of"):
        cast_source(source, target)


def test_cast_like():
    known = {"x": TensorType("float32"), "t": TensorType("float16")}
    assert lowered("CastLike", ["x", "t"], opset=15) == "ops.cast_like(x, t)"
    source = lowered("CastLike", ["x", "t"], opset=19, types=known, saturate=1)
    assert source == "x.astype(np.float16)"
    known["t"] = TensorType("float8e4m3fnuz")
    source = lowered("CastLike", ["x", "t"], opset=24, types=known)
    assert source == "ops.cast_saturated(x, ml_dtypes.float8_e4m3fnuz, largest=240.0)"


def test_bit_cast():
    source = lowered("BitCast", ["x"], opset=26, to=TensorProto.INT32)
    assert source == "x.view(np.int32)"


@pytest.mark.parametrize("source", NUMBERS)
@pytest.mark.parametrize("target", NUMBERS)
def test_numbers_agree(source, target):
    values = [0, 1, 2.75, 100] if source[0] == "u" else [0, 1, -2.75, 100]
    if target[0] == "u" and "float" in source:
        values[2] = 2.75  # what becomes of negative fractions, C leaves open
    x = np.array([values], np.float64).astype(source)
    for opset in (6, 13, 21):
        check_against_onnxruntime(
            "Cast", [x], opset=opset, to=CODES[target], output_types=[CODES[target]]
        )


def test_numbers_that_do_not_fit_agree():
    for x, target in [
        (np.int32([300, -1, 70000]), "uint8"),
        (np.int64([2**40 + 5, -1]), "int32"),
        (np.float64([1e300, -1e300, np.nan]), "float32"),
        (np.float32([1e5, np.inf, np.nan]), "float16"),
        (np.float32([np.nan, np.inf, -0.0]), "bool"),
        (np.float32([300.5, -1.5]), "int8"),
    ]:
        code = CODES[target]
        check_against_onnxruntime("Cast", [x], opset=13, to=code, output_types=[code])


@pytest.mark.parametrize("source", NUMBERS)
def test_strings_of_numbers_agree(source):
    if "float" in source:
        values = [0.1, 1.5, 1e4, 123456789, 1e-7, np.nan, np.inf, -np.inf, -0.0, 1 / 3]
    else:
        values = [0, 1, 100]
    with np.errstate(over="ignore"):
        x = np.array(values).astype(source)
    check_against_onnxruntime("Cast", [x], opset=13, to=8, output_types=[8])


@pytest.mark.parametrize("target", NUMBERS)
def test_numbers_of_strings_agree(target):
    texts = ["1", "-1", "300", " 12", "+7", "0"]
    if "float" in target:
        texts += ["3.5", "1e-5", ".5", "NaN", "nan", "INF", "+INF", "-INF", "inf"]
    else:
        texts += ["100.5", "12abc"]
    code = CODES[target]
    check_against_onnxruntime(
        "Cast", [np.array(texts, object)], opset=13, to=code, output_types=[code]
    )


@pytest.mark.parametrize(
    "target", ["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"]
)
@pytest.mark.parametrize("saturate", [0, 1])
def test_float8_agrees(target, saturate):
    import onnxruntime
    from onnx import helper

    from tests.support import compute, node_model

    x = np.float32([0, -0.0, 0.3, -5, 460, 470, 1e6, -1e6, np.nan, np.inf, -np.inf])
    (ours,) = compute("Cast", [x], opset=19, to=CODES[target], saturate=saturate)
    model = node_model(
        "Cast", [x], opset=19, to=CODES[target], saturate=saturate, output_types=[1]
    )
    model.graph.node[0].output[0] = "narrow"  # runtimes give out no such type
    model.graph.node.append(helper.make_node("Cast", ["narrow"], ["y0"], to=1))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run(None, {"x0": x})
    np.testing.assert_array_equal(ours.astype(np.float32), theirs)


def test_bfloat16_rounds_to_even():
    from tests.support import compute

    x = np.array([0x3F808000, 0x3F818000], np.uint32).view(np.float32)
    (y,) = compute("Cast", [x], opset=13, to=TensorProto.BFLOAT16)
    assert y.dtype == ml_dtypes.bfloat16
    assert y.view(np.uint16).tolist() == [0x3F80, 0x3F82]


@pytest.mark.parametrize("saturate", [0, 1])
@pytest.mark.parametrize(
    ("target", "largest"),
    [("float8e4m3fn", 448), ("float8e4m3fnuz", 240), ("float8e5m2", 57344)],
)
def test_strings_to_narrow_floats(target, largest, saturate):
    x = np.array(["0.3", "-1.5", "1e9"], object)
    (y,) = compute("Cast", [x], opset=19, to=CODES[target], saturate=saturate)
    beyond = largest if saturate else np.inf if target == "float8e5m2" else np.nan
    third = 0.3125  # the nearest of 2 and of 3 bits
    np.testing.assert_array_equal(y.astype(np.float32), [third, -1.5, beyond])


def test_strings_to_other_narrow_types():
    x = np.array(["1.5", "3"], object)
    for target in (
        "int4",
        "uint4",
        "float4e2m1",
        "bfloat16",
        "float8e8m0",
        "float6e2m3",
    ):
        (y,) = compute("Cast", [x], opset=28, to=CODES[target])
        assert y.dtype == DTYPES[target]
        (numbers,) = compute("Cast", [np.float32([1.5, 3])], opset=28, to=CODES[target])
        np.testing.assert_array_equal(y.astype(np.float32), numbers.astype(np.float32))
