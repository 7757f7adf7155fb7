"""onnxruntime's own operators with weights of 8 bits: rules, and its answers."""

import numpy as np
import pytest

from tests.support import check_against_onnxruntime, lowered

OWN = {"opset": 1, "domain": "com.microsoft"}


@pytest.fixture
def random():
    return np.random.default_rng(7)


def floats(random, *shape):
    return random.standard_normal(shape).astype(np.float32)


def integers(random, dtype, *shape):
    info = np.iinfo(dtype)
    return np.asarray(random.integers(info.min, info.max + 1, shape)).astype(dtype)


def test_one_node_is_one_call():
    names = ["x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz"]
    assert lowered("DynamicQuantizeLSTM", names, hidden_size=4, **OWN) == (
        "ops.dynamic_quantize_lstm"
        "(x, w, r, None, None, None, None, None, ws, wz, rs, rz)"
    )


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("lengths", [False, True])
def test_lstm_agrees(random, direction, dtype, lengths):
    """Within a step of the hidden state, which may be rounded to either side."""
    d = 2 if direction == "bidirectional" else 1
    t, b, i, h = 4, 3, 5, 6
    zero = np.full((d, 4 * h), 128 if dtype == np.uint8 else 0).astype(dtype)
    scales = [random.uniform(0.001, 0.02, (d, 4 * h)).astype(np.float32) for _ in "ab"]
    arrays = [
        floats(random, t, b, i),
        integers(random, dtype, d, i, 4 * h),
        integers(random, dtype, d, h, 4 * h),
        floats(random, d, 8 * h),
        np.array([2, 4, 1], np.int32) if lengths else None,
        floats(random, d, b, h),
        floats(random, d, b, h),
        floats(random, d, 3 * h),
        *(scales[0], zero, scales[1], zero),
    ]
    check_against_onnxruntime(
        "DynamicQuantizeLSTM",
        arrays,
        **OWN,
        outputs=3,
        direction=direction,
        hidden_size=h,
        atol=0.02,
    )


@pytest.mark.parametrize("mask", ["none", "keys", "ends", "span", "queries"])
@pytest.mark.parametrize("unidirectional", [0, 1])
def test_attention_agrees(random, mask, unidirectional):
    b, s, heads, size, past = 2, 4, 3, 2, 2
    total, width = s + past, 3 * heads * size
    masks = {
        "none": None,
        "keys": random.integers(0, 2, (b, total)).astype(np.int32),
        "ends": np.array([total, total - 1], np.int32),
        "span": np.array([total, total - 1, 1, 0], np.int32),
        "queries": random.integers(0, 2, (b, s, total)).astype(np.int32),
    }
    arrays = [
        integers(random, np.uint8, b, s, 5),
        integers(random, np.int8, 5, width),
        floats(random, width),
        np.array(0.01, np.float32),
        random.uniform(0.001, 0.02, width).astype(np.float32),
        masks[mask],
        np.array(100, np.uint8),
        integers(random, np.int8, width),
        floats(random, 2, b, heads, past, size),
    ]
    options = {"num_heads": heads, "unidirectional": unidirectional}
    check_against_onnxruntime(
        "QAttention", arrays, **OWN, outputs=2, rtol=1e-4, atol=1e-5, **options
    )


@pytest.mark.parametrize("channels_last", [0, 1])
def test_convolution_agrees(random, channels_last):
    arrays = [
        integers(random, np.uint8, 1, 4, 5, 4),
        np.array(0.02, np.float32),
        np.array(99, np.uint8),
        # 7 bits: onnxruntime's sums of 8 saturate on processors without VNNI.
        integers(random, np.int8, 6, 2, 3, 2) // 2,
        random.uniform(0.01, 0.03, 6).astype(np.float32),
        np.zeros(6, np.int8),
        np.array(0.5, np.float32),
        np.array(120, np.uint8),
        random.integers(-999, 999, 6).astype(np.int32),
    ]
    options = {"group": 2, "strides": [2, 1], "auto_pad": "SAME_UPPER"}
    if channels_last:
        options["channels_last"] = 1
    arrays = [np.asarray(a) for a in arrays]
    check_against_onnxruntime("QLinearConv", arrays, **OWN, **options)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_where_agrees(random, dtype):
    x, y = integers(random, dtype, 4, 1), integers(random, dtype, 5)
    scales = [np.array(v, np.float32) for v in (0.1, 0.03, 0.07)]
    zeros = [integers(random, dtype) for _ in scales]
    condition = random.random((3, 4, 5)) < 0.5
    arrays = [condition, x, scales[0], zeros[0], y, scales[1], zeros[1]]
    check_against_onnxruntime("QLinearWhere", [*arrays, scales[2], zeros[2]], **OWN)


@pytest.mark.parametrize("segments", [True, False])
def test_embedding_agrees(random, segments):
    tables = [
        integers(random, np.uint8, *s) for s in ((7, 4), (6, 4), (3, 4), (4,), (4,))
    ]
    scales = [np.array(v, np.float32) for v in (0.01, 0.02, 0.03, 0.004, 0.005)]
    zeros = [integers(random, np.uint8) for _ in tables]
    ids = random.integers(0, 3, (2, 5)).astype(np.int32)
    if not segments:
        tables[2] = scales[2] = zeros[2] = None
    mask = random.integers(0, 2, (2, 5)).astype(np.int32)
    arrays = [ids, ids if segments else None, *tables, mask, *scales, *zeros]
    check_against_onnxruntime(
        "QEmbedLayerNormalization", arrays, **OWN, outputs=2, rtol=1e-4, atol=1e-5
    )


def test_words_are_multiplied(random):
    a, b = integers(random, np.int16, 2, 3, 4), integers(random, np.int16, 4, 5)
    check_against_onnxruntime("MatMulInteger16", [a // 9, b // 9], **OWN)


def test_a_mean_has_a_rule():
    names = ["x", "xs", "xz", "ys", "yz"]
    assert (
        lowered("QLinearReduceMean", names, axes=[1], keepdims=1, **OWN)
        == "ops.qlinear_reduce_mean(x, xs, xz, ys, yz, axes=(1,))"
    )
