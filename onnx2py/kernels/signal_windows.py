"""Window functions of signals, and mel weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ints import as_int


def hann_window(
    size: Any, *, periodic: bool = True, dtype: Any = np.float32
) -> NDArray[Any]:
    """Return the Hann window of ``size`` samples.

    Raises
    ------
    ValueError
        If ``size`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__HannWindow.html
    """
    return _cosine_window(as_int(size), periodic, (0.5, 0.5, 0.0)).astype(dtype)


def hamming_window(
    size: Any, *, periodic: bool = True, dtype: Any = np.float32
) -> NDArray[Any]:
    """Return the Hamming window of ``size`` samples.

    Raises
    ------
    ValueError
        If ``size`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__HammingWindow.html
    """
    return _cosine_window(as_int(size), periodic, (25 / 46, 21 / 46, 0.0)).astype(dtype)


def blackman_window(
    size: Any, *, periodic: bool = True, dtype: Any = np.float32
) -> NDArray[Any]:
    """Return the Blackman window of ``size`` samples.

    Raises
    ------
    ValueError
        If ``size`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html
    """
    return _cosine_window(as_int(size), periodic, (0.42, 0.5, 0.08)).astype(dtype)


def mel_weight_matrix(
    num_mel_bins: Any,
    dft_length: Any,
    sample_rate: Any,
    lower_edge_hertz: Any,
    upper_edge_hertz: Any,
    *,
    dtype: Any = np.float32,
) -> NDArray[Any]:
    """Return the weights of triangular filters, evenly spaced on the mel scale.

    Parameters
    ----------
    num_mel_bins : the number of triangles M
    dft_length : the length N of the transform
    sample_rate : of the signal, in hertz
    lower_edge_hertz, upper_edge_hertz : the start of the first triangle and the end of the last

    Returns
    -------
    output : [N // 2 + 1, M]

    Raises
    ------
    ValueError
        If a parameter is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html
    """
    bins, length = as_int(num_mel_bins), as_int(dft_length)
    edges = np.array([float(lower_edge_hertz), float(upper_edge_hertz)])
    low, high = 2595 * np.log10(1 + edges / 700)
    mel = np.arange(bins + 2) * ((high - low) / (bins + 2)) + low
    hertz = 700 * (np.power(10, mel / 2595) - 1)
    places = ((length + 1) * hertz // as_int(sample_rate)).astype(np.int64)
    weights = np.zeros((length // 2 + 1, bins))
    for index in range(bins):
        low, middle, high = places[index : index + 3]
        if middle == low:
            weights[middle, index] = 1
        else:
            rising = np.arange(low, middle + 1)
            weights[rising, index] = (rising - low) / (middle - low)
        if high > middle:
            falling = np.arange(middle, high)
            weights[falling, index] = (high - falling) / (high - middle)
    return weights.astype(dtype)


def _cosine_window(
    size: int, periodic: bool, factors: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Return ``a - b cos(x) + c cos(2 x)`` for one turn of x."""
    a, b, c = factors
    if size == 1:
        return np.ones(1)
    angle = np.arange(size) * (2 * np.pi / (size if periodic else size - 1))
    return np.asarray(a - b * np.cos(angle) + c * np.cos(2 * angle))
