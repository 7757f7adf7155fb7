"""Window functions of signals, and mel weights.

They are computed in float64 and rounded, before a program runs: all numbers are known.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._ints import as_int


def hann_window(size: Any, *, periodic: bool = True, dtype: Any = jnp.float32) -> Array:
    """Return the Hann window of ``size`` samples."""
    return _cosine_window(as_int(size), periodic, (0.5, 0.5, 0.0), dtype)


def hamming_window(
    size: Any, *, periodic: bool = True, dtype: Any = jnp.float32
) -> Array:
    """Return the Hamming window of ``size`` samples."""
    return _cosine_window(as_int(size), periodic, (25 / 46, 21 / 46, 0.0), dtype)


def blackman_window(
    size: Any, *, periodic: bool = True, dtype: Any = jnp.float32
) -> Array:
    """Return the Blackman window of ``size`` samples."""
    return _cosine_window(as_int(size), periodic, (0.42, 0.5, 0.08), dtype)


def mel_weight_matrix(
    num_mel_bins: Any,
    dft_length: Any,
    sample_rate: Any,
    lower_edge_hertz: Any,
    upper_edge_hertz: Any,
    *,
    dtype: Any = jnp.float32,
) -> Array:
    """Return the weights [N // 2 + 1, M] of triangular filters, evenly spaced on the mel scale."""
    bins, length = as_int(num_mel_bins), as_int(dft_length)
    edges = np.array([float(lower_edge_hertz), float(upper_edge_hertz)])
    low, high = 2595 * np.log10(1 + edges / 700)
    mel = np.arange(bins + 2) * ((high - low) / (bins + 2)) + low
    hertz = 700 * (np.power(10, mel / 2595) - 1)
    places = np.floor((length + 1) * hertz / as_int(sample_rate))
    first, middle, last = places[:-2], places[1:-1], places[2:]
    place = np.arange(length // 2 + 1)[:, None]
    rising = (place - first) / np.maximum(middle - first, 1)
    falling = (last - place) / np.maximum(last - middle, 1)
    weights = np.maximum(np.where(place < middle, rising, falling), 0)
    return _rounded(np.where(place == middle, 1, weights), dtype)


def _cosine_window(
    size: int, periodic: bool, factors: tuple[float, float, float], dtype: Any
) -> Array:
    """Return ``a - b cos(x) + c cos(2 x)`` for one turn of x."""
    a, b, c = factors
    if size == 1:
        return jnp.ones(1, dtype)
    angle = np.arange(size) * (2 * np.pi / (size if periodic else size - 1))
    return _rounded(a - b * np.cos(angle) + c * np.cos(2 * angle), dtype)


def _rounded(numbers: np.ndarray[Any, Any], dtype: Any) -> Array:
    """Return an array of a dtype, rounded once."""
    return jnp.asarray(numbers.astype(np.dtype(dtype)), dtype)
