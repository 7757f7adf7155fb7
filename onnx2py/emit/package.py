"""A program as the files of a package: ``{path: text or array}``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from ..defaults import FixedInput
from ..errors import counted
from ..ir.graph import onnx_name
from ..ir.program import Call, Program, Statement, bodies_of
from ..ir.types import (
    ELEMENT_TYPES,
    EXTENSION_DTYPES,
    NUMPY_DTYPES,
    TensorType,
)
from ..plan.ownership import Holders, find_holders
from ..plan.release import is_large
from ..plan.traverse import read_in_calls
from ..tables import in_bytes
from .blocks import block_source
from .environment import rendered
from .literals import dtype_literal
from .methods import Methods
from .names import field_names
from .operators import Kernel, laid_out_operators, operator_files
from .shake import required_libraries
from .signature import describe, example_call, input_checks
from .spelling import Spelling
from .text import one_line
from .usage import used_weights
from .uses import TENSORS, Uses
from .weights import place_weights
from .words import doc_line, name_list

Content = Union[str, np.ndarray]

FILES = (
    "__init__.py", "__main__.py", "_binding.py", "_feeds.py", "_golden.py", "_inference.py",
    "_session.py", "_tensors.py", "_threads.py", "_tools.py", "watch.py", "model.py", "README.md",
    "py.typed",
)  # fmt: skip
"""Files that have a template; ``py.typed`` is empty."""

SHARED = frozenset(
    {
        "_binding.py",
        "_feeds.py",
        "_inference.py",
        "_tensors.py",
        "_threads.py",
        "py.typed",
    }
)
"""Files that packages in one folder share, like ``ops/``."""

LAID_OUT = frozenset(
    {
        "__main__.py",
        "_binding.py",
        "_feeds.py",
        "_golden.py",
        "_inference.py",
        "_tensors.py",
        "_threads.py",
        "_tools.py",
        "watch.py",
    }
)
"""Files whose templates black would not change, whatever is filled in."""


@dataclass(frozen=True)
class Provenance:
    """The origin of a model, which the package states. Its text is not trusted."""

    source: str
    sha256: str
    version: str
    level: int
    opsets: Mapping[str, int]
    producer: str = ""
    producer_name: str = ""
    domain: str = ""
    model_version: int = 0
    description: str = ""
    graph_description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    """What the file calls the dimensions that have a symbol."""
    nodes: int | None = None
    """The nodes of the file, each function's once for each call of it; else unknown."""
    fixed: Sequence[FixedInput] = ()
    """The inputs of the file whose defaults became weights."""


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


def build_package(
    program: Program, name: str, origin: Provenance, *, shared: bool = False
) -> Package:
    """Generate the files of the package ``name`` from a program.

    If ``shared``, the files of ``SHARED`` and ``ops/`` belong to the parent package.
    """
    return _Builder(program, name, origin, shared).build()


FEW_HOLDERS = 4
"""Number of values that an output is compared with by name."""

KEPT = 1 << 13
"""Bytes of a value from which a call may need more memory than glibc keeps (128 kB)."""


