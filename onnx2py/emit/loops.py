"""Loops as lines of Python: a ``for`` statement around the call of a body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..ir.program import Body, Call, Loop, MapItems, Scan
from ..ir.types import DTYPES, TensorType, ValueType, completed, numbers_of
from ..kernels.control_flow import iterations, scan_elements, stack_scan_outputs
from .bodies import BodyWriter
from .calls import render_call


class LoopWriter(BodyWriter):
    """Writes loops, scans, and the mapping of sequences."""

    def loop(self, loop: Loop, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement around the call of the body."""
        state, scans = self.loop_targets(
            outputs, loop.body.outputs[1:], len(loop.state)
        )
        going = "_" if loop.condition is None else "going"
        initial = [self.spelling.expression(ref.name) for ref in loop.state]
        starts = list(zip(state, initial))
        if loop.condition is not None:
            starts.insert(0, ("going", self.writer.argument(loop.condition)))
        yield from self.start(starts, [item for _, item, _ in scans])
        yield f"for iteration in {self.iterations(loop)}:"
        if loop.condition is not None:
            yield "    if not going:"
            yield "        break"
        condition = (
            self.uses.dialect.true(self.uses) if loop.condition is None else "going"
        )
        call = self.call_body(
            loop.body, self.owner(outputs, "loop"), ["iteration", condition, *state]
        )
        yield f"    {', '.join([going, *state, *(part for _, _, part in scans)])} = {call}"
        for _, item, part in scans:
            yield f"    {item}.append({part})"
        made = self.scan_types(loop.body, 1 + len(loop.state))
        for (target, item, _), kind in zip(scans, made):
            yield self.stacked(target, item, kind, 0, False)

    def iterations(self, loop: Loop) -> str:
        """Spell what a loop walks along: the numbers of its iterations."""
        kind = self.writer.program.types.get(loop.body.inputs[0])
        rank = kind.rank if isinstance(kind, TensorType) else None
        arguments = () if loop.trip_count is None else (loop.trip_count,)
        call = Call(iterations, arguments, {"ndim": rank} if rank else {})
        return render_call(call, self.spelling.expression, self.uses)

    def scan(self, scan: Scan, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the parts of tensors."""
        state, scans = self.loop_targets(outputs, scan.body.outputs, len(scan.state))
        starts = list(
            zip(state, (self.spelling.expression(ref.name) for ref in scan.state))
        )
        yield from self.start(starts, [item for _, item, _ in scans])
        walked = [
            render_call(
                Call(scan_elements, (i.value,), {
                    k: v for k, v in (("axis", i.axis), ("reverse", i.reverse)) if v
                }),
                self.spelling.expression,
                self.uses,
            )
            for i in scan.inputs
        ]  # fmt: skip
        parts = [
            self.fresh(f"{self.spelling.names[n]}_part")
            for n in scan.body.inputs[len(state) :]
        ]
        source = walked[0] if len(walked) == 1 else f"zip({', '.join(walked)})"
        yield f"for {', '.join(parts)} in {source}:"
        call = self.call_body(scan.body, self.owner(outputs, "scan"), [*state, *parts])
        yield f"    {', '.join([*state, *(part for _, _, part in scans)])} = {call}"
        for _, item, part in scans:
            yield f"    {item}.append({part})"
        made = self.scan_types(scan.body, len(state))
        for (target, item, _), kind, how in zip(scans, made, scan.scans):
            yield self.stacked(target, item, kind, how.axis, how.reverse)

    def map_items(self, mapped: MapItems, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the items of sequences."""
        padded = (*outputs, *[""] * (len(mapped.body.outputs) - len(outputs)))
        lists = [
            self.spelling.names[name] if name else self.fresh("unused")
            for name in padded
        ]
        items = [self.fresh(f"{name}_item") for name in lists]
        values = [self.spelling.expression(ref.name) for ref in mapped.inputs]
        walked = [v for v, each in zip(values, mapped.is_sequence) if each]
        parts = [
            self.fresh("part") if each else v
            for v, each in zip(values, mapped.is_sequence)
        ]
        targets = [part for part, each in zip(parts, mapped.is_sequence) if each]
        for name in lists:
            yield self.empty_list(name)
        source = walked[0] if len(walked) == 1 else f"zip({', '.join(walked)})"
        yield f"for {', '.join(targets)} in {source}:"
        call = self.call_body(mapped.body, self.node or lists[0], parts)
        yield f"    {', '.join(items)} = {call}"
        for name, item in zip(lists, items):
            yield f"    {name}.append({item})"

    def scan_types(self, body: Body, start: int) -> list[ValueType | None]:
        """Return the types of one part of each scan output, as far as they are known."""
        promised = (*body.promised, *[None] * len(body.outputs))
        kinds = []
        for value, said in zip(body.outputs[start:], promised[start:]):
            kind = numbers_of(self.writer.program.types.get(value))
            kinds.append(completed(kind, said))
        return kinds

    def loop_targets(
        self, outputs: tuple[str, ...], made: tuple[str, ...], state: int
    ) -> tuple[list[str], list[tuple[str, str, str]]]:
        """Name the state, and for each scan output the result, the list and one item."""
        padded = (*outputs, *[""] * (len(made) - len(outputs)))
        names = [
            self.spelling.names[name] if name else self.fresh("unused")
            for name in padded
        ]
        scans = [
            (
                n,
                self.fresh(f"{n.rstrip('_')}_parts"),
                self.fresh(f"{n.rstrip('_')}_part"),
            )
            for n in names[state:]
        ]
        return names[:state], scans

    def start(self, starts: list[tuple[str, str]], lists: list[str]) -> Iterator[str]:
        """Yield what stands before a loop: the first state, and empty lists."""
        # One assignment: a start value may be what another name is about to lose.
        if starts:
            yield f"{', '.join(t for t, _ in starts)} = {', '.join(v for _, v in starts)}"
        for name in lists:
            yield self.empty_list(name)

    def empty_list(self, name: str) -> str:
        """Return the line that starts a list."""
        return f"{name}: list[{self.uses.typing('Any')}] = []"

    def stacked(
        self, target: str, items: str, kind: ValueType | None, axis: int, reverse: bool
    ) -> str:
        """Return the line that stacks what the iterations made."""
        stack = self.uses.kernel(stack_scan_outputs)
        options = f", axis={axis}" if axis else ""
        options += ", reverse=True" if reverse else ""
        return f"{target} = ops.{stack}({items}, {self.empty(kind, axis)}{options})"

    def empty(self, kind: ValueType | None, axis: int) -> str:
        """Spell what a scan output is when there was no iteration."""
        dims: list[int] = []
        dtype = np.dtype(np.float32)  # unknown
        if isinstance(kind, TensorType):
            dtype = DTYPES[kind.dtype]
            dims = [d if isinstance(d, int) else 0 for d in kind.shape or ()]
        place = axis if axis >= 0 else axis + len(dims) + 1
        dims.insert(place, 0)
        return self.uses.dialect.empty(tuple(dims), dtype, self.uses)
