"""Random numbers, and dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Call
from ..kernels import arithmetic, random
from .context import NodeContext
from .registry import lowers


def _seed(node: NodeContext) -> int | None:
    """Return the attribute ``seed``, a float, as the integer that seeds a generator."""
    seed = node.float("seed", None)
    if seed is None:
        return None
    if seed >= 0 and seed == int(seed):
        return int(seed)
    return int(np.float32(seed).view(np.uint32))


def _dtype(node: NodeContext, default: int | None) -> Any:
    if default is None and not node.has("dtype"):
        return None
    dtype = node.element_type("dtype", default)
    return dtype.type if dtype.isbuiltin == 1 else dtype


@lowers("RandomNormal")
def random_normal(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(
        random.random_normal,
        node.ints("shape"),
        dtype=_dtype(node, 1),
        mean=node.float("mean", 0.0),
        scale=node.float("scale", 1.0),
        seed=_seed(node),
    )


@lowers("RandomNormalLike")
def random_normal_like(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(
        random.random_normal_like,
        node.input(0),
        dtype=_dtype(node, None),
        mean=node.float("mean", 0.0),
        scale=node.float("scale", 1.0),
        seed=_seed(node),
    )


@lowers("RandomUniform")
def random_uniform(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(
        random.random_uniform,
        node.ints("shape"),
        dtype=_dtype(node, 1),
        low=node.float("low", 0.0),
        high=node.float("high", 1.0),
        seed=_seed(node),
    )


@lowers("RandomUniformLike")
def random_uniform_like(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    return node.call(
        random.random_uniform_like,
        node.input(0),
        dtype=_dtype(node, None),
        low=node.float("low", 0.0),
        high=node.float("high", 1.0),
        seed=_seed(node),
    )


@lowers("Bernoulli", since=15)
def bernoulli(node: NodeContext) -> Call:
    """15, 22: only types were added."""
    return node.call(
        random.bernoulli, node.input(0), dtype=_dtype(node, None), seed=_seed(node)
    )


@lowers("Multinomial", since=7)
def multinomial(node: NodeContext) -> Call:
    """7, 22: only types were added."""
    return node.call(
        random.multinomial,
        node.input(0),
        sample_size=node.int("sample_size", 1),
        dtype=_dtype(node, 6),
        seed=_seed(node),
    )


@lowers("Dropout")
def dropout_with_ratio(node: NodeContext) -> Call:
    """1, 6, 7: for inference alone, whatever ``is_test`` says; the mask is of T."""
    node.ignore("consumed_inputs", "is_test", "ratio")
    if not node.has_output(1):
        return node.call(arithmetic.identity, node.input(0))
    return node.call(
        random.dropout_inactive, node.input(0), mask=False, dtype=None, results=2
    )


@lowers("Dropout", since=10)
def dropout_with_mask(node: NodeContext) -> Call:
    """10: the mask is of bool; as in onnxruntime, it says False."""
    node.ignore("ratio")
    if not node.has_output(1):
        return node.call(arithmetic.identity, node.input(0))
    return node.call(random.dropout_inactive, node.input(0), mask=False, results=2)


@lowers("Dropout", since=12)
def dropout(node: NodeContext) -> Call:
    """12, 13, 22: the ratio and whether this is training are inputs."""
    seed = node.int("seed", None)
    seed = None if seed is None else seed % 2**32
    training = node.constant(2)
    if node.has_input(2) and (training is None or training.any()):
        ratio = node.literal(1) if node.has_input(1) else 0.5
        mode = node.literal(2)
        return node.call(
            random.dropout, node.input(0), ratio, mode, seed=seed, results=2
        )
    if not node.has_output(1):
        return node.call(arithmetic.identity, node.input(0))
    return node.call(random.dropout_inactive, node.input(0), results=2)
