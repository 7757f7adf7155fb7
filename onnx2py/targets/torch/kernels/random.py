"""Random numbers, and dropout.

With a seed each call returns the same numbers, which are not those of NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def random_normal(
    shape: Sequence[int],
    *,
    dtype: torch.dtype = torch.float32,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
    device: Any = None,
) -> Tensor:
    """Draw from a normal distribution; ``scale`` is its standard deviation."""
    draw = torch.randn(shape, **_seeded(seed, device), device=device)
    return (draw * scale + mean).to(dtype)


def random_normal_like(
    input: Tensor,
    *,
    dtype: Any = None,
    mean: float = 0.0,
    scale: float = 1.0,
    seed: int | None = None,
) -> Tensor:
    """Draw from a normal distribution, with the shape of ``input`` and by default its dtype."""
    return random_normal(
        input.shape,
        dtype=input.dtype if dtype is None else dtype,
        mean=mean,
        scale=scale,
        seed=seed,
        device=input.device,
    )


def random_uniform(
    shape: Sequence[int],
    *,
    dtype: torch.dtype = torch.float32,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
    device: Any = None,
) -> Tensor:
    """Draw from the uniform distribution between ``low`` and ``high``."""
    draw = torch.rand(shape, **_seeded(seed, device), device=device)
    return (draw * (high - low) + low).to(dtype)


def random_uniform_like(
    input: Tensor,
    *,
    dtype: Any = None,
    low: float = 0.0,
    high: float = 1.0,
    seed: int | None = None,
) -> Tensor:
    """Draw from a uniform distribution, with the shape of ``input`` and by default its dtype."""
    return random_uniform(
        input.shape,
        dtype=input.dtype if dtype is None else dtype,
        low=low,
        high=high,
        seed=seed,
        device=input.device,
    )


def bernoulli(input: Tensor, *, dtype: Any = None, seed: int | None = None) -> Tensor:
    """Draw 1 with the probability in each element of ``input``, otherwise 0.

    ``dtype`` defaults to that of ``input``.
    """
    draw = _uniform(input, seed)
    return (draw < input).to(input.dtype if dtype is None else dtype)


def multinomial(
    input: Tensor,
    *,
    sample_size: int = 1,
    dtype: torch.dtype = torch.int32,
    seed: int | None = None,
) -> Tensor:
    """Draw ``sample_size`` classes for each row.

    input : [N, C], logarithms of the probabilities, which need not sum to 1
    returns : [N, sample_size], each 0...C - 1
    """
    shares = torch.softmax(input.double(), 1)
    options = _seeded(seed, input.device)
    return torch.multinomial(shares, sample_size, True, **options).to(dtype)


def dropout(
    data: Tensor,
    ratio: Any = 0.5,
    training_mode: Any = False,
    *,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return ``data`` with dropout, and the mask of elements kept.

    Only in training, elements are set to 0 with probability ``ratio`` and the others
    divided by ``1 - ratio``. With a seed, the draw is that of ONNX's own examples.
    """
    training = torch.as_tensor(training_mode, device=data.device).reshape(())
    share = torch.as_tensor(ratio, device=data.device).reshape(())
    share = torch.where(training, share, 0)
    kept = _uniform(data, seed) >= share
    scale = torch.where(share < 1, 1 / (1 - share), 0).to(data.dtype)
    return data * kept * scale, kept


def dropout_inactive(
    data: Tensor, *, mask: bool = True, dtype: Any = torch.bool
) -> tuple[Tensor, Tensor]:
    """Return ``data``, and a tensor of its shape filled with ``mask``.

    The dtype of the second is by default that of ``data``.
    """
    return data, torch.full_like(
        data, mask, dtype=data.dtype if dtype is None else dtype
    )


def _seeded(seed: int | None, device: Any) -> dict[str, Any]:
    """Return a generator as an option; without a seed, that of the device is used."""
    if seed is None:
        return {}
    return {"generator": torch.Generator(device or "cpu").manual_seed(seed)}


def _uniform(x: Tensor, seed: int | None) -> Tensor:
    """Draw from 0...1 for each element of ``x``.

    PyTorch's generator on CPUs is that of ``numpy.random.seed``: two of its numbers make 53
    bits.
    """
    if seed is None:
        return torch.rand_like(x, dtype=torch.float32)
    generator = torch.Generator().manual_seed(seed)
    draw = torch.empty(x.shape, dtype=torch.int64).random_(
        -(2**63), None, generator=generator
    )
    high, low = draw >> 37 & (2**27 - 1), draw >> 6 & (2**26 - 1)
    return ((high * 2**26 + low) / 2**53).to(x.device)
