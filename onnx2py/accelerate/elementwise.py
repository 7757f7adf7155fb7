"""Functions of each element that take NumPy several passes.

Each function returns None for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import PostOp, post_op
from .active import threads_in_use
from .cache import kept, own
from .memory import F32, layout
from .primitive import INFERENCE, RESULT, SOURCE, Call, Primitive, attributes

Array = NDArray[Any]

LEAST = 1_000
"""Elements below which NumPy is as fast."""

SMALL = 20_000
"""Elements that take less time on one thread than it takes to wake others."""


def gelu(x: Array, bias: Array | None = None) -> Array | None:
    """Return ``0.5 * x * (1 + erf(x / sqrt(2)))``; ``bias`` is added to ``x`` first."""
    return _computed(_GELU, x, bias)


def gelu_tanh(x: Array, bias: Array | None = None) -> Array | None:
    """Return the approximation of ``gelu`` by a tanh; ``bias`` is added to ``x`` first."""
    return _computed(_GELU_TANH, x, bias)


def sigmoid(x: Array) -> Array | None:
    """Return ``1 / (1 + exp(-x))``."""
    return _computed(_SIGMOID, x, None)


def mish(x: Array) -> Array | None:
    """Return ``x * tanh(softplus(x))``."""
    return _computed(_MISH, x, None)


def swish(x: Array, *, alpha: float = 1.0) -> Array | None:
    """Return ``x * sigmoid(alpha * x)``."""
    number, _, _ = _SWISH
    return _computed((number, float(alpha), 0.0), x, None)


def _known(kernel: Any) -> PostOp:
    """Return the function of oneDNN for one of the kernels above."""
    found = post_op(kernel)
    if not isinstance(found, tuple):
        raise LookupError(kernel.__name__)
    return found


_GELU, _GELU_TANH, _SIGMOID = _known(gelu), _known(gelu_tanh), _known(sigmoid)
_MISH, _SWISH = _known(mish), _known(swish)


def _computed(function: PostOp, x: Array, bias: Array | None) -> Array | None:
    """Return the function of each element, in the order that ``x`` has in memory."""
    if x.dtype != F32 or x.size < LEAST:
        return None
    if bias is not None:
        if bias.dtype != F32 or np.broadcast(x, bias).shape != x.shape:
            return None
        x = np.asarray(x + bias)
    y = np.empty_like(x)
    if x.strides != y.strides or not is_dense(x):
        x = np.ascontiguousarray(x)
        y = np.empty_like(x)
    size = x.size
    call = kept((function, size, threads_in_use()), lambda: _call(function, size))
    if not call or not call(x, y):
        return None
    if not (np.isfinite(y.min()) and np.isfinite(y.max())):
        return None  # some functions of oneDNN lose a NaN, or overflow too early
    return y


def is_dense(x: Array) -> bool:
    """Return whether elements fill one piece of memory, in whatever order of the axes."""
    span = sum((size - 1) * step for size, step in zip(x.shape, x.strides))
    return min(x.strides) > 0 and span + x.itemsize == x.nbytes


def _call(function: PostOp, size: int) -> Call:
    """Return the call for contiguous elements.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine, elements = own(), layout((size,))
    number, alpha, beta = function
    primitive = Primitive(
        "eltwise_forward",
        INFERENCE,
        number,
        elements,
        elements,
        ctypes.c_float(alpha),
        ctypes.c_float(beta),
        attributes(),
        threads=1 if size < SMALL else threads_in_use(),
    )
    moving = [(SOURCE, elements), (RESULT, elements)]
    return Call(primitive, mine.stream, mine.scratchpad, moving)
