"""Cases that engines for PyTorch or JAX compute side by side, and the verdicts on them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import onnx.parser
import pytest

from benchmarks import jax_peers
from benchmarks.peers import compare, engines, jax_engines, serve
from benchmarks.peers.cases import Case, of_model
from benchmarks.peers.comparison import Results, Server, counted, table

X = np.float32([1, 2, 3])


def case(outputs, relative=1e-3, absolute=1e-7, of_scale=False):
    data = [([X], [outputs])]
    return Case("test_x", Path("x.onnx"), data, relative, absolute, of_scale)


@pytest.mark.parametrize(
    "found, expected, right",
    [
        (X * 1.0005, X, True),
        (X * 1.002, X, False),
        (X.astype(np.float64), X, False),
        (X[None], X, False),
        (np.float32([np.nan]), np.float32([np.nan]), True),
        (np.array([b"a"], object), np.array(["a"], object), False),
        (np.array(["a"]), np.array(["a"], object), True),
        (np.int8([-8, 7]), np.array([-8, 7], ml_dtypes.int4), True),
        (np.int8([-8, 6]), np.array([-8, 7], ml_dtypes.int4), False),
        (np.uint8([7]), np.array([7], ml_dtypes.int4), False),
        (np.array([1.01], ml_dtypes.bfloat16), np.array([1], ml_dtypes.bfloat16), True),
        (np.array([1.03], ml_dtypes.bfloat16), np.array([1], ml_dtypes.bfloat16), False),
        ([X, X], [X, X], True),
        ([X], [X, X], False),
        (X, [X], False),
        (None, None, True),
        (X, None, False),
    ],
)  # fmt: skip
def test_outputs_are_compared_as_the_suite_does(found, expected, right):
    assert compare.agree([found], [expected], case(expected)) is right


def test_tolerances_of_models_are_of_the_largest_element():
    large = np.float32([1000, 0])
    assert compare.agree([large + 0.9], [large], case(large, 0, 1e-3, True))
    assert not compare.agree([large + 1.1], [large], case(large, 0, 1e-3, True))
    numbers = np.int64([1000, 0])
    assert not compare.agree([numbers + 1], [numbers], case(numbers, 0, 1e-3, True))


def test_a_missing_output_is_wrong():
    assert not compare.agree([X], [X, X], case(X))


@pytest.mark.parametrize(
    "array",
    [
        X,
        np.array([1, -2.5], ml_dtypes.bfloat16),
        np.array([1, -2], ml_dtypes.float8_e4m3fn),
        np.array(7, np.int64),
        np.complex64([1j]),
        np.array(["a"], object),
    ],
    ids=lambda array: array.dtype.name,
)
def test_adapters_keep_numbers_and_types(array):
    pytest.importorskip("torch")
    found = engines.as_array(engines.as_tensor(array))
    assert found.dtype == array.dtype and found.shape == array.shape
    assert np.array_equal(found, array)


def test_adapters_take_sequences_and_narrow_integers():
    torch = pytest.importorskip("torch")
    first, second = engines.as_tensor([X, np.array([-8], ml_dtypes.int4)])
    assert first.dtype == torch.float32 and second.dtype == torch.int8
    assert engines.as_tensor(None) is None and second.tolist() == [-8]


@pytest.mark.parametrize(
    "given, found, outputs",
    [
        ([True, False], "tensor", 1),  # the second has a default
        ([True], ["a", "b"], 1),  # a sequence
        ([True], ("a", "b"), 2),
    ],
)
def test_modules_are_called_with_the_inputs_that_have_no_default(given, found, outputs):
    pytest.importorskip("torch")
    taken = []

    def module(*tensors):
        taken.extend(tensors)
        return found

    result = engines.called(module, given, outputs)([X] * len(given))
    assert len(taken) == 1
    assert result == ([*found] if outputs == 2 else [found])


def test_models_get_inputs_whose_outputs_are_finite(tmp_path, monkeypatch):
    text = """<ir_version: 8, opset_import: ["": 17]>
        g (float[n] x) => (float[n] y) { y = Sqrt (x) }"""
    path = tmp_path / "sqrt.onnx"
    onnx.save(onnx.parser.parse_model(text), path)
    drawn = [np.float32([-1]), np.float32([4]), np.float32([9])]

    def draw(*_):
        return (SimpleNamespace(feeds={"x": x}) for x in drawn)

    monkeypatch.setattr("onnx2py.verification.inputs.random_cases", draw)
    pytest.importorskip("onnxruntime")
    ((inputs, outputs),) = of_model(path).data
    assert inputs[0].tolist() == [4] and outputs[0].tolist() == [2]
    del drawn[1:]
    ((inputs, outputs),) = of_model(path).data
    assert inputs[0].tolist() == [-1] and np.isnan(outputs[0]).all()


def test_open_lengths_are_those_of_the_inputs():
    text = """<ir_version: 8, opset_import: ["": 17]>
        g (float[n, 2] x, float[3] y, float[2] w = {0, 1}) => (float[n, 2] z) {
          z = Add (x, w)
        }"""
    model = onnx.parser.parse_model(text)
    inputs = [np.zeros((5, 2)), np.zeros(3)]
    assert engines.lengths(model, inputs) == ["x:5,2"]
    del model.graph.input[0]
    assert engines.lengths(model, inputs[1:]) is None


def lies(_path, _inputs):
    return lambda inputs: [inputs[0] + 1]


def refuses(_path, _inputs):
    raise NotImplementedError("no such\noperator")


def ends(_path, _inputs):
    os._exit(3)


def dies(_path, _inputs):
    os.kill(os.getpid(), signal.SIGTERM)


def hangs(_path, _inputs):
    time.sleep(60)


def is_right(_path, _inputs):
    print("to be ignored")
    return lambda inputs: [inputs[0]]


@pytest.mark.parametrize(
    "engine, verdict, reason",
    [
        (is_right, "passed", None),
        (lies, "differs", "[float32[3]] for [float32[3]]"),
        (refuses, "refused", "NotImplementedError: no such operator"),
        (ends, "crashed", "ended with 3"),
        (dies, "crashed", "SIGTERM"),
        (hangs, "crashed", "more than 1 s"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_case_costs_one_process(engine, verdict, reason, tmp_path, monkeypatch):
    monkeypatch.setitem(engines.ENGINES, "mine", engine)
    monkeypatch.setattr(serve, "WALL_SECONDS", 1 if engine is hangs else 30)
    found = serve.verdict("mine", case(X).stored(tmp_path))
    assert (found["verdict"], found.get("reason")) == (verdict, reason)
    assert serve.verdict("mine", tmp_path / "none")["stage"] == "reading"


def test_results_are_kept_and_counted(tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    results = Results(path, resume=False)
    results.add({"engine": "onnx2torch", "versions": {"onnx2torch": "1.0"}})
    for name, verdict in (("a", "passed"), ("b", "passed"), ("c", "differs")):
        results.add(
            {"suite": "s", "case": name, "engine": "onnx2torch", "verdict": verdict}
        )
    kept = Results(path, resume=True)
    assert kept.known == results.known and kept.versions == results.versions
    record = {"versions": kept.versions, "suites": counted(kept.known.values())}
    assert table(record, {"onnx2torch": "onnx2torch"}).splitlines()[2:] == [
        "| s (3) | onnx2torch 1.0 | 2 | 1 | 0 | 0 |"
    ]
    assert Results(path, resume=False).known == {}


def test_a_server_that_ends_is_started_again(tmp_path, monkeypatch):
    server = Server("no_such_engine", "python3")
    assert server.versions() == {}
    found = server.verdict(tmp_path / "x")
    assert found["verdict"] == "crashed" and server.process is None


@pytest.mark.parametrize("engine", jax_engines.ENGINES)
def test_models_are_called_eagerly_and_compiled(engine, tmp_path):
    for package in ("jax", engine.removesuffix("_jit").removesuffix("_jax")):
        pytest.importorskip(package)
    text = """<ir_version: 8, opset_import: ["": 17]>
        g (float[3] x) => (float[3] y) { y = Relu (x) }"""
    path = tmp_path / "relu.onnx"
    onnx.save(onnx.parser.parse_model(text), path)
    (found,) = jax_engines.ENGINES[engine](path, [X - 2])([X - 2])
    assert engines.as_array(found).tolist() == [0, 0, 1]
    assert engine in jax_peers.PEERS.titles


def test_versions_stand_before_the_way_to_call():
    numbers = {"passed": 1, "differs": 0, "refused": 0, "crashed": 0}
    record = {
        "versions": {"a_jit": {"a": "1.0"}},
        "suites": {"s": {"a_jit": numbers}},
    }
    line = table(record, {"a_jit": "a, jax.jit"}).splitlines()[2]
    assert line == "| s (1) | a 1.0, jax.jit | 1 | 0 | 0 | 0 |"
