"""Inspection: the contents of a model and whether it can be compiled; nothing is written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .decode.opsets import since_version
from .emit.package import Package, build_package
from .emit.provenance import Provenance
from .errors import Problem, UnsupportedError
from .front import FrontEnd, read
from .ir.graph import Node
from .ir.types import tensor_type_of
from .options import options_of
from .summary_json import as_data

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)


@dataclass(frozen=True)
class OperatorUse:
    """An operator of the model; ``version`` is the opset version of its definition."""

    operator: str
    version: int
    count: int
    problems: tuple[str, ...] = ()
    """Why it cannot be compiled, once for each reason."""

    @property
    def supported(self) -> bool:
        """Whether all nodes of this operator can be compiled."""
        return not self.problems


@dataclass(frozen=True)
class ValueInfo:
    """An input or output."""

    name: str
    type: str
    optional: bool = False


@dataclass(frozen=True)
class Inspection:
    """The contents of a model, as :func:`inspect_model` returns them.

    ``nodes`` counts those of the file, each function's once for each call of it. ``requires``,
    ``calls`` and what follows are None where the package cannot be made.
    """

    source: str
    producer: str
    opsets: Mapping[str, int]
    inputs: tuple[ValueInfo, ...]
    outputs: tuple[ValueInfo, ...]
    operators: tuple[OperatorUse, ...]
    nodes: int
    parameters: int
    weight_bytes: int
    dtypes: Mapping[str, int]
    """How many of the weights are of which element type."""
    external_files: tuple[str, ...]
    calls: int | None = None
    called_nodes: int | None = None
    """How many of the nodes the calls stand for; the others are folded or need no call."""
    requires: tuple[str, ...] | None = None
    package_bytes: int | None = None
    fixed_inputs: tuple[str, ...] = ()
    """The inputs with a default that become weights."""
    untraced: tuple[str, ...] = ()
    """The nodes that the compiler of the target cannot trace, such as ``jax.jit``."""
    problems: tuple[str, ...] = ()
    """Why it cannot be compiled, where that is no matter of an operator in the file."""

    @property
    def supported(self) -> bool:
        """Whether the model can be compiled."""
        return not self.problems and all(use.supported for use in self.operators)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and ``supported`` as JSON can hold them."""
        data: dict[str, Any] = as_data(self)
        return data


def inspect_model(
    model: str | os.PathLike[str] | bytes | ModelProto, **options: object
) -> Inspection:
    """List the contents of a model, and everything in it that onnx2py cannot compile.

    Parameters
    ----------
    model : path, bytes or ModelProto
    options : see :class:`onnx2py.options.Options`; options for verification are ignored

    Raises
    ------
    LoadError, DecodeError
        If the model cannot be read.
    LimitError
        If it exceeds a limit in the options.
    """
    front = read(model, options_of(options))
    loaded, decoded = front.loaded, front.decoded
    package, problems = _build(front)
    graph = decoded.graph
    nodes = list(graph.walk())
    labels = {f"{n.qualified_operator} (opset {n.version})" for n in nodes}
    weights = {**graph.constants, **graph.defaults}
    names = graph.output_names or graph.outputs
    kinds = Counter(str(tensor_type_of(w)).partition("[")[0] for w in weights.values())
    return Inspection(
        source=loaded.source,
        producer=decoded.metadata.producer,
        opsets={k or "ai.onnx": v for k, v in decoded.metadata.opsets.items()},
        inputs=tuple(
            ValueInfo(n, str(graph.types.get(n) or "?"), n in graph.defaults)
            for n in graph.inputs
        ),
        outputs=tuple(
            ValueInfo(name, str(graph.types.get(value) or "?"))
            for name, value in zip(names, graph.outputs)
        ),
        operators=_operators(nodes, problems),
        nodes=len(nodes),
        parameters=sum(array.size for array in weights.values()),
        weight_bytes=sum(array.nbytes for array in weights.values()),
        dtypes=dict(sorted(kinds.items())),
        external_files=loaded.external_files,
        calls=package.calls if package else None,
        called_nodes=package.nodes if package else None,
        requires=package.requires if package else None,
        package_bytes=_size(package) if package else None,
        fixed_inputs=tuple(each.name for each in loaded.inputs.fixed),
        untraced=package.untraced if package else (),
        problems=tuple(str(p) for p in problems if p.operator not in labels),
    )


def _build(front: FrontEnd) -> tuple[Package | None, tuple[Problem, ...]]:
    """Generate the package in memory, or return the reason why that is impossible."""
    loaded, level = front.loaded, front.options.level
    opsets = front.decoded.metadata.opsets
    nodes = sum(1 for _ in front.decoded.graph.walk())
    origin = Provenance(
        loaded.source,
        loaded.sha256,
        "",
        level,
        opsets,
        nodes=nodes,
        fixed=loaded.inputs.fixed,
    )
    try:
        program = front.program()
    except UnsupportedError as error:
        return None, error.problems
    return build_package(program, "package", origin, target=front.target), ()


def _operators(
    nodes: list[Node], problems: tuple[Problem, ...]
) -> tuple[OperatorUse, ...]:
    """Count operators by version; a problem belongs to the operator that it names."""
    reasons: dict[str, dict[str, None]] = {}
    for problem in problems:
        text = f"{problem.what}; {problem.hint}" if problem.hint else problem.what
        reasons.setdefault(problem.operator, {})[text] = None
    found: Counter[tuple[str, int]] = Counter()
    problem_of: dict[tuple[str, int], tuple[str, ...]] = {}
    for node in nodes:
        key = (
            node.qualified_operator,
            since_version(node.domain, node.operator, node.version),
        )
        found[key] += 1
        label = f"{node.qualified_operator} (opset {node.version})"
        problem_of[key] = tuple(reasons.get(label, ()))
    return tuple(
        OperatorUse(operator, version, count, problem_of[operator, version])
        for (operator, version), count in sorted(found.items())
    )


def _size(package: Package) -> int:
    """Return the approximate size of the files of a package, in bytes."""
    return sum(
        len(c.encode("utf-8", "replace")) if isinstance(c, str) else c.nbytes
        for c in package.files.values()
    )
