"""One case: a model, inputs, and how to tell whether outputs are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx

Feeds = Mapping[str, Any]
"""Inputs by their ONNX names: arrays, lists for sequences, dictionaries for maps, None for an
absent optional value."""

Outputs = Sequence[Any]
"""The outputs in the order of the model."""

Run = Callable[[Feeds], Outputs]
"""A prepared model."""


class NoAnswerError(Exception):
    """Nothing says what is right: the oracle does not take the model, or does not compute it."""


class RefusedError(Exception):
    """An engine says that it does not implement something: raise it in ``prepare``."""


@dataclass(frozen=True)
class Label:
    """What a case is a case of."""

    operator: str = ""
    """Empty for a model of several operators."""
    domain: str = ""
    version: int = 0
    """The version of ONNX that brought the operator's definition, 0 if ONNX has none."""

    @property
    def name(self) -> str:
        """The operator with its domain: ``Relu``, ``com.microsoft.Gelu``."""
        return ".".join(filter(None, (self.domain, self.operator)))


@dataclass(frozen=True)
class Case:
    """A model with one set of inputs or several.

    ``expected`` returns the outputs for each set, and raises :class:`NoAnswerError` if nothing
    computes them. ``difference`` says how the outputs of an engine differ from these, or None.
    """

    name: str
    """Unique in its suite, and the same in every run: ``Relu-14#17``."""
    model: onnx.ModelProto
    feeds: Sequence[Feeds]
    expected: Callable[[], Sequence[Outputs]]
    difference: Callable[[Outputs, Outputs], str | None]
    label: Label = Label()
    description: str = ""
    """The case as a person would write it down."""
    deviation: str = ""
    """Why the oracle's answer is not the only right one. The case runs, and is not compared."""
    may_fail: bool = False
    """Whether an engine may raise an error, where the case deviates."""
    check: Callable[[Run], str | None] | None = None
    """Says what is wrong with a prepared model; instead of all comparisons."""
    repeatable: bool = True
    """Whether two calls must give the same: not so for random numbers."""
