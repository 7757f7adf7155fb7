"""What the decoders of a model and of its functions share: names, types, constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from ..errors import DecodeError
from ..ir.graph import numbered
from ..ir.types import ValueType
from ..load import LoadedModel
from .functions import Functions, is_small
from .inlining import HasRule
from .symbols import without_made_up
from .types import value_type


@dataclass
class Shared:
    """State shared by the decoders of a model and of its functions."""

    loaded: LoadedModel
    has_rule: HasRule
    functions: Functions
    taken: set[str] = field(default_factory=set)
    types: dict[str, ValueType] = field(default_factory=dict)
    symbols: set[str] = field(default_factory=set)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    """The small ones, which a call may hand to a function."""
    faults: dict[str, str] = field(default_factory=dict)
    """For the first output of a node that inference refused: why."""
    declared: set[str] = field(default_factory=set)
    """Values whose types the file declares and inference does not know."""
    stated: dict[str, list[ValueType]] = field(default_factory=dict)
    """All types that the file declares for what nodes make."""

    def define(
        self, name: str, scope: dict[str, str], role: str, own: set[str] | None = None
    ) -> str:
        """Give a value a name that is unique in the model."""
        if not name:
            raise DecodeError(f"{role}: expected a name, got none")
        if own is None and name in scope or own is not None and name in own:
            raise DecodeError(
                f"{role} {name!r}: expected one value of that name, got two"
            )
        unique, count = name, 1
        while unique in self.taken:
            count += 1
            unique = numbered(name, count)
        self.taken.add(unique)
        scope[name] = unique
        if own is not None:
            own.add(name)
        return unique

    def note_constants(
        self, arrays: Mapping[str, np.ndarray], scope: Mapping[str, str]
    ) -> None:
        """Remember the constants that a call may pass to a function."""
        if self.functions.protos:
            small = {
                scope[n]: a for n, a in arrays.items() if n in scope and is_small(a)
            }
            self.constants.update(small)

    def note_type(self, value: onnx.ValueInfoProto, scope: Mapping[str, str]) -> None:
        """Remember the type that the file declares for a value."""
        kind = value_type(value)
        if kind is not None and value.name in scope:
            self.types[scope[value.name]] = without_made_up(kind, self.symbols)


def trimmed(names: Iterable[str]) -> tuple[str, ...]:
    """Drop absent inputs or outputs at the end."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return tuple(found)
