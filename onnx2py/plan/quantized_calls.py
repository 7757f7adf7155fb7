"""Calls that have all of a quantized operator, from 8-bit integers to 8-bit integers.

They are what engines compute that multiply integers; NumPy computes what it did before.

Q6  A convolution of integers by way of floats (rules Q1 and Q4), its centering and its
    requantizing -> ``qlinear_conv_packed``, or ``_pointwise`` or ``_depthwise``.
Q7  A convolution, product or sum of what ``fake_quantize`` or ``dequantize_linear`` made, and the
    ``fake_quantize`` or ``quantize_linear`` of its result -> ``qdq_conv_packed`` and others,
    ``qdq_gemm``, ``qdq_matmul``, ``qdq_add``. A Relu or Clip between becomes ``limits``.
Q8  What only picks or moves numbers between two such calls -> of integers.

Where something else reads the floats, they are made of the integers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.program import Argument, Call, Program, Ref, Statement
from ..ir.types import TensorType, tensor_type_of
from ..kernels import conv_qdq, conv_qlinear, qdq
from ..kernels.activation import relu
from ..kernels.arithmetic import clip
from ..kernels.conv_depthwise import conv_depthwise
from ..kernels.conv_packed import conv_packed, conv_pointwise
from ..kernels.conv_winograd import conv_winograd
from ..kernels.matmul import gemm, linear
from ..kernels.matmul_integer import requantize, requantize_centered
from ..kernels.quantization import fake_quantize, quantize_linear
from .quantized_grids import READERS, Grid, Grids, rounded_to
from .rewrite import Block, Values, function_of
from .traverse import with_blocks
from .weight_scales import WeightScales

OF_INTEGERS: Mapping[Any, Callable[..., Any]] = {
    conv_depthwise: conv_qlinear.qlinear_conv_depthwise,
    conv_packed: conv_qlinear.qlinear_conv_packed,
    conv_pointwise: conv_qlinear.qlinear_conv_pointwise,
}
OF_FLOATS: Mapping[Any, Callable[..., Any]] = {
    conv_depthwise: conv_qdq.qdq_conv_depthwise,
    conv_packed: conv_qdq.qdq_conv_packed,
    conv_pointwise: conv_qdq.qdq_conv_pointwise,
    conv_winograd: conv_qdq.qdq_conv_winograd,
    gemm: qdq.qdq_gemm,
    linear: qdq.qdq_matmul,
    np.matmul: qdq.qdq_matmul,
}
ROOTS = (fake_quantize, quantize_linear, requantize, requantize_centered)
"""What makes integers of a result, or floats of them."""
OPTIONS = {"strides", "pads", "dilations", "group", "trans_b"}
"""Those that the functions above have in common with what they stand for."""


def compute_with_integers(program: Program) -> Program:
    """Apply rules Q6, Q7 and Q8, in bodies too."""
    if all(function_of(s) not in ROOTS for s in program.walk()):
        return program
    values = Values(dict(program.weights), dict(program.types))
    scales = WeightScales(program)
    changed = with_blocks(
        program,
        lambda *block: _Integers(Block(values, *block), scales).statements(),
    )
    return replace(changed, types=values.types, weights=values.weights)


@dataclass
class _Integers:
    """A block of statements, and what of it is on a grid."""

    block: Block
    scales: WeightScales
    grids: dict[str, Grid] = field(init=False)
    numbers: dict[str, str] = field(init=False)
    """The names of integers, by those of the floats."""
    wanted: Counter[str] = field(default_factory=Counter)
    """How many reads of a value become reads of its integers."""
    calls: dict[int, tuple[list[Statement], Call]] = field(default_factory=dict)
    """What makes the value that a statement rounds, and the call for all of it."""

    def statements(self) -> Iterator[Statement]:
        """Yield the statements after the rules."""
        found = Grids(self.block)
        self.grids, self.numbers = found.all, found.numbers
        for statement in self.block.statements:
            self.plan(statement)
        gone = {id(maker) for makers, _ in self.calls.values() for maker in makers}
        for statement in self.block.statements[::-1]:
            self.want_moved(statement)
        for statement in self.block.statements:
            if id(statement) not in gone:
                yield from self.changed(statement)

    # ------------------------------------------------------------ what becomes one call

    def plan(self, statement: Statement) -> None:
        """Note the call for a statement and the one before, if integers come and go."""
        function, call = function_of(statement), statement.operation
        if function not in ROOTS:
            return
        assert isinstance(call, Call)
        makers = [*self.only_maker(call.args[0])]
        before = makers[0].operation if makers else None
        if not isinstance(before, Call) or before.results is not None:
            return
        if function not in (fake_quantize, quantize_linear):
            made = self.of_integers(before, call)
        else:
            to = rounded_to(call)
            if to is None or to.dtype not in ("uint8", "int8"):
                return
            if function is fake_quantize and statement.outputs[0] not in self.grids:
                return
            limits = self.limits(before, to)
            if limits is not None:
                makers = [*self.only_maker(before.args[0]), *makers]
                before = makers[0].operation
            if not isinstance(before, Call) or before.results is not None:
                return
            if before.function is np.add and limits is None:
                made = self.sum(before, to)
            else:
                made = self.of_floats(before, to, limits)
        if made is not None:
            self.calls[id(statement)] = makers, made
            count = 2 if made.function is qdq.qdq_add else 1
            self.wanted.update(a.name for a in made.args[:count] if isinstance(a, Ref))

    def only_maker(self, value: Argument) -> Iterator[Statement]:
        """Yield the statement that makes a value for one reader alone."""
        maker = self.block.maker(value)
        if maker is not None and self.block.uses[maker.outputs[0]] == 1:
            yield maker

    def limits(self, call: Call, to: Grid) -> tuple[int, int] | None:
        """Return the integers to which Relu or Clip limits what is rounded; None without."""
        bounds: list[Any] = [None, None]
        if call.function is relu and not call.kwargs:
            bounds[0] = 0.0
        elif call.function is clip and not call.kwargs:
            bounds[: len(call.args) - 1] = call.args[1:]
        else:
            return None
        if not all(
            bound is None or isinstance(bound, (int, float)) for bound in bounds
        ):
            return None
        whole = np.iinfo(to.dtype)
        low, high = (
            (
                int(
                    quantize_linear(
                        np.asarray(b, np.float32),
                        to.scale or 1,
                        to.zero_point,
                        dtype=to.dtype,
                    )
                )
                if b is not None
                else limit
            )
            for b, limit in zip(bounds, (whole.min, whole.max))
        )
        return low, high

    def of_integers(self, conv: Call, end: Call) -> Call | None:
        """Return the call for a convolution of integers (rule Q6)."""
        function = OF_INTEGERS.get(conv.function)
        if function is None or not conv.kwargs.keys() <= OPTIONS or len(end.args) != 3:
            return None
        x, weight, *bias = conv.args
        grid = self.grids.get(x.name) if isinstance(x, Ref) else None
        if grid is None or grid.scale is not None:
            return None
        args = (
            *(x, weight, bias[0] if bias else None),
            *(*end.args[1:], grid.zero_point),
        )
        return Call(function, args, conv.kwargs)

    def of_floats(
        self, before: Call, to: Grid, limits: tuple[int, int] | None
    ) -> Call | None:
        """Return the call for a convolution or product of rounded floats (rule Q7)."""
        function = OF_FLOATS.get(before.function)
        if function is None or not before.kwargs.keys() <= OPTIONS:
            return None
        x, *rest = before.args
        grid = self.grids.get(x.name) if isinstance(x, Ref) else None
        if grid is None or grid.scale is None:
            return None
        axis = 0 if before.kwargs.get("trans_b") else -1
        kind = self.block.values.type(rest[0])
        product = before.function in (np.matmul, linear, gemm)
        if product and (kind is None or kind.rank != 2):
            return None
        scale = self.weight_scale(rest[0], axis)
        if scale is None:
            return None
        bias = rest[1] if len(rest) > 1 else None
        args = (x, rest[0], bias, *grid.literals, scale, *to.literals)
        options = {**before.kwargs, **to.options}
        return Call(
            function, args, {**options, "limits": limits} if limits else options
        )

    def weight_scale(self, weight: Argument, axis: int) -> Argument:
        """Return the scale of a weight as an argument, None if it has none."""
        scale = self.scales.of(weight, axis)
        if not isinstance(scale, np.ndarray):
            return scale
        assert isinstance(weight, Ref)
        values = self.block.values
        name = values.new(f"{weight.name}_scale", tensor_type_of(scale))
        assert isinstance(values.weights, dict)
        values.weights[name] = scale
        self.scales.found[weight.name, axis] = Ref(name)
        return Ref(name)

    def sum(self, before: Call, to: Grid) -> Call | None:
        """Return the call for a sum of rounded floats (rule Q7)."""
        grids = [self.grids.get(a.name) for a in before.args if isinstance(a, Ref)]
        if len(grids) != 2 or before.kwargs:
            return None
        left, right = grids
        if left is None or right is None or None in (left.scale, right.scale):
            return None
        args = (*before.args, *left.literals, *right.literals, *to.literals)
        return Call(qdq.qdq_add, args, to.options)

    def want_moved(self, statement: Statement) -> None:
        """Let integers be moved where those of the result are wanted (rule Q8)."""
        call, y = statement.operation, statement.outputs
        if len(y) != 1 or not self.wanted[y[0]] or y[0] not in self.grids:
            return
        if isinstance(call, Call) and self.moves(call):
            assert isinstance(call.args[0], Ref)
            self.wanted[call.args[0].name] += 1

    def moves(self, call: Call) -> bool:
        """Whether a call makes a value that is on the grid of its first argument."""
        return call.function not in (fake_quantize, requantize_centered, *READERS)

    # ------------------------------------------------------------ the statements

    def changed(self, statement: Statement) -> Iterator[Statement]:
        """Yield what takes the place of a statement."""
        call, found = statement.operation, self.calls.get(id(statement))
        y = statement.outputs[0] if len(statement.outputs) == 1 else ""
        if found is None and not (y in self.grids and self.wanted[y]):
            yield statement
            return
        assert isinstance(call, Call)
        if found is not None:
            makers, made = found
            call = self.reading_integers(made)
            steps = (*makers, statement)
            statement = replace(
                statement,
                nodes=tuple(node for step in steps for node in step.nodes),
                literals=tuple(name for step in steps for name in step.literals),
                scopes=makers[0].scopes,
            )
        elif call.function is fake_quantize:
            grid = self.grids[y]
            zero = (grid.zero_point,) if grid.zero_point else ()
            args = (call.args[0], grid.scale, *zero)
            call = Call(quantize_linear, args, grid.options)
        elif call.function is requantize_centered:
            call = Call(requantize, call.args)
        elif call.function in READERS:
            if self.block.uses[y] > self.wanted[y]:
                yield statement
            return
        else:
            call = self.reading_integers(call)
        if y not in self.grids:
            yield replace(statement, operation=call)
        else:
            yield from self.stored(statement, call, y)

    def reading_integers(self, call: Call) -> Call:
        """Return a call of integers in place of the floats that are made of them."""
        args = tuple(
            Ref(self.numbers.get(a.name, a.name)) if isinstance(a, Ref) else a
            for a in call.args
        )
        return replace(call, args=args)

    def stored(self, statement: Statement, call: Call, y: str) -> Iterator[Statement]:
        """Yield the call that makes integers, and one that makes floats if they are read."""
        values, grid = self.block.values, self.grids[y]
        kind = values.types[y]
        assert isinstance(kind, TensorType)
        integers = replace(kind, dtype=grid.dtype)
        if self.block.uses[y] <= self.wanted[y]:
            values.types[y], self.numbers[y] = integers, y
            yield replace(statement, operation=call)
            return
        self.numbers[y] = values.new(f"{y}_quantized", integers)
        *early, last = statement.nodes or ("",)
        first = tuple(early) or statement.nodes
        yield replace(
            statement, operation=call, outputs=(self.numbers[y],), nodes=first
        )
        yield Statement(
            grid.floats(self.numbers[y]),
            (y,),
            (last,) if early else (),
            scopes=statement.scopes,
        )
