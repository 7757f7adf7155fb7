"""Blocks for JAX: functions of a part of the tree of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...emit.block_tree import PROGRAM
from ...emit.class_writer import ClassWriter
from ...emit.methods import Methods
from ...emit.names import snake_case, unique_name
from ...emit.spelling import Spelling
from ...emit.statements import StatementWriter
from ...emit.weights import PlacedWeights
from ..torch.blocks import TorchBlocks
from ..torch.tree import Leaf, Tree
from .functions import FunctionWriter, JaxWriter
from .params import ParamsPlacing, ParamsTree
from .wide import note_wide_types


class JaxBlocks(TorchBlocks):
    """Writes functions, and what ``forward`` reads of the tree."""

    functions: FunctionWriter

    def place(self) -> ParamsPlacing:
        """Return the places of layers and weights."""
        note_wide_types(self.program, self.uses)
        return ParamsPlacing(self.program, self.uses)

    def module_tree(self, leaves: Mapping[str, Leaf]) -> Tree:
        """Return leaves as a tree of dictionaries and lists."""
        return ParamsTree(leaves, self.uses)

    def class_writer(self) -> ClassWriter:
        """Return the writer of the functions."""
        taken: dict[str, int] = {}
        for block, name in self.classes.items():
            self.classes[block] = unique_name(f"apply_{snake_case(name)}", taken)
        self.functions = FunctionWriter(
            self.program, self.outline, self.uses, self.calling, self.interfaces,
            self.lengths, self.instances, taken=taken,
        )  # fmt: skip
        self.stored = {
            key: value for value, keys in self.placing.keys.items() for key in keys
        }
        return self.functions

    @property
    def attributes(self) -> list[str]:
        """Nothing: there is no object."""
        return []

    def placed(self) -> PlacedWeights:
        """Return where constants are that are parameters."""
        return self.placing.placed(self.module_tree(self.placing.leaves))

    def model_names(self, used: Iterable[str]) -> dict[str, str]:
        """Name the values of ``forward``, apart from functions."""
        names = super().model_names(used)
        self.taken.update(self.functions.taken)
        return names

    def model_writer(self, spelling: Spelling, methods: Methods) -> StatementWriter:
        """Return the writer of ``forward``."""
        return JaxWriter(
            self.main, spelling, self.uses, methods, self.plain,
            calling=self.calling, loops=self.loops, lengths=self.lengths,
            functions=self.functions, owner=PROGRAM,
        )  # fmt: skip
