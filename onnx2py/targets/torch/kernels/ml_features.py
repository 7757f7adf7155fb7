"""Scaling, normalization, imputation and selection of features."""

from __future__ import annotations

import torch
from torch import Tensor


def scaler(
    x: Tensor, *, offset: float | Tensor = 0.0, scale: float | Tensor = 1.0
) -> Tensor:
    """Return ``(x - offset) * scale`` as float32; both may have one element per feature."""
    wide = x if x.dtype == torch.float64 else x.float()
    return ((wide - offset) * scale).float()


def normalizer(x: Tensor, *, norm: str = "MAX") -> Tensor:
    """Divide each row [F] by its norm, as float32; rows of norm 0 do not change.

    ``norm`` is MAX (the greatest element, with its sign), L1 or L2.
    """
    rows = x.float()
    if norm == "MAX":
        size = rows.amax(-1, keepdim=True) if rows.numel() else rows[..., :1]
    else:
        size = torch.linalg.vector_norm(rows, int(norm[1]), -1, keepdim=True)
    return rows / torch.where(size == 0, 1, size)


def imputer(
    x: Tensor, *, imputed_value: float | Tensor, replaced_value: float
) -> Tensor:
    """Return ``x`` with each ``replaced_value`` (which may be NaN) replaced.

    ``imputed_value`` is a number or has one element per feature; with any other number of
    elements, the first is used.
    """
    if isinstance(imputed_value, Tensor):
        if imputed_value.numel() != x.shape[-1]:
            imputed_value = imputed_value.flatten()[0]
        imputed_value = imputed_value.to(x.dtype)
    is_nan = replaced_value != replaced_value
    missing = torch.isnan(x) if is_nan else x == replaced_value
    return torch.where(missing, imputed_value, x)


def binarizer(x: Tensor, *, threshold: float = 0.0) -> Tensor:
    """Return 1 where ``x > threshold``, else 0, in the dtype of ``x``."""
    return (x > threshold).to(x.dtype)


def array_feature_extractor(x: Tensor, y: tuple[int, ...] | int | Tensor) -> Tensor:
    """Return the features ``y`` of each row: [..., F] -> [..., K], and [F] -> [1, K].

    Raises
    ------
    IndexError
        If there is no such feature.
    """
    places = torch.as_tensor(y, device=x.device).reshape(-1)
    chosen = x[..., places]
    return chosen[None] if x.ndim == 1 else chosen
