"""The class of a block: what its instances hold, and its calls over names of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ir.blocks import Chosen
from ..ir.program import Call, Program, bodies_of, references, walk
from ..plan.traverse import read_in_calls
from .arrays import is_scalar
from .block_convolution_lines import ConvolutionWriter
from .block_labels import docstring
from .block_names import local_names
from .block_objects import Objects
from .block_parts import Parts
from .block_source import BlockWriter
from .block_weights import stored, type_of, weight_lines
from .class_writer import INSIDE, ClassWriter, Written
from .literals import array_literal, scalar_literal
from .methods import Methods
from .spelling import Spelling
from .usage import read_as_numbers
from .uses import Uses


@dataclass
class NumpyClassWriter(ClassWriter):
    """Writes classes whose objects load their weights."""

    objects: Objects
    files: dict[str, np.ndarray] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    """The constant in each file, by the path of its attribute."""

    def written(self, block: str) -> Written:
        """Write the class of a block."""
        parts = self.objects.parts[block]
        local = self.program_of(parts)
        literals = _literals(parts, local, self.uses)
        held = (*parts.constants, *parts.given, *parts.prepared)
        attributes = [name for name in held if name not in literals]
        sites = self.objects.tree.attributes(block)
        names = local_names(local, parts, self.interfaces, attributes, sites)
        convolutions = ConvolutionWriter(parts, self.objects)
        attributes = convolutions.hold(names, attributes)
        self.objects.name_parameters(block, names)
        made = self.objects.lines(block)  # it may need more parameters
        local = self.program_of(parts)
        taken = dict.fromkeys(names.values(), 0)
        loops = self.calling.loop_variables(names, taken)
        loops.name(local.statements, local.outputs)
        held_as = {name: names[name] for name in attributes}
        literals.update(loops.parts)
        spelling = Spelling(names, held_as, literals, read_in_calls(local))
        writer = BlockWriter(
            local, spelling, self.uses, Methods(taken, local.statements, names, sites),
            calling=self.calling, loops=loops, lengths=self.lengths,
        )  # fmt: skip
        init = [
            *convolutions.lines(names),
            *self.init(parts, local, spelling, writer),
            *made,
        ]
        filed = {names[name]: filed for name, filed in parts.files.items()}
        filed.update(convolutions.files(names))
        self.files.update(stored(filed, block, self.objects.paths))
        for last, each in filed.items():
            for number, constant in enumerate(each.names):
                path = self.objects.paths[block, number]
                self.constants[f"{path}.{last}"] = constant
        body = writer.block(local.statements, local.outputs)
        results = ", ".join(map(spelling.expression, local.outputs))
        lines = [
            f"class {self.calling.classes[block]}:",
            textwrap.indent(docstring(parts.block, writer.calls), "    "),
            "",
            *self.constructor(parts, init),
            f"    {self.signature('__call__', local, names)}",
            textwrap.indent(body, INSIDE),
            f"\n        return {results}",
            *(f"\n{textwrap.indent(method, '    ')}" for method in writer.bodies),
        ]
        return Written(
            "\n".join(lines), names, writer.methods, local.statements, writer.calls
        )

    def program_of(self, parts: Parts) -> Program:
        """Return a block as a program of its own, with the constants of the first instance."""
        types = {name: type_of(filed) for name, filed in parts.files.items()}
        first = {
            name: filed.arrays[0]
            for name, filed in parts.files.items()
            if filed.arrays[0] is not None
        }
        weights = {**first, **parts.arrays}
        return self.local_program(
            parts.block, parts.statements, weights, types, parts.setup
        )

    # ------------------------------------------------------------------ the constructor

    def init(
        self, parts: Parts, local: Program, spelling: Spelling, writer: BlockWriter
    ) -> Iterator[str]:
        """Yield what the constructor does before it makes other objects."""
        read = _read(parts)
        for name in parts.given:
            if name in read and name not in parts.convolutions:
                parameter = self.objects.parameter(parts.block.name, name)
                yield f"{spelling.expression(name)} = {parameter}"
        for name, array in parts.arrays.items():
            if not spelling.is_literal(name):
                text = array_literal(array, self.uses)
                yield f"{spelling.expression(name)} = {text}"
        yield from weight_lines(parts, spelling)
        for name, (raw, way) in parts.prepared.items():
            weight, prepare = (
                spelling.expression(raw),
                self.objects.parameter(parts.block.name, way),
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
        given = ["load: Load"] if self.objects.loads(block) else []
        for name in parts.given:
            given.append(f"{self.objects.parameter(block, name)}: {any_type}")
        yield f"    def __init__({', '.join(['self', *given])}) -> None:"
        yield textwrap.indent("\n".join(init), INSIDE)
        yield ""


def _literals(parts: Parts, local: Program, uses: Uses) -> dict[str, str]:
    """Return the constants that stand where they are read: numbers for arrays."""
    shown = read_as_numbers(local.walk(), uses)
    return {
        name: scalar_literal(array, uses)
        for name, array in parts.arrays.items()
        if name in shown and is_scalar(array)
    }


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
