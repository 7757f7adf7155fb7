"""Twins of recurrent layers give the numbers of NumPy and the gradients of PyTorch."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from .gradients import check_gradient, check_with_gradient
from .support import Case, check

RANDOM = np.random.default_rng(0)
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
T, B, SIZE, H = 4, 3, 2, 2


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape) / 2


def layer(name: str, directions: int, layout: int, **options: Any) -> Case:
    """Return a call with random weights, biases and states."""
    gates = GATES[name] * H
    x, state = (B, T, SIZE) if layout else (T, B, SIZE), (directions, B, H)
    state = (B, directions, H) if layout else state
    w, r = numbers(directions, gates, SIZE), numbers(directions, gates, H)
    args = [numbers(*x), w, r, numbers(directions, 2 * gates), None, numbers(*state)]
    if name == "lstm":
        args.append(numbers(*state))
    direction = "bidirectional" if directions == 2 else "forward"
    options = {"direction": direction, "layout": layout, **options}
    return Case(f"{name}.{name}", tuple(args), options)


def check_all(case: Case) -> None:
    check_with_gradient(case)


def check_small(case: Case, dtype: Any, tolerance: float, eager: bool = False) -> None:
    """Check a call with floats of 32 or 16 bits, compiled or eagerly."""
    args = tuple(a if a is None else _smaller(a, dtype) for a in case.args)
    how = {"rtol": tolerance, "atol": tolerance / 10}
    check(case._replace(args=args), **how, eager=eager, compiled=not eager)


def _smaller(a: np.ndarray, dtype: Any) -> np.ndarray:
    return a.astype(dtype) if a.dtype.kind == "f" else a


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("layout", [0, 1])
def test_layers(name: str, directions: int, layout: int) -> None:
    case = layer(name, directions, layout)
    check_all(case)
    check_small(case._replace(args=case.args[:3]), np.float32, 1e-5, layout == 0)
    if directions == 1:
        check_all(layer(name, 1, layout, direction="reverse"))


@pytest.mark.parametrize("name", GATES)
def test_half_precision(name: str) -> None:
    check_small(layer(name, 2, 0), np.float16, 1e-2)
    check_small(layer(name, 2, 1), ml_dtypes.bfloat16, 3e-2)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("lengths", [[4, 2, 1], [0, 4, 3], [1, 1, 1]])
def test_sequences_of_several_lengths(
    name: str, directions: int, lengths: list[int]
) -> None:
    case = layer(name, directions, 0)
    args = list(case.args)
    args[4] = np.array(lengths, np.int32)
    args[0][-1, lengths[2] :] = np.nan  # what follows the end has no part in anything
    check_small(case._replace(args=tuple(args)), np.float32, 1e-5)
    args[0] = np.nan_to_num(args[0])
    check_gradient(case._replace(args=tuple(args)))


@pytest.mark.parametrize("directions", [1, 2])
def test_products_before_the_reset(directions: int) -> None:
    check_all(layer("gru", directions, 0, linear_before_reset=True))


@pytest.mark.parametrize("name", GATES)
def test_clipped_sums(name: str) -> None:
    check_all(layer(name, 1, 0, clip=0.4))


FUNCTIONS = {
    "Relu": (0.0, 0.0),
    "Tanh": (0.0, 0.0),
    "Sigmoid": (0.0, 0.0),
    "Affine": (0.7, 0.1),
    "LeakyRelu": (0.1, 0.0),
    "ThresholdedRelu": (0.2, 0.0),
    "ScaledTanh": (0.8, 1.2),
    "HardSigmoid": (0.3, 0.4),
    "Elu": (0.9, 0.0),
    "Softsign": (0.0, 0.0),
    "Softplus": (0.0, 0.0),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_activations(function: str) -> None:
    alpha, beta = FUNCTIONS[function]
    options = {"activation_alpha": (alpha,), "activation_beta": (beta,)}
    check_all(layer("rnn", 1, 0, activations=(function,), **options))


@pytest.mark.parametrize("name", GATES)
def test_activations_of_each_direction(name: str) -> None:
    usual = {"rnn": (), "gru": ("Sigmoid",), "lstm": ("Sigmoid", "Tanh")}[name]
    names = (*usual, "ScaledTanh", *usual, "Softsign")
    pairs = [FUNCTIONS[each] for each in names]
    case = layer(
        *(name, 2, 0),
        activations=names,
        activation_alpha=tuple(a for a, _ in pairs),
        activation_beta=tuple(b for _, b in pairs),
    )
    check_all(case)


def test_peepholes_and_coupled_gates() -> None:
    case = layer("lstm", 2, 0)
    check_all(case._replace(args=(*case.args, numbers(2, 3 * H))))
    check_all(layer("lstm", 1, 0, input_forget=True))


@pytest.mark.parametrize("name", GATES)
def test_no_steps_and_no_sequences(name: str) -> None:
    case = layer(name, 2, 0)
    for x, batch in ((numbers(0, B, SIZE), B), (numbers(T, 0, SIZE), 0)):
        args = (x, *case.args[1:4], None, numbers(2, batch, H))
        check(case._replace(args=args), x64=True, eager=False)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("lengths", [None, [4, 2, 3], [2, 0, 1]])
def test_quantized_weights(directions: int, lengths: list[int] | None) -> None:
    case = layer("lstm", directions, 0)
    x, _, _, b, _, *states = (
        _smaller(a, np.float32) if a is not None else a for a in case.args
    )
    gates, shapes = 4 * H, (SIZE, H)
    w, r = (
        RANDOM.integers(-127, 127, (directions, n, gates)).astype(np.int8)
        for n in shapes
    )
    scale = abs(numbers(directions, gates)).astype(np.float32) / 50
    zero = np.full((directions,), 3, np.int8)
    peepholes = numbers(directions, 3 * H).astype(np.float32)
    steps = None if lengths is None else np.array(lengths, np.int32)
    args = (x, w, r, b, steps, *states, peepholes, scale, zero, scale[:, 0], zero)
    options = {"direction": case.kwargs["direction"], "clip": 0.9}
    check(
        Case("lstm_quantized.dynamic_quantize_lstm", args, options),
        rtol=1e-4,
        atol=1e-5,
        eager=lengths is not None,
    )
