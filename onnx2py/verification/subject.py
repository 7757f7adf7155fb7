"""A package, its model, and the options to compare them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ir.graph import Graph
from ..options import Options
from .isolation import Outcome, run_isolated


@dataclass(frozen=True)
class Subject:
    """The subject of a comparison.

    Parameters
    ----------
    folder : the package
    model : path, bytes or ModelProto
    graph : the decoded model
    beside : the folder of the model's weights and of ``test_data_set_*``, if any
    options : see :class:`onnx2py.options.Options`
    requires : the modules that the package may import in addition to the standard library
    """

    folder: Path
    model: Any
    graph: Graph
    beside: Path | None
    options: Options
    requires: Sequence[str] = ("numpy",)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The ONNX names of the outputs, in order."""
        return self.graph.output_names or self.graph.outputs

    def run(self, cases: Sequence[Mapping[str, Any]], *, trace: bool) -> Outcome:
        """Run the package in isolation; with ``trace``, return all values of the first case.

        Raises
        ------
        VerifyError
            If a module that it requires is not installed, or it takes too long.
        """
        limit = self.options.time_limit
        return run_isolated(self.folder, cases, self.requires, limit, trace=trace)
