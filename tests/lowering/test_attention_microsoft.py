"""Corners of onnxruntime's own kinds of attention, compared with onnxruntime."""

import numpy as np
import onnxruntime
import pytest

from onnx2py import UnsupportedError
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
    node_model,
    unoptimized,
)

RNG = np.random.default_rng(13)
OWN = {"opset": 1, "domain": "com.microsoft"}
FLOAT = 1  # of TensorProto


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def integers(*values):
    return np.array(values, np.int32)


def check(operator, arrays, **options):
    check_against_onnxruntime(operator, arrays, **{**OWN, "atol": 1e-5, **options})


MASKS = {
    "padded on the left": np.array([[0, 0, 1, 1], [0, 1, 1, 1]], np.int32),
    "negative": np.array([[1, -1, 2, 1], [1, 1, 0, 1]], np.int32),
    "for each query": RNG.integers(0, 2, (2, 4, 4)).astype(np.int32),
    "lengths": integers(3, 9),
    "ends and starts": integers(4, 3, 1, 2),
    "lengths and sums": integers(3, 1, 0, 4, 8, 0, 4, 8),
    "one for all": np.zeros((2, 1), np.int32),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("unidirectional", [0, 1])
def test_masks_agree(mask, unidirectional):
    arrays = [normal(2, 4, 6), normal(6, 24), normal(24), mask]
    options = {"num_heads": 2, "unidirectional": unidirectional}
    # Of a query that sees nothing, scores are near -10000, in steps of 0.001.
    check("Attention", arrays, rtol=3e-3, **options)
    # One step of 64 near -1e9: nothing is left of the scores in any implementation.
    check("Attention", arrays, mask_filter_value=-1e9, **options)


def test_later_keys_are_left_out_even_if_no_others_are_kept():
    values = np.eye(3, dtype=np.float32)[None]
    weights = np.hstack((np.zeros((3, 6)), np.eye(3))).astype(np.float32)
    mask = integers(0, 0, 1)[None]
    arrays = [values, weights, None, mask]
    y = compute("Attention", arrays, num_heads=1, unidirectional=1, **OWN)[0]
    np.testing.assert_allclose(y[0], [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]])


def test_values_of_another_size_agree():
    arrays = [normal(2, 3, 5), normal(5, 14), normal(14)]
    options = {"num_heads": 2, "qkv_hidden_sizes": [4, 4, 6]}
    check("Attention", arrays, **options)
    with pytest.raises(UnsupportedError, match="heads differ"):
        lowered("Attention", ["x", "w", "b"], ["y", "present"], **options, **OWN)


@pytest.mark.parametrize("unidirectional", [0, 1])
@pytest.mark.parametrize(("queries", "keys"), [(2, 4), (4, 2)])
def test_cross_attention_agrees(unidirectional, queries, keys):
    arrays = [normal(2, queries, 8), normal(2, 2, keys, 4), normal(2, 2, keys, 4)]
    options = {"num_heads": 2, "unidirectional": unidirectional}
    check("MultiHeadAttention", arrays, **options)


def test_likeness_is_an_output():
    arrays = [normal(2, 3, 8), normal(2, 3, 8), normal(2, 3, 6), None, integers(2, 3)]
    options = {"outputs": 4, "output_types": [FLOAT] * 4, "mask_filter_value": -9.0}
    check("MultiHeadAttention", arrays, num_heads=2, **options)


@pytest.mark.parametrize("bias", [True, False])
def test_packed_inputs_are_the_same_as_separate_ones(bias):
    q, k, v = (normal(2, 3, 8) for _ in range(3))
    more = [normal(24)] if bias else []
    separate = compute("MultiHeadAttention", [q, k, v, *more], num_heads=2, **OWN)
    by_head = [x.reshape(2, 3, 2, 4) for x in (q, k, v)]
    packed = [np.stack(by_head, axis=3), None, None, *more]
    assert_same(compute("MultiHeadAttention", packed, num_heads=2, **OWN), separate)
    packed = [q, np.stack(by_head[1:], axis=3), None, *more]
    assert_same(compute("MultiHeadAttention", packed, num_heads=2, **OWN), separate)


def test_a_cache_is_written_to():
    caches = [normal(2, 2, 6, 4), normal(2, 2, 6, 4)]
    arrays = [*(normal(2, 2, 8) for _ in range(3)), None, None, None, *caches]
    check("MultiHeadAttention", [*arrays, integers(3)], num_heads=2, outputs=3)


