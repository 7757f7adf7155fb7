"""Sizes, layouts and weights of convolutions, as oneDNN takes them.

N is the batch, C and M are the channels in and out, G is the number of groups; K..., D...
and O... are the spatial axes of the kernel, the input and the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .activations import Activation
from .memory import F32, dense, steps_of
from .primitive import Call

Array = NDArray[Any]
Form = Callable[[Array, int], Array]


def of_conv(weight: Array, group: int) -> Array:
    """Arrange [M, C / G, K...] as [G, M / G, C / G, K...]."""
    m, *rest = weight.shape
    return weight.reshape(group, m // group, *rest)


def of_packed(weight: Array, group: int) -> Array:
    """Arrange [K..., C / G, M] as [G, M / G, C / G, K...]."""
    *kernel, c, m = weight.shape
    axes = len(kernel)
    split = weight.reshape(*kernel, c, group, m // group)
    return split.transpose(axes + 1, axes + 2, axes, *range(axes))


def of_pointwise(weight: Array, rank: int) -> Array:
    """Arrange [C, M] as [1, M, C, 1...]."""
    c, m = weight.shape
    return weight.T.reshape(1, m, c, *(1,) * rank)


def of_depthwise(weight: Array, _: int) -> Array:
    """Arrange [K..., C] as [C, 1, 1, K...]."""
    axes = weight.ndim - 1
    return weight.transpose(axes, *range(axes))[:, None, None]


class Sizes(NamedTuple):
    """The sizes of a convolution of two or three spatial axes."""

    x: tuple[int, ...]
    weight: tuple[int, ...]
    y: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    dilations: tuple[int, ...]

    @property
    def products(self) -> int:
        """Return the number of multiply-adds."""
        return prod(self.weight[2:]) * prod(self.y)


def convolution_sizes(
    x: tuple[int, ...],
    weight: tuple[int, ...],
    strides: Sequence[int] | None,
    pads: Sequence[int] | str | None,
    dilations: Sequence[int] | None,
) -> Sizes | None:
    """Return the sizes for [N, C, D...] and [G, M / G, C / G, K...].

    A single spatial axis gets one of length 1 before it. None is returned for what oneDNN
    does not have, or NumPy's kernel has to find an error in.
    """
    rank = len(x) - 2
    if rank not in (1, 2, 3) or len(weight) != rank + 3 or isinstance(pads, str):
        return None
    strides = tuple(strides or (1,) * rank)
    dilations = tuple(dilations or (1,) * rank)
    pads = tuple(pads or (0,) * (2 * rank))
    if (len(strides), len(dilations), len(pads)) != (rank, rank, 2 * rank):
        return None
    group, m, c, *kernel = weight
    if min(*x, *weight, *strides, *dilations) < 1 or min(pads) < 0:
        return None
    if x[1] != group * c:
        return None
    out = output_sizes(x[2:], kernel, strides, pads, dilations)
    if min(out) < 1:
        return None
    if rank == 1:
        x, weight = (*x[:2], 1, *x[2:]), (*weight[:3], 1, *kernel)
        pads = 0, pads[0], 0, pads[1]
        strides, dilations, out = (1, *strides), (1, *dilations), (1, *out)
    return Sizes(x, weight, (x[0], group * m, *out), strides, pads, dilations)


def output_sizes(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
    dilations: Sequence[int],
) -> tuple[int, ...]:
    """Return how many windows there are along each spatial axis."""
    rank = len(sizes)
    return tuple(
        (d + begin + end - dilation * (k - 1) - 1) // stride + 1
        for d, begin, end, dilation, k, stride in zip(
            sizes, pads[:rank], pads[rank:], dilations, kernel, strides
        )
    )


def contiguous_last(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of [N, C, D...] whose memory is a contiguous [N, D..., C]."""
    n, c, *sizes = shape
    first, *rest, last = dense((n, *sizes, c))
    return first, last, *rest


def channels_last(x: Array) -> tuple[int, ...] | None:
    """Return the strides of [N, C, D...] in elements if channels are adjacent in memory.

    There may be gaps between the places. For a single spatial axis, there is one of
    length 1 before it, as in :class:`Sizes`. None is returned for any other order.
    """
    steps = steps_of(x)
    if steps is None:
        return None
    n, c, *places = x.shape
    first, channel, *rest = steps
    if channel != 1 and c > 1:
        return None
    found: list[int] = []
    least = c
    for size, step in zip([n, *places][::-1], [first, *rest][::-1]):
        step = least if size == 1 else step  # has no meaning
        if step < least:
            return None
        found.insert(0, step)
        least = step * size
    if len(places) == 1:
        found.insert(1, found[1] * places[0])
    return found[0], 1, *found[1:]


class Prepared:
    """A convolution of tensors of one shape, in one thread.

    Parameters
    ----------
    sizes, call : what is computed
    rank : the number of spatial axes of the tensors
    copy : what copies the input to the order in which the call reads it
    adds, activates : whether a sum and an activation are left to NumPy
    """

    def __init__(
        self,
        sizes: Sizes,
        call: Call,
        *,
        rank: int,
        copy: Callable[[Array], Array] | None,
        adds: bool,
        activates: bool,
    ) -> None:
        self.call, self.copy = call, copy
        self.adds, self.activates = adds, activates
        n, m, *places = sizes.y
        self.shape = n, *places[-rank:], m
        self.last = (0, *range(2, rank + 2), 1)  # [N, C, D...] -> [N, D..., C]
        self.second = (0, rank + 1, *range(1, rank + 1))

    def __call__(
        self, x: Array, bias: Array | None, plus: Array | None, activation: Activation
    ) -> Array | None:
        """Return the result; None if it could not be computed."""
        if self.copy is not None:
            x = self.copy(x)
        y = np.empty(self.shape, F32)
        arrays = [x, y]
        if bias is not None:
            arrays.append(np.ascontiguousarray(bias))
        if plus is not None and not self.adds:
            arrays.append(np.ascontiguousarray(plus.transpose(self.last)))
        if not self.call(*arrays):
            return None
        y = y.transpose(self.second)
        if self.adds and plus is not None:
            y += plus
        if self.activates and activation is not None:
            return np.asarray(activation(y))
        return y
