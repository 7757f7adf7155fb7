"""PyTorch's dialect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...emit.frame import Frame
from ...emit.literals import literal
from ...emit.results import ResultWriter
from ...emit.uses import Uses
from ...emit.weights import Placement
from ...errors import InternalError
from ...ir.program import Call
from ...ir.types import DTYPES as NUMPY_DTYPES
from ...ir.types import TensorType, ValueType
from ...plan.ownership import Holders
from ..dialect import Dialect
from ..network.layer import Layer
from .blocks import TorchBlocks
from .calls import takes_numbers, torch_call
from .frame import FRAME
from .layer_calls import layer_targets
from .literals import (
    CARRIED,
    DTYPES,
    digits,
    dtype_literal,
    model_device,
    number_literal,
    tensor_literal,
    zeros,
)
from .reserved import CLASSES, RESERVED
from .weights import torch_weight


class TorchDialect(Dialect):
    """Spells programs for PyTorch."""

    reserved = RESERVED
    classes = CLASSES
    blocks = TorchBlocks

    def call(self, writer: CallWriter) -> str:
        """Return the source of a call: ``F.relu(x)``, ``x.reshape(2, 3)``, ``a + b``."""
        return torch_call(writer)

    def targets(self, call: Call, names: Sequence[str]) -> str:
        """Return the left side of an assignment: ``y, (h, c)`` of LSTM."""
        if isinstance(call.function, Layer):
            return layer_targets(call.function, names)
        return super().targets(call, names)

    def function(self, function: Callable[..., Any], uses: Uses) -> str:
        """Fail: all functions have twins."""
        raise InternalError(f"{function}: expected a function of PyTorch's")

    def takes_numbers(self, call: Call) -> bool:
        """Whether numbers may stand beside tensors."""
        return takes_numbers(call)

    def leaves_open(self, call: Call) -> bool:
        """Say that it is known: functions of tensors return tensors."""
        return False

    def dtype(self, dtype: np.dtype, uses: Uses) -> str:
        """Return the source of an element type: ``torch.float32``."""
        return dtype_literal(dtype, uses)

    def number(self, value: float, uses: Uses) -> str:
        """Return the source of a number: ``math.inf``."""
        return number_literal(value, uses)

    def digits(self, array: np.ndarray, uses: Uses) -> str:
        """Return the number in a 0-d array: ``0.5``."""
        return digits(array, uses)

    def scalar(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a 0-d tensor, made where the model is."""
        return tensor_literal(array, uses, model_device(uses))

    def array(self, array: np.ndarray, uses: Uses) -> str:
        """Return the source of a small tensor: ``torch.tensor([1, 2])``."""
        return tensor_literal(array, uses, model_device(uses))

    def empty(self, shape: tuple[int, ...], dtype: np.dtype, uses: Uses) -> str:
        """Return the source of a tensor without elements, made where the model is."""
        return zeros(shape, dtype, uses, model_device(uses))

    def true(self, uses: Uses) -> str:
        """Return the source of a truth, made where the model is."""
        return tensor_literal(np.asarray(True), uses, model_device(uses))

    def annotation(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of a value: ``Tensor``."""
        return "Tensor" if isinstance(kind, TensorType) else uses.typing("Any")

    def signature(self, kind: ValueType | None, uses: Uses) -> str:
        """Return the annotation of an input or output: ``Tensor``."""
        return self.annotation(kind, uses)

    def check(
        self, value: str, name: str, kind: TensorType, shares: bool, uses: Uses
    ) -> str:
        """Return the call that checks an input."""
        carrier = CARRIED.get(kind.dtype, kind.dtype)
        dtype = dtype_literal(NUMPY_DTYPES[carrier], uses)
        dims = ", dims" if shares else ""
        given = f"self, {literal(value)}, {name}, {dtype}, {literal(kind.shape)}{dims}"
        return f"{uses.helper('check_input')}({given})"

    def example(self, kind: TensorType) -> str:
        """Return zeros: ``torch.zeros(1, 3)``."""
        shape = tuple(d if isinstance(d, int) else 1 for d in kind.shape or ())
        name = CARRIED.get(kind.dtype, kind.dtype)
        option = "" if name == "float32" else f", dtype=torch.{DTYPES[name]}"
        lengths = ", ".join(map(str, shape)) or "()"
        return f"torch.zeros({lengths}{option})"

    def weight(self, placement: Placement) -> None:
        """Declare a constant that is no part of the state."""
        torch_weight(placement)

    def result(self, writer: ResultWriter, value: str, holders: Holders) -> str:
        """Return the expression for a tensor that is returned."""
        return writer.spelling.expression(value)

    @property
    def frame(self) -> Frame:
        """The files of a package that have templates."""
        return FRAME
