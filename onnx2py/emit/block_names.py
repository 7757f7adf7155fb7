"""What the values, weights and settings of a block are called in its class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..ir.blocks import mapped_statement
from ..ir.graph import new_name
from ..ir.program import Argument, Program, Ref, Statement
from ..plan.traverse import read_in_calls
from .block_columns import UNNAMED, NameColumns
from .block_labels import below_scope
from .block_parts import Parts
from .names import unique_name
from .naming_blocks import Interfaces
from .values import name_values


def local_names(
    local: Program,
    parts: Parts,
    interfaces: Interfaces,
    attributes: Sequence[str],
    sites: Sequence[str],
) -> dict[str, str]:
    """Name the values of a block by what their ONNX names say below its scopes.

    ``attributes`` are local names of what its objects hold; ``sites`` are attributes already.
    """
    block, columns = parts.block, NameColumns(parts)
    below: dict[str, str] = {}
    taken: set[str] = set()

    def short(name: str) -> str:
        if name and name not in below:
            rest = columns.shared(name) or UNNAMED
            below[name] = new_name(rest, taken) if rest in taken else rest
            taken.add(below[name])
        return below.get(name, "")

    renamed = _renamed(local, short)
    renamed = replace(renamed, statements=below_scope(renamed.statements))
    found = name_values(
        renamed,
        [short(name) for name in attributes],
        [below[name] for name in block.settings if name in below],
        interfaces,
        tuple(
            replace(interfaces.of[block.name].inputs[name], value=short(name))
            for name in block.inputs
        ),
    )
    names = {name: found[new] for name, new in below.items() if new in found}
    used = dict.fromkeys([*names.values(), *sites], 0)
    for name in (*attributes, *read_in_calls(local)):
        if names[name] in sites:
            names[name] = unique_name(names[name], used)
    return names


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
