"""Layers: the modules of ``torch.nn`` that calls by constant weights are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...ir.program import Argument, Call, Ref, Statement, walk
from ...ir.symbols import Symbol
from .constructors import Literal, all_arguments

MODULES, FUNCTIONS = "nn", "F"
"""Where a layer is from: a module, or a function of the parameters of the module around it."""


@dataclass(frozen=True)
class Layer(Symbol):
    """What a call of a layer calls: it takes the inputs, then its parameters in order.

    The keyword arguments of the call are all that the constructor gets, defaults too. Layers are
    equal if they are of one class and have the same parameters, wherever they are.
    """

    parameters: tuple[str, ...] = ()
    """What ``state_dict`` calls the parameters and buffers: the last arguments of the call."""
    path: str = field(default="", compare=False)
    """Where it is in the module tree: ``blocks.0.attn.qkv``."""
    also: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Parameters, and keys that the file has for them: those of tied weights have several."""

    @property
    def is_module(self) -> bool:
        """Whether it is built in ``__init__``: a function only reads its parameters."""
        return self.module == MODULES

    def parameter_names(self, count: int) -> tuple[str, ...] | None:
        """Return the names of the arguments of a call, inputs first."""
        inputs = count - len(self.parameters)
        return (*["operand"] * inputs, *self.parameters)

    def count_written(self, call: Call) -> int:
        """Return about how many arguments a call has in the source."""
        return len(call.args)

    def inputs(self, call: Call) -> tuple[Argument, ...]:
        """Return the arguments of a call of it that are no parameters."""
        return call.args[: len(call.args) - len(self.parameters)]

    def weights(self, call: Call) -> dict[str, str]:
        """Return the values that are its parameters, by their names in the state."""
        given = call.args[len(call.args) - len(self.parameters) :]
        names = [argument.name for argument in given if isinstance(argument, Ref)]
        return dict(zip(self.parameters, names))

    def keys(self) -> dict[str, str]:
        """Return the key in the state of the whole model for each parameter."""
        before = f"{self.path}." if self.path else ""
        return {name: f"{before}{name}" for name in self.parameters}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a layer: a weight of the program, in the layout of the layer."""

    key: str
    value: str
    """The weight that it is made of; its name may say what the exported model called it."""
    array: np.ndarray
    is_moved: bool = False
    """Whether it is not the weight as it is."""


@dataclass(frozen=True)
class Fit:
    """A layer that does what a call does."""

    name: str
    inputs: tuple[Argument, ...]
    parameters: tuple[Parameter, ...]
    arguments: tuple[Literal, ...] = ()
    options: Mapping[str, Literal] = field(default_factory=dict)
    """Keyword arguments, None for those that are left out."""
    results: int | None = None
    statements: tuple[Statement, ...] = ()
    """The other statements that it stands for, such as the sum with a bias."""
    outputs: tuple[str, ...] = ()
    """Its results, if they are not those of the call."""
    after: tuple[Statement, ...] = ()
    """What makes the results of the call of those of the layer."""
    before: tuple[Statement, ...] = ()
    """What makes its inputs of the weights in ``made``."""
    made: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Weights that are not the layer's own."""
    module: str = MODULES
    place: str = ""
    """Its path in the module tree, if that is known for certain."""

    def layer(self, kernel: Callable[..., Any] | str, path: str) -> Layer:
        """Return the layer, at a path of the module tree."""
        names = tuple(parameter.key for parameter in self.parameters)
        return Layer(self.module, self.name, kernel, names, path)

    def keywords(self) -> dict[str, Literal]:
        """Return the arguments of the constructor by their names; a function has none."""
        if self.module != MODULES:
            return {}
        return all_arguments(self.name, self.arguments, self.options)


def short(numbers: tuple[int, ...], default: int | None = None) -> Literal:
    """Return one number for all axes if it is the same, None if that is the default."""
    numbers = tuple(map(int, numbers))
    if len({*numbers}) != 1:
        return numbers
    return None if numbers[0] == default else numbers[0]


def layer_calls(statements: Sequence[Statement]) -> Iterator[tuple[Layer, Call]]:
    """Yield the calls of layers among statements, in bodies too."""
    for statement in walk(statements):
        call = statement.operation
        if isinstance(call, Call) and isinstance(call.function, Layer):
            yield call.function, call
