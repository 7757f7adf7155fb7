"""Models with the bodies of ``If``, ``Loop`` and ``Scan`` opened, so that their calls are compared.

The nodes of the branch that was taken, and those of the first rounds of a loop, become nodes of
the graph itself, under names of their own; a package's trace has their values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)
from onnx import helper, numpy_helper  # noqa: TID251

from ..ir.graph import onnx_name
from ..ir.types import TensorType
from .isolation import BodyRuns, Frame, Outcome, Traced
from .oracle import model_proto
from .subject import Subject

OWN = ("", "ai.onnx")
SCOPE = re.compile(r"[._](then|else)(?:_\d+)?\.")
"""What the names of values in branches have in them."""

NEWEST_BATCHED_SCAN = 8
"""The opset whose ``Scan`` is another operator: its first input is lengths, it has batches."""


@dataclass
class Piece:
    """Nodes in the place of others, with traced values and initializers by their new names."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    values: dict[str, Traced] = field(default_factory=dict)
    stored: list[onnx.TensorProto] = field(default_factory=list)
    plain: dict[str, str] = field(default_factory=dict)
    """What each new name is in the model."""


@dataclass(frozen=True)
class Opened:
    """A subject whose model has its bodies opened, and the traced values inside of them."""

    subject: Subject
    values: Mapping[str, Traced]
    loops: tuple[str, ...]
    """The nodes of which the first rounds are opened, and no others."""


def opened(
    subject: Subject,
    outcome: Outcome,
    names: Mapping[str, str],
    random: Collection[str] = (),
) -> Opened:
    """Open the bodies of a model as far as a traced run of the package tells what they made.

    ``names`` are the ONNX names of the package's values; those in ``random`` are left out.
    """
    if not outcome.bodies:
        return Opened(subject, {}, ())
    proto = model_proto(subject.model)
    opener = _Opener(subject, names, random, proto)
    piece = opener.opened(proto.graph.node, outcome.bodies)
    del proto.graph.node[:]
    proto.graph.node.extend(piece.nodes)
    proto.graph.initializer.extend(piece.stored)
    types = dict(subject.graph.types)
    for name, plain in piece.plain.items():
        if name in piece.values:
            types[name] = TensorType(str(piece.values[name].value.dtype.name))
        elif plain in types:
            types[name] = types[plain]
    graph = replace(subject.graph, types=types)
    changed = replace(subject, model=proto, graph=graph)
    return Opened(changed, piece.values, tuple(opener.loops))


