"""Twins of convolutions and pooling give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, twin

RANDOM = np.random.default_rng(0)
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


def check_all(case: Case, gradient: bool = True) -> None:
    """Compare numbers, shapes on no device, and gradients."""
    check(case, **TOLERANCE)
    small = tuple(
        a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
        for a in case.args
    )
    check(case._replace(args=small), rtol=1e-4, atol=1e-5)
    check_meta(case)
    if gradient:
        check_gradient(case)


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
    check_all(Case("conv.conv", (x, weight), options), gradient=False)
    check_all(Case("conv.conv", (x[:1], weight, bias), options))


@pytest.mark.parametrize("rank", [1, 3])
def test_convolutions_of_other_ranks(rank: int) -> None:
    x, weight = numbers(1, 2, *(5, 6, 4)[:rank]), numbers(3, 2, *(3, 2, 2)[:rank])
    options = {"strides": (2,) * rank, "pads": (1,) * 2 * rank}
    check_all(Case("conv.conv", (x, weight, numbers(3)), options))
    weight = numbers(2, 3, *(3, 2, 2)[:rank])
    check_all(Case("conv_transpose.conv_transpose", (x, weight, numbers(3)), options))


def test_convolutions_of_nothing() -> None:
    weight = numbers(3, 2, 3, 3)
    check(Case("conv.conv", (numbers(0, 2, 5, 5), weight, numbers(3))))
    for group in (1, 3):
        args = (numbers(2, 0, 5, 4), numbers(3, 0, 3, 3), numbers(3))
        check(Case("conv.conv", args, {"group": group}))


@pytest.mark.parametrize("name", ["conv.conv", "conv_transpose.conv_transpose"])
def test_four_spatial_axes_are_refused(name: str) -> None:
    x, weight = torch.ones(1, 1, 2, 2, 2, 2), torch.ones(1, 1, 1, 1, 1, 1)
    with pytest.raises(NotImplementedError, match="1 to 3 spatial axes"):
        twin(name)(x, weight)


@pytest.mark.parametrize(
    "name", ["Identity", "Relu", "LeakyRelu", "Clip", "Tanh", "Sigmoid", "HardSigmoid"]
)
def test_convolutions_with_activations(name: str) -> None:
    x, weight, z = numbers(1, 2, 4, 4), numbers(2, 2, 1, 1), numbers(1, 2, 4, 4)
    numbers_of = {"LeakyRelu": (0.2,), "Clip": (-0.5, 0.7), "HardSigmoid": (0.3, 0.4)}
    options = {"activation": name, "activation_params": numbers_of.get(name, ())}
    args = (x, weight, numbers(2), z)
    check(Case("conv_fused.fused_conv", args, options), **TOLERANCE)


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
    check_all(Case("conv_transpose.conv_transpose", args, {**options, "group": group}))


def test_transposed_convolutions_whose_padding_is_a_tensor() -> None:
    name = "conv_transpose_dynamic.conv_transpose_with_dynamic_pads"
    args = (numbers(1, 2, 4, 4), numbers(2, 2, 3, 3), np.array([1, 0, 2, 1]))
    check(Case(name, args, {"strides": (2, 2)}), **TOLERANCE)


def test_deformable_convolutions() -> None:
    x, weight = numbers(2, 4, 5, 6), numbers(6, 2, 3, 2)
    options = {"strides": (2, 1), "pads": (1, 0, 1, 1), "group": 2, "offset_group": 2}
    offset, mask = numbers(2, 2 * 6 * 2, 3, 6), numbers(2, 2 * 6, 3, 6)
    case = Case("conv_deform.deform_conv", (x, weight, offset), options)
    check(case, **TOLERANCE)
    check_meta(case)
    small = (x[:1, :, :3, :3], weight, offset[:1, :, :2, :3], numbers(6))
    small = (*small, mask[:1, :, :2, :3])
    check_all(Case("conv_deform.deform_conv", small, options))
    line = (numbers(1, 1, 5), numbers(1, 1, 2), numbers(1, 2, 4))
    check(Case("conv_deform.deform_conv", line), **TOLERANCE)


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
    for lengths in (shape, tuple(map(np.array, shape))):
        check(Case("col2im.col2im", (x, *lengths), options), **TOLERANCE)
    check_meta(Case("col2im.col2im", (x, *shape), options))
    check_gradient(Case("col2im.col2im", (x, *shape), options))


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
)


@pytest.mark.parametrize("options", WINDOWS)
def test_pooling(options: dict[str, Any]) -> None:
    x = RANDOM.permutation(2 * 7 * 6).reshape(1, 2, 7, 6) / 3 - 9
    empty = options.get("pads") == (1, 1, 2, 1)  # windows of nothing have no mean
    for name in ("pool_max.max_pool", "pool.average_pool", "pool.lp_pool"):
        check_all(Case(name, (x,), options), gradient=not empty)
    counted = {**options, "count_include_pad": True}
    check_all(Case("pool.average_pool", (x,), counted))
    check_all(Case("pool.lp_pool", (x,), {**options, "p": 3}))
    last = np.moveaxis(x, 1, -1)
    check(Case("pool_max.max_pool_channels_last", (last,), options))
    for order in (0, 1):
        indices = {**options, "storage_order": order}
        check(Case("pool_max.max_pool_with_indices", (x,), indices))
    check_meta(Case("pool_max.max_pool_with_indices", (x,), options))
    for dtype in (np.int8, np.uint8):
        check(Case("pool_max.max_pool", (abs(x).astype(dtype),), options))


@pytest.mark.parametrize("rank", [1, 3, 4])
def test_pooling_of_other_ranks(rank: int) -> None:
    options = {"kernel_shape": (2,) * rank, "pads": (1,) * 2 * rank}
    for shape in ((2, 1, *[4] * rank), (0, 1, *[4] * rank)):
        for name in ("pool_max.max_pool", "pool.average_pool", "pool.lp_pool"):
            check(Case(name, (numbers(*shape),), options), **TOLERANCE)


def test_windows_longer_than_an_axis_are_refused() -> None:
    for name in ("pool_max.max_pool", "pool.average_pool"):
        with pytest.raises(ValueError, match="expected at least 9 elements, got 4"):
            twin(name)(torch.ones(1, 1, 4), kernel_shape=(9,), strides=(2,))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3), (2, 3, 4), (0, 2, 3)])
def test_global_pooling(shape: tuple[int, ...]) -> None:
    for name in ("pool.global_average_pool", "pool.global_lp_pool"):
        case = Case(name, (numbers(*shape),))
        check(case, **TOLERANCE)
        check_meta(case)
        if 0 not in shape:
            check_gradient(case)
    check(Case("pool_max.global_max_pool", (numbers(*shape),)))
    check(Case("pool.global_lp_pool", (numbers(*shape),), {"p": 3}), **TOLERANCE)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_local_response_normalization(size: int) -> None:
    options = {"size": size, "alpha": 0.3, "beta": 0.6, "bias": 1.5}
    case = Case("pool.local_response_normalization", (numbers(2, 5, 2),), options)
    check_all(case)


def test_pooling_with_a_mask() -> None:
    x, mask = numbers(2, 2, 3, 5), RANDOM.integers(0, 2, (1, 2, 3, 5)).astype(np.int32)
    options = {"kernel_shape": (2, 3), "pads": (0, 1, 1, 1)}
    check(Case("pool_masked.max_pool_with_mask", (x, mask), options))
    check_meta(Case("pool_masked.max_pool_with_mask", (x, mask), options))


def test_unpooling() -> None:
    x = RANDOM.permutation(2 * 6 * 6).reshape(1, 2, 6, 6) / 3
    options = {"kernel_shape": (2, 2), "strides": (2, 2)}
    y, indices = twin("pool_max.max_pool_with_indices")(torch.tensor(x), **options)
    args = (y.numpy(), indices.numpy())
    check(Case("pool_max.max_unpool", args, options))
    check_gradient(Case("pool_max.max_unpool", args, options))
    check_meta(Case("pool_max.max_unpool", args, options))
    for shape in (np.array([1, 2, 7, 8]), (1, 2, 7, 8)):
        check(Case("pool_max.max_unpool", (*args, shape), options))


ROIS = np.array([[0, 0, 4, 5], [1.2, 2.5, 3.9, 3.1], [-1, -2, 9, 9], [2, 2, 2, 2.0]])


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 2])
@pytest.mark.parametrize("half_pixel", [True, False])
def test_aligned_regions(mode: str, ratio: int, half_pixel: bool) -> None:
    x, images = numbers(2, 3, 6, 5), np.array([0, 1, 1, 0])
    options = {"output_height": 2, "output_width": 3, "spatial_scale": 0.9}
    options |= {"mode": mode, "sampling_ratio": ratio, "half_pixel": half_pixel}
    case = Case("pool_roi.roi_align", (x, ROIS, images), options)
    check(case, **TOLERANCE)
    check(case._replace(args=(x, ROIS[:0], images[:0])))
    if ratio:
        check_meta(case)
        check_gradient(case._replace(args=(x[:, :1], ROIS.astype("f4"), images)))


def test_regions_in_bins() -> None:
    rois = np.concatenate([np.array([[0], [1], [1], [0.0]]), ROIS], 1)
    options = {"pooled_shape": (2, 3), "spatial_scale": 0.8}
    for dtype in (np.float32, np.float64):
        args = (numbers(2, 3, 6, 5).astype(dtype), rois.astype(dtype))
        check(Case("pool_roi.max_roi_pool", args, options))
    check_meta(Case("pool_roi.max_roi_pool", args, options))
