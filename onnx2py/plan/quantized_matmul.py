"""Products of numbers that are rounded to 8 bits by their own range, without the integers.

Q3  ``dynamic_quantize_linear``, ``matmul_integer_prepared`` with exact float32 weights, and
    ``astype(float32)``, whose results nobody else reads -> ``rounded_to_bytes``, ``project``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.program import Body, Call, Program, Ref, Statement, references
from ..ir.types import TensorType, ValueType
from ..kernels.integer_matmul import matmul_integer_prepared
from ..kernels.matmul import project
from ..kernels.quantization import dynamic_quantize_linear, rounded_to_bytes
from .traverse import count_reads, with_bodies


def multiply_rounded_numbers(program: Program) -> Program:
    """Apply rule Q3, in bodies too."""
    types = dict(program.types)
    statements = _changed(program.statements, program.outputs, types, program.weights)
    return replace(program, statements=statements, types=types)


def _changed(
    statements: tuple[Statement, ...],
    outputs: tuple[str, ...],
    types: dict[str, ValueType],
    weights: Mapping[str, np.ndarray],
) -> tuple[Statement, ...]:
    uses = count_reads(statements, outputs)
    readers: dict[str, list[Statement]] = {}
    for statement in statements:
        for name in references(statement.operation):
            readers.setdefault(name, []).append(statement)
    new: dict[int, Statement] = {}
    gone: set[int] = set()
    for statement in statements:
        if _function(statement) is not dynamic_quantize_linear:
            continue
        numbers, scale, zero = (*statement.outputs, "", "")[:3]
        products = readers.get(numbers, [])
        if uses[numbers] != len(products) or uses[zero] != len(products):
            continue
        casts = [
            _cast_of(each, numbers, zero, uses, readers, weights) for each in products
        ]
        if not products or not zero or None in casts:
            continue
        assert isinstance(statement.operation, Call)
        kind = types.get(numbers)
        if isinstance(kind, TensorType):
            types[numbers] = replace(kind, dtype="float32")
        call = Call(rounded_to_bytes, statement.operation.args, {}, 2)
        new[id(statement)] = replace(
            statement, operation=call, outputs=(numbers, scale)
        )
        for product, cast in zip(products, casts):
            assert cast is not None and isinstance(product.operation, Call)
            gone.add(id(cast))
            new[id(product)] = replace(
                product,
                operation=Call(project, product.operation.args[:2]),
                outputs=cast.outputs,
                nodes=(*product.nodes, *cast.nodes),
                literals=(*product.literals, *cast.literals),
            )

    def inside(body: Body) -> Body:
        changed = _changed(body.statements, body.outputs, types, weights)
        return replace(body, statements=changed)

    kept = (new.get(id(s), s) for s in statements if id(s) not in gone)
    return tuple(replace(s, operation=with_bodies(s.operation, inside)) for s in kept)


def _function(statement: Statement) -> object:
    call = statement.operation
    return call.function if isinstance(call, Call) else None


def _cast_of(
    product: Statement,
    numbers: str,
    zero: str,
    uses: Counter[str],
    readers: Mapping[str, list[Statement]],
    weights: Mapping[str, np.ndarray],
) -> Statement | None:
    """Return what makes floats of a product, if that and its weights are as they must be."""
    call = product.operation
    if not isinstance(call, Call) or call.function is not matmul_integer_prepared:
        return None
    b = call.args[1]
    if call.args != (Ref(numbers), b, Ref(zero)) or not isinstance(b, Ref):
        return None
    matrix, result = weights.get(b.name), product.outputs[0]
    if matrix is None or matrix.dtype != np.float32 or matrix.ndim != 2:
        return None
    following = readers.get(result, [])
    if uses[result] != 1 or len(following) != 1:
        return None
    cast = following[0].operation
    fits = isinstance(cast, Call) and cast.function == ".astype" and not cast.kwargs
    if not fits or not isinstance(cast, Call) or cast.args[0] != Ref(result):
        return None
    return following[0] if np.dtype(cast.args[1]) == np.float32 else None  # type: ignore[arg-type]
