"""Products of numbers that are rounded to 8 bits by their own range, without the integers.

Q3  ``dynamic_quantize_linear``, ``matmul_integer_prepared`` with exact float32 weights, and
    ``astype(float32)``, whose results are not read elsewhere ->
    ``dynamic_quantize_linear_centered``, ``project``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.program import Call, Program, Ref, Statement
from ..kernels.matmul import project
from ..kernels.matmul_integer import matmul_integer_prepared
from ..kernels.quantization import (
    dynamic_quantize_linear,
    dynamic_quantize_linear_centered,
)
from .rewrite import Block, Match, Values, function_of, in_place
from .traverse import with_blocks

_PRODUCT = (".astype", (matmul_integer_prepared, "numbers", "matrix", "zero"), "dtype")


def multiply_rounded_numbers(program: Program) -> Program:
    """Apply rule Q3, in bodies too."""
    if all(function_of(s) is not dynamic_quantize_linear for s in program.walk()):
        return program
    values = Values(program.weights, dict(program.types))
    changed = with_blocks(program, lambda *block: _changed(Block(values, *block)))
    return replace(changed, types=values.types)


def _changed(block: Block) -> Iterator[Statement]:
    products: dict[Any, list[Match]] = defaultdict(list)
    for statement in block.statements:
        match = block.find(_PRODUCT, statement)
        if match is not None and _is_exact(match, block):
            products[match["numbers"], match["zero"]].append(match)
    new: dict[int, Statement | None] = {}
    for statement in block.statements:
        if function_of(statement) is dynamic_quantize_linear:
            numbers, _, zero = (*statement.outputs, "", "")[:3]
            readers = products[Ref(numbers), Ref(zero)]
            if readers and block.uses[numbers] == block.uses[zero] == len(readers):
                new.update(_of_floats(statement, readers, block))
    kept = (new.get(id(statement), statement) for statement in block.statements)
    yield from (statement for statement in kept if statement is not None)


def _is_exact(match: Match, block: Block) -> bool:
    """Whether float32 holds the weights and each sum: they were prepared so."""
    matrix = match["matrix"]
    array = block.values.weights.get(matrix.name) if isinstance(matrix, Ref) else None
    exact = array is not None and array.dtype == np.float32 and array.ndim == 2
    return exact and np.dtype(match["dtype"]) == np.float32


def _of_floats(
    quantizing: Statement, readers: Sequence[Match], block: Block
) -> Iterator[tuple[int, Statement | None]]:
    """Yield what takes the places of statements, by their ids."""
    numbers, scale, _ = quantizing.outputs
    call, kind = quantizing.operation, block.values.type(numbers)
    assert isinstance(call, Call)
    if kind is not None:
        block.values.types[numbers] = replace(kind, dtype="float32")
    rounded = Call(dynamic_quantize_linear_centered, call.args, {}, 2)
    yield (
        id(quantizing),
        replace(quantizing, operation=rounded, outputs=(numbers, scale)),
    )
    for match in readers:
        cast, product = match.steps
        floats = Call(project, (match["numbers"], match["matrix"]))
        yield id(cast), None
        yield id(product), in_place(floats, match)
