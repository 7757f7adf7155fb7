"""Rules M1 and M2: when memory is given back, and which results take an operand's place."""

from __future__ import annotations

import importlib
import tracemalloc
from dataclasses import replace

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from onnx2py.ir.program import Body, Branch, Call, Program, Ref, Statement
from onnx2py.ir.types import TensorType
from onnx2py.kernels.activation import relu
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.release import free_values

BIG = TensorType("float32", ("n", 4, 128, 128))
SMALL = TensorType("float32", ("n", 4, 4, 4))


def program(*calls: tuple[str, Call], outputs=None, **kinds: TensorType) -> Program:
    statements = tuple(Statement(call, (name,), (name,)) for name, call in calls)
    names = {"x", "w", *(name for name, _ in calls)}
    types = {name: kinds.get(name, BIG) for name in names}
    returned = outputs or (calls[-1][0],)
    return Program("g", ("x",), returned, statements, {"w": np.ones(1)}, {}, types)


def add(*names: str) -> Call:
    return Call(np.add, tuple(map(Ref, names)))


def frees(planned: Program) -> list[tuple[str, ...]]:
    return [s.frees for s in planned.statements]


def outs(planned: Program) -> dict[str, str]:
    return {
        s.outputs[0]: s.operation.kwargs["out"].name
        for s in planned.statements
        if isinstance(s.operation, Call) and "out" in s.operation.kwargs
    }


CHAIN = (
    ("a", add("x", "w")),
    ("b", add("a", "w")),
    ("c", add("b", "a")),
    ("y", add("c", "w")),
)


def test_m1_the_last_reader_frees():
    assert frees(free_values(program(*CHAIN))) == [(), (), ("b", "a"), ("c",)]


def test_m1_leaves_inputs_weights_and_results():
    planned = free_values(program(*CHAIN, outputs=("y", "b")))
    assert frees(planned) == [(), (), ("a",), ("c",)]


def test_m1_leaves_small_values():
    assert not any(
        frees(free_values(program(*CHAIN, a=SMALL, b=SMALL, c=SMALL, y=SMALL)))
    )


@pytest.mark.parametrize(
    ("shape", "freed"),
    [
        ((1, 4, "samples"), True),
        ((1, 3, "samples"), False),
        ((1, "words", 32), False),
        (("batch", "words"), False),
    ],
)
def test_m1_an_open_last_axis_may_be_a_recording(shape, freed):
    kinds = {name: TensorType("float32", shape) for name in "abcy"}
    planned = free_values(
        program(("a", add("x")), ("b", add("a")), ("y", add("b")), **kinds)
    )
    assert frees(planned) == ([(), ("a",), ("b",)] if freed else [(), (), ()])


def test_m1_what_has_no_known_type_may_be_large():
    planned = program(*CHAIN)
    planned = free_values(replace(planned, types={"x": BIG}))
    assert frees(planned) == [(), (), ("b", "a"), ("c",)]


SIGNAL = """<ir_version: 8, opset_import: ["" : 17]> g (float[1, 16, n] x) => (float[1, 16, n] y) {
    %s
}"""


