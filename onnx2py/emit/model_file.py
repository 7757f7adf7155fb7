"""The variables of the template of ``model.py``, and what its text uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ir.program import Program, Statement
from ..ir.types import TensorType, ValueType
from ..plan.ownership import Holders
from ..plan.traverse import read_in_calls
from .blocks import BlockSource
from .methods import Methods
from .names import field_names
from .results import ResultWriter
from .signature import describe, input_checks
from .spelling import Spelling
from .uses import HELPERS, Uses
from .weights import PlacedWeights
from .words import name_list


class ModelFile:
    """Writes the class of the model; ``uses`` notes what the module imports."""

    def __init__(
        self,
        program: Program,
        statements: tuple[Statement, ...],
        names: Mapping[str, str],
        placed: PlacedWeights,
        blocks: BlockSource,
        uses: Uses,
    ) -> None:
        self.program, self.names, self.placed, self.uses = program, names, placed, uses
        self.blocks = blocks
        self.spelling = _spelling(program, names, placed, blocks, uses.dialect.owner)
        reserved = uses.dialect.reserved | placed.taken
        self.methods = Methods(
            {**blocks.taken, **dict.fromkeys(reserved, 0)},
            blocks.main.statements,
            names,
            blocks.attributes,
        )
        self.writer = blocks.model_writer(self.spelling, self.methods)
        self.results = ResultWriter(program, statements, self.spelling, uses)

    @property
    def calls(self) -> int:
        """The calls that the source shows."""
        return self.writer.calls + self.blocks.calls

    def variables(
        self, symbols: Mapping[str, str], holders: list[Holders], *, large: bool
    ) -> dict[str, Any]:
        """Return the variables; ``symbols`` has what the file calls each symbol."""
        program, uses = self.program, self.uses
        inputs = [
            describe(program, n, n, self.names[n], symbols, uses)
            for n in program.inputs
        ]
        outputs = self._outputs(symbols)
        results = list(map(self.results.result, program.outputs, holders))
        single = len(outputs) == 1
        written = {
            "checks": input_checks(program, self.names, self.placed, uses),
            "setup": self.writer.block(self.blocks.main.setup),
            "objects": self.blocks.constructions(self.spelling),
            "body": self.writer.block(
                self.blocks.main.statements, self.blocks.main.outputs
            ),
            "result": results[0] if single else f"Outputs({', '.join(results)})",
        }
        self._note_frame(large)
        return {
            **written,
            "inputs": inputs,
            "outputs": outputs,
            "required": [item for item in inputs if not item["optional"]],
            "optional": [item for item in inputs if item["optional"]],
            "weights": self.placed.lines,
            "classes": self.blocks.texts,
            "stored": self._has_files(),
            "files": sorted(self.placed.files),
            "checked": any(
                isinstance(program.types.get(n), TensorType) for n in program.inputs
            ),
            "helpers": {module: uses.imported(module) for module in HELPERS},
            "typing_names": uses.imported("typing"),
            "imported": uses.imported,
            "libraries": uses.libraries,
            "kernels": bool(uses.kernels),
            "functools_names": uses.imported("functools"),
            "methods": self.writer.bodies,
            "returns": outputs[0]["annotation"] if single else "Outputs",
            "input_names": name_list(program.inputs),
            "output_names": name_list(program.output_names or program.outputs),
        }

    def _outputs(self, symbols: Mapping[str, str]) -> list[dict[str, Any]]:
        program = self.program
        onnx_names = program.output_names or program.outputs
        fields = field_names(onnx_names, "output")
        promised: tuple[ValueType | None, ...] = program.promised
        promised = promised or (None,) * len(fields)
        return [
            describe(program, value, onnx_name, name, symbols, self.uses, said)
            for value, onnx_name, name, said in zip(
                program.outputs, onnx_names, fields, promised
            )
        ]

    def _note_frame(self, large: bool) -> None:
        """Note the names that the template itself uses."""
        self.uses.typing("Optional")
        self.uses.helper("TensorSpec")
        self.uses.helper("quiet")
        if len(self.program.outputs) != 1:
            self.uses.typing("NamedTuple")
        if large:
            self.uses.helper("reuse_memory")
        if self._has_files():
            self.uses.name("functools", "partial")
            self.uses.helper("File")
            self.uses.helper("Load")

    def _has_files(self) -> bool:
        """Return whether weights are stored in files."""
        return bool(self.placed.files or self.blocks.files)


def _spelling(
    program: Program,
    names: Mapping[str, str],
    placed: PlacedWeights,
    blocks: BlockSource,
    owner: str,
) -> Spelling:
    """An input with a default is a variable like any other, once it is checked."""
    defaults = program.defaults
    return Spelling(
        names,
        {k: v for k, v in placed.attributes.items() if k not in defaults},
        {
            **{k: v for k, v in placed.literals.items() if k not in defaults},
            **blocks.elements,
        },
        read_in_calls(blocks.main) | blocks.prepared(),
        placed.modules,
        owner,
    )
