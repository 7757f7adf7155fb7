"""Weights that a model has once and exporters store twice: a table, and the same turned.

R7  a product by a matrix that is a table of embeddings, turned -> by the table: ``x @ table.T``

What is trained is one weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...ir.blocks import mapped_statement
from ...ir.program import Argument, Call, Program, Ref, Statement
from ...ir.types import tensor_type_of
from ...kernels.indexing import gather
from ...kernels.matmul import gemm, matmul
from ...plan.rewrite import function_of
from ...plan.traverse import names_read
from ..network.modules import is_uniform
from ..network.parameters import is_float
from ..network.sites import Facts

_PRODUCTS = (np.matmul, matmul, gemm)
_LOOKUPS = (np.take, gather)


def tie_tables(program: Program) -> Program:
    """Let products read tables in place of copies that are turned."""
    tables = {*_read(program, _LOOKUPS, 0)}
    facts = Facts.of(program)
    turned: dict[str, str] = {}
    for value in _read(program, _PRODUCTS, 1):
        array = program.weights[value]
        table = next((t for t in tables if _is_turned(array, program.weights[t])), "")
        if table and facts.sharers[value] == 1:
            turned[value] = table
    if not turned:
        return program
    statements = tuple(_tied(facts, turned))
    kept = names_read((*program.setup, *statements), program.outputs)
    weights = {
        n: a for n, a in program.weights.items() if n in kept or n in program.defaults
    }
    return replace(program, statements=statements, weights=weights, types=facts.types)


def _read(program: Program, functions: tuple[object, ...], place: int) -> Iterator[str]:
    """Yield the weights that calls of functions read at a place, outside of bodies."""
    for statement in program.statements:
        call = statement.operation
        if not isinstance(call, Call) or function_of(statement) not in functions:
            continue
        value = call.args[place]
        if isinstance(value, Ref) and not call.kwargs.get("trans_b"):
            array = program.weights.get(value.name)
            is_matrix = array is not None and array.ndim == 2 and is_float(array)
            if is_matrix and value.name not in program.defaults:
                yield value.name


def _is_turned(array: np.ndarray, table: np.ndarray) -> bool:
    """Whether a matrix has the numbers of a table, turned; equal numbers say nothing."""
    if array.shape != table.T.shape or array.dtype != table.dtype or is_uniform(table):
        return False
    return np.array_equal(array, table.T)


def _tied(facts: Facts, turned: dict[str, str]) -> Iterator[Statement]:
    for statement in facts.program.statements:
        call = statement.operation
        if not isinstance(call, Call) or function_of(statement) not in _PRODUCTS:
            yield statement
            continue
        matrix = call.args[1]
        table = turned.get(matrix.name, "") if isinstance(matrix, Ref) else ""
        if not table or not isinstance(matrix, Ref):
            yield statement
            continue
        kind = tensor_type_of(facts.program.weights[matrix.name])
        view = facts.new(f"{matrix.name}.turned", kind)
        turn = Call(np.transpose, (Ref(table), (1, 0)))
        nodes = facts.program.folded.get(matrix.name, ())
        yield Statement(turn, (view,), nodes, scopes=statement.scopes)

        def renamed(argument: Argument, old: Ref = matrix, new: str = view) -> Argument:
            return Ref(new) if argument == old else argument

        yield mapped_statement(statement, renamed, lambda name: name)
