"""ONNX's schemas: numbers of inputs and outputs, and types of attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import onnx
from onnx import AttributeProto

from ..errors import DecodeError, counted


def check_node(proto: onnx.NodeProto, version: int, label: str) -> None:
    """Check a node against the schema of its operator, if ONNX has one.

    Raises
    ------
    DecodeError
        If there are too few or too many inputs or outputs, or an attribute has the wrong type.
    """
    counts = _counts(proto.domain, proto.op_type, version)
    if counts is None:
        return
    for what, names, least, most in (
        ("input", proto.input, counts.min_input, counts.max_input),
        ("output", proto.output, 0, counts.max_output),
    ):
        given = next((i for i in range(len(names), 0, -1) if names[i - 1]), 0)
        if given > most or len(names) < least:
            text = f"{least} to {most} {what}s"
            if least == most or most > 10**6:
                text = counted(least, what)
            at_least = "at least " if most > 10**6 else ""
            raise DecodeError(f"{label}: expected {at_least}{text}, got {given}")
    for required, name in zip(counts.required, proto.input):
        if required and not name:
            raise DecodeError(f"{label}: input {required}: expected a value, got none")
    for attribute in proto.attribute:
        expected = counts.attributes.get(attribute.name)
        given = attribute.type
        if expected in (None, given) or not given or attribute.ref_attr_name:
            continue
        names_ = AttributeProto.AttributeType
        raise DecodeError(
            f"{label}: attribute {attribute.name!r}: expected "
            f"{names_.Name(expected)}, got {names_.Name(given)}"
        )


@dataclass(frozen=True)
class _Counts:
    """What a schema says of every node of an operator: asking it is slow."""

    min_input: int
    max_input: int
    max_output: int
    required: tuple[str, ...]
    """The names of the inputs; "" for one that is optional or variadic."""
    attributes: Mapping[str, int]
    """The types of the attributes."""


@lru_cache(maxsize=None)
def _counts(domain: str, operator: str, version: int) -> _Counts | None:
    """Return the facts of a schema, None if ONNX has no such operator."""
    if not 0 < version < 2**31 or not onnx.defs.has(operator, version, domain):
        return None
    schema: Any = onnx.defs.get_schema(operator, version, domain)
    single = onnx.defs.OpSchema.FormalParameterOption.Single
    return _Counts(
        schema.min_input,
        schema.max_input,
        schema.max_output,
        tuple(i.name if i.option == single else "" for i in schema.inputs),
        {name: int(a.type.value) for name, a in schema.attributes.items()},
    )


@dataclass(frozen=True)
class FormalInput:
    """The schema of one input; of the last and all further ones if it is variadic."""

    name: str
    variable: str
    """The type variable: inputs of the same one are of one type."""
    allowed: frozenset[str]
    """ONNX's spellings of the types that it may be: ``tensor(float)``."""


@lru_cache(maxsize=None)
def formal_inputs(
    domain: str, operator: str, version: int
) -> tuple[FormalInput, ...] | None:
    """Return the inputs in an operator's schema, None if ONNX has no such operator."""
    if not 0 < version < 2**31 or not onnx.defs.has(operator, version, domain):
        return None
    schema: Any = onnx.defs.get_schema(operator, version, domain)
    return tuple(
        FormalInput(
            formal.name,
            formal.type_str if formal.is_homogeneous else "",
            frozenset(formal.types),
        )
        for formal in schema.inputs
    )
