"""A program: calls of opset-free kernels. ONNX versions no longer exist here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from .graph import Scope
from .types import ValueType

if TYPE_CHECKING:
    from .blocks import Outline


@dataclass(frozen=True)
class Ref:
    """The value called ``name`` in the graph: a variable, an input or a weight."""

    name: str


@dataclass(frozen=True)
class Expression:
    """Arithmetic of lengths: Python's ``operator``, or ``min`` or ``max``, of two operands."""

    operator: str
    left: Number
    right: Number


Number = Union[int, Ref, Expression]
"""A Python number: written down, the value of a name, or computed from such."""


@dataclass(frozen=True)
class Kernel:
    """A function with some of its options, which are literals."""

    function: Callable[..., Any] | str
    options: Mapping[str, Argument] = field(default_factory=dict)


Argument = Union[
    Ref,
    Expression,
    None,
    bool,
    int,
    float,
    str,
    slice,
    tuple[Any, ...],
    np.dtype,
    type,
    Kernel,
]
"""A reference, arithmetic, a function, or what can be written down as a Python literal."""

CONTINUATION = ("plus", "activation")
"""The options of a call that say what of the calls behind it it has taken in."""


@dataclass(frozen=True)
class Call:
    """One call of a kernel, of a NumPy function, or of a method of the first argument.

    ``results`` is None where the function returns the one value itself, else the length
    of the tuple that it returns.
    """

    function: Callable[..., Any] | str
    args: tuple[Argument, ...]
    kwargs: Mapping[str, Argument] = field(default_factory=dict)
    results: int | None = None


@dataclass(frozen=True)
class Body:
    """A subgraph as a function: it takes ``captures``, then ``inputs``, and returns ``outputs``."""

    name: str
    inputs: tuple[str, ...]
    captures: tuple[str, ...]
    outputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    promised: tuple[ValueType | None, ...] = ()
    """The types of the outputs as the file declares them: they may be wrong."""


@dataclass(frozen=True)
class Branch:
    """``If``: one of two bodies, neither of which has inputs."""

    condition: Ref | Expression
    then_body: Body
    else_body: Body


@dataclass(frozen=True)
class Loop:
    """``Loop``: a body that is repeated.

    It takes (iteration, condition, state...) and returns (condition, state..., scans...).
    ``trip_count`` is None where there is no limit, ``condition`` where nothing ends the loop
    before that.
    """

    trip_count: Ref | int | None
    condition: Ref | bool | None
    state: tuple[Ref, ...]
    body: Body


@dataclass(frozen=True)
class ScanInput:
    """A tensor that Scan walks along ``axis``, backwards if ``reverse``."""

    value: Ref
    axis: int = 0
    reverse: bool = False


@dataclass(frozen=True)
class ScanOutput:
    """How Scan stacks one scan output: along ``axis``, in front if ``reverse``."""

    axis: int = 0
    reverse: bool = False


@dataclass(frozen=True)
class Scan:
    """``Scan``: the body takes (state..., elements...), returns (state..., scans...)."""

    state: tuple[Ref, ...]
    inputs: tuple[ScanInput, ...]
    scans: tuple[ScanOutput, ...]
    body: Body


@dataclass(frozen=True)
class MapItems:
    """``SequenceMap``: the body takes one item of each sequence, and the tensors as they are."""

    inputs: tuple[Ref, ...]
    is_sequence: tuple[bool, ...]
    body: Body


@dataclass(frozen=True)
class Invoke:
    """A call of a function of the model: the body takes the arguments, and captures nothing."""

    arguments: tuple[Ref, ...]
    body: Body


@dataclass(frozen=True)
class Apply:
    """A call of an instance of a block; the statement's outputs are those of the block."""

    block: str
    arguments: tuple[Ref, ...]
    attribute: str = ""
    """Which instance: an attribute of the object that calls it."""


