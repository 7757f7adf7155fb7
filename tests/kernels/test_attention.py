"""Numbers of attention."""

import numpy as np

from onnx2py.kernels.attention import attention
from onnx2py.kernels.attention_linear import linear_attention
from onnx2py.kernels.rotary_embedding import rotary_embedding


def test_equal_keys_give_the_mean_value():
    q, k = np.ones((1, 1, 1, 2), np.float32), np.ones((1, 1, 4, 2), np.float32)
    v = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    assert attention(q, k, v).tolist() == [[[[1.5]]]]
    mask = np.array([True, True, False, False])
    assert attention(q, k, v, mask).tolist() == [[[[0.5]]]]
    assert attention(q, k, v, mask[:2]).tolist() == [[[[0.5]]]]  # shorter than k


def test_groups_share_keys_in_order():
    q = np.zeros((1, 4, 1, 1), np.float32)
    k = np.zeros((1, 2, 1, 1), np.float32)
    v = np.array([1, 2], np.float32).reshape(1, 2, 1, 1)
    assert attention(q, k, v).ravel().tolist() == [1, 1, 2, 2]


def test_a_quarter_turn():
    x = np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 1, 4)
    cos, sin = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
    ids = np.zeros((1, 1), np.int64)
    found = rotary_embedding(x, cos, sin, ids)
    assert found.ravel().tolist() == [-3, -4, 1, 2]
    found = rotary_embedding(x, cos, sin, ids, interleaved=True)
    assert found.ravel().tolist() == [-2, 1, -4, 3]


def test_the_delta_rule_writes_what_is_new():
    one = np.ones((1, 2, 1), np.float32)
    v = np.array([3, 3], np.float32).reshape(1, 2, 1)
    heads = {"q_num_heads": 1, "kv_num_heads": 1}
    y, state = linear_attention(one, one, v, update_rule="linear", **heads)
    assert y.ravel().tolist() == [3, 6]
    y, state = linear_attention(
        one, one, v, None, None, one, update_rule="delta", **heads
    )
    assert y.ravel().tolist() == [3, 3]
    assert state.tolist() == [[[[3]]]]
