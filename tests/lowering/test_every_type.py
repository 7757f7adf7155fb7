"""Elementwise operators take every type that their schema allows, in every version.

onnxruntime has kernels for few types; the numbers are compared with those of the widest.
"""

import ml_dtypes
import numpy as np
import onnx
import pytest

from onnx2py.ir.types import DTYPES, ELEMENT_TYPES
from tests.support import compute

OPERATORS = [
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh",
    "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil",
    "Celu", "Clip", "Cos", "Cosh", "Div", "Dropout", "Elu", "Equal", "Erf", "Exp",
    "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish",
    "Identity", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max",
    "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow",
    "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
    "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "SwiGLU", "Swish", "Tan",
    "Tanh", "ThresholdedRelu", "Where", "Xor",
]  # fmt: skip
ATTRIBUTES = {"BitShift": {"direction": "LEFT"}}
NAMES = {"float": "float32", "double": "float64"}
WORDS = np.array(["a", "b", "", "a"], object)


def schemas(operator):
    """Return all versions of an operator that are not deprecated."""
    found = onnx.defs.get_all_schemas_with_history()
    mine = [s for s in found if (s.domain, s.name) == ("", operator)]
    return sorted((s for s in mine if not s.deprecated), key=lambda s: s.since_version)


def dtypes_of(schema, index):
    """Return the dtypes that an input may have."""
    names = [t[7:-1] for t in schema.inputs[index].types if t.startswith("tensor(")]
    return [DTYPES[NAMES.get(name, name)] for name in sorted(names)]


def arrays_of(operator, schema, dtype):
    """Return inputs of four elements, of which the greatest fits into 2 bits."""
    if dtype.kind == "O":
        inputs = [WORDS, WORDS[::-1].copy()]
    else:
        inputs = [
            np.array([0, 1, 2, 3]).astype(dtype),
            np.array([1, 3, 1, 2]).astype(dtype),
        ]
    if operator == "Where":
        return [np.array([True, False, True, False]), *inputs]
    count = 2 if operator in ("Max", "Min", "Sum", "Mean") else schema.min_input
    return inputs[:count]


def wide(array):
    """Return an array in the widest type of its kind."""
    if array.dtype.isbuiltin == 2 or array.dtype.kind == "f":
        return array.astype(np.float64 if "float" in array.dtype.name else np.int64)
    return array.astype(
        {"i": np.int64, "u": np.uint64}.get(array.dtype.kind, array.dtype)
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_type_of_every_version(operator):
    attributes = ATTRIBUTES.get(operator, {})
    data = 1 if operator == "Where" else 0
    for schema in schemas(operator):
        opset = schema.since_version
        for dtype in dtypes_of(schema, data):
            arrays = arrays_of(operator, schema, dtype)
            (y,) = compute(operator, arrays, opset=opset, **attributes)
            widest = [wide(array) for array in arrays]
            with np.errstate(all="ignore"):
                (expected,) = compute(operator, widest, opset=opset, **attributes)
                if expected.dtype != np.bool_:
                    expected = expected.astype(dtype)
            label = f"{operator}-{opset} of {dtype}"
            assert y.dtype == expected.dtype, label
            assert y.shape == expected.shape, label
            if "float" not in y.dtype.name:
                assert (y == expected).all(), label
                continue
            step = float(ml_dtypes.finfo(y.dtype).eps)
            ours, theirs = y.astype(np.float64), expected.astype(np.float64)
            np.testing.assert_allclose(ours, theirs, rtol=4 * step, err_msg=label)


CODES = {name: code for code, name in ELEMENT_TYPES.items()}
CASTABLE = [name for name in ELEMENT_TYPES.values() if not name.startswith("complex")]


@pytest.mark.parametrize("source", CASTABLE)
def test_every_pair_of_casts(source):
    # What all types have; only the powers of two have no 0.
    numbers = np.array([1, source == "float8e8m0", 1], np.int64)
    if source == "string":
        x = np.array(["1", "0", "1"], object)
    else:
        x = numbers.astype(np.float32).astype(DTYPES[source])
    for target in CASTABLE:
        (y,) = compute("Cast", [x], opset=28, to=CODES[target])
        (like,) = compute("CastLike", [x, np.empty(2, DTYPES[target])], opset=25)
        for result in (y, like):
            assert result.dtype == DTYPES[target], target
            atol = 2.0**-126 if "float8e8m0" in (source, target) else 0
            np.testing.assert_allclose(
                result.astype(np.float64), numbers, atol=atol, err_msg=target
            )
