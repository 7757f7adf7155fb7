"""Constants that blocks read but do not hold: inputs of their calls, as tables of positions are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...emit.block_given import key_of
from ...emit.block_tree import PROGRAM, BlockTree
from ...ir.blocks import Block, Outline, mapped
from ...ir.program import Apply, Ref, Repeat, Statement, bodies_of

Holds = Callable[[Block, str], bool]


def with_passed(
    outline: Outline, tree: BlockTree, holds: Holds, arrays: Mapping[str, np.ndarray]
) -> Outline:
    """Return an outline whose blocks are given the constants that they do not hold.

    Of constants with the same numbers, all are given the first.
    """
    return _Passing(tree, holds, arrays, dict(outline.blocks)).outline(outline)


@dataclass
class _Passing:
    tree: BlockTree
    holds: Holds
    arrays: Mapping[str, np.ndarray]
    blocks: dict[str, Block]
    """All blocks; those that were looked at are given their constants."""
    passed: dict[str, list[list[str]]] = field(default_factory=dict)
    """The constants that each block is given, by instance."""
    _first: dict[Any, str] = field(default_factory=dict)

    def outline(self, outline: Outline) -> Outline:
        for name in outline.blocks:  # each after those that it calls
            self._pass_to(name)
        statements = tuple(self._calling(PROGRAM, outline.statements))
        return Outline(statements, self.blocks)

    def _pass_to(self, name: str) -> None:
        """Let a block call those that it calls with their constants, then make its own inputs."""
        statements = tuple(self._calling(name, self.blocks[name].statements))
        block = replace(self.blocks[name], statements=statements)
        given = [w for w in block.weights if not self.holds(block, w)]
        columns = [
            [self._canonical(i.weights[w]) for i in block.instances] for w in given
        ]
        self.passed[name] = columns
        self.blocks[name] = replace(
            block,
            inputs=(*block.inputs, *given),
            weights=tuple(w for w in block.weights if w not in given),
            instances=tuple(
                replace(
                    i, weights={k: v for k, v in i.weights.items() if k not in given}
                )
                for i in block.instances
            ),
            applications=tuple(
                replace(
                    a,
                    values={
                        **a.values,
                        **{w: c[a.instance] for w, c in zip(given, columns)},
                    },
                )
                for a in block.applications
            ),
        )

    def _canonical(self, name: str) -> str:
        """Return the first constant with the same numbers."""
        array = self.arrays.get(name)
        return name if array is None else self._first.setdefault(key_of(array), name)

    def _calling(
        self, owner: str, statements: Iterable[Statement]
    ) -> Iterator[Statement]:
        """Yield statements whose calls of blocks pass on the constants of these."""
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, (Apply, Repeat)):
                columns = self.passed[operation.block]
                rounds = [
                    tuple(self._given(owner, [c[n] for n in numbers]) for c in columns)
                    for numbers in zip(*self.tree.site_of[id(statement)].instances)
                ]
                if isinstance(operation, Apply):
                    given = (*operation.arguments, *rounds[0])
                    operation = replace(operation, arguments=given)
                else:
                    both = zip(operation.rounds, rounds)
                    operation = replace(operation, rounds=tuple(a + b for a, b in both))
            elif bodies_of(operation):
                operation = mapped(
                    operation,
                    lambda a: a,
                    lambda n: n,
                    lambda inside: self._calling(owner, inside),
                )
            yield replace(statement, operation=operation)

    def _given(self, owner: str, names: Sequence[str]) -> Ref:
        """Return the reference to a constant, which each instance of the owner has its own of."""
        if owner == PROGRAM:
            return Ref(names[0])
        block = self.blocks[owner]
        for local in block.weights:
            if all(i.weights[local] == n for i, n in zip(block.instances, names)):
                return Ref(local)
        local = names[0]
        while local in block.weights or local in block.inputs:
            local = f"{local}_"
        instances = zip(block.instances, names)
        self.blocks[owner] = replace(
            block,
            weights=(*block.weights, local),
            instances=tuple(
                replace(i, weights={**i.weights, local: name}) for i, name in instances
            ),
        )
        return Ref(local)
