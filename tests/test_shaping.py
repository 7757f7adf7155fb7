"""Cutting, fixing lengths and binding inputs, against onnx's own tools and onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import onnx2py
from onnx2py import cli

NET = """<ir_version: 8, opset_import: ["" : 17]>
    net (float[batch, n] x, float[n] b, bool flag) => (float[batch, n] y, float[batch] z)
        <float[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}, float v = {3}> {
        a = MatMul (x, w)
        c = Add (a, b)
        d = If (flag) <
            then_branch = t () => (float[batch, n] e) { e = Mul (c, v) },
            else_branch = f () => (float[batch, n] g) { g = Neg (x) }>
        s = Shape (d) y = Reshape (d, s)
        z = ReduceSum <keepdims = 0> (d, axes) }"""
X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
B = np.float32([1, 2, 3])


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The model, which is also in the file ``net.onnx`` of the working folder."""
    monkeypatch.chdir(tmp_path)
    found = onnx.parser.parse_model(NET)
    axes = onnx.numpy_helper.from_array(np.array([1]), "axes")
    found.graph.initializer.append(axes)
    onnx.save(found, "net.onnx")
    return found


def expected(model: onnx.ModelProto, names: list[str]) -> list[np.ndarray]:
    """What onnxruntime computes of values of the whole model."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    known = {value.name for value in whole.graph.output}
    whole.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in names if name not in known
    )
    session = onnxruntime.InferenceSession(whole.SerializeToString())
    feeds = {"x": X, "b": B, "flag": np.array(True)}
    return list(session.run(names, feeds))


def names_of(compiled: object) -> tuple[list[str], list[str]]:
    import sys

    module = sys.modules[type(compiled).__module__]
    return [s.name for s in module.INPUTS], [s.name for s in module.OUTPUTS]


def test_outputs_cut_the_end_off(model):
    compiled = onnx2py.load_model(model, outputs=["c", "a"], dims={"n": 3}, verify=True)
    assert names_of(compiled) == (["x", "b"], ["c", "a"])
    result = compiled(X, B)
    for ours, theirs in zip(result, expected(model, ["c", "a"])):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_inputs_cut_the_beginning_off(model):
    (c,) = expected(model, ["c"])
    compiled = onnx2py.load_model(model, inputs=["c"], outputs=["z"], verify=True)
    assert names_of(compiled) == (["x", "flag", "c"], ["z"])  # the other branch reads x
    (z,) = expected(model, ["z"])
    np.testing.assert_allclose(compiled(X, np.array(True), c), z, rtol=1e-6)


def test_a_value_between_may_be_both(model):
    compiled = onnx2py.load_model(model, inputs=["c"], outputs=["c", "a"])
    assert names_of(compiled) == (["x", "c"], ["c", "a"])


def test_a_fixed_length_folds_shape_arithmetic_away(model):
    open_one = onnx2py.inspect_model(model)
    fixed = onnx2py.inspect_model(model, dims={"batch": 2, "n": 3})
    assert [str(v.type) for v in fixed.inputs] == [
        "float32[2, 3]",
        "float32[3]",
        "bool[]",
    ]
    assert fixed.calls is not None and open_one.calls is not None
    assert fixed.calls < open_one.calls
    compiled = onnx2py.load_model(model, dims={"batch": 2, "n": 3}, verify=True)
    with pytest.raises(ValueError, match=r"x: expected float32\[2, 3\], got"):
        compiled(X[:1], B, np.array(True))


def test_shapes(model):
    found = onnx2py.inspect_model(model, shapes={"x": (4, "m"), "b": [3]})
    assert [v.type for v in found.inputs][:2] == ["float32[4, m]", "float32[3]"]


def test_bound_inputs_are_constants(model):
    np.save("b.npy", B.astype(np.float64))  # made the input's type
    for value in ("b.npy", Path("b.npy"), B):
        compiled = onnx2py.load_model(
            model, bind={"b": value, "flag": np.array(True)}, verify=True
        )
        assert names_of(compiled) == (["x"], ["y", "z"])
        for ours, theirs in zip(compiled(X), expected(model, ["y", "z"])):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_on_the_command_line(model, capsys):
    np.save("b.npy", B)
    options = [
        "--outputs",
        "z,a",
        "--dim",
        "batch=2",
        "--shape",
        "x=batch,3",
        "--bind",
        "b=b.npy",
    ]
    assert cli.main(["net.onnx", "-o", "net", "--verify", *options]) == 0
    capsys.readouterr()
    assert cli.main(["check", "net.onnx", *options]) == 0
    assert "input x: float32[2, 3]" in capsys.readouterr().out
    assert cli.main(["verify", "net", "net.onnx", "--per-node", *options]) == 0
    assert "DIFFERS" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "options, words",
    [
        (
            {"outputs": ["yy"]},
            "outputs: expected the name of a value, got 'yy'; is it 'y'",
        ),
        ({"inputs": ["k"]}, "inputs: expected the name of a value, got 'k'"),
        (
            {"dims": {"bach": 1}},
            "dims (--dim): expected a symbol of an input's shape, got 'bach'; is it",
        ),
        ({"dims": {"batch": -1}}, "dims (--dim): expected a length, 0 or more"),
        ({"shapes": {"x": (1,)}}, "shapes (--shape): x: expected 2 lengths, got 1"),
        (
            {"shapes": {"q": (1,)}},
            "shapes (--shape): expected the name of an input, got 'q'",
        ),
        ({"bind": {"b": np.zeros((2, 2))}}, "bind: b: expected float32[?], got [2, 2]"),
        (
            {"bind": {"b": "missing.npy"}},
            "bind: b: cannot read missing.npy: No such file",
        ),
        ({"outputs": "y"}, "outputs: expected a list of names, got 'y'"),
    ],
)
def test_errors(model, options, words):
    with pytest.raises(onnx2py.OptionError) as raised:
        onnx2py.compile_model(model, "unused", **options)
    assert words in str(raised.value)
    assert not Path("unused").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--dim", "batch"], ["--dim", "batch=x"], ["--outputs", "a,,b"], ["--bind", "b="]],
)
def test_wrong_usage(model, capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["net.onnx", "-o", "net", *arguments])
    assert stopped.value.code == 2
