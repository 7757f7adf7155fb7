"""Packages compiled with ``--accelerate``: NumPy's bits, and oneDNN where it is asked for."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py

SHAPE = (2, 3, 44, 44)
CLOSE = 1e-5
"""Relative to the largest: sums are made in another order."""


def network() -> onnx.ModelProto:
    """Make a net with each kind of convolution, a residual, attention's product and a head."""
    random = np.random.default_rng(5)
    weights: dict[str, np.ndarray] = {}

    def weight(name: str, *shape: int) -> str:
        scale = float(np.sqrt(np.prod(shape[1:]))) or 1.0
        weights[name] = (random.normal(size=shape) / scale).astype(np.float32)
        return name

    def conv(name: str, x: str, m: int, c: int, k: int, **options: Any) -> Any:
        inputs = [x, weight(f"{name}.weight", m, c, k, k), weight(f"{name}.bias", m)]
        pads = [k // 2] * 4
        return helper.make_node("Conv", inputs, [name], pads=pads, **options)

    nodes = [
        conv("stem", "x", 32, 3, 3, strides=[1, 1]),
        helper.make_node("Relu", ["stem"], ["relu"]),
        helper.make_node(
            "MaxPool", ["relu"], ["pool"], kernel_shape=[2, 2], strides=[2, 2]
        ),
        conv("tiles", "pool", 32, 32, 3),
        helper.make_node("Add", ["tiles", "pool"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["hidden"]),
        conv("each", "hidden", 32, 1, 3, group=32),
        helper.make_node("Clip", ["each", "low", "high"], ["clipped"]),
        conv("mixed", "clipped", 64, 32, 1),
        helper.make_node("Flatten", ["mixed"], ["rows"], axis=2),
        helper.make_node("Transpose", ["rows"], ["columns"], perm=[1, 0]),
        helper.make_node("MatMul", ["rows", "columns"], ["product"]),
        helper.make_node("Mul", ["product", "scale"], ["scaled"]),
        helper.make_node("Softmax", ["scaled"], ["softmax"]),
        helper.make_node("GlobalAveragePool", ["mixed"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node(
            "Gemm", ["flat", weight("fc.weight", 10, 64), weight("fc.bias", 10)], ["y"],
            transB=1,
        ),
    ]  # fmt: skip
    weights |= {"low": np.float32(0), "high": np.float32(6), "scale": np.float32(0.001)}
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *SHAPE[1:]])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10]),
            helper.make_tensor_value_info("softmax", TensorProto.FLOAT, ["r", "c"]),
        ],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=8, opset_imports=opsets)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Iterator[Path]:
    """Make the packages ``plain_net`` and ``fast_net`` in a folder to import from."""
    folder = tmp_path_factory.mktemp("accelerate")
    onnx.save(network(), folder / "net.onnx")
    onnx2py.compile_model(folder / "net.onnx", folder / "plain_net")
    onnx2py.compile_model(
        folder / "net.onnx", folder / "fast_net", accelerate=True, verify=True
    )
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [
        m for m in sys.modules if m.split(".")[0] in ("plain_net", "fast_net")
    ]:
        del sys.modules[name]


@pytest.fixture
def fast(made) -> Any:
    return importlib.import_module("fast_net")


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


def differences(found: Any, expected: Any) -> list[float]:
    return [
        float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(found, expected)
    ]


def test_without_being_asked_it_computes_numpys_bits(made, fast, monkeypatch):
    plain = importlib.import_module("plain_net")
    expected = plain.Model()(image())
    monkeypatch.setenv("ONNX2PY_ACCELERATE", "1")
    models = [fast.Model(accelerate=False)]
    monkeypatch.setenv("ONNX2PY_ACCELERATE", "0")
    models.append(fast.Model())
    monkeypatch.delenv("ONNX2PY_ACCELERATE")
    models.append(fast.Model())
    for model in models:
        assert [a.tobytes() for a in model(image())] == [a.tobytes() for a in expected]


def test_both_packages_have_the_same_calls(made):
    """All that differs in ``model.py`` is how a model is made, and the product's kernel."""
    texts = [(made / n / "model.py").read_text() for n in ("plain_net", "fast_net")]
    calls = [text[text.index('check_input("x"') :] for text in texts]
    assert calls[0].replace("rows @ columns", "ops.multiply(rows, columns)") == calls[1]
    assert not (made / "plain_net" / "accelerate").exists()


def test_onednn_agrees_with_onnxruntime(made, fast):
    session = onnxruntime.InferenceSession(made / "net.onnx")
    model = fast.Model(accelerate=True)
    for seed in range(2):
        expected = session.run(None, {"x": image(seed)})
        assert max(differences(model(image(seed)), expected)) < CLOSE
    cache = importlib.import_module("fast_net.accelerate.cache")
    assert len(cache.own().by_weight) >= 4, "the convolutions"


def test_the_environment_asks_for_it(fast, monkeypatch):
    monkeypatch.setenv("ONNX2PY_ACCELERATE", "1")
    assert fast.Model().accelerate is True
    monkeypatch.setenv("ONNX2PY_ACCELERATE", "yes")
    with pytest.raises(
        ValueError, match="ONNX2PY_ACCELERATE: expected 0 or 1, got 'yes'"
    ):
        fast.Model()


