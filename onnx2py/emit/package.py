"""A program as the files of a package: ``{path: text or array}``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from ..ir.graph import onnx_name
from ..ir.program import Call, Program
from ..ir.types import (
    EXTENSION_DTYPES,
    TensorType,
    ValueType,
    dtype_name,
    tensor_type_of,
)
from ..plan.names import field_names
from ..plan.values import name_values
from .arrays import digest_of, is_inline, is_scalar, scalar_text, stored_array
from .environment import environment
from .literals import array_literal, dtype_literal, literal
from .shake import reached, read_module, shaken_source
from .source import SourceWriter, annotation, shaped_annotation
from .text import comment, one_line
from .usage import read_by_numpy_alone, readers_of, used_weights
from .words import byte_count, counted, doc_line, name_list

Content = Union[str, np.ndarray]


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: what the package says of itself. Not to be trusted as text."""

    source: str
    sha256: str
    version: str
    level: int
    opsets: Mapping[str, int]
    producer: str = ""
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """The files, and what there is to report about them."""

    files: dict[str, Content]
    calls: int
    parameters: int
    weight_bytes: int
    requires: tuple[str, ...]


def build_package(program: Program, name: str, origin: Provenance) -> Package:
    """Write a program as the files of the package ``name``."""
    return _Builder(program, name, origin).build()


