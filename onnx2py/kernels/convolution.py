"""Convolutions as objects: their weights, and the kernel that their shapes suit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import NDArray

from .conv_packed import conv_packed

Load = Callable[[str, str], NDArray[Any]]
Prepare = Callable[[NDArray[Any]], NDArray[Any]]


class Conv:
    """A convolution that loads its weights, ``name.weight`` and ``name.bias``.

    Parameters
    ----------
    load : returns the weight of a name and a type
    weight : the type of the weight as it is stored: ``"float32[3, 3, *, *]"``
    kernel : the function that computes the convolution
    bias : whether there is a bias
    prepare : what the kernel needs done to the weight, once
    options : keyword arguments of the kernel

    Raises
    ------
    ValueError
        If the kernel raises it when the object is called, as the default one does if the
        numbers of channels do not match, or the window is longer than the padded image.
    """

    def __init__(
        self,
        load: Load,
        name: str,
        weight: str,
        kernel: Callable[..., NDArray[Any]] = conv_packed,
        *,
        bias: bool = True,
        prepare: Prepare | None = None,
        **options: Any,
    ) -> None:
        stored = load(f"{name}.weight", weight)
        self.weight = prepare(stored) if prepare else stored
        dtype = weight.partition("[")[0]
        self.bias = load(f"{name}.bias", f"{dtype}[*]") if bias else None
        self.kernel = partial(kernel, **options) if options else kernel

    def __call__(self, x: NDArray[Any], **following: Any) -> NDArray[Any]:
        """Return the convolution of ``x``; ``plus`` and ``activation`` are the kernel's."""
        return self.kernel(x, self.weight, self.bias, **following)