def test_weights_cannot_be_written_while_onednn_has_a_copy(fast):
    model = fast.Model(accelerate=True)
    with pytest.raises(ValueError, match="read-only"):
        model.fc_bias += 1
    fast.Model().fc_bias += 1


def test_a_model_is_pickled_with_its_engine(fast):
    for accelerate in (True, False):
        model = fast.Model(accelerate=accelerate, threads=1)
        again = pickle.loads(pickle.dumps(model))
        assert again.accelerate is accelerate
        assert again.threads == 1
        bits = [[a.tobytes() for a in each(image())] for each in (model, again)]
        assert bits[0] == bits[1]


def test_models_with_and_without_it_live_in_one_process(fast):
    """Each keeps its bits: the engine works inside its own model's calls alone."""
    slow, quick = fast.Model(accelerate=False), fast.Model(accelerate=True)
    bits = [[a.tobytes() for a in model(image())] for model in (slow, quick) * 2]
    assert bits[0] == bits[2]
    assert bits[1] == bits[3]
    assert bits[0] != bits[1]


def _in_child(model: Any, queue: Any) -> None:
    queue.put([a.copy() for a in model(image())])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_answers(fast):
    model = fast.Model(accelerate=True)
    expected = model(image())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(model, queue))
    child.start()
    try:
        found = queue.get(timeout=60)
    finally:
        child.kill()
        child.join()
    assert max(differences(found, expected)) < CLOSE


def run(
    folder: Path, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_bench_shows_both_and_selftest_compares_them(made):
    done = run(made, "-m", "fast_net", "bench", "--accelerate", "--repeat", "2")
    assert done.returncode == 0, done.stderr
    assert "oneDNN: 2 calls: median" in done.stdout
    assert "Model(accelerate=True) is " in done.stdout
    done = run(made, "-m", "fast_net", "selftest", "--accelerate")
    assert done.returncode == 0, done.stderr
    assert "y: agrees, largest difference " in done.stdout
    done = run(made, "-m", "plain_net", "bench", "--accelerate")
    assert done.returncode == 2


def test_a_missing_library_is_one_sentence(made):
    code = "import fast_net; fast_net.Model(accelerate=True)"
    done = run(made, "-c", code, ONNX2PY_DNNL=str(made / "none.so"))
    assert done.returncode == 1
    assert "none.so" in done.stderr.splitlines()[-1]
    # without being asked, nothing is looked for
    done = run(made, "-c", "import fast_net; fast_net.Model()", ONNX2PY_DNNL="none.so")
    assert done.returncode == 0, done.stderr
    done = run(made, "-m", "fast_net", "bench", "--accelerate", ONNX2PY_DNNL="none.so")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "ONNX2PY_DNNL" in done.stderr


def test_load_model_returns_an_accelerated_model(made):
    model = onnx2py.load_model(made / "net.onnx", accelerate=True)
    assert model.accelerate is True  # type: ignore[attr-defined]
    expected = onnx2py.load_model(made / "net.onnx")(image())
    assert max(differences(model(image()), expected)) < CLOSE


def test_other_targets_have_no_such_engine(made):
    with pytest.raises(
        onnx2py.Onnx2pyError, match="accelerate: expected a target that"
    ):
        onnx2py.load_model(made / "net.onnx", accelerate=True, target="torch")


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_numpy_computes_with_numbers_that_are_not_finite(fast, odd):
    """oneDNN's rectifier makes 0 of NaN."""
    x = image()
    x[0, 1, 2, 3] = odd
    models = fast.Model(accelerate=False), fast.Model(accelerate=True)
    expected, found = (model(x) for model in models)
    assert np.isnan(expected[0]).any()
    for a, b in zip(found, expected):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))


def test_a_first_input_that_is_not_finite_decides_nothing(fast):
    """It says nothing about the size of the model."""
    model = fast.Model(accelerate=True)
    model(np.full_like(image(), np.nan))
    assert not model._too_small


def test_models_too_small_for_it_are_numpys(monkeypatch):
    """One call with the engine finds that; another shape is tried again.

    BLAS has one thread only where oneDNN computes.
    """
    text = """<ir_version: 8, opset_import: ["": 17]> g (float[n, 8] x) => (float[n, 8] y)
    { t = Transpose <perm = [1, 0]> (x) p = MatMul (x, t) y = MatMul (p, x) }"""
    model: Any = onnx2py.load_model(onnx.parser.parse_model(text), accelerate=True)
    plain: Any = onnx2py.load_model(onnx.parser.parse_model(text))
    random = np.random.default_rng(0)
    small, large = (random.normal(size=(n, 8)).astype("f") for n in (3, 300))
    for x in (small, large, small):
        assert differences([model(x)], [plain(x)])[0] < CLOSE
    assert model._too_small == {(small.shape,)}
    assert model(small).tobytes() == plain(small).tobytes()

    tools = sys.modules[type(model).__module__].limited.__globals__
    limits: list[int] = []
    limit = tools["limit"]
    monkeypatch.setitem(tools, "limit", lambda n: (limits.append(n), limit(n))[1])
    model(small)
    assert not limits
    model(large)
    assert limits == [1]
