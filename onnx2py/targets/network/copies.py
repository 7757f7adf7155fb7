"""Constants of equal numbers that exporters store once: each module has its own.

R6  a constant whose numbers are equal, read in several modules that differ by their numbers
    -> one for each of them

Exporters put fresh ones together, such as the scales of all layers. What is trained is the
parameter of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ...ir.blocks import mapped_statement
from ...ir.graph import onnx_name
from ...ir.program import Argument, Call, Program, Ref, Statement, bodies_of, references
from ...ir.types import tensor_type_of
from ...plan.traverse import names_read
from .layer import Layer
from .modules import is_uniform
from .paths import scope_path, weight_path
from .sites import Facts
from .state import state_of


def give_copies(program: Program) -> Program:
    """Give each module its own of the constants that are equal by chance (rule R6)."""
    facts = Facts.of(program)
    weights, folded = dict(program.weights), dict(program.folded)
    copies: dict[tuple[str, str], str] = {}
    """The copy for a constant in a module."""
    for value, modules in _shared(program).items():
        own, _, last = weight_path(value).rpartition(".")
        if own and own not in modules:
            continue
        word = re.sub(r"_\d+\Z", "", onnx_name(value))
        for module in sorted(modules - {own}):
            wanted = f"{module}.{last}" if own else word
            name = facts.new(wanted, tensor_type_of(weights[value]))
            copies[value, module] = name
            weights[name] = weights[value]
            if value in folded:
                folded[name] = folded[value]
    if not copies:
        return program
    statements = tuple(_reading(s, copies) for s in program.statements)
    read = names_read((*program.setup, *statements), program.outputs)
    kept = read | {*program.defaults}
    return replace(
        program,
        statements=statements,
        weights={name: array for name, array in weights.items() if name in kept},
        folded=folded,
        types=facts.types,
    )


def _shared(program: Program) -> dict[str, set[str]]:
    """Return the modules that read each constant that is equal by chance."""
    state = state_of(program)
    known = {v for key, v in state.values.items() if not state.is_apart(key)}
    found: dict[str, set[str]] = {
        name: set()
        for name in sorted(known)
        if program.weights[name].size > 1
        and program.weights[name].dtype.kind == "f"
        and is_uniform(program.weights[name])
    }
    for name in {*program.outputs, *program.defaults, *_read_elsewhere(program)}:
        found.pop(name, None)
    for statement in program.statements:
        for name in references(statement.operation):
            if name in found:
                found[name].add(scope_path(statement.scopes))
    return {name: modules for name, modules in found.items() if _are_alike(modules)}


def _read_elsewhere(program: Program) -> set[str]:
    """Return the constants that layers, bodies or the setup read."""
    top = {id(statement) for statement in program.statements}
    read: set[str] = set()
    for statement in program.walk():
        call = statement.operation
        is_layer = isinstance(call, Call) and isinstance(call.function, Layer)
        if is_layer or id(statement) not in top or bodies_of(call):
            read.update(references(call))
        read.update(name for body in bodies_of(call) for name in body.outputs)
    return read


def _are_alike(modules: set[str]) -> bool:
    """Whether there are several modules, which only their numbers tell apart."""
    words = {re.sub(r"\d+", "0", module) for module in modules}
    return len(modules) > 1 and len(words) == 1 and "" not in modules


def _reading(statement: Statement, copies: Mapping[tuple[str, str], str]) -> Statement:
    """Return a statement that reads the copies of its module."""
    module = scope_path(statement.scopes)
    if not any((name, module) in copies for name in references(statement.operation)):
        return statement

    def argument(value: Argument) -> Argument:
        if isinstance(value, Ref):
            return Ref(copies.get((value.name, module), value.name))
        return value

    return mapped_statement(statement, argument, lambda name: name)
