"""Layers: functions of an array and of the parameters of a module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Union

import jax.numpy as jnp
from jax import Array, lax

Params = Mapping[str, Array]
"""``weight`` and, if there is one, ``bias``."""
Numbers = Union[int, Sequence[int]]
"""One number for all axes, or one for each."""


def linear(x: Array, params: Params) -> Array:
    """Return ``x @ weight + bias``; ``weight`` is ``[in, out]``."""
    y = x @ params["weight"]
    return y + params["bias"] if "bias" in params else y


def embedding(ids: Array, params: Params) -> Array:
    """Return the rows of ``weight`` that have these numbers."""
    return params["weight"][ids]


def convolution(
    x: Array,
    params: Params,
    *,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Array:
    """Convolve ``x`` ``[N, C, ...]`` by ``weight`` ``[M, C / groups, ...]``, and add ``bias``."""
    spatial = x.ndim - 2
    pads = padding.upper() if isinstance(padding, str) else _pairs(padding, spatial)
    y = lax.conv_general_dilated(
        x,
        params["weight"],
        _each(stride, spatial),
        pads,
        rhs_dilation=_each(dilation, spatial),
        feature_group_count=groups,
    )
    return _shifted(y, params)


def transposed_convolution(
    x: Array,
    params: Params,
    *,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Array:
    """Convolve ``x`` ``[N, C, ...]`` transposed by ``weight`` ``[C, M / groups, ...]``.

    ``padding`` is cut off at both ends of the result; ``output_padding`` is added at its end.
    """
    spatial, weight = x.ndim - 2, params["weight"]
    axes = tuple(range(2, weight.ndim))
    inside, out, *kernel = weight.shape
    turned = jnp.flip(weight, axes).reshape(groups, inside // groups, out, *kernel)
    turned = turned.swapaxes(1, 2).reshape(groups * out, inside // groups, *kernel)
    steps = _each(dilation, spatial)
    pads = [
        (d * (k - 1) - p, d * (k - 1) - p + more)
        for k, d, p, more in zip(
            kernel, steps, _each(padding, spatial), _each(output_padding, spatial)
        )
    ]
    y = lax.conv_general_dilated(
        x,
        turned,
        (1,) * spatial,
        pads,
        lhs_dilation=_each(stride, spatial),
        rhs_dilation=steps,
        feature_group_count=groups,
    )
    return _shifted(y, params)


def batch_norm(x: Array, params: Params, *, eps: float = 1e-5) -> Array:
    """Normalize ``x`` ``[N, C, ...]`` by the statistics of training, which stay as they are."""
    mean = lax.stop_gradient(params["running_mean"])
    variance = lax.stop_gradient(params["running_var"])
    scale = params["weight"] * lax.rsqrt(variance + eps)
    shape = (-1, *[1] * (x.ndim - 2))
    return (x - mean.reshape(shape)) * scale.reshape(shape) + params["bias"].reshape(
        shape
    )


def layer_norm(x: Array, params: Params, *, eps: float = 1e-5) -> Array:
    """Normalize ``x`` over the axes that ``weight`` has."""
    axes = tuple(range(-params["weight"].ndim, 0))
    y = _normalized(x, axes, eps) * params["weight"]
    return y + params["bias"] if "bias" in params else y


def rms_norm(x: Array, params: Params, *, eps: float) -> Array:
    """Divide ``x`` by the root of its mean square, over the axes that ``weight`` has."""
    axes = tuple(range(-params["weight"].ndim, 0))
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    square = jnp.mean(jnp.square(wide), axes, keepdims=True)
    return (wide * lax.rsqrt(square + eps)).astype(x.dtype) * params["weight"]


def group_norm(
    x: Array, params: Params, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """Normalize each group of channels of ``x`` ``[N, C, ...]``."""
    grouped = x.reshape(x.shape[0], num_groups, -1)
    y = _normalized(grouped, (-1,), eps).reshape(x.shape)
    return _scaled(y, params)


def instance_norm(x: Array, params: Params, *, eps: float = 1e-5) -> Array:
    """Normalize each channel of ``x`` ``[N, C, ...]``."""
    return _scaled(_normalized(x, tuple(range(2, x.ndim)), eps), params)


def _normalized(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Return ``x`` with mean 0 and variance 1, computed with 32 bits or more."""
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axes, keepdims=True)
    return ((wide - mean) * lax.rsqrt(variance + eps)).astype(x.dtype)


def _scaled(x: Array, params: Params) -> Array:
    """Return ``x`` ``[N, C, ...]`` scaled by channel, if there is a scale."""
    if "weight" not in params:
        return x
    shape = (-1, *[1] * (x.ndim - 2))
    return x * params["weight"].reshape(shape) + params["bias"].reshape(shape)


def _shifted(x: Array, params: Params) -> Array:
    """Return ``x`` ``[N, C, ...]`` with a bias for each channel, if there is one."""
    if "bias" not in params:
        return x
    return x + params["bias"].reshape(-1, *[1] * (x.ndim - 2))


def _each(numbers: Numbers, count: int) -> tuple[int, ...]:
    """Return one number for each of ``count`` axes."""
    return (numbers,) * count if isinstance(numbers, int) else tuple(numbers)


def _pairs(padding: Numbers, count: int) -> list[tuple[int, int]]:
    """Return the padding at both ends of each axis."""
    return [(p, p) for p in _each(padding, count)]
