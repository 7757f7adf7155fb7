"""NumPy's dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..emit.calls import CallWriter
from ..emit.frame import FRAME, Frame
from ..emit.literals import literal
from ..emit.results import ResultWriter
from ..emit.uses import Uses, is_kernel
from ..emit.weights import Placement
from ..errors import InternalError
from ..ir.program import Call
from ..ir.types import DTYPES, EXTENSION_DTYPES, TensorType, ValueType
from ..plan.ownership import Holders
from .dialect import Dialect
from .numpy_blocks import NumpyBlocks
from .numpy_calls import numpy_call
from .numpy_literals import array_literal, dtype_literal, number_literal, scalar_text
from .numpy_results import numpy_result
from .numpy_weights import numpy_weight


class NumpyDialect(Dialect):
    """Spells programs for NumPy."""

    blocks = NumpyBlocks

    def call(self, writer: CallWriter) -> str:
        """Return the source of a call: ``ops.conv(x, w)``, ``x.reshape(2, 3)``, ``a + b``."""
        return numpy_call(writer)

    def function(self, function: Callable[..., Any], uses: Uses) -> str:
        """Return the name of a function of NumPy: ``np.add``.

        Raises
        ------
        InternalError
            If it is no public one.
        """
        name = function.__name__
        if getattr(np, name, None) is not function:
            raise InternalError(
                f"{function}: neither a kernel nor a public NumPy function"
            )
        return f"np.{name}"

    def takes_numbers(self, call: Call) -> bool:
        """Whether it is one of NumPy's own functions: these take scalars, kernels arrays."""
        return isinstance(call.function, np.ufunc)

    def leaves_open(self, call: Call) -> bool:
        """Whether it is one of NumPy's functions: their annotations are vague."""
        return not is_kernel(call.function)

    def dtype(self, dtype: np.dtype, uses: Uses) -> str:
        """Return the source of a dtype: ``np.float32``."""
        return dtype_literal(dtype, uses)

    def number(self, value: float, uses: Uses) -> str:
        """Return the source of a number: ``np.inf``."""
        return number_literal(value)

    def digits(self, array: np.ndarray, uses: Uses) -> str:
        """Return the number in a 0-d array: ``0.5``."""
        return scalar_text(array, uses)

    def scalar(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a scalar: ``np.float32(0.5)``."""
        return f"{dtype_literal(array.dtype, uses)}({scalar_text(array, uses)})"

    def array(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a small array: ``np.array([1, 2], np.int64)``."""
        return array_literal(array, uses)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an array without elements: ``np.zeros((0, 2), np.int64)``."""
        return f"np.zeros({literal(shape)}, {dtype_literal(dtype, uses)})"

    def true(self, uses: Uses) -> str:
        """Return the source of a truth."""
        return "np.bool_(True)"

    def annotation(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of a value: ``NDArray[np.float32]``."""
        if not isinstance(kind, TensorType):
            return uses.typing("Any")
        if kind.dtype in EXTENSION_DTYPES:
            return f"NDArray[{uses.typing('Any')}]"
        return f"NDArray[{dtype_literal(DTYPES[kind.dtype], uses)}]"

    def signature(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of an input or output, with its shape: as jaxtyping writes it."""
        if not isinstance(kind, TensorType):
            return self.annotation(kind, uses)
        text = '"..."'
        if kind.shape is not None:
            dims = ("_" if d is None else str(d).replace(" ", "") for d in kind.shape)
            text = literal(" ".join(dims))
        return f"{uses.typing('Annotated')}[{self.annotation(kind, uses)}, {text}]"

    def check(
        self, value: str, name: str, kind: TensorType, shares: bool, uses: Uses
    ) -> str:
        """Return the call that checks an input."""
        dims = ", dims" if shares else ""
        given = f"{literal(value)}, {name}, {literal(str(kind))}{dims}"
        return f"{uses.helper('check_input')}({given})"

    def example(self, kind: TensorType) -> str:
        """Return zeros, or texts: ``np.zeros((1, 3), np.float32)``."""
        shape = tuple(d if isinstance(d, int) else 1 for d in kind.shape or ())
        if kind.dtype in EXTENSION_DTYPES:
            return "..."
        if kind.dtype == "string":
            return f'np.full({shape}, "text", object)'
        return f"np.zeros({shape}, {dtype_literal(DTYPES[kind.dtype], Uses())})"

    def weight(self, placement: Placement) -> None:
        """Load a constant from its file, or write it down."""
        numpy_weight(placement)

    def result(self, writer: ResultWriter, value: str, holders: Holders) -> str:
        """Return the expression for an array that the caller may write over."""
        return numpy_result(writer, value, holders)

    @property
    def frame(self) -> Frame:
        """The files of a package that have templates."""
        return FRAME
