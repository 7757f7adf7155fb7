"""Sampling a tensor at the points of a grid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ._ints import as_ints
from ._rounding import rounded_once


def grid_sample(
    x: Tensor,
    grid: Tensor,
    *,
    mode: str = "linear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Tensor:
    """Interpolate [N, C, D...] at the points of a grid [N, O..., r]: [N, C, O...].

    Raises
    ------
    NotImplementedError
        If there are more than three spatial axes, or three for cubic interpolation.
    """
    rank = x.ndim - 2
    if rank > 3 or (rank > 2 and mode == "cubic"):
        raise NotImplementedError(
            f"grid_sample: {mode}, {rank} spatial axes: not in torch"
        )
    names = {"linear": "bilinear", "cubic": "bicubic"}
    dtype = torch.float64 if torch.float64 in (x.dtype, grid.dtype) else torch.float32
    image, points = x.to(dtype), grid.to(dtype)
    if rank == 1:  # an image of one line
        image = image[:, :, None]
        points = F.pad(points, (0, 1))[:, None]
    options = (names.get(mode, mode), padding_mode, align_corners)
    y = F.grid_sample(image, points, *options)
    return (y[:, :, 0] if rank == 1 else y).to(x.dtype)


@rounded_once
def affine_grid(
    theta: Tensor, size: Sequence[int] | Tensor, *, align_corners: bool = False
) -> Tensor:
    """Return a grid [N, O..., r] of points between -1 and 1 after affine transformations.

    theta is [N, r, r + 1]; ``size`` is (N, C, O...).
    """
    sizes = as_ints(size)[2:]
    axes = []
    for n in sizes:
        step = torch.arange(n, dtype=theta.dtype, device=theta.device)
        if align_corners and n == 1:
            axes.append(step + 1)  # the upper border, as in onnxruntime
        elif align_corners:
            axes.append(step * (2 / (n - 1)) - 1)
        else:
            axes.append((2 * step + 1) / n - 1)
    points = torch.meshgrid(*axes, indexing="ij")[::-1]
    base = torch.stack((*points, torch.ones_like(points[0])), -1)
    grid = base.reshape(-1, len(sizes) + 1) @ theta.mT
    return grid.reshape(len(theta), *sizes, len(sizes))
