"""onnxruntime's own normalization and gates, compared with onnxruntime."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(12)
OWN = {"opset": 1, "domain": "com.microsoft"}


def normal(*shape, dtype=np.float32):
    return RNG.normal(size=shape).astype(dtype)


def test_statistics_are_float32_of_any_input():
    arrays = [normal(2, 3, dtype=np.float64), normal(3, dtype=np.float64)]
    check_against_onnxruntime(
        "SimplifiedLayerNormalization", arrays, opset=1, outputs=2
    )


def test_a_sum_is_rounded_after_it_was_normalised():
    # As bfloat16, 1 + 2**-9 and 1 - 2**-9 are 1: their deviations would be 0.
    x = np.array([[1, 1]], ml_dtypes.bfloat16)
    skip = np.array([[2**-9, -(2**-9)]], ml_dtypes.bfloat16)
    arrays = [x, skip, np.ones(2, ml_dtypes.bfloat16)]
    y, _, _, total = compute("SkipLayerNormalization", arrays, outputs=4, **OWN)
    np.testing.assert_allclose(y.astype(np.float32), [[1, -1]])
    assert total.dtype == ml_dtypes.bfloat16
    assert total.tolist() == [[1, 1]]


def test_only_ones_of_a_mask_are_counted():
    ids = np.array([[0, 1, 2, 0]], np.int32)
    mask = np.array([[1, 2, 1, 0]], np.int32)
    arrays = [ids, None, normal(3, 4), normal(4, 4), None, normal(4), normal(4), mask]
    check_against_onnxruntime("EmbedLayerNormalization", arrays, outputs=2, **OWN)


@pytest.mark.parametrize("activation", ["silu", "sigmoid"])
def test_gated_groups_agree(activation):
    arrays = [normal(2, 6), normal(3), normal(2, 6)]
    check_against_onnxruntime("GatedRMSNorm", arrays, activation=activation, **OWN)


@pytest.mark.parametrize("scale", [(6,), (2, 3), (3,), None])
@pytest.mark.parametrize("branches", [0, 2])
def test_branches_agree(scale, branches):
    x = normal(4, 6) if branches else normal(4, 2, 3)
    arrays = [x] if scale is None else [x, normal(*scale)]
    options = {"num_branches": branches, **OWN}
    check_against_onnxruntime("BranchwiseRMSNorm", arrays, **options)


def test_a_scale_is_an_attribute_or_an_input():
    x = normal(2, 3)
    check_against_onnxruntime("ScaledSiLU", [x], alpha=0.5, **OWN)
    scale = np.array(-2, np.float32)
    check_against_onnxruntime("ScaledSiLU", [x, scale], alpha=0.5, **OWN)
    assert lowered("ScaledSiLU", ["x"], alpha=0.5, **OWN) == "ops.scaled_silu(x, 0.5)"


def test_a_gate_is_one_number_for_each_row():
    arrays = [normal(2, 3), normal(2, 3), normal(2, 1)]
    check_against_onnxruntime("GatedAdd", arrays, **OWN)
    with pytest.raises(UnsupportedError, match="gate_weight"):
        lowered("GatedAdd", ["x", "y", "gate", "weight"], **OWN)