def test_searches_take_their_history_from_each_other():
    caches = [normal(4, 2, 5, 4), normal(4, 2, 5, 4)]
    histories = RNG.integers(0, 2, (2, 2, 5)).astype(np.int32)
    arrays = [*(normal(4, 1, 8) for _ in range(3)), None, None, *caches]
    arrays += [integers(3), integers(2), histories]
    options = {"num_heads": 2, "past_present_share_buffer": 1, "outputs": 3}
    check("DecoderMaskedMultiHeadAttention", arrays, **options)


@pytest.mark.parametrize("rule", ["linear", "gated", "delta", "gated_delta"])
@pytest.mark.parametrize(("heads", "groups"), [(4, 2), (1, 3)])
def test_linear_attention_agrees(rule, heads, groups):
    arrays = [normal(2, 3, heads * 4), normal(2, 3, groups * 4), normal(2, 3, groups)]
    arrays += [normal(2, groups, 4, 1), -abs(normal(2, 3, groups)), normal(2, 3, 1)]
    options = {"q_num_heads": heads, "kv_num_heads": groups, "outputs": 2}
    check("LinearAttention", arrays, update_rule=rule, **options)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_causal_convolution_agrees(last, dilation):
    x, state = normal(2, 3, 5), normal(2, 3, 2 * dilation)
    if last:
        x, state = x.swapaxes(1, 2).copy(), state.swapaxes(1, 2).copy()
    arrays = [x, normal(3, 1, 3), normal(3), state]
    options = {"channels_last": last, "dilation": dilation, "outputs": 2}
    check("CausalConvWithState", arrays, activation="silu", **options)


def test_windows_of_states_are_not_known():
    names = ["q", "k", "v", "", "decay", "beta"]
    heads = {"q_num_heads": 1, "kv_num_heads": 1}
    with pytest.raises(UnsupportedError, match="state_window"):
        lowered("LinearAttention", names, state_window=2, **heads, **OWN)
    with pytest.raises(UnsupportedError, match="state_window"):
        lowered("CausalConvWithState", ["x", "w"], state_window=2, **OWN)
    with pytest.raises(UnsupportedError, match="input 4"):
        lowered("LinearAttention", names[:3], **heads, **OWN)


GROUPS = {"num_heads": 4, "kv_num_heads": 2, "outputs": 3}


def grouped(past, lengths, total, steps=1, *more, **options):
    """Compare with some keys and values of before."""
    batch = len(lengths)
    qkv = [normal(batch, steps, size) for size in (64, 32, 32)]
    caches = [None, None] if past is None else past
    ends = [np.array(lengths, np.int32) - 1, np.array(total, np.int32)]
    check("GroupQueryAttention", [*qkv, *caches, *ends, *more], **{**GROUPS, **options})


def cache(length):
    return [normal(2, 2, length, 16) for _ in range(2)]


def test_sequences_of_different_lengths_agree():
    grouped(cache(5), [3, 6], 6)
    grouped(cache(9), [1, 6], 6)
    grouped(None, [2, 4], 4, 4)


@pytest.mark.parametrize(
    "options",
    [{"smooth_softmax": 1}, {"causal": 0}, {"local_window_size": 2, "softcap": 1.5}],
)
def test_ways_to_score_agree(options):
    grouped(None, [4, 4], 4, 4, **options)


def test_sinks_and_biases_agree():
    bias, sink = normal(2, 1, 1, 6), normal(4)
    grouped(cache(5), [3, 6], 6, 1, None, None, None, bias, sink)


@pytest.mark.parametrize("stage", [1, 2])
def test_likeness_of_groups_is_an_output(stage):
    options = {"qk_output": stage, "outputs": 4, "output_types": [FLOAT] * 4}
    grouped(cache(5), [3, 6], 6, local_window_size=2, **options)


def test_a_prompt_has_its_first_position_for_all():
    ids = np.array([[2, 9, 9], [4, 9, 9]])
    caches = normal(9, 8), normal(9, 8)
    grouped(None, [3, 3], 3, 3, *caches, ids, do_rotary=1)


@pytest.mark.parametrize("kind", ["PER_TENSOR", "PER_CHANNEL"])
@pytest.mark.parametrize("bits", [8, 4])
def test_caches_of_integers_agree(kind, bits):
    shape, dtype = ((2, 2, 5, 16), np.int8) if bits == 8 else ((2, 2, 5, 8), np.uint8)
    past = [RNG.integers(0, 100, shape).astype(dtype) for _ in range(2)]
    scales = RNG.uniform(0.05, 0.2, (2, 1, 2, 1, 16)).astype(np.float32)
    if kind == "PER_TENSOR":
        scales = scales[:, 0, 0, 0, :1]
    options = {"k_quant_type": kind, "v_quant_type": kind, "kv_cache_bit_width": bits}
    grouped(past, [3, 6], 6, 1, *[None] * 5, *scales, **options)


