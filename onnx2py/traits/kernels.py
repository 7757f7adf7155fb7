"""The table of functions that packages call: what is known of each kernel and NumPy function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Union

import numpy as np

from ..ir.symbols import Symbol, kernel_of
from .kernel import NEW, Kernel
from .learning_kernels import LEARNING
from .network_kernels import NETWORK
from .numpy_functions import NUMPY
from .quantized_kernels import QUANTIZED
from .tensor_kernels import TENSOR

Function = Union[Callable[..., Any], str]
"""A kernel, a NumPy function, or ``".method"`` of the first argument."""

KERNELS: Mapping[Function, Kernel] = {
    **NUMPY,
    **TENSOR,
    **NETWORK,
    **QUANTIZED,
    **LEARNING,
}

UNKNOWN = Kernel()
"""What must be expected of a function without a row, one of a user's."""


def kernel_traits(function: Function) -> Kernel:
    """Return the row of a function."""
    function = kernel_of(function)
    row = KERNELS.get(function)
    if row is None:
        return NEW if isinstance(function, np.ufunc) else UNKNOWN
    return row


def is_choice(function: Function) -> bool:
    """Whether a function is one of several kernels of an operator, which shapes choose.

    What stands for a kernel in another library is no choice: its options are its own.
    """
    return bool(kernel_traits(function).operator) and not isinstance(function, Symbol)
