"""What the methods for sections of a long function are called.

A module gives its method the name. Of other sections, the results do if they are called after
more than their operators; else it is what the section computes: ``_conv_relu``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ..ir.program import Section, Statement
from ..plan.outline.classes import content_of
from .names import snake_case, split_scopes
from .naming_blocks import HIDDEN, MAIN, RESIDUAL
from .naming_roles import noun

FALLBACK = "section"
PLAIN = frozenset({HIDDEN, MAIN, RESIDUAL})
"""Names of values that say nothing of what they are."""


def method_names(
    statements: Iterable[Statement], names: Mapping[str, str]
) -> list[str]:
    """Return the names of the methods for sections, in order, without the underscore before."""
    operations = (statement.operation for statement in statements)
    sections = [each for each in operations if isinstance(each, Section)]
    found = [_name(section, names) for section in sections]
    users = Counter(found)
    return [
        _below_module(section, name) if users[name] > 1 else name
        for section, name in zip(sections, found)
    ]


def _name(section: Section, names: Mapping[str, str]) -> str:
    if section.is_whole:
        return module_name(section) or FALLBACK
    results = "_and_".join(dict.fromkeys(_results(section, names)))
    content = "_".join(map(snake_case, content_of(section.body.statements)))
    return results or content or FALLBACK


def module_name(section: Section) -> str:
    """Return the name of the module that a section belongs to."""
    return "".join(split_scopes(section.module)[-1:])


def _below_module(section: Section, name: str) -> str:
    module = module_name(section)
    is_told = section.is_whole or not module
    return name if is_told else f"{module}_{name}"


def _results(section: Section, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what results are called that have more than the noun of an operator for a name."""
    for statement in section.body.statements:
        for place, value in enumerate(statement.outputs):
            if value in section.body.outputs:
                name = re.sub(r"_?\d+$", "", names[value])
                telling = len(name) > 1 and name not in PLAIN
                if telling and name != noun(statement, place):
                    yield name
