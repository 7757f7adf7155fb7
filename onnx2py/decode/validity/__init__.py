"""Validity of a model: types and lengths that contradict each other are all reported at once.

Nothing is reported about unknown types: an error means that no program can run the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from ...errors import InvalidModelError, Problem
from ...ir.graph import Graph, Node, onnx_name
from ...ir.types import TensorType, ValueType
from .doubts import is_believed
from .lengths import misfit
from .rules import RULES
from .types import input_name, problem_of, stated_types, type_problems
from .view import View


def check_validity(
    graph: Graph,
    faults: Mapping[str, str],
    declared: Set[str],
    stated: Mapping[str, Iterable[ValueType]],
) -> None:
    """Check all nodes of a graph.

    ``faults`` has the messages of ONNX's inference about nodes, by first output. The file may
    declare wrong shapes for the values in ``declared``, which inference does not know.

    Raises
    ------
    InvalidModelError
        With all problems.
    """
    types = {
        name: (
            replace(kind, shape=None)
            if name in declared and isinstance(kind, TensorType)
            else kind
        )
        for name, kind in graph.types.items()
    }
    certain = {id(node) for node in _run_nodes(graph)}
    problems = [
        problem
        for node in graph.walk()
        for problem in _problems(
            node,
            types,
            faults if declared.isdisjoint(node.inputs) else {},
            id(node) in certain,
        )
    ]
    problems += [
        problem
        for node in graph.walk()
        for problem in stated_types(node, graph.types, stated)
    ]
    if problems:
        raise InvalidModelError(problems)


def _problems(
    node: Node,
    types: Mapping[str, ValueType],
    faults: Mapping[str, str],
    is_run: bool,
) -> list[Problem]:
    """Return the problems of a node found by the first check that fails."""
    return (
        list(type_problems(node, types))
        or list(_fault(node, types, faults))
        or (list(_misfits(node, types)) if is_run else [])
    )


def _run_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes that every call runs: not those in branches and loops, or not read.

    onnxruntime accepts models in which other nodes are not valid: they may never run.
    """
    read = set(graph.outputs)
    for node in reversed(graph.nodes):
        if read.isdisjoint(node.outputs):
            continue
        read.update(node.inputs)
        for subgraph in node.subgraphs.values():
            read.update(subgraph.captures())
            if node.calls_function:
                yield from _run_nodes(subgraph)
        yield node


def _misfits(node: Node, types: Mapping[str, ValueType]) -> Iterator[Problem]:
    """Yield the problems that onnxruntime would report when it runs the node."""
    rule = RULES.get(node.qualified_operator)
    wrong = rule(View(node, types)) if rule else None
    if wrong is not None:
        yield problem_of(node, wrong)
        return
    place, expected = misfit(node, types) or (-1, "")
    if place >= 0:
        name = node.inputs[place]
        yield problem_of(
            node,
            f"input {input_name(node, place)} ({onnx_name(name)!r}): expected {expected}, "
            f"got {types[name]}",
        )


def _fault(
    node: Node, types: Mapping[str, ValueType], faults: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield the reason why inference rejected a node, unless it concerns unknown types."""
    first = next((output for output in node.outputs if output), "")
    if first not in faults:
        return
    given = [name for name in node.inputs if name]
    if all(name in types for name in given) and is_believed(node, faults[first], types):
        yield problem_of(
            node, f"{_subject(node, types)} do not fit together: {faults[first]}"
        )


def _subject(node: Node, types: Mapping[str, ValueType]) -> str:
    """Name the inputs, with their types, and the attributes of a node."""
    inputs = [
        f"{input_name(node, place)} ({onnx_name(name)!r}: {types[name]})"
        for place, name in enumerate(node.inputs)
        if name
    ]
    named = [("inputs", inputs), ("attributes", sorted(node.attributes))]
    parts = [f"{kind} {', '.join(names)}" for kind, names in named if names]
    return " or ".join(parts) or "its inputs, of which there are none,"
