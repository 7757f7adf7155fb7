"""Values of a program that 8-bit integers stand for, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..ir.program import Argument, Call, Ref, Statement
from ..kernels.conv_integer import subtract_zero_point
from ..kernels.matmul_integer import requantize_centered
from ..kernels.quantization import dequantize_linear, fake_quantize
from .fake_quantize import only_moves
from .rewrite import Block

READERS = (dequantize_linear, subtract_zero_point)
"""What makes floats of integers."""


@dataclass(frozen=True)
class Grid:
    """How integers are stored, and what floats are made of them."""

    dtype: str
    zero_point: int
    scale: Optional[float] = None
    """None for integers as floats, less their zero point."""
    wide: bool = False
    """Whether these floats are of 64 bits."""

    @property
    def literals(self) -> tuple[Argument, ...]:
        """The scale and the zero point."""
        return (self.scale, self.zero_point)

    @property
    def options(self) -> dict[str, Argument]:
        """The option for the dtype, where it is not the usual one."""
        return {} if self.dtype == "uint8" else {"dtype": np.dtype(self.dtype)}

    def floats(self, numbers: str) -> Call:
        """Return the call that makes the floats."""
        zero = (self.zero_point,) if self.zero_point else ()
        if self.scale is not None:
            return Call(dequantize_linear, (Ref(numbers), self.scale, *zero))
        options = {"dtype": np.float64} if self.wide else {}
        return Call(subtract_zero_point, (Ref(numbers), *zero), options)


@dataclass
class Grids:
    """The values of a block of statements that are on a grid."""

    block: Block
    all: dict[str, Grid] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """The names of integers, by those of the floats."""

    def __post_init__(self) -> None:
        for statement in self.block.statements:
            self.place(statement)

    def place(self, statement: Statement) -> None:
        """Note the grid of what a statement makes."""
        call = statement.operation
        if not isinstance(call, Call) or len(statement.outputs) != 1:
            return
        y = statement.outputs[0]
        if call.function is fake_quantize:
            grid = rounded_to(call)
        elif call.function is dequantize_linear:
            grid = self.stored_as(call)
        elif call.function is requantize_centered:
            grid = self.centered_at(call)
        elif call.function is subtract_zero_point:
            grid = self.centered_of(call)
        elif call.args and isinstance(call.args[0], Ref) and only_moves(call):
            grid = self.all.get(call.args[0].name)
        else:
            return
        if self.block.values.type(y) is None:
            return
        if grid is not None and grid.dtype in ("uint8", "int8"):
            self.all[y] = grid
            if call.function in READERS and isinstance(call.args[0], Ref):
                self.numbers[y] = call.args[0].name

    def stored_as(self, call: Call) -> Grid | None:
        """Return the grid of ``dequantize_linear``."""
        kind, (_, scale, zero) = (
            self.block.values.type(call.args[0]),
            (*call.args, 0)[:3],
        )
        if not isinstance(scale, float) or not isinstance(zero, int):
            return None
        return None if kind is None or call.kwargs else Grid(kind.dtype, zero, scale)

    def centered_at(self, call: Call) -> Grid | None:
        """Return the grid of ``requantize_centered``."""
        zero = self.constant(call.args[2])
        if zero is None or zero.size != 1:
            return None
        return Grid(zero.dtype.name, int(zero.item()), wide=bool(call.kwargs))

    def centered_of(self, call: Call) -> Grid | None:
        """Return the grid of ``subtract_zero_point``."""
        kind, zero = self.block.values.type(call.args[0]), (*call.args, 0)[1]
        number = self.block.number(zero)
        if kind is None or number is None:
            return None
        return Grid(kind.dtype, int(number), wide=bool(call.kwargs))

    def constant(self, argument: Argument) -> np.ndarray | None:
        """Return the tensor that an argument always is, if there is one."""
        if isinstance(argument, Ref):
            return self.block.values.weights.get(argument.name)
        return None


def rounded_to(call: Call) -> Grid | None:
    """Return the grid of ``fake_quantize`` or ``quantize_linear``."""
    _, scale, zero = (*call.args, 0)[:3]
    if not isinstance(scale, float) or not isinstance(zero, int):
        return None
    if not call.kwargs.keys() <= {"dtype"}:
        return None
    dtype: Any = call.kwargs.get("dtype", np.uint8)
    return Grid(np.dtype(dtype).name, zero, scale)
