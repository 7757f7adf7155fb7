"""Weights of few bits that are made floats once, when they are loaded.

S2  ``matmul_nbits`` with constant weights -> ``matmul_nbits_unpacked``.
S3  ``matmul_bnb4`` with constant weights -> ``matmul``.
S4  ``dynamic_quantize_lstm`` with constant weights -> it gets them less their zero points.

Together such floats take at most ``UNPACKED_BYTES`` of memory; what does not fit any more is
unpacked in each call, block by block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from ..ir.graph import new_name, onnx_name
from ..ir.program import Argument, Call, Program, Ref, Statement, references
from ..ir.types import TensorType, ValueType
from ..kernels.lstm_quantized import centered_weights, dynamic_quantize_lstm
from ..kernels.matmul import matmul
from ..kernels.matmul_bnb4 import matmul_bnb4, unpack_bnb4
from ..kernels.matmul_nbits import matmul_nbits, matmul_nbits_unpacked, unpack_nbits
from .traverse import with_blocks

UNPACKED_BYTES = 1 << 30


def unpack_weights(program: Program) -> Program:
    """Apply rules S2 to S4, in bodies too."""
    unpacking = _Unpacking(program)
    changed = with_blocks(program, lambda statements, _: map(unpacking.one, statements))
    return replace(
        changed,
        types=unpacking.types,
        setup=(*program.setup, *unpacking.setup),
    )


@dataclass
class _Unpacking:
    program: Program
    types: dict[str, ValueType] = field(init=False)
    fixed: set[str] = field(init=False)
    """What no call changes: weights, and what the setup makes of them."""
    setup: list[Statement] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    """The names of unpacked weights, by the call that unpacks them."""
    left: int = field(default_factory=lambda: UNPACKED_BYTES)

    def __post_init__(self) -> None:
        self.types = dict(self.program.types)
        made = {name for s in self.program.setup for name in s.outputs}
        self.fixed = {*self.program.weights, *made}

    def one(self, statement: Statement) -> Statement:
        call = statement.operation
        rule = _RULES.get(call.function) if isinstance(call, Call) else None
        if rule is None or not isinstance(call, Call):
            return statement
        return replace(statement, operation=rule(self, call, statement))

    def product(self, call: Call, statement: Statement) -> Call:
        """Return a product with weights of integers in blocks (rule S2)."""
        a, b, scales, zeros, g_idx, bias = (*call.args, *[None] * 4)[:6]
        options = dict(call.kwargs)
        n, k, rounds = options.pop("n"), options["k"], options.pop("int8_blocks", False)
        packed = [b, scales, zeros, g_idx]
        while packed[-1] is None:
            packed.pop()
        unpack = Call(unpack_nbits, tuple(packed), options)
        weights = self.floats(unpack, (k, n), statement)
        if weights is None:
            return call
        size = {"block_size": options["block_size"]} if rounds else {}
        rest = () if bias is None else (bias,)
        return Call(matmul_nbits_unpacked, (a, weights, *rest), size)

    def product_of_floats(self, call: Call, statement: Statement) -> Call:
        """Return a product with weights that are floats of 4 bits (rule S3)."""
        a, b, absmax = call.args
        options = dict(call.kwargs)
        n, k = options["n"], options["k"]
        shape = (k, n) if options.get("trans_b", True) else (n, k)
        weights = self.floats(Call(unpack_bnb4, (b, absmax), options), shape, statement)
        return call if weights is None else Call(matmul, (a, weights))

    def recurrent(self, call: Call, statement: Statement) -> Call:
        """Return an LSTM whose weights are less their zero points (rule S4)."""
        args = list(call.args)
        for weight, zero in ((1, 9), (2, 11)):
            w, z = map(self.constant, (args[weight], args[zero]))
            if w is None or z is None:
                continue
            dtype = str(centered_weights(w, z).dtype)
            unpack = Call(centered_weights, (args[weight], args[zero]))
            floats = self.floats(unpack, w.shape, statement, dtype)
            if floats is not None:
                args[weight], args[zero] = floats, None
        return replace(call, args=tuple(args))

    def floats(
        self,
        unpack: Call,
        shape: tuple[Argument, ...],
        statement: Statement,
        dtype: str = "float32",
    ) -> Ref | None:
        """Return weights that the setup unpacks, None if not all is constant or small enough."""
        packed = unpack.args[0]
        array = self.constant(packed)
        names = set(references(unpack))
        if array is None or not array.size or not names <= self.fixed:
            return None
        lengths = tuple(dim for dim in shape if isinstance(dim, int))
        size = prod(lengths) * np.dtype(dtype).itemsize
        if repr(unpack) in self.made:
            return Ref(self.made[repr(unpack)])
        if size > self.left:
            return None
        self.left -= size
        assert isinstance(packed, Ref)
        name = new_name(f"{onnx_name(packed.name)}_unpacked", self.types)
        self.made[repr(unpack)] = name
        self.types[name] = TensorType(dtype, lengths)
        self.setup.append(Statement(unpack, (name,), statement.nodes))
        return Ref(name)

    def constant(self, argument: Argument) -> np.ndarray | None:
        """Return an array that no caller can change."""
        name = argument.name if isinstance(argument, Ref) else ""
        return self.program.weights.get(name)


_RULES: dict[Any, Callable[[_Unpacking, Call, Statement], Call]] = {
    matmul_nbits: _Unpacking.product,
    matmul_bnb4: _Unpacking.product_of_floats,
    dynamic_quantize_lstm: _Unpacking.recurrent,
}
