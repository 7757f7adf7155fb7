"""Rules of arithmetic and of elementary functions."""

import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

FLOAT = {"a": TensorType("float32", (2, 3)), "b": TensorType("float32", ())}
UNARY = {
    "Abs": ("absolute", 6),
    "Neg": ("negative", 6),
    "Reciprocal": ("reciprocal", 6),
    "Floor": ("floor", 6),
    "Ceil": ("ceil", 6),
    "Round": ("rint", 11),
    "Sqrt": ("sqrt", 6),
    "Exp": ("exp", 6),
    "Log": ("log", 6),
    "Sign": ("sign", 9),
    "Sin": ("sin", 7),
    "Cos": ("cos", 7),
    "Tan": ("tan", 7),
    "Asin": ("arcsin", 7),
    "Acos": ("arccos", 7),
    "Atan": ("arctan", 7),
    "Sinh": ("sinh", 9),
    "Cosh": ("cosh", 9),
    "Tanh": ("tanh", 6),
    "Asinh": ("arcsinh", 9),
    "Acosh": ("arccosh", 9),
    "Atanh": ("arctanh", 9),
}


def floats(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("operator", UNARY)
def test_functions_of_one_tensor(operator):
    name, opset = UNARY[operator]
    assert lowered(operator, ["x"], opset=opset) == f"np.{name}(x)"
    edges = np.float32([0.5, 1.5, 2.5, -0.5, 0, -0.0, 7, np.nan, np.inf, -np.inf])
    for x in (edges, floats(2, 3, 4), floats(0, 2), floats()):
        check_against_onnxruntime(operator, [x], opset=opset)
        check_against_onnxruntime(operator, [x], opset=13)


def test_the_memory_hint_of_opset_1_is_ignored():
    assert lowered("Exp", ["x"], opset=1, consumed_inputs=[0]) == "np.exp(x)"
    source = lowered("Add", ["a", "b"], opset=1, consumed_inputs=[0, 0])
    assert source == "np.add(a, b)"


@pytest.mark.parametrize(
    ("operator", "name"), [("Add", "add"), ("Sub", "subtract"), ("Mul", "multiply")]
)
def test_functions_of_two_tensors(operator, name):
    for opset in (7, 13, 14):
        assert lowered(operator, ["a", "b"], opset=opset) == f"np.{name}(a, b)"
    for shapes in [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((), ()), ((0,), ())]:
        a, b = (floats(*shape, seed=i) for i, shape in enumerate(shapes))
        check_against_onnxruntime(operator, [a, b], opset=14)
    numbers = np.int32([2**31 - 1, -5]), np.int32([1, 7])
    check_against_onnxruntime(operator, list(numbers), opset=14)


def test_div():
    assert lowered("Div", ["a", "b"], opset=14) == "ops.div(a, b)"
    assert lowered("Div", ["a", "b"], opset=7, types=FLOAT) == "np.divide(a, b)"
    edges = np.float32([1, -1, 0, np.inf]), np.float32([0, 0, 0, 2])
    check_against_onnxruntime("Div", list(edges), opset=14)
    for dtype in (np.int32, np.int64, np.int8):
        a, b = np.array([7, -7, 7, -7], dtype), np.array([2, 2, -2, -2], dtype)
        check_against_onnxruntime("Div", [a, b], opset=14)
    check_against_onnxruntime(
        "Div", [np.uint8([200, 7]), np.uint8([[3], [7]])], opset=14
    )


@pytest.mark.parametrize(
    ("opset", "attributes", "known", "source"),
    [
        (6, {}, True, "np.add(a, b)"),
        (6, {"broadcast": 0, "axis": 1}, True, "np.add(a, b)"),
        (6, {"broadcast": 1}, True, "np.add(a, b)"),
        (1, {"broadcast": 1, "axis": 2}, True, "np.add(a, b)"),
        (1, {"broadcast": 1, "axis": -2}, True, "np.add(a, b)"),
        (1, {"broadcast": 1, "axis": -1}, True, "np.add(a, b)"),
        (6, {"broadcast": 1, "axis": 1}, True, "np.add(a, y.broadcast)"),
        (
            6,
            {"broadcast": 1, "axis": 1},
            False,
            "ops.combine_from_axis(a, b, operation='add', axis=1)",
        ),
        (
            6,
            {"broadcast": 1, "axis": -3},
            None,
            "ops.combine_from_axis(a, b, operation='add', axis=-3)",
        ),
    ],
)
def test_how_opsets_1_to_6_broadcast(opset, attributes, known, source):
    types = {
        "a": TensorType("float32", (2, 3, 4, 5)),
        "b": TensorType("float32", (3, 4) if attributes.get("axis") == 1 else (4, 5)),
    }
    constants = {"b": np.ones((3, 4), np.float32)} if "y." in source else {}
    found = lowered(
        "Add",
        ["a", "b"],
        opset=opset,
        types=types if known is not None else {},
        constants=constants,
        **attributes,
    )
    assert found == source


@pytest.mark.parametrize(
    ("operator", "function"),
    [
        ("Add", np.add),
        ("Sub", np.subtract),
        ("Mul", np.multiply),
        ("Div", np.divide),
        ("Pow", np.power),
    ],
)
def test_old_broadcasting_computes_what_numpy_does_with_axes_added(operator, function):
    a, b = np.abs(floats(2, 3, 4)) + 1, np.abs(floats(3)) + 1  # no oracle has opset 6
    for opset in (1, 6):
        (y,) = compute(operator, [a, b], opset=opset, broadcast=1, axis=1)
        assert_same(y, function(a, b.reshape(3, 1)))
        (y,) = compute(operator, [a, floats(4) ** 2], opset=opset, broadcast=1)
        assert_same(y, function(a, floats(4) ** 2))
        (y,) = compute(operator, [a, b[0]], opset=opset, broadcast=1, axis=0)
        assert_same(y, function(a, b[0]))


@pytest.mark.parametrize(
    ("exponent", "source"),
    [
        (np.float32(1), "np.positive(a)"),
        (np.float32(2), "np.square(a)"),
        (np.int64([2]), "np.square(a)"),
        (np.float32(3), "ops.cube(a)"),
        (np.float32(0.5), "np.power(a, b)"),
        (np.int64(5), "ops.power(a, b)"),
        (np.float32([[[2]]]), "np.power(a, b)"),
        (None, "np.power(a, b)"),
    ],
)
def test_pow(exponent, source):
    constants = {} if exponent is None else {"b": np.asarray(exponent)}
    types = FLOAT if exponent is None else {"a": FLOAT["a"]}
    inputs = ["a", "b"]
    for opset in (7, 15):
        found = lowered("Pow", inputs, opset=opset, types=types, constants=constants)
        assert found == source


def test_pow_without_types_is_the_kernel_that_looks_at_them():
    assert lowered("Pow", ["a", "b"], opset=15) == "ops.power(a, b)"


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.int32([2, -2, 3]), np.int32([0, 3, 4])),
        (np.int32([2, -2, 3]), np.int32([-1, -3, 2])),
        (np.int64([2, 5, 3]), np.float32([0.5, 2, 2.5])),
        (np.float32([2, -2, 3]), np.int64([-1, 3, 2])),
        (np.float32([1.5, 2, 3]), np.float64([0.1, 0.2, 0.3])),
        (np.float32([np.inf, 4, 0]), np.float32(0.5)),
        (np.float64([1.5, -2, 3]), np.float64([[2], [3]])),
        (np.float32([1.5, -2, 3]), np.float32(2)),
        (np.float32([1.5, -2, 3]), np.float32(3)),
        (np.float32([1.5, -2, 3]), np.float32(-2)),
    ],
)
def test_pow_agrees(x, y):
    check_against_onnxruntime("Pow", [x, np.asarray(y)], opset=15)


