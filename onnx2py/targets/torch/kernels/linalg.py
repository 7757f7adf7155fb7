"""Sums of products, determinants and inverses."""

from __future__ import annotations

import torch
from torch import Tensor

from ._precision import widened


def einsum(equation: str, *inputs: Tensor) -> Tensor:
    """Return the sum of products given by ``equation`` in Einstein notation."""
    return torch.einsum(equation, *map(widened, inputs)).to(inputs[0].dtype)


def contract(equation: str, a: Tensor, b: Tensor) -> Tensor:
    """Return the sum of products of two tensors, ``bhid,bhjd->bhij``, say.

    ``equation`` is in explicit Einstein notation, without ``...`` and with each letter at
    most once per term.
    """
    return torch.einsum(equation, a, b)


def det(x: Tensor) -> Tensor:
    """Return the determinant of each matrix: [D..., M, M] -> [D...]."""
    return torch.linalg.det(widened(x)).to(x.dtype)


def inverse(x: Tensor) -> Tensor:
    """Return the inverse of each matrix: [D..., M, M] -> [D..., M, M]."""
    return torch.linalg.inv(widened(x)).to(x.dtype)
