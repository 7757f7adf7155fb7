"""Blocks for JAX: functions of a part of the tree of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...emit.block_loops import Looped
from ...emit.block_tree import PROGRAM, Site
from ...emit.class_writer import ClassWriter
from ...emit.methods import Methods
from ...emit.names import snake_case, unique_name
from ...emit.spelling import Spelling
from ...emit.statements import StatementWriter
from ...emit.weights import PlacedWeights
from ...ir.program import Repeat, Statement
from ...ir.types import TensorType
from ..network.blocks import NetworkBlocks
from ..network.tree import Leaf, Tree
from .functions import FunctionWriter, JaxWriter
from .params import ParamsPlacing, ParamsTree
from .wide import note_wide_types


class JaxBlocks(NetworkBlocks):
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
        assert isinstance(self.placing, ParamsPlacing)
        tree = self.module_tree(self.placing.leaves)
        return self.placing.placed(tree, self._stacked())

    def _stacked(self) -> list[list[str]]:
        """Return the paths of the instances in each loop that JAX makes: they are stacked."""
        found = []
        for statement in self.main.statements if self.uses.target.scan_layers else ():
            if not isinstance(statement.operation, Repeat):
                continue
            site = self.tree.site_of[id(statement)]
            paths = [self.instances.paths[site.block, n] for n in site.instances[0]]
            looped = self.loops.loops[id(statement)]
            if self._can_scan(statement, site, paths, looped):
                self.functions.scanned[id(site)] = looped
                found.append(paths)
        return found

    def _can_scan(
        self, statement: Statement, site: Site, paths: list[str], looped: Looped
    ) -> bool:
        """Whether all rounds of a loop do the same with parameters of the same shapes."""
        whole = site.text == self.module_tree(self.placing.leaves).expression(
            paths[0].rpartition(".")[0]
        )
        beside = self.functions.beside(PROGRAM, site)
        if not whole or any(is_walked for _, _, is_walked in beside):
            return False
        inside = tuple(f"{path}." for path in paths)
        if any(
            len(keys) > 1 and any(key.startswith(inside) for key in keys)
            for keys in self.placing.keys.values()
        ):
            return False  # tied weights are read elsewhere
        shapes = [
            [
                (key[len(path) :], array.shape, array.dtype)
                for key, array in self.placing.state.arrays.items()
                if key.startswith(f"{path}.")
            ]
            for path in paths
        ]
        types = self.program.types
        columns = [values for _, values in looped.walked]
        columns += self._starts(statement)
        count = len(statement.outputs) // len(paths)
        columns += [statement.outputs[place::count] for place in range(count)]
        kinds = [{types.get(name) for name in column if name} for column in columns]
        return all(each == shapes[0] for each in shapes) and all(
            len(each) <= 1 and all(isinstance(k, TensorType) for k in each)
            for each in kinds
        )

    def weight_paths(self, spelling: Spelling) -> Iterator[tuple[str, str]]:
        """Yield the path of each parameter in the tree, and the names of other constants."""
        for constant, attribute in spelling.attributes.items():
            if constant not in self.placing.keys:
                yield attribute, constant
        assert isinstance(self.placing, ParamsPlacing)
        for key, constant in self.stored.items():
            if key == self.placing.stored(key):
                yield key, constant

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

    def _starts(self, statement: Statement) -> Iterator[tuple[str, ...]]:
        """Yield what each round is given that the one before made, the first start too."""
        loop = statement.operation
        assert isinstance(loop, Repeat)
        made = {name for name in statement.outputs if name}
        for column in zip(*loop.rounds):
            names = tuple(ref.name for ref in column)
            if made.intersection(names[1:]):
                yield names
