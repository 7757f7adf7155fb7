"""Twins of normalizations and padding give the numbers of NumPy, eagerly and compiled."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from .gradients import check_gradient, check_with_gradient
from .support import Case, check, twin

RANDOM = np.random.default_rng(0)
HALVES = (np.float16, ml_dtypes.bfloat16)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape) + 0.3


def check_all(name: str, args: tuple[Any, ...], **options: Any) -> None:
    """Compare numbers in float64 and gradients, compiled; numbers in half precision, eagerly."""
    how = {"rtol": 1e-6, "atol": 1e-9}
    check_with_gradient(Case(name, args, options), **how, of_gradient=how)
    for dtype in HALVES:
        own = tuple(
            a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype == float else a
            for a in args
        )
        check(Case(name, own, options), rtol=1e-4, atol=1e-5, compiled=False)


@pytest.mark.parametrize("inner", [(), (4,), (2, 3)])
def test_instances_and_groups(inner: tuple[int, ...]) -> None:
    x, scale, bias = numbers(2, 6, *(inner or (3,))), numbers(6), numbers(6)
    check_all("normalization.instance_normalization", (x, scale, bias), epsilon=1e-2)
    options = {"num_groups": 3, "epsilon": 1e-3}
    for shape in ((6,), (3,), (6, *[1] * len(inner))):
        args = (x, numbers(*shape), numbers(*shape))
        check_all("normalization.group_normalization", args, **options)


@pytest.mark.parametrize("axis", [-1, 1, 0, -2])
def test_layers(axis: int) -> None:
    x = numbers(2, 3, 4)
    shape = x.shape[axis:]
    parameters = ((), (numbers(*shape),), (numbers(*shape), numbers(*shape)))
    for given in (*parameters, (numbers(4), numbers(3, 1))):
        name = "normalization.layer_normalization"
        check_all(name, (x, *given), axis=axis, epsilon=1e-3)
        name = "normalization.rms_normalization"
        check_all(name, (x, *given[:1]), axis=axis, epsilon=1e-3)
    for given in ((numbers(*shape),), (numbers(*shape), numbers(*shape))):
        name = "normalization.layer_normalization_with_statistics"
        check_all(name, (x, *given), axis=axis)
    name = "normalization_skip.rms_normalization_with_statistics"
    check_all(name, (x, numbers(*shape)), axis=axis)


def test_root_mean_squares_of_another_dtype() -> None:
    x, scale = numbers(2, 3).astype(np.float16), numbers(3).astype(np.float32)
    check(Case("normalization.rms_normalization", (x, scale)), rtol=1e-3)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("axis", [0, -1])
def test_norms(p: int, axis: int) -> None:
    x = numbers(3, 4)
    check_all("normalization.lp_normalization", (x,), axis=axis, p=p)
    x[1] = x[:, 2] = 0
    check(
        Case("normalization.lp_normalization", (x,), {"axis": axis, "p": p}), x64=True
    )


@pytest.mark.parametrize("axes", [(0, 2, 3), (1,), (0, 2, 9), (-1, 3)])
def test_mean_and_variance(axes: tuple[int, ...]) -> None:
    name = "normalization_mean_variance.mean_variance_normalization"
    check_all(name, (numbers(2, 3, 2, 2),), axes=axes)
    check_all(name, (numbers(2, 3, 2, 2),), axes=axes, normalize_variance=False)
    with pytest.raises(ValueError, match="axes of an input of rank 2"):
        twin(name)(jnp.ones((2, 3)), axes=(2, 3))


@pytest.mark.parametrize("inner", [(), (3,), (2, 2)])
def test_batches(inner: tuple[int, ...]) -> None:
    x = numbers(3, 4, *inner)
    for shape in ((4,), (4, *inner)):
        scale, bias, mean, var = (numbers(*shape) for _ in range(4))
        args = (x, scale, bias, mean, abs(var))
        check_all("normalization_batch.batch_normalization", args, epsilon=1e-3)
        options = {"epsilon": 1e-3, "momentum": 0.7}
        check_all("normalization_batch.batch_normalization_training", args, **options)
    mixed = (x.astype(np.float16), *(a.astype(np.float32) for a in args[1:]))
    check(Case("normalization_batch.batch_normalization", mixed), rtol=1e-3)
    factors = (numbers(4, *[1] * len(inner)) for _ in range(2))
    case = Case("normalization_batch.scale_and_shift", (x, *factors))
    check(case, rtol=1e-9, atol=1e-12, x64=True)


@pytest.mark.parametrize("bias", [None, numbers(4)])
def test_sums(bias: np.ndarray | None) -> None:
    x, skip, gamma, beta = numbers(2, 3, 4), numbers(2, 3, 4), numbers(4), numbers(4)
    for name in ("skip_layer_normalization", "skip_layer_normalization_with_sum"):
        args = (x, skip, gamma, beta, bias)
        check_all(f"normalization_skip.{name}", args, epsilon=1e-3)
    args = (x, skip[0], gamma, bias)
    check_all("normalization_skip.skip_rms_normalization", args, epsilon=1e-3)


def test_embeddings() -> None:
    words, places, segments = numbers(9, 4), numbers(5, 4), numbers(2, 4)
    ids = RANDOM.integers(0, 9, (2, 3)).astype(np.int32)
    mask = np.array([[1, 1, 0], [1, 0, 0]], np.int32)
    name = "normalization_skip.embed_layer_normalization"
    gamma, beta = numbers(4), numbers(4)
    check_all(name, (ids, None, words, places, None, gamma, beta))
    args = (ids, mask, words, places, segments, gamma, beta, mask, mask + 1)
    check_all(name, args)


@pytest.mark.parametrize("activation", ["silu", "swish", "sigmoid"])
def test_gates(activation: str) -> None:
    x, gate = numbers(2, 3, 8), numbers(2, 3, 8)
    name = "normalization_gated.gated_rms_normalization"
    check_all(name, (x, numbers(4), gate), activation=activation)
    check_all("normalization_gated.gated_add", (x, gate, numbers(2, 3, 1)))
    check_all("normalization_gated.scaled_silu", (x,), scale=1.5)
    args = (x.astype(np.float32), np.array(0.5, np.float16))
    check(Case("normalization_gated.scaled_silu", args), atol=1e-6)


@pytest.mark.parametrize("scale", [None, numbers(6), numbers(2, 3), numbers(3)])
def test_branches(scale: np.ndarray | None) -> None:
    name = "normalization_gated.branchwise_rms_normalization"
    check_all(name, (numbers(4, 2, 3), scale))
    check_all(name, (numbers(4, 6), scale), num_branches=2)


DTYPES = (np.float32, np.float16, ml_dtypes.bfloat16, np.int8, np.uint16, np.bool_)
PADS = ((1, 0, 2, 0, 3, 1), (0, -1, 0, 2, 0, -1), (-1, 1, -2, 1, 2, 1))


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", PADS)
def test_padding(mode: str, pads: tuple[int, ...]) -> None:
    for dtype in DTYPES:
        x = (numbers(3, 4, 5) * 3).astype(dtype)
        check(Case("padding.pad", (x, pads), {"mode": mode}), compiled=False)
    check(Case("padding.pad", (x, (2, 3), None, (1,)), {"mode": mode}))
    some = (x, np.array([2, 3]), None, np.array([-2]))
    check(Case("padding.pad", some, {"mode": mode}), compiled=False)
    check_gradient(Case("padding.pad", (numbers(3, 4, 5), pads), {"mode": mode}))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_padding_longer_than_an_axis(length: int) -> None:
    for mode in ("edge", "reflect", "wrap"):
        case = Case("padding.pad", (numbers(2, length), (0, 7, 0, 5)), {"mode": mode})
        check(case, x64=True)
    with pytest.raises(ValueError, match="expected elements along axis 1, got none"):
        twin("padding.pad")(jnp.ones((2, 0)), (0, 1, 0, 1), mode="edge")


def test_padding_with_a_number() -> None:
    x = numbers(3, 4).astype(np.float32)
    pads = (1, 0, 2, -1)
    for value in (3.5, np.float32(-2), np.array([7.0], np.float32)):
        check(Case("padding.pad", (x, pads, value)))
    for value in (-np.inf, np.nan):
        check(Case("padding.pad", (x, pads, value)))
    with pytest.raises(ValueError, match="expected 4 numbers, got 2"):
        twin("padding.pad")(jnp.ones((2, 2)), (1, 1))
    with pytest.raises(ValueError, match="expected an axis of 2, got 2"):
        twin("padding.pad")(jnp.ones((2, 2)), (1, 1), None, (2,))


@pytest.mark.parametrize("shape", [(5, 3), (2, 9), (4, 4), (7, 1)])
def test_cropping_and_padding(shape: tuple[int, ...]) -> None:
    check(Case("padding.center_crop_pad", (numbers(4, 4), shape)), x64=True)
    case = Case("padding.center_crop_pad", (numbers(4, 4), np.array(shape)))
    check(case, x64=True, compiled=False)
    options = {"axes": (-1, 0)}
    check(Case("padding.center_crop_pad", (numbers(4, 6, 4), shape), options), x64=True)
    with pytest.raises(ValueError, match="expected 1 lengths, got 2"):
        twin("padding.center_crop_pad")(jnp.ones((4, 4)), shape, axes=(1,))
