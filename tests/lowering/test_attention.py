"""Rules of attention and what comes with it."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(7)
HEADS = {"q_num_heads": 4, "kv_num_heads": 2}


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def heads(s=3, t=5, g=4):
    return [normal(2, 4, s, 8), normal(2, g, t, 8), normal(2, g, t, 6)]


def test_one_call():
    names = ["q", "k", "v"]
    assert lowered("Attention", names, opset=23) == "ops.attention(q, k, v)"
    assert lowered("Attention", names, opset=25, is_causal=1, **HEADS) == (
        "ops.attention(q, k, v, q_num_heads=4, kv_num_heads=2, is_causal=True)"
    )
    assert lowered("Attention", names, ["y", "k2", "v2"], opset=24) == (
        "ops.attention_with_cache(q, k, v)"
    )
    assert lowered("Attention", names, ["y", "", "", "qk"], opset=24) == (
        "ops.attention_with_cache(q, k, v, qk_matmul_output_mode=0)"
    )


def test_the_precision_that_there_is_anyway_is_not_spelt():
    types = {"q": TensorType("float16", (1, 1, 1, 1))}
    names = ["q", "k", "v"]
    assert lowered("Attention", names, opset=23, types=types, softmax_precision=1) == (
        "ops.attention(q, k, v)"
    )
    assert lowered("Attention", names, opset=23, types=types, softmax_precision=11) == (
        "ops.attention(q, k, v, softmax_precision=np.float64)"
    )


@pytest.mark.parametrize("opset", [23, 24])
@pytest.mark.parametrize("g", [4, 2, 1])
@pytest.mark.parametrize(
    "options", [{}, {"is_causal": 1}, {"scale": 0.3}, {"softcap": 0.5}]
)
def test_attention_agrees(opset, g, options):
    check_against_onnxruntime("Attention", heads(g=g), opset=opset, **options)


@pytest.mark.parametrize("mask", ["bool", "float"])
@pytest.mark.parametrize("shape", [(3, 5), (2, 1, 3, 5), (2, 4, 3, 5)])
def test_masks_agree(mask, shape):
    values = RNG.random(shape) < 0.7
    values[..., 0] = True
    mask = values if mask == "bool" else normal(*shape)
    check_against_onnxruntime("Attention", [*heads(), mask], opset=23)


@pytest.mark.parametrize("outputs", [3, 4])
@pytest.mark.parametrize("mode", [0, 1, 3])  # 2: onnxruntime has no infinity there
def test_a_cache_agrees(outputs, mode):
    arrays = [*heads(), normal(3, 7), normal(2, 4, 2, 8), normal(2, 4, 2, 6)]
    check_against_onnxruntime(
        "Attention",
        arrays,
        opset=23,
        outputs=outputs,
        is_causal=1,
        softcap=2.0,
        qk_matmul_output_mode=mode,
    )


def test_packed_heads_agree():
    arrays = [normal(2, 3, 32), normal(2, 5, 16), normal(2, 5, 12)]
    check_against_onnxruntime("Attention", arrays, opset=23, **HEADS)


def test_rows_without_a_key_give_0():
    mask = np.zeros((3, 5), bool)
    mask[1:] = True
    (found,) = compute("Attention", [*heads(), mask], opset=23)
    assert not found[:, :, 0].any()
    assert np.isfinite(found).all()


def test_windows():
    q = np.zeros((1, 1, 4, 1), np.float32)
    v = np.eye(6, dtype=np.float32)[None, None]
    k = np.zeros((1, 1, 6, 1), np.float32)
    options = {"left_window_size": 2, "right_window_size": 1}
    (found,) = compute("Attention", [q, k, v], opset=25, **options)
    seen = [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 1, 0],
    ]
    assert (found[0, 0] > 0).astype(int).tolist() == seen
    (found,) = compute("Attention", [q, k, v], opset=25, is_causal=1, **options)
    assert (found[0, 0] > 0).astype(int).tolist() == np.triu(
        np.tril(np.ones((4, 6), int)), -2
    ).tolist()


def test_keys_beyond_the_end_are_left_out():
    q, k, v = heads()
    count = np.array([2, 5])
    (found,) = compute("Attention", [q, k, v, None, None, None, count], opset=24)
    (first,) = compute("Attention", [q[:1], k[:1, :, :2], v[:1, :, :2]], opset=24)
    assert_same(found[:1], first)


def test_flex_attention_without_subgraphs():
    options = {"domain": "ai.onnx.preview", "opset": 1}
    names = ["q", "k", "v"]
    assert lowered("FlexAttention", names, scale=0.5, **options) == (
        "ops.attention(q, k, v, scale=0.5)"
    )
    with pytest.raises(UnsupportedError, match="score_mod"):
        lowered("FlexAttention", names, score_mod=1, **options)


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("part", [0, 4])
def test_rotary_embedding_agrees(interleaved, ids, part):
    x = normal(2, 4, 3, 8)
    half = (part or 8) // 2
    cache = [normal(10, half), normal(10, half)]
    ids = [RNG.integers(0, 10, (2, 3))] if ids else []
    if not ids:
        cache = [normal(2, 3, half), normal(2, 3, half)]
    options = {"interleaved": interleaved, "rotary_embedding_dim": part}
    if part:
        options["num_heads"] = 4  # onnxruntime wants it
    check_against_onnxruntime("RotaryEmbedding", [x, *cache, *ids], opset=23, **options)
    packed = x.transpose(0, 2, 1, 3).reshape(2, 3, 32)
    options["num_heads"] = 4
    check_against_onnxruntime(
        "RotaryEmbedding", [packed, *cache, *ids], opset=23, **options
    )


def test_linear_attention_in_one_go_or_in_two():
    q, k, v = normal(2, 6, 16), normal(2, 6, 8), normal(2, 6, 6)
    decay, beta = -abs(normal(2, 6, 2)), RNG.random((2, 6, 2)).astype(np.float32)
    options = {"opset": 27, "outputs": 2, **HEADS}
    y, state = compute("LinearAttention", [q, k, v, None, decay, beta], **options)
    parts, past = [], None
    for part in (slice(0, 4), slice(4, 6)):
        steps = [array[:, part] for array in (q, k, v, decay, beta)]
        arrays = [*steps[:3], past, *steps[3:]]
        found, past = compute("LinearAttention", arrays, **options)
        parts.append(found)
    assert_same(np.concatenate(parts, axis=1), y)
    assert_same(past, state)


def test_causal_conv():
    x = np.array([[[1, 2, 3]]], np.float32)
    weight = np.array([[[1, 10]]], np.float32)
    y, state = compute("CausalConvWithState", [x, weight], opset=27, outputs=2)
    assert y.tolist() == [[[10, 21, 32]]]
    assert state.tolist() == [[[3]]]
    y, _ = compute("CausalConvWithState", [x, weight, None, state], opset=27, outputs=2)
    assert y.tolist() == [[[13, 21, 32]]]