class _Builder:
    def __init__(self, program: Program, name: str, origin: Provenance) -> None:
        self.program, self.name, self.origin = program, name, origin
        self.statements = tuple(program.walk())
        self.used = used_weights(program, self.statements)
        self.open = {
            name
            for s in self.statements
            if not isinstance(s.operation, Call)
            for name in s.outputs
        }
        """What control flow makes: nobody can tell its type beforehand."""
        self.names = name_values(program, self.used)
        taken = dict.fromkeys(self.names.values(), 0)
        self.files: dict[str, Content] = {}
        self.parameters = 0
        self.weight_lines: list[dict[str, str]] = []
        self.expressions = self._place_weights(taken)
        # An input with a default is a variable like any other, once it is checked.
        weights = {
            k: v for k, v in self.expressions.items() if k not in program.defaults
        }
        self.writer = SourceWriter(program, self.names, weights, taken)

    def build(self) -> Package:
        setup = self.writer.block(self.program.setup)
        body = self.writer.block(self.program.statements)
        requires = self._requires(setup + body)
        context = {**self._model_context(setup, body), **self._context(requires)}
        for path in ("__init__.py", "__main__.py", "_session.py", "_tensors.py", "model.py",
                     "README.md", "py.typed"):  # fmt: skip
            template = path if path == "py.typed" else f"{path}.j2"
            self.files[path] = environment().get_template(template).render(context)
        self._write_ops()
        weights = [c for c in self.files.values() if isinstance(c, np.ndarray)]
        return Package(
            files=dict(sorted(self.files.items())),
            calls=self.writer.calls,
            parameters=self.parameters,
            weight_bytes=sum(array.nbytes for array in weights),
            requires=requires,
        )

    # ------------------------------------------------------------------ weights

    def _place_weights(self, taken: dict[str, int]) -> dict[str, str]:
        """Decide for every constant: a literal, or a file; return how it is spelled."""
        readers = readers_of(self.statements)
        shown = read_by_numpy_alone(self.statements)
        expressions: dict[str, str] = {}
        stored: dict[tuple[str, bytes], str] = {}
        for value, array in self.used.items():
            self.parameters += array.size
            if value in shown and is_scalar(array):
                expressions[value] = (
                    f"{dtype_literal(array.dtype)}({scalar_text(array)})"
                )
                continue
            key = (str(tensor_type_of(array)), digest_of(array))
            if key in stored:
                expressions[value] = stored[key]
                continue
            name = self.names[value]
            expressions[value] = stored[key] = f"self.{name}"
            self.weight_lines.append(
                {
                    "name": name,
                    "comment": self._weight_comment(value, readers.get(value, "")),
                    "expression": self._weight(name, array),
                }
            )
        return expressions

    def _weight(self, name: str, array: np.ndarray) -> str:
        """Return the expression that makes a weight; put it into a file unless it is small."""
        if is_inline(array):
            return array_literal(array)
        self.files[f"weights/{name}.npy"] = stored_array(array)
        return f'load("{name}", "{tensor_type_of(array)}")'

    def _weight_comment(self, value: str, reader: str) -> str:
        folded = self.program.folded.get(value, ())
        name = comment(onnx_name(value))
        text = f"{name}: {reader}" if reader else name
        if folded:
            text += f"; folded, was {', '.join(map(comment, folded))}"
        lines = textwrap.wrap(
            text,
            80,
            initial_indent="# ",
            subsequent_indent="#   ",
            break_on_hyphens=False,
        )
        return textwrap.indent("\n".join(lines), " " * 8)

    # ------------------------------------------------------------------ templates

    def _requires(self, body: str) -> tuple[str, ...]:
        kinds = {
            kind.dtype
            for name, kind in self.program.types.items()
            if isinstance(kind, TensorType)
            and (name in self.names or name in self.used)
        } | {dtype_name(array.dtype) for array in self.used.values()}
        needed = (
            {"ml_dtypes"}
            if kinds & EXTENSION_DTYPES.keys() or "ml_dtypes." in body
            else set()
        )
        for module in reached(self.writer.kernels):
            imports = {
                i.module.split(".")[0] for i in read_module(module).imports.values()
            }
            needed |= {label for label in ("ml_dtypes", "PIL") if label in imports}
        return ("numpy", *sorted(needed))

    def _context(self, requires: tuple[str, ...]) -> dict[str, Any]:
        origin, stored = self.origin, [
            c for c in self.files.values() if isinstance(c, np.ndarray)
        ]
        size = sum(array.nbytes for array in stored)
        return {
            "package": self.name,
            "version": origin.version,
            "source": origin.source,
            "sha256": origin.sha256,
            "producer": origin.producer,
            "graph_name": self.program.name,
            "description": origin.description,
            "properties": sorted(origin.properties.items()),
            "level": f"-O{origin.level}",
            "opsets": ", ".join(
                f"{one_line(domain) or 'opset'} {version}"
                for domain, version in sorted(origin.opsets.items())
            ),
            "ml_dtypes": "ml_dtypes" in requires,
            "pillow": "PIL" in requires,
            "extension_dtypes": [
                (k, dtype_literal(v)) for k, v in EXTENSION_DTYPES.items()
            ],
            "weight_summary": f"{len(stored)} tensors, {byte_count(size)}",
            "summary": doc_line(
                f"``{one_line(self.program.name) or 'The graph'}``, compiled from "
                f"``{one_line(origin.source)}`` to plain NumPy."
            ),
            "example": self._example(),
        }

    def _example(self) -> str:
        arguments = []
        for name in self.program.inputs:
            if name in self.program.defaults:
                continue
            kind = self.program.types.get(name)
            spelled = "..."
            if isinstance(kind, TensorType) and kind.dtype not in EXTENSION_DTYPES:
                shape = tuple(d if isinstance(d, int) else 1 for d in kind.shape or ())
                spelled = f"np.zeros({shape}, {annotation(kind)[8:-1]})"
                if kind.dtype == "string":
                    spelled = f'np.full({shape}, "text", object)'
            arguments.append(f"{self.names[name]}={spelled}")
        return f"outputs = model({', '.join(arguments)})"

    def _model_context(self, setup: str, body: str) -> dict[str, Any]:
        program = self.program
        inputs = [self._describe(n, n, self.names[n]) for n in program.inputs]
        onnx_names = program.output_names or program.outputs
        fields = field_names(onnx_names, "output")
        promised = program.promised or (None,) * len(fields)
        described = zip(program.outputs, onnx_names, fields, promised)
        outputs = [self._describe(*each) for each in described]
        results = [self._result(value) for value in program.outputs]
        single = len(outputs) == 1
        return {
            "title": self._title(),
            "provenance": self._provenance(),
            "inputs": inputs,
            "outputs": outputs,
            "required": [item for item in inputs if not item["optional"]],
            "optional": [item for item in inputs if item["optional"]],
            "weights": self.weight_lines,
            "stored": any("load(" in item["expression"] for item in self.weight_lines),
            "checked": any(
                isinstance(program.types.get(n), TensorType) for n in program.inputs
            ),
            "checks": self._checks(),
            "helpers": self._helpers(results),
            "typing_names": self._typing_names(setup + body, [*inputs, *outputs]),
            "setup": setup,
            "body": body,
            "methods": self.writer.bodies,
            "returns": outputs[0]["annotation"] if single else "Outputs",
            "result": results[0] if single else f"Outputs({', '.join(results)})",
            "input_names": name_list(program.inputs),
            "output_names": name_list(onnx_names),
        }

    def _helpers(self, results: Iterable[str]) -> str:
        """Name what the model needs of ``_tensors``."""
        names = ["TensorSpec", "quiet"]
        names += ["check_input"] if "check_input(" in self._checks() else []
        names += (
            ["load_weight"]
            if any("load(" in w["expression"] for w in self.weight_lines)
            else []
        )
        names += ["as_array"] if any(r.startswith("as_array(") for r in results) else []
        return ", ".join(sorted(names))

    def _typing_names(self, body: str, values: list[dict[str, Any]]) -> str:
        """Name what the model needs of ``typing``."""
        text = " ".join([body, *self.writer.bodies, *(v["annotation"] for v in values)])
        names = {name for name in ("Annotated", "Any") if name in text}
        names |= {"NamedTuple"} if len(self.program.outputs) != 1 else set()
        names |= {"Optional"} if self.program.defaults else set()
        return ", ".join(sorted(names)) or "Any"

    def _describe(
        self, value: str, onnx_name: str, name: str, promised: ValueType | None = None
    ) -> dict[str, Any]:
        """Say what templates need to know of an input or output.

        Where inference is vague, the type of an output is what the file says.
        """
        kind = completed(self.program.types.get(value), promised)
        return {
            "onnx_name": onnx_name,
            "name": name,
            "type": comment(kind or "?"),
            "dtype": kind.dtype if isinstance(kind, TensorType) else str(kind or "?"),
            "shape": kind.shape if isinstance(kind, TensorType) else None,
            "annotation": shaped_annotation(kind),
            "optional": value in self.program.defaults,
        }

    def _title(self) -> str:
        nodes = sum(len(s.nodes) for s in self.statements)
        counts = f"{counted(nodes, 'ONNX node')}, {counted(self.writer.calls, 'call')}"
        name = one_line(self.program.name)[:40] or "(no name)"
        return doc_line(
            f"The graph ``{name}``: {counts}, {self.parameters:,} parameters."
        )

    def _provenance(self) -> str:
        origin = self.origin
        opsets = ", ".join(
            f"{one_line(d) or 'opset'} {v}" for d, v in sorted(origin.opsets.items())
        )
        producer = f", {one_line(origin.producer)}" if origin.producer else ""
        text = (
            f"Generated by onnx2py {origin.version} from ``{one_line(origin.source)}`` "
            f"({opsets}{producer}), optimisation level -O{origin.level}, "
            f"sha256 {origin.sha256}."
        )
        wrapped = textwrap.fill(text, 86, break_on_hyphens=False)
        return "\n".join(doc_line(line) for line in wrapped.splitlines())

    def _checks(self) -> str:
        lines = []
        kinds = [self.program.types.get(name) for name in self.program.inputs]
        symbols = [
            dim
            for k in kinds
            if isinstance(k, TensorType)
            for dim in k.shape or ()
            if isinstance(dim, str)
        ]
        if symbols:
            lines.append("dims: dict[str, int] = {}")
        for value, kind in zip(self.program.inputs, kinds):
            name = self.names[value]
            check = None
            if isinstance(kind, TensorType):
                has_symbol = any(isinstance(dim, str) for dim in kind.shape or ())
                dims = ", dims" if has_symbol else ""
                check = f"check_input({literal(value)}, {name}, {literal(str(kind))}{dims})"
            if value in self.program.defaults:
                default = self.expressions[value]
                lines.append(
                    f"{name} = {default} if {name} is None else {check or name}"
                )
            elif check:
                lines.append(f"{name} = {check}")
        return "\n".join(lines)

    def _result(self, value: str) -> str:
        """Spell a returned value; one that may be a NumPy scalar is made an array."""
        kind = self.program.types.get(value)
        spelled = self.writer.spell(value)
        if spelled.startswith("self."):
            return f"{spelled}.copy()"  # the caller may do with it as he likes
        is_array = (
            isinstance(kind, TensorType) and bool(kind.rank) and value not in self.open
        )
        is_other = kind is not None and not isinstance(kind, TensorType)
        return spelled if is_array or is_other else f"as_array({spelled})"

    # ------------------------------------------------------------------ kernels

    def _write_ops(self) -> None:
        needed = reached(self.writer.kernels)
        for module, names in needed.items():
            self.files[f"ops/{module}.py"] = shaken_source(module, names)
        public: dict[str, list[str]] = {}
        for kernel in self.writer.kernels:
            public.setdefault(kernel.__module__.rsplit(".", 1)[1], []).append(
                kernel.__name__
            )
        template = environment().get_template("ops/__init__.py.j2")
        self.files["ops/__init__.py"] = template.render(
            modules=[
                (module, sorted(names)) for module, names in sorted(public.items())
            ],
            exported=sorted(name for names in public.values() for name in names),
        )


def completed(kind: ValueType | None, promised: ValueType | None) -> ValueType | None:
    """Fill what is not known of a type with what the file says, if the two can be of one value."""
    if not isinstance(kind, TensorType) or not isinstance(promised, TensorType):
        return kind or promised
    if kind.dtype != promised.dtype or promised.shape is None:
        return kind
    if kind.shape is None:
        return promised
    if len(kind.shape) != len(promised.shape):
        return kind
    dims = (
        known if known is not None else said
        for known, said in zip(kind.shape, promised.shape)
    )
    return TensorType(kind.dtype, tuple(dims))


# ---------------------------------------------------------------------- what is used


# ---------------------------------------------------------------------- arrays


# ---------------------------------------------------------------------- words
