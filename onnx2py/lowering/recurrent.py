"""RNN, GRU and LSTM.

1, 7, 14, 22: 7 has no ``output_sequence``, which only says that Y may be wanted; 14 adds
``layout``. GRU 3 adds ``linear_before_reset``.
"""

from __future__ import annotations

from ..ir.program import Argument, Call, Ref
from ..kernels import gru as gru_kernels
from ..kernels import lstm as lstm_kernels
from ..kernels import rnn as rnn_kernels
from .context import NodeContext
from .registry import lowers

DEFAULT_NUMBERS: dict[str, tuple[float, float]] = {
    "Relu": (0.0, 0.0),
    "Tanh": (0.0, 0.0),
    "Sigmoid": (0.0, 0.0),
    "Affine": (1.0, 0.0),
    "LeakyRelu": (0.01, 0.0),
    "ThresholdedRelu": (1.0, 0.0),
    "ScaledTanh": (1.0, 1.0),
    "HardSigmoid": (0.2, 0.5),
    "Elu": (1.0, 0.0),
    "Softsign": (0.0, 0.0),
    "Softplus": (0.0, 0.0),
}
"""The activation functions and what their alpha and beta are by default."""

_WITH_ALPHA = {
    *("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu")
}
_WITH_BETA = {"Affine", "ScaledTanh", "HardSigmoid"}
_LSTM = ("Sigmoid", "Tanh", "Tanh")
_GRU = ("Sigmoid", "Tanh")
_NAMES = {name.lower(): name for name in DEFAULT_NUMBERS}


@lowers("LSTM")
def lstm(node: NodeContext) -> Call:
    """1, 7, 14, 22: see above. As in onnxruntime, ``clip`` spares the cell's output."""
    options = _options(node, _LSTM)
    input_forget = bool(node.int("input_forget", 0))
    states = [node.optional(index) for index in (4, 5, 6)]
    return node.call(
        lstm_kernels.lstm,
        *_weights(node),
        *states,
        node.optional(7),
        **options,
        input_forget=input_forget,
        results=3,
    )


@lowers("GRU")
def gru(node: NodeContext) -> Call:
    """1, 3, 7, 14, 22: see above."""
    options = _options(node, _GRU)
    after = bool(node.int("linear_before_reset", 0))
    states = [node.optional(index) for index in (4, 5)]
    return node.call(
        gru_kernels.gru,
        *_weights(node),
        *states,
        **options,
        linear_before_reset=after,
        results=2,
    )


@lowers("RNN")
def rnn(node: NodeContext) -> Call:
    """1, 7, 14, 22: see above."""
    return node.call(
        rnn_kernels.rnn,
        *_weights(node),
        *(node.optional(index) for index in (4, 5)),
        **_options(node, ("Tanh",)),
        results=2,
    )


def _weights(node: NodeContext) -> tuple[Ref | None, ...]:
    return (*(node.input(index) for index in range(3)), node.optional(3))


def _options(node: NodeContext, defaults: tuple[str, ...]) -> dict[str, Argument]:
    """Read what all three have in common; one alpha and beta for each activation."""
    node.ignore("hidden_size", "output_sequence")  # weights and outputs say as much
    direction = node.string("direction", "forward").lower()
    if direction not in ("forward", "reverse", "bidirectional"):
        raise node.unsupported(f"attribute direction: got {direction!r}")
    directions = 2 if direction == "bidirectional" else 1
    given = node.strings("activations", defaults * directions)
    names = [_NAMES.get(name.lower(), name) for name in given]
    unknown = sorted(set(names) - set(DEFAULT_NUMBERS))
    if unknown or len(names) < len(defaults) * directions:
        raise node.unsupported(
            f"attribute activations: expected {len(defaults) * directions} of "
            f"{', '.join(DEFAULT_NUMBERS)}, got {', '.join(given)}"
        )
    alphas = list(node.floats("activation_alpha", ()))
    betas = list(node.floats("activation_beta", ()))
    numbers = [
        (
            (
                alphas.pop(0)
                if name in _WITH_ALPHA and alphas
                else DEFAULT_NUMBERS[name][0]
            ),
            betas.pop(0) if name in _WITH_BETA and betas else DEFAULT_NUMBERS[name][1],
        )
        for name in names
    ]
    half = len(defaults)
    if (names[:half], numbers[:half]) == (names[half:], numbers[half:]):
        names, numbers = names[:half], numbers[:half]  # the same for both directions
    return {
        "activations": tuple(names),
        "activation_alpha": tuple(alpha for alpha, _ in numbers),
        "activation_beta": tuple(beta for _, beta in numbers),
        "clip": node.float("clip", 0.0),
        "direction": direction,
        "layout": node.int("layout", 0),
    }
