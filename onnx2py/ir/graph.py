"""An ONNX graph as plain data: what ``decode`` makes and the passes rewrite.

A value is known by its name, which is unique in the whole graph, subgraphs included
(``decode`` renames what ONNX names twice). "" is an input or output that is absent.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Union

import numpy as np

from .types import ValueType

AttributeValue = Union[int, float, str, np.ndarray, ValueType, "Graph", tuple[Any, ...]]


FUNCTION_DOMAIN = "onnx2py.function"
"""The domain of a node that calls a function of the model: its graph is the attribute ``body``."""


def numbered(name: str, count: int) -> str:
    """Return a name for another value that ONNX calls ``name`` too."""
    return f"{name};{count}"


def onnx_name(name: str) -> str:
    """Return the ONNX name of a value: the name without the number of :func:`numbered`."""
    return re.sub(r";\d+$", "", name)


def new_name(name: str, *taken: Container[str]) -> str:
    """Return a name that is in none of ``taken``, for another value that ONNX calls ``name``."""
    numbers = (numbered(name, count) for count in itertools.count(1))
    return next(n for n in numbers if not any(n in names for names in taken))


@dataclass(frozen=True)
class Scope:
    """A module of the network: ``layer1.0.conv1``, and the name of its class, if it is known."""

    path: str
    class_name: str = ""


@dataclass(frozen=True)
class Node:
    """One ONNX node; ``version`` is the opset version of its domain."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    name: str = ""
    domain: str = ""
    version: int = 0
    also: tuple[str, ...] = ()
    """The other ONNX nodes that this one stands for, as ``name: Operator``."""
    scopes: tuple[Scope, ...] = ()
    """The modules that it belongs to, the outermost first, as far as the file says so."""

    @property
    def label(self) -> str:
        """``name: Operator``, as comments have it; the first output serves as a name."""
        first = next((output for output in self.outputs if output), "")
        return f"{self.name or onnx_name(first)}: {self.qualified_operator}"

    @property
    def calls_function(self) -> bool:
        """Whether the node calls a function of the model."""
        return self.domain == FUNCTION_DOMAIN

    @property
    def qualified_operator(self) -> str:
        """The operator, after its domain unless that is ONNX's own: ``com.microsoft.Gelu``."""
        shown = self.domain if self.domain != FUNCTION_DOMAIN else ""
        return f"{shown}.{self.operator}" if shown else self.operator

    @cached_property
    def subgraphs(self) -> dict[str, Graph]:
        """The attributes that are graphs."""
        return {k: v for k, v in self.attributes.items() if isinstance(v, Graph)}


@dataclass(frozen=True)
class Graph:
    """A graph or subgraph.

    ``constants`` are tensors that no caller can change; ``defaults`` are those of inputs
    that may be left out. ``types`` holds what could be inferred, subgraphs included.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)
    defaults: Mapping[str, np.ndarray] = field(default_factory=dict)
    types: Mapping[str, ValueType] = field(default_factory=dict)
    promised: tuple[ValueType | None, ...] = ()
    """What the file says of the outputs: for documents, and for a loop that makes no trip."""
    output_names: tuple[str, ...] = ()
    """What ONNX calls the outputs; a pass may let another value stand for one."""
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For a constant that was computed: the labels of the nodes that it stands for."""
    dropped: frozenset[str] = frozenset()
    """The labels of nodes that do nothing, or the same as another: nothing computes them."""
    listed: tuple[str, ...] = ()
    """The inputs as the file lists them, with those whose defaults are constants here."""
    narrow: tuple[str, ...] = ()
    """The types of 16 bits that the file has where the graph has float32, constants' too."""
    buffers: Mapping[str, bool] = field(default_factory=dict)
    """The constants that are no parameters, as exporters note, and whether the network's state has
    each."""

    def with_nodes(self, nodes: tuple[Node, ...]) -> Graph:
        """Return the graph with other nodes."""
        return replace(self, nodes=nodes)

    def walk(self) -> Iterator[Node]:
        """Yield all nodes, each before those of its subgraphs."""
        for node in self.nodes:
            yield node
            for subgraph in node.subgraphs.values():
                yield from subgraph.walk()

    def captures(self) -> tuple[str, ...]:
        """Return the outer values that a subgraph reads, in the order of first use."""
        own = {*self.inputs, *self.constants}
        found: dict[str, None] = {}
        for node in self.nodes:
            for name in (
                *node.inputs,
                *(c for g in node.subgraphs.values() for c in g.captures()),
            ):
                if name and name not in own:
                    found[name] = None
            own.update(node.outputs)
        found.update((name, None) for name in self.outputs if name and name not in own)
        return tuple(found)
