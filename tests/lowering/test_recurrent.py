"""Rules of RNN, GRU and LSTM, compared with onnxruntime."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.lowering.context import NodeContext
from onnx2py.lowering.evaluate import evaluate_call
from onnx2py.lowering.lower import lower_node
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
    make_node,
    onnxruntime_outputs,
    with_prepared,
)

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
OUTPUTS = {"RNN": 2, "GRU": 2, "LSTM": 3}
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
ALL = ["RNN", "GRU", "LSTM"]
EVERY_FUNCTION = [
    *("Relu", "Tanh", "Sigmoid", "Affine", "LeakyRelu", "ThresholdedRelu"),
    *("ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus"),
]
T, B, SIZE, H = 5, 3, 4, 6


def inputs(operator, directions=1, *, b=True, lens=None, states=True, p=False):
    rng = np.random.default_rng(6)

    def normal(*shape):
        return rng.normal(size=shape, scale=0.3).astype(np.float32)

    g = GATES[operator]
    arrays = [
        normal(T, B, SIZE),
        normal(directions, g * H, SIZE),
        normal(directions, g * H, H),
        normal(directions, 2 * g * H) if b else None,
        lens,
        normal(directions, B, H) if states else None,
    ]
    if operator == "LSTM":
        arrays.append(normal(directions, B, H) if states else None)
        if p:
            arrays.append(normal(directions, 3 * H))
    return arrays


def check(operator, arrays, *, opset=14, **options):
    """Compare the general kernel, and the one for constant weights, with onnxruntime."""
    options = {"hidden_size": H, **options}
    outputs = OUTPUTS[operator]
    expected = onnxruntime_outputs(
        operator, arrays, opset=opset, outputs=outputs, **options
    )
    names = [f"x{i}" if a is not None else "" for i, a in enumerate(arrays)]
    out = [f"y{i}" for i in range(outputs)]
    node = make_node(operator, names, out, opset=opset, **options)
    values = {name: a for name, a in zip(names, arrays) if name}
    weights = {name: a for name, a in values.items() if name in ("x1", "x2", "x3")}
    call = lower_node(NodeContext(node, {}, {})).operation
    for constants in ({}, weights):
        planned, stored = with_prepared(call, out, constants, {})
        found = evaluate_call(planned, tuple(out), {**values, **stored})
        assert_same([found[name] for name in out], expected)


def test_k5():
    arrays = dict(zip(["x", "w", "r"], inputs("LSTM")))
    of = {"opset": 14, "constants": {name: arrays[name] for name in ("w", "r")}}
    names = ["x", "w", "r", "", "", "h", "c"]
    assert lowered("LSTM", names, ["y", "h", "c"], prepared=True, **of) == (
        "ops.lstm_packed(x, y.w, y.r, y.b, None, h, c)"
    )
    assert lowered("LSTM", names, ["y", "h", "c"], **of) == (
        "ops.lstm(x, w, r, None, None, h, c)"
    )
    for near_miss in (
        {"clip": 1.0},
        {"input_forget": 1},
        {"activations": ["Relu"] * 3},
    ):
        text = lowered("LSTM", names[:3], prepared=True, **of, **near_miss)
        assert text.startswith("ops.lstm(x, w, r, "), near_miss
    of = {"opset": 14, "direction": "bidirectional"}
    assert lowered("LSTM", names[:3], prepared=True, **of) == (
        "ops.lstm(x, w, r, direction='bidirectional')"
    )


@pytest.mark.parametrize("after", [0, 1])
def test_k5_of_gru(after):
    arrays = dict(zip("xwrb", inputs("GRU")))
    of = {"opset": 14, "constants": {name: arrays[name] for name in "wrb"}}
    names = ["x", "w", "r", "b", "", "h"]
    of["linear_before_reset"] = after
    assert lowered("GRU", names, ["y", "h2"], prepared=True, **of) == (
        f"ops.gru_packed(x, y.w, y.r, y.b, {'y.r_b' if after else None}, None, h)"
    )
    text = lowered("GRU", names, prepared=True, clip=1.0, **of)
    assert text.startswith("ops.gru(x, w, r, b, None, h, clip=1.0")


def test_other_functions_need_the_general_kernel():
    text = lowered(
        "RNN",
        ["x", "w", "r"],
        opset=7,
        activations=["leakyrelu", "LeakyRelu"],
        activation_alpha=[0.5, 0.5],
        direction="bidirectional",
    )
    assert text == (
        "ops.rnn(x, w, r, activations=('LeakyRelu',), activation_alpha=(0.5,), "
        "direction='bidirectional')"
    )


def test_unknown_functions_are_reported():
    with pytest.raises(UnsupportedError, match="attribute activations"):
        lowered("RNN", ["x", "w", "r"], opset=7, activations=["Gelu"])


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("lens", [None, [5, 2, 1]])
@pytest.mark.parametrize("opset", [7, 14])
def test_directions_agree(operator, direction, lens, opset):
    lens = None if lens is None else np.array(lens, np.int32)
    arrays = inputs(operator, 2 if direction == "bidirectional" else 1, lens=lens)
    check(operator, arrays, opset=opset, direction=direction)


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("direction", ["reverse", "bidirectional"])
@pytest.mark.parametrize("lens", [None, [3]])
def test_a_batch_of_one_agrees(operator, direction, lens):
    lens = None if lens is None else np.array(lens, np.int32)
    arrays = inputs(operator, 2 if direction == "bidirectional" else 1, lens=lens)
    arrays[0] = arrays[0][:, :1]
    arrays[5:] = [state[:, :1] for state in arrays[5:]]
    check(operator, arrays, direction=direction)
    if operator == "GRU":
        check(operator, arrays, direction=direction, linear_before_reset=1)


@pytest.mark.parametrize(("steps", "batch", "size"), [(0, 3, 4), (5, 0, 4), (5, 3, 0)])
@pytest.mark.parametrize("operator", ["GRU", "LSTM"])
def test_packed_weights_and_nothing_to_read(operator, steps, batch, size):
    arrays = inputs(operator, 2, states=False)
    arrays[0] = arrays[0][:steps, :batch, :size]
    arrays[1] = arrays[1][:, :, :size]
    names = ["x", "w", "r", "b"]
    out = ["y", "h", "c"][: OUTPUTS[operator]]
    node = make_node(operator, names, out, opset=14, direction="bidirectional")
    values = dict(zip(names, arrays))
    found = []
    call = lower_node(NodeContext(node, {}, {})).operation
    for constants in ({}, {name: values[name] for name in "wrb"}):
        planned, stored = with_prepared(call, out, constants, {})
        results = evaluate_call(planned, tuple(out), {**values, **stored})
        found.append([results[name] for name in out])
    assert found[0][0].shape == (steps, 2, batch, H)
    assert_same(found[1], found[0])


@pytest.mark.parametrize("operator", ALL)
def test_optional_inputs_agree(operator):
    check(operator, inputs(operator, b=False, states=False))
    check(operator, inputs(operator, states=False)[:4], opset=22)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("opset", [3, 7, 14])
def test_where_gru_resets_agrees(direction, after, opset):
    arrays = inputs("GRU", 2 if direction == "bidirectional" else 1)
    if opset == 3:  # onnxruntime starts at 7, which differs in no number
        expected = onnxruntime_outputs(
            *("GRU", arrays),
            **{"opset": 7, "outputs": 2, "direction": direction, "hidden_size": H},
            linear_before_reset=after,
        )
        found = compute(
            *("GRU", arrays),
            **{"opset": 3, "outputs": 2, "direction": direction, "hidden_size": H},
            linear_before_reset=after,
        )
        assert_same(found, expected)
    else:
        check(
            "GRU", arrays, opset=opset, direction=direction, linear_before_reset=after
        )


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("first", EVERY_FUNCTION)
def test_functions_agree(operator, first):
    others = ["Softsign", "HardSigmoid"][: FUNCTIONS[operator] - 1]
    # For these onnxruntime takes alpha and beta to be 0, ONNX the operator's default.
    given = first in ("Affine", "ThresholdedRelu", "ScaledTanh")
    options = {"activation_alpha": [0.2], "activation_beta": [0.4]} if given else {}
    check(operator, inputs(operator), activations=[first, *others], **options)


@pytest.mark.parametrize("operator", ALL)
def test_alpha_and_beta_agree(operator):
    names = ["ScaledTanh", "Affine", "HardSigmoid"][: FUNCTIONS[operator]]
    count = len(names)
    check(
        operator,
        inputs(operator, 2),
        direction="bidirectional",
        activations=names * 2,
        activation_alpha=[0.3, 0.4, 0.25, 0.6, 0.5, 0.1][: 2 * count],
        activation_beta=[0.7, 0.1, 0.45, 0.8, 0.2, 0.4][: 2 * count],
    )


@pytest.mark.parametrize("operator", ALL)
def test_clipping_agrees(operator):
    check(operator, inputs(operator), clip=0.3)


def test_peepholes_agree():
    check("LSTM", inputs("LSTM", p=True))
    check("LSTM", inputs("LSTM", 2, p=True), direction="bidirectional")


def test_a_forget_gate_tied_to_the_input_agrees():
    check("LSTM", inputs("LSTM"), input_forget=1)


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("directions", [1, 2])
def test_batch_first_is_a_matter_of_axes(operator, directions):
    arrays = inputs(operator, directions)  # onnxruntime has no layout 1
    direction = ["forward", "bidirectional"][directions - 1]
    options = {"opset": 14, "outputs": OUTPUTS[operator], "direction": direction}
    y, *states = compute(operator, arrays, **options)
    swapped = [
        array.swapaxes(0, 1) if index in (0, 5, 6) else array
        for index, array in enumerate(arrays)
    ]
    found = compute(operator, swapped, layout=1, **options)
    expected = [y.transpose(2, 0, 1, 3), *(state.swapaxes(0, 1) for state in states)]
    assert_same(found, expected)


@pytest.mark.parametrize("operator", ALL)
def test_any_outputs_may_be_left_out(operator):
    names = ["x", "w", "r"]
    kernel = operator.lower()
    assert lowered(operator, names, ["", "h"], opset=14) == f"ops.{kernel}(x, w, r)"


@pytest.mark.parametrize("operator", ALL)
def test_the_oldest_version(operator):
    arrays = inputs(operator)
    old = compute(operator, arrays, opset=1, output_sequence=1, hidden_size=H)
    expected = onnxruntime_outputs(operator, arrays, opset=7, hidden_size=H)
    assert_same(old, expected)


@pytest.mark.parametrize("operator", ALL)
def test_float16_is_computed_in_float32(operator):
    small = [None if a is None else a.astype(np.float16) for a in inputs(operator)]
    wide = [None if a is None else a.astype(np.float32) for a in small]
    (found,) = compute(operator, small, opset=22)
    (expected,) = compute(operator, wide, opset=22)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, expected.astype(np.float16))


@pytest.mark.parametrize("operator", ALL)
def test_no_steps_at_all(operator):
    arrays = inputs(operator)
    arrays[0] = arrays[0][:0]
    found = compute(operator, arrays, opset=14, outputs=OUTPUTS[operator])
    assert found[0].shape == (0, 1, B, H)
    assert_same(found[1:], [np.zeros((1, B, H), np.float32)] * (len(found) - 1))


@pytest.mark.parametrize("operator", ALL)
def test_sequences_of_no_steps_agree(operator):
    lens = np.array([0, 2, 5], np.int32)
    check(operator, inputs(operator, 2, lens=lens), direction="bidirectional")


def test_one_call_answers_any_outputs():
    check_against_onnxruntime("LSTM", inputs("LSTM"), opset=14, hidden_size=H)
