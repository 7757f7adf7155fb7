"""JAX's dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...emit.frame import Frame
from ...emit.literals import literal
from ...emit.results import ResultWriter
from ...emit.statements import StatementWriter
from ...emit.uses import Uses
from ...emit.weights import Placement
from ...errors import InternalError
from ...ir.program import Call
from ...ir.types import TensorType, ValueType
from ...plan.ownership import Holders
from ..dialect import Dialect
from .blocks import JaxBlocks
from .calls import jax_call, takes_numbers
from .flow import JaxFlow
from .frame import FRAME
from .literals import (
    DTYPES,
    OF_PYTHON,
    array_literal,
    digits,
    dtype_literal,
    number_literal,
    scalar_literal,
    zeros,
)
from .params import ROOT
from .weights import constant_name, jax_weight

RESERVED = frozenset(
    {"jax", "jnp", "lax", "np", "math", "ops", "params", "forward", "array", "path"}
)
"""Names that ``model.py`` imports or has."""


class JaxDialect(Dialect):
    """Spells programs for JAX: functions whose first argument is a tree of parameters."""

    reserved = RESERVED
    called = "jax.jit(forward)"
    first = (ROOT,)
    owner = ""
    blocks = JaxBlocks

    def method(self, parameters: Sequence[str], returned: str, content: str) -> str:
        """Return the text of a function, which takes parameters if it reads them."""
        reads = re.search(rf"\b{ROOT}\b", content)
        given = [f"{ROOT}: Params", *parameters] if reads else parameters
        return f"({', '.join(given)}) -> {returned}:\n{content}"

    def method_call(self, name: str, text: str, arguments: Sequence[str]) -> str:
        """Return the call of a function of this text."""
        given = [ROOT, *arguments] if text.startswith(f"({ROOT}:") else arguments
        return f"{name}({', '.join(given)})"

    def flow(self, writer: StatementWriter, node: str) -> JaxFlow:
        """Return the writer of control flow."""
        return JaxFlow(writer, node)

    def constant_name(self, name: str) -> str:
        """Return the name of a constant of ``model.py``: ``POSITIONS``."""
        return constant_name(name)

    def call(self, writer: CallWriter) -> str:
        """Return the source of a call: ``jax.nn.relu(x)``, ``x.reshape(2, 3)``, ``a + b``."""
        return jax_call(writer)

    def function(self, function: Callable[..., Any], uses: Uses) -> str:
        """Fail: all functions have twins."""
        raise InternalError(f"{function}: expected a function of JAX's")

    def takes_numbers(self, call: Call) -> bool:
        """Whether numbers may stand beside arrays."""
        return takes_numbers(call)

    def leaves_open(self, call: Call) -> bool:
        """Say that it is known: functions of arrays return arrays."""
        return False

    def dtype(self, dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an element type: ``jnp.float32``."""
        return dtype_literal(dtype, uses)

    def number(self, value: float, uses: Uses) -> str:
        """Return the source of a number: ``math.inf``."""
        return number_literal(value, uses)

    def digits(self, array: np.ndarray, uses: Uses) -> str:
        """Return the number in a 0-d array: ``0.5``."""
        return digits(array, uses)

    def scalar(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a 0-d array: ``jnp.float32(0.5)``, ``jnp.array(3)``."""
        return scalar_literal(array, uses)

    def array(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a small array: ``jnp.array([1, 2])``."""
        return array_literal(array, uses)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an array without elements."""
        return zeros(shape, dtype, uses)

    def true(self, uses: Uses) -> str:
        """Return the source of a truth."""
        return array_literal(np.asarray(True), uses)

    def annotation(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of a value: ``Array``."""
        return "Array" if isinstance(kind, TensorType) else uses.typing("Any")

    def signature(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of an input or output: ``Array``."""
        return self.annotation(kind, uses)

    def check(
        self, value: str, name: str, kind: TensorType, shares: bool, uses: Uses
    ) -> str:
        """Return the call that checks an input."""
        dims = ", dims" if shares else ""
        given = (
            f"{literal(value)}, {name}, {literal(kind.dtype)}, {literal(kind.shape)}"
        )
        return f"{uses.helper('check_input')}({given}{dims})"

    def example(self, kind: TensorType) -> str:
        """Return zeros: ``jnp.zeros((1, 3))``."""
        shape = tuple(d if isinstance(d, int) else 1 for d in kind.shape or ())
        name = OF_PYTHON.get(kind.dtype) or f"jnp.{DTYPES[kind.dtype]}"
        option = "" if name == "jnp.float32" else f", {name}"
        return f"jnp.zeros({shape}{option})"

    def weight(self, placement: Placement) -> None:
        """Declare a constant that is no parameter."""
        jax_weight(placement)

    def result(self, writer: ResultWriter, value: str, holders: Holders) -> str:
        """Return the expression for an array that is returned."""
        return writer.spelling.expression(value)

    @property
    def frame(self) -> Frame:
        """The files of a package that have templates."""
        return FRAME
