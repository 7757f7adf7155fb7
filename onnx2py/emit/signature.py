"""Inputs and outputs of a package: how they are described, checked and called."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from ..ir.program import Program
from ..ir.types import (
    OptionalType,
    Shape,
    TensorType,
    ValueType,
    completed,
)
from .annotations import shaped_annotation
from .text import comment
from .uses import Uses
from .weights import PlacedWeights


def describe(
    program: Program,
    value: str,
    onnx_name: str,
    name: str,
    symbols: Mapping[str, str],
    uses: Uses,
    promised: ValueType | None = None,
) -> dict[str, Any]:
    """Return the variables that describe an input or output in templates.

    Where inference is vague, the type of an output is what the file says. ``symbols`` has
    what the file calls each symbol.
    """
    kind = completed(program.types.get(value), promised)
    return {
        "onnx_name": onnx_name,
        "name": name,
        "type": comment(kind or "?"),
        "dtype": kind.dtype if isinstance(kind, TensorType) else str(kind or "?"),
        "shape": _shape_of_file(kind, promised, symbols),
        "annotation": shaped_annotation(kind, uses),
        "optional": value in program.defaults,
    }


def _shape_of_file(
    kind: ValueType | None, promised: ValueType | None, symbols: Mapping[str, str]
) -> Shape:
    """Return a shape as onnxruntime tells it: names are the file's, others are unknown.

    Lengths are those inferred, and names those that the file gives to this very value.
    """
    kind = kind.element if isinstance(kind, OptionalType) else kind
    if not isinstance(kind, TensorType) or kind.shape is None:
        return None
    said = promised.shape if isinstance(promised, TensorType) else None
    if said is None or len(said) != len(kind.shape):
        said = (None,) * len(kind.shape)
    return tuple(
        (
            dim
            if isinstance(dim, int)
            else symbols.get(own or "") or symbols.get(dim or "")
        )
        for dim, own in zip(kind.shape, (d if isinstance(d, str) else "" for d in said))
    )


def input_checks(
    program: Program, names: Mapping[str, str], placed: PlacedWeights, uses: Uses
) -> str:
    """Return the lines that check the inputs, and give the optional ones their defaults."""
    free = program.free_lengths
    declared = {n: program.types.get(n) for n in program.inputs}
    kinds = {n: _checked(kind, free) for n, kind in declared.items()}
    shares = {n for n, kind in kinds.items() if _symbols(kind) - free}
    lines = ["dims: dict[str, int] = {}"] if shares else []
    for value, kind in kinds.items():
        name, check = names[value], names[value]
        if isinstance(kind, TensorType):
            check = uses.dialect.check(value, name, kind, value in shares, uses)
        if value in program.defaults:
            default = placed.expression(value)
            lines.append(f"{name} = {default} if {name} is None else {check}")
        elif isinstance(declared[value], OptionalType) and check != name:
            lines.append(f"{name} = None if {name} is None else {check}")
        elif check != name:
            lines.append(f"{name} = {check}")
    return "\n".join(lines)


def _checked(kind: ValueType | None, free: Set[str]) -> ValueType | None:
    """Return the type to check: beside lengths that are shared, others can be any."""
    if isinstance(kind, OptionalType):
        return _without(kind.element, _symbols(kind.element))
    return _without(kind, free) if _symbols(kind) - free else kind


def _without(kind: ValueType | None, names: Set[str]) -> ValueType | None:
    """Return a type in which dimensions of these names have any length."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    return replace(kind, shape=tuple(None if d in names else d for d in kind.shape))


def _symbols(kind: ValueType | None) -> set[str]:
    shape = kind.shape or () if isinstance(kind, TensorType) else ()
    return {dim for dim in shape if isinstance(dim, str)}


def example_call(program: Program, names: Mapping[str, str], uses: Uses) -> str:
    """Return a call with zeros for the README of the package."""
    first, arguments = uses.dialect.first, []
    for name in program.inputs:
        if name in program.defaults:
            continue
        kind = program.types.get(name)
        spelled = "..."
        if isinstance(kind, TensorType):
            spelled = uses.dialect.example(kind)
        arguments.append(f"{names[name]}={spelled}")
    return f"outputs = {uses.dialect.called}({', '.join([*first, *arguments])})"
