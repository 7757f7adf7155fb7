"""Window functions of signals, and mel weights.

No argument needs to be a tensor, so the device can be given.
"""

from __future__ import annotations

from math import log10
from typing import Any

import torch
from torch import Tensor

from ._ints import as_int


def hann_window(
    size: Any, *, periodic: bool = True, dtype: Any = torch.float32, device: Any = None
) -> Tensor:
    """Return the Hann window of ``size`` samples."""
    options = _options(size, device)
    return torch.hann_window(as_int(size), periodic, **options).to(dtype)


def hamming_window(
    size: Any, *, periodic: bool = True, dtype: Any = torch.float32, device: Any = None
) -> Tensor:
    """Return the Hamming window of ``size`` samples."""
    factors = (25 / 46, 21 / 46)
    options = _options(size, device)
    return torch.hamming_window(as_int(size), periodic, *factors, **options).to(dtype)


def blackman_window(
    size: Any, *, periodic: bool = True, dtype: Any = torch.float32, device: Any = None
) -> Tensor:
    """Return the Blackman window of ``size`` samples."""
    options = _options(size, device)
    return torch.blackman_window(as_int(size), periodic, **options).to(dtype)


def mel_weight_matrix(
    num_mel_bins: Any,
    dft_length: Any,
    sample_rate: Any,
    lower_edge_hertz: Any,
    upper_edge_hertz: Any,
    *,
    dtype: Any = torch.float32,
    device: Any = None,
) -> Tensor:
    """Return the weights [N // 2 + 1, M] of triangular filters, evenly spaced on the mel scale."""
    bins, length = as_int(num_mel_bins), as_int(dft_length)
    low, high = (
        2595 * log10(1 + float(edge) / 700)
        for edge in (lower_edge_hertz, upper_edge_hertz)
    )
    options = _options(num_mel_bins, device)
    mel = torch.arange(bins + 2, **options) * ((high - low) / (bins + 2)) + low
    hertz = 700 * (10 ** (mel / 2595) - 1)
    places = torch.floor((length + 1) * hertz / as_int(sample_rate))
    first, middle, last = places[:-2], places[1:-1], places[2:]
    place = torch.arange(length // 2 + 1, **options)[:, None]
    rising = (place - first) / (middle - first).clamp(min=1)
    falling = (last - place) / (last - middle).clamp(min=1)
    weights = torch.where(place < middle, rising, falling).clamp(min=0)
    return torch.where(place == middle, 1, weights).to(dtype)


def _options(size: Any, device: Any) -> dict[str, Any]:
    """Return the dtype to compute in, and the device, by default that of a tensor."""
    if device is None and isinstance(size, Tensor):
        device = size.device
    return {"dtype": torch.float64, "device": device}
