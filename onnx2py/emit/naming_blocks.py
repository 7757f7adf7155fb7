"""What blocks call their inputs, and what their callers call the results.

An input keeps the ONNX name of what it is given, without the numbers that differ between the
applications of the block, unless that name is generic. Else it is called after

1. the parameters that read it, in the block and in those that it calls: ``mask``;
2. its role: what the block transforms is ``hidden``, or without attention ``x``; what is only
   added to a result is ``residual``;
3. the module or the operator that computes what it is given.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..ir.blocks import Block, Outline
from ..ir.graph import onnx_name
from ..ir.program import (
    Apply,
    Call,
    Program,
    Ref,
    Repeat,
    Statement,
    references,
    unsectioned,
    walk,
)
from ..ir.types import TensorType
from .names import Wanted, scopes_of, snake_case
from .naming_generic import has_generic_name, parameter_of
from .naming_modules import Modules
from .naming_roles import noun, told_by

HIDDEN, MAIN, RESIDUAL = "hidden", "x", "residual"
_ATTENDS = re.compile("attention|softmax")


@dataclass(frozen=True)
class Interface:
    """What the inputs of a block are called."""

    inputs: Mapping[str, Wanted]
    told: Mapping[str, str]
    """What an input tells of the values that callers give it, '' for nothing."""
    main: str
    """The input that the block transforms, '' if none is only that."""


@dataclass
class Interfaces:
    """The interfaces of all blocks of a program."""

    program: Program
    outline: Outline
    names: Mapping[str, Mapping[str, str]]
    """The names within each block, as far as they are known."""
    of: dict[str, Interface] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, block in self.outline.blocks.items():
            self.of[name] = self._interface(block)

    def told_by(self, operation: Apply | Repeat) -> Iterator[tuple[str, str]]:
        """Yield the values that a call of a block reads, each with what its input tells, or ''."""
        inputs = self.outline.blocks[operation.block].inputs
        told = self.of[operation.block].told
        for arguments in rounds_of(operation):
            for name, ref in zip(inputs, arguments):
                yield ref.name, told.get(name, "")

    def returned(self, operation: Apply, index: int) -> str:
        """Return the name of a result: as in the block, or if it is the only one its module."""
        outputs = self.outline.blocks[operation.block].outputs
        if len(outputs) == 1:
            return _word_of(operation.attribute)
        return self.names.get(operation.block, {}).get(outputs[index], "")

    # ------------------------------------------------------------------ the inputs

    def _interface(self, block: Block) -> Interface:
        told = told_of(block.statements, self)
        wanted: dict[str, Wanted] = {}
        left: list[str] = []
        for name in block.inputs:
            column = [onnx_name(a.values[name]) for a in block.applications]
            own, said = agreed(column), told.get(name, "")
            if said and (not own or len({*column}) > 1):
                wanted[name] = Wanted(name, said, (said,), counted=True, brief=True)
            elif own:
                wanted[name] = Wanted(name, "value", scopes_of(own, "value"))
            else:
                left.append(name)
        roles = self._roles(block, [name for name in left if _is_tensor(block, name)])
        for name in left:
            base = roles.get(name) or self._nouns.get(
                block.applications[0].values[name], "value"
            )
            wanted[name] = Wanted(name, base, (base,), counted=True, brief=True)
        told.update((name, role) for name, role in roles.items() if role == RESIDUAL)
        main = next((n for n, role in roles.items() if role != RESIDUAL), "")
        return Interface(wanted, told, main)

    def _roles(self, block: Block, inputs: Sequence[str]) -> dict[str, str]:
        """Return the roles of inputs that nothing else names."""
        added = [name for name in inputs if self._is_added(block, name)]
        made = {a.values[n] for a in block.applications for n in block.outputs}

        def rank(name: str) -> tuple[bool, bool, bool]:
            given = {a.values[name] for a in block.applications}
            is_same = len(given) == 1 < len(block.applications)
            return (name in added, given.isdisjoint(made), is_same)

        main = min(inputs, key=rank, default="")
        roles = {name: RESIDUAL for name in added if name != main}
        if main:
            roles[main] = HIDDEN if self._attends(block) else MAIN
        return roles

    def _is_added(self, block: Block, value: str) -> bool:
        """Whether a block only adds an input to something."""
        readers = [
            s for s in walk(block.statements) if value in references(s.operation)
        ]
        return bool(readers) and all(
            _adds(s, value) or self._told_to(s, value) == RESIDUAL for s in readers
        )

    def _told_to(self, statement: Statement, value: str) -> str:
        operation = statement.operation
        if not isinstance(operation, (Apply, Repeat)):
            return ""
        said = {told for name, told in self.told_by(operation) if name == value}
        return said.pop() if len(said) == 1 else ""

    def _attends(self, block: Block) -> bool:
        for statement in walk(block.statements):
            operation = statement.operation
            if isinstance(operation, (Apply, Repeat)):
                if self._attends(self.outline.blocks[operation.block]):
                    return True
            elif isinstance(operation, Call):
                function = getattr(operation.function, "__name__", "")
                if _ATTENDS.search(function):
                    return True
        return False

    @cached_property
    def _nouns(self) -> dict[str, str]:
        """What each value of the program is called after what computes it."""
        statements = self.program.statements
        modules = Modules.of(walk(statements), self.program.weights)
        found: dict[str, str] = {}
        for statement in statements:
            module = modules.naming(statement)[-1:]
            for index, value in enumerate(statement.outputs):
                if not statement.nodes:  # a length
                    found[value] = scopes_of(onnx_name(value), "length")[-1]
                else:
                    found[value] = module[0] if module else noun(statement, index)
        return found


def told_of(
    statements: Iterable[Statement], interfaces: Interfaces | None
) -> dict[str, str]:
    """Return the name that the readers of each value tell, '' if they do not agree."""
    told: dict[str, str] = {}
    for statement in unsectioned(statements):
        operation = statement.operation
        if isinstance(operation, Call):
            pairs = list(told_by(operation))
        elif isinstance(operation, (Apply, Repeat)) and interfaces is not None:
            pairs = list(interfaces.told_by(operation))
        else:
            pairs = [(name, "") for name in references(operation)]
        for name, said in pairs:
            told[name] = said if told.setdefault(name, said) == said else ""
    return told


def rounds_of(operation: Apply | Repeat) -> tuple[tuple[Ref, ...], ...]:
    """Return the arguments of each call that a statement makes."""
    return operation.rounds if isinstance(operation, Repeat) else (operation.arguments,)


def plural(name: str, ending: str = "") -> str:
    """Return a name for several: with an s, or with the given ending if it ends in one.

    >>> plural("mask"), plural("bias"), plural("bias", "_all")
    ('masks', 'bias', 'bias_all')
    """
    return name + (ending if name.endswith("s") else "s")


def agreed(names: Sequence[str]) -> str:
    """Return the name that several differ from in numbers alone, '' if it says nothing.

    >>> agreed(["past.0.key", "past.1.key"]), agreed(["fc1.weight", "fc1.weight"])
    ('past_key', 'fc1.weight')
    >>> agreed(["query.bias", "key.bias"])
    ''
    """
    if any(map(has_generic_name, {*names})):
        return ""
    if len({*names}) == 1:
        return names[0]
    rows = [re.split(r"(\d+)", name) for name in names]
    if len({tuple(row[::2]) for row in rows}) > 1:
        return ""
    joint = "." if parameter_of(names[0]) else "_"
    text = rows[0][0]
    for place in range(1, len(rows[0]), 2):
        number, after = rows[0][place : place + 2]
        if len({row[place] for row in rows}) == 1:
            text += number + after
            continue
        between = re.search(r"[\W_]*$", text)[0] + re.match(r"[\W_]*", after)[0]  # type: ignore[index]
        start, end = re.sub(r"[\W_]*$", "", text), re.sub(r"^[\W_]*", "", after)
        text = start + ("/" if "/" in between else joint) * bool(start and end) + end
    return "" if has_generic_name(text) else text


def _adds(statement: Statement, value: str) -> bool:
    """Whether a statement does no more with a value than to add it to something."""
    call = statement.operation
    if not isinstance(call, Call):
        return False
    is_plus = call.kwargs.get("plus") == Ref(value)
    if is_plus and [*references(call)].count(value) == 1:
        return True
    return getattr(call.function, "__name__", "") == "add"


def _is_tensor(block: Block, name: str) -> bool:
    kind = block.types.get(name)
    floats = isinstance(kind, TensorType) and "float" in kind.dtype
    return floats and not (isinstance(kind, TensorType) and kind.shape == ())


def _word_of(attribute: str) -> str:
    """Return the last word of what is called, "" if it is no name: of ``stages.1.blocks.3``."""
    words = re.sub(r"[\W_]*\d*$", "", attribute).split(".")
    word = snake_case(next((w for w in reversed(words) if not w.isdigit()), ""))
    return word if word.isidentifier() and not keyword.iskeyword(word) else ""
