"""Which outputs may lie in memory that something else holds: a weight, an input, another output.

What a call of the model returns belongs to the caller, who may write over it. NumPy's views
make that a question of each output: what computed it, and from what. A function of which nothing
else is known (:mod:`..traits.kernels`) may return a view of any of its arguments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..ir.program import (
    Body,
    Branch,
    Call,
    Invoke,
    Loop,
    MapItems,
    Program,
    Ref,
    Scan,
    Statement,
    references,
    walk,
)
from ..traits.kernels import kernel_traits


@dataclass(frozen=True)
class Holders:
    """What an output may share memory with."""

    values: tuple[str, ...]
    """Weights, attributes of the setup and inputs."""
    outputs: tuple[int, ...]
    """Places of the outputs before it."""
    unknown: bool
    """Whether it may be a read-only view, or one that overlaps itself."""

    def __bool__(self) -> bool:
        return bool(self.values or self.outputs or self.unknown)


def find_holders(program: Program) -> list[Holders]:
    """Say for each output what it may share memory with."""
    views = _Views(program.statements)
    made_once = (name for s in program.setup for name in s.outputs)
    kept = {*program.weights, *program.inputs, *made_once}
    reached = [views.behind(name) for name in program.outputs]
    return [
        Holders(
            tuple(name for name in behind if name in kept),
            tuple(i for i in range(place) if not reached[i].keys().isdisjoint(behind)),
            not views.unknown.isdisjoint(behind),
        )
        for place, behind in enumerate(reached)
    ]


class _Views:
    """Which values may be views of which: edges from a value to those before it."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.sources: defaultdict[str, list[str]] = defaultdict(list)
        self.unknown: set[str] = set()
        for number, statement in enumerate(walk(statements)):
            self._note(statement, f"results of statement {number}")

    def behind(self, output: str) -> dict[str, None]:
        """Return a value and all that it may be a view of, in order."""
        reached = {output: None}
        for name in (waiting := [output]):
            added = [n for n in self.sources.get(name, ()) if n not in reached]
            reached.update(dict.fromkeys(added))
            waiting.extend(dict.fromkeys(added))
        return reached

    def _note(self, statement: Statement, together: str) -> None:
        operation, outputs = statement.operation, statement.outputs
        if isinstance(operation, Call):
            self._note_call(operation, outputs, together)
        elif isinstance(operation, Branch):
            for body in (operation.then_body, operation.else_body):
                self._link(outputs, body.outputs)
        elif isinstance(operation, Loop):
            state = [ref.name for ref in operation.state]
            self._note_state(outputs, state, operation.body, before=2, after=1)
        elif isinstance(operation, Scan):
            state = [ref.name for ref in operation.state]
            self._note_state(outputs, state, operation.body, before=0, after=0)
            walked = [item.value.name for item in operation.inputs]
            self._link(operation.body.inputs[len(state) :], walked)
        elif isinstance(operation, (Invoke, MapItems)):
            given = (
                operation.arguments
                if isinstance(operation, Invoke)
                else operation.inputs
            )
            self._link(operation.body.inputs, [ref.name for ref in given])
            self._link(outputs, operation.body.outputs)

    def _note_call(self, call: Call, outputs: tuple[str, ...], together: str) -> None:
        out, traits = call.kwargs.get("out"), kernel_traits(call.function)
        if isinstance(out, Ref):
            sources = [out.name]
        elif traits.makes_new(call):
            return
        elif traits.view:
            first = next(iter(call.args), None)  # an optional may be empty
            sources = [first.name] if isinstance(first, Ref) else []
        else:
            sources = [together, *references(call)]
            self.unknown.update(outputs)
        for output in outputs:
            self.sources[output].extend(sources)

    def _note_state(
        self,
        outputs: tuple[str, ...],
        state: list[str],
        body: Body,
        *,
        before: int,
        after: int,
    ) -> None:
        """Note what a state starts as and becomes; what iterations make is stacked: new."""
        taken = body.inputs[before : before + len(state)]
        returned = body.outputs[after : after + len(state)]
        for names in (taken, outputs[: len(state)]):
            self._link(names, state)
            self._link(names, returned)

    def _link(self, names: Iterable[str], sources: Iterable[str]) -> None:
        for name, source in zip(names, sources):
            self.sources[name].append(source)
