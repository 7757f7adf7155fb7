"""Products of numbers that are rounded to 8 bits by their own range, without the integers.

Q3  ``dynamic_quantize_linear``, ``matmul_integer_prepared`` with exact float32 weights, and
    ``astype(float32)``, whose results are not read elsewhere ->
    ``dynamic_quantize_linear_centered``, ``project``.
Q9  ``matmul_integer_prepared``, ``astype(float32)``, the product with the product of both scales,
    and perhaps the sum with a bias -> ``matmul_integer_to_float_prepared``, for engines that
    multiply integers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.program import Call, Program, Ref, Statement
from ..kernels.matmul import project
from ..kernels.matmul_fused import matmul_integer_to_float_prepared
from ..kernels.matmul_integer import matmul_integer_prepared
from ..kernels.quantization import (
    dynamic_quantize_linear,
    dynamic_quantize_linear_centered,
)
from .rewrite import Block, Match, Rewrite, Values, function_of, in_place, rewritten
from .traverse import with_blocks

_PRODUCT = (".astype", (matmul_integer_prepared, "numbers", "matrix", "zero"), "dtype")


_SCALED = (np.multiply, _PRODUCT, (np.multiply, "scale", "matrix scale"))
_WITH_BIAS = (np.add, "bias", _SCALED)


def scale_products(program: Program) -> Program:
    """Apply rule Q9, in bodies too."""
    for pattern in (_WITH_BIAS, _SCALED):
        program = rewritten(program, Rewrite(pattern, _scaled_product))
    return program


def _scaled_product(block: Block, match: Match) -> Call | None:
    """Rule Q9: of one scale and zero point, and a scale for each column."""
    if not _is_exact(match, block):
        return None
    values, numbers = block.values, match["numbers"]
    scales = match["scale"], match["matrix scale"]  # in any order
    scale, of_matrix = sorted(scales, key=values.is_constant)
    bias = match.values.get("bias")
    columns = values.weights[match["matrix"].name].shape[1]
    kinds = map(values.type, (numbers, scale, match["zero"]))
    shapes = [kind.shape if kind else None for kind in kinds]
    if shapes[0] is None or len(shapes[0]) < 2 or shapes[1:] != [(), ()]:
        return None
    each = [(of_matrix, [(columns,), (1,), ()]), (bias, [(columns,)])]
    for constant, sizes in each[: 1 if bias is None else 2]:
        name = constant.name if isinstance(constant, Ref) else ""
        array = values.weights.get(name)
        if array is None or array.dtype != np.float32 or array.shape not in sizes:
            return None
    args = (numbers, match["matrix"], scale, of_matrix, match["zero"])
    added = () if bias is None else (bias,)
    return Call(matmul_integer_to_float_prepared, (*args, *added))


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
