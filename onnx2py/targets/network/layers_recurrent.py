"""Recurrent layers.

Results of the layer are one after the other: all hidden states [T, B, D * H], the last ones and,
of LSTM, the last cells [D, B, H].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...ir.program import Argument, Call, Ref, Statement
from ...ir.types import TensorType
from ...kernels.shape import reshape
from .constructors import Literal
from .layer import Fit, Parameter
from .sites import Site

_LSTM = (0, 2, 3, 1)
_GRU = (1, 0, 2)
"""Which gate of ONNX is in each place."""


def lstm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L6: LSTM without peepholes, lengths, limits and other activations."""
    return _recurrent(site, statement, call, "LSTM", _LSTM, 2)


def gru(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L6: GRU likewise, whose reset gate is applied after the product."""
    if call.kwargs.get("linear_before_reset") is not True:
        return None
    return _recurrent(site, statement, call, "GRU", _GRU, 1)


def rnn(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L6: RNN of tanh or ReLU."""
    return _recurrent(site, statement, call, "RNN", (0,), 1)


def _recurrent(
    site: Site,
    statement: Statement,
    call: Call,
    name: str,
    order: tuple[int, ...],
    states: int,
) -> Fit | None:
    x, w, r, *rest = call.args
    b, lengths, *others = (*rest, *[None] * 5)[:5]
    found = site.parameters({"w": w, "r": r, "b": b}, x)
    allowed = {"direction", "linear_before_reset"}
    nonlinearity = _nonlinearity(call) if name == "RNN" else None
    if nonlinearity:
        allowed.add("activations")
    if not found or len(found) < 2 or lengths is not None or set(call.kwargs) - allowed:
        return None
    if call.kwargs.get("direction") == "reverse" or any(others[states:]):
        return None
    initial = _initial(site, others[:states])
    directions, _, size = found[1].array.shape
    if initial is None or found[0].array.ndim != 3 or 0 in found[1].array.shape:
        return None
    options: dict[str, Literal] = {
        "nonlinearity": None if nonlinearity == "tanh" else nonlinearity,
        "bias": None if len(found) == 3 else False,
        "bidirectional": True if directions == 2 else None,
    }
    parameters = tuple(_parameters(found, order))
    sizes = (found[0].array.shape[2], size)
    fit = Fit(name, (x, *initial), parameters, sizes, options, call.results)
    return _with_results(site, statement, fit, directions, size)


def _nonlinearity(call: Call) -> str:
    """Return PyTorch's name of the activation, "" if it has none."""
    names = {*_tuple(call.kwargs.get("activations", ("Tanh",)))}
    return (
        {"Tanh": "tanh", "Relu": "relu"}.get(names.pop(), "") if len(names) == 1 else ""
    )


def _tuple(value: Argument) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


def _initial(site: Site, states: Sequence[Argument]) -> tuple[Argument, ...] | None:
    """Return the initial states, none if they are 0, None if only one is given."""
    given = [s for s in states if s is not None and not site.is_zero(s)]
    if given and any(state is None for state in states):
        return None
    return tuple(states) if given else ()


def _parameters(
    found: tuple[Parameter, ...], order: tuple[int, ...]
) -> list[Parameter]:
    """Return the weights of all directions: the gates in PyTorch's order, biases apart."""
    w, r, *b = found

    def moved(parameter: Parameter, array: np.ndarray, key: str) -> Parameter:
        gates = np.split(array, len(order))
        rows = np.concatenate([gates[gate] for gate in order])
        return replace(parameter, key=key, array=rows, is_moved=True)

    made = []
    for direction in range(len(r.array)):
        end = "_l0_reverse" if direction else "_l0"
        made.append(moved(w, w.array[direction], f"weight_ih{end}"))
        made.append(moved(r, r.array[direction], f"weight_hh{end}"))
        for bias in b:
            of_x, of_h = np.split(bias.array[direction], 2)
            made.append(moved(bias, of_x, f"bias_ih{end}"))
            made.append(moved(bias, of_h, f"bias_hh{end}"))
    return made


def _with_results(
    site: Site, statement: Statement, fit: Fit, directions: int, size: int
) -> Fit:
    """Return a layer with what makes ONNX's results of its own, unless nothing wants those."""
    y, *states = statement.outputs
    if not y:
        return replace(fit, outputs=statement.outputs)
    gone, joined = _joined(site, y, directions * size)
    if joined:
        return replace(fit, outputs=(joined, *states), statements=gone)
    kind = site.shape(y)
    shape = (*kind[0:1], *kind[2:3], directions * size) if kind else None
    dtype = site.type(fit.inputs[0])
    assert dtype is not None
    name = site.facts.new(y, TensorType(dtype.dtype, shape))
    apart = (kind[0], kind[2], directions, size) if kind else None
    after = []
    last = Call(np.expand_dims, (Ref(name), 1))
    if directions > 1:
        parts = site.facts.new(y, TensorType(dtype.dtype, apart))
        split = Call(reshape, (Ref(name), (0, 0, directions, size)))
        after.append(replace(statement, operation=split, outputs=(parts,), nodes=()))
        last = Call(np.transpose, (Ref(parts), (0, 2, 1, 3)))
    end = replace(statement, operation=last, outputs=(y,), nodes=())
    return replace(fit, outputs=(name, *states), after=(*after, end))


def _joined(site: Site, y: str, size: int) -> tuple[tuple[Statement, ...], str]:
    """Return the statements that join the directions in [T, D, B, H], and their result."""
    first = _only_reader(site, y)
    if first is None:
        return (), ""
    call = first.operation
    assert isinstance(call, Call)
    result = first.outputs[0]
    if call.function is np.squeeze and call.kwargs.get("axis") in (1, (1,)):
        return (first,), result
    if call.function is not np.transpose or call.args[1:] != ((0, 2, 1, 3),):
        return (), ""
    second = _only_reader(site, result)
    function = second.operation.function if second else None  # type: ignore[union-attr]
    if second is None or function not in (np.reshape, reshape):
        return (), ""
    before, after = site.shape(result), site.shape(second.outputs[0])
    if before is None or after is None or None in before[:2]:
        return (), ""
    if after != (*before[:2], size):
        return (), ""
    return (first, second), second.outputs[0]


def _only_reader(site: Site, value: str) -> Statement | None:
    """Return the call that alone reads a value."""
    readers = site.readers.get(value, [])
    if site.uses[value] != 1 or len(readers) != 1:
        return None
    return readers[0] if isinstance(readers[0].operation, Call) else None
