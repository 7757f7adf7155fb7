"""Convolutions of 8-bit integers, by way of floats that hold them exactly.

Q1  ``qlinear_conv`` with constants for all but ``x`` -> ``subtract_zero_point``, a convolution
    with the bias, ``requantize``. The weights are made floats once, when they are loaded; the
    convolution gets the kernel that its shape suits (rules C1 to C3), but for Winograd's,
    whose sums are not exact.
Q4  ``requantize``, which only one ``subtract_zero_point`` with the same zero point reads ->
    together, without the integers in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.patterns import Options, Rest
from ..ir.program import Argument, Call, Program, Ref, Statement
from ..ir.types import Dim, TensorType, ValueType, tensor_type_of
from ..kernels.conv import conv
from ..kernels.conv_integer import qlinear_conv, subtract_zero_point
from ..kernels.matmul_integer import requantize, requantize_centered
from .rewrite import Block, Match, Rewrite, rewritten
from .traverse import with_blocks

EXACT = 1 << 24
"""float32 holds every integer up to here."""


def take_quantized_apart(program: Program) -> Program:
    """Apply rules Q1 and Q4, in bodies too."""
    parts = _Parts(program)
    changed = with_blocks(program, lambda statements, _: parts.all(statements))
    changed = replace(
        changed,
        weights=parts.weights,
        types=parts.types,
        setup=(*program.setup, *parts.setup),
    )
    return rewritten(changed, Rewrite(_STORED, _joined))


_STORED = (
    subtract_zero_point, (requantize, "sum", "scale", "zero"), Rest("zero again"), Options("how"),
)  # fmt: skip


def _joined(block: Block, match: Match) -> Mapping[int, Statement] | None:
    """Rule Q4: centered by the zero point that it was made with."""
    weights = block.values.weights
    made = _constant(match["zero"], weights)
    taken = _constant((*match["zero again"], 0)[0], weights)
    if made is None or taken is None or made.size != 1 or not np.all(taken == made):
        return None
    last, first = match.steps
    args = (match["sum"], match["scale"], match["zero"])
    both = Call(requantize_centered, args, match["how"])
    return {id(first): replace(first, operation=both, outputs=last.outputs)}


@dataclass
class _Parts:
    program: Program
    weights: dict[str, np.ndarray] = field(init=False)
    types: dict[str, ValueType] = field(init=False)
    setup: list[Statement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weights = dict(self.program.weights)
        self.types = dict(self.program.types)

    def all(self, statements: tuple[Statement, ...]) -> Iterator[Statement]:
        for statement in statements:
            call = statement.operation
            if isinstance(call, Call) and call.function is qlinear_conv:
                yield from self.apart(call, statement) or (statement,)
            else:
                yield statement

    def apart(self, call: Call, statement: Statement) -> tuple[Statement, ...] | None:
        """Return the replacement of a convolution, None if not all is constant."""
        x, *rest = call.args
        found = [_constant(argument, self.program.weights) for argument in rest]
        weight, y = rest[2], statement.outputs[0]
        if any(array is None for array in found) or not isinstance(weight, Ref):
            return None
        x_scale, _, w, w_scale, w_zero, y_scale, _, *bias = (
            np.asarray(a) for a in found
        )
        if w.ndim < 3 or 0 in w.shape:
            return None
        dtype = self.float_for(w, w_zero, bias)
        scale = np.float32(1) * w_scale.astype(np.float32) * x_scale.astype(np.float32)
        scale = np.asarray(scale / y_scale.astype(np.float32), np.float32)
        add = self.add
        each = (-1, *[1] * (w.ndim - 2))
        scale_name = add(f"{y}_scale", tensor_type_of(scale.reshape(each)))
        self.weights[scale_name] = scale.reshape(each)
        args: tuple[Argument, ...] = ()
        if bias:
            bias_name = add(f"{y}_bias", tensor_type_of(bias[0].astype(dtype)))
            self.weights[bias_name] = bias[0].astype(dtype)
            args = (Ref(bias_name),)
        options: Mapping[str, Argument] = (
            {} if dtype == "float32" else {"dtype": np.float64}
        )
        wide = add(f"{weight.name}_centered", TensorType(dtype, w.shape))
        self.step(self.setup, (weight, rest[4]), options, wide, statement)
        centered_x = add(f"{y}_centered", TensorType(dtype, self.shape(_name(x))))
        steps: list[Statement] = []
        self.step(steps, (x, rest[1]), options, centered_x, statement)
        total = add(f"{y}_sum", TensorType(dtype, self.shape(y)))
        product = Call(conv, (Ref(centered_x), Ref(wide), *args), call.kwargs)
        steps.append(replace(statement, operation=product, outputs=(total,)))
        end = Call(requantize, (Ref(total), Ref(scale_name), rest[6]))
        steps.append(replace(statement, operation=end, literals=()))
        return tuple(steps)

    def step(
        self,
        where: list[Statement],
        args: tuple[Argument, Argument],
        options: Mapping[str, Argument],
        name: str,
        statement: Statement,
    ) -> None:
        """Center a value by its zero point."""
        kept = args[:1] if args[1] == 0 else args
        call = Call(subtract_zero_point, kept, options)
        where.append(replace(statement, operation=call, outputs=(name,), literals=()))

    def float_for(self, w: np.ndarray, zero: np.ndarray, bias: list[np.ndarray]) -> str:
        """Return the type that holds every sum."""
        rows = subtract_zero_point(w, zero, dtype=np.float64)
        largest = 255 * np.abs(rows).reshape(len(rows), -1).sum(axis=1)
        added = np.abs(bias[0].astype(np.float64)) if bias else np.zeros(1)
        if added.shape not in {(1,), largest.shape}:
            return "float64"  # the package will say that they do not fit
        return "float32" if np.max(largest + added) <= EXACT else "float64"

    def shape(self, name: str) -> tuple[Dim, ...] | None:
        """Return a shape as far as it is known: not after onnxruntime's own operators."""
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None

    def add(self, name: str, kind: TensorType) -> str:
        """Note the type of a new value, and return its name."""
        while name in self.types or name in self.weights:
            name += "_"
        self.types[name] = kind
        return name


def _name(argument: Argument) -> str:
    return argument.name if isinstance(argument, Ref) else ""


def _constant(
    argument: Argument, weights: Mapping[str, np.ndarray]
) -> np.ndarray | None:
    """Return a number, or a constant that no caller can change."""
    if isinstance(argument, Ref):
        return weights.get(argument.name)
    return None if argument is None else np.asarray(argument)