@dataclass(frozen=True)
class Repeat:
    """A loop over instances of a block, with the arguments of each round.

    The statement's outputs are those of the first round, then those of the second ...
    """

    block: str
    rounds: tuple[tuple[Ref, ...], ...]
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Consecutive statements of a long function as a method: a body that takes no arguments.

    The statement's outputs are those of the body, under the same names.
    """

    body: Body
    module: str = ""
    """The module of the network that it belongs to, below the one of the function."""
    is_whole: bool = False
    """Whether it is all of the module."""


Operation = Union[Call, Branch, Loop, Scan, MapItems, Invoke, Apply, Repeat, Section]


@dataclass(frozen=True)
class Statement:
    """One operation, the values that it defines ("" if not wanted), and its ONNX nodes."""

    operation: Operation
    outputs: tuple[str, ...]
    nodes: tuple[str, ...]
    """What the comment says: ``name: Operator`` of every ONNX node that this stands for; none
    where lengths are read (rule H1)."""
    literals: tuple[str, ...] = ()
    """The constants of the graph that became literals."""
    frees: tuple[str, ...] = ()
    """The values that are not read after this, whose memory is released."""
    scopes: tuple[Scope, ...] = ()
    """The modules of the network that its node belongs to."""


@dataclass(frozen=True)
class Program:
    """A whole model, ready to be planned and written."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    weights: Mapping[str, np.ndarray]
    defaults: Mapping[str, np.ndarray]
    types: Mapping[str, ValueType]
    output_names: tuple[str, ...] = ()
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    promised: tuple[ValueType | None, ...] = ()
    """The types of the outputs as the file declares them: they may be wrong."""
    setup: tuple[Statement, ...] = ()
    """What is computed once, when the weights are loaded: calls without bodies."""
    narrow: tuple[str, ...] = ()
    """The types in which weights of float32 are stored, if all their numbers are of one."""
    free_lengths: frozenset[str] = frozenset()
    """Names of lengths that several inputs share, and that may differ between them."""
    outline: Outline | None = None
    """The statements once more, with blocks for what repeats."""
    dropped: frozenset[str] = field(default=frozenset(), compare=False)
    """The labels of nodes that statements stand for, but that nothing computes."""
    buffers: Mapping[str, bool] = field(default_factory=dict, compare=False)
    """The constants that are no parameters, and whether the network's state has each."""

    def walk(self) -> Iterator[Statement]:
        """Yield all statements, each before those of its bodies; the setup first."""
        yield from walk((*self.setup, *self.statements))


def bodies_of(operation: Operation) -> tuple[Body, ...]:
    """Return the bodies that an operation may call."""
    if isinstance(operation, Branch):
        return (operation.then_body, operation.else_body)
    if isinstance(operation, (Call, Apply, Repeat)):
        return ()
    return (operation.body,)


def references(operation: Operation) -> Iterator[str]:
    """Yield the names of the values that an operation reads itself."""
    if isinstance(operation, Call):
        arguments: tuple[Any, ...] = (*operation.args, *operation.kwargs.values())
    elif isinstance(operation, Branch):
        arguments = (operation.condition,)
    elif isinstance(operation, Loop):
        arguments = (operation.trip_count, operation.condition, *operation.state)
    elif isinstance(operation, MapItems):
        arguments = operation.inputs
    elif isinstance(operation, (Invoke, Apply)):
        arguments = operation.arguments
    elif isinstance(operation, Repeat):
        arguments = operation.rounds
    elif isinstance(operation, Section):
        arguments = ()
    else:
        arguments = (*operation.state, *(item.value for item in operation.inputs))
    stack = list(reversed(arguments))
    while stack:
        item = stack.pop()
        if isinstance(item, Ref):
            yield item.name
        elif isinstance(item, tuple):
            stack.extend(reversed(item))
        elif isinstance(item, Expression):
            stack.extend((item.right, item.left))
        elif isinstance(item, slice):
            stack.extend((item.step, item.stop, item.start))


def count_taken(operation: Operation) -> int:
    """Return how many calls behind it an operation has taken in."""
    options = operation.kwargs if isinstance(operation, Call) else ()
    return sum(name in options for name in CONTINUATION)


def unsectioned(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield statements with those of sections in their places."""
    for statement in statements:
        if isinstance(statement.operation, Section):
            yield from unsectioned(statement.operation.body.statements)
        else:
            yield statement


def walk(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield statements, each before those of its bodies."""
    for statement in statements:
        yield statement
        for body in bodies_of(statement.operation):
            yield from walk(body.statements)
