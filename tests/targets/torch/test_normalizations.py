"""Twins of normalizations give the numbers of NumPy."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from .support import Case, check, check_gradient, check_meta, twin
from .versions import VERSION

RANDOM = np.random.default_rng(0)
FLOATS = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape) + 0.3


def rounding(name: str, dtype: type) -> float:
    """Return the tolerance; PyTorch 2.4 rounds root mean squares before it scales, too."""
    if VERSION >= (2, 5) or "rms" not in name or np.dtype(dtype).itemsize > 2:
        return 1e-4
    return 2 * float(ml_dtypes.finfo(dtype).eps)


def check_all(name: str, args: tuple[Any, ...], **options: Any) -> None:
    """Compare numbers in all dtypes, shapes on no device, and gradients."""
    for dtype in FLOATS:
        own = tuple(
            a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype == float else a
            for a in args
        )
        check(Case(name, own, options), rtol=rounding(name, dtype), atol=1e-5)
    check_meta(Case(name, args, options))
    check_gradient(Case(name, args, options))


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
    name = "normalization.layer_normalization_with_statistics"
    check_all(name, (x, numbers(*shape), None), axis=axis)
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
    check(Case("normalization.lp_normalization", (x,), {"axis": axis, "p": p}))


@pytest.mark.parametrize("axes", [(0, 2, 3), (1,), (0, 2, 9), (-1, 3)])
def test_mean_and_variance(axes: tuple[int, ...]) -> None:
    name = "normalization_mean_variance.mean_variance_normalization"
    check_all(name, (numbers(2, 3, 2, 2),), axes=axes)
    check_all(name, (numbers(2, 3, 2, 2),), axes=axes, normalize_variance=False)
    with pytest.raises(ValueError, match="axes of an input of rank 2"):
        twin(name)(torch.ones(2, 3), axes=(2, 3))


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


def test_training_leaves_the_statistics_alone() -> None:
    mean, var = torch.zeros(4), torch.ones(4)
    x = torch.tensor(numbers(3, 4)).float()
    twin("normalization_batch.batch_normalization_training")(x, var, mean, mean, var)
    assert mean.eq(0).all()
    assert var.eq(1).all()


@pytest.mark.parametrize("bias", [None, numbers(4)])
def test_sums(bias: np.ndarray | None) -> None:
    x, skip, gamma, beta = numbers(2, 3, 4), numbers(2, 3, 4), numbers(4), numbers(4)
    for name in ("skip_layer_normalization", "skip_layer_normalization_with_sum"):
        args = (x, skip, gamma, beta, bias)
        check_all(f"normalization_skip.{name}", args, epsilon=1e-3)
    args = (x, skip[0], gamma, bias)
    for dtype in FLOATS:
        own = [a if a is None else a.astype(dtype) for a in args]
        case = Case("normalization_skip.skip_rms_normalization", tuple(own))
        check(case, rtol=1e-4, atol=1e-5)


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
    check(Case("normalization_gated.scaled_silu", (x, np.array(0.5))), rtol=1e-6)
    args = (x.astype(np.float32), np.array(0.5, np.float16))
    check(Case("normalization_gated.scaled_silu", args), atol=1e-6)


@pytest.mark.parametrize("scale", [None, numbers(6), numbers(2, 3), numbers(3)])
def test_branches(scale: np.ndarray | None) -> None:
    name = "normalization_gated.branchwise_rms_normalization"
    check_all(name, (numbers(4, 2, 3), scale))
    check_all(name, (numbers(4, 6), scale), num_branches=2)
