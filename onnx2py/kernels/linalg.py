"""Sums of products, determinants and inverses."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def einsum(equation: str, *inputs: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of products given by ``equation`` in Einstein notation.

    ONNX: https://onnx.ai/onnx/operators/onnx__Einsum.html
    """
    y = np.einsum(equation, *map(widened, inputs), optimize=len(inputs) > 2)
    return np.asarray(y).astype(inputs[0].dtype, copy=False)


def contract(equation: str, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of products of two tensors as one batch of matrix products.

    ``equation`` is in explicit Einstein notation, such as ``bhid,bhjd->bhij``, without
    ``...`` and with each letter at most once per term. np.einsum takes up to 50 times as
    long, because it does not use BLAS.

    ONNX: https://onnx.ai/onnx/operators/onnx__Einsum.html
    """
    terms, result = equation.split("->")
    of_a, of_b = terms.split(",")
    a = np.add.reduce(a, tuple(i for i, k in enumerate(of_a) if k not in of_b + result))
    b = np.add.reduce(b, tuple(i for i, k in enumerate(of_b) if k not in of_a + result))
    of_a = "".join(k for k in of_a if k in of_b + result)
    of_b = "".join(k for k in of_b if k in of_a + result)
    batch = "".join(k for k in of_a if k in of_b and k in result)
    inner = "".join(k for k in of_a if k in of_b and k not in result)
    rows = "".join(k for k in of_a if k not in of_b)
    columns = "".join(k for k in of_b if k not in of_a)
    lengths = {**dict(zip(of_a, a.shape)), **dict(zip(of_b, b.shape))}
    sizes = [prod(lengths[k] for k in part) for part in (rows, inner, columns)]
    shape = [lengths[k] for k in batch]
    a = a.transpose([of_a.index(k) for k in batch + rows + inner])
    b = b.transpose([of_b.index(k) for k in batch + inner + columns])
    y = np.matmul(a.reshape(*shape, *sizes[:2]), b.reshape(*shape, *sizes[1:]))
    found = batch + rows + columns
    y = y.reshape([lengths[k] for k in found])
    return np.asarray(y.transpose([found.index(k) for k in result]))


def det(x: NDArray[Any]) -> NDArray[Any]:
    """Return the determinant of each matrix: [D..., M, M] -> [D...].

    ONNX: https://onnx.ai/onnx/operators/onnx__Det.html
    """
    return np.asarray(np.linalg.det(widened(x))).astype(x.dtype, copy=False)


def inverse(x: NDArray[Any]) -> NDArray[Any]:
    """Return the inverse of each matrix: [D..., M, M] -> [D..., M, M].

    ONNX: https://onnx.ai/onnx/operators/onnx__Det.html
    """
    return np.asarray(np.linalg.inv(widened(x))).astype(x.dtype, copy=False)