def test_mod():
    assert lowered("Mod", ["a", "b"], opset=10) == "np.remainder(a, b)"
    assert lowered("Mod", ["a", "b"], opset=13, fmod=1) == "np.fmod(a, b)"
    signs = np.int32([7, -7, 7, -7]), np.int32([3, 3, -3, -3])
    for fmod in (0, 1):
        check_against_onnxruntime("Mod", list(signs), opset=13, fmod=fmod)
    a, b = np.float32([7.5, -7.5, 7.5, 1]), np.float32([3, 3, -3, np.inf])
    check_against_onnxruntime("Mod", [a, b], opset=13, fmod=1)
    (y,) = compute("Mod", [a, b], opset=28)  # onnxruntime 1.32 has this not yet
    assert_same(y, np.float32([1.5, 1.5, -1.5, 1]))


@pytest.mark.parametrize(
    ("operator", "pair"),
    [("Max", "np.maximum"), ("Min", "np.minimum"), ("Sum", "np.add"), ("Mean", None)],
)
def test_any_number_of_inputs(operator, pair):
    kernel = f"ops.elementwise_{operator.lower()}"
    for opset in (1, 6, 8, 13):
        assert lowered(operator, ["a"], opset=opset) == "ops.identity(a)"
        assert lowered(operator, ["a", "b"], opset=opset) == f"{pair or kernel}(a, b)"
        source = lowered(operator, ["a", "b", "c"], opset=opset)
        assert source == f"{kernel}(a, b, c)"
    a, b = np.float32([[1], [np.nan]]), np.float32([3, -2, np.nan])
    for arrays in ([a], [a, b], [a, b, floats(2, 3)], [floats()] * 4):
        check_against_onnxruntime(operator, arrays, opset=13)
        check_against_onnxruntime(operator, arrays, opset=8)
    if operator in ("Max", "Min"):
        numbers = [np.int64([1, -2]), np.int64([[0], [5]])]
        check_against_onnxruntime(operator, numbers, opset=13)
        halves = [np.float16([1, -2]), np.float16([[0], [5]])]
        check_against_onnxruntime(operator, halves, opset=13)
    same = [floats(2, 3), floats(2, 3, seed=1)]
    check_against_onnxruntime(operator, same, opset=6)


