"""Twins of attention give the numbers of NumPy and the gradients of PyTorch."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from .gradients import check_with_gradient
from .support import Case, check, twin

RANDOM = np.random.default_rng(0)
B, H, G, S, T, E, F = 2, 4, 2, 2, 3, 4, 2
INFINITE = float("-inf")


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def mask_of(*shape: int) -> np.ndarray:
    """Return a mask; the first row masks all keys."""
    mask = RANDOM.random(shape) < 0.6
    mask.reshape(-1, shape[-1])[0] = False
    return mask


def check_all(case: Case, gradient: bool = True, compiled: bool = True) -> None:
    """Check a call with 64 bits in one way: with gradients, compiled or eagerly."""
    if gradient:
        check_with_gradient(case)
    else:
        check(
            case, rtol=1e-6, atol=1e-9, x64=True, eager=not compiled, compiled=compiled
        )


def check_small(case: Case, dtype: Any, *, compiled: bool = True) -> None:
    """Check a call with floats of 32 or 16 bits, compiled or eagerly; JAX has no more than 32."""
    args = tuple(
        a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype == float else a
        for a in case.args
    )
    small = case._replace(args=args)
    check(small, rtol=1e-4, atol=1e-5, eager=not compiled, compiled=compiled)


MASKS: tuple[np.ndarray | None, ...] = (
    None,
    mask_of(S, T),
    mask_of(B, 1, S, T),
    mask_of(H, 1, T),
    numbers(1, H, S, T),
    np.where(mask_of(B, H, S, T), 0.3, INFINITE),
    numbers(S, T - 1),
    mask_of(S, T - 1),
)
VARIANTS: tuple[dict[str, Any], ...] = (
    {"is_causal": True, "scale": 0.7},
    {"left_window_size": 1, "right_window_size": 1},
    {"softcap": 1.5},
    {"softmax_precision": np.float32},
)


@pytest.mark.parametrize("mask", MASKS)
def test_masks(mask: np.ndarray | None) -> None:
    args = (numbers(B, H, S, E), numbers(B, G, T, E), numbers(B, G, T, F), mask)
    case = Case("attention.attention", args)
    check_all(case)
    check_small(case, np.float16, compiled=False)


@pytest.mark.parametrize("mask", [None, MASKS[2], MASKS[5]])
@pytest.mark.parametrize("options", VARIANTS)
def test_variants(mask: np.ndarray | None, options: dict[str, Any]) -> None:
    args = (numbers(B, H, S, E), numbers(B, G, T, E), numbers(B, G, T, F), mask)
    case = Case("attention.attention", args, options)
    exact = "softmax_precision" not in options
    check_all(case, gradient=exact) if exact else check_small(case, np.float16)


def test_masks_of_integers_are_added() -> None:
    mask = RANDOM.integers(-3, 3, (S, T - 1))
    args = (numbers(B, H, S, E), numbers(B, G, T, E), numbers(B, G, T, F), mask)
    check_small(Case("attention.attention", args), np.float32)


@pytest.mark.parametrize("mode", [-1, 0, 1, 2, 3])
def test_attention_with_a_past(mode: int) -> None:
    packed = (numbers(B, S, H * E), numbers(B, S, G * E), numbers(B, S, G * F))
    past = (numbers(B, G, T, E), numbers(B, G, T, F))
    options = {"q_num_heads": H, "kv_num_heads": G, "qk_matmul_output_mode": mode}
    name = "attention.attention_with_cache"
    args = (*packed, mask_of(S, S + T), *past)
    check_all(Case(name, args, options))
    options = {**options, "is_causal": True, "softcap": 2.0}
    check_small(Case(name, (*packed, None, *past), options), np.float32, compiled=False)
    lengths = np.array([3, 2])
    args = (*packed, None, None, None, lengths)
    check_small(Case(name, args, options), ml_dtypes.bfloat16)


@pytest.mark.parametrize("half", [jnp.float16, jnp.bfloat16])
def test_half_precision_is_rounded_once(half: Any) -> None:
    function = twin("attention.attention")
    q, k, v = (
        jnp.asarray(numbers(*s), half)
        for s in ((B, H, S, E), (B, G, T, E), (B, G, T, F))
    )
    found = function(q, k, v)
    wide = function(*(x.astype(jnp.float32) for x in (q, k, v)))
    assert found.dtype == half
    np.testing.assert_array_equal(found, wide.astype(half))


@pytest.mark.parametrize("zero", [True, False])
def test_products_around_a_softmax(zero: bool) -> None:
    name, options = "attention_dot_product.dot_product_attention", {"scale": 0.4}
    q, k, v = numbers(B, H, S, E), numbers(B, H, E, T), numbers(B, H, T, F)
    options = {**options, "zero_for_nan": zero}
    hidden = np.where(mask_of(B, 1, S, T), 0.0, INFINITE)
    for mask in (None, numbers(S, T), numbers(B, 1, 1, T), numbers(H, S, T), hidden):
        check_all(Case(name, (q, k, v, mask), options))
    grouped = {**options, "groups": H // G}
    for mask in (None, numbers(S, T), numbers(B, H, S, T), hidden):
        check_all(Case(name, (q, k[:, :G], v[:, :G], mask), grouped))
    for left in ((S, E), (1, S, E), (2, 1, 3, S, E)):
        args = (numbers(*left), numbers(*left[:-2], E, T), numbers(*left[:-2], T, F))
        check_all(Case(name, args, options), gradient=False, compiled=False)
    wide = Case(name, (numbers(1, 1, S, E), k, v, numbers(T)), options)
    check_all(wide, gradient=False)
    none = (q, k[..., :0], v[:, :, :0], numbers(S, 0))
    check_all(Case(name, none, options), gradient=False)


@pytest.mark.parametrize("zero", [True, False])
def test_scores_that_are_not_finite(zero: bool) -> None:
    q, k, v = numbers(S, E), numbers(E, T), numbers(T, F)
    q[0, 0], mask = np.nan, numbers(S, T)
    k[0, 1] = np.inf
    name, options = "attention_dot_product.dot_product_attention", {
        "zero_for_nan": zero
    }
    check_all(Case(name, (q, k, v, mask), options), gradient=False)


MULTI_HEAD_MASKS = (
    None,
    np.array([3, 5], np.int32),
    np.array([4, 5, 1, 0], np.int32),
    np.array([2, 1, 0, 2, 4, 0, 3, 5], np.int32),
    RANDOM.integers(0, 2, (B, T)).astype(np.int32),
    RANDOM.integers(0, 2, (B, S, T)).astype(np.int32),
    np.ones((1, 1), np.int32),
)


@pytest.mark.parametrize("mask", MULTI_HEAD_MASKS)
@pytest.mark.parametrize("unidirectional", [True, False])
def test_multi_head_attention(mask: np.ndarray | None, unidirectional: bool) -> None:
    name = "attention_multi_head.multi_head_attention"
    args = (numbers(B, S, H * E), numbers(B, T, H * E), numbers(B, T, H * F))
    options = {"num_heads": H, "unidirectional": unidirectional, "output_qk": True}
    bias = numbers(2 * H * E + H * F)
    case = Case(name, (*args, bias, mask, numbers(1, H, S, T)), options)
    check_small(case, np.float32, compiled=False)
    # A score less the largest number is that number, whatever the score.
    options = {**options, "scale": 0.3, "output_qk": False}
    check_all(Case(name, (*args, bias, mask), options))


def test_multi_head_attention_of_queries_without_keys() -> None:
    name = "attention_multi_head.multi_head_attention"
    args = (numbers(B, S, H * E), numbers(B, T, H * E), numbers(B, T, H * F))
    hidden = np.where(mask_of(B, 1, S, T), 0.3, INFINITE)
    check_all(Case(name, (*args, None, None, hidden), {"num_heads": H}), False)
    with pytest.raises(ValueError, match="mask: expected"):
        check(Case(name, (*args, None, np.ones(3, np.int32)), {"num_heads": H}))


def test_multi_head_attention_of_packed_heads() -> None:
    name, options = "attention_multi_head.multi_head_attention", {"num_heads": H}
    check_all(Case(name, (numbers(B, S, H, 3, E),), options))
    query, pair = numbers(B, S, H * E), numbers(B, T, H, 2, E)
    check_all(Case(name, (query, pair), options))
    heads = (numbers(B, H, T, E), numbers(B, H, T, F))
    check_all(Case(name, (query, *heads, numbers(3 * H * E)), options))
    with pytest.raises(ValueError, match="expected key and value of 3 or 4 axes"):
        twin(name)(jnp.asarray(query), num_heads=H)


def test_multi_head_attention_with_a_past() -> None:
    name, options = "attention_multi_head.multi_head_attention", {"num_heads": H}
    new = [numbers(B, 2, H * E) for _ in range(3)]
    past = [numbers(B, H, T, E) for _ in range(2)]
    check_all(Case(name, (*new, None, None, None, *past), options))
    beams = RANDOM.integers(0, B, (1, B, T)).astype(np.int32)
    shared = (*new, None, None, None, *past, np.array([1], np.int32), beams)
    check_all(Case(name, shared, options), gradient=False, compiled=False)


@pytest.mark.parametrize("past", [None, numbers(2, B, H, T, E)])
def test_self_attention(past: np.ndarray | None) -> None:
    args = (numbers(B, S, 7), numbers(7, 3 * H * E), numbers(3 * H * E), None, past)
    options = {"num_heads": H, "unidirectional": True}
    check_small(Case("attention_self.self_attention", args, options), np.float32)
    case = Case("attention_self.self_attention", args, options)
    check_small(case, np.float16, compiled=False)
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
    check_all(Case(name, (*new, *past, *lengths, *caches), options))
    first = (np.array([2, 1], np.int32), np.int32(3))
    prompt = Case(name, (*new, None, None, *first, *caches), options)
    check_small(prompt, np.float32)
    packed = np.concatenate(new, axis=2)
    biases = (*lengths, *caches, None, numbers(B, 1, S, 7), numbers(H))
    args = (packed, None, None, *past, *biases)
    check_small(Case(name, args, options), np.float16, compiled=False)


def test_group_query_attention_of_fewer_steps() -> None:
    name = "attention_group_query.group_query_attention"
    new = (numbers(B, S, H * E), numbers(B, S, G * E), numbers(B, S, G * E))
    past = (numbers(B, G, 4, E), numbers(B, G, 4, E))
    lengths = (np.array([3, 2], np.int32), np.int32(4))
    counts = np.array([1, 2], np.int32)
    args = (*new, *past, *lengths, *[None] * 7, counts)
    check_all(Case(name, args, {"num_heads": H, "kv_num_heads": G}))


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


@pytest.mark.parametrize("last", [[4, 9], [5, 6], [20, 3]])
def test_group_query_attention_with_a_sliding_cache(last: list[int]) -> None:
    name = "attention_group_query.group_query_attention"
    new = (numbers(B, 1, H * E), numbers(B, 1, G * E), numbers(B, 1, G * E))
    past = (numbers(B, G, 6, E), numbers(B, G, 6, E))
    options = {"num_heads": H, "kv_num_heads": G, "local_window_size": 3}
    options |= {"sliding_window_cache": True}
    lengths = (np.array(last, np.int32), np.int32(max(last) + 1))
    check_all(Case(name, (*new, *past, *lengths), options))
    # There are as many scores as steps in the longest cache.
    scores = {**options, "qk_output": 2}
    case = Case(name, (*new, *past, *lengths), scores)
    check_all(case, gradient=False, compiled=False)


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
    case = Case("attention_sparse.sparse_attention", args, options)
    check_all(case)
    check_small(case, np.float32, compiled=False)


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
    case = Case("attention_linear.linear_attention", args, options)
    check_small(case, np.float16, compiled=False)
    check_small(Case("attention_linear.linear_attention", none, options), np.float32)


@pytest.mark.parametrize("activation", ["none", "silu"])
@pytest.mark.parametrize("dilation", [1, 2])
def test_causal_convolution(activation: str, dilation: int) -> None:
    options = {"activation": activation, "dilation": dilation}
    weight, bias, length = numbers(4, 1, 3), numbers(4), 2 * dilation
    name = "attention_linear.causal_conv_with_state"
    for past in (None, numbers(B, 4, length)):
        case = Case(name, (numbers(B, 4, 5), weight, bias, past), options)
        check_all(case)
        check_small(case, ml_dtypes.bfloat16, compiled=False)
        none = Case(name, (numbers(B, 4, 0), weight, None, past), options)
        check_small(none, np.float32)
    name = f"{name}_channels_last"
    past = numbers(B, length, 2, 2)
    case = Case(name, (numbers(B, 5, 2, 2), weight, bias, past), options)
    check_all(case)
    check_small(case, np.float32, compiled=False)


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("size", [0, 2])
def test_rotary_embedding(interleaved: bool, size: int) -> None:
    options = {"interleaved": interleaved, "rotary_embedding_dim": size}
    half, name = (size or E) // 2, "rotary_embedding.rotary_embedding"
    caches, places = (numbers(9, half), numbers(9, half)), RANDOM.integers(0, 9, (B, S))
    check_all(Case(name, (numbers(B, H, S, E), *caches, places), options))
    by_step = (numbers(B, S, half), numbers(B, S, half))
    packed = {**options, "num_heads": H}
    case = Case(name, (numbers(B, S, H * E), *by_step), packed)
    check_small(case, np.float16, compiled=False)
    name = f"{name}_at"
    for position in (places, np.array([4])):
        args = (numbers(B, S, H * E), position, *caches)
        case = Case(name, args, packed)
        check_small(case, np.float32, compiled=position is places)


def test_attention_is_mapped_over_more_axes() -> None:
    q, k, v = (
        jnp.asarray(numbers(3, *s), float)
        for s in ((B, H, S, E), (B, G, T, E), (B, G, T, F))
    )
    found = jax.vmap(lambda *x: twin("attention.attention")(*x, is_causal=True))(
        q, k, v
    )
    for i in range(3):
        expected = twin("attention.attention")(q[i], k[i], v[i], is_causal=True)
        np.testing.assert_allclose(found[i], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mask", [None, *MULTI_HEAD_MASKS[1:3], np.ones((B, 1), "i4")])
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
        check(case, rtol=1e-4, atol=1e-5, eager=unidirectional)


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