def test_a_window_keeps_the_last_steps():
    # Of five steps of before, three are in the cache, at positions 2 to 4; of seven too.
    options = {"sliding_window_cache": 1, "local_window_size": 3}
    for length in (4, 6, 8):
        grouped(cache(4), [length, length], length, **options)


def test_padding_of_a_chunk_does_not_count():
    past, counts = cache(8), integers(1, 3)
    ends = integers(3, 6), np.array(8, np.int32)
    qkv = [normal(2, 3, size) for size in (64, 32, 32)]
    absent = [None] * 9
    arrays = [*qkv, *past, *ends, *absent, counts]
    y, key, _ = compute("GroupQueryAttention", arrays, **GROUPS, **OWN)
    for index, count in enumerate(counts):
        rows = slice(index, index + 1)
        one = [x[rows, :count] for x in qkv] + [x[rows] for x in past]
        one += [ends[0][rows], ends[1], *absent, counts[rows]]
        alone = compute("GroupQueryAttention", one, **GROUPS, **OWN)
        np.testing.assert_allclose(y[rows, :count], alone[0], rtol=1e-5)
        np.testing.assert_allclose(key[rows], alone[1])


def in_place(arrays, **options):
    """Return onnxruntime's results of SparseAttention, whose caches it writes to."""
    model = node_model("SparseAttention", arrays, outputs=3, **OWN, **options)
    session = unoptimized(model)
    binding = session.io_binding()
    copies = {f"x{i}": x.copy() for i, x in enumerate(arrays) if x is not None}
    make = onnxruntime.OrtValue.ortvalue_from_numpy  # which does not own the memory
    values = {name: make(array) for name, array in copies.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    binding.bind_output("y0")
    for name, shared in (("y1", "x3"), ("y2", "x4")):
        binding.bind_ortvalue_output(name, values[shared])
    session.run_with_iobinding(binding)
    y = next(v for v in binding.get_outputs() if len(v.shape()) == 3)
    return [y.numpy().copy(), *(values[name].numpy().copy() for name in ("x3", "x4"))]


def sparse_inputs(lengths, total, steps, rotary):
    batch = len(lengths)
    arrays = [normal(batch, steps, size) for size in (64, 32, 32)]
    arrays += [normal(batch, 2, 48, 16), normal(batch, 2, 48, 16)]
    # The one pattern has all blocks; the other its own and, at last, the first.
    rows, columns = [[0, 1, 3, 6], [0, 1, 2, 4]], [
        [0, 0, 1, 0, 1, 2],
        [0, 1, 0, 2, 0, 0],
    ]
    arrays += [integers(*rows), integers(*columns), integers(total), integers(*lengths)]
    return [*arrays, normal(48, 8), normal(48, 8)] if rotary else arrays


SPARSE = {"num_heads": 4, "kv_num_heads": 2, "sparse_block_size": 16}


@pytest.mark.parametrize(("total", "steps"), [(40, 40), (40, 1), (3, 3)])
@pytest.mark.parametrize("options", [{}, {"do_rotary": 1, "scale": 0.5}])
def test_blocks_of_keys_agree(total, steps, options):
    arrays = sparse_inputs([total, total], total, steps, "do_rotary" in options)
    options = {**SPARSE, **options}
    actual = compute("SparseAttention", arrays, outputs=3, **OWN, **options)
    assert_same(actual, in_place(arrays, **options), atol=1e-5)


def test_shorter_sequences_are_as_if_alone():
    # onnxruntime writes likeness for the longest of them, and reads it for each.
    arrays = sparse_inputs([40, 18], 40, 1, rotary=False)
    y = compute("SparseAttention", arrays, outputs=3, **OWN, **SPARSE)
    alone = [x[1:] for x in arrays[:5]] + arrays[5:7] + [integers(18), integers(18)]
    expected = in_place(alone, **SPARSE)
    assert_same([x[1:] for x in y], expected, atol=1e-5)


def test_norms_of_queries_are_not_known():
    names = ["q", "k", "v", "", "", "s", "t", *[""] * 7, "w", "w"]
    with pytest.raises(UnsupportedError, match="norms"):
        lowered("GroupQueryAttention", names, num_heads=4, kv_num_heads=2, **OWN)