def test_clip_by_attributes():
    types = {"x": TensorType("float32")}
    for opset in (1, 6):
        source = lowered("Clip", ["x"], opset=opset, min=0.0, max=6.0)
        assert source == "ops.clip(x, 0.0, 6.0)"
        source = lowered("Clip", ["x"], opset=opset, types=types, max=0.1)
        assert source == "ops.clip(x, None, 0.1)"
        assert lowered("Clip", ["x"], opset=opset, types=types) == "ops.clip(x)"
    x = np.float32([np.nan, np.inf, -np.inf, 3, -3, 0.05])
    for bounds in ({}, {"min": -1.0}, {"max": 0.1}, {"min": 0.0, "max": 2.0}):
        check_against_onnxruntime("Clip", [x], opset=6, **bounds)
    # The bounds that are left out are those of float32: float16 has nothing beyond them.
    x = np.float16([np.inf, -np.inf, 3])
    check_against_onnxruntime("Clip", [x], opset=6, max=1.0)
    (y,) = compute("Clip", [np.float64([1e300])], opset=6)
    np.testing.assert_allclose(y, [3.4028235e38])


def test_clip_by_inputs():
    constants = {"a": np.array(0, np.float32), "b": np.array(0.1, np.float32)}
    for opset in (11, 12, 13):
        assert lowered("Clip", ["x"], opset=opset) == "ops.clip(x)"
        assert lowered("Clip", ["x", "a"], opset=opset) == "ops.clip(x, a)"
        assert lowered("Clip", ["x", "", "b"], opset=opset) == "ops.clip(x, None, b)"
        source = lowered("Clip", ["x", "a", "b"], opset=opset, constants=constants)
        assert source == "ops.clip(x, 0.0, 0.1)"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint8", "int64"])
@pytest.mark.parametrize("bounds", [(None, 5), (2, None), (2, 5), (5, 2), (2,), ()])
def test_clip_agrees(dtype, bounds):
    x = np.array([[0, 3], [4, 100]], dtype)
    limits = [None if b is None else np.array(b, dtype) for b in bounds]
    check_against_onnxruntime("Clip", [x, *limits], opset=13)


def test_clip_of_what_is_not_finite_agrees():
    x = np.float32([np.nan, np.inf, -np.inf, 3])
    for bounds in ([], [np.array(0, np.float32)], [None, np.array(0, np.float32)]):
        check_against_onnxruntime("Clip", [x, *bounds], opset=13)


def test_identity():
    for opset in (1, 13, 25):
        assert lowered("Identity", ["x"], opset=opset) == "ops.identity(x)"
    for x in (floats(2, 3), floats(), np.array(["a", "b"], object)):
        check_against_onnxruntime("Identity", [x], opset=13)
