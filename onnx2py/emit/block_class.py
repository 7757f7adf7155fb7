"""The class of a block: what its instances hold, and its calls over names of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import counted
from ..ir.blocks import Chosen, Outline, mapped_statement
from ..ir.graph import new_name
from ..ir.program import (
    Argument,
    Call,
    Program,
    Ref,
    Statement,
    bodies_of,
    references,
    walk,
)
from ..ir.types import ValueType
from ..plan.traverse import read_in_calls
from .annotations import annotation
from .arrays import is_scalar
from .block_labels import below_scope, labeled, modules_of, without_scope
from .block_objects import Objects
from .block_parts import Parts
from .block_source import BlockWriter, Calling
from .block_weights import stored, type_of, weight_lines
from .literals import array_literal, dtype_literal, scalar_text
from .methods import Methods
from .names import unique_name
from .patterns import pattern
from .spelling import Spelling
from .text import WIDTH, one_line
from .usage import read_by_numpy_alone
from .values import name_values
from .words import doc_line

INSIDE = " " * 8
"""Indentation of what is in a method."""


@dataclass
class Written:
    """The class of a block, and what the names in it stand for."""

    text: str
    names: dict[str, str]
    methods: Methods
    statements: tuple[Statement, ...]
    calls: int


@dataclass
class ClassWriter:
    """Writes the classes of blocks, each after those that it calls."""

    program: Program
    outline: Outline
    objects: Objects
    calling: Calling
    files: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uses = self.objects.uses
        statements = walk(self.program.statements)
        self.lengths = {n for s in statements if not s.nodes for n in s.outputs}
        """The values that are Python numbers."""

    def written(self, block: str) -> Written:
        """Write the class of a block."""
        parts = self.objects.parts[block]
        made = self.objects.lines(block)  # it may need more parameters
        local = self.local_program(parts)
        literals = _literals(parts, local)
        held = (*parts.constants, *parts.given, *parts.prepared)
        attributes = [name for name in held if name not in literals]
        names = self.names(local, attributes)
        taken = dict.fromkeys(names.values(), 0)
        loops = self.calling.loop_variables(names, taken)
        loops.name(local.statements, local.outputs)
        held_as = {name: names[name] for name in attributes}
        literals.update(loops.parts)
        spelling = Spelling(names, held_as, literals, read_in_calls(local))
        writer = BlockWriter(
            local, spelling, self.uses, Methods(taken),
            calling=self.calling, loops=loops,
        )  # fmt: skip
        init = [*self.init(parts, local, spelling, writer), *made]
        body = writer.block(local.statements)
        results = ", ".join(map(spelling.expression, local.outputs))
        lines = [
            f"class {self.objects.classes[block]}:",
            textwrap.indent(_docstring(parts, writer.calls), "    "),
            "",
            *self.constructor(parts, init),
            f"    def __call__({self.parameters(local, names)}) -> {self.returned(local)}:",
            textwrap.indent(body, INSIDE),
            f"\n        return {results}",
            *(f"\n{textwrap.indent(method, '    ')}" for method in writer.bodies),
        ]
        return Written(
            "\n".join(lines), names, writer.methods, local.statements, writer.calls
        )

    def local_program(self, parts: Parts) -> Program:
        """Return a block as a program of its own, with the constants of the first instance."""
        block = parts.block
        types: dict[str, ValueType] = {**block.types}
        types.update((name, type_of(filed)) for name, filed in parts.files.items())
        first = {name: filed.arrays[0] for name, filed in parts.files.items()}
        return Program(
            name=block.name,
            inputs=block.inputs,
            outputs=block.outputs,
            statements=labeled(block, parts.statements),
            weights={**first, **parts.arrays},
            defaults={},
            types=types,
            setup=tuple(parts.setup),
        )

    # ------------------------------------------------------------------ names

    def names(self, local: Program, attributes: Sequence[str]) -> dict[str, str]:
        """Name the values of a block by what their ONNX names say below its scope."""
        scope = modules_of(self.outline.blocks[local.name])[0]
        below: dict[str, str] = {}
        taken: set[str] = set()

        def short(name: str) -> str:
            if name and name not in below:
                rest = without_scope(name, scope)
                below[name] = new_name(rest, taken) if rest in taken else rest
                taken.add(below[name])
            return below.get(name, "")

        renamed = _renamed(local, short)
        renamed = replace(renamed, statements=below_scope(renamed.statements))
        block = self.outline.blocks[local.name]
        found = name_values(
            renamed,
            [short(name) for name in attributes],
            [below[name] for name in block.settings if name in below],
        )
        names = {name: found[new] for name, new in below.items() if new in found}
        sites = self.objects.tree.attributes(local.name)
        used = dict.fromkeys([*names.values(), *sites], 0)
        for name in (*attributes, *read_in_calls(local)):
            if names[name] in sites:
                names[name] = unique_name(names[name], used)
        return names

    # ------------------------------------------------------------------ the constructor

    def init(
        self, parts: Parts, local: Program, spelling: Spelling, writer: BlockWriter
    ) -> Iterator[str]:
        """Yield what the constructor does before it makes other objects."""
        read = _read(parts)
        for name in parts.given:
            if name in read:
                parameter = self.objects.parameter(parts.block.name, name)
                yield f"{spelling.expression(name)} = {parameter}"
        for name, array in parts.arrays.items():
            if not spelling.is_literal(name):
                text = array_literal(array, self.uses)
                yield f"{spelling.expression(name)} = {text}"
        yield from weight_lines(parts, local, spelling)
        self.files.update(stored(parts, spelling, self.objects.paths))
        for name, (raw, way) in parts.prepared.items():
            weight, prepare = spelling.expression(raw), self.objects.parameter(
                parts.block.name, way
            )
            text = f"{prepare}({weight}) if {prepare} else {weight}"
            yield f"{spelling.expression(name)} = {text}"
        if local.setup:
            yield writer.block(local.setup)

    def constructor(self, parts: Parts, init: Sequence[str]) -> Iterator[str]:
        """Yield the lines of ``__init__``, none if it has nothing to do."""
        if not init:
            return
        block, any_type = parts.block.name, self.uses.typing("Any")
        given = ["load: Load", "name: str"] if self.objects.loads(block) else []
        for name in parts.given:
            given.append(f"{self.objects.parameter(block, name)}: {any_type}")
        yield f"    def __init__({', '.join(['self', *given])}) -> None:"
        yield textwrap.indent("\n".join(init), INSIDE)
        yield ""

    # ------------------------------------------------------------------ the call

    def parameters(self, local: Program, names: Mapping[str, str]) -> str:
        """Return the parameters of a call."""
        given = (f"{names[n]}: {self.annotation(local, n)}" for n in local.inputs)
        return ", ".join(["self", *given])

    def returned(self, local: Program) -> str:
        """Return the annotation of what a call returns."""
        kinds = [self.annotation(local, name) for name in local.outputs]
        return kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"

    def annotation(self, local: Program, name: str) -> str:
        """Return the annotation of an input or output of a block: lengths are numbers."""
        applications = self.outline.blocks[local.name].applications
        if any(a.values.get(name) in self.lengths for a in applications):
            return "int"
        return annotation(local.types.get(name), self.uses)


def _literals(parts: Parts, local: Program) -> dict[str, str]:
    """Return the constants that stand where they are read: scalars for NumPy's functions."""
    shown = read_by_numpy_alone(local.walk())
    return {
        name: f"{dtype_literal(array.dtype)}({scalar_text(array)})"
        for name, array in parts.arrays.items()
        if name in shown and is_scalar(array)
    }


