"""If, Loop and Scan: subgraphs become functions, the nodes Python statements."""

from __future__ import annotations

import numpy as np

from ..errors import counted
from ..ir.program import (
    Body,
    Branch,
    Loop,
    MapItems,
    Ref,
    Scan,
    ScanInput,
    ScanOutput,
    Statement,
)
from ..ir.types import SequenceType
from .context import NodeContext
from .registry import lowers


@lowers("If")
def branch(node: NodeContext) -> Branch:
    """1, 11, 13, 16, 19 ...: only types were added."""
    return Branch(node.input(0), node.body("then_branch"), node.body("else_branch"))


@lowers("Loop")
def loop(node: NodeContext) -> Loop:
    """1, 11, 13, 16, 19 ...: only types were added.

    Without a condition the loop starts, and the body's own condition still ends it: so do
    onnxruntime and the reference evaluator, though the text says that it is ignored.
    """
    state = tuple(node.input(i) for i in range(2, len(node.node.inputs)))
    body = node.body("body")
    if len(body.inputs) != len(state) + 2 or len(body.outputs) < len(state) + 1:
        raise node.unsupported(
            f"body: expected {counted(len(state) + 2, 'input')} and at least "
            f"{counted(len(state) + 1, 'output')}, "
            f"got {len(body.inputs)} and {len(body.outputs)}"
        )
    condition = None if _always(node) else node.optional(1) or True
    return Loop(_trips(node), condition, state, body)


def _trips(node: NodeContext) -> Ref | int | None:
    """Return how often the body runs at most; exporters write the largest int64 for no limit."""
    count = node.constant(0)
    if count is None or count.size != 1:
        return node.optional(0)
    number = int(count.item())
    return number if number < np.iinfo(np.int64).max else None


def _always(node: NodeContext) -> bool:
    """Whether neither the condition nor the body ever ends the loop."""
    start, body = node.constant(1), node.graph("body")
    if node.has_input(1) and (start is None or not start.all()):
        return False
    name = body.outputs[0]
    copied = {n.outputs[0]: n.inputs[0] for n in body.nodes if n.operator == "Identity"}
    while name in copied:
        name = copied[name]
    going = body.constants.get(name)
    return name == body.inputs[1] or (going is not None and bool(going.all()))


@lowers("Scan")
def batched_scan(node: NodeContext) -> Scan:
    """8: every input has a batch axis in front; one scan for each element of the batch."""
    if node.has_input(0):
        raise node.unsupported(
            "input sequence_lens: expected none, got one",
            "export the model at opset 9 or newer",
        )
    count = node.int("num_scan_inputs")
    refs = [node.input(i) for i in range(1, len(node.node.inputs))]
    states = len(refs) - count
    body = node.body("body")
    if len(body.inputs) != len(refs) or count < 1:
        raise node.unsupported(
            f"body: expected {counted(len(refs), 'input')}, got {len(body.inputs)}"
        )
    first = next((name for name in node.node.outputs if name), node.node.name)
    inputs = tuple(f"{first}.of_batch_{i}" for i in range(len(refs)))
    outputs = tuple(f"{first}.for_batch_{i}" for i in range(len(body.outputs)))
    back = _each(node, "directions", count)
    walked = tuple(ScanInput(Ref(n), 0, bool(b)) for n, b in zip(inputs[states:], back))
    made = (ScanOutput(),) * (len(outputs) - states)
    one = Scan(tuple(map(Ref, inputs[:states])), walked, made, body)
    label = f"{node.node.label} (one of the batch)"
    each = Body(
        name="each",
        inputs=inputs,
        captures=body.captures,
        outputs=outputs,
        statements=(Statement(one, outputs, (label,)),),
    )
    return Scan((), tuple(map(ScanInput, refs)), (ScanOutput(),) * len(outputs), each)


@lowers("Scan", since=9)
def scan(node: NodeContext) -> Scan:
    """9, 11, 16 ...: only types were added, and negative axes in 11."""
    count = node.int("num_scan_inputs")
    refs = [node.input(i) for i in range(len(node.node.inputs))]
    state, walked = tuple(refs[: len(refs) - count]), refs[len(refs) - count :]
    body = node.body("body")
    made = len(body.outputs) - len(state)
    if len(body.inputs) != len(refs) or made < 0 or count < 1:
        raise node.unsupported(
            f"body: expected {counted(len(refs), 'input')} and at least "
            f"{counted(len(state), 'output')}, "
            f"got {len(body.inputs)} and {len(body.outputs)}"
        )
    in_axes = _each(node, "scan_input_axes", count)
    in_back = _each(node, "scan_input_directions", count)
    out_axes = _each(node, "scan_output_axes", made)
    out_back = _each(node, "scan_output_directions", made)
    return Scan(
        state,
        tuple(
            ScanInput(Ref(r.name), a, bool(b))
            for r, a, b in zip(walked, in_axes, in_back)
        ),
        tuple(ScanOutput(a, bool(b)) for a, b in zip(out_axes, out_back)),
        body,
    )


@lowers("SequenceMap")
def sequence_map(node: NodeContext) -> MapItems:
    """17: the first input is a sequence, the others are sequences or tensors."""
    refs = tuple(node.input(i) for i in range(len(node.node.inputs)))
    kinds = [node.types.get(ref.name) for ref in refs]
    body = node.body("body")
    if len(body.inputs) != len(refs):
        raise node.unsupported(
            f"body: expected {counted(len(refs), 'input')}, got {len(body.inputs)}"
        )
    for index, kind in enumerate(kinds[1:], 1):
        if kind is None:
            raise node.unsupported(f"input {index}: expected a known type, got none")
    sequences = (True, *(isinstance(kind, SequenceType) for kind in kinds[1:]))
    return MapItems(refs, sequences, body)


def _each(node: NodeContext, name: str, count: int) -> tuple[int, ...]:
    values = node.ints(name, (0,) * count)
    if len(values) != count:
        raise node.unsupported(
            f"attribute {name}: expected {counted(count, 'integer')}, got {len(values)}"
        )
    return values
