"""Rules of Einsum, Det and Inverse."""

import numpy as np
import pytest

from onnx2py.ir.types import TensorType
from tests.support import assert_same, check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(4)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def test_a_pair_becomes_a_matrix_product():
    shape = TensorType("float32", ("n", 4, 7, 8))
    assert (
        lowered(
            "Einsum",
            ["a", "b"],
            opset=12,
            types={"a": shape, "b": shape},
            equation="bhid, bhjd -> bhij",
        )
        == "ops.contract('bhid,bhjd->bhij', a, b)"
    )


def test_dots_are_spelt_out():
    shape = TensorType("float32", (2, 3, 4))
    types = {"a": shape, "b": shape}
    assert (
        lowered("Einsum", ["a", "b"], opset=12, types=types, equation="...i,...i")
        == "ops.contract('yzi,yzi->yz', a, b)"
    )


def test_anything_else_is_numpys():
    assert lowered("Einsum", ["a"], opset=12, equation="ij->ji") == (
        "ops.einsum('ij->ji', a)"
    )


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij->ji", [(2, 3)]),
        ("ij", [(2, 3)]),
        ("ii->i", [(3, 3)]),
        ("ij->", [(2, 3)]),
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("bhid,bhjd->bhij", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("bhij,bhjd->bihd", [(2, 3, 4, 6), (2, 3, 6, 5)]),
        ("bnchw,k->bkn", [(1, 2, 3, 4, 5), (6,)]),
        ("i,j->ij", [(2,), (3,)]),
        ("i,i->", [(3,), (3,)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (5, 3, 4)]),
        ("b...,b...->...b", [(2, 3, 4), (2, 3, 4)]),
        ("...ij,jk->ik...", [(2, 2, 3), (3, 4)]),
        ("i,ij,j->", [(2,), (2, 3), (3,)]),
        ("ij,ij->ij", [(1, 3), (2, 3)]),
        ("ij,jk->ik", [(2, 0), (0, 4)]),
    ],
)
def test_einsum_agrees(equation, shapes):
    arrays = [normal(*shape) for shape in shapes]
    check_against_onnxruntime("Einsum", arrays, opset=12, equation=equation)


def test_capitals_come_first():
    a, b = normal(2, 3), normal(3, 4)  # onnxruntime 1.32 refuses capitals here
    (found,) = compute("Einsum", [a, b], opset=12, equation="bi,iA")
    assert_same(found, (a @ b).T)


def test_einsum_of_float16_is_summed_in_float32():
    ones = np.ones(4096, np.float16)
    (found,) = compute("Einsum", [ones, ones], opset=12, equation="i,i->")
    assert_same(found, np.array(4096, np.float16))


@pytest.mark.parametrize("shape", [(2, 2), (3, 4, 4), (0, 2, 2)])
def test_determinants_agree(shape):
    check_against_onnxruntime("Det", [normal(*shape)], opset=11, rtol=1e-4)


def test_inverses_agree():
    x = normal(3, 4, 4)
    check_against_onnxruntime(
        "Inverse", [x], opset=1, domain="com.microsoft", rtol=1e-3, atol=1e-4
    )  # the condition number may be 1000
