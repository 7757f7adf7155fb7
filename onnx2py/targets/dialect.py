"""How a library's source is spelled: what a target says otherwise than NumPy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..emit.control_flow import ControlFlow
from ..emit.spelling import tuple_text
from ..ir.program import Call
from ..ir.types import TensorType, ValueType

if TYPE_CHECKING:
    from ..emit.blocks import BlockSource
    from ..emit.calls import CallWriter
    from ..emit.frame import Frame
    from ..emit.results import ResultWriter
    from ..emit.statements import StatementWriter
    from ..emit.uses import Uses
    from ..emit.weights import Placement
    from ..plan.ownership import Holders


class Dialect(ABC):
    """Spells what depends on the library; the rest of ``model.py`` is the same for all.

    ``uses`` notes what the module imports.
    """

    reserved: frozenset[str] = frozenset()
    """Names that neither values nor methods of the model can have."""
    called: str = "model"
    """What the README calls with inputs."""
    first: tuple[str, ...] = ()
    """What stands before the inputs there."""
    owner: str = "self."
    """What stands before the attributes that hold constants."""
    classes: frozenset[str] = frozenset()
    """Names, in lower case, that classes of blocks cannot have."""

    def named(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return names of values without those that are reserved, which no other name is."""
        taken = set(names.values())
        changed = {}
        for name in sorted(taken & self.reserved):
            new = f"{name}_"
            while new in taken or new in self.reserved:
                new = f"{new}_"
            taken.add(new)
            changed[name] = new
        return {value: changed.get(name, name) for value, name in names.items()}

    def constant_name(self, name: str) -> str:
        """Return the name of a constant; ``name`` is that of its value."""
        return name

    def targets(self, call: Call, names: Sequence[str]) -> str:
        """Return the left side of the assignment of a call's several results."""
        return tuple_text(names)

    def method(self, parameters: Sequence[str], returned: str, content: str) -> str:
        """Return the text of a method behind its name: parameters, annotation, content."""
        return f"({', '.join(['self', *parameters])}) -> {returned}:\n{content}"

    def method_call(self, name: str, text: str, arguments: Sequence[str]) -> str:
        """Return the call of a method of this text."""
        return f"self.{name}({', '.join(arguments)})"

    def flow(self, writer: StatementWriter, node: str) -> ControlFlow:
        """Return the writer of control flow; methods for bodies are called after ``node``."""
        return ControlFlow(writer, node)

    @property
    @abstractmethod
    def blocks(self) -> type[BlockSource]:
        """What writes the classes of blocks, and places what their instances hold."""

    @abstractmethod
    def call(self, writer: CallWriter) -> str:
        """Return the source of a call."""

    @abstractmethod
    def function(self, function: Callable[..., Any], uses: Uses) -> str:
        """Return the name of a function that has no twin."""

    @abstractmethod
    def takes_numbers(self, call: Call) -> bool:
        """Whether constants of one element may be written where a call reads them."""

    @abstractmethod
    def leaves_open(self, call: Call) -> bool:
        """Whether annotations of the library do not say what a call returns."""

    @abstractmethod
    def dtype(self, dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an element type."""

    @abstractmethod
    def number(self, value: float, uses: Uses) -> str:
        """Return the source of a number, which may be infinite or none."""

    @abstractmethod
    def digits(self, array: np.ndarray, uses: Uses) -> str:
        """Return the number in a 0-d array as one of Python's: ``0.5``."""

    @abstractmethod
    def scalar(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a 0-d array that stands where it is read."""

    @abstractmethod
    def array(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a small array."""

    @abstractmethod
    def empty(self, shape: tuple[int, ...], dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an array without elements that a method makes."""

    @abstractmethod
    def true(self, uses: Uses) -> str:
        """Return the source of the condition of a loop that has none."""

    @abstractmethod
    def annotation(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of a value."""

    @abstractmethod
    def signature(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of an input or output of the model."""

    @abstractmethod
    def check(
        self, value: str, name: str, kind: TensorType, shares: bool, uses: Uses
    ) -> str:
        """Return the call that checks an input; ``shares`` if others have its symbols."""

    @abstractmethod
    def example(self, kind: TensorType) -> str:
        """Return an argument for the README: zeros."""

    @abstractmethod
    def weight(self, placement: Placement) -> None:
        """Declare a constant that is read, and store it."""

    @abstractmethod
    def result(self, writer: ResultWriter, value: str, holders: Holders) -> str:
        """Return the expression for what the model returns."""

    @property
    @abstractmethod
    def frame(self) -> Frame:
        """The files of a package that have templates."""
