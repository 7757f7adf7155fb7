"""Rule L6: recurrent layers, their gates, biases and results, alone and one after the other."""

import operator

import numpy as np
import pytest

from onnx2py.kernels.gru import gru
from onnx2py.kernels.lstm import lstm
from onnx2py.kernels.rnn import rnn
from onnx2py.kernels.shape import reshape
from tests.targets.torch.layers_support import check, draw, layers, step

KERNELS = {
    "LSTM": (lstm, 4, ["y", "h", "c"], {}),
    "GRU": (gru, 3, ["y", "h"], {"linear_before_reset": True}),
    "RNN": (rnn, 1, ["y", "h"], {}),
}
OTHER = {
    "activations": ("Sigmoid", "Relu", "Tanh"),
    "activation_alpha": (0.0,) * 3,
    "activation_beta": (0.0,) * 3,
}
WAYS = {1: "forward", 2: "bidirectional"}


def weights_of(gates, ways, size=3, inputs=4, bias=True):
    made = {"w": draw(ways, gates * size, inputs), "r": draw(ways, gates * size, size)}
    return made | ({"b": draw(ways, 2 * gates * size)} if bias else {})


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("states", [True, False])
def test_l6_all_results(name, ways, bias, states):
    kernel, gates, outputs, options = KERNELS[name]
    weights = weights_of(gates, ways, bias=bias)
    given = {n: draw(ways, 2, 3) * i for i, n in enumerate("hc"[: len(outputs) - 1], 1)}
    inputs = {"x": draw(5, 2, 4)} | (
        {f"{n}0": v for n, v in given.items()} if states else {}
    )
    args = [
        "x",
        "w",
        "r",
        "b" if bias else None,
        None,
        *[n for n in inputs if n != "x"],
    ]
    call = step(kernel, args, outputs, "rnn", direction=WAYS[ways], **options)
    made = check(inputs, weights, call, outputs=outputs)
    text = "" if bias else ", bias=False"
    text += ", bidirectional=True" if ways == 2 else ""
    assert layers(made) == {"rnn": f"nn.{name}(4, 3{text})"}


def test_l6_keys_are_those_of_the_module():
    call = step(lstm, ["x", "w", "r", "b"], ["y", "", ""], "rnn", direction=WAYS[2])
    made = check({"x": draw(5, 2, 4)}, weights_of(4, 2), call, outputs=["y"])
    ends = ("l0", "l0_reverse")
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    assert {*made.weights} == {f"rnn.{kind}_{end}" for kind in kinds for end in ends}


@pytest.mark.parametrize("ways", [1, 2])
def test_l6_directions_that_are_joined_at_once_are_never_apart(ways):
    options = {"direction": WAYS[ways], "linear_before_reset": True}
    steps = [step(gru, ["x", "w", "r", "b"], ["y", ""], "rnn", **options)]
    if ways == 1:
        steps.append(step(np.squeeze, ["y"], "z", axis=1))
    else:
        steps.append(step(np.transpose, ["y", (0, 2, 1, 3)], "t"))
        steps.append(step(reshape, ["t", (0, 0, -1)], "z"))
    made = check({"x": draw(5, 2, 4)}, weights_of(3, ways), *steps)
    assert len(made.statements) == 1


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("ways", [1, 2])
def test_l6_layers_of_one_module_are_one(name, ways):
    kernel, gates, outputs, options = KERNELS[name]
    weights = {}
    for n, size in (("1", 4), ("2", 3 * ways)):
        own = weights_of(gates, ways, inputs=size)
        weights.update((f"{name}{n}", array) for name, array in own.items())
    steps, x = [], "x"
    for n in "12":
        absent = [f"y{n}", *[""] * (len(outputs) - 1)]
        args = [x, f"w{n}", f"r{n}", f"b{n}"]
        steps.append(step(kernel, args, absent, "rnn", direction=WAYS[ways], **options))
        if ways == 1:
            steps.append(step(np.squeeze, [f"y{n}"], f"z{n}", "rnn", axis=1))
        else:
            steps.append(step(np.transpose, [f"y{n}", (0, 2, 1, 3)], f"t{n}", "rnn"))
            steps.append(step(reshape, [f"t{n}", (0, 0, -1)], f"z{n}", "rnn"))
        x = f"z{n}"
    made = check({"x": draw(5, 2, 4)}, weights, *steps)
    both = ", bidirectional=True" if ways == 2 else ""
    assert layers(made) == {"rnn": f"nn.{name}(4, 3, num_layers=2{both})"}
    assert "rnn.weight_hh_l1" in made.weights


def test_l6_relu():
    call = step(rnn, ["x", "w", "r", "b"], ["y", "h"], "r", activations=("Relu",))
    made = check({"x": draw(5, 2, 4)}, weights_of(1, 1), call, outputs=["y", "h"])
    assert layers(made) == {"r": "nn.RNN(4, 3, nonlinearity='relu')"}


def test_l6_states_of_zeros_are_the_default():
    weights = weights_of(4, 1) | {"z": np.zeros((1, 2, 3), np.float32)}
    args = ["x", "w", "r", "b", None, "z", "z"]
    made = check({"x": draw(5, 2, 4)}, weights, step(lstm, args, ["y", "h", "c"], "r"))
    layer_call = made.statements[0].operation
    assert len(layer_call.function.inputs(layer_call)) == 1


@pytest.mark.parametrize(
    "args, options",
    [
        (["x", "w", "r", "b", "n"], {}),
        (["x", "w", "r", "b", None, "h0"], {}),
        (["x", "w", "r", "b", None, None, None, "p"], {}),
        (["x", "w", "r", "b"], {"clip": 0.5}),
        (["x", "w", "r", "b"], {"direction": "reverse"}),
        (["x", "w", "r", "b"], {"input_forget": True}),
        (["x", "w", "r", "b"], {"layout": 1}),
        (["x", "w", "r", "b"], OTHER),
    ],
)
def test_l6_what_the_layer_lacks_stays(args, options):
    weights = weights_of(4, 1) | {"p": draw(1, 9)}
    inputs = {"x": draw(5, 2, 4), "n": np.int32([5, 3]), "h0": draw(1, 2, 3)}
    call = step(lstm, args, ["y", "h", "c"], "rnn", **options)
    assert layers(check(inputs, weights, call, outputs=["y", "h", "c"])) == {}


def test_l6_reset_before_the_product_stays():
    call = step(gru, ["x", "w", "r", "b"], ["y", "h"], "rnn")
    assert layers(check({"x": draw(5, 2, 4)}, weights_of(3, 1), call)) == {}


def test_l6_states_that_are_made_of_zeros_are_never_made():
    weights = weights_of(4, 1)
    made = check(
        {"x": draw(5, 2, 4)},
        weights,
        step(np.zeros, [(2, 2, 3)], "z", dtype=np.float32),
        step(operator.getitem, ["z", (slice(0, 1),)], "h0"),
        step(operator.getitem, ["z", (slice(1, 2),)], "c0"),
        step(lstm, ["x", "w", "r", "b", None, "h0", "c0"], ["y", "h", "c"], "r"),
        outputs=["h", "c"],
    )
    assert [s.outputs for s in made.statements] == [("y;1", "h", "c"), ("y",)]


def test_l6_states_of_other_numbers_stay():
    made = check(
        {"x": draw(5, 2, 4)},
        weights_of(1, 1),
        step(np.full, [(1, 2, 3), np.float32(2)], "h0"),
        step(rnn, ["x", "w", "r", "b", None, "h0"], ["y", "h"], "r"),
        outputs=["h"],
    )
    assert made.statements[0].outputs == ("h0",)
