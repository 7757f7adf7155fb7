"""NumPy's kernel for convolutions whose weights Winograd's transform has not seen.

The weight of such a convolution stays [3, 3, C, M] where oneDNN was to compute. Should NumPy have
to compute with it after all, as in a forked child, it sums the products of nine taps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .activations import Activation

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def with_plain_weights(kernel: Kernel) -> Kernel:
    """Return NumPy's ``conv_winograd``, for weights of [3, 3, C, M] too."""

    @wraps(kernel)
    def either(
        x: NDArray[Any], weight: NDArray[Any], *arguments: Any, **options: Any
    ) -> NDArray[Any]:
        if weight.ndim != 4:
            return kernel(x, weight, *arguments, **options)  # type: ignore[no-any-return]
        return sum_of_taps(x, weight, *arguments, **options)

    return either  # type: ignore[return-value]


def sum_of_taps(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    pads: Sequence[int] | None = None,
    plus: NDArray[Any] | None = None,
    activation: Activation = None,
) -> NDArray[Any]:
    """Cross-correlate ``x`` [N, C, H, W] with ``weight`` [3, 3, C, M] by NumPy.

    Raises
    ------
    ValueError
        If ``x`` has the wrong axes or channels, or the kernel is larger than the image.
    """
    c, m = weight.shape[2:]
    if x.ndim != 4 or x.shape[1] != c:
        raise ValueError(f"conv: expected x of 4 axes and {c} channels, got {x.shape}")
    top, left, bottom, right = pads or (0, 0, 0, 0)
    n, _, rows, columns = x.shape
    height, width = rows + top + bottom - 2, columns + left + right - 2
    if min(height, width) < 1:
        raise ValueError(
            f"windows: kernel_shape (3, 3): expected an image that they fit in, "
            f"got {(height + 2, width + 2)} with its padding"
        )
    padded = np.zeros((n, height + 2, width + 2, c), x.dtype)
    padded[:, top : top + rows, left : left + columns] = x.transpose(0, 2, 3, 1)
    y = np.zeros((n * height * width, m), x.dtype)
    for down, across in np.ndindex(3, 3):
        seen = padded[:, down : down + height, across : across + width]
        y += np.matmul(seen.reshape(-1, c), weight[down, across])
    if bias is not None:
        y += bias
    y = y.reshape(n, height, width, m).transpose(0, 3, 1, 2)
    if plus is not None:
        y += plus
    return y if activation is None else activation(y)
