"""Which generator makes cases of which operator: ``@generates("Relu", "Sigmoid")``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Optional

import numpy as np
import onnx

from .case import NEWEST, NodeCase
from .draw import Draw


@dataclass(frozen=True)
class Target:
    """What a generator is asked for: an operator at an opset version."""

    operator: str
    domain: str
    since: int
    """The version in which the operator got the definition that is in force."""
    opset: int


Generator = Callable[[Draw, Target], Optional[NodeCase]]
"""Return one random case, or None where there is none for that version."""

_GENERATORS: dict[tuple[str, str], Generator] = {}


def generates(*operators: str, domain: str = "") -> Callable[[Generator], Generator]:
    """Register the decorated generator for operators."""

    def register(generator: Generator) -> Generator:
        for operator in operators:
            key = (domain, operator)
            assert key not in _GENERATORS, f"{key}: two generators"
            _GENERATORS[key] = generator
        return generator

    return register


@lru_cache(maxsize=None)
def generators() -> dict[tuple[str, str], Generator]:
    """Return all generators, by (domain, operator)."""
    package = importlib.import_module(f"{__package__}.generators")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_GENERATORS.items()))


@lru_cache(maxsize=None)
def versions(domain: str, operator: str) -> tuple[int, ...]:
    """Return the versions that ONNX has of an operator; 1 for one of another domain."""
    found = {
        schema.since_version
        for schema in onnx.defs.get_all_schemas_with_history()
        if (schema.domain, schema.name) == (domain, operator)
    }
    return tuple(sorted(found)) or (1,)


def draw_case(domain: str, operator: str, number: int) -> NodeCase | None:
    """Return case ``number`` of an operator; the same number is always the same case."""
    key = (domain, operator)
    draw = Draw(number, *f"{domain}.{operator}".encode())
    known = versions(domain, operator)
    since = known[number % len(known)]
    following = next(
        (v for v in known if v > since), NEWEST + 1 if not domain else since + 1
    )
    opset = draw.one_of((since, since, draw.integer(since, following - 1)))
    target = Target(operator, domain, since, opset)
    with np.errstate(all="ignore"):  # what the narrowest types make of any numbers
        case = generators()[key](draw, target)
    if case is None:
        return None
    free = [
        i
        for i, value in enumerate(case.inputs)
        if value is not None
        and not isinstance(value, (list, dict))
        and i not in (*case.constant, *case.variable)
    ]
    chosen = draw.some_of(free) if draw.chance() else []
    other = case.stand_in
    if other is not None:
        fixed = frozenset(other.constant)
        other = replace(other, operator=operator, domain=domain, initializers=fixed)
    return replace(
        case,
        stand_in=other,
        operator=operator,
        domain=domain,
        opset=opset,
        name=f"{domain + '.' if domain else ''}{operator}#{number}",
        initializers=frozenset((*chosen, *case.constant)),
        declared=draw.one_of(("shape", "shape", "symbols", "nothing")),
    )