class _Builder:
    def __init__(
        self, program: Program, name: str, origin: Provenance, shared: bool
    ) -> None:
        self.program, self.name, self.origin = program, name, origin
        self.shared = shared
        flat = tuple(program.walk())
        self.nodes = sum(len(s.nodes) for s in flat)
        self.read = used_weights(program, flat)
        self.uses = Uses()
        self.blocks = block_source(program, self.uses)
        self.main = self.blocks.main
        """What the class ``Model`` computes itself; it calls instances of blocks."""
        statements = tuple(self.main.walk())
        self.used = used_weights(self.main, statements, self.blocks.constants())
        self.open = {
            name
            for s in flat
            if not isinstance(s.operation, Call)
            for name in s.outputs
        }
        """Results of control flow, whose types are unknown beforehand."""
        self.large = origin.level > 0 and any(
            is_large(program.types.get(name), KEPT)
            for s in program.statements
            for name in s.outputs
        )
        """Whether calls take so much memory that it is worth keeping."""
        self.made = {*program.inputs, *(n for s in flat for n in s.outputs)}
        self.holders = find_holders(program)
        self.names = self.blocks.model_names(self.used)
        self.placed = place_weights(
            program, statements, self.used, self.names, self.uses
        )
        self.files: dict[str, Content] = {**self.placed.files, **self.blocks.files}
        self.checks = input_checks(program, self.names, self.placed, self.uses)
        self.spelling = self._spelling()
        self.methods = Methods(self.blocks.taken)
        self.writer = self.blocks.model_writer(self.spelling, self.methods)

    def _spelling(self) -> Spelling:
        """An input with a default is a variable like any other, once it is checked."""
        placed, defaults = self.placed, self.program.defaults
        return Spelling(
            self.names,
            {k: v for k, v in placed.attributes.items() if k not in defaults},
            {
                **{k: v for k, v in placed.literals.items() if k not in defaults},
                **self.blocks.elements,
            },
            read_in_calls(self.main) | self.blocks.prepared(),
        )

    def build(self) -> Package:
        setup = self.writer.block(self.main.setup)
        objects = self.blocks.constructions(self.spelling)
        body = self.writer.block(self.main.statements)
        kernels = tuple(self.uses.kernels)
        operators = operator_files(kernels)
        requires = self._requires()
        context = {
            **self._model_context(setup, objects, body),
            **self._context(requires),
        }
        self.files.update(
            (path, rendered(path, context))
            for path in FILES
            if not (self.shared and path in SHARED)
        )
        if not self.shared:
            self.files.update(operators)
        self.files["names.json"] = self._names()
        weights = [c for c in self.files.values() if isinstance(c, np.ndarray)]
        return Package(
            files=dict(sorted(self.files.items())),
            nodes=self.nodes,
            calls=self.calls,
            parameters=self.parameters,
            weight_bytes=sum(array.nbytes for array in weights),
            requires=requires,
            laid_out=LAID_OUT | laid_out_operators(kernels),
            kernels=kernels,
            large=self.large,
        )

    @property
    def calls(self) -> int:
        """The calls that the source shows."""
        return self.writer.calls + self.blocks.calls

    @property
    def parameters(self) -> int:
        """The numbers that the model has."""
        return sum(array.size for array in self.read.values())

    # ------------------------------------------------------------------ templates

    def _requires(self) -> tuple[str, ...]:
        """Return the libraries that the package needs."""
        dtypes = self.placed.dtypes | {
            kind.dtype
            for name, kind in self.program.types.items()
            if isinstance(kind, TensorType) and (name in self.made or name in self.read)
        }
        if dtypes & EXTENSION_DTYPES.keys():
            self.uses.library("ml_dtypes")
        needed = self.uses.libraries | required_libraries(self.uses.kernels)
        return ("numpy", *sorted(needed))

    def _context(self, requires: tuple[str, ...]) -> dict[str, Any]:
        origin, stored = self.origin, [
            c for c in self.files.values() if isinstance(c, np.ndarray)
        ]
        size = sum(array.nbytes for array in stored)
        return {
            "package": self.name,
            "common": ".." if self.shared else ".",
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
            "opsets": ", ".join(
                f"{one_line(domain) or 'opset'} {version}"
                for domain, version in sorted(origin.opsets.items())
            ),
            **tensors_context(requires, self.large, any(self.holders)),
            "pillow": "PIL" in requires,
            "weight_summary": f"{counted(len(stored), 'tensor')}, {in_bytes(size)}",
            "summary": doc_line(
                f"``{one_line(self.program.name) or 'The graph'}``, compiled from "
                f"``{one_line(origin.source)}`` to plain NumPy."
            ),
            "example": example_call(self.program, self.names),
        }

    def _model_context(
        self, setup: str, objects: list[str], body: str
    ) -> dict[str, Any]:
        program = self.program
        symbols = self.origin.symbols
        inputs = [
            describe(program, n, n, self.names[n], symbols, self.uses)
            for n in program.inputs
        ]
        onnx_names = program.output_names or program.outputs
        fields = field_names(onnx_names, "output")
        promised = program.promised or (None,) * len(fields)
        described = zip(program.outputs, onnx_names, fields, promised)
        outputs = [
            describe(program, value, onnx_name, name, symbols, self.uses, said)
            for value, onnx_name, name, said in described
        ]
        results = list(map(self._result, program.outputs, self.holders))
        self._note_frame()
        single = len(outputs) == 1
        return {
            "title": self._title(),
            "provenance": self._provenance(),
            "inputs": inputs,
            "outputs": outputs,
            "required": [item for item in inputs if not item["optional"]],
            "optional": [item for item in inputs if item["optional"]],
            "weights": self.placed.lines,
            "classes": self.blocks.texts,
            "objects": objects,
            "stored": self._has_files(),
            "checked": any(
                isinstance(program.types.get(n), TensorType) for n in program.inputs
            ),
            "checks": self.checks,
            "helpers": self.uses.imported(TENSORS),
            "typing_names": self.uses.imported("typing"),
            "functools_names": self.uses.imported("functools"),
            "callable": self.blocks.loads,
            "setup": setup,
            "body": body,
            "methods": self.writer.bodies,
            "returns": outputs[0]["annotation"] if single else "Outputs",
            "result": results[0] if single else f"Outputs({', '.join(results)})",
            "input_names": name_list(program.inputs),
            "output_names": name_list(onnx_names),
        }

    def _note_frame(self) -> None:
        """Note the names that the template of ``model.py`` itself uses."""
        self.uses.typing("Optional")
        self.uses.tensors("TensorSpec")
        self.uses.tensors("quiet")
        if len(self.program.outputs) != 1:
            self.uses.typing("NamedTuple")
        if self.large:
            self.uses.tensors("reuse_memory")
        if self._has_files():
            self.uses.name("functools", "partial")
            self.uses.tensors("File")
            self.uses.tensors("load_weight")

    def _has_files(self) -> bool:
        """Return whether weights are stored in files."""
        return bool(self.placed.files or self.blocks.files)

    def _title(self) -> str:
        nodes = self.nodes if self.origin.nodes is None else self.origin.nodes
        counts = f"{counted(nodes, 'ONNX node')}, {counted(self.calls, 'call')}, "
        counts += counted(self.parameters, "parameter")
        name = one_line(self.program.name)[:40] or "(no name)"
        return doc_line(f"The graph ``{name}``: {counts}.")

    def _provenance(self) -> str:
        origin = self.origin
        opsets = ", ".join(
            f"{one_line(d) or 'opset'} {v}" for d, v in sorted(origin.opsets.items())
        )
        producer = f", {one_line(origin.producer)}" if origin.producer else ""
        text = (
            f"Generated by onnx2py {origin.version} from ``{one_line(origin.source)}`` "
            f"({opsets}{producer}), optimization level -O{origin.level}, "
            f"sha256 {origin.sha256}."
        )
        wrapped = textwrap.fill(text, 86, break_on_hyphens=False)
        return "\n".join(doc_line(line) for line in wrapped.splitlines())

    def _result(self, value: str, holders: Holders) -> str:
        """Return the expression for a returned value, which has its own memory."""
        spelling, outputs = self.spelling, self.program.outputs
        text = self._as_array(value)
        held = [v for v in holders.values if not spelling.is_literal(v)]
        names = [spelling.expression(v) for v in held]
        if len(held) > FEW_HOLDERS:
            variables = map(spelling.expression, filter(spelling.is_variable, held))
            names = ["*vars(self).values()", *variables]
        if text in names and isinstance(self.program.types.get(value), TensorType):
            return f"{text}.copy()"
        if not holders:
            return text
        others = dict.fromkeys(spelling.expression(outputs[i]) for i in holders.outputs)
        return f"{self.uses.tensors('own')}({', '.join((text, *others, *names))})"

    def _as_array(self, value: str) -> str:
        """Return the expression for a value, converted if it may be a NumPy scalar."""
        spelled = self.spelling.expression(value)
        value_type = self.program.types.get(value)
        if isinstance(value_type, TensorType):
            is_array = bool(value_type.rank) and value not in self.open
            is_array = is_array or self.spelling.is_attribute(value)
        else:
            is_array = value_type is not None
        return spelled if is_array else f"{self.uses.tensors('as_array')}({spelled})"

    def _names(self) -> str:
        """List the ONNX name of every value by its Python name, for who looks into a run."""
        found: dict[str, str] = {}

        def note(statements: Iterable[Statement], scope: str) -> None:
            for statement in statements:
                for value in statement.outputs if statement.nodes else ():
                    if value and value not in self.spelling.fixed:
                        found.setdefault(
                            f"{scope}{self.names[value]}", onnx_name(value)
                        )
                for body in bodies_of(statement.operation):
                    method = self.methods.of.get(id(body), "")
                    note(body.statements, f"{method.strip('_')}.")

        note(self.main.statements, "")
        found.update(self.blocks.value_names())
        return f"{json.dumps(found, indent=0)}\n"


def tensors_context(
    requires: Iterable[str], large: bool, own: bool = True
) -> dict[str, Any]:
    """Return the variables of the template of ``_tensors.py``.

    Without ``own``, all outputs are known to be new arrays.
    """
    return {
        "own": own,
        "ml_dtypes": "ml_dtypes" in requires,
        "large": large,
        "extension_dtypes": [
            (k, dtype_literal(v, Uses())) for k, v in EXTENSION_DTYPES.items()
        ],
        "element_types": [
            (number, name)
            for number, name in ELEMENT_TYPES.items()
            if name in NUMPY_DTYPES or "ml_dtypes" in requires
        ],
    }
