"""Number of multiply-adds of a call, counted for matrix products and convolutions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from ..ir.program import Call, Ref
from ..ir.types import Dim, TensorType, ValueType

Shapes = Callable[[int], tuple[Dim, ...]]
"""The shape of an argument, by its place."""


@dataclass(frozen=True)
class Cost:
    """A count: ``number`` times dynamic lengths."""

    number: int
    symbols: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " × ".join([*self.symbols, f"{self.number:,}"])


class Unknown(Exception):
    """A shape is not known."""


def multiply_adds(
    call: Call, outputs: Iterable[str], types: Mapping[str, ValueType]
) -> Cost | None:
    """Return the cost of a call: 0 if it has no products, None if it is unknown."""
    count = _COUNTS.get(getattr(call.function, "__name__", str(call.function)))
    if count is None:
        module = getattr(call.function, "__module__", "").rpartition(".")[2]
        return None if module in _UNCOUNTED else Cost(0)

    def shape(place: int) -> tuple[Dim, ...]:
        argument = call.args[place] if place < len(call.args) else None
        return _shape(argument, types)

    try:
        made = _shape(Ref(next(iter(outputs))), types)
        lengths = list(count(shape, made, call.kwargs))
    except Unknown:
        return None
    if None in lengths:
        return None
    symbols = sorted(dim for dim in lengths if isinstance(dim, str))
    return Cost(prod(dim for dim in lengths if isinstance(dim, int)), tuple(symbols))


def total(costs: Iterable[Cost | None]) -> list[Cost]:
    """Sum costs, separately for each product of dynamic lengths."""
    found: Counter[tuple[str, ...]] = Counter()
    for cost in costs:
        if cost is not None:
            found[cost.symbols] += cost.number
    return [
        Cost(number, symbols) for symbols, number in sorted(found.items()) if number
    ]


def _shape(argument: Any, types: Mapping[str, ValueType]) -> tuple[Dim, ...]:
    kind = types.get(argument.name) if isinstance(argument, Ref) else None
    if not isinstance(kind, TensorType) or kind.shape is None:
        raise Unknown
    return kind.shape


Count = Callable[[Shapes, tuple[Dim, ...], Mapping[str, Any]], Iterable[Dim]]
"""Returns lengths whose product is the count."""


def _convolution(weight: int) -> Count:
    """Each result is a sum over the kernel: [M, C / group, K...]."""
    return lambda shape, made, _: (*made, *shape(weight)[1:])


def _packed(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each result is a sum over all axes of the weights but the last: [..., M]."""
    return (*made, *shape(1)[:-1])


def _winograd(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """As if it were computed without the trick: 3 x 3 times C of [tiles, C, M]."""
    return (*made, 9, shape(1)[1])


def _transposed(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each element goes through the kernel: [C, M / group, K...]."""
    return (*shape(0), *shape(1)[1:])


def _product(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each result is a sum over the last axis of the first operand."""
    inner = shape(0)
    if not inner:
        raise Unknown
    return (*made, inner[-1])


def _attention(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Two products: [..., S, E] with [..., E, T], and that with values of the same size."""
    return (*shape(0), shape(1)[-1], 2)


def _gemm(shape: Shapes, made: tuple[Dim, ...], options: Any) -> Iterable[Dim]:
    return (*made, shape(0)[0 if options.get("trans_a") else -1])


def _recurrent(shape: Shapes, made: tuple[Dim, ...], _: Any) -> Iterable[Dim]:
    """Each step of each sequence goes through all weights of the inputs and of the state."""
    weights = (*shape(1), *shape(2))
    if not all(isinstance(length, int) for length in weights):
        raise Unknown
    number = sum(prod(d for d in shape(i) if isinstance(d, int)) for i in (1, 2))
    return (*shape(0)[:2], number)


_COUNTS: dict[str, Count] = {
    "conv": _convolution(1), "fused_conv": _convolution(1), "conv_integer": _convolution(1),
    "qlinear_conv": _convolution(3), "conv_transpose": _transposed,
    "conv_packed": _packed, "conv_pointwise": _packed, "conv_depthwise": _packed,
    "conv_winograd": _winograd,
    "conv_transpose_packed": _transposed,
    "matmul": _product, "project": _product, "matmul_integer": _product,
    "dot_product_attention": _attention,
    "matmul_integer_prepared": _product, "qlinear_matmul": _product,
    "matmul_integer_to_float": _product, "dynamic_quantize_matmul": _product, "gemm": _gemm,
    "lstm": _recurrent, "lstm_packed": _recurrent, "gru": _recurrent, "gru_packed": _recurrent,
    "rnn": _recurrent,
}  # fmt: skip
"""By the kernel's name, which NumPy's functions have too."""

_UNCOUNTED = frozenset({
    "attention", "attention_group_query", "attention_linear", "attention_multi_head",
    "attention_self", "attention_sparse", "col2im", "conv_deform", "linalg", "lstm_quantized",
    "matmul_bnb4", "matmul_fused", "matmul_integer", "matmul_nbits", "mixture_of_experts",
    "ml_linear", "ml_svm", "normalization_gated", "quantized_attention", "quantized_tables",
    "signal", "text_tokens",
})  # fmt: skip
"""The modules of kernels that have products which are not counted."""
