"""The front end of all commands: from a file to a program, within all limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .custom import rules_with
from .decode import DecodedModel, decode
from .decode.apart import Apart, decode_apart, shared_lengths
from .decode.walk import nodes_of
from .errors import OptionError
from .ir.program import Program
from .ir.sums import renamed
from .ir.types import TensorType, ValueType
from .limits import check_count, check_limits
from .load import LoadedModel, load
from .lowering.lower import lower
from .lowering.registry import Rules
from .options import Options
from .passes import run_passes
from .plan import plan, with_blocks
from .shaping import Shaping
from .targets import find_target
from .targets.target import Target

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)


@dataclass(frozen=True)
class FrontEnd:
    """A decoded model with the options to compile it."""

    loaded: LoadedModel
    decoded: DecodedModel
    rules: Rules
    options: Options
    target: Target
    original: LoadedModel | None = None
    """The model before it was decoded, if inputs share lengths by name."""

    def program(self) -> Program:
        """Rewrite the graph and lower it to calls.

        Raises
        ------
        UnsupportedError
            If the model uses operators or attributes that are not supported, or that the target
            lacks; it lists all of them.
        LimitError
            If a value whose shape the passes inferred is too large.
        """
        options, target = self.options, self.target
        with np.errstate(all="ignore"):  # weights that overflow, or are none, stay so
            apart = self._apart()
            graph = self.decoded.graph if apart is None else apart.graph
            graph = run_passes(graph, level=options.level, left_out=target.left_out)
            check_limits(graph, options.max_elements, options.max_nodes)
            has_blocks = target.blocks and not options.flat
            rules = target.rules_for(self.decoded.graph)
            rules = with_blocks(rules, target.placing) if has_blocks else rules
            program = plan(lower(graph, self.rules), level=options.level, rules=rules)
            if not target.is_numpy:
                program = self._retargeted(program)
            return program if apart is None else self._named(program, apart)

    def _retargeted(self, program: Program) -> Program:
        """Return a program that calls the functions of the target."""
        from .targets.retarget import retarget

        nodes = self.decoded.graph.walk()
        operators = {
            n.label: f"{n.qualified_operator} (opset {n.version})" for n in nodes
        }
        return retarget(program, self.target, operators)

    def _apart(self) -> Apart | None:
        """Return the graph for inputs of different lengths, if it is as good as the other."""
        if self.original is None:
            return None
        return decode_apart(self.original, self.decoded, self.rules.has)

    def _named(self, program: Program, apart: Apart) -> Program:
        """Return a program with the names that the file gives to lengths."""
        graph = self.decoded.graph
        types = {n: _renamed(t, apart.names) for n, t in program.types.items()}
        types |= {n: graph.types[n] for n in self.decoded.declared if n in types}
        return replace(
            program, types=types, promised=graph.promised, free_lengths=apart.free
        )


def read(
    model: str | os.PathLike[str] | bytes | ModelProto, options: Options
) -> FrontEnd:
    """Read a model, edit its inputs and outputs as given by the options, and decode it.

    Raises
    ------
    LoadError, DecodeError
        If the model cannot be read.
    LimitError
        If it has more nodes than the options allow, or larger tensors.
    """
    target = _target(options)
    loaded = load(model, _shaping(options), overridable=options.overridable)
    check_count(sum(1 for _ in nodes_of(loaded.proto.graph)), options.max_nodes)
    rules = rules_with(options.ops)
    original = _copy(loaded) if shared_lengths(loaded.proto) else None
    decoded = decode(loaded, rules.has)
    check_limits(decoded.graph, options.max_elements, options.max_nodes)
    return FrontEnd(loaded, decoded, rules, options, target, original)


def _copy(loaded: LoadedModel) -> LoadedModel:
    """Return a model whose graph decoding does not change."""
    proto = type(loaded.proto)()
    proto.CopyFrom(loaded.proto)
    return replace(loaded, proto=proto)


def _shaping(options: Options) -> Shaping:
    return Shaping(
        options.outputs, options.inputs, options.dims, options.shapes, options.bind
    )


def _renamed(kind: ValueType, names: Mapping[str, str]) -> ValueType:
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    return replace(kind, shape=tuple(renamed(dim, names) for dim in kind.shape))


def _target(options: Options) -> Target:
    """Return the target that options ask for.

    Raises
    ------
    OptionError
        If there is none of that name, or it cannot scan over layers or be accelerated.
    """
    target = find_target(options.target)
    if options.accelerate:
        if target.accelerated is None:
            raise OptionError(
                f"accelerate: expected a target that can be, such as 'numpy', got {target.name!r}"
            )
        target = replace(target, accelerated=True)
    if not options.scan_layers:
        return target
    if target.scan_layers is None:
        raise OptionError(
            f"scan_layers: expected a target that can, such as 'jax', got {target.name!r}"
        )
    return replace(target, scan_layers=True)