def test_m1_a_long_signal_takes_the_memory_of_a_few_values():
    nodes = [f"v{i + 1} = Exp (v{i}) w{i} = Sin (v{i + 1})" for i in range(1, 20)]
    text = SIGNAL % ("v1 = Neg (x) " + " ".join(nodes) + " y = Add (v20, w19)")
    model = onnx2py.load_model(onnx.parser.parse_model(text))
    x = np.full((1, 16, 40_000), -1, np.float32)
    model(x)
    tracemalloc.start()
    model(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * x.nbytes


def test_m1_what_a_body_captures_is_read():
    def body(name: str) -> Body:
        return Body(
            name, (), ("a",), ("t",), (Statement(add("a", "w"), ("t",), ("t",)),)
        )

    branch = Branch(Ref("x"), body("then"), body("else"))
    made = program(("a", add("x", "w")), ("b", add("a", "w")))
    made = free_values(
        Program(
            "g", ("x",), ("y",),
            (*made.statements, Statement(branch, ("y",), ("y",))),
            made.weights, {}, {**made.types, "y": BIG, "t": BIG},
        )
    )  # fmt: skip
    assert frees(made) == [(), ("b",), ("a",)]  # b is not read
    assert outs(write_in_place(made)) == {}


def test_m2_a_result_takes_the_place_of_what_is_freed():
    planned = write_in_place(free_values(program(*CHAIN)))
    assert outs(planned) == {"c": "b", "y": "c"}
    assert frees(planned) == [(), (), ("a",), ()]


def test_m2_never_what_a_view_may_show():
    calls = (
        ("a", add("x", "w")),
        ("turned", Call(np.transpose, (Ref("a"), (0, 1, 3, 2)))),
        ("b", Call(relu, (Ref("a"),))),
        ("y", add("b", "turned")),
    )
    assert outs(write_in_place(free_values(program(*calls)))) == {"y": "b"}


def test_m2_never_another_type_or_an_input():
    wide = TensorType("float32", ("m", "n", 4, 128, 128))
    calls = (("a", add("x", "w")), ("y", add("a", "z")))
    assert outs(write_in_place(free_values(program(*calls, y=wide)))) == {}
    open_ = TensorType("float32", (None, 4, 128, 128))
    assert outs(write_in_place(free_values(program(*calls, a=open_, y=open_)))) == {}
    assert outs(write_in_place(free_values(program(("y", add("x", "w")))))) == {}


@pytest.mark.parametrize(
    ("other", "taken"),
    [
        (2.0, True),
        (Ref("w"), True),
        (Ref("x"), False),  # its length is not known either: 1, or many
        ((1.0, 2.0), False),
    ],
)
def test_m2_of_a_length_that_is_not_known(other, taken):
    open_ = TensorType("float32", (None, 4, 128, 128))
    per_channel = TensorType("float32", (4, 1, 1))
    calls = (("a", add("x", "w")), ("y", Call(np.multiply, (Ref("a"), other))))
    made = program(*calls, a=open_, x=open_, y=open_, w=per_channel)
    assert outs(write_in_place(free_values(made))) == ({"y": "a"} if taken else {})


MODEL = """<ir_version: 8, opset_import: ["" : 17]>
g (float[n, 128, 128] x, bool[1] deep) => (float[n, 128, 128] y, float[n, 16384] flat)
<float[1] two = {2}, int64[2] shape = {0, -1}>
{
  a = Add (x, two)
  b = Mul (a, a)
  c = Relu (b)
  turned = Transpose <perm = [0, 2, 1]> (c)
  d = Tanh (c)
  e = MatMul (d, turned)
  f = Div (e, two)
  g = Sub (f, d)
  kept = Max (g, x)
  flat = Reshape (kept, shape)
  h = Neg (kept)
  i = If (deep) <
    then_branch = t () => (float[n, 128, 128] r) { q = Exp (h) r = Add (q, h) },
    else_branch = s () => (float[n, 128, 128] r2) { r2 = Abs (h) }>
  y = Mul (i, two)
}"""


@pytest.mark.parametrize("deep", [True, False])
def test_numbers_are_onnxruntimes(tmp_path, monkeypatch, deep):
    model = onnx.parser.parse_model(MODEL)
    onnx2py.compile_model(model, tmp_path / "planned")
    source = (tmp_path / "planned/model.py").read_text()
    assert "out=" in source and "del " in source
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("planned")
    x = np.random.default_rng(0).standard_normal((3, 128, 128), np.float32)
    before = x.copy()
    feeds = {"x": x, "deep": np.array([deep])}
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    found = package.Model()(**feeds)
    for ours, theirs in zip(found, expected):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(x, before)

    # Who watches sees every value as it was, not what came to its place.
    watch = importlib.import_module("planned.tools.watch")
    seen = watch.trace(package.Model(), **feeds)
    np.testing.assert_array_equal(seen["b"], (x + 2) * (x + 2))
    np.testing.assert_array_equal(seen["a"], x + 2)
    np.testing.assert_allclose(seen.outputs.y, expected[0], rtol=1e-4, atol=1e-4)
    importlib.sys.modules.pop("planned")


def test_m2_activations_and_normalisations_are_written_over(tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 20]> g (float[300, 200] x, float[200] s)
        => (float[300, 200] y) { a = Gelu (x) b = Exp (a) c = LayerNormalization (b, s)
        y = Add (c, x) }"""
    model = onnx.parser.parse_model(text)
    onnx2py.compile_model(model, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert "np.exp(a, out=a)" in source
    assert "np.add(c, x, out=c)" in source
    rng = np.random.default_rng(0)
    x, s = (rng.normal(size=n).astype(np.float32) for n in ((300, 200), 200))
    before = x.copy()
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": x, "s": s})
    actual = onnx2py.load_model(model)(x, s)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(x, before)


def test_m1_m2_what_only_the_setup_reads_is_no_attribute(tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[2, 900] x) => (float[2, 800] y)
        { f = Cast <to = 1> (q) w = Mul (f, s) y = MatMul (x, w) }"""
    model = onnx.parser.parse_model(text)
    rng = np.random.default_rng(0)
    steps = rng.integers(-99, 99, (900, 800)).astype(np.int8)
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(array, name)
        for array, name in ((steps, "q"), (rng.random((1, 800), np.float32), "s"))
    )
    onnx2py.compile_model(model, tmp_path / "pkg")
    source = (tmp_path / "pkg/model.py").read_text()
    assert "        f = self.q.astype(np.float32)" in source
    assert "        self.w = np.multiply(f, self.s, out=f)" in source

    x = rng.normal(size=(2, 900)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (expected,) = session.run(None, {"x": x})
    loaded = onnx2py.load_model(model)
    assert not hasattr(loaded, "f")
    for _ in range(2):
        np.testing.assert_allclose(loaded(x), expected, rtol=1e-4, atol=1e-2)
