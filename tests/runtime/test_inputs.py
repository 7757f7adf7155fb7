"""Arrays of every kind as inputs: the right answer, or an error that names the input."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest

import onnx2py

TEXTS = {
    "conv": """g (float[n, 3, 8, 8] x) => (float[n, 4, 8, 8] y) <float[4, 3, 3, 3] w = {W108}>
        { c = Conv <pads = [1, 1, 1, 1]> (x, w) y = Relu (c) }""",
    "norm": """g (float[n, 3, 8, 8] x) => (float[n, 3, 8, 8] y) <float[8] s = {W8}>
        { y = LayerNormalization (x, s, s) }""",
    "product": """g (float[n, 3, 8, 8] x) => (float[n, 3, 8, 5] y) <float[8, 5] w = {W40}>
        { m = MatMul (x, w) y = Softmax <axis = -1> (m) }""",
    "pool": """g (float[n, 3, 8, 8] x) => (float[n, 3, 4, 4] y)
        { y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) }""",
    "moved": """g (float[n, 3, 8, 8] x) => (float[a, b, c, d] y)
        { t = Transpose <perm = [3, 0, 2, 1]> (x) y = Neg (t) }""",
    "given back": "g (float[n, 3, 8, 8] x) => (float[n, 3, 8, 8] y) { y = Identity (x) }",
}


def model(name: str) -> onnx.ModelProto:
    text = TEXTS[name]
    for count in (108, 40, 8):
        numbers = ", ".join(str(round(np.sin(i), 3)) for i in range(count))
        text = text.replace(f"W{count}", numbers)
    return onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')


@pytest.fixture(scope="module", params=TEXTS)
def both(request) -> tuple[Any, Any]:
    proto = model(request.param)
    return onnx2py.load_model(proto), onnxruntime.InferenceSession(
        proto.SerializeToString()
    )


X = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
FORMS = {
    "as it is": X,
    "strided": np.repeat(X, 2, axis=2)[:, :, ::2],
    "backwards": X[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1],
    "Fortran's order": np.asfortranarray(X),
    "moved axes": X.transpose(1, 2, 3, 0).copy().transpose(3, 0, 1, 2),
    "broadcast": np.broadcast_to(X[:1, :1], X.shape),
    "byte-swapped": X.astype(">f4"),
    "unaligned": np.frombuffer(b"\0" + X.tobytes(), np.float32, offset=1).reshape(X.shape),
    "of a subclass": X.view(np.memmap),
    "one sample": X[:1],
    "no sample": X[:0],
    "numbers that are none": np.where(X > 1, np.nan, X).astype(np.float32),
    "infinite": np.where(X > 1, np.inf, np.where(X < -1, -np.inf, X)).astype(np.float32),
    "very small": X * np.float32(1e-42),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_any_array_of_the_type_gives_what_onnxruntime_computes(both, form):
    package, session = both
    x = FORMS[form].view()
    x.flags.writeable = False
    before = x.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = package(x)
    native = np.ascontiguousarray(x, np.float32)
    (expected,) = session.run(None, {"x": native})
    if "none" in form or form == "infinite":  # onnxruntime's maxima drop NaN
        expected = package(native)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert x.tobytes() == before


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (X.astype(np.float64), r"x: expected float32\[n, 3, 8, 8\], got float64"),
        (X.astype(np.float16), "x: expected float32"),
        (X.astype(int), "x: expected float32"),
        (X.astype(object), "x: expected float32"),
        (X.astype(str), "x: expected float32"),
        (X.astype(complex), "x: expected float32"),
        (X[0], r"x: expected .*, got float32\[3, 8, 8\]"),
        (X[None], "x: expected"),
        (X[:, :2], r"x: expected .*, got float32\[2, 2, 8, 8\]"),
        (np.float32(1), r"x: expected .*, got float32\[\]"),
        (X.tolist(), "x: expected .*, got list"),
        ([X], "x: expected .*, got list"),
        (None, "x: expected .*, got NoneType"),
        ("x", "x: expected .*, got str"),
        (1.5, "x: expected .*, got float"),
        ({"x": X}, "x: expected .*, got dict"),
        (memoryview(X), "x: expected .*, got memoryview"),
        (np.ma.masked_array(X.astype(float)), "x: expected float32"),
    ],
)
def test_others_get_an_error_that_names_the_input(both, wrong, error):
    package, _ = both
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((TypeError, ValueError), match=error):
            package(wrong)


def test_missing_and_unknown_inputs(both):
    package, _ = both
    with pytest.raises(TypeError, match="x"):
        package()
    with pytest.raises(TypeError, match="z"):
        package(X, z=X)


def test_what_is_returned_is_nobody_elses(both):
    """A caller may write into outputs: neither weights nor later results change."""
    package, _ = both
    x = X.copy()
    weights = {
        k: v.copy() for k, v in vars(package).items() if isinstance(v, np.ndarray)
    }
    first = package(x)
    kept = np.array(first)
    if first.flags.writeable and not np.shares_memory(first, x):
        first[...] = 7
    np.testing.assert_array_equal(package(X), kept)
    for name, value in weights.items():
        np.testing.assert_array_equal(getattr(package, name), value)


def test_a_name_that_would_steer_a_terminal():
    name = "x\x1b[31m\x9b\u202e"
    proto = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { y = Neg (x) }'
    )
    proto.graph.input[0].name = proto.graph.node[0].input[0] = name
    package = onnx2py.load_model(proto)
    session = importlib.import_module(
        type(package).__module__.rpartition(".")[0]
    ).InferenceSession()
    for call in (
        lambda: package(np.ones(3, np.float32)),
        lambda: package([1, 2]),
        lambda: session.run(None, {}),
        lambda: session.run([name], {name: np.ones(2, np.float32)}),
        lambda: session.run(None, {name: X, name + "\n": X}),
    ):
        with pytest.raises((TypeError, ValueError)) as raised:
            call()
        assert str(raised.value).isprintable()
        assert r"x\x1b[31m\x9b\u202e" in str(raised.value)
