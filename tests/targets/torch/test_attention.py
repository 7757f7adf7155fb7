"""Twins of attention give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, twin

RANDOM = np.random.default_rng(0)
B, H, G, S, T, E, F = 2, 4, 2, 2, 3, 4, 2
INFINITE = float("-inf")


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def check_all(case: Case, gradient: bool = True, meta: bool = True) -> None:
    check(case, rtol=1e-5, atol=1e-7)
    small = [
        a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype == float else a
        for a in case.args
    ]
    check(case._replace(args=tuple(small)), rtol=1e-4, atol=1e-5)
    if meta:
        check_meta(case)
    if gradient:
        check_gradient(case)


def mask_of(*shape: int) -> np.ndarray:
    """Return a mask; the first row masks all keys."""
    mask = RANDOM.random(shape) < 0.6
    mask.reshape(-1, shape[-1])[0] = False
    return mask


MASKS: tuple[np.ndarray | None, ...] = (
    None,
    mask_of(S, T),
    mask_of(B, 1, S, T),
    mask_of(H, 1, T),
    numbers(1, H, S, T),
    np.where(mask_of(B, H, S, T), 0.3, INFINITE),
    numbers(S, T - 1),
)
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"is_causal": True, "scale": 0.7},
    {"left_window_size": 1, "right_window_size": 1},
    {"softcap": 1.5},
    {"softmax_precision": np.float32},
)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", VARIANTS)
def test_attention(mask: np.ndarray | None, options: dict[str, Any]) -> None:
    args = (numbers(B, H, S, E), numbers(B, G, T, E), numbers(B, G, T, F), mask)
    exact = "softmax_precision" not in options
    infinite = mask is not None and not exact
    check_all(Case("attention.attention", args, options), exact and not infinite)


@pytest.mark.parametrize("mode", [-1, 0, 1, 2, 3])
def test_attention_with_a_past(mode: int) -> None:
    packed = (numbers(B, S, H * E), numbers(B, S, G * E), numbers(B, S, G * F))
    past = (numbers(B, G, T, E), numbers(B, G, T, F))
    options = {"q_num_heads": H, "kv_num_heads": G, "qk_matmul_output_mode": mode}
    name = "attention.attention_with_cache"
    # The scores of hidden keys are infinite, which have no differences.
    args = (*packed, mask_of(S, S + T), *past)
    check_all(Case(name, args, options), gradient=mode != 2)
    options = {**options, "is_causal": True, "softcap": 2.0}
    check_all(Case(name, (*packed, None, *past), options), gradient=False)
    lengths = np.array([3, 2])
    check_all(Case(name, (*packed, None, None, None, lengths), options), gradient=False)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_attention_in_half_precision(half: torch.dtype) -> None:
    shapes = ((B, H, S, E), (B, G, T, E), (B, G, T, F))
    q, k, v = (torch.tensor(numbers(*shape)) for shape in shapes)
    q, k, v = q.to(half), k.to(half), v.to(half)
    found = twin("attention.attention")(q, k, v)
    expected = twin("attention.attention")(q.double(), k.double(), v.double())
    assert found.dtype == half
    step = torch.finfo(half).eps
    torch.testing.assert_close(found.double(), expected, rtol=step, atol=1e-6)


@pytest.mark.parametrize("zero", [True, False])
def test_products_around_a_softmax(zero: bool) -> None:
    name, options = "attention_dot_product.dot_product_attention", {"scale": 0.4}
    q, k, v = numbers(B, H, S, E), numbers(B, H, E, T), numbers(B, H, T, F)
    options = {**options, "zero_for_nan": zero}
    hidden = np.where(mask_of(B, 1, S, T), 0.0, INFINITE)
    for mask in (None, numbers(S, T), numbers(B, 1, 1, T), numbers(H, S, T), hidden):
        case = Case(name, (q, k, v, mask), options)
        check_all(case, gradient=mask is not hidden or zero)
    grouped = {**options, "groups": H // G}
    check_all(Case(name, (q, k[:, :G], v[:, :G], numbers(S, T)), grouped))
    for left in ((S, E), (1, S, E), (2, 1, 3, S, E)):
        args = (numbers(*left), numbers(*left[:-2], E, T), numbers(*left[:-2], T, F))
        check_all(Case(name, args, options))
    check(Case(name, (numbers(1, 1, S, E), k, v, numbers(T)), options), atol=1e-9)


MULTI_HEAD_MASKS = (
    None,
    np.array([3, 5], np.int32),
    np.array([4, 5, 1, 0], np.int32),
    RANDOM.integers(0, 2, (B, T)).astype(np.int32),
    RANDOM.integers(0, 2, (B, S, T)).astype(np.int32),
)


@pytest.mark.parametrize("mask", MULTI_HEAD_MASKS)
@pytest.mark.parametrize("unidirectional", [True, False])
def test_multi_head_attention(mask: np.ndarray | None, unidirectional: bool) -> None:
    name = "attention_multi_head.multi_head_attention"
    args = (numbers(B, S, H * E), numbers(B, T, H * E), numbers(B, T, H * F))
    options = {"num_heads": H, "unidirectional": unidirectional, "output_qk": True}
    bias = numbers(2 * H * E + H * F)
    case = Case(name, (*args, bias, mask, numbers(1, H, S, T)), options)
    check_all(case, gradient=False)
    without = np.where(mask_of(B, 1, S, T), 0.3, INFINITE)
    less = {**options, "output_qk": False}
    check_all(Case(name, (*args, bias, None, without), less), gradient=False)
    # A score less the largest number is that number, whatever the score.
    options = {**options, "scale": 0.3, "output_qk": False}
    check_all(Case(name, (*args, bias, mask), options))


def test_multi_head_attention_of_packed_heads() -> None:
    name, options = "attention_multi_head.multi_head_attention", {"num_heads": H}
    check_all(Case(name, (numbers(B, S, H, 3, E),), options))
    query, pair = numbers(B, S, H * E), numbers(B, T, H, 2, E)
    check_all(Case(name, (query, pair), options))
    heads = (numbers(B, H, T, E), numbers(B, H, T, F))
    check_all(Case(name, (query, *heads), options))
    with pytest.raises(ValueError, match="expected key and value of 3 or 4 axes"):
        twin(name)(torch.tensor(query), num_heads=H)


def test_multi_head_attention_with_a_past() -> None:
    name, options = "attention_multi_head.multi_head_attention", {"num_heads": H}
    new = [numbers(B, 2, H * E) for _ in range(3)]
    past = [numbers(B, H, T, E) for _ in range(2)]
    check_all(Case(name, (*new, None, None, None, *past), options))
    beams = RANDOM.integers(0, B, (1, B, T)).astype(np.int32)
    shared = (*new, None, None, None, *past, np.array([1], np.int32), beams)
    check_all(Case(name, shared, options), gradient=False, meta=False)


@pytest.mark.parametrize("past", [None, numbers(2, B, H, T, E)])
def test_self_attention(past: np.ndarray | None) -> None:
    args = (numbers(B, S, 7), numbers(7, 3 * H * E), numbers(3 * H * E), None, past)
    options = {"num_heads": H, "unidirectional": True}
    check_all(Case("attention_self.self_attention", args, options), gradient=False)
    sizes = {"num_heads": H, "qkv_hidden_sizes": (H * E, H * E, H * F)}
    args = (numbers(B, S, 7), numbers(7, 2 * H * E + H * F))
    check_all(Case("attention_self.self_attention", args, sizes))


GROUP_QUERY: tuple[dict[str, Any], ...] = (
    {},
    {"softcap": 2.0, "scale": 0.4},
    {"local_window_size": 3},
    {"smooth_softmax": True, "qk_output": 1},
    {"causal": False, "qk_output": 2},
)


@pytest.mark.parametrize("options", GROUP_QUERY)
@pytest.mark.parametrize("rotary", [True, False])
def test_group_query_attention(options: dict[str, Any], rotary: bool) -> None:
    name = "attention_group_query.group_query_attention"
    options = {"num_heads": H, "kv_num_heads": G, **options}
    new = (numbers(B, S, H * E), numbers(B, S, G * E), numbers(B, S, G * E))
    past = (numbers(B, G, 8, E), numbers(B, G, 8, E))
    caches = (numbers(9, E // 2), numbers(9, E // 2)) if rotary else (None, None)
    lengths = (np.array([4, 6], np.int32), np.int32(7))
    check_all(Case(name, (*new, *past, *lengths, *caches), options), meta=False)
    first = (np.array([2, 1], np.int32), np.int32(3))
    check_all(
        Case(name, (*new, None, None, *first, *caches), options), False, meta=False
    )
    packed = np.concatenate(new, axis=2)
    biases = (*lengths, *caches, None, numbers(B, 1, S, 7), numbers(H))
    args = (packed, None, None, *past, *biases)
    check_all(Case(name, args, options), gradient=False, meta=False)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_group_query_attention_of_integers(dtype: type) -> None:
    name = "attention_group_query.group_query_attention"
    new = [numbers(B, 1, size * E).astype(np.float32) for size in (H, G, G)]
    size = E if dtype is np.int8 else E // 2
    info = np.iinfo(dtype)
    past = [RANDOM.integers(info.min, info.max, (B, G, 8, size), dtype) for _ in "kv"]
    lengths = (np.array([4, 6], np.int32), np.int32(7))
    scales = (np.float32(0.05), abs(numbers(G * E)).astype(np.float32) / 20)
    args = (*new, *past, *lengths, *[None] * 5, np.asarray(scales[0]), scales[1])
    options = {"num_heads": H, "kv_num_heads": G}
    check(Case(name, args, options), rtol=1e-4, atol=1e-5)


def test_group_query_attention_with_a_sliding_cache() -> None:
    name = "attention_group_query.group_query_attention"
    new = (numbers(B, 1, H * E), numbers(B, 1, G * E), numbers(B, 1, G * E))
    past = (numbers(B, G, 6, E), numbers(B, G, 6, E))
    options = {"num_heads": H, "kv_num_heads": G, "local_window_size": 3}
    options |= {"sliding_window_cache": True}
    for last in ([4, 9], [5, 6], [20, 3]):
        lengths = (np.array(last, np.int32), np.int32(max(last) + 1))
        check_all(Case(name, (*new, *past, *lengths), options), False, meta=False)


def test_sparse_attention() -> None:
    rows = np.array([[0, 1, 3, 5, 7], [0, 1, 2, 4, 6]], np.int32)
    columns = np.array(
        [[0, 0, 1, 1, 2, 2, 3], [0, 1, 1, 2, 0, 3, -1]], np.int32
    )  # of blocks of two keys
    new = (numbers(B, S, H * E), numbers(B, S, G * E), numbers(B, S, G * E))
    past = (numbers(B, G, 8, E), numbers(B, G, 8, E))
    totals = (np.int32(7), np.array([7, 5], np.int32))
    caches = (numbers(9, E // 2), numbers(9, E // 2))
    options = {"num_heads": H, "kv_num_heads": G, "sparse_block_size": 2}
    args = (*new, *past, rows, columns, *totals, *caches)
    check_all(Case("attention_sparse.sparse_attention", args, options), meta=False)


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize("heads", [(4, 2), (2, 2), (2, 4)])
def test_linear_attention(rule: str, heads: tuple[int, int]) -> None:
    queries, keys = heads
    args = (
        numbers(B, S, queries * E),
        numbers(B, S, keys * E),
        numbers(B, S, keys * F),
    )
    more = (numbers(B, keys, E, F), -abs(numbers(B, S, keys)), numbers(B, S, keys))
    options = {"q_num_heads": queries, "kv_num_heads": keys, "update_rule": rule}
    check_all(Case("attention_linear.linear_attention", (*args, *more), options))
    options["scale"] = 0.3
    none = tuple(a[:, :0] for a in args)
    check(Case("attention_linear.linear_attention", args, options), atol=1e-9)
    check(Case("attention_linear.linear_attention", none, options))


@pytest.mark.parametrize("activation", ["none", "silu"])
@pytest.mark.parametrize("dilation", [1, 2])
def test_causal_convolution(activation: str, dilation: int) -> None:
    options = {"activation": activation, "dilation": dilation}
    weight, bias, length = numbers(4, 1, 3), numbers(4), 2 * dilation
    name = "attention_linear.causal_conv_with_state"
    for past in (None, numbers(B, 4, length)):
        check_all(Case(name, (numbers(B, 4, 5), weight, bias, past), options))
        check(Case(name, (numbers(B, 4, 0), weight, bias, past), options))
    name = f"{name}_channels_last"
    past = numbers(B, length, 2, 2)
    check_all(Case(name, (numbers(B, 5, 2, 2), weight, bias, past), options))


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("size", [0, 2])
def test_rotary_embedding(interleaved: bool, size: int) -> None:
    options = {"interleaved": interleaved, "rotary_embedding_dim": size}
    half, name = (size or E) // 2, "rotary_embedding.rotary_embedding"
    caches, places = (numbers(9, half), numbers(9, half)), RANDOM.integers(0, 9, (B, S))
    check_all(Case(name, (numbers(B, H, S, E), *caches, places), options))
    by_step = (numbers(B, S, half), numbers(B, S, half))
    packed = {**options, "num_heads": H}
    check_all(Case(name, (numbers(B, S, H * E), *by_step), packed))
    name = f"{name}_at"
    for position in (places, np.array([4])):
        args = (numbers(B, S, H * E), position, *caches)
        check_all(Case(name, args, packed))


EXPERTS = ("relu", "gelu", "silu", "swiglu", "identity")


@pytest.mark.parametrize("activation", EXPERTS)
def test_mixture_of_experts(activation: str) -> None:
    wide = 2 * F if activation == "swiglu" else F
    probabilities = RANDOM.integers(-2, 3, (B * S, 4)) / 2
    args = (numbers(B, S, E), probabilities, numbers(4, wide, E), numbers(4, wide))
    args = (*args, numbers(4, E, F), numbers(4, E))
    options = {"k": 2, "activation_type": activation, "activation_beta": 0.5}
    options |= {"normalize_routing_weights": True, "swiglu_limit": 1.5}
    case = Case("mixture_of_experts.mixture_of_experts", args, options)
    check_all(case, gradient=False, meta=False)
    check_gradient(case._replace(args=(args[0], probabilities.astype("f4"), *args[2:])))


@pytest.mark.parametrize("mask", [None, *MULTI_HEAD_MASKS[1:3]])
def test_attention_of_integers(mask: np.ndarray | None) -> None:
    x = RANDOM.integers(0, 255, (B, S, 5)).astype(np.uint8)
    weight = RANDOM.integers(-127, 127, (5, 3 * H * E)).astype(np.int8)
    scales = (np.array([0.01], np.float32), np.array([0.02], np.float32))
    zeros = (np.array([120], np.uint8), np.array([3], np.int8))
    past = numbers(2, B, H, T - S, E).astype(np.float32)
    args = (x, weight, numbers(3 * H * E).astype(np.float32), *scales, mask, *zeros)
    for unidirectional in (True, False):
        options = {"num_heads": H, "unidirectional": unidirectional}
        case = Case("quantized_attention.qattention", (*args, past), options)
        check(case, rtol=1e-4, atol=1e-5)
        check_meta(case)


def test_embeddings_of_integers() -> None:
    shapes = ((9, 4), (5, 4), (2, 4), (4,), (4,))
    tables = tuple(RANDOM.integers(0, 255, s).astype(np.uint8) for s in shapes)
    scales = tuple(np.array(0.01 * i, np.float32) for i in range(1, 6))
    zeros = tuple(np.array(100 + i, np.uint8) for i in range(5))
    ids = RANDOM.integers(0, 9, (B, S)).astype(np.int32)
    name = "quantized_attention.qembed_layer_normalization"
    check(Case(name, (ids, ids % 2, tables, ids % 2, scales, zeros)), rtol=1e-4)
    none = (None, tables[3], tables[4])
    args = (ids, None, (*tables[:2], *none), None, scales, zeros)
    check(Case(name, args), rtol=1e-4, atol=1e-6)