def _docstring(parts: Parts, calls: int) -> str:
    """Say which nodes a block stands for."""
    modules = modules_of(parts.block)
    where = f"``{one_line(pattern(modules))}``, " if all(modules) else ""
    count = len(parts.block.applications)
    times = "once" if count == 1 else f"{count} times"
    text = f"{where}{times}: {counted(calls, 'call')}."
    first, *rest = textwrap.wrap(text, WIDTH - 8, break_on_hyphens=False)
    if not rest:
        return f'"""{doc_line(first)}"""'
    return "\n".join([f'"""{doc_line(first)}', *map(doc_line, rest), '"""'])


def _read(parts: Parts) -> set[str]:
    """Return the names that the statements of a block read, or call."""
    found: set[str] = set()
    for statement in walk((*parts.setup, *parts.statements)):
        operation = statement.operation
        found.update(references(operation))
        if isinstance(operation, Call) and isinstance(operation.function, Chosen):
            found.add(operation.function.setting)
        for body in bodies_of(operation):
            found.update((*body.outputs, *body.captures))
    return found


def _renamed(program: Program, name: Callable[[str], str]) -> Program:
    """Return a program with other names for all that it mentions."""

    def argument(value: Argument) -> Argument:
        return Ref(name(value.name)) if isinstance(value, Ref) else value

    def all_of(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        return tuple(mapped_statement(s, argument, name) for s in statements)

    return replace(
        program,
        inputs=tuple(map(name, program.inputs)),
        outputs=tuple(map(name, program.outputs)),
        setup=all_of(program.setup),
        statements=all_of(program.statements),
        types={name(key): kind for key, kind in program.types.items()},
        weights={name(key): array for key, array in program.weights.items()},
    )
