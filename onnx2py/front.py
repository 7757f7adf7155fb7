"""From a file to a program, within all limits: what every command does first."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .custom import rules_with
from .decode import DecodedModel, decode
from .decode.prepare import nodes_of
from .ir.program import Program
from .limits import check_count, check_limits
from .load import LoadedModel, load
from .lowering.lower import lower
from .lowering.registry import Rules
from .options import Options
from .passes import run_passes
from .plan import plan
from .shaping import Shaping

if TYPE_CHECKING:
    from onnx import ModelProto  # noqa: TID251  (an annotation)


@dataclass(frozen=True)
class FrontEnd:
    """A model that was read, and what it is to be compiled with."""

    loaded: LoadedModel
    decoded: DecodedModel
    rules: Rules
    options: Options

    def program(self) -> Program:
        """Rewrite the graph and lower it to calls.

        Raises
        ------
        UnsupportedError
            If the model uses what there is no rule for; it lists everything.
        LimitError
            If a value that the passes found a shape for is too large.
        """
        options = self.options
        with np.errstate(all="ignore"):  # weights that overflow, or are none, stay so
            graph = run_passes(self.decoded.graph, level=options.level)
            check_limits(graph, options.max_elements, options.max_nodes)
            return plan(lower(graph, self.rules), level=options.level)


def read(
    model: str | os.PathLike[str] | bytes | ModelProto, options: Options
) -> FrontEnd:
    """Read a model, change its inputs and outputs as the options say, and decode it.

    Raises
    ------
    LoadError, DecodeError
        If the model cannot be read.
    LimitError
        If it has more nodes than the options allow, or larger tensors.
    """
    loaded = load(model, _shaping(options))
    check_count(sum(1 for _ in nodes_of(loaded.proto.graph)), options.max_nodes)
    rules = rules_with(options.ops)
    decoded = decode(loaded, rules.has)
    check_limits(decoded.graph, options.max_elements, options.max_nodes)
    return FrontEnd(loaded, decoded, rules, options)


def _shaping(options: Options) -> Shaping:
    return Shaping(
        options.outputs, options.inputs, options.dims, options.shapes, options.bind
    )
