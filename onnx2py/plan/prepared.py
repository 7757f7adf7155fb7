"""Constant parameters, computed and arranged beforehand as NumPy's kernels read them fastest.

K1  Batch normalization by constants -> ``scale_and_shift``: one product and one sum.
K2  A product of several matrices and one matrix -> ``project``: one large product.
K3  Products of integers and a constant matrix -> by floats that have no zero point.
K4  Functions of 8-bit numbers whose scales are constant -> a look into a table of 256.
K5  LSTM and GRU of the usual activations, by constants -> ``lstm_packed``, ``gru_packed``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Union

import numpy as np

from ..ir.program import Argument, Call, Program, Ref, Statement, references
from ..ir.types import TensorType, ValueType, tensor_type_of
from ..kernels import (
    gru,
    lstm,
    matmul,
    matmul_integer,
    normalization_batch,
    quantized,
    quantized_tables,
)
from .traverse import with_blocks

_FLOATS = ("float32", "float64", "complex64", "complex128")
_EXACT = 2**24
"""Integers up to this are exact in float32."""


def prepare_parameters(program: Program) -> Program:
    """Apply rules K1 to K5, in bodies too."""
    preparation = _Preparation(program.types, dict(program.weights))
    changed = with_blocks(
        program, lambda statements, _: map(preparation.one, statements)
    )
    return replace(changed, weights=preparation.weights)


@dataclass
class _Preparation:
    types: Mapping[str, ValueType]
    weights: dict[str, np.ndarray]
    output: str = field(default="", init=False)
    """What the weights that a rule makes are called after."""

    def one(self, statement: Statement) -> Statement:
        call = statement.operation
        rule = RULES.get(call.function) if isinstance(call, Call) else None
        self.output = next(filter(None, statement.outputs), "")
        changed = rule(self, call) if rule and isinstance(call, Call) else None
        if changed is None:
            return statement
        read = set(references(changed))
        gone = (name for name in references(call) if name not in read)
        literals = (*statement.literals, *dict.fromkeys(gone))
        return replace(statement, operation=changed, literals=literals)

    def constant(self, argument: Argument) -> np.ndarray | None:
        """Return the tensor that an argument always is, if there is one."""
        return self.weights.get(argument.name) if isinstance(argument, Ref) else None

    def tensor_type(self, argument: Argument) -> TensorType | None:
        """Return the type of an argument."""
        array = self.constant(argument)
        if array is not None:
            return tensor_type_of(array)
        found = self.types.get(argument.name) if isinstance(argument, Ref) else None
        return found if isinstance(found, TensorType) else None

    def weight(self, name: str, array: np.ndarray) -> Ref:
        """Add a weight that was computed."""
        full = f"{self.output}.{name}"
        self.weights[full] = array
        return Ref(full)


def _scaled_and_shifted(preparation: _Preparation, call: Call) -> Call | None:
    """K1: with the rank known, scale and shift have the axes that they need."""
    x, *rest = call.args
    x_type = preparation.tensor_type(x)
    constants = [preparation.constant(argument) for argument in rest]
    if x_type is None or x_type.rank is None or any(c is None for c in constants):
        return None
    dtype = np.asarray(constants[0]).dtype
    scale, bias, mean, var = (np.asarray(c, np.float64) for c in constants)
    epsilon: Any = call.kwargs.get("epsilon", 1e-5)
    factor = scale / np.sqrt(var + epsilon)
    shift = bias - mean * factor
    channels = scale.shape + (1,) * (x_type.rank - 1 - scale.ndim)
    kept = dtype if dtype == np.float64 else np.dtype(np.float32)
    return Call(
        normalization_batch.scale_and_shift,
        (
            x,
            preparation.weight("scale", factor.reshape(channels).astype(kept)),
            preparation.weight("shift", shift.reshape(channels).astype(kept)),
        ),
    )


def _packed_lstm(preparation: _Preparation, call: Call) -> Call | None:
    """K5."""
    if not call.kwargs.keys() <= {"direction", "layout"} or len(call.args) > 7:
        return None  # other activations, or weights of peepholes
    packed = _packed(preparation, call.args, (0, 2, 1, 3), halved=3)
    if packed is None:
        return None
    args = (call.args[0], *packed, *call.args[4:])
    return replace(call, function=lstm.lstm_packed, args=args)


def _packed_gru(preparation: _Preparation, call: Call) -> Call | None:
    """K5."""
    after = bool(call.kwargs.get("linear_before_reset"))
    kwargs = {k: v for k, v in call.kwargs.items() if k != "linear_before_reset"}
    if not kwargs.keys() <= {"direction", "layout"}:
        return None
    packed = _packed(preparation, call.args, (0, 1, 2), halved=2, apart=after)
    if packed is None:
        return None
    states = call.args[4:]
    between = () if after or not states else (None,)
    args = (call.args[0], *packed, *between, *states)
    return replace(call, function=gru.gru_packed, args=args, kwargs=kwargs)


def _packed(
    preparation: _Preparation,
    args: tuple[Argument, ...],
    order: tuple[int, ...],
    *,
    halved: int,
    apart: bool = False,
) -> list[Ref] | None:
    """Rearrange constant weights for the kernels with one tanh for all gates.

    The gates come in the given order; the numbers of the first ``halved`` of them are
    halved. ``apart`` keeps the hidden state's bias of the last gate from the others.
    """
    given_bias = args[3] if len(args) > 3 else None
    w, r, b = map(preparation.constant, (*args[1:3], given_bias))
    if w is None or r is None or (b is None and given_bias is not None):
        return None
    gates, directions, size = len(order), r.shape[0], r.shape[2]
    places = np.add.outer(np.array(order) * size, np.arange(size)).ravel()
    wide: Any = np.float64 if w.dtype == np.float64 else np.float32
    factors = np.where(np.arange(gates) < halved, 0.5, 1.0)
    scale: Any = np.repeat(factors, size).astype(wide)
    if b is None:
        b = np.zeros((directions, 2 * gates * size), wide)
    of_x, of_h = (half[..., places] for half in np.split(b.astype(wide)[:, None], 2, 2))
    last = of_h[..., halved * size :].copy()
    if apart:
        of_h = np.concatenate([of_h[..., : halved * size], 0 * last], axis=2)
    of_input, of_state = (
        np.ascontiguousarray(kernel.astype(wide)[:, places].swapaxes(1, 2) * scale)
        for kernel in (w, r)
    )
    weight = preparation.weight
    return [
        weight("w", of_input.reshape(directions, w.shape[2], gates, size)),
        weight("r", of_state),
        weight("b", (of_x + of_h) * scale),
        *([weight("r_b", last)] if apart else []),
    ]


def _integers_as_floats(
    preparation: _Preparation, b: Argument, zero_point: Argument, axis: int
) -> Ref | None:
    """Return floats without a zero point: of 32 bits if all sums of products are exact in them.

    ``axis`` is that along which products with 8-bit numbers are added up.
    """
    matrix, zero = preparation.constant(b), preparation.constant(zero_point)
    if matrix is None or (isinstance(zero_point, Ref) and zero is None):
        return None
    wide = matrix.astype(np.float64)
    if zero is not None:
        wide -= (
            zero if zero.ndim != 1 or matrix.ndim < 2 else np.expand_dims(zero, axis)
        )
    elif isinstance(zero_point, (int, float)):
        wide -= zero_point
    # No partial sum is greater than the sum of absolute values of a column, times 255.
    sums = np.abs(wide).sum(axis=axis)
    exact = 255 * sums.max(initial=0) <= _EXACT
    return preparation.weight("b", wide.astype(np.float32 if exact else np.float64))


def _matmul_of_floats(preparation: _Preparation, call: Call) -> Call | None:
    """K3."""
    a, b, a_zero, b_zero = (*call.args, None, None)[:4]
    matrix = preparation.constant(b)
    axis = -2 if matrix is not None and matrix.ndim > 1 else 0
    prepared = _integers_as_floats(preparation, b, b_zero, axis)
    if prepared is None:
        return None
    args = (a, prepared) if a_zero is None else (a, prepared, a_zero)
    return Call(matmul_integer.matmul_integer_prepared, args)


def _gemm_of_floats(preparation: _Preparation, call: Call) -> Call | None:
    """K3."""
    matrix = preparation.constant(call.args[3])
    if matrix is None or matrix.ndim != 2 or matrix.dtype.kind == "f":
        return None
    across = 1 if call.kwargs.get("trans_b") else 0
    b, zero_point = call.args[3], call.args[5]
    prepared = _integers_as_floats(preparation, b, zero_point, across)
    if prepared is None:
        return None
    args = (*call.args[:3], prepared, call.args[4], 0, *call.args[6:])
    return replace(call, args=args)


def _table(preparation: _Preparation, call: Call) -> Call | None:
    """K4."""
    x, *parameters = call.args
    x_type = preparation.tensor_type(x)
    if x_type is None or not all(isinstance(p, (int, float)) for p in parameters):
        return None
    numbers = np.arange(256).astype(x_type.dtype)
    function: Any = call.function
    with np.errstate(all="ignore"):
        table = function(numbers, *parameters, **call.kwargs)
    return Call(np.take, (preparation.weight("table", table), x))


def _projection(preparation: _Preparation, call: Call) -> Call | None:
    """K2."""
    a_type, b_type = map(preparation.tensor_type, call.args)
    if a_type is None or a_type.shape is None or b_type is None or b_type.rank != 2:
        return None
    several = any(length != 1 for length in a_type.shape[:-2])
    fits = several and len(a_type.shape) > 2 and a_type.dtype in _FLOATS
    return replace(call, function=matmul.project) if fits else None


PreparationRule = Callable[[_Preparation, Call], Union[Call, None]]

RULES: Mapping[Any, PreparationRule] = {
    normalization_batch.batch_normalization: _scaled_and_shifted,
    gru.gru: _packed_gru,
    matmul_integer.matmul_integer: _matmul_of_floats,
    lstm.lstm: _packed_lstm,
    np.matmul: _projection,
    quantized.qgemm: _gemm_of_floats,
    quantized_tables.qlinear_leaky_relu: _table,
    quantized_tables.qlinear_sigmoid: _table,
}
"""The rule for each function."""
