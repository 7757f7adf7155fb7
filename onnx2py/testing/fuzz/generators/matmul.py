"""Products of matrices."""

from __future__ import annotations

from typing import Any

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least

_USUAL = ("float32", "float32", "float64", "int32", "int64")


@generates("MatMul")
def matmul(draw: Draw, target: Target) -> NodeCase:
    """Vectors, matrices, and stacks of them that are broadcast."""
    dtype = a_type(draw, target, _USUAL, rare=0.02)
    n, k, m = (draw.length(6, 0.02) for _ in range(3))
    stack = draw.broadcast_shapes(2, 3)
    left: tuple[int, ...] = (*stack[0], n, k)
    right: tuple[int, ...] = (*stack[1], k, m)
    if draw.chance(0.15):
        left = (k,)
    if draw.chance(0.15):
        right = (k,)
    return NodeCase([draw.array(dtype, left), draw.array(dtype, right)], rtol=1e-5)


@generates("Gemm")
def gemm(draw: Draw, target: Target) -> NodeCase:
    """Both transposed or not; the third operand broadcast, or missing from version 11 on."""
    usual = ("float32", "float64") if target.since < 9 else _USUAL
    dtype = a_type(draw, target, usual, rare=0.02)
    n, k, m = (draw.length(6, 0.02) for _ in range(3))
    attributes: dict[str, Any] = {}
    for name in ("transA", "transB"):
        if draw.chance(0.6):
            attributes[name] = draw.integer(0, 1)
    for name in ("alpha", "beta"):
        if draw.chance(0.4):
            attributes[name] = draw.number(-2, 2) if "float" in dtype else 2.0
    a = draw.array(dtype, (k, n) if attributes.get("transA") else (n, k))
    b = draw.array(dtype, (m, k) if attributes.get("transB") else (k, m))
    shapes = [(n, m), (m,), (1, m), (n, 1), (1,), ()]
    if target.since < 7:
        attributes["broadcast"] = draw.integer(0, 1)
        shapes = shapes if attributes["broadcast"] else shapes[:1]
    inputs = [a, b]
    if target.since < 11 or draw.chance(0.8):
        inputs.append(draw.array(dtype, draw.one_of(shapes)))
    kept = {k: v for k, v in attributes.items() if k != "broadcast"}
    return at_least(NodeCase(inputs, attributes, rtol=1e-5), target, 7, attributes=kept)


_EQUATIONS = (
    "i->i", "i->", "ij->ji", "ij", "ii", "ii->i", "iij->j", "...i->...",
    "...", "b...->...b", "i,i->", "i,j->ij", "ij,jk", "ij,kj->ik",
    "bij,bjk->bik", "...ij,...jk->...ik", "bhqd,bhkd->bhqk", "ij,j", "ab,ab->ba",
    "ijk,ilk->jl", "i...,i...->...", " i j , j k -> k i ", "Ab,bA->b",
    "ij,jk,kl->il",
    "a,b,c->abc", "...a,a->...", "iji->j", "ii,jj->ij",
)  # fmt: skip


@generates("Einsum")
def einsum(draw: Draw, target: Target) -> NodeCase:
    """Equations of every kind: implicit, diagonal, with an ellipsis."""
    equation = draw.one_of(_EQUATIONS)
    dtype = a_type(draw, target, ("float32", "float64", "int32", "int64"), rare=0.02)
    lengths: dict[str, int] = {}
    wide = draw.shape(0, 2, longest=3, zero=0)
    inputs = []
    for term in equation.replace(" ", "").split("->")[0].split(","):
        head, dots, tail = term.partition("...")
        shape = [lengths.setdefault(x, draw.integer(1, 4)) for x in head]
        shape += wide if dots else ()
        shape += [lengths.setdefault(x, draw.integer(1, 4)) for x in tail]
        inputs.append(draw.array(dtype, shape))
    return NodeCase(inputs, {"equation": equation}, rtol=1e-5)


@generates("Det")
def det(draw: Draw, target: Target) -> NodeCase:
    """Stacks of matrices, singular ones too."""
    n = draw.integer(1, 4)
    x = draw.array("float32", (*draw.shape(0, 2, longest=3), n, n), -2, 2)
    if draw.chance(0.2) and n > 1:
        x[..., 0, :] = x[..., 1, :]
    return NodeCase([x], rtol=1e-4, atol=1e-4)
