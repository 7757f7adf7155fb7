"""Check of the types of a node's inputs against its operator.

T1  A type that the operator's version does not accept.
T2  Two types for one type variable of the operator.
T3  Tensors of two types from the branches of an If, or for the state of a Loop.
T4  An output that the file declares to be of another type; its shape may contradict.

onnxruntime rejects these when it loads a model, by the same schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ...errors import Problem
from ...ir.graph import Node, onnx_name
from ...ir.types import (
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
)
from ..schemas import FormalInput, formal_inputs
from .microsoft import microsoft_inputs

MICROSOFT = "com.microsoft"
BEYOND = {
    # Version 7 takes bool, int32 and int64, version 11 floats too. Exporters wrote floats all the
    # same (Burn's tests have such a model), and there is one answer.
    ("", "Equal"): frozenset({"tensor(float)", "tensor(double)", "tensor(float16)"}),
}
"""Types that an operator accepts here at any version, in addition to its schema."""

LONG = 6
"""Maximum number of types named in a message."""


def type_problems(node: Node, types: Mapping[str, ValueType]) -> Iterator[Problem]:
    """Yield problems with the types of a node's inputs, as far as these are known."""
    yield from _of_bodies(node, types)
    formals = _formals(node)
    if not formals:
        return
    bound: dict[str, tuple[str, str, str]] = {}
    for place, name in enumerate(node.inputs):
        spelling = onnx_spelling(types.get(name)) if name else None
        if spelling is None:
            continue
        formal = formals[min(place, len(formals) - 1)]
        beyond = BEYOND.get((node.domain, node.operator), frozenset())
        if formal.allowed and spelling not in formal.allowed | beyond:
            yield problem_of(
                node,
                f"input {formal.name} ({onnx_name(name)!r}): expected "
                f"{_one_of(formal.allowed)}, got {readable(spelling)}",
                _hint(node, place, spelling),
            )
        elif formal.variable:
            mine = (spelling, formal.name, name)
            first = bound.setdefault(formal.variable, mine)
            if first[0] != spelling:
                yield problem_of(
                    node,
                    f"inputs {_named(*first[1:])} and {_named(formal.name, name)}: "
                    f"expected one type, got {readable(first[0])} and {readable(spelling)}",
                    "convert one of them with Cast",
                )


def _named(formal: str, name: str) -> str:
    """Name an input, by the operator's name for it too if that is of one input alone."""
    return (
        repr(onnx_name(name))
        if formal == "inputs"
        else f"{formal} ({onnx_name(name)!r})"
    )


def _of_bodies(node: Node, types: Mapping[str, ValueType]) -> Iterator[Problem]:
    """T3."""
    bodies = node.subgraphs
    pairs: Iterable[tuple[str, str]] = ()
    if node.operator == "If" and {"then_branch", "else_branch"} <= bodies.keys():
        pairs = zip(bodies["then_branch"].outputs, bodies["else_branch"].outputs)
    elif node.operator == "Loop" and "body" in bodies:
        given, body = node.inputs[2:], bodies["body"]
        pairs = (*zip(given, body.outputs[1:]), *zip(given, body.inputs[2:]))
    for first, second in pairs if not node.domain else ():
        kinds = [types.get(first), types.get(second)]
        dtypes = [kind.dtype for kind in kinds if isinstance(kind, TensorType)]
        if len(set(dtypes)) > 1:
            yield problem_of(
                node,
                f"{onnx_name(first)!r} and {onnx_name(second)!r}: expected one type, got "
                f"{' and '.join(dtypes)}",
                "convert one of them with Cast",
            )


def stated_types(
    node: Node,
    types: Mapping[str, ValueType],
    stated: Mapping[str, Iterable[ValueType]],
) -> Iterator[Problem]:
    """T4."""
    for output in node.outputs:
        made = onnx_spelling(types.get(output))
        for kind in stated.get(output, ()):
            said = onnx_spelling(kind)
            if made and said and made != said:
                yield problem_of(
                    node,
                    f"output {onnx_name(output)!r}: expected {readable(said)}, which the file "
                    f"declares, got {readable(made)}",
                    "correct the declaration, or convert the output with Cast",
                )
                break


def _formals(node: Node) -> tuple[FormalInput, ...] | None:
    if node.domain == MICROSOFT:
        return microsoft_inputs(node.operator)
    return formal_inputs(node.domain, node.operator, node.version)


def input_name(node: Node, place: int) -> str:
    """Return the operator's name for an input, its number if it has none."""
    formals = _formals(node)
    return formals[min(place, len(formals) - 1)].name if formals else str(place)


def problem_of(node: Node, what: str, hint: str = "") -> Problem:
    """Word a problem with a node."""
    first = next((onnx_name(output) for output in node.outputs if output), "")
    operator = f"{node.qualified_operator} (opset {node.version})"
    return Problem(node.name or first, operator, what, hint)


def _hint(node: Node, place: int, spelling: str) -> str:
    """Return a hint at a later opset that accepts such an input, if there is one."""
    for version in range(node.version + 1, node.version + LATER):
        formals: tuple[FormalInput, ...] | None = (
            formal_inputs(node.domain, node.operator, version)
            if node.domain != MICROSOFT
            else None
        )
        if formals and place < len(formals) and spelling in formals[place].allowed:
            return (
                f"opset {version} takes it: export the model at that one or a later one"
            )
    return "convert it with Cast"


LATER = 32
"""Number of later opsets considered."""


def _one_of(allowed: frozenset[str]) -> str:
    names = sorted(map(readable, allowed))
    if len(names) > LONG:
        return f"one of {len(names)} types ({', '.join(names[:LONG])}, ...)"
    return " or ".join(names)


# ---------------------------------------------------------------------- spelling

ONNX_NAMES = {"float32": "float", "float64": "double"}
OUR_NAMES = {spelling: name for name, spelling in ONNX_NAMES.items()}


def onnx_spelling(kind: ValueType | None) -> str | None:
    """Return ONNX's spelling of a type without lengths, None if it is not fully known."""
    if isinstance(kind, TensorType):
        return f"tensor({ONNX_NAMES.get(kind.dtype, kind.dtype)})"
    if isinstance(kind, MapType):
        inner = onnx_spelling(kind.value)
        return inner and f"map({ONNX_NAMES.get(kind.key, kind.key)},{inner})"
    if isinstance(kind, (SequenceType, OptionalType)):
        inner = onnx_spelling(kind.element)
        outer = "seq" if isinstance(kind, SequenceType) else "optional"
        return inner and f"{outer}({inner})"
    return None


def readable(spelling: str) -> str:
    """Return a type in the project's spelling: ``float32``, ``seq(float32)``."""
    text = re.sub(r"tensor\((\w+)\)", r"\1", spelling)
    return re.sub(r"\b(float|double)\b", lambda match: OUR_NAMES[match[0]], text)
