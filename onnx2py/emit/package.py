"""A program as the files of a package: ``{path: text or array}``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, Union

import numpy as np

from ..errors import counted
from ..ir.graph import Graph
from ..ir.program import Program
from ..ir.types import EXTENSION_DTYPES, TensorType
from ..plan.ownership import find_holders
from ..plan.release import is_large
from ..tables import in_bytes
from ..targets.numpy import TARGET as NUMPY
from ..targets.target import Target
from .blocks import block_source
from .engine import RECTIFIERS, engine_files, faster_kernels
from .environment import rendered
from .frame import NAMES, README, SHARED
from .helpers import helpers_context
from .model_file import ModelFile
from .names_file import names_text
from .operators import Kernel, laid_out_operators, operator_files
from .provenance import Provenance
from .shake import reached, required_libraries
from .signature import example_call
from .text import one_line
from .usage import used_weights
from .uses import Uses
from .weights import place_weights
from .words import doc_line


class Stored(Protocol):
    """A file of weights that writes itself."""

    @property
    def nbytes(self) -> int:
        """The bytes of all numbers."""

    def __len__(self) -> int: ...

    def write(self, stream: IO[bytes]) -> None:
        """Write the file."""


Content = Union[str, np.ndarray, Stored]


@dataclass(frozen=True)
class Package:
    """The files of a package, and data for reports."""

    files: dict[str, Content]
    nodes: int
    """The ONNX nodes that its calls stand for."""
    calls: int
    parameters: int
    weight_bytes: int
    requires: tuple[str, ...]
    laid_out: frozenset[str] = frozenset()
    """The source files that black would leave as they are."""
    kernels: tuple[Kernel, ...] = ()
    """What ``model.py`` calls."""
    large: bool = False
    """Whether calls take so much memory that it is worth keeping."""
    untraced: tuple[str, ...] = ()
    """The nodes that the compiler of the library cannot trace."""
    recorded_readme: str = ""
    """The README of the package once inputs and outputs are recorded in it."""


def build_package(
    program: Program,
    name: str,
    origin: Provenance,
    *,
    shared: bool = False,
    minimal: bool = False,
    graph: Graph | None = None,
    target: Target = NUMPY,
) -> Package:
    """Generate the files of the package ``name`` from a program, and the graph of its file.

    If ``shared``, the files of ``SHARED`` and ``ops/`` belong to the parent package. If
    ``minimal``, the tools are for verification alone, and no other file refers to them.
    """
    return _Builder(program, name, origin, shared, minimal, graph, target).build()


KEPT = 1 << 13
"""Bytes of a value from which a call may need more memory than glibc keeps (128 kB)."""


class _Builder:
    def __init__(
        self,
        program: Program,
        name: str,
        origin: Provenance,
        shared: bool,
        minimal: bool,
        graph: Graph | None,
        target: Target,
    ) -> None:
        self.program, self.name, self.origin = program, name, origin
        self.shared, self.minimal, self.graph = shared, minimal, graph
        flat = tuple(program.walk())
        self.nodes = sum(len(s.nodes) for s in flat)
        self.read = used_weights(program, flat)
        self.uses = Uses(target)
        self.blocks = block_source(program, self.uses, plain=origin.level == 0)
        main = self.blocks.main
        statements = tuple(main.walk())
        self.used = used_weights(main, statements, self.blocks.constants())
        self.large = origin.level > 0 and any(
            is_large(program.types.get(name), KEPT)
            for s in program.statements
            for name in s.outputs
        )
        """Whether calls take so much memory that it is worth keeping."""
        find = target.untraced
        self.untraced = tuple(find(program)) if find else ()
        self.made = {*program.inputs, *(n for s in flat for n in s.outputs)}
        self.holders = find_holders(program)
        self.names = self.uses.dialect.named(self.blocks.model_names(self.used))
        self.placed = place_weights(
            program, statements, self.used, self.names, self.uses, self.blocks.placed()
        )
        self.model = ModelFile(
            program, flat, self.names, self.placed, self.blocks, self.uses
        )

    def build(self) -> Package:
        model = self.model.variables(
            self.origin.symbols, self.holders, large=self.large
        )
        kernels, folder = tuple(self.uses.kernels), self.uses.target.kernels
        requires = self._requires()
        frame = self.uses.dialect.frame
        left_out = frame.left_out(self.uses) | (SHARED if self.shared else set())
        context = {**model, **self._context(requires), **frame.variables}
        context["library"] = self.uses.target.title
        context["recorded"] = False
        stored = self._stored()
        engine = self._engine(kernels, folder)
        files: dict[str, Content] = {
            **stored,
            **engine,
            **{
                path: rendered(path, context, frame.folder)
                for path in (*frame.needed, *frame.tools)
                if path not in left_out
            },
            **({} if self.shared else self._operators(kernels, folder)),
            NAMES: names_text(
                self.blocks, self.model.spelling, self.model.methods, self.graph
            ),
        }
        return Package(
            files=dict(sorted(files.items())),
            nodes=self.nodes,
            calls=self.model.calls,
            parameters=self._parameters(),
            weight_bytes=sum(array.nbytes for array in stored.values()),
            requires=requires,
            laid_out=frame.laid_out | laid_out_operators(kernels, folder) | {*engine},
            kernels=kernels,
            large=self.large,
            untraced=self.untraced,
            recorded_readme=rendered(
                README, {**context, "recorded": True}, frame.folder
            ),
        )

    def _operators(self, kernels: tuple[Kernel, ...], folder: Path) -> dict[str, str]:
        """Return the files of ``ops/``."""
        faster = faster_kernels() if self.uses.target.accelerated else ()
        return operator_files(kernels, folder, faster)

    def _rectifies(self) -> bool:
        """Whether the engine may make a number of NaN."""
        names = {kernel.__name__ for kernel in self.uses.kernels}
        return bool(self.uses.target.accelerated and names & RECTIFIERS)

    def _engine(self, kernels: tuple[Kernel, ...], folder: Path) -> dict[str, str]:
        """Return the files of the engine that kernels can call."""
        if not self.uses.target.accelerated:
            return {}
        modules = reached(kernels, folder).values()
        return engine_files(name for names in modules for name in names)

    def _stored(self) -> dict[str, np.ndarray | Stored]:
        """Return the weights that are stored in files."""
        return {**self.placed.files, **self.blocks.files}

    def _parameters(self) -> int:
        """Return how many numbers the model has."""
        return sum(array.size for array in self.read.values())

    def _requires(self) -> tuple[str, ...]:
        """Return the libraries that the package needs."""
        dtypes = self.placed.dtypes | {
            kind.dtype
            for name, kind in self.program.types.items()
            if isinstance(kind, TensorType) and (name in self.made or name in self.read)
        }
        if dtypes & EXTENSION_DTYPES.keys():
            self.uses.library("ml_dtypes")
        target = self.uses.target
        needed = required_libraries(self.uses.kernels, target.kernels)
        others = (self.uses.libraries | needed).difference(target.requires)
        return (*target.requires, *sorted(others))

    def _context(self, requires: tuple[str, ...]) -> dict[str, Any]:
        """Return the variables that several templates share."""
        origin, stored = self.origin, self._stored()
        size = sum(array.nbytes for array in stored.values())
        count = sum(
            1 if isinstance(each, np.ndarray) else len(each) for each in stored.values()
        )
        return {
            "title": self._title(),
            "provenance": origin.sentence,
            "package": self.name,
            "package_version": origin.package_version,
            "licenses": origin.licenses,
            "minimal": self.minimal,
            "common": ".." if self.shared else ".",
            "above": "..." if self.shared else "..",
            "common_tools": "...tools." if self.shared else ".",
            "version": origin.version,
            "source": origin.source,
            "sha256": origin.sha256,
            "producer": origin.producer,
            "producer_name": origin.producer_name,
            "domain": origin.domain,
            "model_version": origin.model_version,
            "graph_name": self.program.name,
            "description": origin.description,
            "graph_description": origin.graph_description,
            "properties": sorted(origin.properties.items()),
            "fixed": origin.fixed,
            "level": f"-O{origin.level}",
            "plain": origin.level == 0,
            "opsets": origin.opset_list,
            **helpers_context(
                requires,
                self.large,
                own=any(self.holders),
                as_array="as_array" in self.uses.names["_calls"],
            ),
            "accelerated": bool(self.uses.target.accelerated),
            "rectifies": self._rectifies(),
            "pillow": "PIL" in requires,
            "weight_summary": f"{counted(count, 'tensor')}, {in_bytes(size)}",
            "summary": doc_line(
                f"``{one_line(self.program.name) or 'The graph'}``, compiled from "
                f"``{one_line(origin.source)}`` to plain {self.uses.target.title}."
            ),
            "untraced": self.untraced,
            "example": example_call(self.program, self.names, self.uses),
        }

    def _title(self) -> str:
        nodes = self.nodes if self.origin.nodes is None else self.origin.nodes
        counts = ", ".join(
            (
                counted(nodes, "ONNX node"),
                counted(self.model.calls, "call"),
                counted(self._parameters(), "parameter"),
            )
        )
        name = one_line(self.program.name)[:40] or "(no name)"
        return doc_line(f"The graph ``{name}``: {counts}.")
