"""LSTMs that quantize on the way: onnxruntime's numbers, bit by bit, and its threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from onnx2py import compile_model, load_model
from onnx2py.cli import main
from onnx2py.verification.oracle import ONE_THREAD, OnnxRuntime, _mentions


def quantized_lstm(
    t: int, batch: int, size: int, hidden: int, gain: float = 1.0, **attributes: object
) -> onnx.ModelProto:
    """A bidirectional layer with a scale for each column of its weights."""
    rng = np.random.default_rng(0)
    each = (2, 4 * hidden)
    weights = {
        "w": rng.integers(-127, 128, (2, size, each[1])).astype(np.int8),
        "r": rng.integers(-127, 128, (2, hidden, each[1])).astype(np.int8),
        "b": (rng.standard_normal((2, 2 * each[1])) / 5).astype(np.float32),
        "ws": (rng.uniform(0.5, 1, each) * gain / 100).astype(np.float32),
        "wz": np.zeros(each, np.int8),
        "rs": (rng.uniform(0.5, 1, each) * gain / 100).astype(np.float32),
        "rz": np.zeros(each, np.int8),
    }
    names = ["x", "w", "r", "b", "", "", "", "", "ws", "wz", "rs", "rz"]
    node = helper.make_node(
        "DynamicQuantizeLSTM",
        names,
        ["y", "h", "c"],
        domain="com.microsoft",
        hidden_size=hidden,
        direction="bidirectional",
        **attributes,
    )
    kind = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node],
        "g",
        [kind("x", 1, (t, batch, size))],
        [kind("y", 1, (t, 2, batch, hidden))]
        + [kind(name, 1, (2, batch, hidden)) for name in "hc"],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("size, hidden", [(24, 40), (1400, 700)])
def test_what_is_quantized_is_equal_in_every_bit(size, hidden):
    """Relu has one result, so that no rounding is left that an implementation may choose."""
    gain = min(1, 8 / hidden)
    model = quantized_lstm(8, 3, size, hidden, gain, activations=["Relu"] * 6)
    x = np.random.default_rng(1).standard_normal((8, 3, size)).astype(np.float32)
    expected = OnnxRuntime(model, ["y", "h", "c"]).run({"x": x})
    assert all(np.isfinite(e).all() and np.ptp(e) > 0.05 for e in expected)
    for actual, value in zip(load_model(model)(x), expected):
        np.testing.assert_array_equal(actual, value)


def test_onnxruntime_is_asked_with_one_thread(here, capsys):
    """With more, it quantizes the states of each thread's share of the batch."""
    onnx.save(quantized_lstm(6, 6, 8, 16), "net.onnx")
    assert main(["net.onnx", "-o", "net", "--verify"]) == 0
    assert f"note: {ONE_THREAD}" in capsys.readouterr().out
    oracle = OnnxRuntime("net.onnx", ["y"])
    assert oracle._session.get_session_options().intra_op_num_threads == 1


def test_other_models_keep_all_threads(here):
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) {y = Neg (x)}'
    )
    oracle = OnnxRuntime(model, ["y"])
    assert oracle._session.get_session_options().intra_op_num_threads == 0
    assert not oracle.remark
    onnx.save(model, "net.onnx")
    assert _mentions("net.onnx", "Neg")
    assert not _mentions("net.onnx", "Sin")


def save_chaotic() -> None:
    """A step of a state moves the gates by 2; from the 13th on backwards, rounding does that."""
    model = quantized_lstm(60, 1, 16, 64, gain=40)
    del model.graph.output[1:]
    onnx.save(model, "net.onnx")


def test_a_chaotic_layer_is_called_so(here, capsys):
    save_chaotic()
    assert main(["net.onnx", "-o", "net", "--verify"]) == 0
    out = capsys.readouterr().out
    assert "y: ill-conditioned, rounding alone moves onnxruntime's own result" in out
    assert "each of 1 calls does what onnxruntime does" in out


MISTAKES = [
    ("lstm_quantized.py", "product += gates_of_x[t, d]", "product -= gates_of_x[t, d]"),
    ("lstm_quantized.py", "product + bias[d]", "product + bias[0]"),
    ("lstm_quantized.py", "scale * scale_of_r", "scale * scale_of_r * scale"),
    ("lstm_quantized.py", "count):", "count - 1, -1, -1):"),
    ("lstm.py", "f * cell + i", "f * cell - i"),
    ("quantization.py", "np.rint(y, out=y)", "np.floor(y, out=y)"),
    ("quantization.py", "/ np.float32(255)", "/ np.float32(254)"),
]


@pytest.mark.parametrize("file, right, wrong", MISTAKES)
def test_a_wrong_chaotic_layer_differs(here, capsys, file, right, wrong):
    save_chaotic()
    compile_model("net.onnx", "net")
    path = Path("net/ops") / file
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))
    assert main(["verify", "net", "net.onnx"]) == 3
    assert "is the first that differs" in capsys.readouterr().out
