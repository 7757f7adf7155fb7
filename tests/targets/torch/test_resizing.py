"""Twins of resizing, sampling, boxes and signals give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, twin

RANDOM = np.random.default_rng(0)
MODES = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners"),
    *("asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"),
)
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


SIZES: tuple[dict[str, Any], ...] = (
    {"scales": (2.0, 3.0)},
    {"scales": (0.6, 1.7)},
    {"sizes": (9, 4)},
    {"sizes": (1, 11)},
    {"sizes": (9, 9), "keep_aspect_ratio_policy": "not_larger"},
    {"sizes": (9, 9), "keep_aspect_ratio_policy": "not_smaller"},
    {"scales": np.array([4.0, 1.0], np.float32)},
)
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "toward_zero")


def resizings(mode: str) -> list[dict[str, Any]]:
    """Return options for [N, C, H, W]."""
    more: dict[str, Any] = {"axes": (2, 3), "coordinate_transformation_mode": mode}
    if mode == "tf_crop_and_resize":
        more |= {"roi": (0.1, -0.2, 0.8, 1.1), "extrapolation_value": 7.0}
    return [{**sizes, **more} for sizes in SIZES]


@pytest.mark.parametrize("mode", MODES)
def test_nearest(mode: str) -> None:
    for options in resizings(mode):
        for rounding in ROUNDINGS:
            for x in (numbers(2, 1, 5, 6), np.arange(30).reshape(1, 1, 5, 6)):
                case = Case(
                    "resize_nearest.resize_nearest",
                    (x,),
                    {**options, "nearest_mode": rounding},
                )
                check(case)
    check_gradient(case._replace(args=(numbers(1, 1, 5, 6),)))


@pytest.mark.parametrize("mode", MODES)
def test_linear(mode: str) -> None:
    for options in resizings(mode):
        for dtype in (np.float32, np.float64, np.float16):
            x = numbers(1, 2, 5, 6).astype(dtype)
            check(Case("resize_linear.resize_linear", (x,), options), **TOLERANCE)
    case = Case("resize_linear.resize_linear", (numbers(1, 1, 5, 6),), options)
    check_gradient(case)


@pytest.mark.parametrize("mode", MODES)
def test_cubic(mode: str) -> None:
    for options in resizings(mode):
        for exclude in (True, False):
            options = {**options, "exclude_outside": exclude, "cubic_coeff_a": -0.6}
            case = Case("resize_linear.resize_cubic", (numbers(1, 2, 5, 6),), options)
            check(case, **TOLERANCE)
    check_gradient(case)
    integers = RANDOM.integers(0, 255, (1, 2, 5, 6)).astype(np.uint8)
    check(case._replace(args=(integers,)))


@pytest.mark.parametrize("mode", MODES[:5])
@pytest.mark.parametrize("a", [None, -0.5])
def test_antialiased(mode: str, a: float | None) -> None:
    for options in resizings(mode):
        if options.get("keep_aspect_ratio_policy") or "sizes" not in options:
            continue
        options = {**options, "cubic_coeff_a": a}
        name = "resize_antialias.resize_antialiased"
        for exclude in (True, False):
            options["exclude_outside"] = exclude
            check(Case(name, (numbers(1, 2, 12, 13),), options), **TOLERANCE)
        for dtype in (np.uint8, np.int8, np.int32):
            x = RANDOM.integers(0, 127, (1, 2, 12, 13)).astype(dtype)
            check(Case(name, (x,), options))
    check_gradient(Case(name, (numbers(1, 1, 12, 5),), options))


@pytest.mark.parametrize("mode", MODES)
def test_linear_of_integers(mode: str) -> None:
    for options in resizings(mode):
        for dtype in (np.uint8, np.int8, np.int32):
            x = RANDOM.integers(0, 127, (1, 2, 5, 6)).astype(dtype)
            check(Case("resize_integers.resize_linear_integers", (x,), options))
    options = {"sizes": (7, 3), "axes": (1, 2)}
    x = RANDOM.integers(0, 255, (1, 5, 6, 3)).astype(np.uint8)
    check(Case("resize_integers.resize_linear_integers", (x,), options))


def test_other_ranks() -> None:
    for shape in ((5,), (3, 4), (1, 2, 5), (1, 2, 3, 4, 5), (1, 1, 2, 2, 2, 2)):
        for scale in (2.0, 1.5):
            options = {"scales": (scale,) * len(shape)}
            check(Case("resize_nearest.resize_nearest", (numbers(*shape),), options))
            case = Case("resize_linear.resize_linear", (numbers(*shape),), options)
            check(case, **TOLERANCE)


KERNELS = (
    *("resize_nearest.resize_nearest", "resize_linear.resize_linear"),
    *("resize_linear.resize_cubic", "resize_antialias.resize_antialiased"),
)


@pytest.mark.parametrize("name", KERNELS)
def test_no_device_and_wrong_sizes(name: str) -> None:
    for sizes in ((5, 4), (10, 12)):
        check_meta(Case(name, (numbers(1, 1, 5, 6),), {"sizes": sizes, "axes": (2, 3)}))
    x = torch.ones(0, 3)
    with pytest.raises(ValueError, match="expected 2 scales or sizes"):
        twin(name)(x, sizes=(2,))
    with pytest.raises(ValueError, match="an empty axis cannot grow"):
        twin(name)(x, sizes=(2, 3))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 4), (1, 1)])
def test_crops(mode: str, size: tuple[int, int]) -> None:
    rois = np.array([[0, 0, 1, 1], [0.2, 0.3, 0.8, 0.6], [-0.3, 0.1, 1.2, 0.9]])
    args = (numbers(2, 3, 5, 6), rois, np.array([0, 1, 1], np.int32), np.array(size))
    options = {"mode": mode, "extrapolation_value": 4.0}
    case = Case("resize_crops.crop_and_resize", args, options)
    check(case, **TOLERANCE)
    meta = (args[0], rois, args[2], size)
    check_meta(case._replace(args=meta))
    check_gradient(case._replace(args=(args[0], rois.astype("f4"), *args[2:])))


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("aligned", [True, False])
def test_grids(mode: str, padding: str, aligned: bool) -> None:
    options = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    for lengths in ((5, 6), (7,), (3, 4, 5)):
        if mode == "cubic" and len(lengths) == 3:
            continue
        grid = RANDOM.uniform(-1.5, 1.5, (2, *[3] * len(lengths), len(lengths)))
        for dtype in (np.float32, np.float64):
            args = (numbers(2, 2, *lengths).astype(dtype), grid.astype(dtype))
            check(Case("sampling.grid_sample", args, options), **TOLERANCE)
        check_meta(Case("sampling.grid_sample", args, options))
    half = tuple(a.astype(np.float16) for a in args)
    check(Case("sampling.grid_sample", half, options), rtol=1e-2, atol=1e-2)


def test_cubic_volumes_are_refused() -> None:
    x, grid = torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 1, 1, 3)
    with pytest.raises(NotImplementedError, match="cubic, 3 spatial axes"):
        twin("sampling.grid_sample")(x, grid, mode="cubic")


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("size", [(2, 1, 3, 4), (2, 1, 1, 4), (2, 1, 2, 3, 4)])
def test_affine_grids(aligned: bool, size: tuple[int, ...]) -> None:
    theta = numbers(2, len(size) - 2, len(size) - 1)
    for lengths in (size, np.array(size)):
        case = Case(
            "sampling.affine_grid", (theta, lengths), {"align_corners": aligned}
        )
        check(case, atol=1e-9)
    check_meta(case._replace(args=(theta, size)))
    check_gradient(case._replace(args=(theta, size)))


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("limit", [0, 3, 50])
def test_boxes(center: bool, limit: int) -> None:
    boxes = RANDOM.uniform(0, 1, (2, 40, 4)).astype(np.float32)
    scores = RANDOM.integers(0, 20, (2, 3, 40)).astype(np.float32) / 20
    options = {"center_point_box": center}
    for more in ((), (np.float32(0.3),), (0.5, np.array([0.4], np.float32))):
        args = (boxes, scores, np.array([limit]), *more)
        check(Case("boxes.non_max_suppression", args, options))
    check(Case("boxes.non_max_suppression", (boxes, scores), options))


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("length", [None, 4, 9])
def test_fourier_transforms(inverse: bool, parts: int, length: int | None) -> None:
    for axis in (1, -2, np.array(2)):
        for onesided in (True, False):
            options = {"inverse": inverse, "onesided": onesided}
            args = (numbers(2, 5, 6, parts), length, axis)
            check(Case("signal.dft", args, options), atol=1e-9)
    check_meta(Case("signal.dft", (args[0], length, 2), options))
    check_gradient(Case("signal.dft", (args[0], length, 2), options))


@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("shape", [(2, 20), (2, 20, 1), (2, 20, 2)])
def test_short_time_transforms(onesided: bool, shape: tuple[int, ...]) -> None:
    for window, length in ((numbers(6), None), (None, np.array(7)), (numbers(6), 6)):
        args = (numbers(*shape), np.array(3), window, length)
        check(Case("signal.stft", args, {"onesided": onesided}), atol=1e-9)
    case = Case("signal.stft", (args[0], 3, window, 6), {"onesided": onesided})
    check_meta(case)
    check_gradient(case)
    with pytest.raises(ValueError, match="expected a positive number, got 0"):
        twin("signal.stft")(torch.ones(1, 5), 0)


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman"])
def test_windows(name: str) -> None:
    for size in (1, 2, 9, np.array(8)):
        for periodic in (True, False):
            options = {"periodic": periodic, "dtype": np.float64}
            check(Case(f"signal_windows.{name}_window", (size,), options), atol=1e-9)
    assert twin(f"signal_windows.{name}_window")(4, device="meta").device.type == "meta"


def test_mel_weights() -> None:
    for bins, length, rate, low, high in (
        (8, 16, 8192, 0, 4096),
        (20, 64, 16000, 20, 7600),
    ):
        args = (bins, np.array(length), rate, float(low), np.array(float(high)))
        name = "signal_windows.mel_weight_matrix"
        check(Case(name, args, {"dtype": np.float64}), atol=1e-9)


def test_time_warping() -> None:
    for shape in ((5, 7), (1, 4, 3), (1, 1)):
        cost = RANDOM.integers(0, 4, shape).astype(np.float32)
        check(Case("signal_time_warping.dynamic_time_warping", (cost,)))