class _Opener:
    def __init__(
        self,
        subject: Subject,
        names: Mapping[str, str],
        random: Collection[str],
        proto: onnx.ModelProto,
    ) -> None:
        self.names, self.random = names, random
        versions = [o.version for o in proto.opset_import if o.domain in OWN]
        self.opset = max(versions, default=1)
        self.loops: list[str] = []
        self.dtypes: dict[str, set[str]] = {}
        """The element types of all values that ONNX calls the same."""
        for name, kind in subject.graph.types.items():
            dtype = kind.dtype if isinstance(kind, TensorType) else ""
            self.dtypes.setdefault(onnx_name(name), set()).add(dtype)

    def opened(
        self, nodes: Sequence[onnx.NodeProto], bodies: Sequence[BodyRuns]
    ) -> Piece:
        """Return nodes, after those of their bodies; several ``If``s may be one in the package."""
        found = Piece()
        for node in nodes:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            runs = [b for b in bodies if self._ran(node, b)]
            same = [n for n in nodes if len(runs) == 1 and self._ran(n, runs[0])]
            is_one = len(same) == 1 or {n.op_type for n in same} == {"If"}
            if is_one and node.domain in OWN:
                copy = self._open(found, copy, runs[0].rounds)
            found.nodes.append(copy)
        return found

    def _ran(self, node: onnx.NodeProto, runs: BodyRuns) -> bool:
        """Whether runs are of a node: a comment names it, or they made what it makes."""
        made = {self.names.get(name, "") for name in runs.outputs} - {""}
        return bool(_labels(node) & _parts(runs)) or not made.isdisjoint(node.output)

    def _open(
        self, into: Piece, node: onnx.NodeProto, rounds: Sequence[Frame]
    ) -> onnx.NodeProto:
        """Add the nodes of rounds; return the node that comes after them in place of this one."""
        graphs = {a.name: a.g for a in node.attribute if a.HasField("g")}
        if any(g.sparse_initializer for g in graphs.values()):
            return node
        if node.op_type == "If":
            taken = self._taken(graphs, rounds[0])
            if taken:
                made = self._round(into, node, graphs[taken], rounds[0], {}, 0)
                if all(self._is_tensor(name) for name in node.output):
                    *others, last = (
                        helper.make_node("Identity", [inner], [outer])
                        for inner, outer in zip(made, node.output)
                    )
                    into.nodes += others
                    return last
        elif node.op_type == "Loop":
            self._loop(into, node, graphs["body"], rounds)
        elif node.op_type == "Scan" and self.opset > NEWEST_BATCHED_SCAN:
            self._scan(into, node, graphs["body"], rounds)
        return node

    def _taken(self, graphs: Mapping[str, onnx.GraphProto], frame: Frame) -> str:
        """Return the branch whose values a frame has; empty if that is not known."""
        seen = {self.names.get(value.name) for value in frame.values}
        scopes = {found[1] for v in frame.values if (found := SCOPE.search(v.name))}
        names = [
            name
            for name, graph in graphs.items()
            if not seen.isdisjoint(_outputs(graph))
            and (len(scopes) != 1 or name.partition("_")[0] in scopes)
        ]
        return names[0] if len(names) == 1 else ""

    def _is_tensor(self, name: str) -> bool:
        return bool(self.dtypes.get(name)) and "" not in self.dtypes[name]

    def _loop(
        self,
        into: Piece,
        node: onnx.NodeProto,
        body: onnx.GraphProto,
        rounds: Sequence[Frame],
    ) -> None:
        """Add the first rounds of a Loop: their number, whether to go on, the state."""
        number, going, *_ = (value.name for value in body.input)
        _, goes, *state = (*node.input, "")[: len(body.input)]
        if not goes:
            goes = _constant(into, node, "going", np.array(True), body.input[1])
        for i, frame in enumerate(rounds):
            index = _constant(into, node, f"{i}", np.array(i), body.input[0])
            formal = [value.name for value in body.input[2:]]
            actual = {number: index, going: goes, **dict(zip(formal, state))}
            goes, *made = self._round(into, node, body, frame, actual, i)
            state = made[: len(formal)]
        self.loops.append(min(_labels(node)))

    def _scan(
        self,
        into: Piece,
        node: onnx.NodeProto,
        body: onnx.GraphProto,
        rounds: Sequence[Frame],
    ) -> None:
        """Add the first rounds of a Scan: the state, and an element of each input."""
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        count = attributes["num_scan_inputs"]
        axes = attributes.get("scan_input_axes") or [0] * count
        backwards = attributes.get("scan_input_directions") or [0] * count
        states, scanned = list(node.input[:-count]), list(node.input[-count:])
        formal = [value.name for value in body.input]
        for i, frame in enumerate(rounds):
            elements = []
            for name, axis, backward in zip(scanned, axes, backwards):
                place = np.array(-i - 1 if backward else i)
                index = _constant(into, node, f"{name};{i}", place)
                elements.append(f"{index};element")
                gather = helper.make_node(
                    "Gather", [name, index], elements[-1:], axis=axis
                )
                into.nodes.append(gather)
            actual = dict(zip(formal, (*states, *elements)))
            made = self._round(into, node, body, frame, actual, i)
            states = made[: len(states)]
        self.loops.append(min(_labels(node)))

    def _round(
        self,
        into: Piece,
        node: onnx.NodeProto,
        body: onnx.GraphProto,
        frame: Frame,
        actual: Mapping[str, str],
        number: int,
    ) -> list[str]:
        """Add a body under names of its own; return the names of its outputs."""
        piece = self.opened(body.node, frame.bodies)
        piece.stored += [
            onnx.TensorProto.FromString(t.SerializeToString()) for t in body.initializer
        ]
        inside = set(_outputs(body))
        for value in frame.values:
            name = self.names.get(value.name, "")
            if (
                name in inside
                and name not in self.random
                and self._is_declared(name, value)
            ):
                piece.values[name] = value
        own = {name for each in piece.nodes for name in each.output if name}
        own |= {tensor.name for tensor in piece.stored}
        prefix = f"{next(filter(None, node.output), node.name)};{number};"
        renamed = {**{name: prefix + name for name in own}, **actual}
        for each in piece.nodes:
            _rename(each, renamed)
            each.name = ""  # unique in the graph, if there is one
        for tensor in piece.stored:
            tensor.name = renamed[tensor.name]
        into.nodes += piece.nodes
        into.stored += piece.stored
        into.values.update((renamed[k], v) for k, v in piece.values.items())
        into.plain.update((renamed[k], piece.plain.get(k, k)) for k in own)
        return [renamed.get(value.name, value.name) for value in body.output]

    def _is_declared(self, name: str, value: Traced) -> bool:
        """Whether a value is of the type that ONNX says."""
        array = value.value
        return isinstance(array, np.ndarray) and self.dtypes.get(name) == {
            str(array.dtype.name)
        }


def _labels(node: onnx.NodeProto) -> set[str]:
    """Return the names that comments may have for a node: its own, or that of an output."""
    names = [node.name] if node.name else filter(None, node.output)
    return {f"{name}: {node.op_type}" for name in names}


def _parts(runs: BodyRuns) -> set[str]:
    """Return the nodes that a comment names."""
    return set(runs.node.split(" + "))


def _outputs(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from filter(None, node.output)


def _constant(
    into: Piece,
    node: onnx.NodeProto,
    name: str,
    value: np.ndarray,
    formal: onnx.ValueInfoProto | None = None,
) -> str:
    """Store a number of the rank that a body wants it to have; return its name."""
    rank = len(formal.type.tensor_type.shape.dim) if formal is not None else 0
    label = f"{next(filter(None, node.output), node.name)};round;{name}"
    array = value.reshape((1,) * rank)
    into.stored.append(numpy_helper.from_array(array, label))
    into.plain[label] = label
    return label


def _rename(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    """Rename what a node reads and makes, and what its bodies read."""
    for place, name in enumerate(node.input):
        node.input[place] = names.get(name, name)
    for place, name in enumerate(node.output):
        node.output[place] = names.get(name, name)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            _rename_captures(attribute.g, names)


def _rename_captures(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    own = {value.name for value in graph.input} | {t.name for t in graph.initializer}
    left = {k: v for k, v in names.items() if k not in own | set(_outputs(graph))}
    for node in graph.node:
        _rename(node, left)
    for value in graph.output:
        value.name = left.get(value.name, value.name)
