"""Control flow for JAX: ``lax.cond``, and loops of functions.

F1  An ``If`` whose condition is a Python number -> Python's ``if``.
F2  Another, whose branches return arrays of the same types -> ``lax.cond``.
F3  Any other -> Python's ``if``, which JAX cannot trace.
F4  ``Loop`` and ``Scan`` -> a call of ``ops.loop`` or ``ops.scan`` with the body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...emit.control_flow import ControlFlow
from ...emit.loops import LoopWriter
from ...emit.uses import Uses
from ...ir.program import Body, Branch, Loop, Ref, Scan
from ...ir.symbols import Symbol
from ...ir.types import TensorType, ValueType
from ...kernels.control_flow import scan_elements

MODULE = "flow"


def own_symbol(module: str, name: str) -> Symbol:
    """Return a function of this target that is the twin of no kernel, but of itself."""
    return Symbol(module, name, Symbol(module, name, f"{module}.{name}"))


def own_function(module: str, name: str, uses: Uses) -> str:
    """Return the name of such a function in ``ops``."""
    return f"ops.{uses.kernel(own_symbol(module, name))}"


class JaxLoops(LoopWriter):
    """Writes loops and scans as calls with the body."""

    def loop(self, loop: Loop, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the call for a ``Loop``."""
        count = len(loop.state)
        targets = self.targets(outputs, count, len(loop.body.outputs) - 1)
        given = [self.spelling.names[name] for name in loop.body.inputs]
        call = self.call_body(loop.body, self.owner(outputs, "loop"), given)
        trips, going = ("None",) * 2
        if loop.trip_count is not None:
            trips = self.writer.argument(loop.trip_count)
        if loop.condition is not None:
            going = self.writer.argument(loop.condition)
        kind = self.writer.program.types.get(loop.body.inputs[0])
        rank = kind.rank if isinstance(kind, TensorType) else None
        more = [*self.empties(loop.body, 1 + count)]
        more += [f"ndim={rank}"] if rank else []
        arguments = [
            _function(given, call),
            trips,
            going,
            self.values(loop.state),
            *more,
        ]
        function = own_function(MODULE, "loop", self.uses)
        yield f"{targets} = {function}({', '.join(arguments)})"

    def scan(self, scan: Scan, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the call for a ``Scan``."""
        count = len(scan.state)
        targets = self.targets(outputs, count, len(scan.body.outputs))
        given = [self.spelling.names[name] for name in scan.body.inputs]
        call = self.call_body(scan.body, self.owner(outputs, "scan"), given)
        walk = self.uses.kernel(scan_elements)
        walked = []
        for each in scan.inputs:
            options = f", axis={each.axis}" if each.axis else ""
            options += ", reverse=True" if each.reverse else ""
            value = self.spelling.expression(each.value.name)
            walked.append(f"ops.{walk}({value}{options})" if options else value)
        more = [*self.empties(scan.body, count, [how.axis for how in scan.scans])]
        if any(how.axis for how in scan.scans):
            more.append(f"axes={_tuple([str(how.axis) for how in scan.scans])}")
        if any(how.reverse for how in scan.scans):
            more.append(f"reverse={_tuple([str(how.reverse) for how in scan.scans])}")
        arguments = [
            _function(given, call), self.values(scan.state), _tuple(walked), *more
        ]  # fmt: skip
        function = own_function(MODULE, "scan", self.uses)
        yield f"{targets} = {function}({', '.join(arguments)})"

    def targets(self, outputs: tuple[str, ...], state: int, made: int) -> str:
        """Return the left side: the last state, and the scan outputs."""
        padded = (*outputs, *[""] * (made - len(outputs)))
        names = [self.spelling.target(name) for name in padded]
        parts = [names[:state], names[state:]]
        texts = ["_" if {*part} <= {"_"} else _tuple(part) for part in parts]
        return ", ".join(texts)

    def values(self, state: Sequence[Ref]) -> str:
        """Return the values that a loop starts from."""
        return _tuple([self.spelling.expression(ref.name) for ref in state])

    def empties(
        self, body: Body, start: int, axes: Sequence[int] = ()
    ) -> Iterator[str]:
        """Yield the scan outputs of no iterations, if there are scan outputs."""
        kinds = self.scan_types(body, start)
        made = [self.empty(k, axis) for k, axis in zip(kinds, axes or [0] * len(kinds))]
        if made:
            yield _tuple(made)


class JaxFlow(ControlFlow):
    """Writes the operations that have bodies."""

    loops = JaxLoops

    def branch(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``lax.cond``, or ``if`` and ``else``."""
        if not self.is_traceable(branch):
            yield from super().branch(branch, outputs)
            return
        owner = self.owner(outputs, "if")
        bodies = (branch.then_body, branch.else_body)
        calls = [
            (
                self.call_body(body, owner, [])
                if body.statements
                else self.unchanged(body)
            )
            for body in bodies
        ]
        yield self.cond(branch, self.results(branch.then_body, outputs), calls)

    def conditional(self, branch: Branch, outputs: tuple[str, ...]) -> str:
        """Return an ``If`` as the assignment of one value or another, "" if that is too long."""
        if not self.is_traceable(branch):
            return super().conditional(branch, outputs)
        return ""

    def cond(self, branch: Branch, targets: str, calls: Sequence[str]) -> str:
        """Return the line that chooses one call or the other."""
        condition = self.writer.argument(branch.condition)
        kind = None
        if isinstance(branch.condition, Ref):
            kind = self.writer.program.types.get(branch.condition.name)
        if not isinstance(kind, TensorType) or kind.rank != 0:
            condition = f"{condition}.reshape(())"
        lax = self.uses.name("lax", "lax")
        both = ", ".join(f"lambda: {call}" for call in calls)
        return f"{targets} = {lax}.cond({condition}, {both})"

    def unchanged(self, body: Body) -> str:
        """Return the results of a body that computes nothing."""
        texts = [self.spelling.expression(name) for name in body.outputs]
        return texts[0] if len(texts) == 1 else _tuple(texts)

    def is_traceable(self, branch: Branch) -> bool:
        """Whether JAX can choose: by an array, between arrays of the same types."""
        condition = branch.condition
        if not isinstance(condition, Ref) or condition.name in self.writer.lengths:
            return False
        return is_traceable(branch, self.writer.program.types)


def is_traceable(branch: Branch, types: Mapping[str, ValueType]) -> bool:
    """Whether both branches return arrays of the same types."""
    pairs = [*zip(branch.then_body.outputs, branch.else_body.outputs)]
    return bool(pairs) and all(
        _is_known(types.get(one)) and types.get(one) == types.get(other)
        for one, other in pairs
    )


def _is_known(kind: object) -> bool:
    """Whether all lengths of an array are known by a number or a symbol."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return False
    return None not in kind.shape and kind.dtype != "string"


def _function(given: Sequence[str], call: str) -> str:
    """Return a function of ``given`` that makes a call: what is called, if it takes just these."""
    name, _, arguments = call.partition("(")
    return (
        name
        if arguments == f"{', '.join(given)})"
        else f"lambda {', '.join(given)}: {call}"
    )


def _tuple(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"
