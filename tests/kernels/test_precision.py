"""No kernel accumulates in half precision: each rounds once what it computed in float32."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import (
    activation,
    activation_gelu,
    col2im,
    legacy,
    matmul_fused,
    normalization,
    normalization_gated,
    normalization_skip,
    rearrange,
    reduction,
    resize_crops,
    scatter,
    softmax,
)
from onnx2py.kernels._precision import rounded_once

HALVES = [np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]
RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 300)).astype(np.float32)
ROW = RNG.normal(size=300).astype(np.float32)
PLACES = RNG.integers(0, 4, (600, 1))
UPDATES = RNG.normal(size=(600, 300)).astype(np.float32)
IMAGE = RNG.normal(size=(1, 2, 8, 8)).astype(np.float32)
ROIS = np.array([[0.1, 0.2, 0.8, 0.9]], np.float32)
COLUMNS = RNG.normal(size=(1, 9, 16)).astype(np.float32)

CASES = {
    "leaky_relu": lambda f: activation.leaky_relu(f(X), alpha=0.3),
    "shrink": lambda f: activation.shrink(f(X), lambd=0.3, bias=0.1),
    "thresholded_relu": lambda f: activation.thresholded_relu(f(X), alpha=0.3),
    "affine": lambda f: legacy.affine(f(X), alpha=0.3, beta=-0.7),
    "parametric_softplus": lambda f: legacy.parametric_softplus(
        f(X), alpha=0.3, beta=0.7
    ),
    "scaled_tanh": lambda f: legacy.scaled_tanh(f(X), alpha=0.3, beta=0.7),
    "image_scaler": lambda f: legacy.image_scaler(f(IMAGE), bias=[0.1, 0.3], scale=0.3),
    "cumsum": lambda f: rearrange.cumsum(f(X), 1),
    "cumprod": lambda f: rearrange.cumprod(f(X / 8 + 1), 1),
    "col2im": lambda f: col2im.col2im(f(COLUMNS), np.array([6, 6]), np.array([3, 3])),
    "crop_and_resize": lambda f: resize_crops.crop_and_resize(
        f(IMAGE), f(ROIS), np.array([0]), np.array([5, 5])
    ),
    "scaled_silu": lambda f: normalization_gated.scaled_silu(f(X), scale=0.3),
    "gated_add": lambda f: normalization_gated.gated_add(f(X), f(ROW), f(ROW)),
    "fused_matmul": lambda f: matmul_fused.fused_matmul(f(X), f(X.T), alpha=0.3),
    "embed_layer_normalization": lambda f: normalization_skip.embed_layer_normalization(
        PLACES.T % 4, None, f(X), f(UPDATES), None, f(ROW), f(ROW)
    )[0],
    "gelu": lambda f: activation_gelu.gelu(f(X), f(ROW)),
    "gelu_tanh": lambda f: activation_gelu.gelu_tanh(f(X), f(ROW)),
    "rms_normalization": lambda f: normalization.rms_normalization(f(X), f(ROW)),
    "layer_normalization": lambda f: normalization.layer_normalization(f(X), f(ROW)),
    "softmax": lambda f: softmax.softmax(f(X)),
    "log_softmax": lambda f: softmax.log_softmax(f(X)),
    "reduce_sum": lambda f: reduction.reduce_sum(f(X), (1,)),
    "reduce_mean": lambda f: reduction.reduce_mean(f(X), (1,)),
    "reduce_l2": lambda f: reduction.reduce_l2(f(X), (1,)),
    "reduce_log_sum_exp": lambda f: reduction.reduce_log_sum_exp(f(X), (1,)),
    "scatter_nd": lambda f: scatter.scatter_nd(
        f(X), PLACES, f(UPDATES), reduction="add"
    ),
}


@pytest.mark.parametrize("half", HALVES, ids=str)
@pytest.mark.parametrize("kernel", CASES.values(), ids=CASES)
def test_half_precision_is_float32_rounded_once(kernel, half):
    result = kernel(lambda x: x.astype(half))
    expected = kernel(lambda x: x.astype(half).astype(np.float32))
    assert result.dtype == half
    assert expected.dtype == np.float32
    np.testing.assert_array_equal(
        result.astype(np.float32), expected.astype(half).astype(np.float32)
    )


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_a_factor_of_half_precision_rounds_nothing_else(half):
    result = normalization_gated.scaled_silu(X, np.array(0.5, half))
    np.testing.assert_array_equal(result, normalization_gated.scaled_silu(X, 0.5))
    assert result.dtype == np.float32


def test_other_types_go_through_as_they_are():
    kernel = rounded_once(lambda x, y=None: (x, y))
    integers = np.arange(3, dtype=np.int16)
    assert kernel(integers, y=None)[0] is integers
    double, half = kernel(np.ones(2), y=np.ones(2, np.float16))
    assert (double.dtype, half.dtype) == (np.float64, np.float16)


def test_a_kernel_keeps_its_name_and_signature():
    assert rearrange.cumsum.__name__ == "cumsum"
    assert rearrange.cumsum.__module__ == rearrange.__name__
