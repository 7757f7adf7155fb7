"""Convolutions of a block as objects, each with its weights and the kernel for their shapes.

V1  A convolution whose weight and bias each instance stores, for it alone -> ``ops.Conv``.
V2  Instances have different kernels or options -> a choice, passed to the constructor.
V3  Convolutions of a block with the same choices -> one parameter.
V4  Instances without the convolution -> None in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..ir.blocks import Chosen, has_references
from ..ir.program import (
    CONTINUATION,
    Call,
    Kernel,
    Ref,
    Statement,
    bodies_of,
    references,
    walk,
)
from ..traits.kernels import kernel_traits
from .block_given import Choice, key_of

if TYPE_CHECKING:
    from .block_parts import Parts

OPERATORS = frozenset({"Conv", "ConvTranspose", "DepthwiseConv"})
"""What ONNX or the plan calls the operators whose kernels take ``(x, weight, bias)``."""


@dataclass(frozen=True)
class Convolution:
    """A convolution that is an object of its own."""

    weight: str
    """The local name of what the kernel reads, after which the object is called."""
    stored: str
    """The local name of the weight that is stored."""
    bias: str
    """The local name of the bias, empty if there is none."""
    choices: tuple[Choice | None, ...]
    """The kernel of each instance, None for one without the convolution."""
    settings: frozenset[str]
    """The local names that its choices take the place of."""

    @property
    def is_alike(self) -> bool:
        """Whether all instances have the same choice."""
        return len({key_of(choice) for choice in self.choices}) == 1

    @property
    def is_optional(self) -> bool:
        """Whether some instances do not have it."""
        return None in self.choices


def convolutions_of(parts: Parts) -> dict[str, Convolution]:
    """Return the convolutions of a block that are objects, by what their kernels read."""
    return _Finder(parts).all()


class _Finder:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        statements = (*parts.setup, *parts.statements)
        self.reads = Counter(_reads(statements))
        self.reads.update(raw for raw, _ in parts.prepared.values())
        self.reads.update(way for _, way in parts.prepared.values())
        self.reads.update(parts.block.outputs)
        self.setup = {n: s for s in parts.setup for n in s.outputs if n}
        self.count = len(parts.block.instances)

    def all(self) -> dict[str, Convolution]:
        found = {}
        for statement in self.parts.statements:
            operation = statement.operation
            if isinstance(operation, Call):
                convolution = self.convolution(operation)
                if convolution is not None:
                    found[convolution.weight] = convolution
        return found

    def convolution(self, call: Call) -> Convolution | None:
        """Return the convolution that a call computes with weights of its own."""
        kernels = self.kernels(call)
        if kernels is None or len(call.args) not in (2, 3):
            return None
        names = [argument.name for argument in call.args if isinstance(argument, Ref)]
        if len(names) + (call.args[-1] is None) != len(call.args):
            return None
        weight, bias = names[1], (*names, "")[2]
        prepared = self.prepared(weight)
        if prepared is None or any(self.reads[name] != 1 for name in names[1:]):
            return None
        stored, ways, settings = prepared
        if not self.are_plain(stored, bias, kernels):
            return None
        choices = tuple(
            None if kernel is None else Choice(kernel, way)
            for kernel, way in zip(kernels, ways)
        )
        if isinstance(call.function, Chosen):
            settings = (*settings, call.function.setting)
        return Convolution(weight, stored, bias, choices, frozenset(settings))

    def kernels(self, call: Call) -> tuple[Kernel | None, ...] | None:
        """Return the kernel of each instance, None if these are no convolutions."""
        options = {k: v for k, v in call.kwargs.items() if k not in CONTINUATION}
        column: tuple[Any, ...] = (Kernel(call.function, options),) * self.count
        if isinstance(call.function, Chosen):
            given = self.parts.given.get(call.function.setting, ())
            column = given if not options else ()
        present = [kernel for kernel in column if kernel is not None]
        fit = present and all(map(_is_convolution, present)) and call.results is None
        return column if fit else None

    def prepared(
        self, weight: str
    ) -> tuple[str, tuple[Kernel | None, ...], tuple[str, ...]] | None:
        """Return the stored weight, what prepares it in each instance, and these settings."""
        parts = self.parts
        if weight in parts.prepared:
            raw, way = parts.prepared[weight]
            ways: tuple[Any, ...] = parts.given[way]
            alone = self.reads[raw] == self.reads[way] == 1
            return (raw, ways, (way,)) if alone else None
        if weight not in self.setup:
            return (weight, (None,) * self.count, ())
        statement = self.setup[weight]
        call = statement.operation
        if not isinstance(call, Call) or statement.outputs != (weight,):
            return None
        if call.results is not None or len(call.args) != 1:
            return None
        source = call.args[0]
        settings = [v.name for v in call.kwargs.values() if isinstance(v, Ref)]
        given = all(name in parts.given and self.reads[name] == 1 for name in settings)
        if not isinstance(source, Ref) or self.reads[source.name] != 1 or not given:
            return None
        ways = tuple(
            Kernel(call.function, self.options(call, i)) for i in range(self.count)
        )
        plain = not any(has_references(v) for way in ways for v in way.options.values())
        return (source.name, ways, tuple(settings)) if plain else None

    def options(self, call: Call, number: int) -> dict[str, Any]:
        """Return the options of a call in one instance."""
        given = self.parts.given
        return {
            key: given[value.name][number] if isinstance(value, Ref) else value
            for key, value in call.kwargs.items()
        }

    def are_plain(
        self, stored: str, bias: str, kernels: Sequence[Kernel | None]
    ) -> bool:
        """Whether a weight and its bias are stored as they are, and in one type."""
        files = {**self.parts.files, **self.parts.optional}
        filed = [files.get(name) for name in (stored, bias) if name]
        whole = [each for each in filed if each is not None and each.factor is None]
        if len(whole) != len(filed) or bias == stored:
            return False
        absent = [[a is None for a in each.arrays] for each in whole]
        if any(each != [kernel is None for kernel in kernels] for each in absent):
            return False
        arrays = [[a for a in each.arrays if a is not None] for each in whole]
        dtypes = {array.dtype for each in arrays for array in each}
        ranks = {array.ndim for each in arrays[1:] for array in each}
        one_rank = len({array.ndim for array in arrays[0]}) == 1
        return len(dtypes) == 1 and ranks <= {1} and one_rank


def with_objects(
    statements: Iterable[Statement], convolutions: Mapping[str, Convolution]
) -> Iterator[Statement]:
    """Yield statements that call objects in place of the kernels of convolutions."""
    for statement in statements:
        call = statement.operation
        weight = call.args[1:2] if isinstance(call, Call) else ()
        names = [w.name for w in weight if isinstance(w, Ref)]
        if isinstance(call, Call) and names and names[0] in convolutions:
            is_optional = convolutions[names[0]].is_optional
            following = {k: v for k, v in call.kwargs.items() if k in CONTINUATION}
            called = Call(Chosen(names[0], is_optional), call.args[:1], following)
            statement = replace(statement, operation=called)
        yield statement


def _is_convolution(kernel: Any) -> bool:
    """Whether a setting is a kernel of a convolution whose options are literals."""
    if not isinstance(kernel, Kernel) or isinstance(kernel.function, (str, Chosen)):
        return False
    plain = not any(map(has_references, kernel.options.values()))
    return plain and kernel_traits(kernel.function).operator in OPERATORS


def _reads(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in walk(statements):
        yield from references(statement.operation)
        for body in bodies_of(statement.operation):
            yield from body.outputs
