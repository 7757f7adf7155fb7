"""The class of a block as a module: its layers and tensors, and ``forward``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...emit.arrays import is_scalar
from ...emit.block_given import Given, key_of
from ...emit.block_labels import docstring
from ...emit.block_names import local_names
from ...emit.block_parts import Parts
from ...emit.block_settings import Settings
from ...emit.block_source import BlockWriter
from ...emit.class_writer import INSIDE, ClassWriter, Written
from ...emit.literals import literal, scalar_literal
from ...emit.methods import Methods
from ...emit.names import Wanted, assign_names, unique_name
from ...emit.spelling import Spelling
from ...emit.usage import read_as_numbers
from ...ir.blocks import Block
from ...ir.program import Argument, Call, Ref, references, walk
from ...plan.traverse import read_in_calls
from ..network.instances import Instances
from ..network.layer import Layer, layer_calls
from ..network.tree import Leaf
from .literals import tensor_literal
from .placing import constructor
from .tree import ModuleTree

Column = tuple[Given, ...]
"""What each instance of a block is given."""


@dataclass
class ModuleWriter(ClassWriter):
    """Writes classes of ``nn.Module``."""

    instances: Instances
    given: dict[str, dict[str, Column]] = field(default_factory=dict)
    """What the constructor of each block is given, by the names of its parameters."""

    def written(self, block: str) -> Written:
        """Write the class of a block."""
        parts = self._parts(self.outline.blocks[block])
        statements = parts.statements
        arrays = self._arrays(parts.block)
        local = self.local_program(parts.block, statements, arrays, {})
        shown = read_as_numbers(local.walk(), self.uses)
        keys = self._keys(parts.block)
        others = {name: array for name, array in arrays.items() if name not in keys}
        numbers = [n for n in others if n in shown and is_scalar(others[n])]
        small = [name for name in others if name not in numbers]
        roots = [*dict.fromkeys(p.split(".")[0] for p in self.instances.modules(block))]
        held = [*small, *_settings_read(parts)]
        names = local_names(local, parts, self.interfaces, held, roots)
        names = self.uses.dialect.named(names)
        made = (Wanted(n, "value") for n in parts.given if n not in held)
        names.update(assign_names(made, {*names.values(), *roots}))
        self.given[block] = {names[n]: column for n, column in parts.given.items()}
        modules = ModuleTree(dict(self._leaves(parts, names)), self.uses)
        attributes = {n: names[n] for n in held}
        for name, key in keys.items():
            attributes[name] = modules.attribute(key)
        taken = dict.fromkeys([*names.values(), *roots, *self.uses.dialect.reserved], 0)
        loops = self.calling.loop_variables(names, taken)
        loops.name(local.statements, local.outputs)
        literals = {n: scalar_literal(arrays[n], self.uses) for n in numbers}
        spelling = Spelling(
            names, attributes, {**literals, **loops.parts}, read_in_calls(local),
            {path: modules.expression(place) for path, place in self._layers(parts)},
        )  # fmt: skip
        writer = BlockWriter(
            local, spelling, self.uses, Methods(taken, local.statements, names, roots),
            calling=self.calling, loops=loops, lengths=self.lengths,
        )  # fmt: skip
        with self.uses.apart("module") as noted:
            body = writer.block(local.statements, local.outputs)
            buffers = [*self._buffers({names[n]: arrays[n] for n in small})]
        init = [*(line["line"] for line in modules.lines()), *buffers]
        results = ", ".join(map(spelling.expression, local.outputs))
        lines = [
            f"class {self.calling.classes[block]}({modules.base}):",
            textwrap.indent(docstring(parts.block, writer.calls), "    "),
            "",
            *(f"    {names[n]}: Tensor" for n in small),
            "" if small else None,
            f"    def __init__({', '.join(['self', *self._parameters(block)])}) -> None:",
            f"{INSIDE}super().__init__()",
            *(f"{INSIDE}self.{names[n]} = {names[n]}" for n in _settings_read(parts)),
            textwrap.indent("\n".join(init), INSIDE),
            "",
            self._device(modules) if noted else None,
            f"    {self.signature('forward', local, names)}",
            textwrap.indent(body, INSIDE),
            f"\n        return {results}",
            *(f"\n{textwrap.indent(method, '    ')}" for method in writer.bodies),
        ]
        text = "\n".join(line for line in lines if line is not None)
        return Written(text, names, writer.methods, local.statements, writer.calls)

    def construction(self, owner: str, block: str, numbers: Sequence[int]) -> str:
        """Return the call of a constructor, for an instance of each of the owner's instances."""
        columns = self.given[block].items()
        given = (self._passed(owner, n, [c[i] for i in numbers]) for n, c in columns)
        return f"{self.calling.classes[block]}({', '.join(given)})"

    # ------------------------------------------------------------------ what a block has

    def _parts(self, block: Block) -> Parts:
        """Return a block over settings, in which tuples are opened."""
        taken = dict.fromkeys((*block.inputs, *block.weights, *block.settings), 0)
        for statement in walk(block.statements):
            taken.update(dict.fromkeys(statement.outputs, 0))
        settings = Settings(block, taken)
        statements = tuple(settings.statements(block.statements))
        return Parts(block, statements, given=dict(settings.columns), taken=taken)

    def _arrays(self, block: Block) -> dict[str, np.ndarray]:
        """Return the constants of the first instance."""
        first = block.instances[0].weights
        return {n: self.program.weights[first[n]] for n in block.weights}

    def _keys(self, block: Block) -> dict[str, str]:
        """Return where the constants are that are in the state, within the block."""
        start = len(self.instances.paths[block.name, 0]) + 1
        return {name: key[start:] for name, key in self.instances.keys(block)}

    def _layers(self, parts: Parts) -> Iterator[tuple[str, str]]:
        """Yield the paths of layers, in the model and in the block."""
        start = len(self.instances.paths[parts.block.name, 0]) + 1
        for layer, _ in layer_calls(parts.statements):
            if layer.is_module:
                yield layer.path, layer.path[start:]

    def _leaves(
        self, parts: Parts, names: Mapping[str, str]
    ) -> Iterator[tuple[str, Leaf]]:
        """Yield what a block holds, by paths in it."""
        block = parts.block
        start = len(self.instances.paths[block.name, 0]) + 1
        found: dict[str, Leaf] = {}
        first = block.instances[0].weights

        def spell(value: Argument) -> str:
            if isinstance(value, tuple):
                items = ", ".join(map(spell, value))
                return f"({items},)" if len(value) == 1 else f"({items})"
            if isinstance(value, Ref):
                return names[value.name]
            return literal(value, self.uses)

        for layer, call in layer_calls(parts.statements):
            if layer.is_module:
                arrays = [
                    self.program.weights[first[n]] for n in layer.weights(call).values()
                ]
                text = constructor(layer, call, arrays, self.uses, spell)
                key = next(iter(layer.keys().values()), "")
                found[layer.path[start:]] = Leaf(text, key=key[start:])
        for path in self.instances.leaves[block.name]:
            if path not in found:
                found[path] = self._tensor(block, path)
        order = [*self.instances.leaves[block.name], *self.instances.inner[block.name]]
        for path in order:
            if path in found:
                yield path, found[path]
                continue
            inner, _ = self.instances.inner[block.name][path]
            numbers = self.instances.column(block.name, path)
            text = self.construction(block.name, inner, numbers)
            below = self.instances.modules(inner)
            yield path, Leaf(text, key=f"{path}.{below[0]}" if below else "")

    def _tensor(self, block: Block, path: str) -> Leaf:
        """Return a parameter or a buffer, whose lengths are arguments where they differ."""
        placing, numbers = self.instances.placing, range(len(block.instances))
        keys = [f"{self.instances.paths[block.name, n]}.{path}" for n in numbers]
        lengths = zip(*(placing.state.arrays[key].shape for key in keys))
        shape = tuple(self._passed(block.name, "size", column) for column in lengths)
        return replace(placing.tensor(keys[0], shape), key=path)

    # ------------------------------------------------------------------ the constructor

    def _parameters(self, block: str) -> Iterator[str]:
        for name, column in self.given[block].items():
            kinds = {type(value).__name__ for value in column}
            yield f"{name}: {kinds.pop() if len(kinds) == 1 else self.uses.typing('Any')}"

    def _passed(self, owner: str, name: str, column: Sequence[Given]) -> str:
        """Return the argument of a constructor: a literal, or a parameter of the owner's."""
        if len({*map(key_of, column)}) == 1:
            return literal(column[0], self.uses)
        given = self.given[owner]
        for known, others in given.items():
            if [*map(key_of, others)] == [*map(key_of, column)]:
                return known
        new = unique_name(name, dict.fromkeys(given, 0))
        given[new] = tuple(column)
        return new

    def _buffers(self, small: Mapping[str, np.ndarray]) -> Iterator[str]:
        for name, array in small.items():
            text = tensor_literal(array, self.uses)
            yield f'self.register_buffer("{name}", {text}, persistent=False)'

    def _device(self, modules: ModuleTree) -> str:
        """Return the property that says where a module is."""
        self.uses.library("torch")
        place = modules.tensor()
        return (
            "    @property\n    def device(self) -> torch.device:\n"
            '        """Where the module is: it makes tensors there."""\n'
            f"        return {place}.device\n"
        )


def _settings_read(parts: Parts) -> list[str]:
    """Return the settings that calls read, other than those that make layers."""
    read: dict[str, None] = {}
    for statement in walk(parts.statements):
        call = statement.operation
        if isinstance(call, Call) and isinstance(call.function, Layer):
            read.update(dict.fromkeys(a.name for a in call.args if isinstance(a, Ref)))
        else:
            read.update(dict.fromkeys(references(call)))
    return [name for name in parts.given if name in read]
