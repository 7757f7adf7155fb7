"""Twins of convolutions and pooling give the numbers of NumPy, eagerly and compiled."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels.conv import conv
from tests.targets.jax.versions import enable_x64

from .gradients import check_gradient, check_with_gradient
from .support import Case, check, twin

RANDOM = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def check_all(case: Case, gradient: bool = True, eager: bool = False) -> None:
    """Compare numbers in float64, compiled, and gradients; numbers in half precision.

    The latter are computed compiled, or with ``eager`` that way.
    """
    if gradient:
        check_with_gradient(case, rtol=1e-9, atol=1e-9)
    else:
        check(case, rtol=1e-9, atol=1e-9, x64=True, eager=False)
    half = tuple(a.astype(ml_dtypes.bfloat16) if _is_float(a) else a for a in case.args)
    small = case._replace(args=half)
    check(small, rtol=1e-4, atol=1e-5, eager=eager, compiled=not eager)


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


CONVOLUTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"strides": (2, 1), "pads": (1, 1, 1, 1)},
    {"pads": (0, 1, 2, 0), "dilations": (2, 1)},
    {"pads": "SAME_UPPER", "strides": (2, 3)},
    {"pads": "SAME_LOWER", "dilations": (1, 2)},
)


@pytest.mark.parametrize("options", CONVOLUTIONS)
@pytest.mark.parametrize("group", [1, 2])
def test_convolutions(options: dict[str, Any], group: int) -> None:
    x, weight, bias = numbers(2, 4, 6, 7), numbers(6, 4 // group, 3, 2), numbers(6)
    options = {**options, "group": group}
    case = Case("conv.conv", (x, weight), options)
    check(case, rtol=1e-9, atol=1e-9, x64=True, compiled=False)
    check_all(Case("conv.conv", (x, weight, bias), options))


@pytest.mark.parametrize("rank", [1, 3, 4])
def test_convolutions_of_other_ranks(rank: int) -> None:
    lengths, kernel = (5, 6, 4, 3)[:rank], (3, 2, 2, 3)[:rank]
    x, weight = numbers(1, 2, *lengths), numbers(3, 2, *kernel)
    options = {"strides": (2,) * rank, "pads": (1,) * 2 * rank}
    within_torch = rank < 4
    check_all(Case("conv.conv", (x, weight, numbers(3)), options), within_torch)
    args = (x, numbers(2, 3, *kernel), numbers(3))
    check_all(Case("conv_transpose.conv_transpose", args, options), within_torch)


def test_sums_of_convolutions_with_equal_weights() -> None:
    """XLA computed zeros, NaN or anything of them, and of their maxima."""
    x = numbers(1, 512, 13, 13).astype(np.float32)
    weight = np.full((1000, 512, 1, 1), 0.02, np.float32)
    expected = conv(x, weight)
    for of_all in (jnp.sum, jnp.max):

        def computed(x: Any, of_all: Any = of_all) -> Any:
            return of_all(twin("conv.conv")(x, weight), (2, 3))

        wanted = of_all(expected, (2, 3))
        np.testing.assert_allclose(jax.jit(computed)(x), wanted, rtol=1e-4)


def test_convolutions_of_nothing() -> None:
    x, weight, bias = numbers(0, 2, 5, 5), numbers(3, 2, 3, 3), numbers(3)
    check(Case("conv.conv", (x, weight, bias)), x64=True)
    for group in (1, 3):
        args = (numbers(2, 0, 5, 4), numbers(3, 0, 3, 3), bias)
        check(Case("conv.conv", args, {"group": group}), x64=True)


def test_kernels_longer_than_the_image_are_refused() -> None:
    with pytest.raises(ValueError, match="expected an image that it fits in"):
        twin("conv.conv")(jnp.ones((1, 1, 3, 5)), jnp.ones((1, 1, 5, 1)))


@pytest.mark.parametrize(
    "name",
    [
        *("Identity", "Relu", "LeakyRelu", "Clip", "Tanh", "Sigmoid", "HardSigmoid"),
        "HardSwish",
    ],
)
def test_convolutions_with_activations(name: str) -> None:
    x, weight, z = numbers(1, 2, 4, 4), numbers(2, 2, 1, 1), numbers(1, 2, 4, 4)
    numbers_of = {"LeakyRelu": (0.2,), "Clip": (-0.5, 0.7), "HardSigmoid": (0.3, 0.4)}
    options = {"activation": name, "activation_params": numbers_of.get(name, ())}
    case = Case("conv_fused.fused_conv", (x, weight, numbers(2), z), options)
    check_all(case, eager=name == "Clip")


TRANSPOSED: tuple[dict[str, Any], ...] = (
    {},
    {"strides": (2, 3), "pads": (1, 1, 1, 1)},
    {"strides": (2, 2), "pads": (1, 0, 1, 0), "output_padding": (1, 1)},
    {"strides": (2, 1), "pads": (0, 1, 1, 0), "dilations": (1, 2)},
    {"strides": (2, 2), "output_padding": (3, 2), "dilations": (1, 1)},
    {"strides": (3, 2), "pads": "SAME_UPPER"},
    {"strides": (3, 2), "pads": "SAME_LOWER"},
    {"strides": (2, 2), "output_shape": (9, 8)},
    {"strides": (3, 3), "output_shape": (15, 17)},
)


@pytest.mark.parametrize("options", TRANSPOSED)
@pytest.mark.parametrize("group", [1, 2])
def test_transposed_convolutions(options: dict[str, Any], group: int) -> None:
    x, weight = numbers(1, 4, 4, 5), numbers(4, 3, 3, 2)
    args = (x, weight, numbers(3 * group))
    case = Case("conv_transpose.conv_transpose", args, {**options, "group": group})
    check_all(case, eager="output_padding" in options)


def test_transposed_convolutions_whose_padding_is_an_array() -> None:
    name = "conv_transpose_dynamic.conv_transpose_with_dynamic_pads"
    args = (numbers(1, 2, 4, 4), numbers(2, 2, 3, 3), np.array([1, 0, 2, 1]))
    case = Case(name, args, {"strides": (2, 2)})
    check(case, rtol=1e-9, atol=1e-9, x64=True, compiled=False)
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.jit(twin(name))(*args)


def test_deformable_convolutions() -> None:
    x, weight = numbers(2, 4, 5, 6), numbers(6, 2, 3, 2)
    options = {"strides": (2, 1), "pads": (1, 0, 1, 1), "group": 2, "offset_group": 2}
    offset, mask = numbers(2, 2 * 6 * 2, 3, 6), numbers(2, 2 * 6, 3, 6)
    name = "conv_deform.deform_conv"
    check(Case(name, (x, weight, offset), options), atol=1e-9, x64=True, compiled=False)
    small = (x[:1, :, :3, :3], weight, offset[:1, :, :2, :3], numbers(6))
    check_all(Case(name, (*small, mask[:1, :, :2, :3]), options))
    line = (numbers(1, 1, 5), numbers(1, 1, 2), numbers(1, 2, 4))
    check(Case(name, line), atol=1e-9, x64=True)


@pytest.mark.parametrize(
    "shape", [((5, 6), (2, 3)), ((7,), (3,)), ((3, 4, 4), (2, 2, 1))]
)
def test_columns_to_images(shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    image, block = shape
    rank, columns = len(image), 1
    options = {"pads": (*[1] * rank, *[0] * rank), "strides": (2,) + (1,) * (rank - 1)}
    for size, k, stride in zip(image, block, options["strides"]):
        columns *= (size + 1 - k) // stride + 1
    x = numbers(2, 3 * int(np.prod(block)), columns)
    check_all(Case("col2im.col2im", (x, *shape), options))
    lengths = tuple(map(np.array, shape))
    check(
        Case("col2im.col2im", (x, *lengths), options),
        rtol=1e-9,
        x64=True,
        compiled=False,
    )


WINDOWS: tuple[dict[str, Any], ...] = (
    {"kernel_shape": (2, 3)},
    {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1, 1, 1, 1)},
    {"kernel_shape": (3, 2), "strides": (2, 2), "pads": (0, 1, 1, 0)},
    {"kernel_shape": (2, 2), "strides": (2, 3), "ceil_mode": True},
    {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1,) * 4, "ceil_mode": True},
    {"kernel_shape": (2, 2), "dilations": (2, 3), "strides": (1, 2)},
    {"kernel_shape": (3, 2), "strides": (2, 2), "pads": "SAME_UPPER"},
    {"kernel_shape": (2, 2), "strides": (3, 2), "pads": "SAME_LOWER"},
    {"kernel_shape": (2, 2), "pads": (1, 1, 2, 1)},
    {"kernel_shape": (9, 2), "strides": (4, 1)},
    {"kernel_shape": (1, 1), "strides": (3, 4), "pads": "SAME_LOWER"},
)


@pytest.mark.parametrize("options", WINDOWS)
def test_pooling(options: dict[str, Any]) -> None:
    x = RANDOM.permutation(2 * 7 * 6).reshape(1, 2, 7, 6) / 3 - 9
    empty = options.get("pads") == (1, 1, 2, 1)  # windows of nothing have no mean
    for name in ("pool_max.max_pool", "pool.average_pool", "pool.lp_pool"):
        check_all(Case(name, (x,), options), not empty, eager="ceil_mode" in options)
    counted = {**options, "count_include_pad": True}
    check(Case("pool.average_pool", (x,), counted), atol=1e-9, x64=True, eager=False)
    last = np.moveaxis(x, 1, -1).astype(np.float32)
    check(Case("pool_max.max_pool_channels_last", (last,), options), compiled=False)
    for dtype in (np.int8, np.uint8):
        whole = (abs(x).astype(dtype),)
        check(Case("pool_max.max_pool", whole, options), compiled=False)


@pytest.mark.parametrize("options", WINDOWS)
def test_pooling_with_indices(options: dict[str, Any]) -> None:
    name = "pool_max.max_pool_with_indices"
    x = RANDOM.permutation(2 * 7 * 6).reshape(1, 2, 7, 6) / 3 - 9
    check_with_gradient(Case(name, (x,), options), atol=0)
    columns = {**options, "storage_order": 1}
    check(Case(name, (x,), columns), x64=True, compiled=False)


def test_indices_of_the_first_of_equal_numbers() -> None:
    name = "pool_max.max_pool_with_indices"
    options = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1,) * 4}
    lowest = np.full((1, 2, 7, 6), -np.inf)
    nan = np.where(numbers(1, 2, 7, 6) > 1, np.nan, 3)
    equal = RANDOM.integers(0, 3, (2, 1, 7, 6)).astype(np.int8)
    for x in (equal, lowest):
        check(Case(name, (x,), options), x64=True)
    y, _ = twin(name)(jnp.asarray(nan), **options)
    assert jnp.isnan(y).any()


def test_maxima_of_dilated_windows_have_the_gradient_of_the_first() -> None:
    options = {"kernel_shape": (3,), "dilations": (2,), "pads": (1, 1)}
    check_gradient(Case("pool_max.max_pool", (np.zeros((1, 1, 9)),), options))


def test_maxima_are_nan_where_a_window_has_nan() -> None:
    x = numbers(1, 1, 5, 5).astype(np.float32)
    x[..., 2, 2] = np.nan
    for dilation in (1, 2):
        options = {"kernel_shape": (2, 2), "dilations": (dilation, dilation)}
        check(Case("pool_max.max_pool", (x,), options))


@pytest.mark.parametrize("rank", [1, 3, 4])
def test_pooling_of_other_ranks(rank: int) -> None:
    options = {"kernel_shape": (2,) * rank, "pads": (1,) * 2 * rank}
    for shape in ((2, 1, *[4] * rank), (0, 1, *[4] * rank)):
        for name in ("pool_max.max_pool", "pool.average_pool", "pool.lp_pool"):
            case = Case(name, (numbers(*shape),), options)
            check(case, atol=1e-9, x64=True, eager=False)


def test_windows_longer_than_an_axis_are_refused() -> None:
    for name in ("pool_max.max_pool", "pool.average_pool"):
        with pytest.raises(ValueError, match="expected at least 9 elements, got 4"):
            twin(name)(jnp.ones((1, 1, 4)), kernel_shape=(9,), strides=(2,))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3), (2, 3, 4), (0, 2, 3)])
def test_global_pooling(shape: tuple[int, ...]) -> None:
    x = numbers(*shape)
    for name in ("pool.global_average_pool", "pool.global_lp_pool"):
        check_all(Case(name, (x,)), gradient=0 not in shape)
    check_all(Case("pool_max.global_max_pool", (x,)), gradient=0 not in shape)
    check(Case("pool.global_lp_pool", (x,), {"p": 3}), rtol=1e-9, x64=True)
    check(
        Case("pool.lp_pool", (numbers(1, 1, 4),), {"p": 3, "kernel_shape": (2,)}),
        x64=True,
    )


def test_norms_of_zeros_have_a_gradient() -> None:
    options = {"kernel_shape": (2, 2)}
    check_gradient(Case("pool.lp_pool", (np.zeros((1, 1, 3, 3)),), options))
    check_gradient(Case("pool.global_lp_pool", (np.zeros((1, 1, 3, 3)),)))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_local_response_normalization(size: int) -> None:
    options = {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5}
    args = (numbers(2, 5, 2),)
    check_all(Case("pool.local_response_normalization", args, options))


def test_pooling_with_a_mask() -> None:
    x, mask = numbers(2, 2, 3, 5), RANDOM.integers(0, 2, (1, 2, 3, 5)).astype(np.int32)
    options = {"kernel_shape": (2, 3), "pads": (0, 1, 1, 1)}
    check(Case("pool_masked.max_pool_with_mask", (x, mask), options), x64=True)


def test_unpooling() -> None:
    x = RANDOM.permutation(2 * 6 * 6).reshape(1, 2, 6, 6) / 3
    options = {"kernel_shape": (2, 2), "strides": (2, 2)}
    with enable_x64(True):
        pooled = twin("pool_max.max_pool_with_indices")(jnp.asarray(x), **options)
    args = tuple(map(np.asarray, pooled))
    check(Case("pool_max.max_unpool", args, options), x64=True)
    check_gradient(Case("pool_max.max_unpool", args, options))
    check(Case("pool_max.max_unpool", (*args, (1, 2, 7, 8)), options), x64=True)
    shaped = Case("pool_max.max_unpool", (*args, np.array([1, 2, 7, 8])), options)
    check(shaped, x64=True, compiled=False)


ROIS = np.array([[0, 0, 4, 5], [1.2, 2.5, 3.9, 3.1], [-1, -2, 9, 9], [2, 2, 2, 2.0]])


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 2])
@pytest.mark.parametrize("half_pixel", [True, False])
def test_aligned_regions(mode: str, ratio: int, half_pixel: bool) -> None:
    x, images = numbers(2, 3, 6, 5), np.array([0, 1, 1, 0])
    options = {"output_height": 2, "output_width": 3, "spatial_scale": 0.9}
    options |= {"mode": mode, "sampling_ratio": ratio, "half_pixel": half_pixel}
    case = Case("pool_roi.roi_align", (x, ROIS, images), options)
    if not ratio:  # data decides how many points there are
        check(case, rtol=1e-5, atol=1e-6, x64=True)
    none = case._replace(args=(x, ROIS[:0], images[:0]))
    check(none, x64=True, compiled=False)
    if ratio:
        check(case, rtol=1e-5, atol=1e-6, x64=True, eager=half_pixel)
        check_gradient(case._replace(args=(x, ROIS.astype("f4"), images)), rtol=1e-6)


def test_regions_in_bins() -> None:
    rois = np.concatenate([np.array([[0], [1], [1], [0.0]]), ROIS], 1)
    options = {"pooled_shape": (2, 3), "spatial_scale": 0.8}
    for dtype in (np.float32, np.float64):
        args = (numbers(2, 3, 6, 5).astype(dtype), rois.astype(dtype))
        check(Case("pool_roi.max_roi_pool", args, options), x64=True)
    check_gradient(Case("pool_roi.max_roi_pool", (args[0], rois.astype("f4")), options))
