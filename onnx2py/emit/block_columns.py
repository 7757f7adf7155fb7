"""What the values and constants of a block are called in ONNX, in all its applications."""

from __future__ import annotations

from functools import cached_property

from ..ir.graph import onnx_name
from ..plan.outline.windows import ABSENT
from .block_labels import modules_of, without_scope
from .block_parts import Parts
from .naming_blocks import agreed

UNNAMED = "0"
"""In place of a name that says nothing of all applications: a number is generic."""


class NameColumns:
    """The ONNX names of what a block mentions, each below the scope of its application."""

    def __init__(self, parts: Parts) -> None:
        self.parts, self.block = parts, parts.block

    @cached_property
    def scopes(self) -> list[str]:
        """The module that each application is of."""
        return modules_of(self.block)

    @cached_property
    def scopes_of_instances(self) -> list[str]:
        """The module that each instance is of, where it is applied first."""
        numbers = [a.instance for a in self.block.applications]
        return [
            self.scopes[numbers.index(n)] for n, _ in enumerate(self.block.instances)
        ]

    def shared(self, name: str) -> str:
        """Return the name that those of something in ONNX share, '' if that says nothing."""
        filed = self.parts.files.get(name)
        if name in self.block.settings:
            return name
        if filed is not None:
            names, scopes = [*filed.names], self.scopes_of_instances
        elif name in self.block.weights:
            names = [i.weights[name] for i in self.block.instances]
            scopes = self.scopes_of_instances
        else:
            names = [
                ABSENT if name in a.absent else a.values.get(name, name)
                for a in self.block.applications
            ]
            scopes = self.scopes
        present = [(onnx_name(n), s) for n, s in zip(names, scopes) if n != ABSENT]
        return agreed([without_scope(name, scope) for name, scope in present])
