"""Which kernels oneDNN computes.

Modules are imported when oneDNN first computes. A package has those of the kernels that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

Function = Callable[..., Any]

MODULES: dict[str, tuple[str, ...]] = {
    "convolution": (
        "conv",
        "conv_depthwise",
        "conv_packed",
        "conv_pointwise",
    ),
    "attention": ("dot_product_attention",),
    "elementwise": (
        "gelu",
        "gelu_tanh",
        "mish",
        "sigmoid",
        "swish",
    ),
    "pooling": (
        "average_pool",
        "global_average_pool",
        "max_pool",
    ),
    "products": (
        "gemm",
        "linear",
        "matmul",
        "multiply",
        "project",
    ),
    "recurrent": (
        "gru_packed",
        "lstm_packed",
    ),
    "rows": (
        "layer_normalization",
        "softmax",
    ),
    "quantized": (
        "qdq_add",
        "qlinear_add",
    ),
    "quantized_products": (
        "matmul_integer_to_float_prepared",
        "qdq_gemm",
        "qdq_matmul",
        "qgemm",
        "qlinear_matmul",
    ),
    "quantized_convolution": (
        "qdq_conv_depthwise",
        "qdq_conv_packed",
        "qdq_conv_pointwise",
        "qdq_conv_winograd",
        "qlinear_conv_depthwise",
        "qlinear_conv_packed",
        "qlinear_conv_pointwise",
    ),
    "transposed_convolution": ("conv_transpose_packed",),
    "winograd": (
        "conv_winograd",
        "winograd_weight",
    ),
}
"""Functions of the names and parameters of kernels, by module."""


LEAST = {"attention": 300, "elementwise": 1_000, "products": 500, "rows": 2_000}
"""Elements of the first argument with fewer of which no function of a module is worth a call."""


class Replacements(Mapping[str, Function]):
    """The functions by name; they return None for arguments that they do not take."""

    def __init__(self) -> None:
        self.modules = {n: module for module, names in MODULES.items() for n in names}

    def least(self, name: str) -> int:
        """Return how many elements the first argument of a function has at least."""
        return LEAST.get(self.modules[name], 0)

    def __getitem__(self, name: str) -> Function:
        """Return a function, whose module is imported now."""
        module = import_module(f".{self.modules[name]}", __package__)
        found: Function = getattr(module, name)
        return found

    def __contains__(self, name: object) -> bool:
        """Return whether there is a function, and import nothing."""
        return name in self.modules

    def __iter__(self) -> Iterator[str]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)


REPLACEMENTS = Replacements()


def stand_in(kernel: Function) -> Function:
    """Return NumPy's kernel, which takes what the functions above prepared too."""
    if kernel.__name__ != "conv_winograd":
        return kernel
    from .plain_weights import with_plain_weights

    return with_plain_weights(kernel)
