"""Rules of onnxruntime's own operators, compared with onnxruntime."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, lowered

RNG = np.random.default_rng(11)
OWN = {"opset": 1, "domain": "com.microsoft"}


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def quantized(dtype, *shape):
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max + 1, shape).astype(dtype)


def check(operator, arrays, **options):
    check_against_onnxruntime(operator, arrays, **{**OWN, "atol": 1e-5, **options})


@pytest.mark.parametrize("outputs", [1, 2])
def test_simplified_layer_normalization_agrees(outputs):
    check_against_onnxruntime(
        *("SimplifiedLayerNormalization", [normal(2, 3, 8), normal(8)]),
        opset=17,
        outputs=outputs,
    )


def test_sums_are_normalised_in_one_call():
    names = ["x", "skip", "gamma"]
    assert lowered("SkipLayerNormalization", names, **OWN) == (
        "ops.skip_layer_normalization(x, skip, gamma)"
    )
    assert lowered("SkipLayerNormalization", names, ["y", "", "", "s"], **OWN) == (
        "ops.skip_layer_normalization_with_sum(x, skip, gamma)"
    )


@pytest.mark.parametrize("bias", [True, False])
def test_skip_normalization_agrees(bias):
    last = [normal(8)] if bias else []
    x, skip, gamma, beta = normal(2, 3, 8), normal(2, 3, 8), normal(8), normal(8)
    options = {"epsilon": 1e-5}
    check("SkipLayerNormalization", [x, skip, gamma, beta, *last], **options)
    check("SkipSimplifiedLayerNormalization", [x, skip, gamma, *last], **options)


@pytest.mark.parametrize("mask", [True, False])
def test_embed_layer_normalization_agrees(mask):
    ids, segments = RNG.integers(0, 9, (2, 4)), RNG.integers(0, 2, (2, 4))
    tables = [normal(9, 8), normal(6, 8), normal(2, 8)]
    arrays = [ids.astype(np.int32), segments.astype(np.int32), *tables]
    arrays += [normal(8), normal(8)]
    if mask:
        arrays.append(np.array([[1, 1, 1, 0], [1, 0, 0, 0]], np.int32))
    check("EmbedLayerNormalization", arrays, outputs=2, epsilon=1e-5)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_fused_matmul_agrees(trans_a, trans_b):
    a, b = normal(2, 4, 3) if trans_a else normal(2, 3, 4), normal(2, 4, 5)
    b = b.swapaxes(1, 2).copy() if trans_b else b
    check("FusedMatMul", [a, b], transA=trans_a, transB=trans_b, alpha=0.5)


@pytest.mark.parametrize("trans_a", [0, 1])
def test_batches_are_transposed_before_matrices(trans_a):
    a = normal(4, 2, 3) if trans_a else normal(3, 2, 4)  # [2, 3, 4] after all
    check("FusedMatMul", [a, normal(2, 4, 5)], transA=trans_a, transBatchA=1)
    check("FusedMatMul", [normal(2, 3, 4), normal(4, 2, 5)], transBatchB=1)


@pytest.mark.parametrize("activation", ["Relu", "Sigmoid", "Tanh", "LeakyRelu"])
def test_fused_gemm_agrees(activation):
    alpha = {"activation_alpha": 0.2} if activation == "LeakyRelu" else {}
    arrays = [normal(2, 3), normal(3, 4), normal(4)]
    check("FusedGemm", arrays, activation=activation, **alpha)


@pytest.mark.parametrize(
    ("activation", "names"),
    [("Selu", "alpha gamma"), ("Celu", "alpha"), ("ParametricSoftplus", "alpha beta")],
)
def test_fused_gemm_knows_rarer_activations(activation, names):
    numbers = {f"activation_{name}": 0.5 for name in names.split()}
    arrays = [normal(2, 3), normal(3, 4)]
    check("FusedGemm", arrays, activation=activation, **numbers)


@pytest.mark.parametrize("bias", [True, False])
def test_quantised_products_agree(bias):
    a, b = quantized(np.uint8, 3, 6), quantized(np.int8, 6, 4)
    scales = [np.array(0.02, np.float32), RNG.uniform(0.01, 0.1, 4).astype(np.float32)]
    zeros = [np.array(100, np.uint8), np.zeros(4, np.int8)]
    last = [normal(4)] if bias else []
    check("MatMulIntegerToFloat", [a, b, *scales, *zeros, *last])
    check("DynamicQuantizeMatMul", [normal(3, 6), b, scales[1], zeros[1], *last])


@pytest.mark.parametrize("ids", [[2], [[0, 1, 2], [3, 1, 0]]])
@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding_agrees(ids, interleaved):
    arrays = [normal(2, 3, 16), np.array(ids), normal(10, 4), normal(10, 4)]
    check("RotaryEmbedding", arrays, interleaved=interleaved)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("mask", [None, "keys", "lengths"])
@pytest.mark.parametrize("unidirectional", [0, 1])
def test_multi_head_attention_agrees(bias, mask, unidirectional):
    q, k, v = normal(2, 4, 16), normal(2, 4, 16), normal(2, 4, 16)
    padding = {
        None: None,
        "keys": np.array([[1, 1, 1, 0], [1, 0, 1, 1]], np.int32),
        "lengths": np.array([4, 2], np.int32),
    }[mask]
    arrays = [q, k, v, normal(48) if bias else None, padding]
    options = {"num_heads": 4, "unidirectional": unidirectional}
    check("MultiHeadAttention", arrays, **options)


def test_a_cache_and_a_bias_agree():
    arrays = [normal(2, 3, 16), normal(2, 3, 16), normal(2, 3, 16), None, None]
    arrays += [normal(1, 4, 3, 5), normal(2, 4, 2, 4), normal(2, 4, 2, 4)]
    check("MultiHeadAttention", arrays, num_heads=4, outputs=3)


@pytest.mark.parametrize("mask", [None, "keys"])
@pytest.mark.parametrize("unidirectional", [0, 1])
def test_self_attention_agrees(mask, unidirectional):
    padding = None if mask is None else np.array([[1, 1, 0], [1, 0, 1]], np.int32)
    arrays = [normal(2, 3, 8), normal(8, 48), normal(48), padding]
    options = {"num_heads": 4, "unidirectional": unidirectional}
    check("Attention", arrays, **options)


def test_self_attention_with_a_past_agrees():
    arrays = [normal(2, 3, 8), normal(8, 48), normal(48), None, normal(2, 2, 4, 2, 4)]
    check("Attention", arrays, num_heads=4, unidirectional=1, outputs=2)


GROUPS = {"num_heads": 4, "kv_num_heads": 2, "outputs": 3}


@pytest.mark.parametrize("rotary", [0, 1])
@pytest.mark.parametrize("window", [-1, 2])
def test_a_prompt_agrees(rotary, window):
    q, k, v = normal(2, 5, 64), normal(2, 5, 32), normal(2, 5, 32)
    lengths = np.array([4, 4], np.int32), np.array(5, np.int32)
    caches = [normal(9, 8), normal(9, 8)] if rotary else []
    options = {"do_rotary": rotary, "local_window_size": window, **GROUPS}
    arrays = [q, k, v, None, None, *lengths, *caches]
    check("GroupQueryAttention", arrays, **options)


@pytest.mark.parametrize("rotary", [0, 1])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("options", [{}, {"local_window_size": 3}, {"softcap": 2.0}])
def test_a_step_after_a_prompt_agrees(rotary, packed, options):
    q, k, v = normal(1, 1, 64), normal(1, 1, 32), normal(1, 1, 32)
    heads = [np.concatenate((q, k, v), axis=2), None, None] if packed else [q, k, v]
    past = [normal(1, 2, 5, 16), normal(1, 2, 5, 16)]
    lengths = np.array([5], np.int32), np.array(6, np.int32)
    caches = [normal(9, 8), normal(9, 8)] if rotary else []
    arrays = [*heads, *past, *lengths, *caches]
    check("GroupQueryAttention", arrays, do_rotary=rotary, **GROUPS, **options)


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "swiglu", "identity"])
@pytest.mark.parametrize("several", [1, 2])
def test_experts_agree(activation, several):
    wide = 2 if activation == "swiglu" else 1
    arrays = [
        normal(2, 3, 4),
        normal(6, 3),
        normal(3, wide * 5, 4),
        normal(3, wide * 5),
    ]
    arrays += [normal(3, 4, 5), normal(3, 4)]
    options = {"k": several, "normalize_routing_weights": several - 1}
    if activation == "swiglu":
        options.update(swiglu_fusion=1, swiglu_limit=0.7, activation_beta=1.0)
    check("MoE", arrays, activation_type=activation, **options)


def test_of_equally_likely_experts_the_later_one_is_asked():
    eye = np.stack([np.eye(2), 2 * np.eye(2)]).astype(np.float32)
    arrays = [normal(1, 2), np.zeros((1, 2), np.float32), eye, None, eye]
    check("MoE", arrays, activation_type="identity")
