"""Linear quantization: an integer q represents ``(q - zero_point) * scale``."""

from __future__ import annotations

from typing import Any, Union

import torch
import torch.nn.functional as F
from torch import Tensor

Parameter = Union[Tensor, float]


def quantize_linear(
    x: Tensor,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    dtype: torch.dtype = torch.uint8,
    precision: Any = torch.float32,
) -> Tensor:
    """Return ``x / y_scale + y_zero_point`` as integers.

    Quotients are rounded half to even and saturated to the range of ``dtype``; NaN becomes
    its smallest number.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : numbers, or tensors broadcastable to ``x``
    dtype : int8, uint8, int16 or uint16; the type of the result
    precision : dtype of the division; that of ``y_scale`` if None
    """
    limits = torch.iinfo(dtype)
    steps = rounded(x, y_scale, precision) + as_float(y_zero_point)
    return steps.nan_to_num(limits.min).clamp(limits.min, limits.max).to(dtype)


def rounded(x: Tensor, scale: Parameter, precision: Any) -> Tensor:
    """Return ``x / scale``, divided in ``precision`` and rounded, as float32."""
    if isinstance(scale, Tensor):
        precision = precision or scale.dtype
        scale = scale.to(precision)
    return torch.round(x.to(precision) / scale).float()


def as_float(parameter: Parameter) -> Parameter:
    """Return a scale or zero point as float32, or as the number that it is."""
    return parameter.float() if isinstance(parameter, Tensor) else parameter


def dequantize_linear(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter = 0,
    *,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return ``(x - x_zero_point) * x_scale``.

    Parameters
    ----------
    x : [...]
    x_scale, x_zero_point : numbers, or tensors broadcastable to ``x``
    dtype : dtype of the result, which is computed in float32
    """
    if x.dtype == torch.int32:  # float32 does not hold each of them
        x = x - x_zero_point
    else:
        x = x.float() - as_float(x_zero_point)
    return (x.float() * as_float(x_scale)).to(dtype)


def fake_quantize(
    x: Tensor,
    scale: Parameter,
    zero_point: Parameter = 0,
    *,
    dtype: torch.dtype = torch.uint8,
) -> Tensor:
    """Quantize and dequantize ``x``.

    The result is the same, but no integers are stored: ``x / scale`` is rounded half to
    even and limited to the range of ``dtype`` around the zero point. Gradients pass as if
    nothing were rounded.

    Parameters
    ----------
    x : float32[...]
    scale, zero_point : one number each
    dtype : int8, uint8, int16 or uint16
    """
    limits = torch.iinfo(dtype)
    zero = as_float(zero_point)
    low, high = limits.min - zero, limits.max - zero
    # torch.fake_quantize_per_tensor_affine multiplies by 1 / scale, which rounds otherwise.
    steps = torch.clamp(x / scale, low, high)
    steps = torch.where(torch.isnan(steps), low, steps)
    steps = steps + (torch.round(steps) - steps).detach()
    return steps * scale


def dynamic_quantize_linear(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Quantize to uint8 over the range of ``x``, extended to include 0.

    NaN has no part in the range, and becomes 0.

    Returns
    -------
    y : uint8[...]
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 where ``x`` is all zero
    y_zero_point : uint8[]
    """
    numbers = F.pad(torch.where(torch.isnan(x), 0, x).reshape(-1), (0, 1))
    low, high = numbers.min(), numbers.max()
    scale = torch.where(high == low, 1, (high - low) / 255)
    zero_point = torch.round(-low / scale).nan_to_num(255).clamp(0, 255)
    y = quantize_linear(x, scale, zero_point)
    return y, scale, zero_point.to(torch.uint8)


def dynamic_quantize_linear_centered(x: Tensor) -> tuple[Tensor, Tensor]:
    """Quantize to uint8 over the range of ``x`` and 0; return floats minus the zero point.

    NaN has no part in the range, and becomes the smallest number.

    Returns
    -------
    y : float32[...]
        Integers.
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 if ``x`` is all zero
    """
    steps, scale, zero_point = dynamic_quantize_linear(x)
    return steps.float() - zero_point, scale


def quantize_linear_per_axis(
    x: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any = None,
    precision: Any = torch.float32,
) -> Tensor:
    """Quantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``y_zero_point`` by default
    precision : dtype of the division; that of ``y_scale`` if None

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    if y_zero_point is None:
        kind = dtype or torch.uint8
        return quantize_linear(x, scale, dtype=kind, precision=precision)
    zero_point = broadcast_parameter(y_zero_point, x.shape, axis, block_size)
    kind = dtype or y_zero_point.dtype
    return quantize_linear(x, scale, zero_point, dtype=kind, precision=precision)


def dequantize_linear_per_axis(
    x: Tensor,
    x_scale: Tensor,
    x_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any = None,
) -> Tensor:
    """Dequantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    x_scale, x_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``x_scale`` by default

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    scale = broadcast_parameter(x_scale, x.shape, axis, block_size)
    kind = dtype or x_scale.dtype
    if x_zero_point is None:
        return dequantize_linear(x, scale, dtype=kind)
    zero_point = broadcast_parameter(x_zero_point, x.shape, axis, block_size)
    return dequantize_linear(x, scale, zero_point, dtype=kind)


def broadcast_parameter(
    parameter: Tensor, shape: tuple[int, ...], axis: int, block_size: int
) -> Tensor:
    """Return a scale or zero point, broadcastable to ``shape``.

    Raises
    ------
    ValueError
        If it has neither one element, nor one per slice of ``axis``, nor one per block.
    """
    if parameter.numel() == 1 and not block_size:
        return parameter.reshape(())
    if parameter.ndim == 1 and not block_size:
        after = len(shape) - 1 - axis if axis >= 0 else -1 - axis
        return parameter.reshape((-1,) + (1,) * after)
    if parameter.ndim != len(shape):
        raise ValueError(
            f"scale or zero point: expected rank {len(shape)}, got {tuple(parameter.shape)}"
        )
    # By default, the only size that ONNX's rules allow for whole blocks.
    size = block_size or -(-shape[axis] // max(parameter.shape[axis], 1))
    spread = parameter.repeat_interleave(size, axis)
    return spread.narrow(axis, 0, min(shape[axis], spread.shape[axis]))
