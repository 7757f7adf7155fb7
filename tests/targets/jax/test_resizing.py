"""Twins of resizing, sampling, boxes and signals give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from .gradients import check_gradient, check_with_gradient
from .support import Case, check, twin

RANDOM = np.random.default_rng(0)
MODES = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners"),
    *("asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"),
)
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}
GRADIENT = {"rtol": 1e-5, "atol": 1e-6}


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape)


SIZES: tuple[dict[str, Any], ...] = (
    {"scales": (2.0, 3.0)},
    {"scales": (0.6, 1.7)},
    {"sizes": (9, 4)},
    {"sizes": (1, 11)},
    {"sizes": (9, 9), "keep_aspect_ratio_policy": "not_larger"},
    {"sizes": (9, 9), "keep_aspect_ratio_policy": "not_smaller"},
    {"scales": (4.0, 1.0)},
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
    name, x = "resize_nearest.resize_nearest", numbers(2, 1, 5, 6)
    for options in resizings(mode):
        check(Case(name, (x,), options), x64=True, compiled=False)
    for rounding in ROUNDINGS:
        case = Case(name, (x,), {**resizings(mode)[1], "nearest_mode": rounding})
        check(case, x64=True, compiled=False)
        integers = np.arange(30, dtype=np.int32).reshape(1, 1, 5, 6)
        check(case._replace(args=(integers,)), compiled=False)
    check_with_gradient(case, atol=0)


@pytest.mark.parametrize("mode", MODES)
def test_linear(mode: str) -> None:
    x = numbers(1, 2, 5, 6)
    for options in resizings(mode):
        case = Case("resize_linear.resize_linear", (x,), options)
        check(case, **TOLERANCE, x64=True, compiled=False)
    check_with_gradient(case, **TOLERANCE, of_gradient=GRADIENT)
    for dtype in (np.float32, np.float16):
        case = Case("resize_linear.resize_linear", (x.astype(dtype),), options)
        check(case, **TOLERANCE, compiled=False)


def test_infinities_stay_infinities() -> None:
    x = np.array([[np.inf, 1, 2, -np.inf]], np.float32)
    for sizes in ((1, 8), (1, 3)):
        check(Case("resize_linear.resize_linear", (x,), {"sizes": sizes}), **TOLERANCE)


@pytest.mark.parametrize("mode", MODES)
def test_cubic(mode: str) -> None:
    for options in resizings(mode):
        for exclude in (True, False):
            options = {**options, "exclude_outside": exclude, "cubic_coeff_a": -0.6}
            case = Case("resize_linear.resize_cubic", (numbers(1, 2, 5, 6),), options)
            check(case, **TOLERANCE, x64=True, compiled=False)
    check_with_gradient(case, **TOLERANCE, of_gradient=GRADIENT)
    integers = RANDOM.integers(0, 255, (1, 2, 5, 6)).astype(np.uint8)
    check(case._replace(args=(integers,)))


@pytest.mark.parametrize("mode", MODES[:5])
@pytest.mark.parametrize("a", [None, -0.5])
def test_antialiased(mode: str, a: float | None) -> None:
    name = "resize_antialias.resize_antialiased"
    for options in resizings(mode):
        if options.get("keep_aspect_ratio_policy") or "sizes" not in options:
            continue
        options = {**options, "cubic_coeff_a": a}
        for exclude in (True, False):
            options["exclude_outside"] = exclude
            case = Case(name, (numbers(1, 2, 12, 13),), options)
            check(case, **TOLERANCE, x64=True, compiled=False)
        for dtype in (np.uint8, np.int8, np.int32):
            info = np.iinfo(dtype)
            x = RANDOM.integers(info.min, info.max, (1, 2, 12, 13)).astype(dtype)
            check(Case(name, (x,), options), x64=dtype == np.int32, compiled=False)
    check(Case(name, (x.astype(np.uint8),), options))
    check_gradient(Case(name, (numbers(1, 1, 12, 5),), options), **GRADIENT)


@pytest.mark.parametrize("mode", MODES)
def test_linear_of_integers(mode: str) -> None:
    name = "resize_integers.resize_linear_integers"
    for options in resizings(mode):
        for dtype in (np.uint8, np.int8, np.int32):
            x = RANDOM.integers(0, 127, (1, 2, 5, 6)).astype(dtype)
            check(Case(name, (x,), options), compiled=False)
    x = RANDOM.integers(0, 255, (1, 5, 6, 3)).astype(np.uint8)
    check(Case(name, (x,), {"sizes": (7, 3), "axes": (1, 2)}))
    x = np.full((1, 1, 40, 40), 100, np.uint8)  # where sums are close to integers
    check(Case(name, (x,), {"sizes": (97, 61), "axes": (2, 3)}))


def test_other_ranks() -> None:
    for shape in ((5,), (3, 4), (1, 2, 5), (1, 2, 3, 4, 5), (1, 1, 2, 2, 2, 2)):
        for scale in (2.0, 1.5):
            x, options = numbers(*shape), {"scales": (scale,) * len(shape)}
            case = Case("resize_nearest.resize_nearest", (x,), options)
            check(case, x64=True, compiled=False)
            case = Case("resize_linear.resize_linear", (x,), options)
            check(case, **TOLERANCE, x64=True, compiled=False)


KERNELS = (
    *("resize_nearest.resize_nearest", "resize_linear.resize_linear"),
    *("resize_linear.resize_cubic", "resize_antialias.resize_antialiased"),
)


@pytest.mark.parametrize("name", KERNELS)
def test_sizes_in_arrays_and_wrong_sizes(name: str) -> None:
    args = (numbers(1, 1, 5, 6), None, None, np.array([10, 12]))
    case = Case(name, args, {"axes": (2, 3)})
    check(case, **TOLERANCE, x64=True, compiled=False)
    x = jnp.ones((0, 3))
    with pytest.raises(ValueError, match="expected 2 scales or sizes"):
        twin(name)(x, sizes=(2,))
    with pytest.raises(ValueError, match="an empty axis cannot grow"):
        twin(name)(x, sizes=(2, 3))


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [(3, 4), (1, 1)])
def test_crops(mode: str, size: tuple[int, int]) -> None:
    rois = np.array([[0, 0, 1, 1], [0.2, 0.3, 0.8, 0.6], [-0.3, 0.1, 1.2, 0.9]])
    args = (numbers(2, 3, 5, 6), rois, np.array([0, 1, 1], np.int32), size)
    options = {"mode": mode, "extrapolation_value": 4.0}
    case = Case("resize_crops.crop_and_resize", args, options)
    check(case, **TOLERANCE, x64=True)
    given = (*args[:3], np.array(size))
    check(case._replace(args=given), **TOLERANCE, x64=True, compiled=False)
    own = (args[0], rois.astype("f4"), *args[2:])
    check_gradient(case._replace(args=own), **GRADIENT)


@pytest.mark.parametrize("mode", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("aligned", [True, False])
def test_grids(mode: str, padding: str, aligned: bool) -> None:
    options = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
    for lengths in ((5, 6), (7,), (3, 2, 3, 2), (3, 4, 5)):
        grid = RANDOM.uniform(-1.5, 1.5, (2, 7, len(lengths)))
        args = (numbers(2, 2, *lengths), grid)
        case = Case("sampling.grid_sample", args, options)
        check(case, **TOLERANCE, x64=True, compiled=len(lengths) == 2)
    half = tuple(a.astype(np.float16) for a in args)
    check(case._replace(args=half), rtol=1e-2, atol=1e-2, compiled=False)
    args = (numbers(1, 2, 5, 6), RANDOM.uniform(-0.9, 0.9, (1, 3, 4, 2)))
    if mode == "cubic":  # PyTorch reflects other elements
        args = (args[0], args[1] / 3)
    check_gradient(Case("sampling.grid_sample", args, options), **GRADIENT)


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("size", [(2, 1, 3, 4), (2, 1, 1, 4), (2, 1, 2, 3, 4)])
def test_affine_grids(aligned: bool, size: tuple[int, ...]) -> None:
    theta = numbers(2, len(size) - 2, len(size) - 1)
    name, options = "sampling.affine_grid", {"align_corners": aligned}
    check_with_gradient(Case(name, (theta, size), options))
    given = Case(name, (theta, np.array(size)), options)
    check(given, atol=1e-9, x64=True, compiled=False)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("limit", [0, 3, 50])
def test_boxes(center: bool, limit: int) -> None:
    boxes = RANDOM.uniform(0, 1, (2, 40, 4)).astype(np.float32)
    scores = RANDOM.integers(0, 20, (2, 3, 40)).astype(np.float32) / 20
    name, options = "boxes.non_max_suppression", {"center_point_box": center}
    for more in ((), (np.float32(0.3),), (0.5, np.array([0.4], np.float32))):
        args = (boxes, scores, np.array([limit]), *more)
        check(Case(name, args, options), x64=True, compiled=False)
    check(Case(name, (boxes, scores), options), x64=True, compiled=False)
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.jit(twin(name))(boxes, scores, np.array([limit]))


@pytest.mark.parametrize("inverse", [True, False])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("length", [None, 4, 9])
def test_fourier_transforms(inverse: bool, parts: int, length: int | None) -> None:
    x = numbers(2, 5, 6, parts)
    for axis in (1, -2, 2):
        for onesided in (True, False):
            options = {"inverse": inverse, "onesided": onesided}
            case = Case("signal.dft", (x, length, axis), options)
            check(case, atol=1e-9, x64=True, compiled=False)
    check_with_gradient(case)
    given = Case("signal.dft", (x, length, np.array(2)), options)
    check(given, atol=1e-9, x64=True, compiled=False)
    half = Case("signal.dft", (x.astype(np.float16), length), options)
    check(half, rtol=1e-3, atol=1e-3, compiled=False)


@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("shape", [(2, 20), (2, 20, 1), (2, 20, 2)])
def test_short_time_transforms(onesided: bool, shape: tuple[int, ...]) -> None:
    x, options = numbers(*shape), {"onesided": onesided}
    for window, length in ((numbers(6), None), (None, 7), (numbers(6), 6)):
        case = Case("signal.stft", (x, 3, window, length), options)
        check(case, atol=1e-9, x64=True, eager=False)
    check_gradient(case)
    given = Case("signal.stft", (x, np.array(3), window, np.array(6)), options)
    check(given, atol=1e-9, x64=True, compiled=False)
    with pytest.raises(ValueError, match="expected a positive number, got 0"):
        twin("signal.stft")(jnp.ones((1, 5)), 0)


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman"])
def test_windows(name: str) -> None:
    for size in (1, 2, 9):
        for periodic in (True, False):
            for dtype in (np.float64, np.float32, np.float16):
                options = {"periodic": periodic, "dtype": dtype}
                case = Case(f"signal_windows.{name}_window", (size,), options)
                check(case, x64=True, compiled=False)
    check(case)
    given = Case(f"signal_windows.{name}_window", (np.array(8),))
    check(given, compiled=False)


def test_mel_weights() -> None:
    for bins, length, rate, low, high in (
        (8, 16, 8192, 0, 4096),
        (20, 64, 16000, 20, 7600),
    ):
        args = (bins, np.array(length), rate, float(low), np.array(float(high)))
        case = Case("signal_windows.mel_weight_matrix", args, {"dtype": np.float64})
        check(case, x64=True, compiled=False)


def test_time_warping() -> None:
    for shape in ((5, 7), (1, 4, 3), (1, 1)):
        cost = RANDOM.integers(0, 4, shape).astype(np.float32)
        check(Case("signal_time_warping.dynamic_time_warping", (cost,)), compiled=False)
